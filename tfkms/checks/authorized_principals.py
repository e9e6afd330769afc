"""Only authorized principals, or none, may do the actions of the rule: by the key policy, or through IAM.

Each document is judged by itself, statement by statement: a key policy for what it grants directly, an identity
document for what it grants where key policies delegate to IAM.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tfkms.checks import BEYOND_LIMITS, DISAGREEMENT, Question
from tfkms.checks.parties import (
    FOREIGN,
    Authorized,
    Party,
    inert_on,
    parties,
    target,
    witness,
)
from tfkms.extract import Document, Key
from tfkms.finding import Claim, Evidence, Outcome, Passed, Undecided, Violated, Witness
from tfkms.iam import callers
from tfkms.iam.access import Reading
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import CallerKind
from tfkms.iam.document import AnyStatement, Effect, Policy
from tfkms.iam.grants import EVERYTHING, Bundle, Case, Granted, may_be
from tfkms.iam.naming import Way
from tfkms.iam.pattern import BeyondLimitsError
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.values import Hole, Text

_DIRECTLY = frozenset({Way.DIRECT, Way.ROLE})


@dataclass(frozen=True, slots=True)
class KeyPolicySubject:
    """One policy that a key may have."""

    key: Key
    document: Document

    @property
    def address(self) -> str:
        """The resource that holds the policy."""
        return self.document.address


Subject: TypeAlias = KeyPolicySubject


def subjects(question: Question) -> Sequence[Subject]:
    """Every policy of every key."""
    return [KeyPolicySubject(key, document) for key in question.estate.keys for document in key.documents]


def judge(subject: Subject, question: Question) -> Iterator[Outcome]:
    """A finding for each statement that grants; without one, whether identity policies could."""
    actions = [question.actions[name.partition(":")[2]] for name in question.parameters["actions"]]
    tally = _Tally(subject.document, question)
    try:
        for action in actions:
            _ask_key_policy(subject, action, question.authorized, tally)
        in_plan = any(_delegates(subject, action, question.authorized) for action in actions)
    except BeyondLimitsError:
        address = subject.document.address
        yield Undecided(address, (subject.key.address,), Claim(BEYOND_LIMITS, {"action": _list(actions)}), (), ())
        return
    yield from tally.outcomes()
    yield Passed(subject.document.address, (subject.key.address,), in_plan)


def _list(actions: Sequence[KmsAction]) -> str:
    return ", ".join(f"kms:{action.name}" for action in actions)


def _ask_key_policy(subject: KeyPolicySubject, action: KmsAction, authorized: Authorized, tally: "_Tally") -> None:
    key, policy = subject.key, subject.document.policy
    asked, dead = target(key), inert_on(key, action)
    for statement in policy:
        if not may_be(statement, Effect.ALLOW):
            continue
        live = False
        for party in parties(statement, key.resource.account, action):
            barred = authorized.barring(party.caller) if party.caller.kind is not CallerKind.ROOT else ()
            if barred is None or (live and party.inert == FOREIGN and party.caller.name is None):
                continue
            asked_policy = _with(policy, statement, party)
            case = Case(asked_policy, Bundle(), party.caller, asked, action, barred, _DIRECTLY)
            live = tally.ask(case, statement, party, key, party.inert or dead) or live


def _with(policy: Policy, statement: AnyStatement, party: Party) -> Policy:
    """The policy with the party's stand-in in place of the statement that names nobody."""
    if party.stands_in is None:
        return policy
    return replace(policy, statements=tuple(party.stands_in if own is statement else own for own in policy))


def _delegates(subject: KeyPolicySubject, action: KmsAction, authorized: Authorized) -> bool:
    """Whether an identity policy that is not in view could give an unauthorized principal the action."""
    account = subject.key.resource.account
    for kind in (CallerKind.ROLE, CallerKind.USER):
        caller = callers.anyone(kind, account.id, account.partition)
        barred = authorized.barring(caller) or ()
        case = Case(
            subject.document.policy,
            Bundle(identity=(EVERYTHING,)),
            caller,
            target(subject.key),
            action,
            barred,
            frozenset({Way.ACCOUNT}),
        )
        if case.granted(Reading.LOOSE):
            return True
    return False


@dataclass(slots=True)
class _Reached:
    """What one statement reaches."""

    statement: AnyStatement
    action: KmsAction
    principals: dict[Text, None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    witnesses: list[Witness] = field(default_factory=list)
    support: dict[int, AnyStatement] = field(default_factory=dict)
    loose_principals: dict[Text, None] = field(default_factory=dict)
    loose_keys: dict[str, None] = field(default_factory=dict)
    needs: dict[Hole, None] = field(default_factory=dict)
    disagreement: bool = False


@dataclass(slots=True)
class _Tally:
    """Gathers what the statements of one document grant, statement by statement."""

    document: Document
    question: Question
    reached: dict[int, _Reached] = field(default_factory=dict)

    def ask(self, case: Case, statement: AnyStatement, party: Party, key: Key, inert: str | None) -> bool:
        """Counts the case for the statement; whether it surely grants, and KMS would honour it."""
        wanted = statement if party.stands_in is None else party.stands_in
        sure = [granted for granted in case.granted(Reading.STRICT) if granted.grant.statement is wanted]
        if sure:
            proof = witness(case.caller, sure[0].solution, case.target, case.action, inert)
            if not self.confirmed(case, proof, party):
                self.of(statement, case.action).disagreement = True
            reached = self.of(statement, case.action)
            reached.principals[party.shown] = None
            reached.keys[key.address] = None
            shown = proof if party.inert in (None, FOREIGN) else replace(proof, principal=party.shown)
            reached.witnesses.append(shown)
            reached.support |= {id(own): own for own in sure[0].grant.support}
            return inert is None
        maybe = [granted for granted in case.granted(Reading.LOOSE) if granted.grant.statement is wanted]
        if maybe:
            self.may(statement, case.action, party, key, maybe[0])
        return False

    def may(self, statement: AnyStatement, action: KmsAction, party: Party, key: Key, granted: Granted) -> None:
        reached = self.of(statement, action)
        reached.loose_principals[party.shown] = None
        reached.loose_keys[key.address] = None
        reached.needs |= dict.fromkeys(sorted(granted.solution.holes, key=repr))

    def of(self, statement: AnyStatement, action: KmsAction) -> _Reached:
        return self.reached.setdefault(id(statement), _Reached(statement, action))

    def confirmed(self, case: Case, proof: Witness, party: Party) -> bool:
        """Whether the second evaluator agrees that the request is allowed, the refusal that makes it inert aside."""
        identity = (EVERYTHING,) if party.inert == FOREIGN or _foreign(case) else case.bundle.identity
        boundary = case.bundle.boundaries[0] if case.bundle.boundaries else None
        crossing = frozenset({proof.action}) if party.inert == FOREIGN else self.question.cross_account
        request = Request(proof.principal, proof.action, proof.resource, proof.context)
        return simulate(request, Documents(case.key_policy, identity, boundary), crossing) is Answer.ALLOWED

    def outcomes(self) -> Iterator[Outcome]:
        for reached in self.reached.values():
            if reached.disagreement:
                yield self.undecided(reached, Claim(DISAGREEMENT, self.facts(reached, reached.principals)), ())
            elif reached.witnesses:
                yield self.violated(reached)
            if set(reached.loose_keys) - set(reached.keys):
                facts = self.facts(reached, reached.loose_principals)
                yield self.undecided(reached, Claim("may_be_granted", facts), tuple(reached.needs))

    def violated(self, reached: _Reached) -> Violated:
        live = [proof for proof in reached.witnesses if proof.inert is None]
        witnesses = tuple(live + [proof for proof in reached.witnesses if proof.inert is not None])
        facts = self.facts(reached, reached.principals)
        cause = "granted" if live else "granted_inert"
        if not live:
            facts["why"] = str(witnesses[0].inert)
        return Violated(
            address=self.document.address,
            keys=tuple(reached.keys),
            claim=Claim(cause, facts),
            witnesses=witnesses,
            evidence=self.evidence(reached),
            principals=tuple(reached.principals),
            inert=not live,
        )

    def undecided(self, reached: _Reached, claim: Claim, needs: tuple[Hole, ...]) -> Undecided:
        return Undecided(
            address=self.document.address,
            keys=tuple(reached.loose_keys or reached.keys),
            claim=claim,
            needs=needs,
            evidence=self.evidence(reached),
            principals=tuple(reached.loose_principals or reached.principals),
        )

    def facts(self, reached: _Reached, principals: dict[Text, None]) -> dict[str, str]:
        return {
            "who": _who(tuple(principals)),
            "action": f"kms:{reached.action.name}",
            "statement": self.document.label(reached.statement),
        }

    def evidence(self, reached: _Reached) -> tuple[Evidence, ...]:
        return tuple(self.document.evidence(own) for own in (reached.statement, *reached.support.values()))


def _foreign(case: Case) -> bool:
    account, own = case.caller.account, case.target.account
    return bool(account) and isinstance(own, str) and account != own


_WHO_LIMIT = 3


def _who(principals: tuple[Text, ...]) -> str:
    shown = ["everyone" if principal == "*" else str(principal) for principal in principals]
    more = f" and {len(shown) - _WHO_LIMIT} more" if len(shown) > _WHO_LIMIT else ""
    return ", ".join(shown[:_WHO_LIMIT]) + more
