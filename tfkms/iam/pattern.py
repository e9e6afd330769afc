"""Patterns of the policy language as automata: matching, and a text that matches some and none of others.

A pattern is a sequence of symbols: a character, a hole (an unknown piece of text), one character out of a class, `ONE`
(`?`) or `ANY` (`*`). Sets of patterns are searched together by a breadth-first walk over the product of their automata,
each a bit mask, so that the text found is a shortest one.

Texts and patterns with holes are compared in two ways. *Surely*: a hole is a letter of its own, equal to itself alone,
so that what matches does so whatever the holes are. *Possibly*: each hole may be any text, so that what does not match
never does.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import cached_property, lru_cache
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from tfkms.values import Hole, Template, Text, text_parts


class Wild(Enum):
    """The wildcards; the last two are those of the Arn operators, which stay inside one part of an ARN.

    A hole inside a part of an ARN is taken to hold no colon: it stands for an account id, a Region or a name.
    """

    ANY = "*"
    ONE = "?"
    PART = "*, but no colon"
    PART_ONE = "?, but no colon"


STARS = (Wild.ANY, Wild.PART)
ARN_COLONS = 5


class OneOf(Struct, frozen=True):
    """Exactly one character out of `characters`."""

    characters: frozenset[str]


class Run(Struct, frozen=True):
    """Any number of characters out of `characters`, none included."""

    characters: frozenset[str]


Symbol: TypeAlias = str | Hole | OneOf | Run | Wild
"""A `str` symbol is one character."""


class Pattern(Struct, frozen=True, dict=True):
    """A sequence of symbols with no two `ANY` in a row. Make it with `literal`, `glob` or `shape`."""

    symbols: tuple[Symbol, ...]

    def __post_init__(self) -> None:
        force_setattr(self, "_hash", hash(self.symbols))

    def __hash__(self) -> int:
        return self._hash  # type: ignore[attr-defined, no-any-return] # long patterns are looked up often

    @cached_property
    def spelled(self) -> str | None:
        """The one text that it matches, all of it known; None where it has wildcards or holes."""
        if all(isinstance(symbol, str) for symbol in self.symbols):
            return "".join(map(str, self.symbols))
        return None

    @property
    def fixed(self) -> bool:
        """Whether it matches one text only."""
        return all(isinstance(symbol, str | Hole) for symbol in self.symbols)


def characters(value: Text) -> Iterator[str | Hole]:
    """The characters and holes of a text, in order."""
    for part in text_parts(value) if isinstance(value, Template) else (value,):
        if isinstance(part, Hole):
            yield part
        else:
            yield from part


@lru_cache(maxsize=16_384)
def literal(value: Text) -> Pattern:
    """The pattern that matches `value` and nothing else; `*` and `?` are themselves."""
    return Pattern(tuple(characters(value)))


@lru_cache(maxsize=16_384)
def glob(value: Text) -> Pattern:
    """The pattern that `*` (any text, also across `/` and `:`) and `?` (one character) make of `value`."""
    return shape(wild_symbols(value))


def wild_symbols(value: Text) -> list[Symbol]:
    """The characters and holes of `value`, with `*` and `?` as wildcards."""
    wild = {"*": Wild.ANY, "?": Wild.ONE}
    return [wild.get(symbol, symbol) if isinstance(symbol, str) else symbol for symbol in characters(value)]


@lru_cache(maxsize=16_384)
def arn_glob(value: Text) -> Pattern | None:
    """The pattern that the Arn operators make of `value`; None where it is none."""
    return arn_shape(wild_symbols(value))


def arn_shape(written: Sequence[Symbol]) -> Pattern | None:
    """The pattern that the Arn operators make: six parts, each matched by itself; None where there are fewer.

    Source: IAM User Guide, reference_policies_elements_condition_operators, "Amazon Resource Name (ARN) condition
    operators". The sixth part, the resource, may hold colons.
    """
    symbols: list[Symbol] = []
    colons = 0
    for symbol in written:
        colons += symbol == ":"
        if isinstance(symbol, Hole) and colons == 0:
            colons = ARN_COLONS  # it may be a whole ARN, and what stands behind it part of the resource
        match symbol:
            case Wild.ANY if colons < ARN_COLONS:
                symbols.append(Wild.PART)
            case Wild.ONE if colons < ARN_COLONS:
                symbols.append(Wild.PART_ONE)
            case _:
                symbols.append(symbol)
    whole = colons >= ARN_COLONS or any(isinstance(symbol, Hole) for symbol in written)
    return shape(symbols) if whole else None


def shape(symbols: Iterable[Symbol]) -> Pattern:
    """The pattern of these symbols."""
    collapsed: list[Symbol] = []
    for symbol in symbols:
        if not (isinstance(symbol, Wild) and symbol in STARS and collapsed and collapsed[-1] is symbol):
            collapsed.append(symbol)
    return Pattern(tuple(collapsed))


def widened(pattern: Pattern) -> Pattern:
    """The pattern that matches whatever `pattern` could match, were its holes known; what is made up stays as it is."""
    return shape(
        Wild.ANY if isinstance(symbol, Hole) and not is_made_up(symbol) else symbol for symbol in pattern.symbols
    )


def is_made_up(hole: Hole) -> bool:
    """Whether it is known of the hole that something else is not equal to it: texts, or other holes."""
    return hole.fresh or hole.unique


def holes_of(pattern: Pattern) -> frozenset[Hole]:
    """The holes in the pattern."""
    return frozenset(symbol for symbol in pattern.symbols if isinstance(symbol, Hole))
