"""What a set of documents grants one caller on one key, and what stands against it.

The order is that of policy evaluation: a Deny anywhere wins; then the key policy allows directly, or by the account
principal together with an identity policy. Source: IAM User Guide, reference_policies_evaluation-logic; AWS KMS
Developer Guide, policy-evaluation and key-policy-default.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import RESOURCE, Caller, CallerKind
from tfkms.iam.comparisons import FALSE, TRUE, Ground, unsure
from tfkms.iam.conditions import Atom, Literal, Variables, no_variables, variables_in
from tfkms.iam.coverage import with_effect
from tfkms.iam.document import (
    AnyStatement,
    Effect,
    Missing,
    OpaqueStatement,
    Patterns,
    Policy,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.naming import Naming, Way, allowed, denied
from tfkms.iam.principals import EVERYONE
from tfkms.iam.statements import condition_literals, covers_action, resource_test
from tfkms.location import Origin
from tfkms.values import Hole, Template, Text, Value, text_parts

Conjunction = tuple[Literal, ...]


class Bundle(Struct, frozen=True):
    """The documents that bear on one caller besides the key policy.

    `boundaries` are those of its permissions boundary. One that is not in view limits nothing. `guards` are the control
    policies of its organization over the account.
    """

    identity: tuple[Policy, ...] = ()
    boundaries: tuple[Policy, ...] = ()
    guards: tuple["Guarding", ...] = ()


_ABOVE = Hole("", "", "it is not known whether the account is under the target of the organization's policy")


class Guarding(Struct, frozen=True):
    """A service or resource control policy; `sure` says that it is known to bind the account, `doubt` why it may not.

    Only its Denies are read: what it does not allow another one at its level may, such as the one that allows
    everything, which AWS attaches and plans do not show. Service control policies do not bind services and
    service-linked roles (AWS Organizations User Guide, orgs_manage_policies_scps).
    """

    policy: Policy
    on_resources: bool
    sure: bool
    doubt: Hole = _ABOVE


class Grant(Struct, frozen=True):
    """A way in which a statement may grant: the statement, those that it rests on, and what must hold."""

    statement: AnyStatement
    support: tuple[AnyStatement, ...]
    way: Way
    literals: Conjunction


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
    """Whether the statement writes anything that is a policy variable, or may turn out to be one."""
    return _writes_variables(statement.source)


@lru_cache(maxsize=131_072)
def variable_names(statement: AnyStatement) -> frozenset[str]:
    """The names of the policy variables that the statement writes, in lower case; of what is not known none."""
    if isinstance(statement, OpaqueStatement) or not has_variables(statement):
        return frozenset()
    return frozenset(name for text in _texts(statement.source) for name in variables_in(text))


def _texts(value: Value) -> Iterator[str]:
    match value:
        case str() | Template():
            yield from (part for part in text_parts(value) if isinstance(part, str))
        case tuple():
            yield from (text for item in value for text in _texts(item))
        case dict() | Mapping():
            yield from (text for item in value.values() for text in _texts(item))
        case _:
            return


def _writes_variables(value: Value) -> bool:
    match value:
        case str():
            return "${" in value
        case None | bool() | int() | float():
            return False
        case tuple():
            return any(map(_writes_variables, value))
        case dict() | Mapping():
            return any(map(_writes_variables, value.values()))
        case _:
            return True


@lru_cache(maxsize=131_072)
def _settled_demands(statement: Statement, in_key_policy: bool) -> Conjunction | None:
    return _demands(statement, in_key_policy, no_variables)


def _demands(statement: Statement, in_key_policy: bool, variables: Variables) -> Conjunction | None:
    """What the statement demands of a request besides its action and its principal; None where it is void."""
    resource = resource_literal(statement.resources, statement, in_key_policy, variables)
    if resource is None:
        return None
    return (resource, *condition_literals(statement, variables))


def _namings(statement: AnyStatement, caller: Caller) -> tuple[Naming, ...]:
    """The ways in which an Allow of a key policy reaches the caller."""
    if isinstance(statement, OpaqueStatement):
        return (Naming(Way.DIRECT, ()), Naming(Way.ACCOUNT, ()))
    return _allowed(statement.principals, caller)


def _are_others(spelled: frozenset[Text] | None, caller: Caller) -> bool:
    """Whether a statement spells out whom it is about, and the caller is not among them."""
    return spelled is not None and caller.names is not None and spelled.isdisjoint(caller.names)


@lru_cache(maxsize=131_072)
def spelled_out(statement: AnyStatement) -> frozenset[Text] | None:
    """The users, roles and accounts that a statement is about; None where it may be about more than it spells out."""
    if isinstance(statement, OpaqueStatement):
        return None
    principals = statement.principals
    if isinstance(principals, Missing) or principals.negated or principals.opaque:
        return None
    names = frozenset(name.value for name in principals.names if name.type is PrincipalType.AWS)
    return names if all(isinstance(name, str) and name != EVERYONE for name in names) else None


@lru_cache(maxsize=262_144)
def _allowed(principals: Principals | Missing, caller: Caller) -> tuple[Naming, ...]:
    return tuple(allowed(principals, caller))


def _denied(statement: Statement, caller: Caller) -> tuple[Conjunction, ...]:
    return () if _are_others(spelled_out(statement), caller) else _refused(statement.principals, caller)


@lru_cache(maxsize=262_144)
def _refused(principals: Principals | Missing, caller: Caller) -> tuple[Conjunction, ...]:
    return tuple(denied(principals, caller))


@lru_cache(maxsize=131_072)
def reaching(policy: Policy, caller: Caller) -> tuple[tuple[AnyStatement, tuple[Naming, ...]], ...]:
    """The statements of a key policy that may allow the caller something, each with the ways in which it does."""
    found = [(own, _namings(own, caller)) for own, spelled in _allowing(policy) if not _are_others(spelled, caller)]
    return tuple([(own, ways) for own, ways in found if ways])


@lru_cache(maxsize=16_384)
def _allowing(policy: Policy) -> tuple[tuple[AnyStatement, frozenset[Text] | None], ...]:
    """The statements of a key policy that may allow something, each with those whom it spells out."""
    return tuple((own, spelled_out(own)) for own in with_effect(policy, Effect.ALLOW))


def grants(
    key_policy: Policy, bundle: Bundle, caller: Caller, action: KmsAction, variables: Variables
) -> Iterator[Grant]:
    """Every way in which a statement may grant the caller the action: of the key policy itself, or of an identity
    document where the key policy delegates to IAM."""
    limits = list(_limits(bundle, action, variables)) if bundle.boundaries else [()]
    delegations: list[tuple[AnyStatement, Conjunction]] = []
    for statement, ways in reaching(key_policy, caller):
        matched = conditions_of(statement, action, in_key_policy=True, variables=variables)
        if matched is None:
            continue
        for naming in ways:
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
    for statement in (own for policy in bundle.identity for own in with_effect(policy, Effect.ALLOW)):
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
    for statement in (own for policy in bundle.boundaries for own in with_effect(policy, Effect.ALLOW)):
        matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
        if matched is not None:
            yield matched


def refusals(
    key_policy: Policy, bundle: Bundle, caller: Caller, action: KmsAction, variables: Variables
) -> Iterator[tuple[AnyStatement, Conjunction]]:
    """The Denies that may reach the caller's request, with what must hold for each to do so."""
    for statement in with_effect(key_policy, Effect.DENY):
        matched = conditions_of(statement, action, in_key_policy=True, variables=variables)
        if matched is not None and isinstance(statement, OpaqueStatement):
            yield statement, matched
        elif matched is not None and isinstance(statement, Statement):
            if isinstance(statement.principals, Missing):
                continue  # a key policy's statement without principals is about nobody
            for naming in _denied(statement, caller):
                yield statement, (*naming, *matched)
    yield from _guarded(bundle, caller, action, variables)
    own_policies = (*bundle.identity, *bundle.boundaries)
    for statement in (own for policy in own_policies for own in with_effect(policy, Effect.DENY)):
        matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
        if matched is not None:
            yield statement, matched


_SESSION_POLICY = Hole("", "", "a federated user has of its account's permissions what its session policy gives it")
_MISPLACED = "AWS takes no Principal in an identity policy"
_LINKED = Hole("", "", "AWS does not say whether resource control policies bind service-linked roles")


def _guarded(
    bundle: Bundle, caller: Caller, action: KmsAction, variables: Variables
) -> Iterator[tuple[AnyStatement, Conjunction]]:
    for guard in bundle.guards:
        bound = _binding(guard, caller, action)
        if not bound.possible:
            continue
        for statement in with_effect(guard.policy, Effect.DENY):
            matched = conditions_of(statement, action, in_key_policy=False, variables=variables)
            if matched is None:
                continue
            named = _denied(statement, caller) if isinstance(statement, Statement) else ((),)
            for naming in named:
                yield statement, (bound, *naming, *matched)


def _binding(guard: Guarding, caller: Caller, action: KmsAction) -> Ground:
    """Whether the control policy binds the caller's request: one for principals neither services nor service-linked
    roles, one for resources no retiring of grants (AWS KMS Developer Guide, resource-control-policies)."""
    linked = isinstance(caller.principal_arn, str) and ":role/aws-service-role/" in caller.principal_arn
    if guard.on_resources and action.name == "RetireGrant":
        return FALSE
    if not guard.on_resources and (linked or not caller.is_person):
        return FALSE
    doubts = (*(() if guard.sure else (guard.doubt,)), *((_LINKED,) if linked else ()))
    return unsure(*doubts) if doubts else TRUE


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
