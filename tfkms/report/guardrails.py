"""The guardrails for people: `tfkms rules` and `tfkms explain`."""

import textwrap
from collections.abc import Iterator, Sequence

from tfkms.catalogue import Rule

WIDTH = 100


def table(rules: Sequence[Rule]) -> str:
    """One line for each guardrail: id, severity, title, and whether it is off or not judged."""
    return "".join(f"{rule.id:<10}  {rule.severity.label:<8}  {rule.title}{_remark(rule)}\n" for rule in rules)


def _remark(rule: Rule) -> str:
    if not rule.judged:
        return " (not judged by this version)"
    return "" if rule.enabled else " (off unless selected)"


def explain(rule: Rule) -> str:
    """The whole text of a guardrail."""
    return "\n".join(_explanation(rule)) + "\n"


def _explanation(rule: Rule) -> Iterator[str]:
    yield f"{rule.id} ({rule.severity.label}): {rule.title}{_remark(rule)}"
    yield ""
    yield from textwrap.wrap(rule.text, WIDTH)
    for title, text in (("Why", rule.rationale), ("How to mend it", rule.remediation.text)):
        yield ""
        yield title
        yield from textwrap.wrap(text, WIDTH)
    for title, code in (("Before", rule.remediation.before), ("After", rule.remediation.after)):
        yield ""
        yield title
        yield from textwrap.indent(code.rstrip(), "    ").split("\n")
    yield ""
    yield "Read on"
    yield from (f"    {reference.title}: {reference.url}" for reference in rule.references)
