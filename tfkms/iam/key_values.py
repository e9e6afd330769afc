"""A value of one condition key that satisfies what is demanded of it.

Texts are found by a search among patterns; numbers, dates, addresses and octets among the few candidates that their
bounds tell apart.
"""

import base64
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import assert_never

from msgspec import Struct

from tfkms.iam.automaton import matches, may_match
from tfkms.iam.comparisons import Compared, Ground, Like, SameBytes, Test, Within, is_malformed, seconds
from tfkms.iam.conditions import Atom, holds
from tfkms.iam.pattern import Pattern, Wild, holes_of, literal, shape
from tfkms.iam.search import BeyondLimitsError, Effort, find, find_possibly
from tfkms.values import Text


class Reading(Enum):
    """How what is not known is taken: as failing where it helps the request, or as helping it."""

    STRICT = "strict"
    LOOSE = "loose"


class Free(Struct, frozen=True):
    """The caller chooses the value, and with `optional` whether the key is there at all.

    `domain` are the patterns that every value must match one of; empty for any text.
    """

    domain: tuple[Pattern, ...] = ()
    optional: bool = True
    multivalued: bool = False


_ANYTHING = shape([Wild.ANY])
_PRESENT = Like((_ANYTHING,))


def one_value(atoms: Sequence[Atom], state: Free, reading: Reading, effort: Effort) -> Text | None:
    """A value that passes every test of `atoms` as each demands; None if there is none. Raises BeyondLimitsError."""
    if all(isinstance(atom.test, Like) for atom in atoms):
        return _one_text(atoms, state, reading, effort)
    listed = _listed(atoms, state)
    found = [*_texts(atoms, state, reading, effort), *_candidates(atoms)] if listed is None else listed
    effort.spend(len(found) * len(atoms))
    for candidate in found:
        if all(_true(holds(atom, (candidate,)), reading) for atom in atoms) and _is_in(state, candidate, reading):
            return candidate
    if listed is None and len({_kind(atom.test) for atom in atoms if atom.test != _PRESENT}) > 1:
        raise BeyondLimitsError  # a value may exist that the candidates miss
    return None


def _listed(atoms: Sequence[Atom], state: Free) -> list[Text] | None:
    """All values that there can be, where the key has few or an atom lists what it takes; None where none are listed.

    Among the latter is the empty one, which may count as none.
    """
    for atom in atoms:
        if isinstance(atom.test, Like) and atom.positive and not (atom.test.opaque or atom.test.doubtful):
            spelled = [pattern.spelled for pattern in atom.test.patterns]
            if None not in spelled:
                return [*(text for text in spelled if text is not None), ""]
    own = [pattern.spelled for pattern in state.domain]
    return [text for text in own if text is not None] if own and None not in own else None


def _texts(atoms: Sequence[Atom], state: Free, reading: Reading, effort: Effort) -> Iterator[Text]:
    """A text that satisfies what is demanded of texts, where that is among other demands."""
    texts = [atom for atom in atoms if isinstance(atom.test, Like) and atom.test != _PRESENT]
    found = _one_text(texts, state, reading, effort) if texts else None
    if found is not None:
        yield found


def _true(ground: Ground, reading: Reading) -> bool:
    return ground.certain if reading is Reading.STRICT else ground.possible


def _is_in(state: Free, value: Text, reading: Reading) -> bool:
    match_ = matches if reading is Reading.STRICT else may_match
    return not state.domain or any(match_(pattern, value) for pattern in state.domain)


# Texts


def _one_text(atoms: Sequence[Atom], state: Free, reading: Reading, effort: Effort) -> Text | None:
    if reading is Reading.STRICT:
        return _one_sure_text(atoms, state, effort)
    found = _one_possible_text(atoms, state, effort)
    if found is None and all(holds(atom, ("",)).possible for atom in atoms):
        # No page says whether a key without a value is an absent one.
        return None if _one_possible_text(atoms, state, effort, empty=True) is None else ""
    return found


def _one_sure_text(atoms: Sequence[Atom], state: Free, effort: Effort) -> Text | None:
    wanted: list[tuple[Pattern, ...]] = [state.domain or (_ANYTHING,)]
    unwanted: list[Pattern] = []
    for atom in atoms:
        assert isinstance(atom.test, Like)
        if atom.positive:
            wanted.append(atom.test.patterns)
        elif atom.test.opaque:
            return None
        else:
            unwanted += (*atom.test.patterns, *(doubt.pattern for doubt in atom.test.doubtful))
    return find(wanted, unwanted, filled=True, effort=effort)


_EXACT_LIMIT = 3


def _one_possible_text(atoms: Sequence[Atom], state: Free, effort: Effort, empty: bool = False) -> Text | None:
    """A text that the atoms may allow; with `empty` one that may be the empty text.

    Holes on both sides are the same value. That is kept for one group of patterns at a time, in which they are letters
    of their own: whatever the holes are, a real text is read by one of the group. So each group must leave a text, and
    so must all of them with any text for every hole.
    """
    wanted: list[tuple[Pattern, ...]] = [state.domain or (_ANYTHING,)]
    unwanted: list[Pattern] = []
    for atom in atoms:
        assert isinstance(atom.test, Like)
        if not atom.positive:
            unwanted += atom.test.patterns
        elif not atom.test.opaque:
            wanted.append((*atom.test.patterns, *(doubt.pattern for doubt in atom.test.doubtful)))
    if empty:
        wanted.append((literal(""),))
    found = find_possibly([], wanted, unwanted, filled=not empty, effort=effort)
    with_holes = [place for place, group in enumerate(wanted) if any(map(holes_of, group))]
    for place in with_holes[:_EXACT_LIMIT]:
        if found is not None:
            others = [group for other, group in enumerate(wanted) if other != place]
            found = find_possibly([wanted[place]], others, unwanted, filled=not empty, effort=effort)
    return found


# Numbers, dates, addresses, octets


def _candidates(atoms: Sequence[Atom]) -> Iterator[str]:
    """Values of which one passes, if any does: the bounds, what lies between and beside them, and what is no number."""
    clock, typed = atoms[0].key in _CLOCKS, atoms[0].key in (*_CLOCKS, *_MADE_BY_AWS)
    for value in dict.fromkeys((*_near_bounds(atoms), *_near_others(atoms), *_ANY)):
        moment = seconds(value) if clock else None
        past = moment is not None and moment < _NOT_BEFORE
        if not past and not (typed and any(is_malformed(atom.test, value) for atom in atoms)):
            yield value


_ANY = (
    *("1", "1000000000", "2100-01-01T00:00:00Z", "192.0.2.1", "2001:db8::1"),
    *(base64.b64encode(text).decode() for text in (b"x", b"y")),
    "x",
)
"""Where no bound can be read, any value may do; the last is of no kind."""

_MADE_BY_AWS = (
    *("aws:multifactorauthage", "aws:tokenissuetime", "aws:sourceip", "aws:vpcsourceip"),
    *("kms:schedulekeydeletionpendingwindowindays", "kms:trailingdayswithoutkeyusage", "kms:rotationperiodindays"),
)
"""Keys whose values AWS writes, so that they are of their kind (IAM User Guide, reference_policies_condition-keys)."""

_CLOCKS = ("aws:currenttime", "aws:epochtime")
_NOT_BEFORE = Decimal(1_767_225_600)
"""The first second of 2026: no request is made earlier than that."""


def _near_bounds(atoms: Sequence[Atom]) -> Iterator[str]:
    tests = [atom.test for atom in atoms if isinstance(atom.test, Compared)]
    dates, numbers = any(test.dates for test in tests), any(not test.dates for test in tests)
    edges = sorted({bound for test in tests for bound in test.bounds})
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    beside = {edge + step * max(Decimal(1), abs(edge) / 2) for edge in edges for step in (-1, 1)}
    for value in sorted({*edges, *between, *beside, *(edge + step for edge in edges for step in (-1, 1))}):
        if numbers:
            yield format(value.normalize() if not dates else value.to_integral_value(), "f")
        elif (written := _as_date(value)) is not None:
            yield written


def _as_date(value: Decimal) -> str | None:
    """The moment as a request would carry it; None for one that no calendar has."""
    try:
        moment = datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    fraction = value - int(value)
    written = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(len("2026-01-01T00:00:00"))
    return f"{written}{format(fraction, 'f')[1:] if fraction > 0 else ''}Z"


def _near_others(atoms: Sequence[Atom]) -> Iterator[str]:
    for atom in atoms:
        match atom.test:
            case Within(networks):
                yield from _near_networks(networks)
            case SameBytes(wanted):
                yield from (base64.b64encode(octets).decode() for octets in wanted)
            case Like(patterns):
                fixed = (pattern for pattern in patterns if pattern.fixed and not holes_of(pattern))
                yield from ("".join(map(str, pattern.symbols)) for pattern in fixed)
            case Compared():
                pass
            case _:
                assert_never(atom.test)


def _near_networks(networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> Iterator[str]:
    for network in networks:
        address = type(network.network_address)
        first, last = int(network.network_address), int(network.broadcast_address)
        top = 2**network.max_prefixlen - 1
        yield from (str(address(n)) for n in (first, last, first - 1, last + 1) if 0 <= n <= top)


def _kind(test: Test) -> str:
    dates = isinstance(test, Compared) and test.dates
    return f"{type(test).__name__}{' of dates' if dates else ''}"
