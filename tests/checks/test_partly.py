"""What is not known of a key policy may leave a guardrail undecided, and never turns its verdict round."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.checks.partly import KEY_ARN, verdicts
from tests.iam.policies import asked_keys, contexts, hidden, leaves, openly, statements, whole
from tests.plan_builder import ACCOUNT
from tfkms import catalogue
from tfkms.iam import callers
from tfkms.iam.callers import CallerKind, Target, request_keys
from tfkms.iam.parse import parse_policy
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.location import Origin
from tfkms.values import Hole, Unknown, Value, text

H = Hole("aws_iam_role.app", "/arn", "known after apply", ("aws_iam_role.app.arn",))
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
DELETES = ("IAM-KMS-3", "IAM-KMS-6", "IAM-KMS-8")


def allowing(principal: Any, **members: Any) -> Value:
    """A key policy that lets the account delegate and the principal do everything."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"} | members
    return whole({"Version": "2012-10-17", "Statement": [ROOT, statement]})


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (Unknown(H), ("undecided", "undecided", "undecided")),
        ({"AWS": Unknown(H)}, ("undecided", "undecided", "undecided")),
        ({"AWS": text(H)}, ("undecided", "undecided", "undecided")),
        ({"AWS": [text(H)]}, ("undecided", "undecided", "undecided")),
        ({"AWS": text("arn:aws:iam::", H, ":root")}, ("undecided", "not_applicable", "undecided")),
        ({"AWS": text(f"arn:aws:iam::{ACCOUNT}:", H)}, ("undecided", "not_applicable", "undecided")),
        # It is a role of the account, and may be an authorized one; nobody is exempt from the separation of duties.
        ({"AWS": text(f"arn:aws:iam::{ACCOUNT}:role/", H)}, ("undecided", "pass", "violated")),
        ({"AWS": text(f"arn:aws:iam::{ACCOUNT}:role/app-", H)}, ("violated", "pass", "violated")),
        ({"AWS": text(f"arn:aws:iam::{ACCOUNT}:user/", H)}, ("violated", "pass", "violated")),
        ({"AWS": text(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/", H)}, ("violated", "pass", "violated")),
        ({"AWS": text(f"arn:aws:sts::{ACCOUNT}:federated-user/", H)}, ("violated", "pass", "violated")),
        ({"Federated": text(H)}, ("violated", "not_applicable", "violated")),
    ],
)
def test_a_principal_of_which_part_is_not_known(principal: Any, expected: tuple[str, ...]) -> None:
    found = verdicts(allowing(principal), *DELETES)

    assert tuple(found[check] for check in DELETES) == expected


ANYBODY_ELSE = {"StringNotEquals": {"aws:PrincipalArn": text("arn:aws:iam::", H, ":role/x")}}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Action": text(H)}, "undecided"),
        ({"Action": text("kms:", H)}, "undecided"),
        ({"Action": text("s3:", H)}, "pass_in_plan"),
        ({"Resource": text(H)}, "undecided"),
        ({"Resource": Unknown(H)}, "undecided"),
        ({"Resource": text("arn:aws:s3:::", H)}, "pass_in_plan"),
        ({"Effect": Unknown(H)}, "undecided"),
        ({"Condition": Unknown(H)}, "undecided"),
        ({"Condition": {"StringEquals": Unknown(H)}}, "undecided"),
        ({"Condition": {"StringEquals": {"kms:CallerAccount": Unknown(H)}}}, "undecided"),
        ({"Condition": {"StringEquals": {"kms:CallerAccount": text(H)}}}, "undecided"),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": text(H)}}}, "violated"),
        ({"Condition": ANYBODY_ELSE}, "violated"),
        ({"Sid": Unknown(H)}, "violated"),
    ],
)
def test_an_element_of_which_part_is_not_known(members: dict[str, Any], expected: str) -> None:
    assert verdicts(allowing("*", **members), "IAM-KMS-3") == {"IAM-KMS-3": expected}


DECIDED = {"violated": False, "pass": True, "pass_in_plan": True, "not_applicable": True}
HELD = [
    None,
    json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}),
]
POLICIES = st.lists(statements(key=KEY_ARN), min_size=1, max_size=3).map(
    lambda own: {"Version": "2012-10-17", "Statement": [ROOT, *own]}
)


def is_never_turned_round(policy: dict[str, Any], path: tuple[Any, ...], held: str | None) -> None:
    before, after = verdicts(whole(policy), held=held), verdicts(hidden(policy, path), held=held)
    turned = [
        check
        for check in before
        if {before[check], after[check]} <= DECIDED.keys() and DECIDED[before[check]] != DECIDED[after[check]]
    ]

    assert not turned, (before, after)


@given(POLICIES, st.sampled_from(HELD), st.data())
def test_hiding_what_is_known_never_turns_a_verdict_round(
    policy: dict[str, Any], held: str | None, data: st.DataObject
) -> None:
    is_never_turned_round(policy, data.draw(st.sampled_from(leaves(policy))), held)


# Against the second evaluator: who is let in by a policy that passes

OUTSIDERS = [
    callers.named(CallerKind.ROLE, f"arn:aws:iam::{ACCOUNT}:role/app", ACCOUNT, "aws"),
    callers.named(CallerKind.ROLE, f"arn:aws:iam::{ACCOUNT}:role/team/x", ACCOUNT, "aws"),
    callers.named(CallerKind.USER, f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT, "aws"),
    callers.session(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one", "app", ACCOUNT, "aws"),
    callers.named(CallerKind.FEDERATED_USER, f"arn:aws:sts::{ACCOUNT}:federated-user/bob", ACCOUNT, "aws"),
    callers.service("s3.amazonaws.com", "aws"),
]
OPEN = openly().map(lambda own: {"Version": "2012-10-17", "Statement": [ROOT, *own]})
DELETION = catalogue.actions()["ScheduleKeyDeletion"]


@given(OPEN, st.sampled_from(HELD), st.integers(0, 2**32))
def test_a_policy_that_passes_lets_no_outsider_in(policy: dict[str, Any], held: str | None, seed: int) -> None:
    if not verdicts(whole(policy), "IAM-KMS-3", held=held)["IAM-KMS-3"].startswith("pass"):
        return
    key_policy = parse_policy(whole(policy), Origin("aws_kms_key.main", "/policy"))[0]
    own = () if held is None else (parse_policy(whole(json.loads(held)), Origin("", ""))[0],)
    target = Target("aws_kms_key.main", KEY_ARN, ACCOUNT, "us-east-1", "aws", None, {})
    for caller in OUTSIDERS:
        assert caller.name is not None
        holds = own if str(caller.name).endswith(("role/app", "app/one")) else ()
        keys = request_keys(caller, target, DELETION)
        for context in contexts(asked_keys(policy["Statement"]), keys, Random(seed), 3):
            note(f"{caller.name} {context}")
            request = Request(caller.name, "kms:ScheduleKeyDeletion", KEY_ARN, context)

            assert simulate(request, Documents(key_policy, holds), frozenset()) is not Answer.ALLOWED
