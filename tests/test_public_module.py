"""The example of the public module terraform-aws-kms in full: each verdict was checked by reading the module."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tfkms.cli import main

PLAN = Path(__file__).parent / "fixtures" / "plans" / "terraform-aws-kms-complete.json"
PASS, VIOLATED, IN_PLAN, NOTHING = "pass", "violated", "pass_in_plan", "not_applicable"

STATEMENTS = {
    "module.kms_complete.aws_kms_key.this[0]": 12,
    "module.kms_default.aws_kms_key.this[0]": 1,
    "module.kms_dnssec_signing.aws_kms_key.this[0]": 3,
    "module.kms_external.aws_kms_external_key.this[0]": 1,
    "module.kms_primary.aws_kms_key.this[0]": 1,
    "module.kms_primary_external.aws_kms_external_key.this[0]": 1,
    "module.kms_replica.aws_kms_replica_key.this[0]": 4,
    "module.kms_replica_external.aws_kms_replica_external_key.this[0]": 1,
}

# IAM-KMS-1 to 8. The deployer owns and administers two of the keys; the rest leave everything to identity policies.
ROOT_ONLY = [PASS, IN_PLAN, IN_PLAN, IN_PLAN, IN_PLAN, NOTHING, IN_PLAN, IN_PLAN]
VERDICTS = dict.fromkeys(STATEMENTS, ROOT_ONLY) | {
    # logs may act by its encryption context only; no service of the plan uses the key
    "module.kms_complete.aws_kms_key.this[0]": [
        PASS, VIOLATED, VIOLATED, VIOLATED, VIOLATED, PASS, VIOLATED, VIOLATED,
    ],
    "module.kms_replica.aws_kms_replica_key.this[0]": [
        PASS, VIOLATED, VIOLATED, VIOLATED, VIOLATED, PASS, VIOLATED, VIOLATED,
    ],
    # Route 53 may sign for anyone: of its two statements only the one on grants is scoped
    "module.kms_dnssec_signing.aws_kms_key.this[0]": [
        PASS, IN_PLAN, IN_PLAN, IN_PLAN, IN_PLAN, VIOLATED, IN_PLAN, IN_PLAN,
    ],
}  # fmt: skip


def run(*words: str) -> Any:
    return json.loads(CliRunner(catch_exceptions=False).invoke(main, [*words, str(PLAN), "--format", "json"]).stdout)


def test_every_key_policy_is_read_whole() -> None:
    found = [item for item in run("policies") if item["kind"] == "key_policy"]

    assert {item["address"]: len(item["document"]["Statement"]) for item in found} == STATEMENTS
    assert {item["state"] for item in found} == {"known"}


def test_every_key_is_judged_by_every_guardrail() -> None:
    verdicts: dict[str, list[str]] = {}
    for item in run("scan")["verdicts"]:
        verdicts.setdefault(item["address"], []).append(item["verdict"])

    assert verdicts == VERDICTS


def test_the_deployer_is_the_only_principal_found() -> None:
    findings = run("scan")["findings"]
    people = {principal for finding in findings for principal in finding["principals"]}

    assert people == {"arn:aws:iam::111122223333:user/deployer", "dnssec-route53.amazonaws.com"}


def test_naming_the_deployer_leaves_the_duties_and_the_service() -> None:
    report = run("scan", "--authorized", "arn:aws:iam::*:user/deployer")

    assert {finding["check"] for finding in report["findings"]} == {"IAM-KMS-6", "IAM-KMS-8"}
