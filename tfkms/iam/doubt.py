"""Policies that count only if something turns out so which is not known."""

from msgspec.structs import replace

from tfkms.iam.document import AnyStatement, Condition, Opaque, Policy, Statement
from tfkms.values import Hole


def doubt(hole: Hole) -> Condition:
    """A condition of which it is not known whether it holds."""
    return Condition(Opaque(hole), "", ())


def doubted_statement(statement: AnyStatement, hole: Hole) -> AnyStatement:
    """The statement under that doubt; one that cannot be read is in doubt already."""
    if not isinstance(statement, Statement):
        return statement
    return replace(statement, conditions=(*statement.conditions, doubt(hole)))


def doubted(policy: Policy, hole: Hole) -> Policy:
    """The policy under that doubt: what it grants and denies it may grant and deny."""
    statements = tuple(doubted_statement(own, hole) for own in policy)
    return replace(policy, statements=statements)
