"""What a key policy itself grants for using the key is confined to the services that need it.

Everyone only through a service (`kms:ViaService`), a service's own principal only for its own resources (the confused
deputy keys). Delegation to the account is not judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tfkms.checks.parties import everyone, witness
from tfkms.checks.proof import confirmed
from tfkms.checks.question import BEYOND_LIMITS, DISAGREEMENT, KeyPolicySubject, Question
from tfkms.finding import (
    Claim,
    NotApplicable,
    Outcome,
    Passed,
    Remarked,
    Undecided,
    Violated,
)
from tfkms.iam import callers
from tfkms.iam.access import Reading, Solution
from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.callers import Caller, Target
from tfkms.iam.conditions import Atom, Like
from tfkms.iam.document import (
    AnyStatement,
    Condition,
    Effect,
    Family,
    OpaqueStatement,
    Operator,
    Policy,
    Principals,
    PrincipalType,
    Quantifier,
    Statement,
)
from tfkms.iam.grants import Bundle, Case, Conjunction, may_be
from tfkms.iam.naming import Way, caller_named
from tfkms.iam.pattern import BeyondLimitsError, literal
from tfkms.iam.principals import EVERYONE, account_of
from tfkms.key_uses import KeyUse
from tfkms.values import Template, Text

VIA = "kms:viaservice"
_DIRECTLY = frozenset({Way.DIRECT, Way.ROLE})
_SCOPES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
_GRANT_SCOPE = "kms:grantisforawsresource"
_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"


def subjects(question: Question) -> Sequence[KeyPolicySubject]:
    """Every policy of every key."""
    return question.key_policies()


def judge(subject: KeyPolicySubject, question: Question) -> Iterator[Outcome]:
    """A finding for each statement that lets everyone, or a service for anyone, use the key."""
    try:
        outcomes = list(_Judge(subject, question).outcomes())
    except BeyondLimitsError:
        yield Undecided(subject.address, (subject.key.address,), Claim(BEYOND_LIMITS), (), ())
        return
    yield from outcomes


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that a statement allows, or may allow."""

    caller: Caller
    action: KmsAction
    solution: Solution
    sure: bool


class _Judge:
    def __init__(self, subject: KeyPolicySubject, question: Question):
        classes = {ActionClass(word) for word in question.parameters["classes"]}
        self.actions = [action for action in question.actions.values() if action.action_class in classes]
        self.key, self.document = subject.key, subject.document
        self.question = question
        self.asked: Target = question.target(self.key)
        self.uses: tuple[KeyUse, ...] = question.uses.get(self.key.address, ())
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
            request = self.request(statement, statement, self.everyone_of(statement))
            if request is not None:
                self.granted = True
                yield self.undecided(statement, "may_be_unscoped", request)
            return
        if not isinstance(statement.principals, Principals):
            return
        if _everyone(statement):
            yield from self.everyone(statement)
            return
        yield from self.named(statement)
        for name in statement.principals.names:
            if name.type is PrincipalType.SERVICE:
                yield from self.service(statement, name.value)

    def everyone_of(self, statement: AnyStatement) -> list[Caller]:
        return list(everyone(statement, self.key.resource.account))

    def everyone(self, statement: Statement) -> Iterator[Outcome]:
        via = [condition for condition in statement.conditions if condition.key.lower() == VIA]
        if any(map(_confines, via)):
            if self.request(statement, statement, self.everyone_of(statement), directly=False) is not None:
                self.granted = True
                yield from self.labels(statement, via)
            return
        unconfined = replace(
            statement, conditions=tuple(condition for condition in statement.conditions if condition not in via)
        )
        request = self.request(statement, unconfined, self.everyone_of(statement))
        if request is None:
            # A Deny may leave everyone nothing but calls through services.
            through = self.request(statement, statement, self.everyone_of(statement), directly=False)
            self.granted = self.granted or through is not None
            return
        self.granted = True
        if not request.sure:
            yield self.undecided(statement, "may_be_unscoped", request)
        else:
            yield self.violated(statement, unconfined, "everyone_unscoped", request)

    def labels(self, statement: Statement, via: list[Condition]) -> Iterator[Outcome]:
        """A note for each label that no service which uses the key has."""
        served = {use.service.via for use in self.uses if use.service.via is not None}
        for condition in filter(_confines, via):
            for value in condition.values:
                label = str(value).partition(".")[0]
                if served and label not in served:
                    known = ", ".join(sorted(f"`{own}`" for own in served))
                    facts = {"label": label, "statement": self.document.label(statement), "labels": known}
                    yield Remarked(self.document.address, Claim("label_without_use", facts))

    def named(self, statement: Statement) -> Iterator[Outcome]:
        """A note where services use the key and a named principal may use it directly."""
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
            and callers.root_arn(other, account.partition) == name.value
            and other != account.id
        ]
        everyone = (
            request for caller in (*known, *foreign) if (request := self.request(statement, statement, [caller]))
        )
        for request in everyone:
            self.granted = True
            if self.uses and self.direct(request):
                who = "a principal" if self.document.sensitive else str(request.caller.name or "a principal")
                facts = {"who": who, "statement": self.document.label(statement)}
                yield Remarked(self.document.address, Claim("direct_use", facts))

    @staticmethod
    def direct(request: _Request) -> bool:
        """Whether the request is not one that a service asks for on somebody's behalf."""
        return dict(request.solution.context).get(_GRANT_SCOPE) != ("true",)

    def service(self, statement: Statement, name: Text) -> Iterator[Outcome]:
        caller = callers.service(name, self.key.resource.account.partition)
        shown = "a service" if self.document.sensitive else str(name)
        facts = {"service": shown, "statement": self.document.label(statement)}
        if any(map(_confines, (c for c in statement.conditions if c.key.lower() == VIA))):
            self.granted = True
            yield Remarked(self.document.address, Claim("via_on_service", facts))
            return
        request = self.request(statement, statement, [caller])
        if request is None:
            return
        self.granted = True
        if self.scoped(statement, request.action) or self.excused(name):
            return
        if self.request(statement, statement, [caller], barred=self.for_others()) is None:
            return  # a Deny keeps the service to its own account
        if request.sure:
            yield self.violated(statement, statement, "service_unscoped", request, facts)
        else:
            yield self.undecided(statement, "may_be_unscoped", request)

    def scoped(self, statement: Statement, action: KmsAction) -> bool:
        """Whether a condition pins whose resources the service may act for."""
        contexts = {
            f"{_ENCRYPTION_CONTEXT}{use.service.context}".lower()
            for use in self.uses
            if use.service.context is not None
        }
        for condition in statement.conditions:
            key = condition.key.lower()
            context = key.startswith(_ENCRYPTION_CONTEXT) and (key in contexts or "arn" in key or "account" in key)
            grant = key == _GRANT_SCOPE and action.action_class is ActionClass.GRANT
            if not _accepted(condition) or not (key in _SCOPES or context or grant):
                continue
            if grant or all(map(_pins, condition.values)):
                return True
        return False

    def excused(self, name: Text) -> bool:
        """Whether the key is used by a service that must not be scoped."""
        return any(
            not use.service.scope and name in use.service.principals and use.service.mode == "service_principal"
            for use in self.uses
        )

    def for_others(self) -> tuple[Conjunction, ...]:
        """The clauses of a request that a service makes for the resources of another account."""
        own = literal(self.asked.account)
        return ((Atom("aws:sourceaccount", Like((own,)), positive=False, every=True, when_absent=True),),)

    def request(
        self,
        statement: AnyStatement,
        asked: AnyStatement,
        people: Sequence[Caller],
        *,
        directly: bool = True,
        barred: tuple[Conjunction, ...] = (),
    ) -> _Request | None:
        """A request by one of the callers that `asked`, in place of the statement, allows; a sure one first.

        `directly` leaves requests through a service out; `barred` are further clauses that it must satisfy.
        """
        policy = self.with_(statement, asked)
        without = frozenset({VIA}) if directly else frozenset[str]()
        for reading in (Reading.STRICT, Reading.LOOSE):
            for caller in people:
                for action in self.actions:
                    case = Case(policy, Bundle(), caller, self.asked, action, barred, _DIRECTLY, without)
                    for granted in case.granted(reading):
                        if granted.grant.statement is asked:
                            return _Request(caller, action, granted.solution, reading is Reading.STRICT)
        return None

    def with_(self, statement: AnyStatement, asked: AnyStatement) -> Policy:
        policy = self.document.policy
        return replace(policy, statements=tuple(asked if own is statement else own for own in policy))

    def violated(
        self,
        statement: Statement,
        asked: Statement,
        cause: str,
        request: _Request,
        facts: dict[str, str] | None = None,
    ) -> Outcome:
        proof = witness(request.caller, request.solution, self.asked, request.action, None)
        case = Case(self.with_(statement, asked), Bundle(), request.caller, self.asked, request.action)
        if not confirmed(case, proof, self.question):
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


def _everyone(statement: Statement) -> bool:
    """Whether the statement is for everyone: `*` or all but some, unless a condition spells the principals' names."""
    assert isinstance(statement.principals, Principals)
    named = any(
        condition.key.lower() == "aws:principalarn"
        and _accepted(condition)
        and all(map(_spells_a_name, condition.values))
        for condition in statement.conditions
    )
    everyone = any(name.value == EVERYONE and name.type is PrincipalType.AWS for name in statement.principals.names)
    return (everyone or statement.principals.negated) and not named


def is_plumbing(statement: Statement) -> bool:
    """Whether the statement allows everyone, confined to a service by `kms:ViaService` or its encryption context."""
    if statement.effect is not Effect.ALLOW or not isinstance(statement.principals, Principals):
        return False
    confined = any(
        (condition.key.lower() == VIA and _confines(condition))
        or (condition.key.lower().startswith(f"{_ENCRYPTION_CONTEXT}aws:") and _accepted(condition))
        for condition in statement.conditions
    )
    return confined and _everyone(statement)


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


def _confines(condition: Condition) -> bool:
    """Whether a condition on `kms:ViaService` confines to named services."""
    return _accepted(condition) and all(
        isinstance(value, str) and not set("*?") & set(value.partition(".")[0]) for value in condition.values
    )


def _spells_a_name(value: Text) -> bool:
    return isinstance(value, Template) or not set("*?") & set(value.rpartition("/")[2])


def _pins(value: Text) -> bool:
    """Whether a value spells an account, an organization, or, in an ARN without account, a resource in full."""
    if isinstance(value, Template) or value.startswith("o-"):
        return True
    if value.isdecimal():
        return len(value) == 12
    parts = value.split(":", 5)
    if len(parts) < 6:
        return not set("*?") & set(value) and bool(value)
    if parts[4]:
        return account_of(value) is not None
    return not set("*?") & set(parts[5])
