"""The report as GitLab Code Quality, shown in merge requests.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. GitLab drops everything after the first
item that it does not take, counts items of one fingerprint as one, and does not show `check_name`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tfkms.diagnostics import Diagnostic
from tfkms.finding import Finding, Note, Report, Severity
from tfkms.report import sentences
from tfkms.report.display import shown, told
from tfkms.report.json_text import written
from tfkms.report.view import View, counting, errors, of_input, paths, place

_SEVERITIES = {
    Severity.LOW: "minor",
    Severity.MEDIUM: "major",
    Severity.HIGH: "critical",
    Severity.CRITICAL: "blocker",
}

Json = dict[str, Any]


def render(report: Report, view: View) -> str:
    """A list of items: what could not be read, the findings that are not waived, worst first, and the notes.

    Where there is no source in view, an item stands on the first line of the input.
    """
    seen: Counter[str] = Counter()
    items = []
    for item in _items(report, view):
        fingerprint = item["fingerprint"]
        seen[fingerprint] += 1
        again = f"{fingerprint}:{seen[fingerprint]}" if seen[fingerprint] > 1 else fingerprint
        items.append(item | {"fingerprint": hashlib.sha256(again.encode("utf-8", "replace")).hexdigest()[:32]})
    return written(items)


def _items(report: Report, view: View) -> Iterator[Json]:
    yield from (_diagnostic(item, report, view) for item in errors(report))
    yield from (_finding(finding, report, view) for finding in counting(report))
    yield from (_note(note, report, view) for note in report.notes)


def _finding(finding: Finding, report: Report, view: View) -> Json:
    span = place(finding)
    where = of_input(report, finding.input)
    what = f"{finding.check} {finding.verdict.value}: {where}{finding.address}: {finding.message}"
    return _item(
        check=finding.check,
        description=f"{what}; to mend it: {finding.remedy}; more: {view.more(finding.check)}",
        severity=_SEVERITIES[finding.severity],
        fingerprint=finding.fingerprint,
        path=view.file(report, finding),
        line=span.line if span else 1,
    )


def _note(note: Note, report: Report, view: View) -> Json:
    return _item(
        check=note.check,
        description=f"{note.check} note: {of_input(report, note.input)}{note.address}: {note.message}",
        severity="info",
        fingerprint=f"{note.check} {note.code} {note.address}",
        path=view.in_repository(report.inputs[note.input].path),
        line=1,
    )


def _diagnostic(item: Diagnostic, report: Report, view: View) -> Json:
    scanned = paths(report) if item.input is None else paths(report)[item.input :]
    return _item(
        check="tfkms",
        description=f"tfkms {sentences.could_not([item])}: {told(item)}",
        severity="blocker",
        fingerprint=f"{item.code} {told(item, paths(report))}",
        path=view.in_repository(item.file or next(iter(scanned), "tfkms")),
        line=item.line or 1,
    )


def _item(*, check: str, description: str, severity: str, fingerprint: str, path: str, line: int) -> Json:
    return {
        "description": shown(description),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": shown(path), "lines": {"begin": line}},
    }
