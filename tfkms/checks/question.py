"""What a check is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.checks.authorized import Authorized
from tfkms.checks.holders import HeldDocument, Holder, guarding, held_documents, is_caller
from tfkms.checks.parties import target
from tfkms.checks.second_opinion import Opinions
from tfkms.checks.stance import Stance
from tfkms.documents import Document, default_key_policy
from tfkms.extract import Estate, Key, unnamed_key
from tfkms.iam import callers
from tfkms.iam.actions import Actions
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.comparisons import Like
from tfkms.iam.conditions import Atom
from tfkms.iam.coverage import with_effect
from tfkms.iam.document import Effect, OpaqueStatement, Policy, Statement
from tfkms.iam.doubt import denials
from tfkms.iam.grants import Bundle, Conjunction, Guarding, spelled_out
from tfkms.iam.pattern import literal
from tfkms.iam.principals import equal
from tfkms.identities import Identities
from tfkms.key_uses import KeyUse
from tfkms.location import Origin
from tfkms.model import Account, Scan
from tfkms.values import Hole, Template, Text, Unknown, text_holes

DISAGREEMENT = "evaluators_disagree"
"""The cause of a finding whose proof the second evaluator does not confirm: a fault of tfkms."""


class KeyPolicySubject(Struct, frozen=True):
    """One policy that a key may have; with a `doubt` it may be that of another key instead."""

    key: Key
    document: Document
    doubt: Hole | None = None

    @property
    def address(self) -> str:
        """The resource that holds the policy."""
        return self.document.address


def key_policies(key: Key) -> Iterator[KeyPolicySubject]:
    """Every policy that the key may have."""
    for document in key.documents[: len(key.documents) - len(key.possible)]:
        yield KeyPolicySubject(key, document)
    for document, doubt in key.possible:
        yield KeyPolicySubject(replace(key, documents=(document,), possible=()), document, doubt)


Subject: TypeAlias = KeyPolicySubject | HeldDocument


class Question(Struct, frozen=True, eq=False, dict=True):
    """The estate around the subjects, the rule's parameters, and the facts to judge by.

    `authorized` are those of the rule's own list, or of the list for all.
    """

    scan: Scan
    estate: Estate
    parameters: Mapping[str, Any]
    actions: Actions
    authorized: Authorized
    stance: Stance
    uses: Mapping[str, tuple[KeyUse, ...]]
    aliases: Mapping[str, tuple[Text, ...]]
    identities: Identities
    holders: tuple[Holder, ...]
    targets: dict[tuple[str, int], Target] = field(default_factory=dict)
    by_name: dict[Text, Holder] = field(default_factory=dict)
    unnamed: list[Text] = field(default_factory=list)
    opinions: Opinions = field(default_factory=Opinions)
    found: dict[Text, tuple[Holder | None, Bundle]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for holder in self.holders:
            if holder.caller.name is not None:
                self.by_name.setdefault(holder.caller.name, holder)
        self.unnamed.extend(name for name in self.by_name if isinstance(name, Template))

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of the plan, and for each policy document that nothing in view uses, and that reads like a key's
        policy, an unnamed one."""
        return (*self.estate.keys, *map(unnamed_key, self.identities.loose_key_policies))

    def key_policies(self) -> list[KeyPolicySubject]:
        """Every policy of every key."""
        return [subject for key in self.keys for subject in key_policies(key)]

    def every_policy(self) -> list[Subject]:
        """Every policy of every key, and every identity document."""
        return [*self.key_policies(), *held_documents(self.holders, self.stance)]

    @property
    def cross_account(self) -> frozenset[str]:
        """The actions that work across accounts."""
        return frozenset(f"kms:{name}" for name, action in self.actions.items() if action.cross_account)

    def target(self, key: Key) -> Target:
        """The key as the target of requests."""
        place = (key.address, id(key.resource))
        if place not in self.targets:
            self.targets[place] = target(key, self.aliases.get(key.address, ()))
        return self.targets[place]

    def near(self, policy: Policy) -> Sequence[Holder]:
        """The holders whom the key policy may name, their account aside: of all names spelled out those with one."""
        spelled = [spelled_out(statement) for statement in with_effect(policy, Effect.ALLOW)]
        names = [own for own in spelled if own is not None]
        if len(names) < len(spelled):
            return self.holders
        named = (self._places.get(name, ()) for name in (None, *frozenset[Text]().union(*names)))
        return [self.holders[place] for place in sorted({place for places in named for place in places})]

    @cached_property
    def _places(self) -> Mapping[Text | None, Sequence[int]]:
        """Where among the holders those are that have a name; under None those that are not told by a name."""
        places: dict[Text | None, list[int]] = {}
        for place, holder in enumerate(self.holders):
            told = holder.caller.names is not None
            places.setdefault(holder.caller.name if told else None, []).append(place)
        return places

    @cached_property
    def homes(self) -> Mapping[int, Document]:
        """The documents of the statements of key policies and of what holders hold, by the statement's id."""
        held = (own.document for holder in self.holders for own in holder.identity.policies)
        of_keys = (document for key in self.estate.keys for document in key.documents)
        return {id(statement): document for document in (*held, *of_keys) for statement in document.policy}

    def granted_on(self, key: Key) -> tuple[Statement, ...]:
        """The grants of the plan on the key, as statements."""
        if not self.identities.grants:
            return ()
        values = key.resource.after or key.resource.before or {}
        names = {key.address, *(name for part in ("key_id", "id", "arn") if isinstance(name := values.get(part), str))}
        return tuple(grant.statement for grant in self.identities.grants if grant.keys & names)

    @property
    def grants(self) -> frozenset[int]:
        """The identities (`id`) of the statements that stand for grants."""
        return frozenset(id(grant.statement) for grant in self.identities.grants)

    def guards(self, account: Account) -> tuple[Guarding, ...]:
        """The control policies that bind the account, or may."""
        return tuple(guarding(self.identities, account, self.stance))

    def known(self, caller: Caller, account: Account) -> tuple[Caller, Bundle]:
        """The caller with what bears on its requests for keys of the account: the identity documents and the boundary
        that the plan shows of it, and control policies. Those for principals bind the account's own only."""
        holder, others = self._holders_of(caller)
        if holder is not None:
            bounded = replace(caller, bounded=holder.caller.bounded, tags=holder.caller.tags)
            return bounded, holder.bundle
        foreign = caller.account != account.id
        guards = tuple(guard for guard in self.guards(account) if guard.on_resources or not foreign)
        return caller, replace(others, guards=guards)

    def _holders_of(self, caller: Caller) -> tuple[Holder | None, Bundle]:
        """The holder who the caller is, or whose session it is; without one, what may bind it, as it may turn out to be
        one of several."""
        if caller.name is None:
            return None, Bundle()
        exact = self.by_name.get(caller.name)
        if exact is not None:
            return exact, Bundle()
        if caller.name not in self.found:
            told_by_name = caller.kind is not CallerKind.SESSION and isinstance(caller.name, str)
            candidates = self._otherwise_known if told_by_name else self.holders
            like = [(own, is_caller(own, caller)) for own in candidates]
            others = [own for own, alike in like if alike is None]
            others += [self.by_name[name] for name in self.unnamed if equal(caller.name, name).possible]
            bundle = _denials_of({id(own): own for own in others}.values(), caller)
            self.found[caller.name] = next((own for own, alike in like if alike), None), bundle
        return self.found[caller.name]

    @cached_property
    def _otherwise_known(self) -> Sequence[Holder]:
        """The holders who are not known by the whole of their ARN."""
        return [own for own in self.holders if own.caller.name is None]

    def default_policy(self, account: Account) -> Policy:
        """The policy of a key outside the plan: it is assumed to delegate to IAM."""
        return default_key_policy(account)

    def elsewhere(self) -> Conjunction:
        """The clause that keeps a request away from the keys of the plan."""
        arns = tuple(literal(key.arn) for key in self.estate.keys)
        return (Atom(callers.RESOURCE, Like(arns), positive=False, when_absent=True),)


def _denials_of(holders: Iterable[Holder], caller: Caller) -> Bundle:
    """What may bind a caller who may turn out to be one of the holders."""
    identity: list[Policy] = []
    boundaries: list[Policy] = []
    for holder in holders:
        names = (caller.name, holder.identity.name, holder.identity.account.id)
        hole = next((hole for name in names if name is not None for hole in text_holes(name)), None)
        if hole is not None:
            found = (denials(policy, hole) for policy in holder.bundle.identity)
            identity += [policy for policy in found if policy is not None]
            boundaries += [_any_policy(hole)] if holder.bundle.boundaries else []
    return Bundle(identity=tuple(identity), boundaries=tuple(boundaries[:1]))


def _any_policy(hole: Hole) -> Policy:
    return Policy(None, None, (OpaqueStatement(Origin("", ""), hole, Unknown(hole)),))
