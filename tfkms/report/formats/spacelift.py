"""The report as Spacelift's custom policy input: written to `tfkms.custom.spacelift.json` in the project's directory.

https://docs.spacelift.io/concepts/policy/terraform-plan-policy. A plan policy finds it in
`input.third_party_metadata.custom.tfkms`. The counts have the names that Spacelift's own plugins give them.
"""

from typing import Any

from tfkms import __version__
from tfkms.finding import Finding, Report, Severity
from tfkms.report import sentences, structure
from tfkms.report.display import shown, told
from tfkms.report.json_text import written
from tfkms.report.view import View, counting, errors, paths, place

FINDINGS_LIMIT = 500
"""A policy has seconds to read it all; `omitted` says how many there are besides."""

Json = dict[str, Any]


def render(report: Report, view: View) -> str:
    """An object. `complete` is false if something could not be read, `blocking` true of what fails the gate."""
    counts = structure.summary(report)
    severities = dict.fromkeys(sorted(Severity, key=lambda item: -item.value), 0)
    for finding in counting(report):
        severities[finding.severity] += 1
    unread = errors(report)
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
            "findings": [_finding(finding, view) for finding in report.findings[:FINDINGS_LIMIT]],
            "omitted": max(0, len(report.findings) - FINDINGS_LIMIT),
            "notes": [
                {"rule": note.check, "address": shown(note.address), "code": note.code, "message": shown(note.message)}
                for note in report.notes[:FINDINGS_LIMIT]
            ],
            "policies_not_in_view": [shown(sentences.unseen(policy)) for policy in report.unseen[:FINDINGS_LIMIT]],
            "errors": [told(item, paths(report)) for item in unread],
        }
    )


def _finding(finding: Finding, view: View) -> Json:
    span = place(finding)
    return {
        "rule": finding.check,
        "verdict": finding.verdict.value,
        "severity": finding.severity.label,
        "blocking": view.gate.stops(finding),
        "new": finding.new,
        "address": shown(finding.address),
        "keys": [shown(key) for key in finding.keys],
        "principals": [shown(str(principal)) for principal in finding.principals],
        "message": shown(finding.message),
        "remedy": shown(finding.remedy),
        "file": shown(span.file) if span else None,
        "line": span.line if span else None,
        "needs": [shown(sentences.need(hole)) for hole in finding.needs],
        "waived": shown(sentences.waiver(finding.waived)) if finding.waived else None,
        "fingerprint": finding.fingerprint,
    }
