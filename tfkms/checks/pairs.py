"""Two requests by one principal: one to administer a key and one to use it."""

from collections.abc import Callable, Container, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.iam import callers
from tfkms.iam.access import KeyState, Solution, solve
from tfkms.iam.actions import KmsAction
from tfkms.iam.case import Case, Granted
from tfkms.iam.conditions import Atom, Literal
from tfkms.iam.document import AnyStatement
from tfkms.iam.key_values import Reading
from tfkms.iam.naming import PRINCIPAL_ARN, Way

_SECOND = "second|"
_SHARED = (PRINCIPAL_ARN, callers.RESOURCE, "aws:username", "aws:principaltag/", "aws:userid", "aws:principalorg")
"""Beginnings of the condition keys that two requests of one principal share."""


class Side(Struct, frozen=True):
    """One of the two requests, and what grants it."""

    case: Case
    granted: Granted

    @property
    def statement(self) -> AnyStatement:
        """The granting statement."""
        return self.granted.grant.statement

    @property
    def direct(self) -> bool:
        """Whether the key policy grants it itself."""
        return self.granted.grant.way is not Way.ACCOUNT


class Pair(Struct, frozen=True):
    """The two requests."""

    admin: Side
    crypto: Side


class Duties(Struct, frozen=True):
    """The actions of the two sides."""

    admin: tuple[KmsAction, ...]
    crypto: tuple[KmsAction, ...]


def pairs(
    duties: Duties, asked: Case, reading: Reading, counts: Callable[[Pair], bool], by: Container[int] | None = None
) -> Iterator[Pair]:
    """For each statement that lets the case's caller administer its key one pair with a statement that lets it use it.

    Only pairs that `counts` accepts, and of administrators by one of the statements whose ids are `by`, or by any; the
    case's own action does not matter. For a caller that is known the two requests are independent of each other; anyone
    of a kind must be the same principal in both. Raises BeyondLimitsError.
    """
    others = _Again(_sides(duties.crypto, asked, reading))
    for one in _sides(duties.admin, asked, reading, by):
        for other in others:
            known = not isinstance(asked.caller.principal_arn, tuple)
            pair = Pair(one, other) if known else _together(one, other, reading)
            if pair is not None and counts(pair):
                yield pair
                break


class _Again:
    """The members of an iterator, as often as they are asked for; none is worked out before it is needed."""

    def __init__(self, sides: Iterator[Side]):
        self.sides = sides
        self.known: list[Side] = []

    def __iter__(self) -> Iterator[Side]:
        place = 0
        while place < len(self.known) or self.known_next():
            yield self.known[place]
            place += 1

    def known_next(self) -> bool:
        """Works out one more; False at the end."""
        for side in self.sides:
            self.known.append(side)
            return True
        return False


def _sides(
    actions: Sequence[KmsAction], asked: Case, reading: Reading, by: Container[int] | None = None
) -> Iterator[Side]:
    """For each statement that grants one of the actions the first such request."""
    seen: set[int] = set()
    for case in asked.about(actions, by):
        for granted in case.granted(reading, by):
            if id(granted.grant.statement) not in seen:
                seen.add(id(granted.grant.statement))
                yield Side(case, granted)


def _together(one: Side, other: Side, reading: Reading) -> Pair | None:
    """Both requests at once, by the same principal; each as its own solution."""

    def second(literal: Literal) -> Literal:
        if not isinstance(literal, Atom) or literal.key.startswith(_SHARED):
            return literal
        return replace(literal, key=_SECOND + literal.key)

    first_keys, second_keys = one.case.keys(), other.case.keys()

    def keys(name: str) -> KeyState:
        return second_keys(name.removeprefix(_SECOND)) if name.startswith(_SECOND) else first_keys(name)

    renamed = [tuple(map(second, clause)) for clause in other.granted.clauses]
    solution = solve([*one.granted.clauses, *renamed], keys, reading)
    if solution is None:
        return None
    own = tuple(item for item in solution.context if not item[0].startswith(_SECOND))
    shared = tuple(item for item in own if item[0].startswith(_SHARED))
    theirs = tuple((name.removeprefix(_SECOND), v) for name, v in solution.context if name.startswith(_SECOND))
    first, then = Solution(own, solution.holes), Solution((*shared, *theirs), solution.holes)
    return Pair(_with(one, first), _with(other, then))


def _with(side: Side, solution: Solution) -> Side:
    return replace(side, granted=replace(side.granted, solution=solution))
