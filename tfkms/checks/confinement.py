"""What the conditions of a statement confine its use of a key to: a service, named principals, one's own resources.

An operator confines only if it is positive and needs its key to be there: negated ones, `…IfExists`, `Null` and
`ForAllValues` are met by a request without the key.
"""

from dataclasses import replace

from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.document import (
    Condition,
    Effect,
    Family,
    Operator,
    Principals,
    PrincipalType,
    Quantifier,
    Statement,
)
from tfkms.iam.principals import EVERYONE, account_of, equal
from tfkms.values import Template, Text, text_parts

VIA = "kms:viaservice"
GRANT_SCOPE = "kms:grantisforawsresource"
_SCOPES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
_CONTEXTS_OF_SERVICES = tuple(f"{_ENCRYPTION_CONTEXT}{name}" for name in ("aws:", "secretarn", "parameter_arn"))
"""Beginnings of the encryption context keys that services set (`encryption_context` of `kms-services.yaml`)."""


def is_for_everyone(statement: Statement) -> bool:
    """Whether the statement is for everyone: `*` or all but some, unless a condition spells the principals' names."""
    assert isinstance(statement.principals, Principals)
    return _names_everyone(statement) and not _spells_names(statement, sure=False)


def _names_everyone(statement: Statement) -> bool:
    assert isinstance(statement.principals, Principals)
    everyone = any(name.value == EVERYONE and name.type is PrincipalType.AWS for name in statement.principals.names)
    return everyone or statement.principals.negated


def may_be_for_everyone(statement: Statement) -> bool:
    """Whether not enough is known of the statement's principals, or of the names that a condition spells, to say that
    it is for named ones."""
    assert isinstance(statement.principals, Principals)
    untold = any(
        name.type is PrincipalType.AWS and isinstance(name.value, Template) and equal(name.value, EVERYONE).possible
        for name in statement.principals.names
    )
    perhaps = untold or bool(statement.principals.opaque) or _names_everyone(statement)
    return perhaps and not _spells_names(statement, sure=True)


def _spells_names(statement: Statement, *, sure: bool) -> bool:
    """Whether a condition on `aws:PrincipalArn` spells who is meant; without `sure`, whether it may."""
    return any(
        condition.key.lower() == "aws:principalarn"
        and _accepted(condition)
        and all(_spells_a_name(value, sure) for value in condition.values)
        for condition in statement.conditions
    )


def is_plumbing(statement: Statement) -> bool:
    """Whether the statement allows everyone, confined to a service by `kms:ViaService` or its encryption context."""
    if statement.effect is not Effect.ALLOW or not isinstance(statement.principals, Principals):
        return False
    confined = any(
        (condition.key.lower() == VIA and confines(condition))
        or (condition.key.lower().startswith(_CONTEXTS_OF_SERVICES) and _accepted(condition))
        for condition in statement.conditions
    )
    return confined and is_for_everyone(statement)


_SPELLING = (Family.STRING, Family.STRING_IGNORE_CASE, Family.STRING_LIKE, Family.ARN, Family.BOOL)


def _accepted(condition: Condition) -> bool:
    """Whether the operator confines: a positive one that needs the key to be there."""
    operator = condition.operator
    return (
        isinstance(operator, Operator)
        and not operator.negated
        and not operator.if_exists
        and operator.quantifier is not Quantifier.ALL
        and operator.family in _SPELLING
        and bool(condition.values)
        and not condition.opaque
    )


def via_conditions(statement: Statement) -> list[Condition]:
    """The statement's conditions on `kms:ViaService`."""
    return [condition for condition in statement.conditions if condition.key.lower() == VIA]


def may_confine(condition: Condition) -> bool:
    """Whether a condition on `kms:ViaService` confines to named services if what is not known of it turns out so."""
    told = replace(condition, opaque=(), values=condition.values or ("s3.amazonaws.com",))
    return _accepted(told) and all(isinstance(value, Template) or _is_label(value) for value in condition.values)


def without_loose_via(statement: Statement) -> Statement:
    """The statement without the conditions on `kms:ViaService` that do not surely confine: they count as absent."""
    loose = [condition for condition in via_conditions(statement) if not confines(condition)]
    return replace(statement, conditions=tuple(own for own in statement.conditions if own not in loose))


def scopes(statement: Statement, action: KmsAction, contexts: frozenset[str], *, sure: bool) -> bool:
    """Whether a condition pins whose resources a service may act for; without `sure`, whether it may.

    `contexts` are the encryption context keys (lower case) of the services that use the key.
    """
    for condition in statement.conditions:
        key = condition.key.lower()
        name = key.removeprefix(_ENCRYPTION_CONTEXT)
        context = key != name and (name in contexts or key.startswith(_CONTEXTS_OF_SERVICES))
        grant = key == GRANT_SCOPE and action.action_class is ActionClass.GRANT
        if not _accepted(condition) or not (key in _SCOPES or context or grant):
            continue
        if grant:
            fits = all(value.lower() == "true" if isinstance(value, str) else not sure for value in condition.values)
        else:
            fits = all(_pins(value, sure) for value in condition.values)
        if fits:
            return True
    return False


def confines(condition: Condition) -> bool:
    """Whether a condition on `kms:ViaService` confines to named services."""
    return _accepted(condition) and all(isinstance(value, str) and _is_label(value) for value in condition.values)


def _is_label(value: str) -> bool:
    return not set("*?") & set(value.partition(".")[0])


def _spells_a_name(value: Text, sure: bool) -> bool:
    if isinstance(value, str):
        return _is_spelled(value)
    end = text_parts(value)[-1]
    return not sure or (isinstance(end, str) and "/" in end and _is_spelled(end))


def _is_spelled(value: str) -> bool:
    return not set("*?") & set(value.rpartition("/")[2])


def _pins(value: Text, sure: bool) -> bool:
    """Whether a value spells an account, an organization, or, in an ARN without account, a resource in full."""
    if isinstance(value, Template):
        return not sure
    if value.startswith("o-"):
        return not set("*?") & set(value.partition("/")[0])
    if value.isdecimal():
        return len(value) == 12
    parts = value.split(":", 5)
    if len(parts) < 6:
        return not set("*?") & set(value) and bool(value)
    if parts[4]:
        return account_of(value) is not None
    return not set("*?") & set(parts[5])
