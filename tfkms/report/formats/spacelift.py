"""The report as Spacelift's custom policy input: written to `tfkms.custom.spacelift.json` in the project's directory.

https://docs.spacelift.io/concepts/policy/terraform-plan-policy. A plan policy finds it in
`input.third_party_metadata.custom.tfkms`. The counts have the names that Spacelift's own plugins give them.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tfkms import __version__
from tfkms.finding import Finding, Note, Report, Severity, UnseenPolicy
from tfkms.report import sentences, structure
from tfkms.report.display import shown, told
from tfkms.report.json_text import written
from tfkms.report.view import View, counting, errors, of_input, paths, place

LIMIT = 500
"""How many entries a list has at most, for a policy has seconds to read it all; `omitted` counts those left out."""

Json = dict[str, Any]


def render(report: Report, view: View) -> str:
    """An object. `complete` is false if something could not be read, `blocking` true of what fails the gate.

    Findings that block stand first, and waived ones last. `omitted` is how many findings are left out, and the members
    of `omitted_besides` how many entries of the other lists.
    """
    counts = structure.summary(report)
    severities = dict.fromkeys(sorted(Severity, key=lambda item: -item.value), 0)
    for finding in counting(report):
        severities[finding.severity] += 1
    unread = errors(report)
    lists = _lists(report, view)
    left = {name: max(0, len(entries) - LIMIT) for name, entries in lists.items()}
    return written(
        {
            "version": 1,
            "tool": {"name": "tfkms", "version": __version__},
            "complete": not unread,
            "blocking": bool(unread) or any(view.gate.stops(finding) for finding in report.findings),
            "summary": {
                "total_passed": counts.passed + counts.passed_in_plan,
                "total_failed": counts.violated + counts.undecided,
                "total_skipped": counts.waived + counts.not_applicable,
                "resource_count": sum(item.resources for item in report.inputs),
                **{severity.label: number for severity, number in severities.items()},
                "undecided": counts.undecided,
            },
            **{name: [entry() for entry in entries[:LIMIT]] for name, entries in lists.items()},
            "omitted": left.pop("findings"),
            "omitted_besides": left,
        }
    )


def left_out(report: Report, view: View) -> str:
    """What the lists have no room for, counted; empty where they hold everything."""
    left = {name: len(entries) - LIMIT for name, entries in _lists(report, view).items() if len(entries) > LIMIT}
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in left.items())


def _lists(report: Report, view: View) -> dict[str, Sequence[Callable[[], Json | str]]]:
    """The lists by name; their entries are made when they are wanted."""
    findings = sorted(report.findings, key=lambda finding: (not view.gate.stops(finding), finding.waived is not None))
    return {
        "findings": [partial(_finding, finding, report, view) for finding in findings],
        "notes": [partial(_note, note, report) for note in report.notes],
        "policies_not_in_view": [partial(_unseen, policy, report) for policy in report.unseen],
        "errors": [partial(told, item, paths(report)) for item in errors(report)],
    }


def _note(note: Note, report: Report) -> Json:
    return {
        "rule": note.check,
        "input": shown(paths(report)[note.input]),
        "address": shown(note.address),
        "code": note.code,
        "message": shown(note.message),
    }


def _unseen(policy: UnseenPolicy, report: Report) -> str:
    return shown(of_input(report, policy.input) + sentences.unseen(policy))


def _finding(finding: Finding, report: Report, view: View) -> Json:
    span = place(finding)
    return {
        "rule": finding.check,
        "verdict": finding.verdict.value,
        "severity": finding.severity.label,
        "blocking": view.gate.stops(finding),
        "new": finding.new,
        "input": shown(paths(report)[finding.input]),
        "address": shown(finding.address),
        "keys": [shown(key) for key in finding.keys],
        "principals": [shown(str(principal)) for principal in finding.principals],
        "message": shown(finding.message),
        "remedy": shown(finding.remedy),
        "more": view.more(finding.check),
        "file": shown(span.file) if span else None,
        "line": span.line if span else None,
        "needs": [shown(sentences.need(hole)) for hole in finding.needs],
        "waived": shown(sentences.waiver(finding.waived)) if finding.waived else None,
        "fingerprint": finding.fingerprint,
    }
