"""Secrets that are planted wherever Terraform marks values as sensitive: no output of any kind holds one of them."""

import base64
import hashlib
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.command_line import Run, run
from tests.frontends.saved_plan.archives import change_of, field, path_of, zipped
from tests.plan_builder import ACCOUNT, ROOT, block, change, plan, policy
from tfkms import catalogue
from tfkms.cli.commands.serve import _judge
from tfkms.report import formats

KEY = {"arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1", "key_id": "1", "id": "1"}
WORD = "hunter"
QUERIES = [
    ("policies",),
    ("policies", "--format", "text"),
    ("access",),
    ("access", "--format", "json"),
    ("access", "--format", "html"),
    ("can", f"arn:aws:iam::{ACCOUNT}:role/app", "Decrypt", "aws_kms_key.k"),
    ("can", f"arn:aws:iam::{ACCOUNT}:role/app", "Decrypt", "aws_kms_key.k", "--format", "json"),
]


class Canaries:
    """Makes secrets and knows how many there are."""

    def __init__(self) -> None:
        self._numbers = count()
        self.planted = 0

    def one(self) -> str:
        """A secret that stands nowhere else."""
        self.planted += 1
        return f"{WORD}{next(self._numbers):03}zq"

    def statement(self) -> dict[str, Any]:
        """A statement that violates, with a secret in every member that may hold one."""
        return {
            "Sid": self.one(),
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/{self.one()}", self.one()], "Service": self.one()},
            "Action": ["kms:*", f"kms:{self.one()}"],
            "Resource": ["*", f"arn:aws:kms:*:*:key/{self.one()}"],
            "Condition": {"StringLike": {f"aws:PrincipalTag/{self.one()}": self.one()}},
        }

    def strange(self) -> dict[str, Any]:
        """A statement that cannot be read."""
        return {"Effect": self.one(), self.one(): self.one(), "Action": {self.one(): 1}, "Condition": self.one()}

    def policy(self) -> str:
        """A policy of both, without a condition too."""
        free = {own: value for own, value in self.statement().items() if own != "Condition"}
        return policy(ROOT, free, self.statement(), self.strange())


def sensitive_plan(canary: Canaries) -> dict[str, Any]:
    """A plan with secrets in all places that a plan marks, and in those that tfkms does not need."""
    password = {"password": canary.one(), "tags": {"x": canary.one()}}
    identity = policy({"Sid": canary.one(), "Effect": "Allow", "Action": "kms:*", "Resource": f"*{canary.one()}"})
    state = {
        "address": "aws_kms_key.state",
        "mode": "managed",
        "type": "aws_kms_key",
        "name": "state",
        "values": {"policy": canary.policy()} | KEY,
        "sensitive_values": {"policy": True},
    }
    changes = [
        change("aws_kms_key.k", {"policy": canary.policy(), "description": canary.one()} | KEY,
               before={"policy": canary.policy()} | KEY, actions=("update",),
               sensitive={"policy": True, "description": True}),
        change("aws_kms_key.broken", {"policy": "{" + canary.one()}, sensitive={"policy": True}),
        change("aws_kms_key.whole", {"policy": canary.policy()}, sensitive=True),
        change("aws_kms_key.gone", None, before={"policy": canary.policy()}, actions=("delete",)),
        change("aws_iam_role_policy.r", {"role": "app", "name": "n", "policy": identity}, sensitive={"policy": True}),
        change("aws_iam_role.app", {"name": "app", "assume_role_policy": canary.policy(), "inline_policy": [
            {"name": canary.one(), "policy": identity}]}, sensitive={"assume_role_policy": True, "inline_policy": True}),
        change("aws_db_instance.d", password, sensitive={"password": True, "tags": {"x": True}}),
        change("data.aws_iam_policy_document.d", {"json": canary.policy(), "statement": [
            {"sid": canary.one(), "actions": ["kms:*"], "principals": [{"type": "AWS", "identifiers": [canary.one()]}]}]},
            actions=("read",), sensitive={"json": True, "statement": True}),
    ]  # fmt: skip
    for entry in changes:
        entry["change"]["before_sensitive"] = {"policy": True}
    made = plan(
        *changes,
        blocks=(block("aws_kms_key.k", policy={"references": ["var.secret"]}),),
        variables={"secret": {"value": canary.one()}, "map": {"value": {canary.one(): [canary.one()]}}},
        output_changes={"o": {"actions": ["create"], "after": canary.one(), "after_sensitive": True}},
        planned_values={"outputs": {"o": {"sensitive": True, "value": canary.one()}}, "root_module": {"resources": [
            {**state, "values": {"policy": canary.policy()}}]}},
    )  # fmt: skip
    made["prior_state"]["values"]["root_module"]["resources"].append(state)
    made["configuration"]["provider_config"] = {"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
        "expressions": {name: {"constant_value": canary.one()} for name in ("access_key", "secret_key", "token")}}}  # fmt: skip
    made["configuration"]["root_module"]["variables"] = {"secret": {"default": canary.one(), "sensitive": True}}
    made["configuration"]["root_module"]["resources"].append(
        {"address": "ephemeral.random_password.e", "mode": "ephemeral", "type": "random_password", "name": "e",
         "provider_config_key": "random", "expressions": {"prefix": {"constant_value": canary.one()}}})  # fmt: skip
    made["resource_changes"].append(
        change("aws_db_instance.w", {"password_wo": canary.one(), "version": 1}, sensitive={"password_wo": True}))  # fmt: skip
    return made


CONFIGURATION = """
variable "secret" {
  sensitive = true
  default   = "%(first)s"
}
variable "file" { sensitive = true }
variable "option" { sensitive = true }
variable "environment" { sensitive = true }
variable "typed" {
  type      = object({ a = string })
  sensitive = true
  default   = { a = "%(first)s" }
}
locals {
  derived = [upper(var.secret), base64encode(var.secret), strrev(var.secret), sha256(var.secret),
             "x${var.secret}y", join("-", [var.secret, "a"]), var.typed.a, one([var.file])]
  document = jsonencode({ Statement = [for n, x in local.derived : {
    Sid = x, Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = "arn:aws:iam::111122223333:role/${x}" } }] })
}
resource "aws_kms_key" "k" {
  description = sensitive("%(second)s")
  policy      = local.document
}
resource "aws_kms_key" "heredoc" {
  policy = <<-EOT
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Sid": "${var.file}"},
     {"Effect": "Allow", "Principal": {"AWS": "${var.option}"}, "Action": "kms:${var.environment}", "Resource": "*"}]}
  EOT
}
resource "aws_kms_key" "part" {
  policy = jsonencode({ Statement = [
    { Sid = "open", Effect = "Allow", Action = "kms:*", Resource = "*", Principal = "*" },
    { Sid = var.secret, Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = var.option } },
  ] })
}
data "aws_iam_policy_document" "d" {
  statement {
    sid       = var.environment
    actions   = ["kms:*", var.file]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [var.secret]
    }
  }
}
resource "aws_kms_key" "document" { policy = data.aws_iam_policy_document.d.json }
resource "aws_kms_key" "error" {
  for_each = toset([tonumber(var.secret)])
  policy   = jsondecode(var.option)
}
resource "aws_iam_role_policy" "r" {
  role   = "app"
  name   = var.secret
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "${var.secret}" }] })
}
"""


def told(directory: Path, source: str, *words: str) -> Iterator[Run]:
    """Whatever the commands say of an input."""
    every = [word for form in formats.names() for word in ("--output", f"{form}={form}.out")]
    options = [*words] if words else ["--account-id", ACCOUNT]
    yield run("scan", source, *options, *every, cwd=directory)
    for form in formats.names():
        yield run("scan", source, *options, "-v", "--format", form, cwd=directory)
    for query in QUERIES:
        yield run(*query, source, *options, cwd=directory)
    yield run("scan", source, *options, "--write-baseline", "baseline.json", cwd=directory)
    yield run("init", source, "--file", "settings.yaml", "--force", cwd=directory)
    yield run("explain", "IAM-KMS-3", cwd=directory)


def assert_none(runs: Iterator[Run], directory: Path, inputs: set[str], *derived: str) -> None:
    """No output, and no file that was written, holds a secret or what is made of one."""
    for number, result in enumerate(runs):
        assert result.code in (0, 1, 2, 3)
        for text in (WORD, *derived):
            assert text not in result.out, f"run {number}"
            assert text not in result.err, f"run {number}: {result.err}"
    written = [path for path in directory.iterdir() if path.name not in inputs]
    assert len(written) >= len(formats.names())
    for path in written:
        content = path.read_text(encoding="utf-8")
        assert not any(text in content for text in (WORD, *derived)), path.name


def test_a_plan_gives_no_secret_away(tmp_path: Path) -> None:
    canary = Canaries()
    (tmp_path / "plan.json").write_text(json.dumps(sensitive_plan(canary)), encoding="utf-8")

    assert canary.planted > 150
    assert_none(told(tmp_path, "plan.json"), tmp_path, {"plan.json"})


@pytest.mark.parametrize("function", ["subjects", "judge"])
@pytest.mark.parametrize("kind", sorted({rule.kind for rule in catalogue.rules()}))
def test_a_crash_gives_no_secret_away(
    kind: str, function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*everything: Any) -> Any:
        raise ValueError(repr(everything), "".join(f"{own} {getattr(own, 'estate', own)}" for own in everything))

    [check, *_] = [rule.check for rule in catalogue.rules() if rule.kind == kind]
    monkeypatch.setattr(check, function, crash)
    (tmp_path / "plan.json").write_text(json.dumps(sensitive_plan(Canaries())), encoding="utf-8")
    result = run("scan", "plan.json", "-v", cwd=tmp_path)

    assert result.code == 2
    assert WORD not in result.out + result.err


def test_a_configuration_gives_no_secret_and_nothing_made_of_one_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = Canaries()
    first = canary.one()
    (tmp_path / "main.tf").write_text(CONFIGURATION % {"first": first, "second": canary.one()}, encoding="utf-8")
    (tmp_path / "terraform.tfvars").write_text(f'file = "{canary.one()}"\n', encoding="utf-8")
    monkeypatch.setenv("TF_VAR_environment", canary.one())
    derived = [
        first.upper(),
        base64.b64encode(first.encode()).decode(),
        first[::-1],
        hashlib.sha256(first.encode()).hexdigest(),
    ]
    words = ("--account-id", ACCOUNT, "--var", f"option={canary.one()}")

    assert canary.planted == 5
    hidden = {"main.tf", "terraform.tfvars"}
    assert_none(told(tmp_path, ".", *words), tmp_path, hidden, *derived)


def test_the_answer_of_a_run_task_gives_no_secret_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judge = _judge(None, (), None, None, new_only=False)
    answer = judge(json.dumps(sensitive_plan(Canaries())).encode(), "plan.json")

    assert not answer.passed
    assert answer.outcomes
    assert WORD not in answer.message + json.dumps(answer.outcomes)


def test_a_saved_plan_gives_no_secret_away(tmp_path: Path) -> None:
    canary = Canaries()
    marked = path_of(field(1, b"policy"))
    changes = [
        change_of("aws_kms_key.k", msgspec.msgpack.encode({"policy": canary.policy()}), path_of(field(2, field(1, msgspec.msgpack.encode("policy"))))),
        change_of("aws_db_instance.d", msgspec.msgpack.encode({"password": canary.one()}), marked),
    ]  # fmt: skip
    body = b"\x08\x03" + b"".join(field(3, own) for own in changes) + field(14, b"1.11.4")
    (tmp_path / "tfplan").write_bytes(zipped({"tfplan": body}))

    assert_none(told(tmp_path, "tfplan"), tmp_path, {"tfplan"})
