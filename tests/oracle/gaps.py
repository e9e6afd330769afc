"""Where the independent simulator is known to differ from what AWS documents, and how the comparison allows for it.

A gap is closed as precisely as it can be: the documents are put to the simulator in a form that AWS reads alike and the
simulator reads rightly (`rewrite`); or the answer is told by one rule alone (`overrule`); or, last, cases of one exact
shape are left out (`excludes`). Pages of the IAM User Guide are named without `reference_policies_`.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from tests.oracle.generator import (
    ACCOUNT,
    CROSSING,
    FEDERATED,
    LINKED,
    NEW,
    Documents,
    Json,
    Request,
    account_of,
    is_service,
    named_keys,
    told,
)


class Case(Struct, frozen=True):
    """A request and the documents that it meets."""

    documents: Documents
    request: Request

    @property
    def caller(self) -> str:
        """Who calls."""
        return self.request.principal


class Gap(Struct, frozen=True):
    """One difference: what the simulator does, what AWS documents, and the page that says so."""

    simulator: str
    documented: str
    source: str
    rewrite: Callable[[Case], Case] = lambda case: case
    overrule: Callable[[Case], bool | None] = lambda case: None
    excludes: Callable[[Case], bool] = lambda case: False


def _statements(documents: Documents, change: Callable[[Json, Json], Json | None]) -> Documents:
    """The documents with each statement changed, given its policy; None drops it."""

    def changed(policy: Json) -> Json:
        if policy is None:
            return None
        made = [found for own in policy["Statement"] if (found := change(own, policy)) is not None]
        return {**policy, "Statement": made}

    return replace(
        documents,
        key_policy=changed(documents.key_policy),
        identity=tuple(map(changed, documents.identity)),
        boundary=changed(documents.boundary),
        session=changed(documents.session),
        guards=tuple(tuple(map(changed, level)) for level in documents.guards),
        resource_guards=tuple(tuple(map(changed, level)) for level in documents.resource_guards),
    )


def _values(condition: Json, change: Callable[[str], str]) -> Json:
    return {
        operator: {key: change(own) if isinstance(own, str) else [change(value) for value in own] for key, own in tests.items()}
        for operator, tests in condition.items()
    }  # fmt: skip


# The rewritings

_ALL: Json = {"Version": NEW, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_NOTHING = "(no value)"
_NOBODY = "arn:aws:iam::999999999999:role/nobody"


def _for_root(case: Case) -> Case:
    return replace(case, documents=replace(case.documents, identity=(_ALL,))) if case.caller.endswith(":root") else case


def _without_void(case: Case) -> Case:
    def kept(statement: Json, policy: Json) -> Json | None:
        return statement if "Resource" in statement or "NotResource" in statement else None

    return replace(case, documents=_statements(case.documents, kept))


def _valueless_named(case: Case) -> Case:
    context = {name.lower() for name in told(case.request)}

    def named(value: str) -> str:
        variables = re.findall(r"\$\{([^},]+)\}", value)
        return _NOTHING if any(own.strip().lower() not in context for own in variables) else value

    def changed(statement: Json, policy: Json) -> Json:
        if policy["Version"] != NEW or "Condition" not in statement:
            return statement
        return {**statement, "Condition": _values(statement["Condition"], named)}

    return replace(case, documents=_statements(case.documents, changed))


def _old_spelt_out(case: Case) -> Case:
    def spelt(value: str) -> str:
        return value.replace("${", "${$}{")

    def changed(statement: Json, policy: Json) -> Json:
        if policy["Version"] == NEW:
            return statement
        found = dict(statement)
        for name in ("Resource", "NotResource"):
            if name in found:
                own = found[name]
                found[name] = spelt(own) if isinstance(own, str) else [spelt(value) for value in own]
        return found | ({"Condition": _values(found["Condition"], spelt)} if "Condition" in found else {})

    return replace(case, documents=_statements(case.documents, changed))


def _unbound(case: Case) -> Case:
    escapes = case.caller == LINKED or is_service(case.caller)
    return replace(case, documents=replace(case.documents, guards=())) if escapes else case


def _bare_federated(case: Case) -> Case:
    if case.caller != FEDERATED or case.documents.session is not None:
        return case
    identity = [
        {**policy, "Statement": [own for own in policy["Statement"] if own["Effect"] == "Deny"]}
        for policy in case.documents.identity
    ]
    kept = tuple(policy for policy in identity if policy["Statement"])
    return replace(case, documents=replace(case.documents, identity=kept))


def _account_not_spared(case: Case) -> Case:
    if is_service(case.caller) or case.caller.endswith(":root"):
        return case
    account = account_of(case.caller)
    whole = {account, f"arn:aws:iam::{account}:root"}

    def changed(statement: Json, policy: Json) -> Json:
        if statement["Effect"] != "Deny" or not whole & set(_names(statement, "NotPrincipal")):
            return statement
        others = [name for name in _names(statement, "NotPrincipal") if name not in whole]
        return {**statement, "NotPrincipal": {**statement["NotPrincipal"], "AWS": [*others, _NOBODY]}}

    return replace(case, documents=_statements(case.documents, changed))


def _bounded_not_spared(case: Case) -> Case:
    def changed(statement: Json, policy: Json) -> Json:
        negated = statement["Effect"] == "Deny" and "NotPrincipal" in statement
        return {**statement, "NotPrincipal": {"AWS": _NOBODY}} if negated else statement

    bounded = case.documents.boundary is not None
    return replace(case, documents=_statements(case.documents, changed)) if bounded else case


def _foreign(case: Case) -> bool | None:
    abroad = not is_service(case.caller) and account_of(case.caller) != ACCOUNT
    return False if abroad and case.request.action not in CROSSING else None


def _names(statement: Json, element: str) -> list[str]:
    own = statement.get(element, {})
    found = own.get("AWS", []) if isinstance(own, Mapping) else own
    return [found] if isinstance(found, str) else list(found)


def _session_named(case: Case) -> bool:
    return case.documents.session is not None and any(
        statement["Effect"] == "Allow" and {"*", case.caller} & set(_names(statement, "Principal"))
        for statement in case.documents.key_policy["Statement"]
    )


GAPS = (
    Gap(
        "refuses the root user without an identity policy",
        "the account principal allows its root user by itself",
        "AWS KMS Developer Guide, key-policy-default",
        rewrite=_for_root,
    ),
    Gap(
        "lets a principal of another account do any action",
        "only some operations work on a key of another account",
        "AWS KMS Developer Guide, key-policy-modifying-external-accounts",
        overrule=_foreign,
    ),
    Gap(
        "gives effect to a statement of a key policy without Resource",
        "such a statement has no effect",
        "AWS KMS Developer Guide, key-policy-overview",
        rewrite=_without_void,
    ),
    Gap(
        "fails a negated operator whose policy variable has no value",
        "a value that cannot be resolved matches nothing, so the negated operator holds",
        "variables#policy-vars-no-value",
        rewrite=_valueless_named,
    ),
    Gap(
        "replaces policy variables whatever the version of the policy",
        "without version 2012-10-17 they are literal text",
        "variables",
        rewrite=_old_spelt_out,
    ),
    Gap(
        "lets Deny with NotPrincipal spare a whole account that is named",
        "everyone is denied who is not named, also those of a named account",
        "elements_notprincipal",
        rewrite=_account_not_spared,
    ),
    Gap(
        "lets Deny with NotPrincipal spare a principal that has a permissions boundary",
        "it always denies a principal with a permissions boundary",
        "IAM User Guide, access_policies_boundaries",
        rewrite=_bounded_not_spared,
    ),
    Gap(
        "binds service-linked roles and services by service control policies",
        "SCPs affect users and roles of member accounts only, and no service-linked role",
        "AWS Organizations User Guide, orgs_manage_policies_scps",
        rewrite=_unbound,
    ),
    Gap(
        "lets a federated user without a session policy use the identity policies of its user",
        "such a session has the permissions that a resource-based policy gives it, and no others",
        "evaluation-logic; AWS STS API Reference, GetFederationToken",
        rewrite=_bare_federated,
    ),
    Gap(
        "lets a session policy limit what the key policy grants to the session's own ARN, or to everyone",
        "an implicit deny of a session policy does not limit such a grant",
        "evaluation-logic",
        excludes=_session_named,
    ),
)


def dropped(case: Case, ignored: list[str]) -> bool:
    """Whether the simulator left out a condition key that the documents name: it knows fewer keys than KMS has."""
    return bool({name.lower() for name in ignored} & {name.lower() for name in named_keys(case.documents)})


def put(case: Case) -> Case:
    """The case in the form in which the simulator is asked."""
    for gap in GAPS:
        case = gap.rewrite(case)
    return case


def is_left_out(case: Case) -> bool:
    """Whether a gap keeps the simulator from being asked at all."""
    return any(gap.excludes(case) for gap in GAPS)


def expected(case: Case, allowed: bool) -> bool:
    """What AWS documents of the case, given what the simulator said."""
    told_by_rule = [answer for gap in GAPS if (answer := gap.overrule(case)) is not None]
    return told_by_rule[0] if told_by_rule else allowed
