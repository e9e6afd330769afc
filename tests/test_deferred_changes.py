"""What a later plan may make may be there and may not. The plans are by hand, after the shape that Terraform documents."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import run
from tests.plan_builder import ACCOUNT, ROOT, block, change, later, plan, policy
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan

KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
KEY = {"arn": KEY_ARN, "key_id": "1", "policy": policy(ROOT)}
DELETE = {"Effect": "Allow", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
GUARD = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:*",
    "Resource": "*",
    "Condition": {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}},
}


def verdicts(content: dict[str, Any], tmp_path: Path) -> dict[str, str]:
    words = ("scan", "-", "--check", "IAM-KMS-3", "--format", "json")
    report = run(*words, cwd=tmp_path, content=json.dumps(content).encode()).report
    return {item["address"]: item["verdict"] for item in report["verdicts"]}


def existing(address: str, values: dict[str, Any]) -> dict[str, Any]:
    return change(address, values, before=values, actions=("no-op",))


def deferred(entry: dict[str, Any], *others: dict[str, Any], reason: str = "instance_count_unknown") -> dict[str, Any]:
    blocks = (block(entry["address"].partition("[")[0]),)
    return plan(*others, blocks=blocks, deferred_changes=[later(reason, entry)], complete=False)


def test_a_key_that_may_come_is_judged(tmp_path: Path) -> None:
    grant = ROOT | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, "Sid": "App"}
    content = deferred(change("aws_kms_key.a", {"policy": policy(ROOT, grant)}))

    assert verdicts(content, tmp_path) == {"aws_kms_key.a": "violated"}


def test_an_instance_whose_key_is_not_known_has_an_address_that_no_real_one_has() -> None:
    entry = change("aws_kms_key.a", {"policy": policy(ROOT)}) | {"index_unknown": True}
    (resource,) = read_plan(json.dumps(deferred(entry)).encode(), "p", lambda kind: "kms" in kind, Assumed()).resources

    assert resource.address == "aws_kms_key.a[*]"


@pytest.mark.parametrize("reason", ["instance_count_unknown", "deferred_prereq", "something new"])
def test_a_policy_that_may_come_grants_perhaps(reason: str, tmp_path: Path) -> None:
    role = existing("aws_iam_role.app", {"name": "app", "path": "/", "arn": f"arn:aws:iam::{ACCOUNT}:role/app"})
    entry = change("aws_iam_role_policy.p", {"role": "app", "name": "p", "policy": policy(DELETE)})
    content = deferred(entry, existing("aws_kms_key.a", KEY), role, reason=reason)

    assert set(verdicts(content, tmp_path).values()) == {"undecided"}


def test_an_attachment_that_may_come_grants_perhaps(tmp_path: Path) -> None:
    role = existing("aws_iam_role.app", {"name": "app", "path": "/", "arn": f"arn:aws:iam::{ACCOUNT}:role/app"})
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    entry = change("aws_iam_role_policy_attachment.a", {"role": "app", "policy_arn": arn})
    found = verdicts(deferred(entry, existing("aws_kms_key.a", KEY), role), tmp_path)

    assert found == {"aws_kms_key.a": "undecided", "aws_iam_role_policy_attachment.a": "undecided"}


def test_until_a_guard_comes_the_policy_that_is_there_counts(tmp_path: Path) -> None:
    entry = change("aws_kms_key_policy.p", {"key_id": "1", "policy": policy(ROOT, GUARD)})
    grant = ROOT | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, "Sid": "App"}
    found = verdicts(deferred(entry, existing("aws_kms_key.a", KEY | {"policy": policy(ROOT, grant)})), tmp_path)

    assert found["aws_kms_key.a"] == "violated"
