"""Patterns of the policy language as automata: matching, and a text that matches some and none of others.

A pattern is a sequence of symbols: a character, a hole (an unknown piece of text, equal to itself alone), one character
out of a class, `ONE` (`?`) or `ANY` (`*`). Sets of patterns are searched together by a breadth-first walk over the
product of their automata, each a bit mask, so that the text found is a shortest one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from tfkms.values import Hole, Template, Text, text_parts
from tfkms.values import text as joined_text

STATE_LIMIT = 200_000
"""How many states a search may visit. Policies met in practice need some hundred."""


SMALL_CLASS = 8
"""Of a class of characters up to this size every one is tried: it may share some with another class."""


class BeyondLimitsError(Exception):
    """A question that takes more than the limits allow; its answer is not known."""


class Wild(Enum):
    """The wildcards; the last two are those of the Arn operators, which stay inside one part of an ARN.

    A hole inside a part of an ARN is taken to hold no colon: it stands for an account id, a Region or a name.
    """

    ANY = "*"
    ONE = "?"
    PART = "*, but no colon"
    PART_ONE = "?, but no colon"


_STARS = (Wild.ANY, Wild.PART)
ARN_COLONS = 5


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one character out of `characters`."""

    characters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Run:
    """Any number of characters out of `characters`, none included."""

    characters: frozenset[str]


Symbol: TypeAlias = str | Hole | OneOf | Run | Wild
"""A `str` symbol is one character."""


@dataclass(frozen=True)
class Pattern:
    """A sequence of symbols with no two `ANY` in a row. Make it with `literal`, `glob` or `shape`."""

    symbols: tuple[Symbol, ...]

    @property
    def fixed(self) -> bool:
        """Whether it matches one text only."""
        return all(isinstance(symbol, str | Hole) for symbol in self.symbols)


@lru_cache(maxsize=16_384)
def literal(value: Text) -> Pattern:
    """The pattern that matches `value` and nothing else; `*` and `?` are themselves."""
    return Pattern(tuple(_characters(value)))


@lru_cache(maxsize=16_384)
def glob(value: Text) -> Pattern:
    """The pattern that `*` (any text, also across `/` and `:`) and `?` (one character) make of `value`."""
    return shape(wild_symbols(value))


def wild_symbols(value: Text) -> list[Symbol]:
    """The characters and holes of `value`, with `*` and `?` as wildcards."""
    wild = {"*": Wild.ANY, "?": Wild.ONE}
    return [wild.get(symbol, symbol) if isinstance(symbol, str) else symbol for symbol in _characters(value)]


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
        if not (isinstance(symbol, Wild) and symbol in _STARS and collapsed and collapsed[-1] is symbol):
            collapsed.append(symbol)
    return Pattern(tuple(collapsed))


def widened(pattern: Pattern) -> Pattern:
    """The pattern that matches whatever `pattern` could match, were its holes known; a fresh one is like no text."""
    return shape(Wild.ANY if isinstance(symbol, Hole) and not symbol.fresh else symbol for symbol in pattern.symbols)


def folded(pattern: Pattern) -> Pattern:
    """The pattern in lower case, for comparisons that ignore it."""
    return Pattern(tuple(symbol.lower() if isinstance(symbol, str) else symbol for symbol in pattern.symbols))


def holes_of(pattern: Pattern) -> frozenset[Hole]:
    """The holes in the pattern."""
    return frozenset(symbol for symbol in pattern.symbols if isinstance(symbol, Hole))


@lru_cache(maxsize=65_536)
def matches(pattern: Pattern, value: Text) -> bool:
    """Whether `value` surely matches: a hole in either is equal to itself alone, though `*` covers any."""
    automaton = _automaton(pattern)
    mask = automaton.start
    for symbol in _characters(value):
        mask = automaton.step(mask, symbol)
        if not mask:
            return False
    return bool(mask & automaton.accept)


@lru_cache(maxsize=65_536)
def may_match(pattern: Pattern, value: Text) -> bool:
    """Whether `value` matches for some filling of the holes in either."""
    if isinstance(value, str):
        return matches(widened(pattern), value)
    parts = text_parts(value)
    if all(isinstance(symbol, str) for symbol in pattern.symbols) and any(_is_fresh(part) for part in parts):
        return False
    anything = shape(Wild.ANY if isinstance(symbol, Hole) else symbol for symbol in literal(value).symbols)
    return find([[widened(pattern)], [anything]], ()) is not None


def _is_fresh(part: str | Hole) -> bool:
    return isinstance(part, Hole) and part.fresh


def find(wanted: Sequence[Sequence[Pattern]], unwanted: Sequence[Pattern]) -> Text | None:
    """A shortest text that matches a pattern of every group of `wanted` and none of `unwanted`; None if there is none.

    Raises BeyondLimitsError.
    """
    return _find(tuple(tuple(group) for group in wanted), tuple(unwanted))


@lru_cache(maxsize=16_384)
def _find(wanted: tuple[tuple[Pattern, ...], ...], unwanted: tuple[Pattern, ...]) -> Text | None:
    groups = [_Union(group) for group in wanted]
    refused = [_automaton(pattern) for pattern in unwanted]
    alphabet = _alphabet([pattern for group in wanted for pattern in group] + list(unwanted))
    start = (*(group.start for group in groups), *(automaton.start for automaton in refused))
    count = len(groups)

    def accepted(state: tuple[int, ...]) -> bool:
        good = all(mask & group.accept for mask, group in zip(state[:count], groups, strict=True))
        return good and not any(mask & automaton.accept for mask, automaton in zip(state[count:], refused, strict=True))

    def step(state: tuple[int, ...], symbol: Symbol) -> tuple[int, ...] | None:
        first = []
        for mask, group in zip(state[:count], groups, strict=True):
            after = group.step(mask, symbol)
            if not after:
                return None
            first.append(after)
        return (*first, *(auto.step(mask, symbol) for mask, auto in zip(state[count:], refused, strict=True)))

    paths: dict[tuple[int, ...], tuple[tuple[int, ...], Symbol] | None] = {start: None}
    frontier = [start]
    while frontier:
        following: list[tuple[int, ...]] = []
        for state in frontier:
            if accepted(state):
                return _text_to(state, paths)
            for symbol in alphabet:
                after = step(state, symbol)
                if after is not None and after not in paths:
                    paths[after] = (state, symbol)
                    following.append(after)
        if len(paths) > STATE_LIMIT:
            raise BeyondLimitsError
        frontier = following
    return None


def _text_to(state: tuple[int, ...], paths: dict[tuple[int, ...], tuple[tuple[int, ...], Symbol] | None]) -> Text:
    symbols: list[str | Hole] = []
    while (came := paths[state]) is not None:
        state, symbol = came
        assert isinstance(symbol, str | Hole)
        symbols.append(symbol)
    return joined_text(*reversed(symbols))


def _characters(value: Text) -> Iterator[str | Hole]:
    for part in text_parts(value) if isinstance(value, Template) else (value,):
        if isinstance(part, Hole):
            yield part
        else:
            yield from part


_FRESH = "xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./:@+=,"


def _alphabet(patterns: Sequence[Pattern]) -> tuple[str | Hole, ...]:
    """One representative of each class of symbols that the patterns tell apart; plain characters first."""
    characters: set[str] = set()
    classes: set[frozenset[str]] = set()
    unknown: dict[Hole, None] = {}
    for pattern in patterns:
        for symbol in pattern.symbols:
            match symbol:
                case Wild.PART | Wild.PART_ONE:
                    characters.add(":")
                case str():
                    characters.add(symbol)
                case Hole():
                    unknown[symbol] = None
                case OneOf(allowed) | Run(allowed):
                    classes.add(allowed)
                    if len(allowed) <= SMALL_CLASS:
                        characters |= allowed
                case Wild():
                    pass
    fresh = {next((c for c in sorted(allowed, key=_plainness) if c not in characters), None) for allowed in classes}
    other = next((c for c in _FRESH if c not in characters and not any(c in allowed for allowed in classes)), None)
    extra = {c for c in (*fresh, other) if c is not None}
    if other is None:
        used = characters.union(*classes)
        extra.add(next(chr(code) for code in range(0x100, 0x10FFFF) if chr(code) not in used))
    return (*sorted(characters | extra, key=_plainness), *unknown)


def _plainness(character: str) -> tuple[int, str]:
    place = _FRESH.find(character)
    return (place if place >= 0 else len(_FRESH), character)


class _Automaton:
    """The pattern's positions as bits; bit n stands before symbol n, the last one accepts."""

    __slots__ = ("accept", "stars", "start", "steps", "symbols")

    def __init__(self, pattern: Pattern):
        self.symbols = pattern.symbols
        self.accept = 1 << len(pattern.symbols)
        self.stars = sum(1 << n for n, own in enumerate(pattern.symbols) if isinstance(own, Run) or own in _STARS)
        self.steps: dict[Symbol, tuple[int, int]] = {}
        self.start = self.closed(1)

    def closed(self, mask: int) -> int:
        """`mask` with the positions behind a star that takes nothing; two stars of different kinds may follow."""
        while (wider := mask | (mask & self.stars) << 1) != mask:
            mask = wider
        return mask

    def step(self, mask: int, symbol: Symbol) -> int:
        known = self.steps.get(symbol)
        if known is None:
            takes = sum(1 << n for n, own in enumerate(self.symbols) if _takes(own, symbol))
            stays = sum(1 << n for n, own in enumerate(self.symbols) if _stays(own, symbol))
            known = self.steps[symbol] = takes, stays
        return self.closed((mask & known[0]) << 1 | mask & known[1])


def _takes(own: Symbol, symbol: Symbol) -> bool:
    """Whether `own` takes exactly this symbol. A hole may be any length, so `?` does not take it."""
    match own:
        case OneOf(characters):
            return symbol in characters
        case Wild.ONE:
            return isinstance(symbol, str)
        case Wild.PART_ONE:
            return isinstance(symbol, str) and symbol != ":"
        case _:
            return own == symbol


def _stays(own: Symbol, symbol: Symbol) -> bool:
    """Whether `own` is a star that takes the symbol among others."""
    match own:
        case Wild.ANY:
            return True
        case Wild.PART:
            return symbol != ":"
        case Run(characters):
            return symbol in characters
        case _:
            return False


class _Union:
    """Several automata side by side in one mask."""

    __slots__ = ("accept", "members", "start")

    def __init__(self, patterns: Sequence[Pattern]):
        self.members = []
        self.start = self.accept = shift = 0
        for pattern in patterns:
            automaton = _automaton(pattern)
            self.members.append((shift, (1 << len(pattern.symbols) + 1) - 1, automaton))
            self.start |= automaton.start << shift
            self.accept |= automaton.accept << shift
            shift += len(pattern.symbols) + 1

    def step(self, mask: int, symbol: Symbol) -> int:
        after = 0
        for shift, width, automaton in self.members:
            own = mask >> shift & width
            if own:
                after |= automaton.step(own, symbol) << shift
        return after


@lru_cache(maxsize=16_384)
def _automaton(pattern: Pattern) -> _Automaton:
    return _Automaton(pattern)
