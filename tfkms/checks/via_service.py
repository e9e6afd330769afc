"""What a key policy itself grants for using the key is confined to the services that need it.

Everyone only through a service (`kms:ViaService`), a service's own principal only for its own resources (the confused
deputy keys); named principals beside the services are noted. Delegation to the account is judged by the identity
documents that use it, where the settings ask for that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from tfkms.checks.confinement import (
    GRANT_SCOPE,
    VIA,
    confines,
    is_for_everyone,
    may_be_for_everyone,
    may_confine,
    scopes,
    via_conditions,
    without_loose_via,
)
from tfkms.checks.direct_users import direct_users
from tfkms.checks.holders import HeldDocument
from tfkms.checks.parties import everyone, witness
from tfkms.checks.proof import confirmed
from tfkms.checks.question import BEYOND_LIMITS, DISAGREEMENT, KeyPolicySubject, Question, Subject
from tfkms.checks.stance import CountsAs
from tfkms.checks.wording import keys_in_words, who
from tfkms.extract import Document, Key
from tfkms.finding import (
    Claim,
    NotApplicable,
    Outcome,
    Passed,
    Remarked,
    Undecided,
    Violated,
    Witness,
)
from tfkms.iam import callers
from tfkms.iam.access import Solution
from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.automaton import matches
from tfkms.iam.callers import Caller, Target
from tfkms.iam.comparisons import Like
from tfkms.iam.conditions import Atom
from tfkms.iam.coverage import may_be
from tfkms.iam.document import (
    AnyStatement,
    Condition,
    Effect,
    OpaqueStatement,
    Policy,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.grants import Case, Conjunction
from tfkms.iam.key_values import Reading
from tfkms.iam.naming import Way, caller_named
from tfkms.iam.pattern import glob, literal
from tfkms.iam.principals import EVERYONE, account_of
from tfkms.iam.search import BeyondLimitsError
from tfkms.key_uses import KeyUse, Mode
from tfkms.values import Hole, Text

_DIRECTLY = frozenset({Way.DIRECT, Way.ROLE})
_THROUGH_IAM = frozenset({Way.ACCOUNT})


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rules of this kind differ in: the classes of actions that services are to be scoped for."""

    classes: Annotated[list[ActionClass], Meta(min_length=1)]


def subjects(question: Question) -> Sequence[Subject]:
    """Every policy of every key, and every identity document where the settings ask for them."""
    if question.stance.service_access.include_identity_policies:
        return question.every_policy()
    return question.key_policies()


def judge(subject: Subject, question: Question) -> Iterator[Outcome]:
    """A finding for each statement that lets everyone, or a service for anyone, use the key."""
    try:
        match subject:
            case KeyPolicySubject(key):
                keys: tuple[str, ...] = (key.address,)
                outcomes = list(_KeyPolicyJudge(subject, question).outcomes())
            case HeldDocument():
                keys = ()
                outcomes = list(_held(subject, question))
            case _:
                assert_never(subject)
    except BeyondLimitsError:
        yield Undecided(subject.address, keys, Claim(BEYOND_LIMITS), (), ())
        return
    yield from outcomes


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that a statement allows, or may allow."""

    caller: Caller
    action: KmsAction
    solution: Solution
    case: Case
    sure: bool

    @property
    def is_direct(self) -> bool:
        """Whether it is not one that a service asks for on somebody's behalf."""
        return dict(self.solution.context).get(GRANT_SCOPE) != ("true",)


@dataclass(slots=True)
class _DirectUse:
    """Those who may use keys directly through one statement, beside the services that use them."""

    document: Document
    address: str
    statement: AnyStatement
    question: Question
    principals: dict[Text, None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    witnesses: list[Witness] = field(default_factory=list)
    actions: dict[str, None] = field(default_factory=dict)
    needs: dict[Hole, None] = field(default_factory=dict)
    disagreement: bool = False

    def count(self, request: _Request, shown: Text, key: Key) -> None:
        """Counts a request by the principal that reports call `shown`."""
        self.principals[shown] = None
        self.keys[key.address] = None
        self.actions[f"kms:{request.action.name}"] = None
        if request.sure:
            proof = witness(request.case, request.solution, None)
            self.disagreement = self.disagreement or not confirmed(request.case, proof, self.question)
            self.witnesses.append(proof)
        else:
            self.needs |= dict.fromkeys(sorted(request.solution.holes, key=repr))

    def outcomes(self) -> Iterator[Outcome]:
        """What it amounts to by the settings: a note, or a finding."""
        if not self.principals:
            return
        facts = self.facts()
        evidence = (self.document.evidence(self.statement),)
        principals, keys = tuple(self.principals), tuple(self.keys)
        if self.question.stance.service_access.named_principals is CountsAs.NOTE:
            if self.witnesses:
                yield Remarked(self.address, Claim("direct_use", facts))
        elif self.disagreement or not self.witnesses:
            cause = DISAGREEMENT if self.disagreement else "may_use_directly"
            yield Undecided(self.address, keys, Claim(cause, facts), tuple(self.needs), evidence, principals)
        else:
            yield Violated(self.address, keys, Claim("direct_use", facts), tuple(self.witnesses), evidence, principals)

    def facts(self) -> dict[str, str]:
        return {
            "who": "a principal" if self.document.sensitive else who(tuple(self.principals)),
            "key": "the key" if self.address in self.keys else keys_in_words(tuple(self.keys), False),
            "statement": self.document.label(self.statement),
            "action": next(iter(self.actions)),
        }


def _actions(question: Question) -> list[KmsAction]:
    """The actions that use a key."""
    classes = {ActionClass(word) for word in question.parameters["classes"]}
    return [action for action in question.actions.values() if action.action_class in classes]


def _requests(cases: Sequence[Case], actions: Sequence[KmsAction], asked: AnyStatement) -> Iterator[_Request]:
    """Requests for one of the actions, in one of the cases, that the statement allows; sure ones first."""
    about = [case for own in cases for case in own.about(actions, (id(asked),))]
    for reading in Reading:
        for case in about:
            for granted in case.granted(reading, (id(asked),)):
                yield _Request(case.caller, case.action, granted.solution, case, reading is Reading.STRICT)


def _first_direct(requests: Iterator[_Request]) -> _Request | None:
    """The first that no service makes on somebody's behalf."""
    return next((request for request in requests if request.is_direct), None)


def _held(subject: HeldDocument, question: Question) -> Iterator[Outcome]:
    """What an identity document lets its holders do with the keys that services use in this plan."""
    if subject.ignored is not None:
        yield subject.ignored
        return
    actions = _actions(question)
    found: list[Outcome] = []
    for statement in subject.document.policy:
        if not may_be(statement, Effect.ALLOW):
            continue
        use = _DirectUse(subject.document, subject.address, statement, question)
        asked = without_loose_via(statement) if isinstance(statement, Statement) else statement
        for holder in subject.holders:
            identity = tuple(_with(policy, statement, asked) for policy in holder.bundle.identity)
            bundle = replace(holder.bundle, identity=identity)
            for key in question.estate.keys:
                uses = question.uses.get(key.address, ())
                if not uses or key.resource.account.id != holder.identity.account.id:
                    continue
                users = direct_users(question.scan, question.estate.moment, uses, question.stance.service_access)
                barred = users.barring(holder.caller, key.resource.account.id)
                if holder.barring(users.listed) is None or barred is None:
                    continue
                target = question.target(key)
                anyhow = [
                    Case(own.policy, bundle, holder.caller, target, actions[0], barred, _THROUGH_IAM, frozenset({VIA}))
                    for own in key.documents
                ]
                request = _first_direct(_requests(anyhow, actions, asked))
                if request is not None:
                    use.count(request, holder.shown, key)
        found += use.outcomes()
    yield from found
    yield Passed(subject.address, ())


class _KeyPolicyJudge:
    def __init__(self, subject: KeyPolicySubject, question: Question):
        self.actions = _actions(question)
        self.key, self.document = subject.key, subject.document
        self.question = question
        self.asked: Target = question.target(self.key)
        self.uses: tuple[KeyUse, ...] = question.uses.get(self.key.address, ())
        self.users = direct_users(
            question.scan, question.estate.moment, self.uses, question.stance.service_access
        )  # fmt: skip
        self.granted = False

    def outcomes(self) -> Iterator[Outcome]:
        found: list[Outcome] = []
        for statement in self.document.policy:
            if may_be(statement, Effect.ALLOW):
                found += self.statement(statement)
        yield from found
        if any(isinstance(outcome, Violated | Undecided) for outcome in found):
            return
        keys = (self.key.address,)
        if not self.granted and not self.uses:
            nobody = "no service uses the key in this plan, and its policy lets only the account use it"
            yield NotApplicable(self.document.address, keys, nobody)
            return
        reason = "services are served through the account's identity policies alone" if not self.granted else None
        yield Passed(self.document.address, keys, reason=reason)

    def statement(self, statement: AnyStatement) -> Iterator[Outcome]:
        if isinstance(statement, OpaqueStatement):
            request = next(self.requests(statement, statement, self.everyone_of(statement)), None)
            if request is not None:
                self.granted = True
                yield self.undecided(statement, "may_be_unscoped", request)
            return
        if not isinstance(statement.principals, Principals):
            return
        if is_for_everyone(statement):
            yield from self.everyone(statement)
            return
        if may_be_for_everyone(statement):
            yield from self.perhaps_everyone(statement)
        yield from self.named(statement)
        for name in statement.principals.names:
            if name.type is PrincipalType.SERVICE:
                yield from self.service(statement, name.value)

    def everyone_of(self, statement: AnyStatement) -> list[Caller]:
        return list(everyone(statement, self.key.resource.account))

    def everyone(self, statement: Statement) -> Iterator[Outcome]:
        via = via_conditions(statement)
        if any(map(confines, via)):
            if any(self.requests(statement, statement, self.everyone_of(statement), directly=False)):
                self.granted = True
                yield from self.labels(statement, via)
            return
        unconfined = without_loose_via(statement)
        request = next(self.requests(statement, unconfined, self.everyone_of(statement)), None)
        if request is None:
            # A Deny may leave everyone nothing but calls through services.
            through = self.requests(statement, statement, self.everyone_of(statement), directly=False)
            self.granted = any(through) or self.granted
            return
        self.granted = True
        if not request.sure or any(map(may_confine, via)):
            yield self.undecided(statement, "may_be_unscoped", request)
        else:
            yield self.violated(statement, "everyone_unscoped", request)

    def perhaps_everyone(self, statement: Statement) -> Iterator[Outcome]:
        """A statement of which it is not known whom it names."""
        if not any(map(confines, via_conditions(statement))):
            request = next(self.requests(statement, without_loose_via(statement), self.everyone_of(statement)), None)
            if request is not None:
                self.granted = True
                yield self.undecided(statement, "may_be_unscoped", request)

    def labels(self, statement: Statement, via: list[Condition]) -> Iterator[Outcome]:
        """A note for each label that no service which uses the key has."""
        served = {use.service.via for use in self.uses if use.service.via is not None}
        for condition in filter(confines, via):
            for value in condition.values:
                label = str(value).partition(".")[0]
                if served and label not in served:
                    known = ", ".join(sorted(f"`{own}`" for own in served))
                    facts = {"label": label, "statement": self.document.label(statement), "labels": known}
                    yield Remarked(self.document.address, Claim("label_without_use", facts))

    def named(self, statement: Statement) -> Iterator[Outcome]:
        """Where services use the key, the named principals that may use it directly."""
        use = _DirectUse(self.document, self.document.address, statement, self.question)
        confined = without_loose_via(statement)
        granted = False
        for caller in self.people_of(statement):
            granted = granted or any(self.requests(statement, statement, [caller], directly=False))
            barred = self.users.barring(caller, self.key.resource.account.id)
            if not self.uses or barred is None:
                continue
            request = _first_direct(self.requests(statement, confined, [caller], barred=barred))
            if request is not None:
                use.count(request, request.caller.name or EVERYONE, self.key)
        yield from use.outcomes()
        if granted:
            self.granted = True
            yield from self.labels(statement, via_conditions(statement))

    def people_of(self, statement: Statement) -> list[Caller]:
        """The users, roles and other accounts that a statement names."""
        assert isinstance(statement.principals, Principals)
        account = self.key.resource.account
        people = [caller_named(name, account.partition) for name in statement.principals.names]
        if any(name.value == EVERYONE for name in statement.principals.names):
            people += self.everyone_of(statement)
        known = [caller for caller in people if caller is not None and caller.is_person]
        foreign = [
            callers.root_user(other, account.partition)
            for name in statement.principals.names
            if (other := account_of(name.value)) is not None
            and name.value in (other, callers.root_arn(other, account.partition))
            and other != account.id
        ]
        return [*known, *foreign]

    def service(self, statement: Statement, name: Text) -> Iterator[Outcome]:
        caller = callers.service(name, self.key.resource.account.partition)
        shown = "a service" if self.document.sensitive else str(name)
        facts = {"service": shown, "statement": self.document.label(statement), "scope": self.scope_of(name)}
        if any(map(confines, via_conditions(statement))):
            self.granted = True
            yield Remarked(self.document.address, Claim("via_on_service", facts))
            return
        request = next(self.requests(statement, statement, [caller]), None)
        if request is None:
            return
        self.granted = True
        contexts = frozenset(use.service.context.lower() for use in self.uses if use.service.context is not None)
        if scopes(statement, request.action, contexts, sure=True) or self.excused(name):
            return
        perhaps = scopes(statement, request.action, contexts, sure=False)
        if not any(self.requests(statement, statement, [caller], barred=self.for_others())):
            return  # a Deny keeps the service to its own account
        if request.sure and not perhaps:
            yield self.violated(statement, "service_unscoped", request, facts)
        else:
            yield self.undecided(statement, "may_be_unscoped", request)

    def scope_of(self, name: Text) -> str:
        """The condition keys that scope the service by its guide; where it uses no key here, those that most know."""
        using = (use.service for use in self.uses if _is_principal(name, use.service.principals))
        own = [service.scope for service in using if service.scope]
        return " or ".join(f"`{key}`" for key in (own[0] if own else _USUAL_SCOPE))

    def excused(self, name: Text) -> bool:
        """Whether the key is used by a service that must not be scoped."""
        return any(
            not use.service.scope
            and _is_principal(name, use.service.principals)
            and use.service.mode is Mode.SERVICE_PRINCIPAL
            for use in self.uses
        )

    def for_others(self) -> tuple[Conjunction, ...]:
        """The clauses of a request that a service makes for the resources of another account."""
        own = literal(self.asked.account)
        return ((Atom("aws:sourceaccount", Like((own,)), positive=False, when_absent=True),),)

    def requests(
        self,
        statement: AnyStatement,
        asked: AnyStatement,
        people: Sequence[Caller],
        *,
        directly: bool = True,
        barred: tuple[Conjunction, ...] = (),
    ) -> Iterator[_Request]:
        """Requests by the callers that `asked`, in place of the statement, allows; sure ones first.

        `directly` leaves requests through a service out; `barred` are further clauses that they must satisfy.
        """
        policy = _with(self.document.policy, statement, asked)
        without = frozenset({VIA}) if directly else frozenset[str]()
        known = [self.question.known(caller, self.key.resource.account) for caller in people]
        anyhow = [
            Case(policy, bundle, caller, self.asked, self.actions[0], barred, _DIRECTLY, without)
            for caller, bundle in known
        ]
        return _requests(anyhow, self.actions, asked)

    def violated(
        self, statement: Statement, cause: str, request: _Request, facts: dict[str, str] | None = None
    ) -> Outcome:  # fmt: skip
        proof = witness(request.case, request.solution, None)
        if not confirmed(request.case, proof, self.question):
            return self.undecided(statement, DISAGREEMENT, request)
        told = {"statement": self.document.label(statement), "action": proof.action, **(facts or {})}
        return Violated(
            address=self.document.address,
            keys=(self.key.address,),
            claim=Claim(cause, told),
            witnesses=(proof,),
            evidence=(self.document.evidence(statement),),
            principals=(request.caller.name or EVERYONE,),
        )

    def undecided(self, statement: AnyStatement, cause: str, request: _Request) -> Outcome:
        facts = {"statement": self.document.label(statement), "action": f"kms:{request.action.name}"}
        return Undecided(
            address=self.document.address,
            keys=(self.key.address,),
            claim=Claim(cause, facts),
            needs=tuple(sorted(request.solution.holes, key=repr)),
            evidence=(self.document.evidence(statement),),
            principals=(request.caller.name or EVERYONE,),
        )


_USUAL_SCOPE = ("aws:SourceAccount", "aws:SourceArn")


def _is_principal(name: Text, principals: Sequence[str]) -> bool:
    """Whether a service's name is one of those in the table of services, whatever the Region in it."""
    return any(matches(glob(own.replace("{region}", "*")), name) for own in principals)


def _with(policy: Policy, statement: AnyStatement, asked: AnyStatement) -> Policy:
    """The policy with `asked` in place of the statement; itself where it has no such statement."""
    if statement is asked or statement not in policy.statements:
        return policy
    return replace(policy, statements=tuple(asked if own is statement else own for own in policy))
