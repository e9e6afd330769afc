"""Whom to ask about a key: everybody whom its policies name or who holds documents, and kinds of principals."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from tfkms.checks.holders import is_caller
from tfkms.checks.parties import DELETED, FEDERATED, PARTIAL, everyone, parties
from tfkms.extract import Key
from tfkms.iam import callers
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import Caller, CallerKind
from tfkms.iam.coverage import with_effect
from tfkms.iam.document import (
    AnyStatement,
    Effect,
    OpaqueStatement,
    Policy,
    PrincipalName,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.grants import Bundle
from tfkms.iam.principals import EVERYONE
from tfkms.queries.names import Asker, holding
from tfkms.queries.sight import Sight
from tfkms.values import Template, Text


class Kind(StrEnum):
    """What is asked about."""

    ROOT = "root"
    ROLE = "role"
    USER = "user"
    SESSION = "session"
    PERMISSION_SET = "permission_set"
    ACCOUNT = "account"
    SERVICE = "service"
    WHOEVER = "whoever"
    ANYONE = "anyone"
    ANYONE_ELSEWHERE = "anyone_elsewhere"
    ANY_SERVICE = "any_service"
    NOBODY = "nobody"


class Person(Struct, frozen=True):
    """Who may be asked about: one caller or several that stand for a kind; what any of them may they may."""

    shown: Text
    kind: Kind
    askers: tuple[Asker, ...]
    address: str | None = None


_KINDS = {
    CallerKind.ROOT: Kind.ACCOUNT,
    CallerKind.USER: Kind.USER,
    CallerKind.ROLE: Kind.ROLE,
    CallerKind.SESSION: Kind.SESSION,
    CallerKind.FEDERATED_USER: Kind.SESSION,
    CallerKind.SERVICE: Kind.SERVICE,
}


class People(Struct, frozen=True):
    """Whom to ask about one key. `action` is any: it tells nothing but who is nobody."""

    sight: Sight
    key: Key
    policies: Sequence[Policy]
    action: KmsAction

    def __iter__(self) -> Iterator[Person]:
        """Each of them, and the kinds of principals that a statement for everyone is about."""
        account = self.key.resource.account
        root = callers.root_user(account.id, account.partition)
        arn = callers.root_arn(account.id, account.partition)
        yield Person(arn, Kind.ROOT, (Asker(arn, root, Bundle(), in_view=True),))
        named = list(self.named())
        yield from named
        for holder in self.sight.question.holders:
            identity = holder.identity
            known = any(is_caller(holder, asker.caller) for person in named for asker in person.askers)
            if identity.account.id != account.id or known:
                continue
            asker = Asker(holder.shown, holder.caller, holder.bundle, in_view=True)
            if identity.to_come:
                place = identity.address or identity.policies[0].address
                yield Person(f"whoever {place} is attached to", Kind.WHOEVER, (asker,), place)
            else:
                yield Person(holder.shown, Kind(identity.kind.name.lower()), (asker,), identity.address)
        yield from self.kinds()

    def allowing(self) -> Iterator[AnyStatement]:
        """Every statement of the key's policies and grants that allows or may allow, sensitive ones aside."""
        for policy in self.policies:
            for statement in with_effect(policy, Effect.ALLOW):
                if not self.sight.is_sensitive(statement):
                    yield statement

    def named(self) -> Iterator[Person]:
        """The principals that the key's policies name."""
        addresses = {str(own.arn): address for address, own in self.sight.view.by_address.items()}
        for shown, caller in {str(caller.name): caller for caller in self.callers()}.items():
            assert caller.name is not None
            asker = holding(caller, caller.name, self.sight)
            yield Person(caller.name, _KINDS[caller.kind], (asker,), addresses.get(shown))

    def callers(self) -> Iterator[Caller]:
        """The callers that the policies name, each as often as it is named."""
        for statement in self.allowing():
            if not isinstance(statement, Statement) or not isinstance(statement.principals, Principals):
                continue
            if statement.principals.negated:
                continue
            for party in parties(statement, self.key.resource.account, self.action):
                if party.stands_in is None and party.shown != EVERYONE and party.caller.name is not None:
                    yield party.caller
            yield from filter(None, map(self.of_name, statement.principals.names))

    def of_name(self, name: PrincipalName) -> Caller | None:
        """The principal of the input that a name with an unknown part is about, None where it is about none."""
        if not isinstance(name.value, Template):
            return None
        for own in self.sight.view.by_address.values():
            if own.arn == name.value and own.word in ("role", "user"):
                kind = CallerKind.ROLE if own.word == "role" else CallerKind.USER
                return callers.named(kind, own.arn, own.account.id, own.account.partition)
        return None

    def nobodies(self) -> dict[str, str]:
        """Names in the key's policies that are nobody, with the reason."""
        return {
            str(party.shown): party.inert
            for statement in self.allowing()
            for party in parties(statement, self.key.resource.account, self.action)
            if party.inert in (DELETED, PARTIAL, FEDERATED) and party.inert is not None
        }

    def kinds(self) -> Iterator[Person]:
        """Anyone of the account, of other accounts, and any service, where a statement is for everyone."""
        account = self.key.resource.account
        found: dict[Kind, list[Asker]] = {}
        for statement in filter(_is_for_everyone, self.allowing()):
            for caller in everyone(statement, account):
                kind = Kind.ANYONE if caller.account == account.id else Kind.ANYONE_ELSEWHERE
                kind = kind if caller.is_person else Kind.ANY_SERVICE
                found.setdefault(kind, []).append(Asker("", caller, Bundle(), in_view=True))
        says = {
            Kind.ANYONE: f"anyone of account {account.id}",
            Kind.ANYONE_ELSEWHERE: "anyone of other accounts",
            Kind.ANY_SERVICE: "any service",
        }
        yield from (Person(says[kind], kind, tuple(askers)) for kind, askers in found.items())


def _is_for_everyone(statement: AnyStatement) -> bool:
    if isinstance(statement, OpaqueStatement):
        return True
    principals = statement.principals
    return isinstance(principals, Principals) and (
        principals.negated
        or bool(principals.opaque)
        or any(name.type is PrincipalType.AWS and name.value == EVERYONE for name in principals.names)
    )
