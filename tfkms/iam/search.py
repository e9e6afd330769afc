"""Texts that match some patterns and none of others, by a walk over the product of their automata."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from tfkms.iam.automaton import Automaton, automaton
from tfkms.iam.pattern import OneOf, Pattern, Run, Symbol, Wild
from tfkms.values import Hole, Text
from tfkms.values import text as joined_text

WORK_LIMIT = 250_000
"""How many steps of automata one search may take. Policies met in practice need some thousand."""

SMALL_CLASS = 8
"""Of a class of characters up to this size every one is tried: it may share some with another class."""


class BeyondLimitsError(Exception):
    """A question that takes more than the limits allow; its answer is not known."""


class Effort:
    """The work that one question may take; searches that are known already count as when they were made."""

    __slots__ = ("left",)

    def __init__(self, limit: int):
        self.left = limit

    def spend(self, work: int) -> None:
        """Takes work off what is left. Raises BeyondLimitsError where there is no more."""
        self.left -= work
        if self.left < 0:
            raise BeyondLimitsError


def find(
    wanted: Sequence[Sequence[Pattern]],
    unwanted: Sequence[Pattern],
    *,
    filled: bool = False,
    effort: Effort | None = None,
) -> Text | None:
    """A shortest text that surely matches a pattern of every group of `wanted`, and possibly none of `unwanted`.

    `filled` leaves the empty text out. None if there is none that does so whatever the holes are. Raises
    BeyondLimitsError.
    """
    found = _find((), tuple(map(tuple, wanted)), tuple(unwanted), possibly=False, filled=filled)
    return _outcome(found, effort)


def find_possibly(
    exact: Sequence[Sequence[Pattern]],
    wanted: Sequence[Sequence[Pattern]],
    unwanted: Sequence[Pattern],
    *,
    filled: bool = False,
    effort: Effort | None = None,
) -> Text | None:
    """A text that matches a pattern of every group of `exact` and `wanted` and none of `unwanted`, as far as can be
    told; None if there is none, however the holes are filled.

    The text keeps the holes of `exact`, of which there is one group at most: a hole there and in `unwanted` is the same
    value. Raises BeyondLimitsError.
    """
    groups = tuple(map(tuple, exact)), tuple(map(tuple, wanted))
    return _outcome(_find(*groups, tuple(unwanted), possibly=True, filled=filled), effort)


class _Found(Struct, frozen=True):
    """What a search came to: a text, nothing, or with `beyond` the end of its limits."""

    text: Text | None
    work: int
    beyond: bool = False


def _outcome(found: _Found, effort: Effort | None) -> Text | None:
    if effort is not None:
        effort.spend(found.work)
    if found.beyond:
        raise BeyondLimitsError
    return found.text


@lru_cache(maxsize=16_384)
def _find(
    exact: tuple[tuple[Pattern, ...], ...],
    wanted: tuple[tuple[Pattern, ...], ...],
    unwanted: tuple[Pattern, ...],
    *,
    possibly: bool,
    filled: bool,
) -> _Found:
    groups = [automaton(group, possibly=False) for group in exact]
    groups += [automaton(group, possibly=possibly) for group in wanted]
    refused = automaton(unwanted, possibly=not possibly)
    spelled = (
        None
        if exact
        else next((texts for group in wanted if None not in (texts := [own.spelled for own in group])), None)
    )
    if spelled is not None:
        return _first_of([text for text in spelled if text is not None], groups, refused, filled)
    alphabet = _alphabet(
        [pattern for group in (*exact, *wanted, unwanted) for pattern in group],
        [pattern for group in (exact if possibly else wanted) for pattern in group],
    )
    least = _least(groups, refused, filled)
    if least is not None:
        return _Found(least, len(least))
    groups.sort(key=lambda own: own.cost)  # most symbols fail at the first
    cheapest, cost = (groups[0].cost if groups else 1) * len(alphabet), sum(own.cost for own in (*groups, refused))
    start = (*(group.start for group in groups), refused.start, int(not filled))
    paths: dict[tuple[int, ...], tuple[tuple[int, ...], Symbol] | None] = {start: None}
    frontier = [start]
    work = 0
    while frontier:
        following: list[tuple[int, ...]] = []
        for state in frontier:
            if (
                state[-1]
                and not state[-2] & refused.accept
                and all(
                    mask & own.accept
                    for mask, own in zip(state, groups)  # noqa: B905 # two more say what is refused
                )
            ):
                return _Found(_text_to(state, paths), work)
            work += cheapest
            if work > WORK_LIMIT:
                return _Found(None, work, beyond=True)
            for symbol in alphabet:
                after = []
                for mask, group in zip(state, groups):  # noqa: B905
                    stepped = group.step(mask, symbol)
                    if not stepped:
                        break
                    after.append(stepped)
                else:
                    work += cost
                    after += (refused.step(state[-2], symbol) if state[-2] else 0, 1)
                    reached = tuple(after)
                    if reached not in paths:
                        paths[reached] = (state, symbol)
                        following.append(reached)
        frontier = following
    return _Found(None, work)


def _first_of(texts: Iterable[str], groups: Sequence[Automaton], refused: Automaton, filled: bool) -> _Found:
    """The text that a walk would find, where it must be one of these: the shortest, of several the plainest."""
    work = 0
    for text in sorted(texts, key=_order):
        work += len(text) * sum(own.cost for own in (*groups, refused))
        if (text or not filled) and not refused.accepts(text) and all(group.accepts(text) for group in groups):
            return _Found(text, work)
    return _Found(None, work)


def _least(groups: Sequence[Automaton], refused: Automaton, filled: bool) -> str | None:
    """The text that a walk would find, where it is the least that matches one of the groups: most are. None where none
    of those suits all."""
    for group in groups:
        texts = [text for text in map(_least_of, group.patterns) if text is not None]
        if len(texts) < len(group.patterns):
            continue  # one with holes may match something less
        least = min(texts, key=_order, default=None)
        if least is None or (filled and not least) or refused.accepts(least):
            continue
        if all(own.accepts(least) for own in groups):
            return least
    return None


@lru_cache(maxsize=16_384)
def _least_of(pattern: Pattern) -> str | None:
    """The least text that the pattern matches; None where that is not known."""
    characters: list[str] = []
    for symbol in pattern.symbols:
        match symbol:
            case str():
                characters.append(symbol)
            case OneOf(allowed):
                characters.append(min(allowed, key=_plainness))
            case Wild.ONE | Wild.PART_ONE:
                characters.append(_FRESH[0])
            case Run() | Wild.ANY | Wild.PART:
                pass
            case Hole():
                return None
    return "".join(characters)


def _order(text: str) -> tuple[int, list[tuple[int, str]]]:
    """How texts are ordered: a shorter one first, of several of a length the plainer one."""
    return len(text), [_plainness(character) for character in text]


def _text_to(state: tuple[int, ...], paths: dict[tuple[int, ...], tuple[tuple[int, ...], Symbol] | None]) -> Text:
    symbols: list[str | Hole] = []
    while (came := paths[state]) is not None:
        state, symbol = came
        assert isinstance(symbol, str | Hole)
        symbols.append(symbol)
    return joined_text(*reversed(symbols))


_FRESH = "xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./:@+=,"


def _alphabet(patterns: Sequence[Pattern], exact: Sequence[Pattern]) -> tuple[str | Hole, ...]:
    """One representative of each class of symbols that the patterns tell apart; plain characters first.

    Of holes those of the exact patterns only: elsewhere a hole stands for any text, and no text need have it. But a
    fresh one is like no other text, wherever it stands.
    """
    characters: set[str] = set()
    classes: set[frozenset[str]] = set()
    for pattern in patterns:
        for symbol in pattern.symbols:
            match symbol:
                case Wild.PART | Wild.PART_ONE:
                    characters.add(":")
                case str():
                    characters.add(symbol)
                case OneOf(allowed) | Run(allowed):
                    classes.add(allowed)
                    if len(allowed) <= SMALL_CLASS:
                        characters |= allowed
                case Wild() | Hole():
                    pass
    unknown = dict.fromkeys(own for pattern in exact for own in pattern.symbols if isinstance(own, Hole))
    for pattern in patterns:
        unknown |= dict.fromkeys(own for own in pattern.symbols if isinstance(own, Hole) and own.fresh)
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
