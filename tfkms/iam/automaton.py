"""Patterns as automata: whether a text surely matches, or may."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from tfkms.iam.pattern import ARN_COLONS, STARS, OneOf, Pattern, Run, Symbol, Wild, characters, is_made_up, widened
from tfkms.values import Hole, Template, Text

WIDE = 1_024
"""A step of an automaton with more positions than this counts as several."""


@lru_cache(maxsize=65_536)
def matches(pattern: Pattern, value: Text) -> bool:
    """Whether `value` surely matches: a hole in either is equal to itself alone, though `*` covers any."""
    if isinstance(value, str):
        if pattern.spelled is not None:
            return pattern.spelled == value
        if _starts_otherwise(pattern, value):
            return False
    return automaton((pattern,), possibly=False).accepts(value)


@lru_cache(maxsize=65_536)
def may_match(pattern: Pattern, value: Text) -> bool:
    """Whether `value` matches for some filling of the holes in either; those in the parts of an ARN hold no colon."""
    if isinstance(value, str):
        if pattern.spelled is not None:
            return pattern.spelled == value
        if _starts_otherwise(pattern, value):
            return False
    return automaton((pattern,), possibly=True).accepts(value)


def _starts_otherwise(pattern: Pattern, value: str) -> bool:
    """Whether the pattern and the text differ before the first wildcard or hole: most do, and need no automaton."""
    for symbol, character in zip(pattern.symbols, value, strict=False):
        if isinstance(symbol, str):
            if symbol != character:
                return True
        elif isinstance(symbol, OneOf):
            if character not in symbol.characters:
                return True
        else:
            return False
    return False


class Automaton:
    """The positions of patterns side by side as bits; the bit before a symbol, and behind a pattern's last the one that
    accepts.

    With `possibly`, the holes of the patterns and those of what is read may be any text.
    """

    __slots__ = (
        "accept",
        "characters",
        "classes",
        "cost",
        "ids",
        "patterns",
        "possibly",
        "segments",
        "stars",
        "start",
        "steps",
    )

    def __init__(self, patterns: Sequence[Pattern], possibly: bool):
        self.possibly = possibly
        self.segments: list[tuple[int, int]] = []
        places: dict[Symbol, list[int]] = {}
        size = 0
        self.patterns = tuple([widened(pattern) if possibly else pattern for pattern in patterns])
        for pattern in self.patterns:
            for place, symbol in enumerate(pattern.symbols, size):
                places.setdefault(symbol, []).append(place)
            self.segments.append((size, len(pattern.symbols) + 1))
            size += len(pattern.symbols) + 1
        self.cost = 1 + size // WIDE
        self.accept = _bits([first + length - 1 for first, length in self.segments], size)
        self.characters = {symbol: _bits(found, size) for symbol, found in places.items()}
        self.classes: list[Symbol] = [own for own in self.characters if isinstance(own, OneOf | Run | Wild)]
        self.ids = 0
        for own in self.characters if possibly else ():
            if isinstance(own, Hole) and own.unique and not own.fresh:
                self.ids |= self.characters[own]
        self.stars = self.ids
        for own in self.classes:
            if isinstance(own, Run) or own in STARS:
                self.stars |= self.characters[own]
        self.steps: dict[Symbol, tuple[int, int]] = {}
        self.start = self.closed(_bits([first for first, _ in self.segments], size))

    def closed(self, mask: int) -> int:
        """`mask` with the positions behind a star that takes nothing; two stars of different kinds may follow."""
        while (wider := mask | (mask & self.stars) << 1) != mask:
            mask = wider
        return mask

    def accepts(self, value: Text) -> bool:
        """Whether the value matches one of the patterns."""
        mask = self.start
        in_parts = self.possibly and _has_parts_of_an_arn(value)
        for symbol in characters(value):
            part = in_parts and isinstance(symbol, Hole) and not is_made_up(symbol)
            mask = self.through_part(mask) if part else self.step(mask, symbol)
            if not mask:
                return False
        return bool(mask & self.accept)

    def step(self, mask: int, symbol: Symbol) -> int:
        """The positions reached from those of `mask` by reading the symbol."""
        known = self.steps.get(symbol)
        if known is None:
            known = self.steps[symbol] = self.taken(symbol)
        after = (mask & known[0]) << 1 | mask & known[1]
        if self.possibly and isinstance(symbol, Hole):
            if symbol.fresh:
                after |= self.through_fresh(mask)
            else:
                after |= self.through_id(mask) if symbol.unique else self.through_any(mask)
        return self.closed(after)

    def taken(self, symbol: Symbol) -> tuple[int, int]:
        """The positions that take exactly this symbol, and those that take it and stay."""
        takes, stays = self.characters.get(symbol, 0), 0
        for own in self.classes:
            if own is not symbol and _takes(own, symbol):
                takes |= self.characters[own]
            if _stays(own, symbol):
                stays |= self.characters[own]
        if symbol in _MADE_UP:
            stays |= self.ids
        return takes, stays

    def through_any(self, mask: int) -> int:
        """Where any text may lead: to every later position of the same pattern."""
        after = 0
        for first, length in self.segments:
            own = mask >> first & ((1 << length) - 1)
            if own:
                after |= ((1 << length) - (own & -own)) << first
        return after

    def through_part(self, mask: int) -> int:
        """Where any text without a colon may lead."""
        inside = 0
        for own, places in self.characters.items():
            inside |= places if own != ":" else 0
        while (wider := self.closed(mask | (mask & inside) << 1)) != mask:
            mask = wider
        return mask

    def through_fresh(self, mask: int) -> int:
        """Where an id that is still to be made may lead: it has no colon and no slash, and must meet a wildcard, as it
        is no text that is written out today."""
        letters, wild, stars = self.of_ids()
        unmet, met = mask, 0
        while True:
            further = unmet | (unmet & letters) << 1
            meeting = met | unmet & stars | (unmet & wild & ~stars) << 1
            meeting |= (meeting & (letters | wild)) << 1
            if (further, meeting) == (unmet, met):
                return met
            unmet, met = self.closed(further), meeting

    def through_id(self, mask: int) -> int:
        """Where an id may lead that may have been made up already: no colon, no slash, no other one."""
        letters, wild, stars = self.of_ids()
        after = 0
        while True:
            reading = self.closed(mask | after)
            further = after | (reading & (letters | wild) & ~stars) << 1 | reading & stars
            if further == after:
                return after
            after = further

    def of_ids(self) -> tuple[int, int, int]:
        """The positions before what may be part of an id: letters, wildcards, and of these the stars."""
        stars = self.stars & ~self.ids
        letters, wild = 0, stars
        for own, places in self.characters.items():
            if isinstance(own, str) and own not in ":/":
                letters |= places
        for own in self.classes:
            wild |= self.characters[own]
        return letters, wild, stars


def _has_parts_of_an_arn(value: Text) -> bool:
    """Whether a text with holes is an ARN all of whose colons are written: each hole stands in one of its parts."""
    if not isinstance(value, Template) or not isinstance(value.parts[0], str) or not value.parts[0].startswith("arn:"):
        return False
    return sum(part.count(":") for part in value.parts if isinstance(part, str)) >= ARN_COLONS


def _bits(places: Iterable[int], size: int) -> int:
    """The number with these bits set."""
    octets = bytearray(size // 8 + 1)
    for place in places:
        octets[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(octets, "little")


_MADE_UP = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
"""The characters of what is made up on apply: unique ids, and what Terraform puts behind a prefix."""


def _is_made_up_of(symbol: Symbol, characters: frozenset[str]) -> bool:
    """Whether an id that is still to be made surely consists of these characters. It has one at least, and a class as
    wide as this stands beside a star of the same."""
    return isinstance(symbol, Hole) and symbol.fresh and characters >= _MADE_UP


def _takes(own: Symbol, symbol: Symbol) -> bool:
    """Whether a class takes exactly this symbol. A hole may be any length, so `?` does not take it."""
    match own:
        case OneOf(characters):
            return symbol in characters or _is_made_up_of(symbol, characters)
        case Wild.ONE:
            return isinstance(symbol, str)
        case Wild.PART_ONE:
            return isinstance(symbol, str) and symbol != ":"
        case _:
            return False


def _stays(own: Symbol, symbol: Symbol) -> bool:
    """Whether a class is a star that takes the symbol among others."""
    match own:
        case Wild.ANY:
            return True
        case Wild.PART:
            return symbol != ":"
        case Run(characters):
            return symbol in characters or _is_made_up_of(symbol, characters)
        case _:
            return False


@lru_cache(maxsize=16_384)
def automaton(patterns: tuple[Pattern, ...], *, possibly: bool) -> Automaton:
    """The automaton of the patterns, made once."""
    return Automaton(patterns, possibly)
