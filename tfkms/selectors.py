"""Selects values by JSONPath. A path of plain names and `[*]` is walked directly; any other goes to jsonpath-ng."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct

from tfkms.values import Unknown, Value

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: names of members and places in lists."""

_EACH = "*"
_PLAIN = re.compile(r"\$(?:\.[A-Za-z_][\w-]*(?:\[\*\])?)+")


class SelectorError(ValueError):
    """A text that is no JSONPath; the message is one lower-case line."""


class Selector(Struct, frozen=True):
    """A compiled path. `steps` are set for a plain one, `foreign` is jsonpath-ng's expression for any other."""

    text: str
    steps: tuple[str, ...] | None
    foreign: Any

    def find(self, value: Mapping[str, Value]) -> Iterator[tuple[Path, Value]]:
        """Every place that the path leads to, with what stands there, in document order.

        Where the way ends early at an `Unknown`, that unknown is what stands at the end: it may hold anything.
        """
        if self.steps is not None:
            yield from _walk(value, self.steps, ())
            return
        for found in self.foreign.find(_thawed(value)):
            yield _steps_of(found.full_path), _frozen(found.value)


@lru_cache(maxsize=1024)
def selector(text: str) -> Selector:
    """The selector that `text` describes. Raises SelectorError."""
    if _PLAIN.fullmatch(text):
        return Selector(text, tuple(text[2:].replace("[*]", ".*").split(".")), None)
    from jsonpath_ng.ext.parser import parse

    try:
        return Selector(text, None, parse(text))
    except Exception as error:  # jsonpath-ng raises bare Exception from its lexer and parser
        raise SelectorError(f"`{text}` is no JSONPath: {str(error).splitlines()[0].lower()}") from None


def _walk(value: Value, steps: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Value]]:
    if not steps or isinstance(value, Unknown):
        yield path, value
        return
    first, rest = steps[0], steps[1:]
    if first == _EACH:
        if isinstance(value, tuple):
            for place, item in enumerate(value):
                yield from _walk(item, rest, (*path, place))
    elif isinstance(value, Mapping) and first in value:
        yield from _walk(value[first], rest, (*path, first))


def _thawed(value: Value) -> Any:
    match value:
        case Mapping():
            return {key: _thawed(item) for key, item in value.items()}
        case tuple():
            return [_thawed(item) for item in value]
        case _:
            return value


def _frozen(value: Any) -> Value:
    match value:
        case dict():
            return {key: _frozen(item) for key, item in value.items()}
        case list():
            return tuple(map(_frozen, value))
        case _:
            return value  # type: ignore[no-any-return]


def _steps_of(full_path: Any) -> Path:
    """The steps of a jsonpath-ng path: a tree of `Child` with `Fields` and `Index` at its leaves."""
    if hasattr(full_path, "left"):
        return (*_steps_of(full_path.left), *_steps_of(full_path.right))
    if hasattr(full_path, "fields"):
        return tuple(full_path.fields)
    if hasattr(full_path, "indices"):
        return tuple(full_path.indices)
    return ()
