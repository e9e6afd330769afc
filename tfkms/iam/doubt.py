"""Policies that count only if something turns out so which is not known."""

from msgspec.structs import replace

from tfkms.iam.document import Condition, Opaque, Policy, Statement
from tfkms.values import Hole


def doubt(hole: Hole) -> Condition:
    """A condition of which it is not known whether it holds."""
    return Condition(Opaque(hole), "", ())


def doubted(policy: Policy, hole: Hole) -> Policy:
    """The policy under that doubt: what it grants and denies it may grant and deny."""
    statements = tuple(
        replace(own, conditions=(*own.conditions, doubt(hole))) if isinstance(own, Statement) else own for own in policy
    )
    return replace(policy, statements=statements)
