"""No principal both administers a key and uses it: over the key policy, identity documents and grants together.

For a caller that is known the two requests are independent. For "anyone" they are one question: the same principal must
make both, whatever else differs between the requests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tfkms.checks import BEYOND_LIMITS, DISAGREEMENT, Question
from tfkms.checks.parties import Party, parties, target, witness
from tfkms.checks.via_service import is_plumbing
from tfkms.extract import Document, Key
from tfkms.finding import Claim, Evidence, Outcome, Passed, Remarked, Undecided, Violated, Witness
from tfkms.iam import callers
from tfkms.iam.access import KeyState, Reading, Solution, solve
from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.conditions import Atom, Literal
from tfkms.iam.document import AnyStatement, Effect, Policy, Statement
from tfkms.iam.grants import EVERYTHING, Bundle, Case, Grant, may_be
from tfkms.iam.naming import PRINCIPAL_ARN
from tfkms.iam.pattern import BeyondLimitsError, Pattern
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.values import Text

_SECOND = "second|"
_SHARED = (PRINCIPAL_ARN, callers.RESOURCE, "aws:username", "aws:principaltag/", "aws:userid", "aws:principalorg")
"""Beginnings of the condition keys that two requests of one principal share."""


_TELLING = frozenset({"PutKeyPolicy", "ScheduleKeyDeletion", "Decrypt", "GenerateDataKey", "Sign"})
"""The actions that say most as an example; they are asked for first."""


@dataclass(frozen=True, slots=True)
class KeyPolicySubject:
    """One policy that a key may have."""

    key: Key
    document: Document

    @property
    def address(self) -> str:
        """The resource that holds the policy."""
        return self.document.address


def subjects(question: Question) -> Sequence[KeyPolicySubject]:
    """Every policy of every key."""
    return [KeyPolicySubject(key, document) for key in question.estate.keys for document in key.documents]


def judge(subject: KeyPolicySubject, question: Question) -> Iterator[Outcome]:
    """A finding for each statement that lets a principal administer a key which it may also use."""
    try:
        outcomes = list(_Judge(subject, question).outcomes())
    except BeyondLimitsError:
        yield Undecided(subject.address, (subject.key.address,), Claim(BEYOND_LIMITS), (), ())
        return
    yield from outcomes


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two requests: the grant that allows it."""

    case: Case
    grant: Grant
    solution: Solution


@dataclass(slots=True)
class _Pair:
    """What one admin statement is found guilty of: the principals that it makes administrators, and use besides."""

    admin: _Side
    crypto: _Side
    inert: str | None
    principals: dict[Text, None] = field(default_factory=dict)


class _Judge:
    def __init__(self, subject: KeyPolicySubject, question: Question):
        admin = ActionClass(question.parameters["admin"])
        crypto = ActionClass(question.parameters["crypto"])
        self.actions = question.actions
        by_name = sorted(question.actions.values(), key=lambda action: (action.name not in _TELLING, action.name))
        self.admin = [action for action in by_name if action.action_class is admin]
        self.crypto = [action for action in by_name if action.action_class is crypto]
        self.key, self.document = subject.key, subject.document
        self.question = question
        self.asked: Target = target(self.key)
        self.policy = _without_plumbing(self.document.policy)

    def outcomes(self) -> Iterator[Outcome]:
        sure: dict[int, _Pair] = {}
        maybe: dict[int, _Pair] = {}
        for party in self.people():
            policy = self.with_stand_in(party)
            pair = self.pair(party, policy, Reading.STRICT)
            if pair is not None:
                found = sure.setdefault(id(pair.admin.grant.statement), pair)
                found.principals[party.shown] = None
            elif (loose := self.pair(party, policy, Reading.LOOSE)) is not None:
                found = maybe.setdefault(id(loose.admin.grant.statement), loose)
                found.principals[party.shown] = None
            else:
                yield from self.remark(party, policy)
        yield from map(self.violated, sure.values())
        for key, pair in maybe.items():
            if key not in sure:
                yield self.undecided(pair, "may_have_both")
        yield Passed(self.document.address, (self.key.address,), self.could_be_given_both())

    def people(self) -> Iterator[Party]:
        """Whom the Allows of the policy are about, each once."""
        seen: set[tuple[str, str, str, CallerKind]] = set()
        for statement in self.policy:
            if not may_be(statement, Effect.ALLOW):
                continue
            for party in parties(statement, self.key.resource.account, self.admin[0]):
                identity = (str(party.shown), str(party.caller.name), str(party.caller.account), party.caller.kind)
                if identity not in seen:
                    seen.add(identity)
                    yield party

    def with_stand_in(self, party: Party) -> Policy:
        """The policy as it would be, were a name that is nobody somebody."""
        if party.stands_in is None:
            return self.policy
        origin = party.stands_in.origin
        return replace(self.policy, statements=tuple(party.stands_in if s.origin == origin else s for s in self.policy))

    def pair(self, party: Party, policy: Policy, reading: Reading, bundle: Bundle | None = None) -> _Pair | None:
        """Two requests of the caller, one to administer the key and one to use it; None if there are none."""
        bundle = bundle or Bundle()
        admin = list(self.sides(self.admin, party.caller, policy, bundle, reading))
        if not admin:
            return None
        crypto = list(self.sides(self.crypto, party.caller, policy, bundle, reading))
        if not crypto:
            return None
        if not isinstance(party.caller.principal_arn, Pattern):
            return _Pair(admin[0], crypto[0], party.inert)
        for one in admin:
            for other in crypto:
                solved = _together(one, other, reading)
                if solved is not None:
                    return _Pair(replace(one, solution=solved[0]), replace(other, solution=solved[1]), party.inert)
        return None

    def sides(
        self, actions: Sequence[KmsAction], caller: Caller, policy: Policy, bundle: Bundle, reading: Reading
    ) -> Iterator[_Side]:
        """For each statement that grants one of the actions the first such request."""
        seen: set[int] = set()
        for action in actions:
            case = Case(policy, bundle, caller, self.asked, action)
            for granted in case.granted(reading):
                if id(granted.grant.statement) not in seen:
                    seen.add(id(granted.grant.statement))
                    yield _Side(case, granted.grant, granted.solution)

    def could_be_given_both(self) -> bool:
        """Whether identity policies that are not in view could give one principal both."""
        account = self.key.resource.account
        anyone = [callers.anyone(kind, account.id, account.partition) for kind in (CallerKind.ROLE, CallerKind.USER)]
        people = [*(Party(caller, "*") for caller in anyone), *self.people()]
        bundle = Bundle(identity=(EVERYTHING,))
        return any(
            self.pair(party, self.policy, Reading.LOOSE, bundle) is not None
            for party in people
            if party.inert is None and party.caller.kind is not CallerKind.SERVICE
        )

    def remark(self, party: Party, policy: Policy) -> Iterator[Outcome]:
        """That an administrator who may make grants can give itself the use of the key."""
        if party.inert is not None:
            return
        create_grant = self.actions["CreateGrant"]
        without = frozenset({"kms:grantisforawsresource"})
        case = Case(policy, Bundle(), party.caller, self.asked, create_grant, without=without)
        admin = next(self.sides(self.admin, party.caller, policy, Bundle(), Reading.STRICT), None)
        grants_it = case.granted(Reading.STRICT) if admin is not None else []
        if grants_it:
            statement = self.document.label(grants_it[0].grant.statement)
            facts = {"who": _shown(party.shown), "statement": statement}
            yield Remarked(self.document.address, Claim("can_grant_itself", facts))

    def violated(self, pair: _Pair) -> Outcome:
        proofs = tuple(
            witness(side.case.caller, side.solution, self.asked, side.case.action, inert)
            for side, inert in ((pair.admin, pair.inert), (pair.crypto, None))
        )
        if not all(self.confirmed(side, proof) for side, proof in zip((pair.admin, pair.crypto), proofs, strict=True)):
            return self.undecided(pair, DISAGREEMENT)
        cause = "both" if pair.inert is None else "both_inert"
        facts = {**self.facts(pair), "why": pair.inert or ""}
        return Violated(
            address=self.document.address,
            keys=(self.key.address,),
            claim=Claim(cause, facts),
            witnesses=proofs,
            evidence=self.evidence(pair),
            principals=tuple(pair.principals),
            inert=pair.inert is not None,
        )

    def confirmed(self, side: _Side, proof: Witness) -> bool:
        account = side.case.caller.account
        foreign = bool(account) and account != self.asked.account
        identity = (EVERYTHING,) if foreign else side.case.bundle.identity
        crossing = frozenset({proof.action}) if foreign else self.question.cross_account
        request = Request(proof.principal, proof.action, proof.resource, proof.context)
        return simulate(request, Documents(side.case.key_policy, identity), crossing) is Answer.ALLOWED

    def undecided(self, pair: _Pair, cause: str) -> Outcome:
        holes = pair.admin.solution.holes | pair.crypto.solution.holes
        return Undecided(
            address=self.document.address,
            keys=(self.key.address,),
            claim=Claim(cause, self.facts(pair)),
            needs=tuple(sorted(holes, key=repr)),
            evidence=self.evidence(pair),
            principals=tuple(pair.principals),
        )

    def facts(self, pair: _Pair) -> dict[str, str]:
        return {
            "who": ", ".join(map(_shown, pair.principals)),
            "admin": f"kms:{pair.admin.case.action.name}",
            "crypto": f"kms:{pair.crypto.case.action.name}",
            "admin_statement": self.document.label(pair.admin.grant.statement),
            "crypto_statement": self.document.label(pair.crypto.grant.statement),
        }

    def evidence(self, pair: _Pair) -> tuple[Evidence, ...]:
        statements: dict[int, AnyStatement] = {}
        for side in (pair.admin, pair.crypto):
            for statement in (side.grant.statement, *side.grant.support):
                statements[id(statement)] = statement
        return tuple(map(self.document.evidence, statements.values()))


def _without_plumbing(policy: Policy) -> Policy:
    """The policy without the Allows for everyone that a service confines: they count on neither side."""
    kept = (own for own in policy if not (isinstance(own, Statement) and is_plumbing(own)))
    return replace(policy, statements=tuple(kept))


def _together(one: _Side, other: _Side, reading: Reading) -> tuple[Solution, Solution] | None:
    """Both requests at once, by the same principal; each as its own solution."""

    def second(literal: Literal) -> Literal:
        shared = not isinstance(literal, Atom) or literal.key.startswith(_SHARED)
        return literal if shared or not isinstance(literal, Atom) else replace(literal, key=_SECOND + literal.key)

    first_keys, second_keys = one.case.keys(), other.case.keys()

    def keys(name: str) -> KeyState:
        return second_keys(name.removeprefix(_SECOND)) if name.startswith(_SECOND) else first_keys(name)

    def clauses(side: _Side) -> list[Sequence[Literal]]:
        return [*((literal,) for literal in side.grant.literals), *side.case.barred, *side.case.denials()]

    renamed = [tuple(map(second, clause)) for clause in clauses(other)]
    solution = solve([*clauses(one), *renamed], keys, reading)
    if solution is None:
        return None
    own = tuple(item for item in solution.context if not item[0].startswith(_SECOND))
    shared = tuple(item for item in own if item[0].startswith(_SHARED))
    theirs = tuple((name.removeprefix(_SECOND), v) for name, v in solution.context if name.startswith(_SECOND))
    return Solution(own, solution.holes), Solution((*shared, *theirs), solution.holes)


def _shown(principal: Text) -> str:
    return "anyone" if principal == "*" else str(principal)
