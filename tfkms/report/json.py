"""The report as JSON, for machines."""

import json

import msgspec

from tfkms.finding import Report
from tfkms.report.structure import structure


def render(report: Report) -> str:
    """The report in its JSON form, one line a member, ASCII only: nothing in it can steer a terminal or a runner."""
    return json.dumps(msgspec.to_builtins(structure(report)), indent=1) + "\n"
