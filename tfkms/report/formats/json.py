"""The report as JSON, for programs: all of it, in the form that `tfkms schema report` describes."""

import msgspec

from tfkms.finding import Report
from tfkms.report.json_text import written
from tfkms.report.structure import structure
from tfkms.report.view import View


def render(report: Report, view: View) -> str:
    """The report in its JSON form, one line a member."""
    return written(msgspec.to_builtins(structure(report, view)))
