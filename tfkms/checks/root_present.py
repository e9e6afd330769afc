"""The root user of the key's account must be able to replace the key policy, by the key policy itself, alone."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from tfkms.checks.question import DISAGREEMENT, KeyPolicySubject, Question, key_policies
from tfkms.checks.second_opinion import Opinions
from tfkms.documents import Document
from tfkms.extract import Key
from tfkms.finding import Claim, Outcome, Passed, Undecided, Violated, Witness
from tfkms.iam.access import Absent, Keys, Known, Solution, solve
from tfkms.iam.comparisons import FALSE, passes, unsure
from tfkms.iam.conditions import Literal, NoValue
from tfkms.iam.context import MOMENTS, root_keys
from tfkms.iam.document import AnyStatement, Effect, Missing, OpaqueStatement, Principals, Statement
from tfkms.iam.key_values import Reading
from tfkms.iam.principals import RootUser, account_of, matches_root
from tfkms.iam.simulate import Answer, Documents
from tfkms.iam.statements import condition_literals, covers_action, resource_test
from tfkms.values import Hole, Text

ACTION = "kms:PutKeyPolicy"


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What rules of this kind differ in: nothing."""


def subjects(question: Question) -> Sequence[KeyPolicySubject]:
    """Every policy of every key, and every key policy whose key is not in view."""
    return [subject for key in question.estate.keys for subject in key_policies(key)]


def judge(subject: KeyPolicySubject, question: Question) -> Iterator[Outcome]:
    """Whether the root user may put another policy in the place of this one."""
    yield _Judge(subject.key, subject.document, question.opinions).outcome()


class _Match(Struct, frozen=True):
    """One statement asked about the root user's call: whom, what, which key, and when, as literals."""

    statement: AnyStatement
    principal: Literal
    action: Literal
    resource: Literal
    conditions: tuple[Literal, ...]

    @property
    def literals(self) -> tuple[Literal, ...]:
        """All that must hold for the statement to match."""
        return (self.principal, self.action, self.resource, *self.conditions)


class _Judge:
    def __init__(self, key: Key, document: Document, opinions: Opinions):
        account = key.resource.account
        self.opinions = opinions
        self.key = key
        self.document = document
        self.root = RootUser(account.id, account.partition)
        self.keys: Keys = root_keys(self.root, account.region, account.organization, key.address)
        matches = [self.match(statement) for statement in document.policy]
        self.allows = [match for match in matches if _may(match.statement, Effect.ALLOW)]
        self.denies = [match for match in matches if _may(match.statement, Effect.DENY)]

    def match(self, statement: AnyStatement) -> _Match:
        match statement:
            case OpaqueStatement(hole=hole):
                anything = unsure(hole)
                return _Match(statement, anything, anything, anything, ())
            case Statement():
                return _Match(
                    statement,
                    matches_root(statement.principals, self.root),
                    covers_action(statement.actions, ACTION),
                    self.covers_key(statement),
                    condition_literals(statement, self.variable),
                )

    def covers_key(self, statement: Statement) -> Literal:
        """Whether the statement's Resource covers the key; `*` is this key."""
        resources = statement.resources
        if isinstance(resources, Missing):
            return FALSE
        test = resource_test(resources, statement.origin, self.variable if statement.variables else None)
        covered = passes(test, self.key.arn)
        return covered.negated() if resources.negated else covered

    def variable(self, name: str) -> Text | NoValue:
        """The value of a policy variable in the root user's call."""
        match self.keys(name):
            case Known((only,)):
                return only
            case Absent():
                return NoValue.ABSENT
            case _:
                return NoValue.UNKNOWN

    def outcome(self) -> Outcome:
        if self.permitted(Reading.STRICT) is not None:
            return Passed(self.document.address, (self.key.address,))
        loosely = self.permitted(Reading.LOOSE)
        if loosely is not None:
            allow, solution = loosely
            return self.undecided("undecided", (allow.statement,), tuple(solution.holes))
        return self.violated()

    def permitted(self, reading: Reading) -> tuple[_Match, Solution] | None:
        """The statement that lets root make the call, and how; the one that rests on the fewest unknowns."""
        refusals = [tuple(literal.negated() for literal in deny.literals) for deny in self.denies]
        found: list[tuple[_Match, Solution]] = []
        for allow in self.allows:
            solution = solve([*((literal,) for literal in allow.literals), *refusals], self.keys, reading)
            if solution is not None:
                found.append((allow, solution))
        return min(found, key=lambda pair: len(pair[1].holes), default=None)

    def violated(self) -> Outcome:
        claim, blamed = self.cause()
        witness = Witness(self.root.arn, ACTION, self.key.arn, self.context())
        if not self.opinions.agrees(witness, Documents(self.document.policy), frozenset(), Answer.DENIED):
            return self.undecided(DISAGREEMENT, blamed, ())
        return Violated(
            address=self.document.address,
            keys=(self.key.address,),
            claim=claim,
            witnesses=(witness,),
            evidence=tuple(map(self.document.evidence, blamed)),
            principals=(self.root.arn,),
        )

    def undecided(self, cause: str, statements: Sequence[AnyStatement], needs: tuple[Hole, ...]) -> Outcome:
        return Undecided(
            address=self.document.address,
            keys=(self.key.address,),
            claim=Claim(cause, self.facts()),
            needs=tuple(sorted(needs, key=lambda hole: (hole.address, hole.path, hole.reason))),
            evidence=tuple(map(self.document.evidence, statements)),
            principals=(self.root.arn,),
        )

    def facts(self) -> dict[str, str]:
        return {"account": str(self.root.account), "partition": self.root.partition, "action": ACTION}

    def context(self) -> dict[str, tuple[Text, ...]]:
        """The condition keys that the policy asks for and that the root user's call carries."""
        asked = {
            condition.key: self.keys(condition.key.lower())
            for statement in self.document.policy
            if isinstance(statement, Statement)
            for condition in statement.conditions
        }
        told: dict[str, tuple[Text, ...]] = {}
        for name, state in sorted(asked.items()):
            if isinstance(state, Known):
                told[name] = state.values
            elif name.lower() in MOMENTS:
                told[name] = (MOMENTS[name.lower()],)
        return told

    def cause(self) -> tuple[Claim, tuple[AnyStatement, ...]]:
        """Why root is refused, and the statements to blame: the statement that came nearest tells."""
        facts = self.facts()
        about_root = [allow for allow in self.allows if self.possible(allow.principal)]
        if not about_root:
            return self.absent(facts)
        for cause, nearest in (
            ("denied", [allow for allow in about_root if self.possible(*allow.literals)]),
            ("condition_unmet", [a for a in about_root if self.possible(a.principal, a.action, a.resource)]),
            ("resource_not_covered", [a for a in about_root if self.possible(a.principal, a.action)]),
        ):
            if nearest:
                return self.refused(cause, _telling(nearest), facts)
        return self.refused("action_not_covered", _telling(about_root), facts)

    def refused(
        self, cause: str, nearest: _Match, facts: dict[str, str]
    ) -> tuple[Claim, tuple[AnyStatement, ...]]:  # fmt: skip
        statement = nearest.statement
        blamed: tuple[AnyStatement, ...] = (statement,)
        if cause == "denied":
            blamed = (*self.denials(nearest), statement)
        elif cause == "condition_unmet" and isinstance(statement, Statement):
            keys = ", ".join(f"`{condition.key}`" for condition in statement.conditions)
            facts["keys"] = "what is sensitive" if self.document.sensitive else keys
        elif cause in ("resource_not_covered", "action_not_covered") and _void(statement):
            cause = "void_statement"
        return Claim(cause, facts | {"statement": self.document.label(blamed[0])}), blamed

    def denials(self, allow: _Match) -> list[AnyStatement]:
        """The Denies that refuse the call which `allow` would permit: each alone, or if none does alone, all."""
        alone = [
            deny.statement
            for deny in self.denies
            if solve(
                [*((literal,) for literal in allow.literals), tuple(literal.negated() for literal in deny.literals)],
                self.keys,
                Reading.LOOSE,
            )
            is None
        ]
        return alone or [deny.statement for deny in self.denies]

    def absent(self, facts: dict[str, str]) -> tuple[Claim, tuple[AnyStatement, ...]]:
        others = [
            (allow.statement, account)
            for allow in self.allows
            if isinstance(allow.statement, Statement) and isinstance(allow.statement.principals, Principals)
            for name in allow.statement.principals.names
            if (account := account_of(name.value)) is not None
            and account != self.root.account
            and RootUser(account, self.root.partition).is_named_by(name.value)
        ]
        if not others:
            return Claim("root_absent", facts), tuple(allow.statement for allow in self.allows)
        named = ", ".join(f"account {account}" for account in dict.fromkeys(account for _, account in others))
        accounts = "another account" if self.document.sensitive else named
        blamed = tuple(dict.fromkeys(statement.origin for statement, _ in others))
        statements = tuple(allow.statement for allow in self.allows if allow.statement.origin in blamed)
        return Claim("other_account_only", facts | {"others": accounts}), statements

    def possible(self, *literals: Literal) -> bool:
        return solve([(literal,) for literal in literals], self.keys, Reading.LOOSE) is not None


def _may(statement: AnyStatement, effect: Effect) -> bool:
    return isinstance(statement, OpaqueStatement) or statement.effect is effect


def _telling(nearest: Sequence[_Match]) -> _Match:
    """The first that lacks no element: of one that lacks any there is no more to tell than that."""
    return next((match for match in nearest if not _void(match.statement)), nearest[0])


def _void(statement: AnyStatement) -> bool:
    return isinstance(statement, Statement) and (
        isinstance(statement.actions, Missing) or isinstance(statement.resources, Missing)
    )
