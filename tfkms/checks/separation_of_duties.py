"""No principal both administers a key and uses it: over the key policy and identity documents together.

What the key policy itself grants on one side at least is judged with the key policy; what identity documents grant on
both sides, with the document that makes the administrator.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import assert_never

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.checks.allowed import narrowed
from tfkms.checks.authorized import Authorized
from tfkms.checks.confinement import in_doubt, is_for_everyone, is_plumbing
from tfkms.checks.holders import HeldDocument
from tfkms.checks.pairs import Duties, Pair, Side, pairs
from tfkms.checks.parties import Party, parties, with_stand_in, witness
from tfkms.checks.proof import confirmed
from tfkms.checks.question import DISAGREEMENT, KeyPolicySubject, Question, Subject
from tfkms.checks.spared import beside_contexts, beside_services
from tfkms.checks.wording import keys_in_words, who
from tfkms.documents import Document
from tfkms.extract import Key
from tfkms.finding import Claim, Evidence, Outcome, Passed, Remarked, Undecided, Violated, Witness
from tfkms.iam import callers
from tfkms.iam.actions import ActionClass
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.case import Case
from tfkms.iam.coverage import covering, with_effect
from tfkms.iam.document import AnyStatement, Condition, Effect, Policy, Principals, Statement
from tfkms.iam.grants import EVERYTHING, Bundle, Conjunction, reaching, spelled_out
from tfkms.iam.key_values import Reading
from tfkms.iam.naming import Way
from tfkms.iam.principals import EVERYONE
from tfkms.values import Text

_FOR_A_SERVICE = frozenset({"kms:grantisforawsresource"})
_TELLING = frozenset({"PutKeyPolicy", "ScheduleKeyDeletion", "Decrypt", "GenerateDataKey", "Sign"})
"""The actions that say most as an example; they are asked for first."""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rules of this kind differ in: the two classes of actions that nobody shall have both of."""

    admin: ActionClass
    crypto: ActionClass


def subjects(question: Question) -> Sequence[Subject]:
    """Every policy of every key, and every identity document."""
    return question.every_policy()


def judge(subject: Subject, question: Question) -> Iterator[Outcome]:
    """A finding for each statement that makes an administrator of somebody who may also use the key."""
    judged = _Judge(subject.address, subject.document, question)
    match subject:
        case KeyPolicySubject(key):
            keys: tuple[str, ...] = (key.address,)
            judged.ask_key_policy(key)
            in_plan = judged.could_be_given_both(key)
        case HeldDocument():
            keys = ()
            judged.ask_held(subject)
            in_plan = judged.could_be_given_use(subject)
        case _:
            assert_never(subject)
    yield from judged.outcomes()
    yield Passed(subject.address, keys, in_plan)


def excusing(question: Question, principals: Authorized) -> Question:
    """The question in which the principals are exempt as well."""
    exempt = question.stance.duties_exempt | principals
    return replace(question, stance=replace(question.stance, duties_exempt=exempt))


class _Found(Struct):
    """What one statement that makes administrators is found guilty of."""

    pair: Pair
    inert: str | None
    principals: dict[Text, None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    elsewhere: bool = False


class _Judge:
    def __init__(self, address: str, document: Document, question: Question):
        by_name = sorted(question.actions.values(), key=lambda action: (action.name not in _TELLING, action.name))
        admin, crypto = ActionClass(question.parameters["admin"]), ActionClass(question.parameters["crypto"])
        self.duties = Duties(
            tuple(action for action in by_name if action.action_class is admin),
            tuple(action for action in by_name if action.action_class is crypto),
        )
        self.address, self.document, self.question = address, document, question
        self.exempt = question.stance.duties_exempt
        self.sure: dict[int, _Found] = {}
        self.maybe: dict[int, _Found] = {}
        self.remarks: dict[tuple[str, str], Outcome] = {}
        self.homes = {id(statement): document for statement in document.policy}

    def ask_key_policy(self, key: Key) -> None:
        """Asks about everybody whom the policy names or an identity document in view belongs to."""
        policy = self.with_grants(self.document.policy, key)
        target = self.question.target(key)
        for party, bundle, barred in self.people(policy, key):
            asked = with_stand_in(policy, party)
            case = self.case(asked, bundle, party.caller, target, barred)
            if not self.count(case, party, key, _of_everyone if party.shown == EVERYONE else _direct):
                self.remark(case, party)

    def with_grants(self, policy: Policy, key: Key) -> Policy:
        """The key policy as far as it counts here, and the grants on the key."""
        account = key.resource.account
        denying = (policy, *(guard.policy for guard in self.question.guards(account)))
        beside = (*beside_services(denying), *beside_contexts(denying))
        kept, grants = _without_plumbing(policy, account.id, beside), self.question.granted_on(key)
        return replace(kept, statements=(*kept.statements, *grants)) if grants else kept

    def case(
        self, policy: Policy, bundle: Bundle, caller: Caller, target: Target, barred: tuple[Conjunction, ...]
    ) -> Case:
        """The case to ask about; its action is whatever is asked for."""
        return Case(policy, bundle, caller, target, self.duties.admin[0], barred)

    def people(self, policy: Policy, key: Key) -> Iterator[tuple[Party, Bundle, tuple[Conjunction, ...]]]:
        """Whom to ask about, with the documents that bear on each and what keeps it apart from those exempt."""
        account = key.resource.account
        seen: set[tuple[str, str, str, CallerKind]] = set()
        asked: set[tuple[CallerKind, int]] = set()
        for statement in with_effect(policy, Effect.ALLOW):
            for party in parties(statement, account, self.duties.admin[0]):
                caller, bundle = self.question.known(party.caller, account)
                identity = (str(party.shown), str(caller.name), str(caller.account), caller.kind)
                barred = self.exempt.barring(caller, account.id)
                if caller.name is not None:
                    asked.add((caller.kind, id(bundle)))
                if identity not in seen and barred is not None:
                    seen.add(identity)
                    yield replace(party, caller=caller), bundle, barred
        for holder in self.question.near(policy):
            identity = (str(holder.shown), str(holder.caller.name), str(holder.caller.account), holder.caller.kind)
            by_name = (holder.caller.kind, id(holder.bundle)) in asked and holder.caller.name is None
            if holder.identity.account.id != account.id or identity in seen or by_name:
                continue
            if not _reaches(policy, holder.caller):
                continue
            barred = holder.barring(self.exempt)
            if barred is not None:
                seen.add(identity)
                yield Party(holder.caller, holder.shown), holder.bundle, barred

    def ask_held(self, subject: HeldDocument) -> None:
        """Asks what the document makes of each of its holders, on every key of its account and on any other."""
        own = self.administrating(subject.document.policy)
        if not own:
            return

        def mine(pair: Pair) -> bool:
            return not pair.admin.direct and not pair.crypto.direct

        for holder in subject.holders:
            barred = holder.barring(self.exempt)
            if barred is None:
                continue
            party, account = Party(holder.caller, holder.shown), holder.identity.account
            for key in self.question.estate.keys:
                if key.resource.account.id == account.id:
                    for document in key.documents:
                        policy = self.with_grants(document.policy, key)
                        self.homes |= {id(statement): document for statement in policy}
                        case = self.case(policy, holder.bundle, holder.caller, self.question.target(key), barred)
                        if not self.count(case, party, key, mine, own):
                            self.remark(case, party)
            elsewhere = callers.other_key(account.id, account.partition)
            apart = (*barred, self.question.elsewhere())
            case = self.case(self.question.default_policy(account), holder.bundle, holder.caller, elsewhere, apart)
            self.count(case, party, None, mine, own)

    def count(
        self,
        case: Case,
        party: Party,
        key: Key | None,
        counts: Callable[[Pair], bool],
        by: Collection[int] | None = None,
    ) -> bool:
        """Counts the pairs of the caller that are this document's to answer for; whether there are any.

        `by` are the ids of its statements that may make an administrator, None for all of the case.
        """
        # Of most keys nobody may have both: that is known soonest by the reading that finds more.
        if not any(pairs(self.duties, case, Reading.LOOSE, counts, by)):
            return False
        for reading, found in ((Reading.STRICT, self.sure), (Reading.LOOSE, self.maybe)):
            here = list(pairs(self.duties, case, reading, counts, by))
            for pair in here:
                entry = found.setdefault(id(pair.admin.statement), _Found(pair, party.inert))
                entry.principals[party.shown] = None
                if key is None:
                    entry.elsewhere = True
                else:
                    entry.keys[key.address] = None
            if here:
                return True
        return False

    def could_be_given_both(self, key: Key) -> bool:
        """Whether identity policies that are not in view could give one principal both."""
        account, policy = key.resource.account, self.with_grants(self.document.policy, key)
        guards = self.question.guards(account)
        anyone = [callers.anyone(kind, account.id, account.partition) for kind in (CallerKind.ROLE, CallerKind.USER)]
        people = [(caller, self.exempt.barring(caller, account.id) or ()) for caller in anyone]
        people += [(party.caller, barred) for party, _, barred in self.people(policy, key) if party.inert is None]
        target = self.question.target(key)
        bundle = Bundle(identity=(EVERYTHING,), guards=guards)
        return any(
            any(pairs(self.duties, self.case(policy, bundle, caller, target, barred), Reading.LOOSE, lambda _: True))
            for caller, barred in people
            if caller.is_person
        )

    def could_be_given_use(self, subject: HeldDocument) -> bool:
        """Whether identity policies that are not in view could let somebody whom the document makes an administrator
        use a key of its account too."""
        own = self.administrating(subject.document.policy)
        for holder in subject.holders if own else ():
            barred = holder.barring(self.exempt)
            if barred is None:
                continue
            bundle = replace(holder.bundle, identity=(*holder.bundle.identity, EVERYTHING))
            account = holder.identity.account
            targets = [
                (self.with_grants(document.policy, key), self.question.target(key), barred)
                for key in self.question.estate.keys
                if key.resource.account.id == account.id
                for document in key.documents
            ]
            apart = (*barred, self.question.elsewhere())
            other = callers.other_key(account.id, account.partition)
            for policy, target, clauses in (*targets, (self.question.default_policy(account), other, apart)):
                case = self.case(policy, bundle, holder.caller, target, clauses)
                if any(pairs(self.duties, case, Reading.LOOSE, lambda _: True, own)):
                    return True
        return False

    def administrating(self, policy: Policy) -> frozenset[int]:
        """The ids of the statements that may make an administrator of somebody."""
        names = tuple(action.name for action in self.duties.admin)
        return frozenset(id(own) for own in with_effect(policy, Effect.ALLOW) if covering(own, names))

    def remark(self, asked: Case, party: Party) -> None:
        """That an administrator who may make grants can give itself the use of the key."""
        if party.inert is not None:
            return
        by_name = party.shown == EVERYONE  # whom a statement spells out is asked about by name
        case = replace(asked, action=self.question.actions["CreateGrant"], without=_FOR_A_SERVICE)
        # A grant passes on no more than its own operations (AWS KMS Developer Guide, grants).
        grants = self.question.grants
        making = [own for own in case.granted(Reading.STRICT) if id(own.grant.statement) not in grants]
        granted_by = [own for own in making if not (by_name and _spells_out(own.grant.statement))]
        administering = (own for case in asked.about(self.duties.admin) for own in case.granted(Reading.STRICT))
        if not granted_by or all(by_name and _spells_out(own.grant.statement) for own in administering):
            return
        for granted in granted_by[:1]:
            shown = "a principal" if self.document.sensitive else who((party.shown,))
            statement = self.label(granted.grant.statement)
            claim = Claim("can_grant_itself", {"who": shown, "statement": statement})
            self.remarks[shown, statement] = Remarked(self.address, claim)

    def outcomes(self) -> Iterator[Outcome]:
        yield from self.remarks.values()
        yield from map(self.violated, self.sure.values())
        for place, found in self.maybe.items():
            sure = self.sure.get(place)
            if sure is None:
                yield self.undecided(found, "may_have_both")
            elif rest := {key: None for key in found.keys if key not in sure.keys}:
                yield self.undecided(replace(found, keys=rest, elsewhere=False), "may_have_both")

    def violated(self, found: _Found) -> Outcome:
        pair = found.pair
        proofs = (self.proof(pair.admin, found.inert), self.proof(pair.crypto, None))
        sides = zip((pair.admin, pair.crypto), proofs, strict=True)
        if not all(confirmed(side.case, proof, self.question) for side, proof in sides):
            return self.undecided(found, DISAGREEMENT)
        return Violated(
            address=self.address,
            keys=tuple(found.keys),
            claim=Claim("both" if found.inert is None else "both_inert", self.facts(found)),
            witnesses=proofs,
            evidence=self.evidence(pair),
            principals=tuple(found.principals),
            other_keys=found.elsewhere,
            inert=found.inert is not None,
        )

    def proof(self, side: Side, inert: str | None) -> Witness:
        case = side.case
        return witness(case, side.granted.solution, inert)

    def undecided(self, found: _Found, cause: str) -> Outcome:
        pair = found.pair
        holes = pair.admin.granted.solution.holes | pair.crypto.granted.solution.holes
        return Undecided(
            address=self.address,
            keys=tuple(found.keys),
            claim=Claim(cause, self.facts(found)),
            needs=tuple(sorted(holes, key=repr)),
            evidence=self.evidence(pair),
            principals=tuple(found.principals),
            other_keys=found.elsewhere,
        )

    def facts(self, found: _Found) -> dict[str, str]:
        pair = found.pair
        return {
            "who": who(tuple(found.principals)),
            "key": "the key" if self.address in found.keys else keys_in_words(tuple(found.keys), found.elsewhere),
            "how": self.how(pair),
            "admin": f"kms:{pair.admin.case.action.name}",
            "crypto": f"kms:{pair.crypto.case.action.name}",
            "admin_statement": self.label(pair.admin.statement),
            "crypto_statement": self.label(pair.crypto.statement),
            "why": found.inert or "",
        }

    def how(self, pair: Pair) -> str:
        """The two requests, each with what grants it."""
        admin, crypto = (f"kms:{side.case.action.name}" for side in (pair.admin, pair.crypto))
        one, other = self.label(pair.admin.statement), self.label(pair.crypto.statement)
        if one == other:
            return f"{admin} and {crypto} through {one}"
        return f"{admin} through {one}, {crypto} through {other}"

    def label(self, statement: AnyStatement) -> str:
        home = self.home(statement)
        place = statement.origin.address
        if id(statement) in self.question.grants:
            return f"the grant {place}"
        elsewhere = home.aws_managed is None and place not in ("", self.address)
        return f"{home.label(statement)} of {place}" if elsewhere else home.label(statement)

    def evidence(self, pair: Pair) -> tuple[Evidence, ...]:
        statements: dict[int, AnyStatement] = {}
        for side in (pair.admin, pair.crypto):
            for statement in (side.statement, *side.granted.grant.support):
                if statement.origin.address:  # the default policy of keys outside the plan stands nowhere
                    statements[id(statement)] = statement
        return tuple(self.home(own).evidence(own) for own in statements.values())

    def home(self, statement: AnyStatement) -> Document:
        """The document that the statement stands in."""
        return self.homes.get(id(statement)) or self.question.homes.get(id(statement), self.document)


def _direct(pair: Pair) -> bool:
    """Whether the key policy itself grants a side."""
    return pair.admin.direct or pair.crypto.direct


def _of_everyone(pair: Pair) -> bool:
    """Whether the pair is of nobody whom the key policy spells out, and who is asked about by name."""
    sides = (pair.admin, pair.crypto)
    return _direct(pair) and not any(side.direct and _spells_out(side.statement) for side in sides)


def _spells_out(statement: AnyStatement) -> bool:
    return isinstance(statement, Statement) and spelled_out(statement) is not None


def _reaches(policy: Policy, caller: Caller) -> bool:
    """Whether the policy itself may allow the caller anything, the delegation to its account aside."""
    return any(naming.way is not Way.ACCOUNT for _, namings in reaching(policy, caller) for naming in namings)


@lru_cache(maxsize=16_384)
def _without_plumbing(policy: Policy, account: Text, beside: tuple[Condition, ...]) -> Policy:
    """The policy without the Allows for everyone that a service confines: they count on neither side.

    `beside` are the conditions of requests that no Deny confines to a service; where it is not known whether an Allow
    is confined, it holds only perhaps.
    """
    kept = tuple(counted for own in policy if (counted := _beside_plumbing(own, account, beside)) is not None)
    return policy if kept == policy.statements else replace(policy, statements=kept)


def _beside_plumbing(statement: AnyStatement, account: Text, beside: tuple[Condition, ...]) -> AnyStatement | None:
    if not isinstance(statement, Statement) or not isinstance(statement.principals, Principals):
        return statement
    confined = is_plumbing(statement, account)
    if confined.certain:
        return None
    to_all, counted = is_for_everyone(statement, account), in_doubt(statement, confined)
    if to_all.certain:
        return narrowed(counted, *beside)
    return in_doubt(counted, to_all) if beside else counted
