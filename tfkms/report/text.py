"""The report for people: findings with their statement and remedy, worst first, and the summary last."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tfkms.finding import Evidence, Finding, Report, Verdict, Witness
from tfkms.location import Origin
from tfkms.report.display import shown
from tfkms.report.structure import structure
from tfkms.values import Unknown, hole_name, plain

WIDTH = 100
_STATEMENT_LINES = 24
_STATEMENT_WIDTH = 88
_INDENT = "    "


class Style(StrEnum):
    """What a piece of text is; a terminal gives it a colour."""

    PLAIN = ""
    VIOLATED = "bold red"
    UNDECIDED = "bold yellow"
    GOOD = "green"
    ADDRESS = "bold"
    LABEL = "dim"
    CODE = "cyan"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line, harmless to show."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Piece, ...]


def render(report: Report, verbose: bool = False) -> str:
    """The report without colour. With `verbose` every verdict is listed, the good ones too."""
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines(report, verbose))


def lines(report: Report, verbose: bool = False) -> Iterator[Line]:
    """The report line by line."""
    seen: set[tuple[int, Origin]] = set()
    for finding in report.findings:
        yield from _finding(finding, report, seen)
        yield ()
    if verbose:
        yield from _verdicts(report)
    yield from _notes(report)
    yield from _summary(report)
    if report.findings:
        first = report.findings[0].check
        yield (Piece(f"why, and how to mend it: tfkms explain {first}", Style.LABEL),)


def _finding(finding: Finding, report: Report, seen: set[tuple[int, Origin]]) -> Iterator[Line]:
    """One finding; a statement that stands in `seen` was shown with an earlier one."""
    violated = finding.verdict is Verdict.VIOLATED
    yield (
        Piece(finding.check, Style.VIOLATED if violated else Style.UNDECIDED),
        Piece(f" {finding.verdict.value}"),
        Piece(f" ({finding.severity.label}{', not new' if not finding.new else ''})  "),
        Piece(shown(finding.address), Style.ADDRESS),
    )
    if len(report.inputs) > 1:
        yield _labelled("input", report.inputs[finding.input].path)
    for text in textwrap.wrap(shown(finding.message), WIDTH - len(_INDENT)):
        yield (Piece(_INDENT + text),)
    keys = [key for key in finding.keys if key != finding.address]
    if keys:
        yield _labelled("key", ", ".join(keys))
    told = {witness.action: witness for witness in reversed(finding.witnesses)}
    for witness in reversed(told.values()):
        yield _witness(witness)
    for hole in finding.needs:
        place = f"{hole.address}{hole.path}"
        yield _labelled("needs", f"{hole_name(hole)}: {hole.reason}" if hole.references else f"{place}: {hole.reason}")
    for evidence in finding.evidence:
        statement = (finding.input, evidence.origin)
        yield from _evidence(evidence, finding, statement in seen)
        seen.add(statement)
    yield from _wrapped("fix", finding.remedy)


def _labelled(label: str, text: str) -> Line:
    return (Piece(f"{_INDENT}{label:<10}", Style.LABEL), Piece(shown(text)))


def _wrapped(label: str, text: str) -> Iterator[Line]:
    indent = len(_INDENT) + 10
    for place, line in enumerate(textwrap.wrap(shown(text), WIDTH - indent)):
        yield _labelled(label, line) if place == 0 else (Piece(" " * indent + line),)


def _witness(witness: Witness) -> Line:
    context = "".join(f", {name} = {' '.join(map(str, values))}" for name, values in witness.context.items())
    inert = f" ({witness.inert})" if witness.inert else ""
    return _labelled("request", f"{witness.action} by {witness.principal}{context}{inert}")


def _evidence(evidence: Evidence, finding: Finding, shown_before: bool) -> Iterator[Line]:
    origin = evidence.origin
    elsewhere = f"{origin.address} " if origin.address != finding.address else ""
    above = ", shown above" if shown_before else ""
    yield _labelled("statement", f"{elsewhere}{origin.path}{above}")
    if shown_before:
        return
    if evidence.statement is None:
        yield (Piece(f"{_INDENT * 2}  (sensitive)", Style.LABEL),)
        return
    if isinstance(evidence.statement, Unknown):
        return
    written = list(statement_lines(plain(evidence.statement)))
    for line in written[:_STATEMENT_LINES]:
        yield (Piece(f"{_INDENT * 2}  {shown(line)}", Style.CODE),)
    if len(written) > _STATEMENT_LINES:
        yield (Piece(f"{_INDENT * 2}  … {len(written) - _STATEMENT_LINES} more lines", Style.LABEL),)


_MEMBERS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")


def statement_lines(statement: object) -> Iterator[str]:
    """A statement as JSON for people: its members in the customary order, each on one line if it fits."""
    if not isinstance(statement, dict):
        yield from _fitted(statement, "")
        return
    yield "{"
    names = sorted(statement, key=lambda name: (_MEMBERS.index(name) if name in _MEMBERS else len(_MEMBERS), name))
    for place, name in enumerate(names):
        comma = "," if place + 1 < len(names) else ""
        *first, last = _fitted(statement[name], "  ", f"{json.dumps(name)}: ")
        yield from first
        yield last + comma
    yield "}"


def _fitted(value: object, indent: str, label: str = "") -> Iterator[str]:
    """The value on one line if it fits, else one line for each member."""
    whole = f"{indent}{label}{json.dumps(value)}"
    if len(whole) <= _STATEMENT_WIDTH or not value or not isinstance(value, dict | list):
        yield whole
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield f"{indent}{label}{opening}"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield from _packed([json.dumps(item) for item in value], f"{indent}  ")
        yield f"{indent}{closing}"
        return
    members = (
        [(f"{json.dumps(k)}: ", v) for k, v in value.items()] if isinstance(value, dict) else [("", v) for v in value]
    )
    for place, (name, item) in enumerate(members):
        comma = "," if place + 1 < len(members) else ""
        *first, last = _fitted(item, f"{indent}  ", name)
        yield from first
        yield last + comma
    yield f"{indent}{closing}"


def _packed(items: list[str], indent: str) -> Iterator[str]:
    """The items with commas, as many on a line as fit."""
    line = indent
    for place, item in enumerate(items):
        piece = item + ("," if place + 1 < len(items) else "")
        if line != indent and len(line) + 1 + len(piece) > _STATEMENT_WIDTH:
            yield line
            line = indent
        line += piece if line == indent else f" {piece}"
    yield line


_GOOD = (Verdict.PASS, Verdict.PASS_IN_PLAN, Verdict.NOT_APPLICABLE)


def _verdicts(report: Report) -> Iterator[Line]:
    width = max((len(verdict.verdict.value) for verdict in report.verdicts), default=0)
    for verdict in report.verdicts:
        style = Style.GOOD if verdict.verdict in _GOOD else Style.PLAIN
        reason = f"  {shown(verdict.reason)}" if verdict.reason else ""
        yield (
            Piece(f"{verdict.check}  "),
            Piece(f"{verdict.verdict.value:<{width}}", style),
            Piece(f"  {shown(verdict.address)}{reason}"),
        )
    if report.verdicts:
        yield ()


def _notes(report: Report) -> Iterator[Line]:
    for note in report.notes:
        text = f"{shown(note.address)}: {shown(note.message)}"
        yield (Piece(f"{note.check} note  ", Style.LABEL), Piece(text))
    if report.notes:
        yield ()


def _summary(report: Report) -> Iterator[Line]:
    counts = structure(report).summary
    checks = _listed(report.checks)
    if not report.verdicts:
        yield (Piece(f"nothing was judged: no keys and no policies in {_inputs(report)} ({checks})"),)
        return
    words = [
        (counts.violated, "violated", Style.VIOLATED),
        (counts.undecided, "undecided", Style.UNDECIDED),
        (counts.passed, "pass", Style.GOOD),
        (counts.passed_in_plan, "pass in this plan", Style.GOOD),
        (counts.not_applicable, "not applicable", Style.PLAIN),
        (counts.waived, "waived", Style.PLAIN),
    ]
    pieces: list[Piece] = []
    for count, word, style in words:
        if count or word in ("violated", "undecided", "pass"):
            pieces += [Piece(", " if pieces else ""), Piece(f"{count} {word}", style if count else Style.PLAIN)]
    subjects = len({(verdict.input, verdict.address) for verdict in report.verdicts})
    yield (*pieces, Piece(f": {_count(subjects, 'subject')} in {_inputs(report)}, {checks}"))


def _inputs(report: Report) -> str:
    if len(report.inputs) != 1:
        return _count(len(report.inputs), "input")
    only = report.inputs[0]
    return f"{only.kind} {shown(only.path)} ({_count(only.resources, 'resource')})"


def _listed(checks: Sequence[str]) -> str:
    return f"judged by {', '.join(checks)}" if checks else "no guardrail selected"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
