"""Principals that use a key directly beside the services that use it: named by a key policy, or through IAM."""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.checks.allowed import AllowedRequest, allowed_requests, in_place, narrowed
from tfkms.checks.confinement import GRANT_SCOPE, beside_named_services
from tfkms.checks.direct_users import direct_users
from tfkms.checks.holders import HeldDocument, Holder
from tfkms.checks.parties import witness
from tfkms.checks.proof import confirmed
from tfkms.checks.question import DISAGREEMENT, Question
from tfkms.checks.spared import beside_services
from tfkms.checks.stance import CountsAs
from tfkms.checks.wording import keys_in_words, who
from tfkms.documents import Document
from tfkms.extract import Key
from tfkms.finding import Claim, Outcome, Passed, Remarked, Undecided, Violated, Witness
from tfkms.iam.actions import KmsAction
from tfkms.iam.case import Case
from tfkms.iam.coverage import with_effect
from tfkms.iam.document import AnyStatement, Effect, Statement
from tfkms.iam.naming import Way
from tfkms.values import Hole, Text

_THROUGH_IAM = frozenset({Way.ACCOUNT})


class DirectUse(Struct):
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

    def count(self, request: AllowedRequest, shown: Text, key: Key) -> None:
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
        """What the texts of a note or a finding name."""
        return {
            "who": "a principal" if self.document.sensitive else who(tuple(self.principals)),
            "key": "the key" if self.address in self.keys else keys_in_words(tuple(self.keys), False),
            "statement": self.document.label(self.statement),
            "action": next(iter(self.actions)),
        }


def first_direct(requests: Iterator[AllowedRequest]) -> AllowedRequest | None:
    """The first that does not make a grant for a service on somebody's behalf."""
    return next((own for own in requests if dict(own.solution.context).get(GRANT_SCOPE) != ("true",)), None)


def held(subject: HeldDocument, actions: Sequence[KmsAction], question: Question) -> Iterator[Outcome]:
    """What an identity document lets its holders do with the keys that services use in this plan."""
    for statement in with_effect(subject.document.policy, Effect.ALLOW):
        beside = beside_named_services(statement) if isinstance(statement, Statement) else statement
        if beside is None:
            continue
        use = DirectUse(subject.document, subject.address, statement, question)
        for holder in subject.holders:
            for key in question.estate.keys:
                request = first_direct(_requests(holder, key, statement, beside, actions=actions, question=question))
                if request is not None:
                    use.count(request, holder.shown, key)
        yield from use.outcomes()
    yield Passed(subject.address, ())


def _requests(
    holder: Holder,
    key: Key,
    statement: AnyStatement,
    beside: AnyStatement,
    *,
    actions: Sequence[KmsAction],
    question: Question,
) -> Iterator[AllowedRequest]:
    """Requests for the key that `beside`, in place of the statement, allows the holder through no named service."""
    account = key.resource.account
    uses = question.uses.get(key.address, ())
    if not uses or account.id != holder.identity.account.id:
        return
    users = direct_users(question.scan, question.estate.moment, uses, question.stance.service_access)
    barred = users.barring(holder.caller, account.id)
    if holder.barring(users.listed) is None or barred is None:
        return
    guards = [guard.policy for guard in holder.bundle.guards]
    cases: list[tuple[Case, AnyStatement]] = []
    for own in key.documents:
        asked = beside
        if isinstance(beside, Statement):
            every = (own.policy, *holder.bundle.identity, *holder.bundle.boundaries, *guards)
            asked = narrowed(beside, *beside_services(every))
        identity = tuple(in_place(policy, statement, asked) for policy in holder.bundle.identity)
        bundle = replace(holder.bundle, identity=identity)
        case = Case(own.policy, bundle, holder.caller, question.target(key), actions[0], barred, _THROUGH_IAM)
        cases.append((case, asked))
    yield from allowed_requests(cases, actions)
