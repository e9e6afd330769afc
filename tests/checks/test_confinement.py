"""What confines a statement for services: known values that spell it, and nothing that is not known."""

from typing import Any

import pytest

from tests.checks.partly import verdicts
from tests.plan_builder import ACCOUNT
from tfkms.values import Hole, Unknown, Value, text

ANY = Hole("terraform_data.t", "/output", "known after apply")
UNKNOWN = Unknown(ANY)
CHECK = "IAM-KMS-6"


def statement(principal: Value, action: str, **condition: Value) -> Value:
    found: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    if condition:
        found["Condition"] = {operator: {key: value} for operator, (key, value) in condition.items()}  # type: ignore[misc]
    return found


def verdict(*statements: Value) -> str:
    return verdicts({"Version": "2012-10-17", "Statement": statements}, CHECK)[CHECK]


SNS: Value = {"Service": "sns.amazonaws.com"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": ("kms:ViaService", "s3.us-east-1.amazonaws.com")}, "pass"),
        ({"StringEquals": ("kms:ViaService", UNKNOWN)}, "undecided"),
        ({"StringEquals": ("kms:ViaService", (UNKNOWN,))}, "undecided"),
        ({"StringEquals": ("kms:ViaService", (text(ANY, ".amazonaws.com"),))}, "undecided"),
        ({"StringLike": ("kms:ViaService", "*.amazonaws.com")}, "violated"),
        ({"ArnLike": ("aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/x")}, "pass"),
        ({"ArnLike": ("aws:PrincipalArn", (text(ANY),))}, "undecided"),
    ],
)
def test_what_is_not_known_of_a_condition_on_everyone_decides(condition: Any, expected: str) -> None:
    assert verdict(statement("*", "kms:Decrypt", **condition)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": ("aws:SourceAccount", ACCOUNT)}, "pass"),
        ({"StringLike": ("aws:SourceAccount", (text(ANY),))}, "undecided"),
        ({"ArnLike": ("aws:SourceArn", (text("arn:aws:sns:", ANY),))}, "undecided"),
        ({"StringLike": ("aws:SourceAccount", "*")}, "violated"),
        ({"StringEquals": ("kms:EncryptionContext:aws:sns:topicArn", f"arn:aws:sns:us-east-1:{ACCOUNT}:t")}, "pass"),
        ({"StringEquals": ("kms:EncryptionContext:learning", "x")}, "violated"),
        ({"StringEquals": ("kms:EncryptionContext:accountable", "yes")}, "violated"),
    ],
)
def test_what_scopes_a_service(condition: Any, expected: str) -> None:
    assert verdict(statement(SNS, "kms:Decrypt", **condition)) == expected


@pytest.mark.parametrize(("value", "expected"), [("true", "pass"), ("false", "violated"), (UNKNOWN, "undecided")])
def test_grants_for_aws_resources_scope_only_where_the_condition_says_true(value: Value, expected: str) -> None:
    assert verdict(statement(SNS, "kms:CreateGrant", Bool=("kms:GrantIsForAWSResource", value))) == expected


def test_an_account_is_named_by_its_digits_too() -> None:
    by_arn = verdict(statement({"AWS": "arn:aws:iam::999999999999:root"}, "kms:Decrypt"))

    assert by_arn == "pass"
    assert verdict(statement({"AWS": "999999999999"}, "kms:Decrypt")) == by_arn
