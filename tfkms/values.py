"""What a configuration or a plan says: known values, texts with holes, and unknowns with their reason.

A `Value` is what `json.loads` would give, immutable (tuples, read-only mappings), in which any leaf may be `Unknown`
and any text a `Template`. Operations elsewhere keep the structure around an unknown; nothing turns it into a guess.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, Union

from msgspec import Struct


class Hole(Struct, frozen=True):
    """One thing that is not known. Two equal holes stand for the same value, wherever they occur.

    `address` and `path` name the place that would tell it: a resource address as Terraform prints it and a JSON
    pointer into that resource. `reason` is one lower-case clause; `references` are the expressions that decide it.
    `fresh` marks an id that will be made up on apply: no text that is written out today equals it. `unique` marks one
    that is made up, be it on apply or before: no other hole that is so marked equals it.
    """

    address: str
    path: str
    reason: str
    references: tuple[str, ...] = ()
    fresh: bool = False
    unique: bool = False


class Unknown(Struct, frozen=True):
    """A value of which nothing is known but the reason."""

    hole: Hole


class Template(Struct, frozen=True):
    """A text of which parts are known. Never without a hole; neighbouring literal parts are joined."""

    parts: tuple[str | Hole, ...]

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"${{{hole_name(part)}}}" for part in self.parts)


Text: TypeAlias = str | Template
Scalar: TypeAlias = bool | int | float | str | None
Value: TypeAlias = Union[Scalar, Template, Unknown, tuple["Value", ...], Mapping[str, "Value"]]  # noqa: UP007


def hole_name(hole: Hole) -> str:
    """The expression that a person would write for the hole: the reference that most likely decides it, else its place.

    What Terraform makes is known after apply more often than what it reads, and that more often than what it is given.
    """
    if hole.references:
        return min(hole.references, key=_likely_known)
    return hole.address + "".join(f".{step}" for step in hole.path.split("/") if step)


def _likely_known(reference: str) -> int:
    first = reference.partition(".")[0].partition("[")[0]
    return _KNOWN_SOONER.index(first) + 1 if first in _KNOWN_SOONER else 0


_KNOWN_SOONER = ("module", "local", "data", "each", "var", "count", "self", "terraform", "path")


def text(*parts: str | Hole) -> Text:
    """The text made of `parts`: a plain string where no part is a hole."""
    known, joined = "", list[str | Hole]()
    for part in parts:
        if isinstance(part, str):
            known += part
        else:
            joined += (known, part) if known else (part,)
            known = ""
    if not joined:
        return known
    return Template((*joined, known) if known else tuple(joined))


def text_parts(value: Text) -> tuple[str | Hole, ...]:
    """The literal and unknown parts of a text, in order."""
    return value.parts if isinstance(value, Template) else (value,)


def beginning(texts: Sequence[Text]) -> str:
    """What all of the texts are known to begin with."""
    first, *others = (parts[0] if isinstance((parts := text_parts(own))[0], str) else "" for own in texts)
    same = 0
    while all(other[same : same + 1] == first[same : same + 1] != "" for other in (first, *others)):
        same += 1
    return str(first[:same])


def text_holes(value: Text) -> list[Hole]:
    """The unknown parts of a text, in order."""
    return [part for part in text_parts(value) if isinstance(part, Hole)]


def holes(value: Value) -> Iterator[tuple[str, Text | Unknown, Hole]]:
    """Every hole in `value`, as (JSON pointer of the leaf, the leaf, the hole), in document order."""
    match value:
        case Unknown(hole):
            yield "", value, hole
        case Template(parts):
            for part in parts:
                if isinstance(part, Hole):
                    yield "", value, part
        case tuple():
            for index, item in enumerate(value):
                if type(item) not in _KNOWN:
                    yield from ((f"/{index}{path}", leaf, hole) for path, leaf, hole in holes(item))
        case dict() | Mapping():
            for key, item in value.items():
                if type(item) not in _KNOWN:
                    yield from ((f"/{pointer_step(key)}{path}", leaf, hole) for path, leaf, hole in holes(item))
        case _:
            return


_KNOWN = frozenset({str, bool, int, float, type(None)})
"""The types of most leaves. A look at the type is cheaper than any question to the leaf."""


def is_known(value: Value) -> bool:
    """Whether there is no hole in `value`."""
    if type(value) in _KNOWN:
        return True
    match value:
        case tuple():
            return all(map(is_known, value))
        case dict() | Mapping():
            return all(map(is_known, value.values()))
        case _:
            return not isinstance(value, Unknown | Template)


def pointer_step(key: str | int) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def plain(value: Value) -> object:
    """`value` as JSON would carry it; an unknown leaf becomes `{"$unknown": "text with ${holes}"}`."""
    if type(value) in _KNOWN:
        return value
    match value:
        case Unknown(hole):
            return {"$unknown": f"${{{hole_name(hole)}}}"}
        case Template():
            return {"$unknown": str(value)}
        case tuple():
            return [plain(item) for item in value]
        case dict() | Mapping():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value
