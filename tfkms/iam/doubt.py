"""Policies that count only if something turns out so which is not known."""

from msgspec.structs import replace

from tfkms.iam.coverage import with_effect
from tfkms.iam.document import (
    AnyStatement,
    Condition,
    Effect,
    Missing,
    Opaque,
    OpaqueStatement,
    Patterns,
    Policy,
    Statement,
)
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


def denials(policy: Policy, hole: Hole) -> Policy | None:
    """What the policy denies, under that doubt; None where it denies nothing. A statement that cannot be read may deny
    anything."""
    denies = tuple(
        doubted_statement(_denying(own) if isinstance(own, OpaqueStatement) else own, hole)
        for own in with_effect(policy, Effect.DENY)
    )
    return replace(policy, statements=denies) if denies else None


def _denying(statement: OpaqueStatement) -> Statement:
    """The statement as one that denies everything, if it denies at all."""
    return Statement(
        origin=statement.origin,
        sid=statement.sid,
        effect=Effect.DENY,
        principals=Missing(),
        actions=_ANY,
        resources=_ANY,
        conditions=(doubt(statement.hole),),
        variables=False,
        source=statement.source,
    )


_ANY = Patterns(False, ("*",))
