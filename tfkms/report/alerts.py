"""What of a report is one alert to those who read it by the line, and by what an alert is known again.

GitHub goes by `primaryLocationLineHash` alone: results of one guardrail that have it in common are one alert, whatever
else they have. So a result that is alone on its line has the hash that GitHub computes of the line, and results
that share a line have it with a mark of their own.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from tfkms.finding import Finding, Report
from tfkms.report import sentences
from tfkms.report.line_hash import line_hashes
from tfkms.report.view import View, place

_MARK = 16
_INSTANCE_KEY = re.compile(r'\[(?:\d+|\*|"(?:[^"\\]|\\.)*")\]')


def alerts(findings: Iterable[Finding], view: View, report: Report) -> list[list[Finding]]:
    """What is found of several instances of one block together, if it is the same but for the instance's key."""
    groups: dict[object, list[Finding]] = {}
    for place_in_report, finding in enumerate(findings):
        groups.setdefault(_sameness(finding, view, report) or place_in_report, []).append(finding)
    return list(groups.values())


def _sameness(finding: Finding, view: View, report: Report) -> object:
    """What instances of one block have in common, all that is said of them; None where no source tells the block."""
    span = place(finding)
    if span is None:
        return None
    own = [
        *(sentences.request(witness) for witness in finding.witnesses),
        *(sentences.need(hole) for hole in finding.needs),
        *(f"{evidence.origin.address} {evidence.origin.path}" for evidence in finding.evidence),
    ]
    return (
        (finding.check, finding.input, view.file(report, finding), span),
        (finding.verdict, finding.severity, finding.new, finding.other_keys),
        (finding.message, finding.remedy, finding.principals),
        _INSTANCE_KEY.sub("", "\n".join([finding.address, *own])),
    )


def fingerprints(groups: Sequence[Sequence[Finding]], report: Report, view: View) -> list[dict[str, str]]:
    """The fingerprints of each result, no two alike: our own, and the one that GitHub goes by."""
    marks = _marks([group[0] for group in groups], report)
    lines = [_line(group[0], report, view) for group in groups]
    crowd = Counter(lines)
    return [
        {
            "tfkmsFinding/v1": mark,
            **_line_hash(group[0], mark, report, alone=crowd[line] == 1),
        }
        for group, mark, line in zip(groups, marks, lines, strict=True)
    ]


def _line(finding: Finding, report: Report, view: View) -> object:
    span = place(finding)
    return (finding.check, view.file(report, finding), span.line if span else 1)


def _marks(findings: Sequence[Finding], report: Report) -> list[str]:
    """A mark for each finding: of its grant, whom and which keys it is about; where that is not enough, also of its
    input, and where that is not enough either, of how many such there were before.
    """
    plain = [_mark(item.fingerprint, *sorted(map(str, item.principals)), "", *sorted(item.keys)) for item in findings]
    shared = Counter(plain)
    seen: Counter[str] = Counter()
    marks = []
    for item, own in zip(findings, plain, strict=True):
        apart = own if shared[own] == 1 else _mark(own, report.inputs[item.input].path)
        seen[apart] += 1
        marks.append(apart if seen[apart] == 1 else _mark(apart, str(seen[apart])))
    return marks


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _line_hash(finding: Finding, mark: str, report: Report, *, alone: bool) -> dict[str, str]:
    """GitHub's hash of the line, with the mark of a result that is not alone there, so that each is an alert.

    In a plan it is the mark. Where the text of the line is not in view, GitHub's action computes the hash for a result
    that has none.
    """
    span = place(finding)
    text = report.sources.get(span.file) if span else None
    hashes = _hashes(text) if text is not None else ()
    if span is not None and span.line <= len(hashes):
        own = hashes[span.line - 1]
        return {"primaryLocationLineHash": own if alone else f"{own}:{mark[:_MARK]}"}
    return {} if span is not None and alone else {"primaryLocationLineHash": f"{mark[:_MARK]}:1"}


@lru_cache(maxsize=64)
def _hashes(text: str) -> tuple[str, ...]:
    return tuple(line_hashes(text))
