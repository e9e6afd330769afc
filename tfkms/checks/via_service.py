"""What a key policy itself grants for using the key is confined to the services that need it.

Everyone only through a service (`kms:ViaService`), a service's own principal only for its own resources (the confused
deputy keys); named principals beside the services are noted. Delegation to the account is judged by the identity
documents that use it, where the settings ask for that.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from tfkms.checks.allowed import AllowedRequest, allowed_requests, in_place, narrowed
from tfkms.checks.confinement import (
    beside_named_services,
    in_doubt,
    is_for_everyone,
    labels,
    scopes,
    via_conditions,
    without_via,
)
from tfkms.checks.direct_use import DirectUse, first_direct, held
from tfkms.checks.direct_users import direct_users
from tfkms.checks.holders import HeldDocument
from tfkms.checks.parties import everyone, witness
from tfkms.checks.proof import confirmed
from tfkms.checks.question import DISAGREEMENT, KeyPolicySubject, Question, Subject
from tfkms.checks.spared import beside_names, beside_services, beside_sources
from tfkms.finding import Claim, NotApplicable, Outcome, Passed, Remarked, Undecided, Violated
from tfkms.iam import callers
from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.automaton import matches
from tfkms.iam.callers import Caller, Target
from tfkms.iam.case import Case
from tfkms.iam.coverage import with_effect
from tfkms.iam.document import AnyStatement, Effect, OpaqueStatement, Principals, PrincipalType, Statement
from tfkms.iam.grants import Conjunction
from tfkms.iam.naming import Way, caller_named
from tfkms.iam.pattern import glob
from tfkms.iam.principals import EVERYONE, account_of
from tfkms.key_uses import KeyUse, Mode
from tfkms.values import Text

_DIRECTLY = frozenset({Way.DIRECT, Way.ROLE})


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
    match subject:
        case KeyPolicySubject():
            yield from _KeyPolicyJudge(subject, question).outcomes()
        case HeldDocument():
            yield from held(subject, _actions(question), question)
        case _:
            assert_never(subject)


def _actions(question: Question) -> list[KmsAction]:
    """The actions that use a key."""
    classes = {ActionClass(word) for word in question.parameters["classes"]}
    return [action for action in question.actions.values() if action.action_class in classes]


class _KeyPolicyJudge:
    def __init__(self, subject: KeyPolicySubject, question: Question):
        self.actions = _actions(question)
        self.key, self.document = subject.key, subject.document
        self.question = question
        self.account = self.key.resource.account
        self.asked: Target = question.target(self.key)
        self.uses: tuple[KeyUse, ...] = question.uses.get(self.key.address, ())
        self.users = direct_users(
            question.scan, question.estate.moment, self.uses, question.stance.service_access
        )  # fmt: skip
        self.denying = (self.document.policy, *(guard.policy for guard in question.guards(self.account)))
        self.beside = beside_services(self.denying)
        self.granted = False

    def outcomes(self) -> Iterator[Outcome]:
        found: list[Outcome] = []
        for statement in with_effect(self.document.policy, Effect.ALLOW):
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
        to_all = is_for_everyone(statement, self.account.id)
        if to_all.certain:
            yield from self.everyone(statement)
            return
        if to_all.possible:
            yield from self.unconfined(statement, in_doubt(statement, to_all))
        yield from self.named(statement)
        for name in statement.principals.names:
            if name.type is PrincipalType.SERVICE:
                yield from self.service(statement, name.value)

    def everyone_of(self, statement: AnyStatement) -> list[Caller]:
        return list(everyone(statement, self.account))

    def everyone(self, statement: Statement) -> Iterator[Outcome]:
        """A statement for everyone; after Denies it may be for named principals."""
        found = list(self.unconfined(statement, statement))
        yield from found or self.named(statement)

    def unconfined(self, statement: Statement, asked: Statement) -> Iterator[Outcome]:
        """A finding if `asked`, the statement as far as it is for everyone, is confined to no named service."""
        beside = beside_named_services(asked)
        if beside is None:
            return
        open_ = narrowed(beside, *self.beside, *beside_names(self.denying, self.account.id))
        request = next(self.requests(statement, open_, self.everyone_of(statement)), None)
        if request is None:
            return
        self.granted = True
        if request.sure:
            yield self.violated(statement, "everyone_unscoped", request)
        else:
            yield self.undecided(statement, "may_be_unscoped", request)

    def labels(self, statement: Statement) -> Iterator[Outcome]:
        """A note for each label that no service which uses the key has."""
        served = {use.service.via for use in self.uses if use.service.via is not None}
        known = ", ".join(sorted(f"`{own}`" for own in served))
        for label in labels(statement):
            if served and label not in served:
                facts = {"label": label, "statement": self.document.label(statement), "labels": known}
                yield Remarked(self.document.address, Claim("label_without_use", facts))

    def named(self, statement: Statement) -> Iterator[Outcome]:
        """Where services use the key, the named principals that may use it directly."""
        use = DirectUse(self.document, self.document.address, statement, self.question)
        beside = beside_named_services(statement)
        granted = False
        for caller in self.people_of(statement):
            granted = granted or any(self.requests(statement, statement, [caller]))
            barred = self.users.barring(caller, self.account.id)
            if not self.uses or barred is None or beside is None:
                continue
            asked = narrowed(beside, *self.beside)
            request = first_direct(self.requests(statement, asked, [caller], barred=barred))
            if request is not None:
                shown = witness(request.case, request.solution, None).principal
                use.count(request, shown, self.key)
        yield from use.outcomes()
        if granted:
            self.granted = True
            yield from self.labels(statement)

    def people_of(self, statement: Statement) -> list[Caller]:
        """The users, roles and other accounts that a statement names; for everyone those who stand for all."""
        assert isinstance(statement.principals, Principals)
        account = self.account
        if statement.principals.negated:
            return [caller for caller in self.everyone_of(statement) if caller.is_person]
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
        caller = callers.service(name, self.account.partition)
        shown = "a service" if self.document.sensitive else str(name)
        facts = {"service": shown, "statement": self.document.label(statement), "scope": self.scope_of(name)}
        request = next(self.requests(statement, statement, [caller]), None)
        if request is None:
            if via_conditions(statement) and any(self.requests(statement, without_via(statement), [caller])):
                self.granted = True
                yield Remarked(self.document.address, Claim("via_on_service", facts))
            return
        self.granted = True
        contexts = frozenset(use.service.context.lower() for use in self.uses if use.service.context is not None)
        scoped = scopes(statement, request.action, contexts, self.account.id)
        if scoped.certain or self.excused(name):
            return
        beside = beside_sources(self.denying, contexts, self.account.id)
        unscoped = narrowed(in_doubt(statement, scoped), *beside)
        open_ = next(self.requests(statement, unscoped, [caller]), None)
        if open_ is None:
            return
        if open_.sure:
            yield self.violated(statement, "service_unscoped", open_, facts)
        else:
            yield self.undecided(statement, "may_be_unscoped", open_)

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

    def requests(
        self,
        statement: AnyStatement,
        asked: AnyStatement,
        people: Sequence[Caller],
        *,
        barred: tuple[Conjunction, ...] = (),
    ) -> Iterator[AllowedRequest]:
        """Requests by the callers that `asked`, in place of the statement, allows; sure ones first.

        `barred` are further clauses that they must satisfy.
        """
        policy = in_place(self.document.policy, statement, asked)
        known = [self.question.known(caller, self.account) for caller in people]
        cases = [
            Case(policy, bundle, caller, self.asked, self.actions[0], barred, _DIRECTLY) for caller, bundle in known
        ]
        return allowed_requests([(case, asked) for case in cases], self.actions)

    def violated(
        self, statement: Statement, cause: str, request: AllowedRequest, facts: dict[str, str] | None = None
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

    def undecided(self, statement: AnyStatement, cause: str, request: AllowedRequest) -> Outcome:
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
