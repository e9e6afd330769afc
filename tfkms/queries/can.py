"""May a principal do an action on a key: yes, no or undecided, and why."""

from collections.abc import Container, Iterator, Sequence
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.parties import inert_on, names_as_written, witness
from tfkms.checks.proof import confirmed
from tfkms.extract import Key
from tfkms.finding import Evidence
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import RESOURCE, CallerKind
from tfkms.iam.case import Case, Granted
from tfkms.iam.conditions import no_variables
from tfkms.iam.document import AnyStatement, Policy
from tfkms.iam.grants import EVERYTHING, Bundle, Guarding, refusals
from tfkms.iam.key_values import Free, Reading
from tfkms.iam.naming import PRINCIPAL_ARN, Way
from tfkms.iam.search import BeyondLimitsError
from tfkms.queries.names import Asker
from tfkms.queries.sight import Sight
from tfkms.values import Hole, Text


class Word(StrEnum):
    """The answer in one word."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


class Reason(StrEnum):
    """Why the answer is not a plain yes."""

    NOTHING_ALLOWS = "nothing_allows"
    NOT_DELEGATED = "not_delegated"
    BOUNDARY = "boundary"
    DENIED = "denied"
    FOREIGN = "foreign"
    OTHER_ACCOUNT = "other_account"
    UNSEEN = "unseen"
    UNKNOWN = "unknown"
    TWO_POLICIES = "two_policies"
    DISAGREEMENT = "disagreement"
    BEYOND_LIMITS = "beyond_limits"


class Access(StrEnum):
    """By which way a request is allowed."""

    DIRECTLY = "directly"
    BY_GRANT = "by_grant"
    BY_IAM = "by_iam"


Demand: TypeAlias = tuple[str, tuple[Text, ...] | None]
"""A condition key and the values that an allowed request holds there, None where it must be absent."""


class Route(Struct, frozen=True):
    """A statement that allows the request, those that it rests on, and what an allowed request holds.

    `demands` are None where a policy in play is sensitive.
    """

    access: Access
    statement: Evidence
    support: tuple[Evidence, ...]
    demands: tuple[Demand, ...] | None


class Answer(Struct, frozen=True):
    """The answer, for one principal.

    Of a yes, `routes` are how; of what is undecided, how it might be, and `needs` what decides. `denied_by` are the
    Denies that stand against it. `open`: identity policies that are not in view could allow it. `inert`: why the action
    does nothing to the key. `unseen` are policies that decide and are not in view.
    """

    word: Word
    principal: Text
    action: str
    key: Key
    routes: tuple[Route, ...] = ()
    reasons: tuple[Reason, ...] = ()
    denied_by: tuple[Evidence, ...] = ()
    needs: tuple[Hole, ...] = ()
    unseen: tuple[str, ...] = ()
    open: bool = False
    inert: str | None = None


def can(people: Sequence[Asker], action: KmsAction, key: Key, sight: Sight) -> Answer:
    """The answer; of several principals that one name stands for that of the one who may most."""
    near = [asker for asker in people if asker.caller.account == key.resource.account.id] or people
    answers = [_Inquiry(asker, action, key, sight).answer() for asker in near]
    return min(answers, key=lambda answer: _ORDER.index(answer.word))


_ORDER = (Word.YES, Word.UNDECIDED, Word.NO)


class _Inquiry(Struct):
    asker: Asker
    action: KmsAction
    key: Key
    sight: Sight

    @property
    def base(self) -> Answer:
        """The answer where nothing allows it."""
        return Answer(
            Word.NO, self.asker.shown, f"kms:{self.action.name}", self.key, inert=inert_on(self.key, self.action)
        )

    @property
    def foreign(self) -> bool:
        own, account = self.asker.caller.account, self.key.resource.account.id
        return isinstance(own, str) and isinstance(account, str) and bool(own) and own != account

    def answer(self) -> Answer:
        """The answer over all policies that the key may have: where they differ it is open which one counts."""
        if self.foreign and not self.action.cross_account:
            return replace(self.base, reasons=(Reason.FOREIGN,))
        try:
            answers = [self.by(policy) for policy in self.sight.policies(self.key)]
        except BeyondLimitsError:
            return replace(self.base, word=Word.UNDECIDED, reasons=(Reason.BEYOND_LIMITS,))
        if len({answer.word for answer in answers}) == 1:
            return answers[0]
        best = min(answers, key=lambda answer: _ORDER.index(answer.word))
        return replace(best, word=Word.UNDECIDED, reasons=(Reason.TWO_POLICIES,))

    def case(self, policy: Policy, identity: tuple[Policy, ...] | None = None) -> Case:
        """The case to ask; `identity` stands in for the principal's own identity policies."""
        bundle = bundle_of(self.asker, self.key, self.sight)
        bundle = bundle if identity is None else replace(bundle, identity=identity)
        return Case(policy, bundle, self.asker.caller, self.sight.question.target(self.key), self.action)

    def by(self, policy: Policy) -> Answer:
        """The answer as far as one policy of the key goes."""
        case = self.case(policy, (EVERYTHING,) if self.foreign else None)
        granted = case.granted(Reading.STRICT)
        routes = tuple(self.route(case, own) for own in granted if self.is_confirmed(case, own))
        if routes and self.foreign and self.asker.caller.kind is not CallerKind.ROOT:
            return replace(self.base, word=Word.UNDECIDED, routes=routes, reasons=(Reason.OTHER_ACCOUNT,))
        if routes:
            return replace(self.base, word=Word.YES, routes=routes)
        if granted:
            return replace(self.base, word=Word.UNDECIDED, reasons=(Reason.DISAGREEMENT,))
        return self.perhaps(case) or self.refused(case)

    def is_confirmed(self, case: Case, granted: Granted) -> bool:
        proof = witness(case, granted.solution, None)
        return confirmed(case, proof, self.sight.question)

    def perhaps(self, case: Case) -> Answer | None:
        """The answer where what is not known decides; None where it does not."""
        found = [(case, granted) for granted in case.granted(Reading.LOOSE)]
        for bundle in self.asker.possible:
            wider = replace(case, bundle=replace(case.bundle, identity=(*case.bundle.identity, *bundle.identity)))
            found += [(wider, granted) for granted in wider.granted(Reading.LOOSE)]
        if found:
            holes = {hole for _, granted in found for hole in granted.solution.holes}
            return replace(
                self.base,
                word=Word.UNDECIDED,
                reasons=(Reason.UNKNOWN,),
                routes=tuple({_place(own): self.route(asked, own) for asked, own in found}.values()),
                needs=tuple(sorted(holes, key=repr)),
            )
        hidden = not self.asker.in_view or bool(self.asker.unseen)
        if hidden and self.could_be_given(case):
            unseen = self.asker.unseen or (str(self.asker.shown),)
            return replace(self.base, word=Word.UNDECIDED, reasons=(Reason.UNSEEN,), unseen=unseen)
        return None

    def could_be_given(self, case: Case) -> bool:
        """Whether identity policies that are not in view could allow it, within what is denied."""
        if not case.caller.is_person or case.caller.kind is CallerKind.ROOT:
            return False
        widest = replace(case, bundle=replace(case.bundle, identity=(*case.bundle.identity, EVERYTHING)))
        return bool(widest.granted(Reading.LOOSE))

    def refused(self, case: Case) -> Answer:
        """The no, with what stands against it."""
        denies = deciding(case)
        if denies:
            evidence = tuple(self.sight.evidence(own) for own in denies)
            return replace(self.base, reasons=(Reason.DENIED,), denied_by=evidence)
        if case.bundle.boundaries and replace(case, bundle=replace(case.bundle, boundaries=())).granted(Reading.LOOSE):
            return replace(self.base, reasons=(Reason.BOUNDARY,))
        could = not self.foreign and self.could_be_given(case)
        own = case.caller.is_person and not self.foreign and case.caller.kind is not CallerKind.ROOT
        closed = (Reason.NOT_DELEGATED,) if own and not could else ()
        return replace(self.base, reasons=(Reason.NOTHING_ALLOWS, *closed), open=could)

    def route(self, case: Case, granted: Granted) -> Route:
        grant = granted.grant
        statements = (grant.statement, *grant.support)
        access = Access.BY_IAM if grant.way is Way.ACCOUNT else Access.DIRECTLY
        if any(own is grant.statement for own in self.sight.question.granted_on(self.key)):
            access = Access.BY_GRANT
        return Route(
            access,
            self.sight.evidence(grant.statement),
            tuple(self.sight.evidence(own) for own in grant.support if own.origin.address),
            None if any(map(self.sight.is_sensitive, statements)) else demands(case, granted),
        )


def _place(granted: Granted) -> int:
    return id(granted.grant.statement)


def bundle_of(asker: Asker, key: Key, sight: Sight) -> Bundle:
    """What bears on the principal's requests for the key: its own documents, and the control policies over it and the
    key. Those for principals bind the key's own account only, of which the plan tells."""
    account = key.resource.account
    home = asker.caller.account == account.id
    guards: tuple[Guarding, ...] = sight.question.guards(account)
    return replace(asker.bundle, guards=tuple(guard for guard in guards if guard.on_resources or home))


def demands(case: Case, granted: Granted) -> tuple[Demand, ...]:
    """What the request that was found holds in the condition keys that the caller chooses."""
    keys, spelled = case.keys(), {PRINCIPAL_ARN: "aws:PrincipalArn", **dict(names_as_written(case))}
    return tuple(
        (spelled.get(name, name), values)
        for name, values in granted.solution.context
        if isinstance(keys(name), Free) and name != RESOURCE
    )


def statements(case: Case) -> Iterator[AnyStatement]:
    """Every statement that bears on the case."""
    bundle = case.bundle
    for policy in (case.key_policy, *bundle.identity, *bundle.boundaries, *(own.policy for own in bundle.guards)):
        yield from policy


def deciding(case: Case) -> tuple[AnyStatement, ...]:
    """Denies without which the request would be allowed, no more than it takes; none where nothing allows it anyway."""
    against = refusals(case.key_policy, case.bundle, case.caller, case.action, no_variables)
    kept = {id(statement): statement for statement, _ in against}
    if not kept or not without(case, kept).granted(Reading.LOOSE):
        return ()
    for place in list(kept):
        fewer = {own: statement for own, statement in kept.items() if own != place}
        if without(case, fewer).granted(Reading.LOOSE):
            kept = fewer
    return tuple(kept.values())


def without(case: Case, dropped: Container[int]) -> Case:
    """The case with the statements of those ids left out."""

    def left(policy: Policy) -> Policy:
        return replace(policy, statements=tuple(own for own in policy if id(own) not in dropped))

    bundle = Bundle(
        identity=tuple(map(left, case.bundle.identity)),
        boundaries=tuple(map(left, case.bundle.boundaries)),
        guards=tuple(replace(guard, policy=left(guard.policy)) for guard in case.bundle.guards),
    )
    return replace(case, key_policy=left(case.key_policy), bundle=bundle)
