"""The decision: does a request exist that a set of policies allows?

A request is a caller, which the literals have already been told, and a value or absence for each condition key. The
question is put as clauses (each a choice of literals, one of which must hold) and answered by a small backtracking
search; the values of one key are found by `key_values`. What is not known is read twice: strictly (it holds only if it
surely holds) and loosely (it holds unless it surely does not). Loosely no literal is taken to hold together with its
opposite.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias, assert_never

from msgspec import Struct

from tfkms.iam.comparisons import Ground, unsure
from tfkms.iam.conditions import Atom, Literal, holds
from tfkms.iam.document import Quantifier
from tfkms.iam.key_values import Free, Reading, one_value
from tfkms.iam.search import Effort
from tfkms.values import Hole, Text

QUESTION_LIMIT = 1_000_000
"""How many steps one question may take, those of its searches for texts counted in."""


class Known(Struct, frozen=True):
    """The key is present with these values."""

    values: tuple[Text, ...]


class Absent(Struct, frozen=True):
    """The request never carries the key."""


class Undetermined(Struct, frozen=True):
    """Whether the key is there and what it holds is settled, but not known; the hole says why."""

    hole: Hole
    multivalued: bool = False


KeyState: TypeAlias = Known | Absent | Free | Undetermined
Keys: TypeAlias = Callable[[str], KeyState]
"""The state of each condition key (lower case) of the caller's requests."""


Context: TypeAlias = tuple[tuple[str, tuple[Text, ...] | None], ...]
"""Condition keys by name with their values, None for one that must be absent."""


class Solution(Struct, frozen=True):
    """A request: the condition keys that it depends on, and what it rests on that is not certain."""

    context: Context
    holes: frozenset[Hole]


def solve(
    clauses: Iterable[Sequence[Literal]], keys: Keys, reading: Reading, effort: Effort | None = None
) -> Solution | None:
    """A request that satisfies a literal of every clause under `reading`; None if there is none.

    `effort` is what the question that this is part of may still take. Raises BeyondLimitsError.
    """
    search = _Search(keys, reading, effort or Effort(QUESTION_LIMIT))
    for clause in clauses:
        if not search.add(clause):
            return None
    return search.run()


class _Chosen(Struct, frozen=True):
    """What a key must satisfy so far, and values that do; None for its absence."""

    atoms: tuple[Atom, ...]
    values: tuple[Text, ...] | None


class _State(Struct, frozen=True):
    """What has been chosen on the way: values of keys, and literals that are not certain and taken to hold."""

    keys: Mapping[str, _Chosen]
    assumed: frozenset[Literal]


class _Search:
    def __init__(self, keys: Keys, reading: Reading, effort: Effort):
        self.keys = keys
        self.reading = reading
        self.effort = effort
        self.open: list[tuple[Literal, ...]] = []
        self.asked: dict[str, tuple[Text, ...] | None] = {}

    def settled(self, literal: Literal) -> Ground | None:
        """The literal as a ground one; None where the value of a key decides it that is to be found."""
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
                        # What it holds is one value for all that ask about it: loosely, one that may be found.
                        return unsure(hole) if self.reading is Reading.STRICT else None
                    case Free():
                        return None
        assert_never(literal)

    def add(self, clause: Sequence[Literal]) -> bool:
        """Takes the clause in; False if nothing can satisfy it."""
        free: list[Literal] = []
        undetermined: list[Literal] = []
        assumed: list[Literal] = []
        for literal in clause:
            ground = self.settled(literal)
            if ground is None:
                assert isinstance(literal, Atom)
                (free if isinstance(self.keys(literal.key), Free) else undetermined).append(literal)
            elif ground.certain:
                return True
            elif ground.possible and self.reading is Reading.LOOSE:
                assumed.append(literal)
        # A free key may satisfy the clause without resting on what is not known.
        options = (*free, *undetermined, *assumed)
        if options:
            self.open.append(options)
        return bool(options)

    def run(self) -> Solution | None:
        self.open.sort(key=len)
        found = self.found()
        if found is None:
            return None
        context: dict[str, tuple[Text, ...] | None] = dict(self.asked)
        holes: set[Hole] = set()
        for literal in found.assumed:
            ground = self.settled(literal)
            holes |= ground.holes if ground is not None else frozenset()
        for key, chosen in found.keys.items():
            context[key] = chosen.values
            state = self.keys(key)
            if isinstance(state, Undetermined):
                holes.add(state.hole)
            for atom in chosen.atoms:
                holes |= holds(atom, chosen.values).holes
        return Solution(tuple(sorted(context.items())), frozenset(holes))

    def found(self) -> _State | None:
        """The first way to satisfy every clause."""
        start = _State({}, frozenset())
        if not self.open:
            return start
        ways = [self.ways(self.open[0], start)]
        while ways:
            state = next(ways[-1], None)
            if state is None:
                ways.pop()
            elif len(ways) == len(self.open):
                return state
            else:
                ways.append(self.ways(self.open[len(ways)], state))
        return None

    def ways(self, clause: Sequence[Literal], state: _State) -> Iterator[_State]:
        """The states in which one more clause is satisfied, those first that need no other value of a key."""
        others: list[Atom] = []
        assumptions: list[Literal] = []
        for literal in clause:
            self.effort.spend(1)
            if isinstance(literal, Ground) or isinstance(self.keys(literal.key), Known | Absent):
                assumptions.append(literal)
                continue
            chosen = state.keys.get(literal.key)
            if chosen is None:
                others.append(literal)
            elif literal in chosen.atoms:
                yield state
                return
            elif holds(literal, chosen.values).certain:
                # What only may hold of that value need not do so together with what it was chosen for.
                yield self.with_(state, literal, chosen.values)
            else:
                others.append(literal)
        for literal in others:
            chosen = state.keys.get(literal.key)
            atoms = (*chosen.atoms, literal) if chosen is not None else (literal,)
            self.effort.spend(len(atoms))
            values = self.values(literal.key, atoms)
            if not isinstance(values, _Unsatisfiable):
                yield self.with_(state, literal, values)
        for literal in assumptions:
            if isinstance(literal, Ground) or literal.negated() not in state.assumed:
                yield _State(state.keys, state.assumed | {literal})

    @staticmethod
    def with_(state: _State, atom: Atom, values: tuple[Text, ...] | None) -> _State:
        chosen = state.keys.get(atom.key)
        atoms = (*chosen.atoms, atom) if chosen is not None else (atom,)
        return _State({**state.keys, atom.key: _Chosen(atoms, values)}, state.assumed)

    def true(self, ground: Ground) -> bool:
        return ground.certain if self.reading is Reading.STRICT else ground.possible

    def values(self, key: str, atoms: tuple[Atom, ...]) -> "tuple[Text, ...] | _Unsatisfiable | None":
        """Values of one key that satisfy all of `atoms`; None for its absence, which is tried first."""
        state = self.keys(key)
        if isinstance(state, Undetermined):
            state = Free(multivalued=state.multivalued)
        assert isinstance(state, Free)
        if state.optional and all(self.true(atom.if_absent()) for atom in atoms):
            return None
        value_of = partial(one_value, state=state, reading=self.reading, effort=self.effort)
        if not state.multivalued:
            return self.checked(atoms, [value_of(atoms)])
        # Without set operator several values surely satisfy what all of them do, and possibly what one does.
        alone = Quantifier.ALL if self.reading is Reading.STRICT else Quantifier.ANY
        as_read = {atom: alone if atom.quantifier is Quantifier.ONE else atom.quantifier for atom in atoms}
        every = tuple(atom for atom in atoms if as_read[atom] is Quantifier.ALL)
        some = [atom for atom in atoms if as_read[atom] is Quantifier.ANY]
        return self.checked(atoms, [value_of((*every, atom)) for atom in some] if some else [value_of(every)])

    def checked(self, atoms: Sequence[Atom], values: Sequence[Text | None]) -> "tuple[Text, ...] | _Unsatisfiable":
        """The values as one set: each was found alone, and together they may be read otherwise."""
        known = tuple(dict.fromkeys(value for value in values if value is not None))
        if None in values or not all(self.true(holds(atom, known)) for atom in atoms):
            return _NOTHING
        return known


class _Unsatisfiable:
    """No value and no absence of the key satisfies the literals."""


_NOTHING = _Unsatisfiable()
