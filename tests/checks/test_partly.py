"""What is not known of a key policy may leave a guardrail undecided, and never turns its verdict round."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.partly import KEY_ARN, verdicts
from tests.iam.policies import hidden, leaves, statements, whole
from tests.plan_builder import ACCOUNT
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
