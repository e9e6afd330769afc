"""The report for people: findings with their statement and remedy, worst first, and the summary last."""

import textwrap
from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from tfkms.finding import Evidence, Finding, Report, Verdict
from tfkms.location import Origin
from tfkms.report import alike, sentences
from tfkms.report.display import shown
from tfkms.report.source_lines import excerpts
from tfkms.report.statements import excerpt as statement_excerpt
from tfkms.report.view import View, counting, of_input, waived

WIDTH = 100
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
    MARKED = "bold cyan"


class Piece(Struct, frozen=True):
    """A stretch of a line, harmless to show."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Piece, ...]


def render(report: Report, view: View) -> str:
    """The report without colour. If verbose, every verdict is listed, the good ones too."""
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines(report, view))


def lines(report: Report, view: View) -> Iterator[Line]:
    """The report line by line."""
    seen: set[tuple[int, Origin]] = set()
    for group in alike.alike(counting(report)):
        yield from _findings(group, report, seen)
        yield ()
    if view.verbose:
        yield from _verdicts(report)
    yield from _waived(report)
    yield from _notes(report)
    yield from _unseen(report)
    yield from _summary(report)
    rests = textwrap.wrap(shown(sentences.in_plan(report, view)), WIDTH, break_long_words=False, break_on_hyphens=False)
    for line in (*rests, *filter(None, [sentences.with_source(report)])):
        yield (Piece(line, Style.LABEL),)
    for line in sentences.more(report, view):
        yield (Piece(shown(line), Style.LABEL),)


def _findings(group: Sequence[Finding], report: Report, seen: set[tuple[int, Origin]]) -> Iterator[Line]:
    """Findings that are alike; a statement that stands in `seen` was shown with an earlier one."""
    for own in group:
        violated = own.verdict is Verdict.VIOLATED
        yield (
            Piece(own.check, Style.VIOLATED if violated else Style.UNDECIDED),
            Piece(f" {own.verdict.value}"),
            Piece(f" ({own.severity.label}{', not new' if not own.new else ''})  "),
            Piece(shown(own.address), Style.ADDRESS),
        )
    finding, message = group[0], alike.message(group)
    if len(report.inputs) > 1:
        yield _labelled("input", report.inputs[finding.input].path)
    for text in textwrap.wrap(shown(message), WIDTH - len(_INDENT)):
        yield (Piece(_INDENT + text),)
    keys = [key for key in finding.keys if key != finding.address]
    if any(f"`{key}`" not in message for key in keys):
        yield _labelled("key", ", ".join(keys))
    for witness in alike.requests(group):
        yield _labelled("request", sentences.request(witness))
    for hole in finding.needs:
        yield _labelled("needs", sentences.need(hole))
    for said in alike.statements(finding):
        places = [(finding.input, own.origin) for own in (said.evidence, *said.again)]
        yield from _evidence(said, finding, seen.issuperset(places))
        if said.evidence.origin.address == finding.address:
            yield from _source(alike.evidence(group, said.place), report)
        seen.update(places)
    yield from _wrapped("fix", alike.remedy(group))


def _labelled(label: str, text: str) -> Line:
    return (Piece(f"{_INDENT}{label:<10}", Style.LABEL), Piece(shown(text)))


def _wrapped(label: str, text: str) -> Iterator[Line]:
    indent = len(_INDENT) + 10
    for place, line in enumerate(textwrap.wrap(shown(text), WIDTH - indent)):
        yield _labelled(label, line) if place == 0 else (Piece(" " * indent + line),)


def _evidence(said: alike.Said, finding: Finding, shown_before: bool) -> Iterator[Line]:
    evidence, again = said.evidence, sentences.likewise(said.again)
    above = ", shown above" if shown_before else ""
    source = sentences.source(evidence)
    at = f" at {source}" if source else ""
    yield _labelled("statement", f"{sentences.standing(evidence, finding)}{at}{again}{above}")
    if evidence.assumed and not shown_before:
        yield from _wrapped("assumed", sentences.assumption(evidence))
    if shown_before:
        return
    if evidence.statement is None:
        yield (Piece(f"{_INDENT * 2}  (sensitive)", Style.LABEL),)
        return
    written, left = statement_excerpt(evidence.statement)
    for line in written:
        yield (Piece(f"{_INDENT * 2}  {line}", Style.CODE),)
    if left:
        yield (Piece(f"{_INDENT * 2}  … {left} more lines", Style.LABEL),)


def _source(evidence: Evidence, report: Report) -> Iterator[Line]:
    """The lines of the source that the elements of a statement stand in, with these underlined."""
    for excerpt in excerpts(evidence, report):
        yield _labelled("written", f"in {sentences.at(excerpt.origin)}")
        gutter = len(str(excerpt.lines[-1].number)) + len(_INDENT * 2) + 2
        for line in excerpt.lines:
            code = [Piece(text, Style.MARKED if marked else Style.CODE) for text, marked in line.pieces]
            yield (Piece(f"{line.number:>{gutter}} | ", Style.LABEL), *code)
            yield (Piece(f"{'':>{gutter}} | ", Style.LABEL), Piece(line.underline, Style.MARKED))
        if excerpt.left:
            yield (Piece(f"{_INDENT * 2}  … {excerpt.left} more lines", Style.LABEL),)


_GOOD = (Verdict.PASS, Verdict.PASS_IN_PLAN, Verdict.NOT_APPLICABLE)


def _verdicts(report: Report) -> Iterator[Line]:
    width = max((len(verdict.verdict.value) for verdict in report.verdicts), default=0)
    for verdict in report.verdicts:
        style = Style.GOOD if verdict.verdict in _GOOD else Style.PLAIN
        own = verdict.reason if verdict.verdict is not Verdict.PASS_IN_PLAN else None
        reason = f"  {shown(own)}" if own else ""
        yield (
            Piece(f"{verdict.check}  "),
            Piece(f"{verdict.verdict.value:<{width}}", style),
            Piece(f"  {shown(verdict.address)}{reason}"),
        )
    if report.verdicts:
        yield ()


def _waived(report: Report) -> Iterator[Line]:
    for finding in waived(report):
        assert finding.waived
        where = shown(of_input(report, finding.input) + finding.address)
        text = f"{where}: {shown(finding.message)} ({shown(sentences.waiver(finding.waived))})"
        yield (Piece(f"{finding.check} waived  ", Style.LABEL), Piece(text))
    if waived(report):
        yield ()


def _notes(report: Report) -> Iterator[Line]:
    for note in alike.notes(report.notes):
        text = f"{shown(of_input(report, note.input) + note.address)}: {shown(note.message)}"
        yield (Piece(f"{note.check} note  ", Style.LABEL), Piece(text))
    if report.notes:
        yield ()


def _unseen(report: Report) -> Iterator[Line]:
    for policy in report.unseen:
        yield (
            Piece("not in view  ", Style.LABEL),
            Piece(shown(of_input(report, policy.input) + sentences.unseen(policy))),
        )
    if report.unseen:
        yield ()


_STYLES = {
    "violated": Style.VIOLATED,
    "undecided": Style.UNDECIDED,
    "pass": Style.GOOD,
    "pass in this plan": Style.GOOD,
}


def _summary(report: Report) -> Iterator[Line]:
    if not report.verdicts:
        yield (Piece(shown(sentences.judged(report))),)
        return
    pieces: list[Piece] = []
    for number, word in sentences.tally(report):
        style = _STYLES.get(word, Style.PLAIN) if number else Style.PLAIN
        pieces += [Piece(", " if pieces else ""), Piece(f"{number} {word}", style)]
    yield (*pieces, Piece(f": {shown(sentences.judged(report))}"))
