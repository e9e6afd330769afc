"""The second evaluator: the answer AWS documents for one concrete request, read off the pages literally.

Every witness of the decision procedure is put to it before it is shown, so it shares no code with that procedure. It is
slow and plain on purpose. What the pages leave open, and what is not known of the policies, makes the answer UNSURE.

Sources here and in the modules beside: pages of the IAM User Guide by name, without `reference_policies_`; of the KMS
Developer Guide after `kms:`; of the Organizations User Guide after `org:`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from tfkms.iam.document import AnyStatement, Effect, Missing, OpaqueStatement, Patterns, Policy, Statement
from tfkms.iam.simulate_conditions import Context, action_matches, holds, resource_matches
from tfkms.iam.simulate_principals import (
    MAYBE,
    NOBODY,
    Caller,
    Kind,
    Naming,
    allowed_to,
    caller_of,
    context_of,
    denied_to,
)
from tfkms.iam.simulate_texts import Truth, chosen, equal, every, negated, some, split
from tfkms.values import Text


class Answer(StrEnum):
    """Whether the request is allowed, whatever the holes are; UNSURE if that depends on them."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNSURE = "unsure"


class Request(Struct, frozen=True):
    """One call of KMS.

    `principal` is the ARN of a user, a role (some session of it, whose name no policy has), an assumed-role session, a
    federated user or the root user; the name of a service; or `*` for an unsigned call. `resource` is the ARN of the
    key. `context` has the condition keys that the request carries; the case of their names means nothing. Those that
    follow from the principal, the key and the action are added; any other is absent.
    """

    principal: Text
    action: str
    resource: Text
    context: Mapping[str, tuple[Text, ...]]


class Documents(Struct, frozen=True):
    """The policies that a request meets.

    `identity`, `boundary` and `session` are the principal's own. `guards` are the SCPs over it, one tuple for each
    level: every level must allow. `resource_guards` are the RCPs over the key, which only deny.
    """

    key_policy: Policy
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    guards: tuple[tuple[Policy, ...], ...] = ()
    resource_guards: tuple[Policy, ...] = ()


def simulate(request: Request, documents: Documents, cross_account: frozenset[str]) -> Answer:
    """The answer to the request (evaluation-logic, evaluation-logic-cross-account).

    `cross_account` names the operations (`kms:Decrypt`) that work on another account's key; any other is refused to a
    principal of another account (kms:key-policy-modifying-external-accounts).
    """
    caller = caller_of(request.principal)
    if caller.kind is Kind.UNSIGNED:
        return Answer.DENIED  # KMS takes signed requests only (KMS API Reference, Common Parameters)
    call = _Call(request, documents, caller, context_of(caller, request.action, request.resource, request.context))
    crosses = request.action.lower() in {name.lower() for name in cross_account}
    truth = every((negated(_refused(call)), _passes_guards(call), _granted(call, crosses)))
    if caller.kind is Kind.UNKNOWN:
        truth = min(truth, Truth.UNSURE)
    match truth:
        case Truth.TRUE:
            return Answer.ALLOWED
        case Truth.FALSE:
            return Answer.DENIED
        case Truth.UNSURE:
            return Answer.UNSURE
        case _:
            assert_never(truth)


# Statements


class _Call(Struct, frozen=True):
    request: Request
    documents: Documents
    caller: Caller
    context: Context


def _covers(statement: Statement, call: _Call) -> Truth | None:
    """Whether the statement is about the request, its principals aside; None if it lacks Action or Resource."""
    actions, resources, variables = statement.actions, statement.resources, statement.variables
    if isinstance(actions, Missing) or isinstance(resources, Missing):
        return None
    request, context = call.request, call.context
    about = _lists(actions, (action_matches(entry, request.action) for entry in actions.texts))
    if about is Truth.FALSE:
        return about
    return every(
        (
            about,
            _lists(
                resources,
                (resource_matches(entry, request.resource, context, variables) for entry in resources.texts),
            ),
            *(holds(condition, context, variables) for condition in statement.conditions),
        )
    )


def _lists(element: Patterns, matches: Iterable[Truth]) -> Truth:
    found = some((*matches, Truth.UNSURE if element.opaque else Truth.FALSE))
    return negated(found) if element.negated else found


def _speaks(policies: Iterable[Policy], effect: Effect, call: _Call) -> Truth:
    """Whether a statement of policies of the principal, or of SCPs, has the effect on the request.

    A statement without Action or Resource, or with principals, is none that AWS takes here: what it does is unsure.
    """

    def one(statement: AnyStatement) -> Truth:
        if isinstance(statement, OpaqueStatement):
            return Truth.UNSURE
        if statement.effect is not effect:
            return Truth.FALSE
        covered = _covers(statement, call)
        if covered is None:
            return Truth.UNSURE
        return covered if isinstance(statement.principals, Missing) else min(covered, Truth.UNSURE)

    return some(one(statement) for policy in policies for statement in policy)


def _denies(policy: Policy, call: _Call) -> Truth:
    """Whether a statement of a resource-based policy denies the request."""
    bounded = call.documents.boundary is not None

    def one(statement: AnyStatement) -> Truth:
        if isinstance(statement, OpaqueStatement):
            return Truth.UNSURE
        if statement.effect is Effect.ALLOW or isinstance(statement.principals, Missing):
            return Truth.FALSE
        # Without Action or Resource a statement has no effect: such a guard guards nothing (kms:key-policy-overview).
        covered = _covers(statement, call) or Truth.FALSE
        return min(covered, denied_to(statement.principals, call.caller, bounded))

    return some(one(statement) for statement in policy)


def _allows(policy: Policy, call: _Call) -> Naming:
    """How the Allow statements of the key policy name the caller, for this request."""
    found = Naming()
    for statement in policy:
        if isinstance(statement, OpaqueStatement):
            found |= MAYBE
        elif statement.effect is Effect.ALLOW and not isinstance(statement.principals, Missing):
            naming = allowed_to(statement.principals, call.caller)
            if naming != NOBODY:
                found |= naming & (_covers(statement, call) or Truth.FALSE)
    return found


# The order of evaluation


def _refused(call: _Call) -> Truth:
    """Whether there is an explicit deny, which wins wherever it stands (evaluation-logic)."""
    documents = call.documents
    own = (*documents.identity, *(policy for policy in (documents.boundary, documents.session) if policy))
    return some(
        (
            _denies(documents.key_policy, call),
            min(call.caller.has_own_policies, _speaks(own, Effect.DENY, call)),
            *(min(_bound_by_scps(call), _speaks(level, Effect.DENY, call)) for level in documents.guards),
            *(min(_bound_by_rcps(call), _denies(policy, call)) for policy in documents.resource_guards),
        )
    )


def _bound_by_scps(call: _Call) -> Truth:
    """Whether SCPs bind the caller: not services, not service-linked roles (org:orgs_manage_policies_scps)."""
    return Truth.FALSE if call.caller.kind is Kind.SERVICE else negated(call.caller.is_service_linked)


def _bound_by_rcps(call: _Call) -> Truth:
    """Whether RCPs bind the request (kms:resource-control-policies). Of service-linked roles that is not clear."""
    if call.request.action.lower() == "kms:retiregrant":
        return Truth.FALSE
    return Truth.TRUE if call.caller.is_service_linked is Truth.FALSE else Truth.UNSURE


def _passes_guards(call: _Call) -> Truth:
    allowed = every(_speaks(level, Effect.ALLOW, call) for level in call.documents.guards)
    return max(negated(_bound_by_scps(call)), allowed)


def _granted(call: _Call, crosses: bool) -> Truth:
    """Whether the key policy and, where it takes them, the principal's own policies allow the request.

    In the key's account the user, the session and everyone are not limited by implicit denies, the role is by boundary
    and session policy, and the account needs an Allow of the identity policies besides (evaluation-logic;
    kms:key-policy-default). From another account both sides must allow (evaluation-logic-cross-account).
    """
    found = _allows(call.documents.key_policy, call)
    if call.caller.kind in (Kind.SERVICE, Kind.UNKNOWN):
        return found.anyhow
    limits, own = _own_side(call)
    home = some((found.everyone, found.own, min(found.role, limits), min(found.account, own)))
    abroad = min(found.anyhow, own) if crosses else Truth.FALSE
    pieces = split(call.request.resource, ":", 5)
    if len(pieces) < 6:
        return min(chosen(Truth.UNSURE, home, abroad), Truth.UNSURE)
    # Nobody reaches a key of another partition.
    same_partition = equal(call.caller.partition, pieces[1])
    return min(same_partition, chosen(equal(call.caller.account, pieces[4]), home, abroad))


def _own_side(call: _Call) -> tuple[Truth, Truth]:
    """Whether boundary and session policy allow the request, and whether the identity policies do so within them."""
    documents = call.documents
    if call.caller.kind is Kind.ROOT:
        return Truth.TRUE, Truth.TRUE  # the root user needs no identity policy, at home or abroad
    limiting = [policy for policy in (documents.boundary, documents.session) if policy]
    limits = every(_speaks((policy,), Effect.ALLOW, call) for policy in limiting)
    if call.caller.kind is Kind.FEDERATED and documents.session is None:
        return limits, Truth.FALSE  # such a session has what its session policy gives it (evaluation-logic, step 6)
    return limits, min(limits, _speaks(documents.identity, Effect.ALLOW, call))
