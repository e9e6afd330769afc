"""The guardrails for people: `tfkms rules`, `tfkms explain`, and the page of each in `docs/guardrails`."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import assert_never

from msgspec import Struct

from tfkms.catalogue import Reference, Rule
from tfkms.report.markup import fenced, link, prose

WIDTH = 100


class _Prose(Struct, frozen=True):
    text: str


class _Hcl(Struct, frozen=True):
    lines: tuple[str, ...]


class _Links(Struct, frozen=True):
    references: tuple[Reference, ...]


_Part = _Prose | _Hcl | _Links


def table(rules: Sequence[Rule]) -> str:
    """One line for each guardrail: id, severity, title, and whether it is off or not judged."""
    return "".join(f"{rule.id:<10}  {rule.severity.label:<8}  {rule.title}{_remark(rule)}\n" for rule in rules)


def explain(rule: Rule) -> str:
    """The whole text of a guardrail, for a terminal."""
    lines = [f"{rule.id} ({rule.severity.label}): {rule.title}{_remark(rule)}"]
    for title, part in _parts(rule):
        lines += ["", *([title] if title else []), *_plain(part)]
    return "\n".join(lines) + "\n"


def page(rule: Rule) -> str:
    """The whole text of a guardrail as Markdown, under its title."""
    return f"# {rule.id}: {prose(rule.title)}\n\n{body(rule)}"


def body(rule: Rule) -> str:
    """The whole text of a guardrail as Markdown, without its title."""
    since = f" · judged since tfkms {rule.since}" if rule.since else ""
    blocks = [f"Severity: {rule.severity.label}{_remark(rule)}{since}"]
    for title, part in _parts(rule):
        blocks += [*([f"## {title}"] if title else []), _markdown(part)]
    return "\n\n".join(blocks) + "\n"


def reading(rule: Rule) -> Reference | None:
    """The page of AWS to read on what a guardrail guards: the first that the catalogue names, None where none is."""
    return rule.references[0] if rule.references else None


def _remark(rule: Rule) -> str:
    if not rule.judged:
        return " (not judged by this version)"
    return "" if rule.enabled else " (off unless selected)"


def _parts(rule: Rule) -> Iterator[tuple[str, _Part]]:
    """The parts of the text, each under its heading; the first has none."""
    yield "", _Prose(rule.text)
    if rule.rationale:
        yield "Why", _Prose(rule.rationale)
    if rule.remediation:
        yield "How to mend it", _Prose(rule.remediation.text)
        yield "Before", _Hcl(tuple(rule.remediation.before.rstrip().split("\n")))
        yield "After", _Hcl(tuple(rule.remediation.after.rstrip().split("\n")))
    if rule.references:
        yield "Read on", _Links(rule.references)


def _plain(part: _Part) -> list[str]:
    match part:
        case _Prose(text):
            return textwrap.wrap(text, WIDTH)
        case _Hcl(lines):
            return textwrap.indent("\n".join(lines), "    ").split("\n")
        case _Links(references):
            return [f"    {reference.title}: {reference.url}" for reference in references]
        case _:
            assert_never(part)


def _markdown(part: _Part) -> str:
    match part:
        case _Prose(text):
            return prose(text)
        case _Hcl(lines):
            return fenced(lines, "terraform")
        case _Links(references):
            return "\n".join(f"- {link(reference.title, reference.url)}" for reference in references)
        case _:
            assert_never(part)
