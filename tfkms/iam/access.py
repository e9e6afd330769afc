"""The decision: does a request exist that a set of policies allows?

A request is a caller, which the literals have already been told, and a value or absence for each condition key. The
question is put as clauses (each a choice of literals, one of which must hold) and answered by a small backtracking
search; the values of one key are found by `pattern.find` or, for numbers, dates and addresses, among the few candidates
that its bounds tell apart. What is not known is read twice: strictly (it holds only if it surely holds) and loosely.
"""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias, assert_never

from tfkms.iam.conditions import Atom, Compared, Ground, Like, Literal, Within, holds, seconds, unsure
from tfkms.iam.pattern import BeyondLimitsError, OneOf, Pattern, Wild, find, matches, shape, widened
from tfkms.values import Hole, Text

STEP_LIMIT = 100_000
"""How many literals a search may try."""


class Reading(Enum):
    """How what is not known is taken: as failing where it helps the request, or as helping it."""

    STRICT = "strict"
    LOOSE = "loose"


@dataclass(frozen=True)
class Known:
    """The key is present with these values."""

    values: tuple[Text, ...]


@dataclass(frozen=True)
class Absent:
    """The request never carries the key."""


@dataclass(frozen=True)
class Free:
    """The caller chooses the value, and with `optional` whether the key is there at all.

    `domain` are the patterns that every value must match one of; empty for any text.
    """

    domain: tuple[Pattern, ...] = ()
    optional: bool = True
    multivalued: bool = False


@dataclass(frozen=True)
class Undetermined:
    """Whether the key is there and what it holds is settled, but not known; the hole says why."""

    hole: Hole


KeyState: TypeAlias = Known | Absent | Free | Undetermined
Keys: TypeAlias = Callable[[str], KeyState]
"""The state of each condition key (lower case) of the caller's requests."""


Context: TypeAlias = tuple[tuple[str, tuple[Text, ...] | None], ...]
"""Condition keys by name with their values, None for one that must be absent."""


@dataclass(frozen=True)
class Solution:
    """A request: the condition keys that it depends on, and what it rests on that is not certain."""

    context: Context
    holes: frozenset[Hole]


def solve(clauses: Iterable[Sequence[Literal]], keys: Keys, reading: Reading) -> Solution | None:
    """A request that satisfies a literal of every clause under `reading`; None if there is none.

    Raises BeyondLimitsError.
    """
    search = _Search(keys, reading)
    for clause in clauses:
        if not search.add(clause):
            return None
    return search.run()


class _Search:
    def __init__(self, keys: Keys, reading: Reading):
        self.keys = keys
        self.reading = reading
        self.open: list[tuple[Atom, ...]] = []
        self.holes: set[Hole] = set()
        self.steps = 0
        self.asked: dict[str, tuple[Text, ...] | None] = {}

    def settled(self, literal: Literal) -> Ground | None:
        """The literal as a ground one; None where a free key decides it."""
        match literal:
            case Ground():
                return literal
            case Atom():
                match self.keys(literal.key):
                    case Known(values):
                        self.asked[literal.key] = values
                        return holds(literal, values)
                    case Absent():
                        return holds(literal, None)
                    case Undetermined(hole):
                        return unsure(hole)
                    case Free():
                        return None
        assert_never(literal)

    def add(self, clause: Sequence[Literal]) -> bool:
        """Takes the clause in; False if nothing can satisfy it."""
        atoms: list[Atom] = []
        loose: Ground | None = None
        for literal in clause:
            ground = self.settled(literal)
            if ground is None:
                assert isinstance(literal, Atom)
                atoms.append(literal)
            elif ground.certain:
                return True
            elif ground.possible and self.reading is Reading.LOOSE:
                loose = loose or ground
        if loose is not None and not atoms:
            self.holes |= loose.holes
            return True
        if loose is not None:
            # A free key may satisfy the clause without resting on what is not known; if not, the loose literal does.
            self.open.append((*atoms, _as_atom(loose)))
            return True
        self.open.append(tuple(atoms))
        return bool(atoms)

    def run(self) -> Solution | None:
        self.open.sort(key=len)
        found = self.extend(0, {})
        if found is None:
            return None
        context: dict[str, tuple[Text, ...] | None] = dict(self.asked)
        for key, (atoms, values) in found.items():
            if key != _LOOSE_KEY:
                context[key] = values
            for atom in atoms:
                answer = holds(atom, values)
                if not answer.certain:
                    self.holes |= answer.holes
        return Solution(tuple(sorted(context.items())), frozenset(self.holes))

    def extend(self, place: int, chosen: "_Chosen") -> "_Chosen | None":
        if place == len(self.open):
            return chosen
        clause = self.open[place]
        if any(atom in chosen[atom.key][0] for atom in clause if atom.key in chosen):
            return self.extend(place + 1, chosen)
        for atom in clause:
            self.steps += 1
            if self.steps > STEP_LIMIT:
                raise BeyondLimitsError
            together = (chosen[atom.key][0] if atom.key in chosen else frozenset()) | {atom}
            values = self.values(atom.key, together)
            if isinstance(values, _Unsatisfiable):
                continue
            found = self.extend(place + 1, {**chosen, atom.key: (together, values)})
            if found is not None:
                return found
        return None

    def values(self, key: str, atoms: frozenset[Atom]) -> "tuple[Text, ...] | _Unsatisfiable | None":
        state = _ANY_FREE if key == _LOOSE_KEY else self.keys(key)
        assert isinstance(state, Free)
        return _values(atoms, state, self.reading)


_Chosen: TypeAlias = dict[str, tuple[frozenset[Atom], tuple[Text, ...] | None]]
_LOOSE_KEY = ""
_ANY_FREE = Free()


def _as_atom(ground: Ground) -> Atom:
    """A literal that a loose reading can always satisfy, resting on the holes of `ground`."""
    return Atom(
        _LOOSE_KEY,
        Like((), tuple(sorted(ground.holes, key=repr)) or (_NO_REASON,)),
        True,
        every=False,
        when_absent=False,
    )


class _Unsatisfiable:
    """No value and no absence of the key satisfies the literals."""


_PRESENT = Like((shape([Wild.ANY]),))
_NO_REASON = Hole("", "", "not known")
_NOTHING = _Unsatisfiable()


@lru_cache(maxsize=16_384)
def _values(atoms: frozenset[Atom], state: Free, reading: Reading) -> tuple[Text, ...] | _Unsatisfiable | None:
    """Values of one key that satisfy all of `atoms`; None for its absence, which is tried first."""
    if state.optional and all(_true(atom.if_absent(), reading) for atom in atoms):
        return None
    if not state.multivalued:
        value = _one_value(atoms, state, reading)
        return _NOTHING if value is None else (value,)
    every = frozenset(atom for atom in atoms if atom.every)
    some = atoms - every
    members = (
        [_one_value(every | {atom}, state, reading) for atom in sorted(some, key=repr)]
        if some
        else [_one_value(every, state, reading)]
    )
    known = [member for member in members if member is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(members) else _NOTHING


def _one_value(atoms: frozenset[Atom], state: Free, reading: Reading) -> Text | None:
    """A value that passes every test of `atoms` as each demands."""
    if all(isinstance(atom.test, Like) for atom in atoms):
        return _one_text(atoms, state, reading)
    fits = [
        candidate
        for candidate in _candidates(atoms)
        if all(_true(holds(atom, (candidate,)), reading) for atom in atoms)
        and (not state.domain or any(matches(pattern, candidate) for pattern in state.domain))
        and not _is_past(next(iter(atoms)).key, candidate)
    ]
    if not fits and _beyond_candidates(atoms):
        raise BeyondLimitsError
    return fits[0] if fits else None


_CLOCKS = ("aws:currenttime", "aws:epochtime")
_NOT_BEFORE = Decimal(1_767_225_600)
"""The first second of 2026: no request is made earlier than that."""


def _is_past(key: str, value: str) -> bool:
    """Whether the value is a moment of a request that nobody makes any more."""
    moment = seconds(value) if key in _CLOCKS else None
    return moment is not None and moment < _NOT_BEFORE


def _beyond_candidates(atoms: frozenset[Atom]) -> bool:
    """Whether a value may exist that the candidates miss: kinds of tests mixed on one key, or bounds a second apart."""
    if any(atom.test.opaque for atom in atoms):
        return False  # what cannot be read decides, not the values
    kinds = {type(atom.test) for atom in atoms if atom.test != _PRESENT}
    bounds = sorted(
        bound for atom in atoms if isinstance(atom.test, Compared) and atom.test.dates for bound in atom.test.bounds
    )
    return len(kinds) > 1 or any(0 < high - low <= 1 for low, high in pairwise(bounds))


def _true(ground: Ground, reading: Reading) -> bool:
    return ground.certain if reading is Reading.STRICT else ground.possible


def _one_text(atoms: frozenset[Atom], state: Free, reading: Reading) -> Text | None:
    wanted: list[tuple[Pattern, ...]] = [state.domain] if state.domain else []
    unwanted: list[Pattern] = [_EMPTY]
    strict = reading is Reading.STRICT
    for atom in sorted(atoms, key=repr):
        assert isinstance(atom.test, Like)
        patterns = tuple(map(_any_case, atom.test.patterns)) if atom.test.fold else atom.test.patterns
        if atom.positive:
            if atom.test.opaque and not strict:
                continue
            wanted.append(patterns if strict else tuple(map(widened, patterns)))
        else:
            if atom.test.opaque and strict:
                return None
            unwanted += map(widened, patterns) if strict else patterns
    return find(wanted or [[shape([Wild.ANY])]], unwanted)


_EMPTY = Pattern(())
"""The empty text: a key without a value is an absent one."""


def _any_case(pattern: Pattern) -> Pattern:
    """A lower-case pattern as one that takes either case."""
    return shape(
        OneOf(frozenset({symbol, symbol.upper()})) if isinstance(symbol, str) and _has_upper(symbol) else symbol
        for symbol in pattern.symbols
    )


def _has_upper(character: str) -> bool:
    """Whether the character has one capital that is its own alone."""
    upper = character.upper()
    return upper != character and len(upper) == 1 and upper.lower() == character


def _candidates(atoms: frozenset[Atom]) -> list[str]:
    """Values of which one passes, if any does: the bounds, what lies between and beside them."""
    bounds: set[Decimal] = set()
    dates = False
    found: list[str] = []
    for atom in sorted(atoms, key=repr):
        match atom.test:
            case Compared():
                bounds |= set(atom.test.bounds)
                dates = dates or atom.test.dates
            case Within():
                found += _near_networks(atom.test)
            case Like():
                fixed = (pattern for pattern in atom.test.patterns if pattern.fixed)
                found += ["".join(str(symbol) for symbol in pattern.symbols) for pattern in fixed]
            case _:
                assert_never(atom.test)
    edges = sorted(bounds)
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    beside = {edge + step * max(Decimal(1), abs(edge) / 2) for edge in edges for step in (-1, 1)}
    numbers = sorted({*edges, *between, *beside, *(edge + step for edge in edges for step in (-1, 1))})
    found += [written for value in numbers if (written := _written(value, dates)) is not None]
    # Where no bound can be read, any number may do.
    return [*found, *(_ANY_DATES if dates else _ANY_NUMBERS)]


_ANY_NUMBERS = ("0", "1", "1000000000")
_ANY_DATES = ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z")


def _written(value: Decimal, dates: bool) -> str | None:
    """The value as a request would carry it; None for a moment that no calendar has."""
    if not dates:
        return format(value.normalize(), "f")
    try:
        return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def _near_networks(test: Within) -> list[str]:
    near: list[str] = []
    for network in test.networks:
        address = type(network.network_address)
        first, last = int(network.network_address), int(network.broadcast_address)
        top = 2**network.max_prefixlen - 1
        near += [str(address(n)) for n in (first, last, first - 1, last + 1) if 0 <= n <= top]
    return near or [str(ipaddress.IPv4Address("192.0.2.1"))]
