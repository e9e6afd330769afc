"""Which actions policies speak of, told once for many actions: most questions end here, before any search."""

from functools import lru_cache

from msgspec import Struct

from tfkms.iam.comparisons import Ground
from tfkms.iam.document import AnyStatement, Effect, Missing, OpaqueStatement, Patterns, Policy, Statement
from tfkms.iam.statements import covers_action


def may_be(statement: AnyStatement, effect: Effect) -> bool:
    """Whether the statement has the effect, or may have it."""
    return isinstance(statement, OpaqueStatement) or statement.effect is effect


@lru_cache(maxsize=65_536)
def with_effect(policy: Policy, effect: Effect) -> tuple[AnyStatement, ...]:
    """The statements of the policy that have the effect, or may have it."""
    return tuple(own for own in policy if may_be(own, effect))


def may_allow(statement: AnyStatement, action: str) -> bool:
    """Whether the statement may allow the action (`Decrypt`) to somebody, somewhere."""
    if isinstance(statement, OpaqueStatement):
        return True
    return statement.effect is Effect.ALLOW and covers_action(statement.actions, f"kms:{action}").possible


@lru_cache(maxsize=65_536)
def any_may_allow(policy: Policy, action: str) -> bool:
    """Whether a statement of the policy may allow the action to somebody, somewhere."""
    return any(may_allow(statement, action) for statement in policy)


class Coverage(Struct, frozen=True):
    """What a policy says of a row of actions: the places of those that it may allow, and for each place a number.

    Actions with the same number are covered alike by every statement.
    """

    allowed: frozenset[int]
    alike: tuple[int, ...]


@lru_cache(maxsize=65_536)
def coverage(policy: Policy, actions: tuple[str, ...]) -> Coverage:
    """What the policy says of these actions (`Decrypt`)."""
    allowed = frozenset[int]().union(*(covering(own, actions) for own in with_effect(policy, Effect.ALLOW)))
    elements = tuple(own.actions for own in policy if isinstance(own, Statement))
    return Coverage(allowed, _alike(elements, actions))


@lru_cache(maxsize=16_384)
def _alike(elements: tuple[Patterns | Missing, ...], actions: tuple[str, ...]) -> tuple[int, ...]:
    rows = list(zip(*(_covered(own, actions) for own in elements), strict=True)) or [()] * len(actions)
    numbers: dict[tuple[Ground, ...], int] = {}
    return tuple(numbers.setdefault(row, len(numbers)) for row in rows)


def covering(statement: AnyStatement, actions: tuple[str, ...]) -> frozenset[int]:
    """The places of those actions that the statement covers, or may cover."""
    if isinstance(statement, OpaqueStatement):
        return frozenset(range(len(actions)))
    return _possible(statement.actions, actions)


@lru_cache(maxsize=16_384)
def _possible(element: Patterns | Missing, actions: tuple[str, ...]) -> frozenset[int]:
    return frozenset(place for place, ground in enumerate(_covered(element, actions)) if ground.possible)


@lru_cache(maxsize=16_384)
def _covered(element: Patterns | Missing, actions: tuple[str, ...]) -> tuple[Ground, ...]:
    return tuple(covers_action(element, f"kms:{action}") for action in actions)
