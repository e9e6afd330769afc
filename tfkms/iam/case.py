"""One question about a caller, a key and the documents that bear on them, and what is granted."""

from collections.abc import Container, Iterator, Sequence
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from tfkms.iam import access
from tfkms.iam.access import Absent, Context, Keys, KeyState, Known, Solution, solve
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import Caller, Target, request_keys
from tfkms.iam.comparisons import Like
from tfkms.iam.conditions import Atom, Literal, NoValue
from tfkms.iam.coverage import coverage, covering, with_effect
from tfkms.iam.document import AnyStatement, Effect, Policy
from tfkms.iam.grants import Bundle, Conjunction, Grant, grants, reaching, refusals, variable_names
from tfkms.iam.key_values import Free, Reading
from tfkms.iam.naming import Way
from tfkms.iam.pattern import literal
from tfkms.iam.search import Effort
from tfkms.iam.user_names import by_arn, has_name_of_its_arn
from tfkms.values import Text

_NAME_OF = attrgetter("name")


class Granted(Struct, frozen=True):
    """A grant that holds for some request, which the solution describes; `clauses` are what the request satisfies."""

    grant: Grant
    solution: Solution
    clauses: tuple[Sequence[Literal], ...]


class Case(Struct, frozen=True):
    """One question: may the caller, with these documents, do the action on the key, leaving out what `barred` excludes?

    Each member of `barred` is a clause that the request must satisfy besides; `ways` are the ways that count, `without`
    the condition keys (lower case) that the request must not carry.
    """

    key_policy: Policy
    bundle: Bundle
    caller: Caller
    target: Target
    action: KmsAction
    barred: tuple[Conjunction, ...] = ()
    ways: frozenset[Way] = frozenset(Way)
    without: frozenset[str] = frozenset()

    def keys(self) -> Keys:
        """What condition keys may hold in the caller's requests."""
        usual = request_keys(self.caller, self.target, self.action)

        def state(name: str) -> KeyState:
            return Absent() if name in self.without else usual(name)

        return state if self.without else usual

    def about(self, actions: Sequence[KmsAction], by: Container[int] | None = None) -> list["Case"]:
        """The case asked about each of the actions that `unlike` keeps."""
        return [replace(self, action=action) for action in self.unlike(actions, by)]

    def unlike(self, actions: Sequence[KmsAction], by: Container[int] | None = None) -> list[KmsAction]:
        """Those of the actions that the documents may allow the caller; of several that are alike to them the first.

        Actions are alike if every statement covers both or neither, and their requests carry the same condition keys.
        `by` are the ids of the statements that are asked about; None for all.
        """
        names = tuple(map(_NAME_OF, actions))
        allowed = self.reach(names, by)
        if len(allowed) < 2:
            return [actions[place] for place in allowed]
        policies = (self.key_policy, *self.bundle.identity, *self.bundle.boundaries)
        guards = (guard.policy for guard in self.bundle.guards)
        alike = [coverage(policy, names).alike for policy in (*policies, *guards)]
        first: dict[tuple[object, ...], KmsAction] = {}
        for place in sorted(allowed):
            first.setdefault((actions[place].keys, *(column[place] for column in alike)), actions[place])
        return list(first.values())

    def reach(self, actions: tuple[str, ...], by: Container[int] | None = None) -> frozenset[int]:
        """The places of those actions that statements which reach the caller may allow it, conditions aside."""
        found, delegated = frozenset[int](), frozenset[int]()
        for statement, namings in reaching(self.key_policy, self.caller):
            for way in {naming.way for naming in namings} & self.ways:
                if way is Way.ACCOUNT:
                    delegated |= covering(statement, actions)
                elif by is None or id(statement) in by:
                    found |= covering(statement, actions)
        if delegated:
            held = [
                covering(own, actions)
                for policy in self.bundle.identity
                for own in with_effect(policy, Effect.ALLOW)
                if by is None or id(own) in by
            ]
            found |= delegated & frozenset[int]().union(*held)
        return found

    def granted(self, reading: Reading, by: Container[int] | None = None) -> list[Granted]:
        """The statements that grant, each with a request; under the loose reading those that may. Each but once.

        `by` are the ids of the statements that are asked about; None for all. Raises BeyondLimitsError.
        """
        found: dict[int, Granted] = {}
        effort, keys = Effort(access.QUESTION_LIMIT), self.keys()
        for example in self.examples(reading):
            values = _Values(keys, example)
            for question in self.questions(values, by):
                if id(question.grant.statement) not in found:
                    solution = solve(question.clauses, keys, reading, effort)
                    if solution is not None:
                        solution = replace(solution, context=values.told(solution.context))
                        found[id(question.grant.statement)] = Granted(question.grant, solution, tuple(question.clauses))
            if not values.chosen:
                break
        return list(found.values())

    def examples(self, reading: Reading) -> Iterator[str | None]:
        """What a policy variable may hold where the caller chooses it: nothing known, or the values of the key's tags.

        Strictly one example suffices; loosely a variable that is not settled may hold anything.
        """
        if reading is Reading.STRICT:
            facts = (value for values in self.target.facts.values() for value in values if isinstance(value, str))
            yield from dict.fromkeys(("x", *facts))
        else:
            yield None

    def questions(self, values: "_Values", by: Container[int] | None) -> list["Asked"]:
        """Each grant with all that a request must satisfy for it to hold; `values` are those of policy variables."""
        every = grants(self.key_policy, self.bundle, self.caller, self.action, values)
        candidates = [grant for grant in every if grant.way in self.ways and (by is None or id(grant.statement) in by)]
        if not candidates:
            return []
        refused = list(refusals(self.key_policy, self.bundle, self.caller, self.action, values))
        denials = [tuple(literal.negated() for literal in refusal) for _, refusal in refused]
        common: list[Sequence[Literal]] = [*self.barred, *denials]
        limits = (statement for policy in self.bundle.boundaries for statement in policy)
        bearing = [*(deny for deny, _ in refused), *limits]
        asked = [
            Asked(
                grant,
                [
                    *((literal,) for literal in grant.literals),
                    *common,
                    *values.clauses((grant.statement, *grant.support, *bearing)),
                ],
            )
            for grant in candidates
        ]
        if not has_name_of_its_arn(self.caller):
            return asked
        return [Asked(own.grant, [by_arn(clause, self.caller) for clause in own.clauses]) for own in asked]


class Asked(Struct, frozen=True):
    """A grant, and the clauses that a request must satisfy for it to hold."""

    grant: Grant
    clauses: list[Sequence[Literal]]


class _Values:
    """The values of policy variables by condition key. One that the caller chooses holds the example, and `clauses` say
    so."""

    def __init__(self, keys: Keys, example: str | None):
        self.keys = keys
        self.example = example
        self.chosen: dict[str, str] = {}
        self.settled: dict[str, Text] = {}

    def __call__(self, name: str) -> Text | NoValue:
        match self.keys(name):
            case Known((only,)):
                self.settled[name] = only
                return only
            case Absent():
                return NoValue.ABSENT
            case Free() if self.example is not None:
                self.chosen[name] = self.example
                return self.example
            case _:
                return NoValue.UNKNOWN

    def clauses(self, statements: Sequence[AnyStatement]) -> list[Conjunction]:
        """That the variables which these statements write hold the example; the others may hold what they like."""
        if not self.chosen:
            return []
        written = frozenset[str]().union(*map(variable_names, statements))
        return [
            (Atom(name, Like((literal(value),))),) for name, value in self.chosen.items() if name.lower() in written
        ]

    def told(self, context: Context) -> Context:
        """The context with the variables that are settled; a request must carry them as well."""
        return tuple(sorted({**{name: (value,) for name, value in self.settled.items()}, **dict(context)}.items()))
