"""Which principals a statement is about, as literals on one caller.

Source: IAM User Guide, reference_policies_elements_principal and reference_policies_elements_notprincipal; AWS KMS
Developer Guide, key-policy-overview ("Principal").
"""

import re
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from tfkms.iam import callers
from tfkms.iam.callers import Caller, CallerKind, root_arn, with_plain_path
from tfkms.iam.comparisons import FALSE, Ground, Like, unsure
from tfkms.iam.conditions import Atom, Literal
from tfkms.iam.document import Missing, PrincipalName, Principals, PrincipalType
from tfkms.iam.pattern import literal
from tfkms.iam.principals import EVERYONE, arn_parts, could_be_account_id, either, equal
from tfkms.values import Hole, Text, text, text_parts

PRINCIPAL_ARN = "aws:principalarn"
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_IAM_ARN = re.compile(r"arn:[^:]*:iam::\d{12}:(?:user|role)/.+")
_FEDERATED_ARN = re.compile(r"arn:[^:]*:sts::\d{12}:federated-user/.+")


class Way(Enum):
    """How an Allow of a key policy reaches a caller.

    `DIRECT` is limited by explicit Denies only; `ROLE`, a role's ARN, also by what its boundary does not allow;
    `ACCOUNT` needs an identity policy besides.
    """

    DIRECT = "direct"
    ROLE = "role"
    ACCOUNT = "account"


class Naming(Struct, frozen=True):
    """One way in which a Principal element reaches a caller, and what must hold for it: one literal or nothing."""

    way: Way
    literals: tuple[Literal, ...]


def allowed(principals: Principals | Missing, caller: Caller) -> Iterator[Naming]:
    """The ways in which an Allow with these principals reaches the caller."""
    if isinstance(principals, Missing):
        return
    if principals.negated:
        spared = either(*(unsure(part.hole) for part in principals.opaque))
        named = [naming for name in principals.names for naming in _named(name, caller)]
        refused = tuple(_not_all(naming) for naming in named)
        if caller.is_person:
            # Within a boundary it surely grants, as a role's ARN does; whether beyond it too, no page says.
            yield Naming(Way.ROLE, (spared.negated(), *refused))
            yield Naming(Way.DIRECT, (spared.negated(), *refused, unsure(_UNLIMITED)))
        else:
            yield Naming(Way.DIRECT, (spared.negated(), *refused, unsure(_SERVICES)))
        return
    for part in principals.opaque:
        yield Naming(Way.DIRECT, (unsure(part.hole),))
        if caller.is_person:
            yield Naming(Way.ACCOUNT, (unsure(part.hole),))
    for name in principals.names:
        yield from _named(name, caller)


_SERVICES = Hole("", "", "AWS does not say whether a grant to everyone is one to services")
_UNLIMITED = Hole("", "", "AWS does not say whether a boundary limits an Allow with NotPrincipal")


def _not_all(naming: Naming) -> Literal:
    """That the caller is not the one named; whether naming the account takes out all of it, no page says."""
    if naming.way is Way.ACCOUNT:
        return unsure(Hole("", "", "AWS does not say whether NotPrincipal with an account spares all of it"))
    return naming.literals[0].negated() if naming.literals else FALSE


def denied(principals: Principals | Missing, caller: Caller) -> Iterator[tuple[Literal, ...]]:
    """The ways in which a Deny with these principals reaches the caller; each must fail for it to be spared.

    A Deny without a Principal element, in an identity policy, reaches its own principal.
    """
    if isinstance(principals, Missing):
        yield ()
        return
    if not principals.negated:
        for part in principals.opaque:
            yield (unsure(part.hole),)
        for name in principals.names:
            if name.type is PrincipalType.AWS and name.value == EVERYONE:
                yield ()  # services included
                continue
            for naming in _named(name, caller):
                yield naming.literals
        return
    yield from _denied_but(principals, caller)


def _denied_but(principals: Principals, caller: Caller) -> Iterator[tuple[Literal, ...]]:
    """Deny with NotPrincipal: everyone but the named, who must be named together with their account and session.

    It always reaches a principal with a permissions boundary.
    """
    if caller.bounded:
        yield ()
        return
    namings = [naming for name in principals.names for naming in _named(name, caller)]
    own = [naming for naming in namings if naming.way is not Way.ACCOUNT]
    yield (*map(_not_all, own), *(unsure(part.hole) for part in principals.opaque))
    account = any(naming.way is Way.ACCOUNT and not naming.literals for naming in namings)
    alone = caller.kind in (CallerKind.ROOT, CallerKind.SERVICE)
    everyone = any(name.value == EVERYONE for name in principals.names)
    if alone or everyone or (account and caller.kind is not CallerKind.ROLE):
        return
    reason = "AWS may deny a principal that NotPrincipal names without its account and session"
    for naming in own:
        yield (*naming.literals, unsure(Hole("", "", reason)))


def _named(name: PrincipalName, caller: Caller) -> Iterator[Naming]:
    """The ways in which one entry names the caller."""
    match name.type:
        case PrincipalType.SERVICE:
            if caller.kind is CallerKind.SERVICE and caller.name is not None:
                if isinstance(name.value, str) and set("*?") & set(name.value):
                    doubt = unsure(Hole("", "", "AWS does not say whether a wildcard names services"))
                    yield Naming(Way.DIRECT, (doubt,))
                else:
                    yield from _if(Way.DIRECT, equal(name.value, caller.name))
        case PrincipalType.AWS if name.value == EVERYONE:
            yield Naming(Way.DIRECT, () if caller.is_person else (unsure(_SERVICES),))
        case PrincipalType.AWS:
            yield from _if(Way.DIRECT, equal(name.value, EVERYONE))
            if caller.is_person:
                yield from _named_by_arn(name.value, caller)
        case PrincipalType.FEDERATED:
            pass


def _named_by_arn(value: Text, caller: Caller) -> Iterator[Naming]:
    root = caller.kind is CallerKind.ROOT
    if caller.account:
        by_arn = equal(value, root_arn(caller.account, caller.partition))
        whole = either(by_arn, equal(value, caller.account)) if could_be_account_id(value) else by_arn
        yield from _if(Way.DIRECT if root else Way.ACCOUNT, whole)
    if root:
        return
    if caller.kind in (CallerKind.SESSION, CallerKind.FEDERATED_USER) and caller.name is not None:
        yield from _if(Way.DIRECT, equal(value, caller.name))
    federated = caller.kind is CallerKind.FEDERATED_USER
    if federated and isinstance(value, str) and value.startswith(_users_of(caller)):
        yield Naming(Way.ROLE, (unsure(_ON_BEHALF),))
        return
    principal_arn = _FEDERATED_ARN if federated else _IAM_ARN
    if isinstance(value, str) and ("*" in value or "?" in value or not principal_arn.fullmatch(value)):
        return  # a wildcard matches no part of a name; what is of another kind has no such PrincipalArn
    if isinstance(value, str) and isinstance(caller.principal_arn, str) and value != caller.principal_arn:
        return
    if caller.kind is CallerKind.SESSION and isinstance(value, str) and not isinstance(caller.principal_arn, tuple):
        # The names of roles are unique in an account, whatever their paths.
        named = with_plain_path(caller.principal_arn)
        prefix, _, name = value.rpartition("/")
        start = f"{prefix.partition('/')[0]}/"
        yield from _if(Way.ROLE, equal(f"{start}{name}", named))
        return
    directly = caller.kind is CallerKind.USER or (federated and isinstance(value, str))
    way = Way.DIRECT if directly else Way.ROLE
    yield Naming(way, (Atom(PRINCIPAL_ARN, Like((literal(value),))),))


_ON_BEHALF = Hole("", "", "a federated user acts for a user of its account, and its name does not tell for which")


def _users_of(caller: Caller) -> str:
    """How the ARNs of users of the caller's account start."""
    return f"arn:{caller.partition}:iam::{caller.account}:user/"


def _if(way: Way, ground: Ground) -> Iterator[Naming]:
    if ground.certain:
        yield Naming(way, ())
    elif ground.possible:
        yield Naming(way, (ground,))


def caller_named(name: PrincipalName, partition: str) -> Caller | None:
    """The one principal that an entry names, None where it names none alone: everyone, an account, nobody, or where
    not enough of it is known to tell.

    A principal of another account comes with that account; `partition` is that of the key.
    """
    if name.type is PrincipalType.SERVICE:
        wild = isinstance(name.value, str) and bool(set("*?") & set(name.value))
        return callers.service("service.amazonaws.com" if wild else name.value, partition)
    written = [part for part in text_parts(name.value) if isinstance(part, str)]
    parts = arn_parts(name.value)
    if name.type is not PrincipalType.AWS or parts is None or any("*" in part for part in written):
        return None
    _, own_partition, home, region, account, resource = parts
    if not isinstance(own_partition, str) or region != "" or not could_be_account_id(account):
        return None
    match home, kind_of(resource):
        case "iam", CallerKind.USER | CallerKind.ROLE as kind:
            return callers.named(kind, name.value, account, own_partition)
        case "sts", CallerKind.FEDERATED_USER as kind:
            return callers.named(kind, name.value, account, own_partition)
        case "sts", CallerKind.SESSION:
            role = _role_of(resource)
            return None if role is None else callers.session(name.value, role, account, own_partition)
        case _:
            return None


def kind_of(resource: Text) -> CallerKind | None:
    """What the last part of a principal's ARN says that it is; None where it is nobody, or not known."""
    first = text_parts(resource)[0]
    for kind in (CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION, CallerKind.FEDERATED_USER):
        if isinstance(first, str) and first.startswith(f"{kind.value}/") and resource != f"{kind.value}/":
            return kind
    return None


def _role_of(resource: Text) -> Text | None:
    """The role's name in `assumed-role/NAME/SESSION`; None where no session follows."""
    name: list[str | Hole] = []
    for place, part in enumerate(text_parts(resource)):
        if isinstance(part, Hole):
            name.append(part)
            continue
        own, slash, _ = part.removeprefix("assumed-role/" if place == 0 else "").partition("/")
        name.append(own)
        if slash:
            return text(*name)
    return None


def is_unique_id(value: Text) -> bool:
    """Whether an AWS principal is the unique id that stays behind when a user or role is deleted."""
    return isinstance(value, str) and _UNIQUE_ID.fullmatch(value) is not None
