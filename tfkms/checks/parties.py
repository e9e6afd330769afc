"""Who a check asks about: the keys as targets of requests, and the callers that documents name."""

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from tfkms.extract import Key
from tfkms.finding import Witness
from tfkms.iam import callers
from tfkms.iam.access import Solution
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.case import Case
from tfkms.iam.document import (
    AnyStatement,
    OpaqueStatement,
    Policy,
    PrincipalName,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.naming import PRINCIPAL_ARN, caller_named, is_unique_id
from tfkms.iam.pattern import Pattern
from tfkms.iam.principals import EVERYONE, RootUser, account_of, equal
from tfkms.iam.search import find
from tfkms.model import Account, Resource
from tfkms.values import Template, Text, Unknown, Value, plain, text, text_parts

_DERIVED = frozenset(
    {
        callers.RESOURCE,
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:resourceaccount",
        "aws:username",
        "kms:calleraccount",
        "kms:policyname",
    }
)
"""What AWS derives from the caller and the key: a witness need not say it."""


def target(key: Key, aliases: tuple[Text, ...] = ()) -> Target:
    """The key as the target of requests, with what the plan says of it; `aliases` are those that the plan gives it."""
    resource = key.resource
    account = resource.account
    facts = dict(_facts(resource))
    if aliases:
        facts["kms:resourcealiases"] = aliases
    return Target(
        address=key.address,
        arn=key.arn,
        account=account.id,
        region=account.region,
        partition=account.partition,
        organization=account.organization,
        facts=facts,
        settled=_tags(resource) is not None,
    )


_FACTS = {
    "customer_master_key_spec": "kms:keyspec",
    "key_spec": "kms:keyspec",
    "key_usage": "kms:keyusage",
    "multi_region": "kms:multiregion",
}


def _facts(resource: Resource) -> Iterator[tuple[str, tuple[Text, ...]]]:
    for attribute, key in _FACTS.items():
        match (resource.after or {}).get(attribute):
            case bool() as value:
                yield key, ("true" if value else "false",)
            case str() as value:
                yield key, (value,)
            case _:
                pass
    if resource.type in ("aws_kms_external_key", "aws_kms_replica_external_key"):
        yield "kms:keyorigin", ("EXTERNAL",)
    for name, tag in (_tags(resource) or {}).items():
        match tag:
            case str() | Template():
                yield f"aws:resourcetag/{name.lower()}", (tag,)
            case Unknown(hole):
                yield f"aws:resourcetag/{name.lower()}", (text(hole),)
            case _:
                pass


def _tags(resource: Resource) -> dict[str, Value] | None:
    values = resource.after or {}
    tags = values.get("tags_all", values.get("tags"))
    match tags:
        case None:
            return {} if "tags" in values else None
        case dict():
            return tags
        case _:
            return None


class Party(Struct, frozen=True):
    """A caller that a statement of a key policy is about.

    `shown` is how reports call it. `inert` says why AWS refuses it whatever the policy says, None where it does not;
    then `stands_in` is the statement with a name that AWS would take, to ask about in its place.
    """

    caller: Caller
    shown: Text
    inert: str | None = None
    stands_in: Statement | None = None


def with_stand_in(policy: Policy, party: Party) -> Policy:
    """The policy as it would be, were a name that is nobody somebody."""
    stand_in = party.stands_in
    if stand_in is None:
        return policy
    return replace(policy, statements=tuple(stand_in if own.origin == stand_in.origin else own for own in policy))


def parties(statement: AnyStatement, account: Account, action: KmsAction) -> Iterator[Party]:
    """The callers that an Allow may be about: those it names, and for everyone some that stand for all."""
    if isinstance(statement, OpaqueStatement):
        yield from _everyone(statement, account, action)
        return
    if not isinstance(statement.principals, Principals):
        return
    if statement.principals.negated or statement.principals.opaque:
        yield from _everyone(statement, account, action)
    if statement.principals.negated:
        return
    for name in statement.principals.names:
        if name.value == EVERYONE and name.type is PrincipalType.AWS:
            yield from _everyone(statement, account, action)
        else:
            yield from _named(statement, name, account, action)


def _everyone(statement: AnyStatement, account: Account, action: KmsAction) -> Iterator[Party]:
    """Any role and any user of the account, and of others: of those that the statement writes out, and of one more."""
    for caller in everyone(statement, account):
        foreign = caller.is_person and caller.account != account.id
        yield Party(caller, EVERYONE, FOREIGN if foreign and not action.cross_account else None)


_ACCOUNT_ID = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SERVICE_NAME = re.compile(r"(?<![\w.-])[a-z][\w-]*(?:\.[\w-]+)*\.amazonaws\.com(?![\w.-])")
_PEOPLE = (CallerKind.ROLE, CallerKind.USER)


def everyone(statement: AnyStatement, account: Account) -> Iterator[Caller]:
    """Callers that stand for everyone, those of the key's own account first."""
    written = str(plain(statement.source))
    partition = account.partition
    for kind in _PEOPLE:
        yield callers.anyone(kind, account.id, partition)
    if "${" in written:
        # With a name the policy variables of the statement have values.
        for kind in _PEOPLE:
            arn = text(f"arn:{partition}:iam::", *text_parts(account.id), f":{kind.value}/x")
            yield callers.named(kind, arn, account.id, partition)
    mentioned = {found for found in _ACCOUNT_ID.findall(written) if found != account.id}
    fresh = next(number for number in ("000000000000", "000000000001", "000000000002") if number not in mentioned)
    yield callers.anyone(CallerKind.FEDERATED_USER, account.id, partition)
    for other in (*sorted(mentioned), fresh if fresh != account.id else "000000000003"):
        yield callers.anyone(CallerKind.ROLE, other, partition)
        yield callers.anyone(CallerKind.USER, other, partition)
        yield callers.root_user(other, partition)
    for name in dict.fromkeys((*_SERVICE_NAME.findall(written), "service.amazonaws.com")):
        yield callers.service(name, partition)


FOREIGN = "KMS refuses this operation to principals of other accounts"
DELETED = "this is the unique id of a deleted principal: it is nobody"
PARTIAL = "a wildcard matches no part of a principal's name: it is nobody"
FEDERATED = "a federated principal means nothing in a key policy"


def _named(statement: Statement, name: PrincipalName, account: Account, action: KmsAction) -> Iterator[Party]:
    partition = account.partition
    caller = caller_named(name, partition)
    if caller is not None:
        foreign = caller.is_person and not equal(caller.account, account.id).possible
        if caller.partition != partition:
            return
        yield Party(caller, name.value, FOREIGN if foreign and not action.cross_account else None)
        return
    if name.type is PrincipalType.AWS and isinstance(name.value, Template):
        if RootUser(account.id, partition).is_named_by(name.value):
            return  # the key's own account, whichever it is: it grants nobody but root
        # Not enough of it is known to tell who it is: it may be anybody that its known parts allow.
        yield from _everyone(statement, account, action)
        return
    other = account_of(name.value)
    if other is not None and other != account.id and _is_account(name.value, other):
        root = callers.root_user(other, partition)
        if name.value in (other, root.name):
            yield Party(root, name.value, None if action.cross_account else FOREIGN)
        return
    why, arn = _dead(name, account)
    if why is not None and isinstance(account.id, str):
        stand_in = callers.named(CallerKind.ROLE, arn, account.id, partition)
        written = replace(
            statement, principals=Principals(False, (PrincipalName(PrincipalType.AWS, arn),)), source=statement.source
        )
        yield Party(stand_in, name.value, why, written)


def _is_account(value: Text, account: str) -> bool:
    return value == account or str(value).endswith(":root")


def _dead(name: PrincipalName, account: Account) -> tuple[str | None, str]:
    """Why the entry is nobody, and an ARN that can stand in for it."""
    prefix = f"arn:{account.partition}:iam::{account.id}:role/"
    if name.type is PrincipalType.FEDERATED:
        return FEDERATED, f"{prefix}federated"
    if name.type is PrincipalType.AWS and is_unique_id(name.value):
        return DELETED, f"{prefix}{name.value}"
    if name.type is PrincipalType.AWS and isinstance(name.value, str) and ("*" in name.value or "?" in name.value):
        last = name.value.rpartition("/")[2].replace("*", "x").replace("?", "x")
        return PARTIAL, f"{prefix}{last if '/' in name.value else 'x'}"
    return None, ""


def inert_on(key: Key, action: KmsAction) -> str | None:
    """Why the action does nothing to the key whoever calls it; None where it does, or may."""
    resource, values = key.resource, key.resource.after or {}
    imported = resource.type in ("aws_kms_external_key", "aws_kms_replica_external_key")
    if action.name == "DeleteImportedKeyMaterial" and resource.type in ("aws_kms_key", "aws_kms_replica_key"):
        return "the key's material is not imported"
    if action.name == "DisableKeyRotation":
        spec = values.get("customer_master_key_spec")
        if imported or resource.type == "aws_kms_replica_key":
            return "this kind of key does not rotate by itself"
        if isinstance(spec, str) and spec != "SYMMETRIC_DEFAULT":
            return "an asymmetric or HMAC key does not rotate"
        if isinstance(values.get("custom_key_store_id"), str):
            return "a key in a custom key store does not rotate"
    return None


def witness(case: Case, solution: Solution, inert: str | None) -> Witness:
    """The request of a solution of the case, as AWS would see it, with condition keys as its policies write them."""
    caller = case.caller
    chosen = {name: values for name, values in solution.context if values is not None}
    principal = caller.name or _told(chosen, PRINCIPAL_ARN, caller.principal_arn)
    shown = {name: values for name, values in chosen.items() if name not in _DERIVED}
    if caller.kind is CallerKind.SESSION:
        shown["aws:PrincipalArn"] = (callers.with_plain_path(_told(chosen, PRINCIPAL_ARN, caller.principal_arn)),)
    own = case.target.arn
    arn = _told(chosen, callers.RESOURCE, (own,) if isinstance(own, Pattern) else own)
    written = dict(names_as_written(case)) if shown else {}
    context = {written.get(name, name): values for name, values in sorted(shown.items())}
    return Witness(principal, f"kms:{case.action.name}", arn, context, inert)


def names_as_written(case: Case) -> Iterator[tuple[str, str]]:
    """The condition keys that the policies of a case name, in lower case and as written."""
    bundle = case.bundle
    guards = (guard.policy for guard in bundle.guards)
    for policy in (case.key_policy, *bundle.identity, *bundle.boundaries, *guards):
        for statement in policy:
            if isinstance(statement, Statement):
                yield from ((condition.key.lower(), condition.key) for condition in statement.conditions)


def _told(chosen: dict[str, tuple[Text, ...]], name: str, otherwise: Text | tuple[Pattern, ...]) -> Text:
    """The value that the solution gives, else any that the caller or the key may have."""
    if name in chosen:
        return chosen[name][0]
    if not isinstance(otherwise, tuple):
        return otherwise
    found = find([otherwise], ())
    assert found is not None
    return found
