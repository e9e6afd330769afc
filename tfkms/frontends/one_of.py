"""A value of which it is known that it is one of several."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tfkms.values import Hole, Template, Unknown, Value, beginning, pointer_step, text

_APART = frozenset({"Sid", "Condition"})
"""Members of a statement that may be in one alternative and not in the other: any other makes another statement."""


def one_of(values: Sequence[Value], hole: Hole) -> Value:
    """What is alike in all of the values, with holes below `hole` where they differ."""
    first = values[0]
    if all(other == first for other in values):
        return first
    mappings = [value for value in values if isinstance(value, Mapping)]
    lists = [value for value in values if isinstance(value, tuple)]
    texts = [value for value in values if isinstance(value, str | Template)]
    if len(mappings) == len(values):
        return _one_of_mappings(mappings, hole)
    if len(lists) == len(values) and len({len(value) for value in lists}) == 1:
        return tuple(one_of(items, _below(hole, str(n))) for n, items in enumerate(zip(*lists, strict=True)))
    if len(texts) == len(values):
        return text(beginning(texts), hole)
    return Unknown(hole)


def _one_of_mappings(mappings: Sequence[Mapping[str, Value]], hole: Hole) -> Value:
    names = dict.fromkeys(name for mapping in mappings for name in mapping)
    somewhere = {name for name in names if not all(name in mapping for mapping in mappings)}
    if somewhere - _APART:
        return Unknown(hole)
    return {
        name: Unknown(_below(hole, name))
        if name in somewhere
        else one_of([mapping[name] for mapping in mappings], _below(hole, name))
        for name in names
    }


def _below(hole: Hole, step: str) -> Hole:
    return replace(hole, path=f"{hole.path}/{pointer_step(step)}")
