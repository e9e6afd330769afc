"""Where nothing tells the account, it is one account all the same: the key's own, wherever it is named by reference."""

from pathlib import Path

import pytest

from tests.command_line import run

OWN = "${data.aws_caller_identity.current.account_id}"
CONFIGURATION = """
data "aws_caller_identity" "current" {}
variable "other" { type = string }
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = "{}"
}
resource "aws_kms_key" "main" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Principal = { AWS = %s }, Action = "kms:*", Resource = "*" }
  ] })
}
"""


def verdicts(tmp_path: Path, principal: str) -> dict[str, str]:
    (tmp_path / "main.tf").write_text(CONFIGURATION % principal, encoding="utf-8")
    report = run("scan", ".", "--format", "json", cwd=tmp_path).report
    return {item["check"]: item["verdict"] for item in report["verdicts"] if item["address"] == "aws_kms_key.main"}


def test_its_own_account_is_delegation_and_grants_nobody_else(tmp_path: Path) -> None:
    found = verdicts(tmp_path, f'"arn:aws:iam::{OWN}:root"')

    assert found["IAM-KMS-1"] == "pass"
    assert {found[f"IAM-KMS-{number}"] for number in (2, 3, 4, 5, 7, 8)} == {"pass_in_plan"}


def test_a_role_of_it_is_not_its_root_user(tmp_path: Path) -> None:
    found = verdicts(tmp_path, "aws_iam_role.app.arn")

    assert found["IAM-KMS-1"] == "violated"
    assert found["IAM-KMS-3"] == "violated"


@pytest.mark.parametrize("principal", ['"arn:aws:iam::${var.other}:root"', '"arn:aws:iam::999999999999:root"'])
def test_an_account_that_may_be_it_or_another_decides(tmp_path: Path, principal: str) -> None:
    found = verdicts(tmp_path, principal)

    assert found["IAM-KMS-1"] == "undecided"
    assert found["IAM-KMS-3"] == "undecided"
