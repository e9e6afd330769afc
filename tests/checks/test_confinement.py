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


VIA = "kms:ViaService"
EVERYONE = statement("*", "kms:Decrypt")
ADMIN = statement({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, "kms:PutKeyPolicy")


def sparing(operator: str, key: str, value: Value) -> Value:
    """A Deny of all use that spares requests with one of the values."""
    return {**statement("*", "kms:Decrypt", **{operator: (key, value)}), "Effect": "Deny"}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("operator", "value", "services", "duties"),
    [
        ("StringNotEquals", "s3.us-east-1.amazonaws.com", "pass", "pass"),
        ("StringNotEqualsIgnoreCase", "S3.us-east-1.amazonaws.com", "pass", "pass"),
        ("StringNotLikeIfExists", "s3.*.amazonaws.com", "pass", "pass"),
        ("StringNotLike", text("s3.", ANY, ".amazonaws.com"), "pass", "pass"),
        ("StringNotLike", UNKNOWN, "undecided", "undecided"),
        ("StringNotLike", text("s", ANY, ".us-east-1.amazonaws.com"), "undecided", "undecided"),
        ("StringNotLike", ("s3.*.amazonaws.com", UNKNOWN), "undecided", "undecided"),
        ("StringNotLike", "*", "violated", "violated"),
        ("StringNotLike", ("s3.*.amazonaws.com", "*"), "violated", "violated"),
        ("ForAnyValue:StringNotEquals", "s3.us-east-1.amazonaws.com", "violated", "violated"),
        ("StringEquals", "s3.us-east-1.amazonaws.com", "violated", "violated"),
        ("Null", "true", "violated", "violated"),
    ],
)
def test_a_deny_confines_by_the_labels_that_it_spares(operator: str, value: Value, services: str, duties: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": (EVERYONE, ADMIN, sparing(operator, VIA, value))}

    assert verdicts(policy, CHECK, "IAM-KMS-8") == {CHECK: services, "IAM-KMS-8": duties}


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("ArnNotEquals", f"arn:aws:iam::{ACCOUNT}:role/app", "pass"),
        ("StringNotLike", f"arn:aws:iam::{ACCOUNT}:role/*/app", "pass"),
        ("StringNotLike", f"arn:aws:iam::{ACCOUNT}:role/app*", "violated"),
        ("StringNotLike", "arn:aws:iam::*:role/app", "violated"),
        ("StringNotLike", "*/app", "violated"),
        ("StringNotLike", UNKNOWN, "undecided"),
        ("StringNotLike", text("arn:aws:iam::", ANY, ":role/app"), "undecided"),
    ],
)
def test_a_deny_names_those_whom_it_spares(operator: str, value: Value, expected: str) -> None:
    assert verdict(EVERYONE, sparing(operator, "aws:PrincipalArn", value)) == expected


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringNotEquals", "aws:SourceAccount", ACCOUNT, "pass"),
        ("ArnNotLike", "aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*", "pass"),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:sns:*:*:topic", "violated"),
        ("StringNotEquals", "aws:SourceAccount", UNKNOWN, "undecided"),
        ("StringEquals", "aws:SourceAccount", "999999999999", "violated"),
    ],
)
def test_a_deny_scopes_a_service_by_the_sources_that_it_spares(
    operator: str, key: str, value: Value, expected: str
) -> None:
    assert verdict(statement(SNS, "kms:Decrypt"), sparing(operator, key, value)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": (VIA, "s3.us-east-1.amazonaws.com")}, "pass"),
        ({"StringEquals": (VIA, UNKNOWN)}, "undecided"),
        ({"StringLike": (VIA, "*")}, "violated"),
        ({"StringEquals": ("kms:EncryptionContext:aws:s3:arn", UNKNOWN)}, "pass"),
    ],
)
def test_whether_a_service_confines_everyones_use_decides_the_separation_of_duties(
    condition: Any, expected: str
) -> None:
    policy = {"Version": "2012-10-17", "Statement": (ADMIN, statement("*", "kms:Decrypt", **condition))}

    assert verdicts(policy, "IAM-KMS-8") == {"IAM-KMS-8": expected}


def test_an_account_is_named_by_its_digits_too() -> None:
    by_arn = verdict(statement({"AWS": "arn:aws:iam::999999999999:root"}, "kms:Decrypt"))

    assert by_arn == "pass"
    assert verdict(statement({"AWS": "999999999999"}, "kms:Decrypt")) == by_arn
