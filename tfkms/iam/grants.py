"""What a set of documents grants one caller on one key, and what stands against it.

The order is that of policy evaluation: a Deny anywhere wins; then the key policy allows directly, or by the account
principal together with an identity policy. Source: IAM User Guide, reference_policies_evaluation-logic; AWS KMS
Developer Guide, policy-evaluation and key-policy-default.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tfkms.iam import access
from tfkms.iam.access import Absent, Context, Keys, KeyState, Known, Solution, solve
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import RESOURCE, Caller, CallerKind, Target, request_keys
from tfkms.iam.comparisons import TRUE, Like, unsure
from tfkms.iam.conditions import Atom, Literal, NoValue, Variables, no_variables
from tfkms.iam.coverage import coverage, covering, may_be
from tfkms.iam.document import AnyStatement, Effect, Missing, OpaqueStatement, Patterns, Policy, Statement
from tfkms.iam.key_values import Free, Reading
from tfkms.iam.naming import Naming, Way, allowed, denied
from tfkms.iam.pattern import literal
from tfkms.iam.search import Effort
from tfkms.iam.statements import condition_literals, covers_action, resource_test
from tfkms.location import Origin
from tfkms.values import Hole, Text, plain

Conjunction = tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The documents that bear on one caller besides the key policy.

    `boundaries` are those of its permissions boundary. One that is not in view limits nothing. `guards` are the control
    policies of its organization over the account.
    """

    identity: tuple[Policy, ...] = ()
    boundaries: tuple[Policy, ...] = ()
    guards: tuple["Guarding", ...] = ()


@dataclass(frozen=True, slots=True)
class Guarding:
    """A service or resource control policy; `sure` says that it is known to bind the account.

    Only its Denies are read: what it does not allow another one at its level may, such as the one that allows
    everything, which AWS attaches and plans do not show. Service control policies do not bind services and
    service-linked roles (AWS Organizations User Guide, orgs_manage_policies_scps).
    """

    policy: Policy
    on_resources: bool
    sure: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """A way in which a statement may grant: the statement, those that it rests on, and what must hold."""

    statement: AnyStatement
    support: tuple[AnyStatement, ...]
    way: Way
    literals: Conjunction


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that holds for some request, which the solution describes; `clauses` are what the request satisfies."""

    grant: Grant
    solution: Solution
    clauses: tuple[Sequence[Literal], ...]


def resource_literal(
    resources: Patterns | Missing, statement: Statement, in_key_policy: bool, variables: Variables
) -> Literal | None:
    """That the statement's Resource covers the key of the request; None where the statement is void.

    Source: AWS KMS Developer Guide, key-policy-overview (`*` in a key policy is its key) and cmks-in-iam-policies (an
    alias or a bare id names no key).
    """
    if isinstance(resources, Missing):
        return None
    if in_key_policy and not resources.negated and "*" in resources.texts:
        return TRUE
    test = resource_test(resources, statement.origin, variables if statement.variables else None)
    return Atom(RESOURCE, test, positive=not resources.negated)


def conditions_of(
    statement: AnyStatement, action: KmsAction, in_key_policy: bool, variables: Variables
) -> Conjunction | None:
    """What a request for the action must be for the statement to match it, principals aside; None if none can be."""
    if isinstance(statement, OpaqueStatement):
        return (unsure(statement.hole),)
    covered = covers_action(statement.actions, f"kms:{action.name}")
    if not covered.possible:
        return None
    if has_variables(statement):
        demands = _demands(statement, in_key_policy, variables)
    else:
        demands = _settled_demands(statement, in_key_policy)
    return None if demands is None else (covered, *demands)


@lru_cache(maxsize=131_072)
def has_variables(statement: Statement) -> bool:
    """Whether the statement writes anything that reads like a policy variable."""
    return "${" in str(plain(statement.source))


@lru_cache(maxsize=131_072)
def _settled_demands(statement: Statement, in_key_policy: bool) -> Conjunction | None:
    return _demands(statement, in_key_policy, no_variables)


def _demands(statement: Statement, in_key_policy: bool, variables: Variables) -> Conjunction | None:
    """What the statement demands of a request besides its action and its principal; None where it is void."""
    resource = resource_literal(statement.resources, statement, in_key_policy, variables)
    if resource is None:
        return None
    return (resource, *condition_literals(statement, variables))


@lru_cache(maxsize=262_144)
def namings(statement: AnyStatement, caller: Caller) -> tuple[Naming, ...]:
    """The ways in which an Allow of a key policy reaches the caller."""
    if isinstance(statement, OpaqueStatement):
        return (Naming(Way.DIRECT, ()), Naming(Way.ACCOUNT, ()))
    return tuple(allowed(statement.principals, caller))


@lru_cache(maxsize=262_144)
def _denied(statement: Statement, caller: Caller) -> tuple[Conjunction, ...]:
    return tuple(denied(statement.principals, caller))


def grants(
    key_policy: Policy, bundle: Bundle, caller: Caller, action: KmsAction, variables: Variables
) -> Iterator[Grant]:
    """Every way in which a statement may grant the caller the action: of the key policy itself, or of an identity
    document where the key policy delegates to IAM."""
    limits = list(_limits(bundle, action, variables)) if bundle.boundaries else [()]
    delegations: list[tuple[AnyStatement, Conjunction]] = []
    for statement in key_policy:
        if not may_be(statement, Effect.ALLOW):
            continue
        matched = conditions_of(statement, action, in_key_policy=True, variables=variables)
        if matched is None:
            continue
        for naming in namings(statement, caller):
            whole = (*naming.literals, *matched)
            match naming.way:
                case Way.DIRECT:
                    yield Grant(statement, (), naming.way, whole)
                case Way.ROLE:
                    for limit in limits:
                        yield Grant(statement, (), naming.way, (*whole, *limit))
                case Way.ACCOUNT if caller.kind is CallerKind.FEDERATED_USER:
                    delegations.append((statement, (*whole, unsure(_SESSION_POLICY))))
                case Way.ACCOUNT:
                    delegations.append((statement, whole))
    for statement in (statement for policy in bundle.identity for statement in policy):
        if not may_be(statement, Effect.ALLOW):
            continue
        matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
        if matched is None:
            continue
        if isinstance(statement, Statement) and not isinstance(statement.principals, Missing):
            matched = (*matched, unsure(Hole(statement.origin.address, statement.origin.path, _MISPLACED)))
        for delegation, whole in delegations:
            for limit in limits:
                yield Grant(statement, (delegation,), Way.ACCOUNT, (*whole, *matched, *limit))


def _limits(bundle: Bundle, action: KmsAction, variables: Variables) -> Iterator[Conjunction]:
    """The ways in which the permissions boundary allows the action."""
    for statement in (statement for policy in bundle.boundaries for statement in policy):
        if may_be(statement, Effect.ALLOW):
            matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
            if matched is not None:
                yield matched


def refusals(
    key_policy: Policy, bundle: Bundle, caller: Caller, action: KmsAction, variables: Variables
) -> Iterator[tuple[AnyStatement, Conjunction]]:
    """The Denies that may reach the caller's request, with what must hold for each to do so."""
    for statement in key_policy:
        if may_be(statement, Effect.DENY):
            matched = conditions_of(statement, action, in_key_policy=True, variables=variables)
            if matched is not None and isinstance(statement, OpaqueStatement):
                yield statement, matched
            elif matched is not None and isinstance(statement, Statement):
                if isinstance(statement.principals, Missing):
                    continue  # a key policy's statement without principals is about nobody
                for naming in _denied(statement, caller):
                    yield statement, (*naming, *matched)
    yield from _guarded(bundle, caller, action, variables)
    for statement in (statement for policy in (*bundle.identity, *bundle.boundaries) for statement in policy):
        if may_be(statement, Effect.DENY):
            matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
            if matched is not None:
                yield statement, matched


_SESSION_POLICY = Hole("", "", "a federated user has of its account's permissions what its session policy gives it")
_MISPLACED = "AWS takes no Principal in an identity policy"
_ABOVE = Hole("", "", "it is not known whether the account is under the target of the organization's policy")


def _guarded(
    bundle: Bundle, caller: Caller, action: KmsAction, variables: Variables
) -> Iterator[tuple[AnyStatement, Conjunction]]:
    for guard in bundle.guards:
        if not guard.on_resources and _escapes(caller):
            continue
        condition = () if guard.sure else (unsure(_ABOVE),)
        for statement in guard.policy:
            if not may_be(statement, Effect.DENY):
                continue
            matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
            if matched is None:
                continue
            named = _denied(statement, caller) if isinstance(statement, Statement) else ((),)
            for naming in named:
                yield statement, (*condition, *naming, *matched)


def _escapes(caller: Caller) -> bool:
    """Whether service control policies do not bind the caller."""
    linked = isinstance(caller.principal_arn, str) and ":role/aws-service-role/" in caller.principal_arn
    return linked or not caller.is_person


@dataclass(frozen=True, slots=True)
class Case:
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
        names = tuple(action.name for action in actions)
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
        for statement in self.key_policy:
            if may_be(statement, Effect.ALLOW):
                for way in {naming.way for naming in namings(statement, self.caller)} & self.ways:
                    if way is Way.ACCOUNT:
                        delegated |= covering(statement, actions)
                    elif by is None or id(statement) in by:
                        found |= covering(statement, actions)
        if delegated:
            held = [
                covering(own, actions)
                for policy in self.bundle.identity
                for own in policy
                if may_be(own, Effect.ALLOW) and (by is None or id(own) in by)
            ]
            found |= delegated & frozenset[int]().union(*held)
        return found

    def granted(self, reading: Reading, by: Container[int] | None = None) -> list[Granted]:
        """The statements that grant, each with a request; under the loose reading those that may. Each but once.

        `by` are the ids of the statements that are asked about; None for all. Raises BeyondLimitsError.
        """
        found: dict[int, Granted] = {}
        effort = Effort(access.QUESTION_LIMIT)
        for example in self.examples(reading):
            values = _Values(self.keys(), example)
            for question in self.questions(values, by):
                if id(question.grant.statement) not in found:
                    solution = solve(question.clauses, self.keys(), reading, effort)
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
        refused = refusals(self.key_policy, self.bundle, self.caller, self.action, values)
        denials = [tuple(literal.negated() for literal in refusal) for _, refusal in refused]
        common: list[Sequence[Literal]] = [*self.barred, *denials, *values.clauses()]
        return [Asked(grant, [*((literal,) for literal in grant.literals), *common]) for grant in candidates]


@dataclass(frozen=True, slots=True)
class Asked:
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

    def clauses(self) -> list[Conjunction]:
        return [(Atom(name, Like((literal(value),))),) for name, value in self.chosen.items()]

    def told(self, context: Context) -> Context:
        """The context with the variables that are settled; a request must carry them as well."""
        return tuple(sorted({**{name: (value,) for name, value in self.settled.items()}, **dict(context)}.items()))


_NOWHERE = Origin("", "")
EVERYTHING = Policy(
    version="2012-10-17",
    id=None,
    statements=(
        Statement(
            origin=_NOWHERE,
            sid=None,
            effect=Effect.ALLOW,
            principals=Missing(),
            actions=Patterns(False, ("*",)),
            resources=Patterns(False, ("*",)),
            conditions=(),
            variables=True,
            source={"Effect": "Allow", "Action": "*", "Resource": "*"},
        ),
    ),
)
"""The widest identity policy, for principals of which the plan shows none."""
