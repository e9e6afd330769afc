"""What the conditions of a statement confine its use of a key to: a service, named principals, one's own resources.

An operator confines only if it is positive and needs its key to be there: negated ones, `…IfExists`, `Null` and
`ForAllValues` are met by a request without the key. Each answer is surely, surely not, or not known for the holes that
decide.
"""

from collections.abc import Iterator
from functools import partial
from typing import assert_never

from msgspec.structs import replace

from tfkms.checks.spelling import Spelling, every, label, principal, source
from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.comparisons import FALSE, TRUE, Ground, unsure
from tfkms.iam.document import (
    Condition,
    Effect,
    Family,
    Opaque,
    Operator,
    Principals,
    PrincipalType,
    Quantifier,
    Statement,
)
from tfkms.iam.naming import PRINCIPAL_ARN
from tfkms.iam.principals import EVERYONE, either, equal
from tfkms.values import Text, text_holes

VIA = "kms:viaservice"
GRANT_SCOPE = "kms:grantisforawsresource"
_ACCOUNTS = ("kms:calleraccount", "aws:principalaccount")
_SCOPES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
CONTEXTS_OF_SERVICES = tuple(f"{_ENCRYPTION_CONTEXT}{name}" for name in ("aws:", "secretarn", "parameter_arn"))
"""Beginnings of the encryption context keys that services set (`encryption_context` of `kms-services.yaml`)."""


def is_for_everyone(statement: Statement, account: Text) -> Ground:
    """Whether the statement is for everyone: `*` or all but some, unless a condition spells the principals' names.

    `account` is that of the key, which need not be known.
    """
    assert isinstance(statement.principals, Principals)
    if statement.principals.negated:
        named = TRUE
    else:
        entries = (name for name in statement.principals.names if name.type is PrincipalType.AWS)
        unread = (unsure(part.hole) for part in statement.principals.opaque)
        named = either(*(equal(name.value, EVERYONE) for name in entries), *unread)
    return every(named, _spells_names(statement, account).negated())


def _spells_names(statement: Statement, account: Text) -> Ground:
    """Whether a condition on `aws:PrincipalArn` spells who is meant; of an account, or with one that is spelled too."""
    homes = either(
        *(
            _pinned(own, lambda value: source(value, account))
            for own in statement.conditions
            if own.key.lower() in _ACCOUNTS
        )
    )
    full, name = partial(principal, account=account), partial(principal, account=account, anywhere=True)
    spelled = [own for own in statement.conditions if own.key.lower() == PRINCIPAL_ARN]
    return either(*(either(_pinned(own, full), every(homes, _pinned(own, name))) for own in spelled))


def is_plumbing(statement: Statement, account: Text) -> Ground:
    """Whether the statement allows everyone, confined to a service by `kms:ViaService` or its encryption context."""
    if statement.effect is not Effect.ALLOW or not isinstance(statement.principals, Principals):
        return FALSE
    contexts = (own for own in statement.conditions if own.key.lower().startswith(CONTEXTS_OF_SERVICES))
    confined = either(via_named_service(statement), *map(_accepted, contexts))
    return every(confined, is_for_everyone(statement, account))


def via_named_service(statement: Statement) -> Ground:
    """Whether a condition on `kms:ViaService` confines the statement to named services."""
    return either(*(_pinned(own, label) for own in via_conditions(statement)))


def via_conditions(statement: Statement) -> list[Condition]:
    """The statement's conditions on `kms:ViaService`."""
    return [condition for condition in statement.conditions if condition.key.lower() == VIA]


def labels(statement: Statement) -> Iterator[str]:
    """The labels of the services that the statement is surely confined to, as written."""
    for condition in via_conditions(statement):
        if _pinned(condition, label).certain:
            yield from (str(value).partition(".")[0] for value in condition.values)


def beside_named_services(statement: Statement) -> Statement | None:
    """What the statement grants beside named services: it without the conditions on `kms:ViaService` that do not
    confine, in doubt where one may. None where one surely does."""
    confined = via_named_service(statement)
    if confined.certain:
        return None
    return in_doubt(without_via(statement), confined)


def without_via(statement: Statement) -> Statement:
    """The statement without its conditions on `kms:ViaService`."""
    via = via_conditions(statement)
    return replace(statement, conditions=tuple(own for own in statement.conditions if own not in via))


def in_doubt(statement: Statement, ground: Ground) -> Statement:
    """The statement, holding only perhaps where the ground is not sure."""
    doubts = tuple(Condition(Opaque(hole), "", ()) for hole in sorted(ground.holes, key=repr))
    return replace(statement, conditions=(*statement.conditions, *doubts)) if doubts else statement


def scopes(statement: Statement, action: KmsAction, contexts: frozenset[str], account: Text) -> Ground:
    """Whether a condition pins whose resources a service may act for.

    `contexts` are the encryption context keys (lower case) of the services that use the key; `account` is that of the
    key, which need not be known.
    """
    spelling = partial(source, account=account)
    grants = action.action_class is ActionClass.GRANT
    return either(
        *(_pinned(own, spelling) for own in statement.conditions if is_scope(own.key.lower(), contexts)),
        *(_pinned(own, _true) for own in statement.conditions if grants and own.key.lower() == GRANT_SCOPE),
    )


def is_scope(key: str, contexts: frozenset[str]) -> bool:
    """Whether the condition key tells whose resource a service acts for."""
    context = key.startswith(_ENCRYPTION_CONTEXT) and key.removeprefix(_ENCRYPTION_CONTEXT) in contexts
    return key in _SCOPES or context or key.startswith(CONTEXTS_OF_SERVICES)


def _true(value: Text) -> Ground:
    return (TRUE if value.lower() == "true" else FALSE) if isinstance(value, str) else unsure(*text_holes(value))


def _pinned(condition: Condition, spelling: Spelling) -> Ground:
    """Whether the condition confines to values that are spelled in full, all of them."""
    if not condition.values and not condition.opaque:
        return FALSE
    unread = (unsure(part.hole) for part in condition.opaque)
    return every(_accepted(condition), *map(spelling, condition.values), *unread)


SPELLING = (Family.STRING, Family.STRING_IGNORE_CASE, Family.STRING_LIKE, Family.ARN, Family.BOOL)
"""The families of operators whose values can spell something."""


def _accepted(condition: Condition) -> Ground:
    """Whether the operator confines: a positive one that needs the key to be there."""
    match condition.operator:
        case Opaque(hole):
            return unsure(hole)
        case Operator(negated=False, if_exists=False) as read:
            return TRUE if read.quantifier is not Quantifier.ALL and read.family in SPELLING else FALSE
        case Operator():
            return FALSE
    assert_never(condition.operator)
