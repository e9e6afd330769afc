"""Only authorized principals, or none, may do the actions of the rule: by the key policy, or through IAM.

Each document is judged by itself, statement by statement: a key policy for what it grants directly, an identity
document for what it grants where key policies delegate to IAM.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from tfkms.checks.authorized import Authorized
from tfkms.checks.holders import HeldDocument
from tfkms.checks.parties import (
    FOREIGN,
    Party,
    inert_on,
    parties,
    with_stand_in,
    witness,
)
from tfkms.checks.proof import confirmed
from tfkms.checks.question import DISAGREEMENT, KeyPolicySubject, Question, Subject
from tfkms.checks.wording import keys_in_words, listed, who
from tfkms.documents import Document, Kind
from tfkms.extract import Key
from tfkms.finding import Claim, Evidence, Outcome, Passed, Undecided, Violated, Witness
from tfkms.iam import callers
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import CallerKind
from tfkms.iam.case import Case, Granted
from tfkms.iam.coverage import any_may_allow, may_allow
from tfkms.iam.document import AnyStatement
from tfkms.iam.grants import EVERYTHING, Bundle
from tfkms.iam.key_values import Reading
from tfkms.iam.naming import Way
from tfkms.values import Hole, Text

_DIRECTLY = frozenset({Way.DIRECT, Way.ROLE})
_THROUGH_IAM = frozenset({Way.ACCOUNT})


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rules of this kind differ in: the actions that are for authorized principals only."""

    actions: Annotated[list[Annotated[str, Meta(pattern="^kms:[A-Za-z]+$")]], Meta(min_length=1)]


def subjects(question: Question) -> Sequence[Subject]:
    """Every policy of every key, and every identity document."""
    return question.every_policy()


def judge(subject: Subject, question: Question) -> Iterator[Outcome]:
    """A finding for each statement that grants; without one, whether identity policies could."""
    actions = [question.actions[name.partition(":")[2]] for name in question.parameters["actions"]]
    tally = _Tally(subject.address, subject.document, question)
    keys = (subject.key.address,) if isinstance(subject, KeyPolicySubject) else ()
    match subject:
        case KeyPolicySubject():
            for action in actions:
                _ask_key_policy(subject, action, question, tally)
            in_plan = any(_delegates(subject, action, question) for action in actions)
        case HeldDocument():
            for action in actions:
                _ask_held(subject, action, question, tally)
            in_plan = False
        case _:
            assert_never(subject)
    yield from tally.outcomes()
    yield Passed(subject.address, keys, in_plan)


def excusing(question: Question, principals: Authorized) -> Question:
    """The question in which the principals are authorized as well."""
    return replace(question, authorized=question.authorized | principals)


def _ask_key_policy(subject: KeyPolicySubject, action: KmsAction, question: Question, tally: "_Tally") -> None:
    key, policy = subject.key, subject.document.policy
    asked, dead = question.target(key), inert_on(key, action)
    for statement in policy:
        if not may_allow(statement, action.name):
            continue
        live = False
        for party in parties(statement, key.resource.account, action):
            barred = question.authorized.barring(party.caller, key.resource.account.id)
            if barred is None or (live and party.inert == FOREIGN and party.caller.name is None):
                continue
            caller, bundle = question.known(party.caller, key.resource.account)
            case = Case(with_stand_in(policy, party), bundle, caller, asked, action, barred, _DIRECTLY)
            live = tally.ask(case, [statement], replace(party, caller=caller), key, party.inert or dead) or live


def _ask_held(subject: HeldDocument, action: KmsAction, question: Question, tally: "_Tally") -> None:
    """Asks what the document gives each of its holders, on every key of its account and on any other."""
    if not any_may_allow(subject.document.policy, action.name):
        return
    for holder in subject.holders:
        barred = holder.barring(question.authorized)
        if barred is None:
            continue
        party = Party(holder.caller, holder.shown)
        account = holder.identity.account
        for key in question.estate.keys:
            if key.resource.account.id != account.id:
                continue
            dead = inert_on(key, action)
            for document in key.documents:
                case = Case(
                    document.policy, holder.bundle, holder.caller, question.target(key), action, barred, _THROUGH_IAM
                )
                tally.ask(case, subject.document.policy, party, key, dead)
        case = Case(
            question.default_policy(account),
            holder.bundle,
            holder.caller,
            callers.other_key(account.id, account.partition),
            action,
            (*barred, question.elsewhere()),
            _THROUGH_IAM,
        )
        tally.ask(case, subject.document.policy, party, None, None)


def _delegates(subject: KeyPolicySubject, action: KmsAction, question: Question) -> bool:
    """Whether an identity policy that is not in view could give an unauthorized principal the action."""
    account = subject.key.resource.account
    guards = question.guards(account)
    for kind in (CallerKind.ROLE, CallerKind.USER):
        caller = callers.anyone(kind, account.id, account.partition)
        barred = question.authorized.barring(caller, account.id) or ()
        case = Case(
            subject.document.policy,
            Bundle(identity=(EVERYTHING,), guards=guards),
            caller,
            question.target(subject.key),
            action,
            barred,
            _THROUGH_IAM,
        )
        if case.granted(Reading.LOOSE):
            return True
    return False


class _Reached(Struct):
    """What one statement reaches."""

    statement: AnyStatement
    actions: dict[str, None] = field(default_factory=dict)
    principals: dict[Text, None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    witnesses: list[Witness] = field(default_factory=list)
    support: dict[int, AnyStatement] = field(default_factory=dict)
    loose_actions: dict[str, None] = field(default_factory=dict)
    loose_principals: dict[Text, None] = field(default_factory=dict)
    loose_keys: dict[str, None] = field(default_factory=dict)
    needs: dict[Hole, None] = field(default_factory=dict)
    disagreement: bool = False
    elsewhere: bool = False
    loose_elsewhere: bool = False


class _Whom(Struct, frozen=True):
    """Whom a finding is about, and on which keys."""

    principals: tuple[Text, ...]
    keys: tuple[str, ...]
    elsewhere: bool


class _Tally(Struct):
    """Gathers what the statements of one document grant, statement by statement; `address` is where it is reported."""

    address: str
    document: Document
    question: Question
    reached: dict[int, _Reached] = field(default_factory=dict)

    def ask(
        self, case: Case, statements: Iterable[AnyStatement], party: Party, key: Key | None, inert: str | None
    ) -> bool:
        """Counts the case for those of its grants that are by one of the statements; whether KMS would honour any.

        `key` is None for a key outside the plan.
        """
        own = {id(statement): statement for statement in statements if may_allow(statement, case.action.name)}
        if party.stands_in is not None:
            own = {id(party.stands_in): statement for statement in own.values()}
        sure = {id(g.grant.statement): g for g in case.granted(Reading.STRICT, own)}
        for place, granted in sure.items():
            proof = witness(case, granted.solution, inert)
            reached = self.of(own[place])
            reached.actions[f"kms:{case.action.name}"] = None
            reached.disagreement = reached.disagreement or not confirmed(case, proof, self.question)
            self.count(reached, granted, party, key, proof)
        if len(sure) < len(own):
            for granted in case.granted(Reading.LOOSE, own.keys() - sure):
                reached = self.of(own[id(granted.grant.statement)])
                reached.loose_actions[f"kms:{case.action.name}"] = None
                self.may(reached, party, key, granted)
        return bool(sure) and inert is None

    @staticmethod
    def count(reached: _Reached, granted: Granted, party: Party, key: Key | None, proof: Witness) -> None:
        reached.principals[party.shown] = None
        if key is None:
            reached.elsewhere = True
        else:
            reached.keys[key.address] = None
        shown = proof if party.inert in (None, FOREIGN) else replace(proof, principal=party.shown)
        reached.witnesses.append(shown)
        reached.support |= {id(own): own for own in granted.grant.support}

    @staticmethod
    def may(reached: _Reached, party: Party, key: Key | None, granted: Granted) -> None:
        reached.loose_principals[party.shown] = None
        if key is None:
            reached.loose_elsewhere = True
        else:
            reached.loose_keys[key.address] = None
        reached.needs |= dict.fromkeys(sorted(granted.solution.holes, key=repr))

    def of(self, statement: AnyStatement) -> _Reached:
        return self.reached.setdefault(id(statement), _Reached(statement))

    def outcomes(self) -> Iterator[Outcome]:
        for reached in self.reached.values():
            if reached.disagreement:
                sure = _Whom(tuple(reached.principals), tuple(reached.keys), reached.elsewhere)
                yield self.undecided(reached, DISAGREEMENT, (), sure)
            elif reached.witnesses:
                yield self.violated(reached)
            keys = tuple(key for key in reached.loose_keys if key not in reached.keys)
            elsewhere = reached.loose_elsewhere and not reached.elsewhere and not reached.keys
            if keys or elsewhere:
                loose = _Whom(tuple(reached.loose_principals), keys, elsewhere)
                yield self.undecided(reached, "may_be_granted", tuple(reached.needs), loose)

    def violated(self, reached: _Reached) -> Violated:
        live = [proof for proof in reached.witnesses if proof.inert is None]
        by_key: dict[Text, Witness] = {}
        for proof in (*live, *(proof for proof in reached.witnesses if proof.inert is not None)):
            by_key.setdefault(proof.resource, proof)
        witnesses = tuple(by_key.values())[:WITNESS_LIMIT]
        facts = self.facts(reached, _Whom(tuple(reached.principals), tuple(reached.keys), reached.elsewhere))
        cause = "granted" if live else "granted_inert"
        if live and self.document.aws_managed is not None:
            cause = "granted_by_aws_managed"
        if not live:
            facts["why"] = str(witnesses[0].inert)
        return Violated(
            address=self.address,
            keys=tuple(reached.keys),
            claim=Claim(cause, facts),
            witnesses=witnesses,
            evidence=self.evidence(reached),
            principals=tuple(reached.principals),
            other_keys=reached.elsewhere,
            inert=not live,
        )

    def undecided(self, reached: _Reached, cause: str, needs: tuple[Hole, ...], whom: "_Whom") -> Undecided:
        return Undecided(
            address=self.address,
            keys=whom.keys,
            claim=Claim(cause, self.facts(reached, whom)),
            needs=needs,
            evidence=self.evidence(reached),
            principals=whom.principals,
            other_keys=whom.elsewhere,
        )

    def facts(self, reached: _Reached, whom: "_Whom") -> dict[str, str]:
        """What the texts of a finding name; `where` is empty for a key's own policy."""
        where = "" if self.document.kind is Kind.KEY_POLICY else f" on {keys_in_words(whom.keys, whom.elsewhere)}"
        return {
            "who": who(whom.principals),
            "action": listed(tuple(reached.actions or reached.loose_actions)),
            "statement": self.document.label(reached.statement),
            "where": where,
        }

    def evidence(self, reached: _Reached) -> tuple[Evidence, ...]:
        """The statement, and those of key policies that it rests on, each as its own document may show it."""
        support = [own for own in reached.support.values() if own.origin.address]
        rests_on = (self.question.homes.get(id(own), self.document).evidence(own) for own in support)
        return (self.document.evidence(reached.statement), *rests_on)


WITNESS_LIMIT = 20
"""How many witnesses a finding carries, one for each key."""
