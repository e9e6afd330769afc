"""Lays what a plan does not know over what it knows: `after_unknown` over `after`, with the references that decide.

Source: the "JSON Output Format" page of Terraform's internals documentation ("change representation", "expressions
representation"). The configuration lists the blocks that are written out, not those of a `dynamic` block; which element
a block has become is told by its place and by the constants in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from tfkms.frontends.addresses import longest
from tfkms.frontends.plan_format import freeze
from tfkms.frontends.written import expression_of
from tfkms.model import Given, Resource
from tfkms.predicted import AFTER_APPLY, WITH_SOURCE
from tfkms.values import Hole, Unknown, Value, pointer_step

_ORDERED = frozenset({"statement"})
"""Nested blocks that keep their order in a plan; others may be sets, which do not."""

_IN_DYNAMIC = f"{AFTER_APPLY}, in a dynamic block, of which a plan does not show what it refers to{WITH_SOURCE}"
_MORE_CONDITIONS = f"a dynamic block may give this statement conditions that no plan shows{WITH_SOURCE}"

_FEW = 16
"""Of more blocks without an order it is not told which is which."""


def with_unknowns(resource: Resource, unknown: Value, expressions: Mapping[str, Any]) -> Mapping[str, Value]:
    """`after` with `Unknown` in place of what is known after apply; `expressions` are those of the resource's block.

    An argument that the configuration gives, and of which the plan shows nothing at all, is unknown: `planned_values`
    alone leaves such values out without a word. In a change Terraform writes null for what is null.
    """
    after = dict(resource.after or {})
    if unknown is True:
        mask: Mapping[str, Value] = dict.fromkeys(resource.arguments or {}, True)
    else:
        marked = unknown if isinstance(unknown, Mapping) else {}
        given = [name for name, argument in (resource.arguments or {}).items() if isinstance(argument, Given)]
        mask = {**marked, **{name: True for name in given if name not in after and not marked.get(name)}}
    for name, part in mask.items():
        argument = resource.argument(name)
        cause = argument.references if isinstance(argument, Given) else ()
        hole = Hole(resource.address, f"/{name}", AFTER_APPLY, cause)
        after[name] = overlaid(after.get(name), part, hole, name, expressions.get(name))
    return after


def overlaid(value: Value, unknown: Value, hole: Hole, name: str, written: Any) -> Value:
    """The value with `Unknown` wherever the mask is true; the mask may name members that the value leaves out.

    `written` is the expression, or the blocks, that the configuration gives for the argument `name`, None for none.
    """
    expression = expression_of(written)
    if expression is not None:
        hole = replace(hole, references=longest(expression.references))
    match unknown:
        case True if name in _ORDERED and expression is None:
            return (*_as_written(written, hole), Unknown(replace(hole, reason=_IN_DYNAMIC)))
        case True:
            return Unknown(hole)
        case Mapping() if unknown:
            known = value if isinstance(value, Mapping) else {}
            inside = written if isinstance(written, Mapping) and expression is None else {}
            below = {
                key: overlaid(known.get(key), part, _below(hole, key), key, inside.get(key))
                for key, part in unknown.items()
            }
            return {**known, **{key: item for key, item in below.items() if key in known or item is not None}}
        case tuple() if unknown:
            items = value if isinstance(value, tuple) else ()
            padded = (*items, *[None] * (len(unknown) - len(items)))
            marks = (*unknown, *[False] * (len(padded) - len(unknown)))
            blocks = written if isinstance(written, list) else []
            origins = _origins(padded, blocks, name in _ORDERED) if blocks else [None] * len(padded)
            return tuple(
                overlaid(item, mark, _below(_dynamic(hole, item, origin), str(place)), name, origin)
                for place, (item, mark, origin) in enumerate(zip(padded, marks, origins, strict=True))
            )
        case _ if unknown:
            return Unknown(hole)  # no mask of Terraform's
        case _:
            return value


def _dynamic(hole: Hole, element: Value, block: Any) -> Hole:
    """The hole of an element: in a block that the configuration does not list there is nothing to name."""
    return replace(hole, reason=_IN_DYNAMIC) if isinstance(element, Mapping) and block is None else hole


def _as_written(blocks: Any, hole: Hole) -> Iterator[Value]:
    """The `statement` blocks that stand beside dynamic ones of which it is not known how many there are.

    Then a plan shows none, and the configuration only these. What it refers to is not known, nor what conditions
    dynamic blocks in them add.
    """
    for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
        here = _below(hole, str(place))
        made = _block(block, here)
        conditions = made.get("condition") or ()
        more = Unknown(replace(_below(here, "condition"), reason=_MORE_CONDITIONS))
        yield {**made, "condition": (*(conditions if isinstance(conditions, tuple) else ()), more)}


def _block(block: Any, hole: Hole) -> dict[str, Value]:
    """A block that is written out: its constants, and `Unknown` for what is made of references."""
    made: dict[str, Value] = {}
    for name, written in block.items() if isinstance(block, Mapping) else ():
        here, expression = _below(hole, name), expression_of(written)
        if isinstance(written, list):
            made[name] = tuple(_block(own, _below(here, str(place))) for place, own in enumerate(written))
        elif expression is None or expression.constant_value is UNSET:
            made[name] = Unknown(replace(here, references=longest(expression.references) if expression else ()))
        else:
            made[name] = freeze(expression.constant_value)
    return made


def _below(hole: Hole, step: str) -> Hole:
    return replace(hole, path=f"{hole.path}/{pointer_step(step)}")


def _origins(elements: Sequence[Value], blocks: Sequence[Any], ordered: bool) -> list[Any]:
    """For each element the block that it is made of; None where that cannot be told, or it is a dynamic one."""
    fits = [[_fits(element, block) for block in blocks] for element in elements]
    possible = _ordered(fits, len(blocks)) if ordered else _unordered(fits, len(blocks))
    return [blocks[options[0]] if len(options) == 1 and options[0] is not None else None for options in possible]


def _fits(element: Value, block: Any) -> bool:
    """Whether the element may be what the block says: its constants are the same."""
    if not isinstance(element, Mapping) or not isinstance(block, Mapping):
        return True
    for name, written in block.items():
        expression = expression_of(written)
        if expression is None or expression.references or expression.constant_value is UNSET:
            continue
        if expression.constant_value is not None and not _same(element.get(name), expression.constant_value):
            return False
    return True


def _same(value: Value, constant: Any) -> bool:
    """Whether a planned value is the constant, which the provider's schema may have made a set or a text of."""
    if isinstance(value, tuple) or isinstance(constant, list):
        items = value if isinstance(value, tuple) else (value,)
        constants = constant if isinstance(constant, list) else [constant]
        return {_plainly(item) for item in items} == {_plainly(item) for item in constants}
    return _plainly(value) == _plainly(constant)


def _plainly(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _prefixes(fits: Sequence[Sequence[bool]], count: int) -> list[list[bool]]:
    """Whether the first j blocks can be placed, in order, among the first i elements, as [i][j]."""
    table = [[True] + [False] * count]
    for row in fits:
        before = table[-1]
        table.append([True] + [before[j] or (before[j - 1] and row[j - 1]) for j in range(1, count + 1)])
    return table


def _ordered(fits: Sequence[Sequence[bool]], count: int) -> list[list[int | None]]:
    """For each element the blocks that it may be, and None if it may be a dynamic one."""
    size = len(fits)
    ahead = _prefixes(fits, count)
    behind = _prefixes([list(reversed(row)) for row in reversed(fits)], count)
    possible: list[list[int | None]] = []
    for i, row in enumerate(fits):
        options: list[int | None] = [
            j for j in range(count) if row[j] and ahead[i][j] and behind[size - i - 1][count - j - 1]
        ]
        if any(ahead[i][j] and behind[size - i - 1][count - j] for j in range(count + 1)):
            options.append(None)
        possible.append(options)
    return possible


def _unordered(fits: Sequence[Sequence[bool]], count: int) -> list[list[int | None]]:
    """As `_ordered`, for elements in any order."""
    if max(count, len(fits)) > _FEW:
        return [[None]] * len(fits)
    every = frozenset(range(len(fits)))
    return [
        [
            *(j for j in range(count) if row[j] and _placeable(fits, {*range(count)} - {j}, every - {i})),
            *([None] if _placeable(fits, {*range(count)}, every - {i}) else []),
        ]
        for i, row in enumerate(fits)
    ]


def _placeable(fits: Sequence[Sequence[bool]], blocks: set[int], elements: frozenset[int]) -> bool:
    """Whether each of the blocks can be an element of its own (bipartite matching by augmenting paths)."""
    holder: dict[int, int] = {}

    def place(block: int, seen: set[int]) -> bool:
        for element in elements - seen:
            if fits[element][block]:
                seen.add(element)
                if element not in holder or place(holder[element], seen):
                    holder[element] = block
                    return True
        return False

    return all(place(block, set()) for block in blocks)
