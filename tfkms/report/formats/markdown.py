"""The report as Markdown for a comment on a pull request: short enough for every host, nothing cut in the middle."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from tfkms.diagnostics import Diagnostic
from tfkms.finding import Finding, Note, Report, UnseenPolicy
from tfkms.report import alike, sentences
from tfkms.report.display import told
from tfkms.report.guardrails import reading
from tfkms.report.markup import code, fenced, html_code, html_prose, link, prose
from tfkms.report.statements import excerpt
from tfkms.report.view import View, counting, errors, paths, waived, warnings

COMMENT_LIMIT = 32_000
"""In bytes. Bitbucket Server's comments are the shortest: 32,768 characters; GitHub takes 65,536, GitLab 1,000,000."""

_RESERVE = 1_200
"""Kept free for headings and for the lines that say what did not fit."""


class _Item(Struct, frozen=True):
    """Something to list: in full, or in one line where there is no room; `kind` is what it counts as if left out."""

    full: Callable[[], str]
    short: Callable[[], str]
    kind: str


class _Section(Struct, frozen=True):
    title: str
    items: Sequence[_Item]


def render(report: Report, view: View) -> str:
    """The report as one comment. Its first line, invisible, tells comments on different inputs apart."""
    return document(report, view, COMMENT_LIMIT)


def document(report: Report, view: View, limit: int) -> str:
    """The report in at most `limit` bytes of UTF-8: the counts, then the worst first, in full while there is room.

    A line for each thing goes before the details of one, as long as lines take no more than three quarters of the room.
    """
    blocks = [_head(report, view)]
    room = limit - _RESERVE - _size(blocks[0])
    sections = list(_sections(report, view))
    spare = room - _lines(sections, room * 3 // 4)
    for section in sections:
        if section.items and section.title:
            blocks.append(f"#### {section.title}\n")
        full = True
        for place, item in enumerate(section.items):
            block = item.short()
            if full and item.full is not item.short:
                more = item.full()
                spare -= _size(more) - _size(block)
                full = spare >= 0
                block = more if full else block
                if not full:
                    blocks.append(f"\nIn one line each from here on, for want of room. More: {code(view.more('ID'))}\n")
            if _size(block) > room:
                left = Counter(item.kind for item in section.items[place:])
                words = ", ".join(f"{number} {kind}" for kind, number in left.items())
                blocks.append(f"\nLeft out, for there is no room: {words}.\n")
                break
            blocks.append(block)
            room -= _size(block)
        if not blocks[-1].endswith("\n"):
            blocks.append("")
    return "\n".join(blocks)


def _lines(sections: Sequence[_Section], limit: int) -> int:
    """The size of a line for each thing; the limit where it is more."""
    size = 0
    for section in sections:
        for item in section.items:
            size += _size(item.short())
            if size > limit:
                return limit
    return size


def _size(text: str) -> int:
    return len(text.encode()) + 1


def _sections(report: Report, view: View) -> Iterator[_Section]:
    yield _Section("What went wrong", [_diagnostic(item, "errors", report) for item in errors(report)])
    yield _Section("", [_finding(finding, report, view) for finding in _ordered(report, view)])
    yield _Section("Waived", [_waived(finding, report) for finding in waived(report)])
    yield _Section("Notes", [_note(note, report) for note in alike.notes(report.notes)])
    yield _Section("Policies that are not in view", [_unseen(policy, report) for policy in report.unseen])
    yield _Section("Warnings", [_diagnostic(item, "warnings", report) for item in warnings(report)])


def _ordered(report: Report, view: View) -> Sequence[Finding]:
    """The findings that count, those first that stop the gate, and of these the worst."""
    return sorted(counting(report), key=lambda finding: not view.gate.stops(finding))


def _head(report: Report, view: View) -> str:
    names = re.sub(r"[^A-Za-z0-9./_-]", "_", " ".join(paths(report)))[:200]
    numbers = " · ".join(f"{number} {word}" for number, word in sentences.tally(report))
    judged = prose(sentences.judged(report))
    counts = f"**{numbers}**: {judged}{sentences.findings(report)}" if report.verdicts else judged
    mark = f"<!-- tfkms:{names.replace('--', '_')} -->"
    return f"{mark}\n### {title(report)}\n\n{sentences.gate(report, view.gate)}.\n\n{counts}\n"


def title(report: Report) -> str:
    """The report in a few words, all of them ours."""
    if errors(report):
        return f"tfkms {sentences.could_not(errors(report))}"
    counts = {word: number for number, word in sentences.tally(report)}
    if not report.verdicts:
        return "tfkms: nothing to judge"
    if counts["violated"]:
        return f"tfkms: {counts['violated']} violated"
    return f"tfkms: {counts['undecided']} undecided" if counts["undecided"] else "tfkms: nothing violated"


def _finding(finding: Finding, report: Report, view: View) -> _Item:
    new = "" if finding.new else ", not new"
    passes = "" if view.gate.stops(finding) else ", the gate lets it pass"
    what = f"{finding.verdict.value} ({finding.severity.label}{new}{passes})"

    def full() -> str:
        heading = f"<b>{finding.check}</b> {what} {html_code(finding.address)}: {html_prose(finding.message)}"
        rest = "\n".join(details(finding, report, view)).replace("\n\n\n", "\n\n")
        return f"<details><summary>{heading}</summary>\n\n{rest}\n</details>\n"

    def short() -> str:
        where = _input(report, finding.input)
        return f"- **{finding.check}** {what} {where}{code(finding.address)}: {prose(finding.message)}"

    return _Item(full, short, f"{finding.verdict.value} ({finding.severity.label})")


def details(finding: Finding, report: Report, view: View) -> Iterator[str]:
    """What there is to say of a finding besides its message: the requests, the statements, what mends it."""
    if len(report.inputs) > 1:
        yield f"- input {code(paths(report)[finding.input])}"
    keys = [key for key in finding.keys if key != finding.address]
    if keys:
        yield f"- key {', '.join(map(code, keys))}"
    for witness in sentences.requests(finding):
        yield f"- request {code(sentences.request(witness))}"
    for hole in finding.needs:
        yield f"- needs {code(sentences.need(hole))}"
    for said in alike.statements(finding):
        yield from _evidence(said, finding)
    yield f"\nTo mend it: {prose(finding.remedy)}. {_more(finding.check, view)}\n"


def _more(check: str, view: View) -> str:
    """Our page where the settings name one, else a page of AWS and the command that prints ours."""
    page = view.page(check)
    if page:
        return f"More: {link(check, page)}"
    elsewhere = reading(view.rules[check]) if check in view.rules else None
    explained = code(view.more(check))
    return f"More: {link(elsewhere.title, elsewhere.url)}, {explained}" if elsewhere else f"More: {explained}"


def _evidence(said: alike.Said, finding: Finding) -> Iterator[str]:
    evidence, again = said.evidence, prose(sentences.likewise(said.again))
    source = sentences.source(evidence)
    at = f" at {code(source)}" if source else ""
    hidden = " (sensitive)" if evidence.statement is None else ""
    assumed = f" (assumed: {prose(sentences.assumption(evidence))})" if evidence.assumed else ""
    yield f"- statement {code(sentences.standing(evidence, finding))}{at}{again}{hidden}{assumed}"
    if evidence.statement is None:
        return
    lines, left = excerpt(evidence.statement)
    if lines:
        more = [f"… {left} more lines"] if left else []
        yield f"\n{fenced([*lines, *more], 'json')}\n"


def _input(report: Report, scanned: int) -> str:
    return f"{code(paths(report)[scanned])}: " if len(report.inputs) > 1 else ""


def _waived(finding: Finding, report: Report) -> _Item:
    where = _input(report, finding.input)

    def line() -> str:
        assert finding.waived
        why = prose(sentences.waiver(finding.waived))
        return f"- {finding.check} {where}{code(finding.address)}: {prose(finding.message)} ({why})"

    return _Item(line, line, "waived")


def _note(note: Note, report: Report) -> _Item:
    where = _input(report, note.input)

    def line() -> str:
        return f"- {note.check} {where}{code(note.address)}: {prose(note.message)}"

    return _Item(line, line, "notes")


def _unseen(policy: UnseenPolicy, report: Report) -> _Item:
    where = _input(report, policy.input)

    def line() -> str:
        return f"- {where}{prose(sentences.unseen(policy))}"

    return _Item(line, line, "policies")


def _diagnostic(item: Diagnostic, kind: str, report: Report) -> _Item:
    def line() -> str:
        return f"- {prose(told(item, paths(report)))}"

    return _Item(line, line, kind)
