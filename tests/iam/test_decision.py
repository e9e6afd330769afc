"""The decision: rules of AWS one by one, and laws over all policies, with the second evaluator as oracle."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.iam.asking import (
    ACCOUNT,
    OTHER,
    ROOT,
    TARGET,
    case,
    document,
    possibly,
    role,
    simulated,
    statement,
    surely,
    user,
)
from tfkms.checks.parties import witness
from tfkms.finding import Witness
from tfkms.iam.callers import Caller, CallerKind, anyone, named, of_any_path, service, session
from tfkms.iam.case import Case
from tfkms.iam.document import Policy
from tfkms.iam.grants import EVERYTHING, Bundle, Guarding
from tfkms.iam.key_values import Reading
from tfkms.iam.parse import parse_policy
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.location import Origin
from tfkms.values import Hole, Text, Unknown, Value, text

APP = f"arn:aws:iam::{ACCOUNT}:role/app"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
DELEGATED = Bundle(identity=(EVERYTHING,))


def test_the_account_principal_grants_nothing_by_itself() -> None:
    assert not possibly(case(document(statement(principal={"AWS": ROOT})), role()))


@pytest.mark.parametrize("principal", [{"AWS": ROOT}, {"AWS": ACCOUNT}])
def test_the_account_principal_delegates_to_identity_policies(principal: Any) -> None:
    assert surely(case(document(statement(principal=principal)), role(), bundle=DELEGATED))


def test_without_the_account_principal_identity_policies_count_for_nothing() -> None:
    assert not possibly(case(document(statement(principal={"AWS": ANN})), role(), bundle=DELEGATED))


def test_an_account_delegates_no_more_than_its_statement_covers() -> None:
    policy = document(statement(principal={"AWS": ROOT}, action="kms:Describe*"))

    assert not possibly(case(policy, role(), bundle=DELEGATED))


def test_a_boundary_limits_a_role_named_by_its_arn_but_not_a_user() -> None:
    reads = parse_policy({"Statement": ({"Effect": "Allow", "Action": "kms:Get*", "Resource": "*"},)}, Origin("", ""))[
        0
    ]
    bundle = Bundle(boundaries=(reads,))
    policy = document(statement(principal={"AWS": [APP, ANN]}))

    assert not possibly(case(policy, role(bounded=True), bundle=bundle))
    assert surely(case(policy, user(), bundle=bundle))


def test_a_role_arn_names_its_sessions_and_a_session_only_itself() -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
    one = session(arn, "app", ACCOUNT, "aws")
    two = session(arn.replace("/one", "/two"), "app", ACCOUNT, "aws")

    assert surely(case(document(statement(principal={"AWS": APP})), one))
    assert surely(case(document(statement(principal={"AWS": arn})), one))
    assert not possibly(case(document(statement(principal={"AWS": arn})), two))


def test_a_deny_of_a_role_reaches_its_sessions_and_no_role_that_ends_alike() -> None:
    one = session(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one", "app", ACCOUNT, "aws")
    policy = document(statement(principal="*"), statement("Deny", {"AWS": APP}))

    assert not possibly(case(policy, one))
    assert surely(case(document(statement(principal="*"), statement("Deny", {"AWS": f"{APP}s"})), one))


def test_the_path_of_a_sessions_role_is_not_known() -> None:
    one = session(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one", "app", ACCOUNT, "aws")
    guard = statement("Deny", "*", Condition={"ArnLike": {"aws:PrincipalArn": APP}})
    asked = case(document(statement(principal="*"), guard), one)

    assert possibly(asked)
    assert not surely(asked)


def test_a_service_is_named_by_its_name_alone() -> None:
    policy = document(statement(principal={"Service": "logs.amazonaws.com"}))

    assert surely(case(policy, service("logs.amazonaws.com", "aws")))
    assert not possibly(case(policy, service("ses.amazonaws.com", "aws")))
    assert not possibly(case(policy, role()))


def test_a_federated_user_has_of_its_account_what_its_session_policy_gives_it() -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    bob = named(CallerKind.FEDERATED_USER, arn, ACCOUNT, "aws")

    delegated = case(document(statement(principal={"AWS": ROOT})), bob, bundle=DELEGATED)
    assert possibly(delegated)
    assert not surely(delegated)
    assert surely(case(document(statement(principal={"AWS": arn})), bob))


@pytest.mark.parametrize(
    ("caller", "pattern", "sure", "possible"),
    [
        (role(), "*:alice", True, True),  # whoever assumes a role names the session
        (role(), "AROAEXAMPLE:*", False, True),
        (user(), "AIDAEXAMPLE", False, True),
        (session(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/bob", "app", ACCOUNT, "aws"), "*:alice", False, False),
    ],
)
def test_the_ids_that_aws_gives_are_not_chosen(caller: Caller, pattern: str, sure: bool, possible: bool) -> None:
    condition = {"StringLike": {"aws:userid": pattern}}
    asked = case(document(statement(principal="*", Condition=condition)), caller)

    assert (surely(asked), possibly(asked)) == (sure, possible)


def test_a_guard_that_lists_a_pattern_spares_its_roles_and_nobody_else() -> None:
    guard = statement(
        "Deny", "*", Condition={"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/KeyAdmin*", ROOT]}}
    )
    policy = document(statement(principal="*"), guard)

    assert surely(case(policy, role("KeyAdmin1")))
    assert not possibly(case(policy, role("app")))


def test_a_guard_without_resource_guards_nothing() -> None:
    policy = document(statement(principal="*"), statement("Deny", "*", Resource=None))

    assert surely(case(policy, role()))


def test_conditions_that_a_caller_can_meet_narrow_nobody_and_stand_in_the_witness() -> None:
    policy = document(statement(principal={"AWS": APP}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    (granted,) = case(policy, role()).granted(Reading.STRICT)

    assert dict(granted.solution.context)["aws:multifactorauthpresent"] == ("true",)


def test_a_key_that_the_operation_never_carries_makes_an_allow_dead() -> None:
    policy = document(
        statement(principal={"AWS": APP}, Condition={"StringEquals": {"kms:RequestAlias": "alias/x"}}),
    )

    assert not possibly(case(policy, role(), "DisableKey"))
    assert surely(case(policy, role(), "Decrypt"))


def test_a_policy_variable_holds_the_callers_own_value() -> None:
    allow = statement(principal="*", Condition={"StringEquals": {"aws:PrincipalTag/name": "${aws:username}"}})
    literal = statement(principal="*", Condition={"StringLike": {"aws:username": "${aws:username}"}})

    assert surely(case(document(literal), user()))
    assert not possibly(case(document(literal, version=None), user()))
    assert possibly(case(document(allow), user()))


def test_anyone_is_found_outside_the_listed_patterns() -> None:
    listed = [f"arn:aws:iam::{ACCOUNT}:role/a*", f"arn:aws:iam::{ACCOUNT}:role/?*/x"]
    policy = document(statement(principal="*", Condition={"ArnNotLike": {"aws:PrincipalArn": listed}}))
    (granted,) = case(policy, anyone(CallerKind.ROLE, ACCOUNT, "aws")).granted(Reading.STRICT)
    arn = str(dict(granted.solution.context)["aws:principalarn"][0])  # type: ignore[index]

    assert arn.startswith(f"arn:aws:iam::{ACCOUNT}:role/")
    assert surely(case(policy, role(arn.partition(":role/")[2])))


def test_a_variable_of_one_statement_holds_nothing_up_in_another() -> None:
    team = statement(principal="*", Condition={"StringEquals": {"aws:PrincipalTag/team": "b"}})
    whatever = statement(
        principal="*", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}}
    )
    guard = statement("Deny", principal="*", Condition={"StringEquals": {"aws:username": "${aws:PrincipalTag/team}"}})

    assert case(document(team), role()).granted(Reading.STRICT)
    assert case(document(team, whatever), role()).granted(Reading.STRICT)
    assert case(document(whatever, team, guard), role()).granted(Reading.LOOSE)


def test_a_policy_variable_counts_after_the_fifth_colon_of_a_resource_only() -> None:
    own = statement(principal="*", Resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/${{aws:PrincipalTag/key}}")
    account = statement(principal="*", Resource="arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*")
    denied = statement("Deny", "*", Resource="arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*")

    assert possibly(case(document(own), role()))
    assert not possibly(case(document(account), role()))
    assert surely(case(document(statement(principal="*"), denied), role()))


def test_a_guard_by_for_any_value_if_exists_may_not_hold_for_an_absent_key() -> None:
    guard = statement(
        "Deny", "*", Condition={"ForAnyValue:StringNotEqualsIfExists": {"kms:GrantOperations": ["Decrypt"]}}
    )
    asked = case(document(statement(principal={"AWS": APP}), guard), role())

    assert possibly(asked)
    assert not surely(asked)


def test_whether_a_boundary_limits_an_allow_for_all_but_some_is_open() -> None:
    policy = document(statement(NotPrincipal={"AWS": ANN}))
    reads = document(statement(action="kms:Get*"))
    limited = case(policy, role(bounded=True), bundle=Bundle(boundaries=(reads,)))

    assert surely(case(policy, role()))
    assert possibly(limited)
    assert not surely(limited)


def test_whether_everyone_or_all_but_some_are_services_too_is_open() -> None:
    logs = service("logs.amazonaws.com", "aws")

    for policy in (document(statement(principal="*")), document(statement(NotPrincipal={"AWS": ANN}))):
        assert possibly(case(policy, logs))
        assert not surely(case(policy, logs))


def test_unknown_statements_may_allow_and_may_deny() -> None:
    unknown = Unknown(Hole("aws_kms_key.main", "/policy", "known after apply"))
    policy, _ = parse_policy(unknown, Origin("aws_kms_key.main", "/policy"))

    assert possibly(case(policy, role()))
    assert not surely(case(policy, role()))


def with_holes(*statements: dict[str, Any]) -> Policy:
    """The policy of these statements, texts with holes among their values."""
    return parse_policy(frozen({"Version": "2012-10-17", "Statement": list(statements)}), Origin("k", "/policy"))[0]


VPCE = Hole("aws_vpc_endpoint.main", "/id", "known after apply")
OTHER_VPCE = Hole("aws_vpc_endpoint.other", "/id", "known after apply")


@pytest.mark.parametrize(
    ("operator", "denied", "sure", "possible"),
    [
        ("StringEquals", "vpce-1", False, True),  # the endpoint may be this one
        ("StringNotEquals", text(VPCE), True, True),  # what is allowed is what the Deny spares, whatever it is
        ("StringEquals", text(VPCE), False, False),
        ("StringEquals", text(OTHER_VPCE), False, True),
        ("StringLike", "vpce-*", False, True),
        ("StringNotLike", "vpce-*", False, True),
        ("StringLike", "*", False, False),
        ("StringNotLike", text("vpce-", VPCE), False, True),
    ],
)
def test_a_value_that_is_not_known_may_be_the_one_that_is_denied(
    operator: str, denied: Text, sure: bool, possible: bool
) -> None:
    allow = statement(principal="*", Condition={"StringEquals": {"aws:SourceVpce": text(VPCE)}})
    deny = statement("Deny", "*", Condition={operator: {"aws:SourceVpce": denied}})
    asked = case(with_holes(allow, deny), role())

    assert (surely(asked), possibly(asked)) == (sure, possible)


def test_what_is_not_known_of_the_key_is_one_value_for_all_that_ask() -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    policy = document(statement(principal="*", Condition=tagged), statement("Deny", "*", Condition=tagged))
    other = document(
        statement(principal="*", Condition=tagged),
        statement("Deny", "*", Condition={"StringEquals": {"aws:ResourceTag/team": "b"}}),
    )
    untold = replace(TARGET, settled=False)

    assert not possibly(replace(case(policy, role()), target=untold))
    assert possibly(replace(case(other, role()), target=untold))


def test_a_literal_that_may_hold_is_never_taken_to_hold_and_to_fail() -> None:
    caller = {"StringEquals": {"aws:PrincipalAccount": text(VPCE)}}
    policy = with_holes(statement(principal="*", Condition=caller), statement("Deny", "*", Condition=caller))

    assert not possibly(case(policy, role()))


def test_an_empty_value_may_be_one() -> None:
    asked = case(document(statement(principal="*", Condition={"StringEquals": {"aws:PrincipalTag/x": ""}})), role())

    assert possibly(asked)
    assert not surely(asked)


def test_numbers_and_dates_on_one_key_are_both_met() -> None:
    both = {
        "NumericGreaterThan": {"aws:EpochTime": "1800000000"},
        "DateLessThan": {"aws:EpochTime": "2030-01-01T00:00:00Z"},
    }

    assert surely(case(document(statement(principal="*", Condition=both)), role()))


def test_every_address_of_the_shorter_kind_is_not_every_address() -> None:
    elsewhere = {"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}, "Null": {"aws:SourceIp": "false"}}

    assert surely(case(document(statement(principal="*", Condition=elsewhere)), role()))


def test_several_values_without_a_set_operator_are_sure_where_all_agree() -> None:
    known = replace(TARGET, facts={"kms:resourcealiases": ("alias/a", "alias/b")})

    def asked(*wanted: str) -> Case:
        condition = {"StringEquals": {"kms:ResourceAliases": list(wanted)}}
        return replace(case(document(statement(principal="*", Condition=condition)), role()), target=known)

    assert surely(asked("alias/a", "alias/b"))
    assert possibly(asked("alias/a"))
    assert not surely(asked("alias/a"))
    assert not possibly(asked("alias/c"))


# Laws. Policies are steered towards the principals, keys and values that the questions are about.

PRINCIPALS = st.sampled_from(
    [
        "*",
        {"AWS": ROOT},
        {"AWS": APP},
        {"AWS": ANN},
        {"AWS": [APP, ROOT]},
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
        {"Service": "logs.amazonaws.com"},
    ]
)
ACTIONS = st.sampled_from(
    ["kms:*", "kms:Disable*", "kms:Decrypt", "*", ["kms:DisableKey", "kms:Get*"], "kms:?isableKey"]
)
KEYS = ["aws:PrincipalArn", "kms:ViaService", "aws:MultiFactorAuthPresent", "kms:CallerAccount", "aws:SourceVpce"]
VALUES = [
    APP,
    ANN,
    f"arn:aws:iam::{ACCOUNT}:role/a*",
    "s3.us-east-1.amazonaws.com",
    "true",
    "false",
    ACCOUNT,
    "vpce-1",
    "*",
]
OPERATORS = [
    prefix + name + suffix
    for prefix in ("", "ForAnyValue:", "ForAllValues:")
    for name in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "Bool")
    for suffix in ("", "IfExists")
] + ["Null"]
CONDITIONS = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(
        st.sampled_from(KEYS), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2), min_size=1, max_size=2
    ),
    max_size=2,
)


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Deny"), identity: bool = False) -> dict[str, Any]:
    found = {
        "Effect": draw(st.sampled_from(effects)),
        draw(st.sampled_from(["Action", "Action", "Action", "NotAction"])): draw(ACTIONS),
        "Resource": "*",
    }
    if not identity:
        found[draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))] = draw(PRINCIPALS)
    conditions = draw(CONDITIONS)
    return found | {"Condition": conditions} if conditions else found


KEY_POLICIES = st.lists(statements(), min_size=1, max_size=4)
IDENTITY = st.lists(statements(identity=True), max_size=2)
CALLERS = st.sampled_from([role(), user(), role("abc")])
CONTEXTS = [
    {
        name: (value,)
        for name, value in zip(("kms:ViaService", "aws:MultiFactorAuthPresent", "aws:SourceVpce"), chosen, strict=True)
        if value
    }
    for chosen in itertools.product(
        (None, "s3.us-east-1.amazonaws.com", "other"), (None, "true", "false"), (None, "vpce-1", "other")
    )
]


def asked(key_policy: list[Mapping[str, Any]], identity: list[Mapping[str, Any]], caller: Any, action: str) -> Case:
    return case(document(*key_policy), caller, action, Bundle(identity=(document(*identity),)))


@given(KEY_POLICIES, IDENTITY, CALLERS, st.sampled_from(["DisableKey", "Decrypt"]))
def test_the_two_evaluators_agree(key_policy: Any, identity: Any, caller: Any, action: str) -> None:
    question = asked(key_policy, identity, caller, action)
    answers = {simulated(question, context) for context in CONTEXTS}

    for granted in question.granted(Reading.STRICT):
        context = {
            name: tuple(map(str, values))
            for name, values in granted.solution.context
            if values is not None and name in ("kms:viaservice", "aws:multifactorauthpresent", "aws:sourcevpce")
        }
        assert simulated(question, context) is Answer.ALLOWED
    if not possibly(question):
        assert Answer.ALLOWED not in answers
    if Answer.ALLOWED in answers:
        assert possibly(question)


@given(KEY_POLICIES, IDENTITY, CALLERS, st.randoms())
def test_the_order_of_statements_never_matters(key_policy: Any, identity: Any, caller: Any, random: Any) -> None:
    before = asked(key_policy, identity, caller, "DisableKey")
    shuffled = random.sample(key_policy, len(key_policy))
    after = asked(shuffled, identity, caller, "DisableKey")

    assert (surely(before), possibly(before)) == (surely(after), possibly(after))


@given(KEY_POLICIES, IDENTITY, CALLERS, statements(effects=("Deny",)))
def test_a_deny_never_grants(key_policy: Any, identity: Any, caller: Any, deny: Any) -> None:
    before = asked(key_policy, identity, caller, "DisableKey")
    after = asked([*key_policy, deny], identity, caller, "DisableKey")

    assert surely(before) or not surely(after)
    assert possibly(before) or not possibly(after)


@given(KEY_POLICIES, IDENTITY, CALLERS, statements(effects=("Allow",)))
def test_an_allow_never_revokes(key_policy: Any, identity: Any, caller: Any, allow: Any) -> None:
    before = asked(key_policy, identity, caller, "DisableKey")
    after = asked([*key_policy, allow], identity, caller, "DisableKey")

    assert surely(after) or not surely(before)
    assert possibly(after) or not possibly(before)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a value, the value itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, item in items for found in ((*path, name), *leaves(item, (*path, name)))]


def hidden(value: Any, path: tuple[Any, ...]) -> Value:
    """The value, frozen, with an unknown in the place of what stands at `path`."""
    if path == ():
        return Unknown(Hole("aws_kms_key.main", "/hidden", "known after apply"))
    if isinstance(value, dict):
        return {name: hidden(item, path[1:]) if name == path[0] else frozen(item) for name, item in value.items()}
    return tuple(hidden(item, path[1:]) if place == path[0] else frozen(item) for place, item in enumerate(value))


def frozen(value: Any) -> Value:
    if isinstance(value, dict):
        return {name: frozen(item) for name, item in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value


@given(KEY_POLICIES, CALLERS, st.data())
def test_hiding_what_is_known_never_flips_an_answer(key_policy: Any, caller: Any, data: st.DataObject) -> None:
    content = {"Version": "2012-10-17", "Statement": key_policy}
    path = data.draw(st.sampled_from(leaves(content)))

    def of(value: Value) -> Case:
        policy: Policy = parse_policy(value, Origin("aws_kms_key.main", "/policy"))[0]
        return case(policy, caller, "DisableKey", DELEGATED)

    whole, partly = of(frozen(content)), of(hidden(content, path))

    assert possibly(partly) or not surely(whole)
    assert possibly(whole) or not surely(partly)


NOT_TOLD = {
    "aws:PrincipalAccount": ACCOUNT,
    "kms:CallerAccount": ACCOUNT,
    "aws:PrincipalType": "AssumedRole",
    "aws:userid": "AROAEXAMPLE",
    "aws:PrincipalServiceNamesList": "logs.amazonaws.com",
}


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("key", NOT_TOLD)
def test_what_a_services_call_tells_of_its_account_is_not_known(effect: str, key: str) -> None:
    """AWS says that the keys are in every request, and not what they hold where a service calls for itself."""
    operator = "ForAnyValue:StringEquals" if key == "aws:PrincipalServiceNamesList" else "StringEquals"
    condition = {operator: {key: NOT_TOLD[key]}}
    allow = statement(principal={"Service": "logs.amazonaws.com"}, Condition=condition if effect == "Allow" else None)
    deny = [statement("Deny", "*", Condition=condition)] if effect == "Deny" else []
    asked = case(document(allow, *deny), service("logs.amazonaws.com", "aws"), "Decrypt")

    assert not surely(asked)
    assert possibly(asked)


@pytest.mark.parametrize("operators", [*itertools.permutations(["StringEquals", "StringNotEquals"])])
def test_a_text_with_an_unknown_id_in_it_cannot_be_and_not_be_the_same(operators: tuple[str, ...]) -> None:
    conditions = {operator: {"aws:userid": "*:one"} for operator in operators}
    policy = document(statement(principal="*", Condition=conditions))

    assert not possibly(case(policy, role()))


# Anyone of a kind is one principal in all that is said of it


def the_one(asked: Case) -> Witness:
    """The request that surely exists, which the second evaluator allows."""
    (found, *_) = asked.granted(Reading.STRICT)
    proof = witness(asked, found.solution, None)
    bundle = asked.bundle
    documents = Documents(asked.key_policy, bundle.identity, bundle.boundaries[0] if bundle.boundaries else None)
    request = Request(proof.principal, proof.action, proof.resource, proof.context)
    assert simulate(request, documents, frozenset()) is Answer.ALLOWED
    return proof


ANY_USER = anyone(CallerKind.USER, ACCOUNT, "aws")


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ({"StringEquals": {"aws:username": "bob"}}, "bob"),
        ({"StringLike": {"aws:username": "b?b"}, "ArnLike": {"aws:PrincipalArn": "*:*:*:*:*:user/team/*"}}, "team/bxb"),
        ({"StringNotLike": {"aws:username": ["x*", "y*"]}, "StringLike": {"aws:username": ["y*", "z*"]}}, "z"),
        ({"StringEquals": {"aws:username": "${aws:PrincipalTag/user}"}}, "x"),
    ],
)
def test_the_name_of_any_user_is_the_end_of_its_arn(conditions: dict[str, Any], name: str) -> None:
    proof = the_one(case(document(statement(principal="*", Condition=conditions)), ANY_USER))

    assert proof.principal == f"arn:aws:iam::{ACCOUNT}:user/{name}"


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringEquals": {"aws:username": "bob"}, "StringNotLike": {"aws:PrincipalArn": "*bob"}},
        {"StringEquals": {"aws:username": "bob"}, "StringLike": {"aws:PrincipalArn": "*/ann"}},
        {"StringEquals": {"aws:username": "team/bob"}},
        {"Null": {"aws:username": "true"}},
    ],
)
def test_no_user_has_one_name_and_another_in_its_arn(conditions: dict[str, Any]) -> None:
    assert not possibly(case(document(statement(principal="*", Condition=conditions)), ANY_USER))


def test_the_name_of_a_user_is_no_number() -> None:
    condition = {"NumericLessThan": {"aws:username": "5"}}
    asked = case(document(statement(principal="*", Condition=condition)), ANY_USER)

    assert (surely(asked), possibly(asked)) == (False, True)


@pytest.mark.parametrize("kind", [CallerKind.ROLE, CallerKind.USER])
@pytest.mark.parametrize(
    ("arn", "expected"),
    [("app", True), ("team/app", True), ("*/app", True), ("xapp", False), ("*xapp", False), ("app/x", False)],
)
def test_of_a_principal_known_by_name_the_path_alone_is_free(kind: CallerKind, arn: str, expected: bool) -> None:
    condition = {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:{kind.value}/{arn}"}}
    policy = document(statement(principal="*", Condition=condition))
    asked = case(policy, of_any_path(kind, "app", ACCOUNT, "aws"))

    assert (surely(asked), possibly(asked)) == (expected, expected)
    if expected:
        assert str(the_one(asked).principal).endswith("/app")


@pytest.mark.parametrize(("name", "expected"), [("ann", True), ("${aws:username}", True), ("bob", False)])
def test_a_user_known_by_name_has_that_name(name: str, expected: bool) -> None:
    policy = document(statement(principal="*", Condition={"StringEquals": {"aws:username": name}}))
    asked = case(policy, of_any_path(CallerKind.USER, "ann", ACCOUNT, "aws"))

    assert (surely(asked), possibly(asked)) == (expected, expected)


def test_the_name_of_a_user_may_hold_an_unknown_part() -> None:
    hole = Hole("random_id.x", "/hex", "known after apply")
    caller = named(CallerKind.USER, text(f"arn:aws:iam::{ACCOUNT}:user/team/", hole, "-x"), ACCOUNT, "aws")

    for pattern, sure, possible in (("*-x", True, True), ("-x", False, True), ("*-y", False, False)):
        policy = document(statement(principal="*", Condition={"StringLike": {"aws:username": pattern}}))
        asked = case(policy, caller)
        assert (surely(asked), possibly(asked)) == (sure, possible)


BOB = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_any_federated_user_may_be_the_one_that_is_named(effect: str) -> None:
    is_bob = {"ArnEquals": {"aws:PrincipalArn": BOB}}
    named_ = statement(effect, {"AWS": BOB})
    everyone = [] if effect == "Allow" else [statement(principal="*", Condition=is_bob)]
    asked = case(document(named_, *everyone), anyone(CallerKind.FEDERATED_USER, ACCOUNT, "aws"))

    assert (surely(asked), possibly(asked)) == (effect == "Allow", effect == "Allow")


@pytest.mark.parametrize(
    "allow",
    [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "NotPrincipal": {"AWS": user().name}},
        statement(principal={"AWS": user().name}),
    ],
)
def test_for_which_user_a_federated_user_acts_is_not_told(allow: dict[str, Any]) -> None:
    asked = case(document(allow), named(CallerKind.FEDERATED_USER, BOB, ACCOUNT, "aws"))

    assert (surely(asked), possibly(asked)) == (False, True)


# Control policies

LINKED = role("aws-service-role/logs.amazonaws.com/AWSServiceRoleForLogs")


@pytest.mark.parametrize(
    ("caller", "action", "on_resources", "sure", "possible"),
    [
        (role(), "RetireGrant", False, False, False),
        (role(), "RetireGrant", True, True, True),  # no resource control policy is about the retiring of grants
        (role(), "CreateGrant", True, False, False),
        (LINKED, "CreateGrant", False, True, True),
        (LINKED, "CreateGrant", True, False, True),
        (service("logs.amazonaws.com", "aws"), "CreateGrant", False, True, True),
        (service("logs.amazonaws.com", "aws"), "CreateGrant", True, False, False),
    ],
)
def test_whom_and_what_a_control_policy_binds(
    caller: Caller, action: str, on_resources: bool, sure: bool, possible: bool
) -> None:
    who = {"AWS": [str(role().name), str(LINKED.name)], "Service": "logs.amazonaws.com"}
    deny = document(statement("Deny", "*" if on_resources else None))
    guards = (Guarding(deny, on_resources, sure=True),)
    asked = case(document(statement(principal=who)), caller, action, Bundle(guards=guards))

    assert (surely(asked), possibly(asked)) == (sure, possible)


# Tests of several kinds on one key


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"StringEquals": {"aws:UserAgent": ["1", "7", "x"]}, "NumericGreaterThan": {"aws:UserAgent": "5"}}, True),
        ({"StringEquals": {"aws:UserAgent": ["1", "2"]}, "NumericGreaterThan": {"aws:UserAgent": "5"}}, False),
        ({"StringEquals": {"aws:SourceIp": "10.0.0.1"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
        ({"StringEquals": {"aws:SourceIp": "10.0.0.1"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"StringEquals": {"aws:CurrentTime": "2040-01-01"}, "DateLessThan": {"aws:CurrentTime": "2030-01-01"}}, False),
        ({"Bool": {"aws:ViaAWSService": "true"}, "BinaryEquals": {"aws:ViaAWSService": "dHJ1ZQ=="}}, False),
    ],
)
def test_values_that_are_listed_are_all_tried(conditions: dict[str, Any], expected: bool) -> None:
    asked = case(document(statement(principal="*", Condition=conditions)), role(), "Decrypt")

    assert (surely(asked), possibly(asked)) == (expected, expected)


def test_a_policy_variable_in_a_boolean_is_sure_of_nothing() -> None:
    """Not even where the request holds what is written there, letter by letter."""
    condition = {"Bool": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}}
    asked = case(document(statement(principal="*", Condition=condition)), role())

    assert (surely(asked), possibly(asked)) == (False, True)
