"""Plans judged in process, by a stance of the test's choice."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tfkms import catalogue, engine
from tfkms.checks.stance import Stance
from tfkms.cli.guardrails import facts, selected
from tfkms.finding import Finding, Report, Verdict
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.identities import RESOURCE_TYPES
from tfkms.key_uses import KEY_ALIAS


def judged(
    plan: Mapping[str, Any], *checks: str, stance: Stance | None = None, assumed: Assumed | None = None
) -> Report:
    """The report on the plan, by these guardrails or by those that are on."""
    decided = stance or Stance()
    services = catalogue.services()
    wanted = {site.type for site in catalogue.sites()} | {KEY_ALIAS} | RESOURCE_TYPES | set(services.arguments)
    scan = read_plan(json.dumps(plan).encode(), "plan.json", wanted.__contains__, assumed or Assumed())
    report = engine.judge([scan], selected(checks, (), decided), facts(decided), ())
    assert not [item for item in report.diagnostics if item.code in ("evaluators-disagree", "check-crashed")]
    return report


def verdicts(report: Report) -> dict[str, str]:
    """The verdict on each subject, of a report by one guardrail."""
    return {item.address: item.verdict.value for item in report.verdicts}


def notes(report: Report) -> list[str]:
    """The codes of the notes."""
    return [note.code for note in report.notes]


def violations(report: Report) -> Sequence[Finding]:
    """The findings that are violated."""
    return [finding for finding in report.findings if finding.verdict is Verdict.VIOLATED]
