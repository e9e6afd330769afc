"""Masks over values, in the shape of `after_sensitive`: true covers all below."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_LIST_LIMIT = 1_000
"""The longest list that a mask is spelled out for; beyond it the whole list is covered."""


def mask_of(paths: Iterable[Sequence[str | int]]) -> Any:
    """The mask that covers what the paths lead to; false where there are none."""
    mask: Any = False
    for path in paths:
        mask = _covered(mask, path)
    return mask


def _covered(mask: Any, steps: Sequence[str | int]) -> Any:
    if mask is True or not steps:
        return True
    first, rest = steps[0], steps[1:]
    if isinstance(first, str):
        members = dict(mask) if isinstance(mask, Mapping) else {}
        members[first] = _covered(members.get(first, False), rest)
        return members
    if not 0 <= first < _LIST_LIMIT:
        return True
    items = list(mask) if isinstance(mask, list) else []
    items += [False] * (first + 1 - len(items))
    items[first] = _covered(items[first], rest)
    return items
