"""Guards that a plan takes back: somebody whom one stopped could be given the action again.

A guard is a Deny of a key policy, of an identity policy or a permissions boundary, or of a control policy of the
organization; or a permissions boundary for what it does not allow.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.holders import Holder
from tfkms.checks.plan_actions import PlanAction
from tfkms.checks.question import Question
from tfkms.documents import Document
from tfkms.extract import Key
from tfkms.finding import Claim
from tfkms.iam import callers
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.case import Case
from tfkms.iam.conditions import no_variables
from tfkms.iam.coverage import with_effect
from tfkms.iam.document import Effect, Missing, Policy, Statement
from tfkms.iam.grants import EVERYTHING, Bundle, Conjunction, conditions_of
from tfkms.iam.key_values import Reading
from tfkms.iam.naming import denied
from tfkms.iam.search import BeyondLimitsError
from tfkms.model import Account
from tfkms.values import plain


class _Person(Struct, frozen=True):
    """Somebody who may have been stopped, with what bears on it after the plan, and what keeps it apart from those who
    are authorized."""

    caller: Caller
    bundle: Bundle
    barred: tuple[Conjunction, ...]


class _Place(Struct, frozen=True):
    """A key with a policy that it has after the plan."""

    policy: Policy
    target: Target
    barred: tuple[Conjunction, ...] = ()


class _Guard(Struct, frozen=True):
    """A Deny that stood before the plan and does not stand after it, reported at `address`."""

    address: str
    document: Document
    statement: Statement
    in_key_policy: bool
    people: Sequence[_Person]
    places: Sequence[_Place]


def removed_guards(before: Question, after: Question) -> Iterator[PlanAction]:
    """A plan action for each guard that stood before, if an IAM policy could now give one of the rule's actions to
    somebody whom it denied it, and who is not authorized. Which statement stands in its place does not matter."""
    actions = [before.actions[name.partition(":")[2]] for name in before.parameters.get("actions", ())]
    for guard in (*_of_keys(before, after), *_of_holders(before, after), *_of_the_organization(before, after)):
        freed = next((action for action in actions if _frees(guard, action)), None)
        if freed is not None:
            facts = {"statement": guard.document.label(guard.statement), "action": f"kms:{freed.name}"}
            evidence = (guard.document.evidence(guard.statement),)
            yield PlanAction(guard.address, Claim("plan_removes_guard", facts), evidence)
    yield from _boundaries(before, after, actions)


def _of_keys(before: Question, after: Question) -> Iterator[_Guard]:
    """The Denies of key policies, for any role or user of the key's account."""
    kept = {key.address: key for key in after.estate.keys}
    for old in before.estate.keys:
        new = kept.get(old.address)
        if new is not None:
            people, places = _anyone(new.resource.account, after), _places_of(new, after)
            for document in old.documents:
                for statement in _gone([document], new.documents):
                    yield _Guard(old.address, document, statement, True, people, places)


def _of_holders(before: Question, after: Question) -> Iterator[_Guard]:
    """The Denies of identity policies and boundaries, for the principals that still are there."""
    left = _Left.of(after)
    for holder in before.holders:
        now = left.holders.get(_of_person(holder))
        held = () if now is None else (*now.identity.policies, *now.identity.boundaries)
        for attachment in (*holder.identity.policies, *holder.identity.boundaries):
            for statement in _gone([attachment.document], [own.document for own in held]):
                person, places = left.person(holder), _places(holder.identity.account, after)
                if person is not None:
                    yield _Guard(attachment.address, attachment.document, statement, False, (person,), places)


def _of_the_organization(before: Question, after: Question) -> Iterator[_Guard]:
    """The Denies of control policies, for any role or user of the accounts of keys."""
    accounts = {str(key.resource.account.id): key.resource.account for key in after.estate.keys}
    left = [guard.document for guard in after.identities.guards]
    for guard in before.identities.guards:
        for statement in _gone([guard.document], left):
            for account in accounts.values():
                people, places = _anyone(account, after), _places(account, after)
                yield _Guard(guard.document.address, guard.document, statement, False, people, places)


def _boundaries(before: Question, after: Question, actions: Sequence[KmsAction]) -> Iterator[PlanAction]:
    """The permissions boundaries that did not allow one of the actions which their principals could now be given."""
    left = _Left.of(after)
    for holder in before.holders:
        person = left.person(holder) if holder.bundle.boundaries else None
        if person is None or holder.bundle.boundaries == person.bundle.boundaries:
            continue
        limits = tuple(map(_without_denies, holder.bundle.boundaries))
        within = replace(person, bundle=replace(person.bundle, boundaries=limits))
        for action in actions:
            places = _places(holder.identity.account, after)
            if any(_may(person, place, action, Reading.STRICT) for place in places) and not any(
                _may(within, place, action, Reading.LOOSE) for place in places
            ):
                boundary = holder.identity.boundaries[0]
                facts = {"statement": f"the permissions boundary of {holder.shown}", "action": f"kms:{action.name}"}
                yield PlanAction(boundary.address, Claim("plan_removes_guard", facts))
                break


def _without_denies(policy: Policy) -> Policy:
    """What the policy allows: its Denies are guards by themselves."""
    return replace(policy, statements=with_effect(policy, Effect.ALLOW))


def _of_person(holder: Holder) -> tuple[str, ...]:
    """What tells a principal from others on either side of the plan."""
    identity = holder.identity
    if identity.address is not None:
        return (identity.address,)
    return (identity.kind.value, str(identity.account.id), str(identity.name))


class _Left(Struct, frozen=True):
    """Who is there after the plan: the principals that hold documents, and the addresses of all that then exists."""

    question: Question
    holders: Mapping[tuple[str, ...], Holder]
    addresses: frozenset[str]

    @classmethod
    def of(cls, after: Question) -> "_Left":
        there = frozenset(resource.address for resource in after.scan.resources if resource.after is not None)
        return cls(after, {_of_person(holder): holder for holder in after.holders}, there)

    def person(self, holder: Holder) -> _Person | None:
        """The principal as it is then; None where it is gone, stands for nobody in view or is authorized."""
        identity, barred = holder.identity, holder.barring(self.question.authorized)
        gone = identity.address is not None and identity.address not in self.addresses
        if barred is None or identity.to_come or gone:
            return None
        now = self.holders.get(_of_person(holder))
        if now is None:
            return _Person(replace(holder.caller, bounded=False), _anything(self.question, identity.account), barred)
        bundle = replace(now.bundle, identity=(EVERYTHING, *now.bundle.identity))
        return _Person(now.caller, bundle, barred)


def _anyone(account: Account, after: Question) -> list[_Person]:
    """Any role and any user of the account."""
    people = [callers.anyone(kind, account.id, account.partition) for kind in (CallerKind.ROLE, CallerKind.USER)]
    bundle = _anything(after, account)
    return [_Person(own, bundle, after.authorized.barring(own, account.id) or ()) for own in people]


def _anything(after: Question, account: Account) -> Bundle:
    """What bears on somebody who holds the widest policy."""
    return Bundle(identity=(EVERYTHING,), guards=after.guards(account))


def _places_of(key: Key, after: Question) -> list[_Place]:
    return [_Place(document.policy, after.target(key)) for document in key.documents]


def _places(account: Account, after: Question) -> list[_Place]:
    """The keys of the account in the plan, and any other one."""
    keys = [key for key in after.estate.keys if key.resource.account.id == account.id]
    other = callers.other_key(account.id, account.partition)
    elsewhere = _Place(after.default_policy(account), other, (after.elsewhere(),))
    return [*(place for key in keys for place in _places_of(key, after)), elsewhere]


def _gone(old: Sequence[Document], new: Sequence[Document]) -> Iterator[Statement]:
    """The Denies of the old documents that none of the new ones has word by word."""
    same = {str(plain(own.source)) for document in new for own in document.policy}
    for document in old:
        for statement in document.policy:
            denies = isinstance(statement, Statement) and statement.effect is Effect.DENY
            if denies and str(plain(statement.source)) not in same:
                assert isinstance(statement, Statement)
                yield statement


def _frees(guard: _Guard, action: KmsAction) -> bool:
    """Whether somebody whom the guard would stop could be given the action by an identity policy."""
    return any(
        _may(person, place, action, Reading.STRICT, stopped)
        for person in guard.people
        for stopped in _stopped(guard, action, person.caller)
        for place in guard.places
    )


def _may(
    person: _Person, place: _Place, action: KmsAction, reading: Reading, stopped: tuple[Conjunction, ...] = ()
) -> bool:
    """Whether a request is allowed that the clauses describe; one that is beyond the limits is taken for none."""
    barred = (*person.barred, *place.barred, *stopped)
    try:
        return bool(Case(place.policy, person.bundle, person.caller, place.target, action, barred).granted(reading))
    except BeyondLimitsError:
        return False


def _stopped(guard: _Guard, action: KmsAction, caller: Caller) -> Iterator[tuple[Conjunction, ...]]:
    """The ways in which the guard stops the caller, as the clauses of a request that it stops."""
    statement = guard.statement
    matched = conditions_of(statement, action, in_key_policy=guard.in_key_policy, variables=no_variables)
    if matched is None or (guard.in_key_policy and isinstance(statement.principals, Missing)):
        return
    for naming in denied(statement.principals, caller):
        yield tuple((literal,) for literal in (*naming, *matched))
