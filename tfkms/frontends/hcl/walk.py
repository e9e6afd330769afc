"""Going through trees without recursion, however deep they are."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import fields, replace

from tfkms.frontends.hcl.syntax import Body, Expression, Name, Unreadable

MAX_DEPTH = 600
"""How deep an expression may be. A chain of 500 operators is; ten times that is nobody's configuration."""


_PLAIN = frozenset(
    {
        "start",
        "end",
        "name",
        "text",
        "operator",
        "labels",
        "type",
        "expand",
        "grouped",
        "passes_through",
        "message",
        "limited",
    }
)


_FIELDS: dict[type, tuple[str, ...]] = {}


def _fields(node: Any) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes."""
    names = _FIELDS.get(type(node))
    if names is None:
        names = tuple(field.name for field in fields(node) if field.name not in _PLAIN)
        _FIELDS[type(node)] = names
    return names


def children(node: Any) -> Iterator[Any]:
    """The nodes right below a node, object items and parts of templates among them, in source order."""
    for name in _fields(node):
        value = getattr(node, name)
        if isinstance(value, tuple):
            yield from value
        elif isinstance(value, Struct):
            yield value


def mentions(expression: Expression, names: Collection[str | None]) -> bool:
    """Whether a name of these stands in the expression, be it another thing there that is called so."""
    ahead: list[Any] = [expression]
    while ahead:
        node = ahead.pop()
        if isinstance(node, Name) and node.name in names:
            return True
        ahead += children(node)
    return False


def too_deep(expression: Expression) -> bool:
    """Whether an expression is deeper than `MAX_DEPTH`."""
    level: list[Any] = [expression]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


def unreadable(body: Body) -> list[Unreadable]:
    """All that could not be read in a body, at whatever depth, in source order."""
    found: list[Unreadable] = []
    stack: list[Any] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Unreadable):
            found.append(node)
        else:
            stack.extend(children(node))
    return sorted(found, key=lambda node: node.start)


def relocated(expression: Expression, place: Callable[[int], int]) -> Expression:
    """The expression with all its offsets put through `place`."""
    order: list[Any] = [expression]
    for node in order:
        order.extend(children(node))
    moved: dict[int, Any] = {}
    for node in reversed(order):
        changes: dict[str, Any] = {name: place(getattr(node, name)) for name in ("start", "end") if hasattr(node, name)}
        for name in _fields(node):
            value = getattr(node, name)
            if isinstance(value, tuple):
                changes[name] = tuple([moved[id(item)] for item in value])
            elif isinstance(value, Struct):
                changes[name] = moved[id(value)]
        moved[id(node)] = replace(node, **changes)
    result: Expression = moved[id(expression)]
    return result
