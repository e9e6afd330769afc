"""Policy statements as people read them: JSON with its members in the customary order, each on one line if it fits."""

import json
from collections.abc import Iterator

from tfkms.report.display import shown
from tfkms.values import Unknown, Value, plain

WIDTH = 88
LINES = 24


def excerpt(statement: Value) -> tuple[list[str], int]:
    """The first lines of a statement, harmless to show, and how many more there are; none of one that is not known."""
    if isinstance(statement, Unknown):
        return [], 0
    written = list(statement_lines(plain(statement)))
    return [shown(line) for line in written[:LINES]], max(0, len(written) - LINES)


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
    if len(whole) <= WIDTH or not value or not isinstance(value, dict | list):
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
        if line != indent and len(line) + 1 + len(piece) > WIDTH:
            yield line
            line = indent
        line += piece if line == indent else f" {piece}"
    yield line
