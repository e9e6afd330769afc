"""An estate of three plans with dozens of findings: adopted with a baseline, then gated; and what each setting does."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command_line import PROJECT, Run, run
from tests.settings.test_own_rules import RULE
from tfkms.settings.form import schema

ESTATE = PROJECT / "tests" / "fixtures" / "estate"
PLANS = ("analytics/plan.json", "payments/plan.json", "platform/plan.json")
KEY_ADMIN = "arn:aws:iam::111122223333:role/KeyAdmin"
ADOPTED = {"account_id": "111122223333", "authorized_principals": {"default": [KEY_ADMIN]}}
LEGACY = "arn:aws:iam::111122223333:role/legacy"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """The plans, in a directory of their own, with the settings by which they were adopted."""
    for plan in PLANS:
        (tmp_path / plan).parent.mkdir()
        shutil.copyfile(ESTATE / plan, tmp_path / plan)
    settle(tmp_path, **ADOPTED)
    return tmp_path


def settle(directory: Path, **settings: Any) -> None:
    (directory / ".tfkms.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def scan(directory: Path, *words: str, inputs: tuple[str, ...] = PLANS) -> Run:
    return run("scan", *inputs, "--format", "json", "--today", "2027-01-01", *words, cwd=directory)


def counting(result: Run) -> list[tuple[str, str]]:
    """The findings that count, by guardrail and address."""
    return [(own["check"], own["address"]) for own in result.report["findings"] if own["waived"] is None]


def change(directory: Path, plan: str, address: str, old: str, new: str) -> None:
    """Has a policy of a plan say something else."""
    path = directory / plan
    content = json.loads(path.read_text(encoding="utf-8"))
    [entry] = [own for own in content["resource_changes"] if own["address"] == address]
    policy = entry["change"]["after"]["policy"]
    assert old in policy
    entry["change"]["after"]["policy"] = policy.replace(old, new)
    path.write_text(json.dumps(content), encoding="utf-8")


class TestAdoption:
    def test_there_are_dozens_of_findings(self, estate: Path) -> None:
        result = scan(estate)

        assert result.code == 1
        assert len(counting(result)) > 24

    def test_with_a_baseline_what_was_there_does_not_count_and_stays_visible(self, estate: Path) -> None:
        before = scan(estate)
        assert scan(estate, "--write-baseline", "baseline.json").code == 0

        result = scan(estate, "--baseline", "baseline.json")

        assert result.code == 0
        assert counting(result) == []
        assert len(result.report["findings"]) == len(before.report["findings"])
        assert {own["waived"]["by"] for own in result.report["findings"]} == {"baseline"}

    def test_it_holds_in_another_directory_and_order_of_plans(self, estate: Path, tmp_path: Path) -> None:
        scan(estate, "--write-baseline", "baseline.json")
        other = tmp_path / "elsewhere"
        other.mkdir()
        for name in (".tfkms.yaml", "baseline.json"):
            shutil.copyfile(estate / name, other / name)
        for number, plan in enumerate(reversed(PLANS)):
            shutil.copyfile(estate / plan, other / f"{number}.json")

        result = run("scan", "0.json", "1.json", "2.json", "--baseline", "baseline.json", cwd=other)

        assert result.code == 0

    def test_a_new_finding_fails_and_an_old_one_does_not(self, estate: Path) -> None:
        scan(estate, "--write-baseline", "baseline.json")
        change(estate, "payments/plan.json", "aws_kms_key.cards", "kms:TagResource", "kms:PutKeyPolicy")

        result = scan(estate, "--baseline", "baseline.json")

        assert result.code == 1
        assert ("IAM-KMS-5", "aws_kms_key.cards") in counting(result)
        assert {address for _, address in counting(result)} == {"aws_kms_key.cards"}

    def test_one_principal_more_is_new_and_one_less_is_not(self, estate: Path) -> None:
        scan(estate, "--write-baseline", "baseline.json")
        batch = '"arn:aws:iam::111122223333:role/batch"'

        change(estate, "platform/plan.json", "aws_kms_key.legacy", batch, f'"{LEGACY}"')
        assert scan(estate, "--baseline", "baseline.json").code == 0
        change(estate, "platform/plan.json", "aws_kms_key.legacy", "role/legacy", "role/stranger")
        assert scan(estate, "--baseline", "baseline.json").code == 1

    def test_a_waiver_that_has_expired_fails(self, estate: Path) -> None:
        """What a waiver covers is not in the baseline: it is for a time."""
        waiver = {"check": "IAM-KMS-*", "address": "aws_kms_key.legacy", "reason": "goes", "expires": "2027-06-30"}
        settle(estate, **ADOPTED, waivers=[waiver])
        text = (estate / ".tfkms.yaml").read_text(encoding="utf-8").replace("'2027-06-30'", "2027-06-30")
        (estate / ".tfkms.yaml").write_text(text, encoding="utf-8")
        scan(estate, "--write-baseline", "baseline.json")

        assert scan(estate, "--baseline", "baseline.json").code == 0
        expired = scan(estate, "--baseline", "baseline.json", "--today", "2027-07-01")
        assert expired.code == 1
        assert {address for _, address in counting(expired)} == {"aws_kms_key.legacy"}
        assert "expired on 2027-06-30" in expired.err


DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"], "Resource": "*"}],
}
CHANGES: dict[str, dict[str, Any]] = {
    "account_id": {"account_id": "444455556666"},
    "region": {"region": "us-east-1"},
    "partition": {"partition": "aws-cn"},
    "organization_id": {"organization_id": "o-a1b2c3d4e5"},
    "authorized_principals": {"authorized_principals": {"default": [LEGACY], "IAM-KMS-3": [KEY_ADMIN]}},
    "separation_of_duties": {
        "separation_of_duties": {"exempt": ["arn:aws:iam::111122223333:role/card-processor"]},
    },
    "service_access": {
        "service_access": {
            "direct_users": ["arn:aws:iam::444455556666:role/*"],
            "include_identity_policies": True,
            "named_principals": "violation",
        },
    },
    "guards": {"guards": ["policies/scp.json"]},
    "undecided": {"undecided": "warn"},
    "fail_on": {"fail_on": "critical"},
    "unattached_policies": {"unattached_policies": "ignore"},
    "inert_grants": {"inert_grants": "note"},
    "plan_actions": {"plan_actions": "violation"},
    "rules_dir": {"rules_dir": "guardrails"},
    "guardrail_pages": {"guardrail_pages": "https://wiki.example.com/guardrails/{id}"},
    "checks": {"checks": {"IAM-KMS-7": {"severity": "high"}, "IAM-KMS-8": {"enabled": False}}},
    "waivers": {"waivers": [{"check": "IAM-KMS-3", "principal": LEGACY, "reason": "goes", "owner": "platform"}]},
}
"""For each setting a value that changes the report of the estate."""

LOGS = {"check": "IAM-KMS-6", "address": "aws_kms_key.cards", "reason": "the log group is going"}
BESIDES: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = {
    "region": ({}, ("analytics",), ("--config", ".tfkms.yaml")),
    "fail_on": ({}, PLANS, ("--check", "IAM-KMS-6")),
    "undecided": ({"waivers": [LOGS]}, PLANS, ("--check", "IAM-KMS-6")),
}
"""Where the plans do not show a setting, what does: settings, inputs and options, with and without it.

A plan tells its Region; a directory does not. Two settings change no more than the exit code.
"""


def told(result: Run) -> list[str]:
    """A line for each thing that the report says."""
    report = result.report
    inputs = [own["path"].removesuffix("/plan.json") for own in report["inputs"]]
    lines = [
        " ".join(
            [
                f"{own['check']} {own['verdict']} {own['severity']} {inputs[own['input']]} {own['address']}",
                f"[{', '.join(own['principals'])}]",
                f"waived by {own['waived']['by']}" if own["waived"] else "",
            ]
        ).rstrip()
        for own in report["findings"]
    ]
    lines += [f"note: {own['message']}" for own in report["notes"]]
    lines += [f"{own['level']}: {own['message']}" for own in report["diagnostics"]]
    lines += [f"page of {own['check']}: {own['page'] or own['explain']}" for own in report["guardrails"]]
    lines += [f"exit code {result.code}: " + json.dumps(report["summary"])]
    return lines


def test_every_setting_is_shown() -> None:
    assert set(CHANGES) == set(schema()["$defs"]["SettingsFile"]["properties"])


@pytest.mark.parametrize("setting", CHANGES)
def test_each_setting_changes_the_report(setting: str, estate: Path, golden: Callable[[Path, str], None]) -> None:
    shutil.copyfile(ESTATE / "analytics" / "main.tf", estate / "analytics" / "main.tf")
    (estate / "policies").mkdir()
    (estate / "policies" / "scp.json").write_text(json.dumps(DENY), encoding="utf-8")
    (estate / "guardrails").mkdir()
    (estate / "guardrails" / "own.yaml").write_text(RULE, encoding="utf-8")
    besides, inputs, words = BESIDES.get(setting, ({}, PLANS, ()))
    settle(estate, **{**ADOPTED, **besides})
    before = told(scan(estate, *words, inputs=inputs))
    settle(estate, **{**ADOPTED, **besides, **CHANGES[setting]})
    after = told(scan(estate, *words, inputs=inputs))

    gone = [f"- {line}" for line in before if line not in after]
    come = [f"+ {line}" for line in after if line not in before]
    assert gone
    assert come
    written = yaml.safe_dump(CHANGES[setting], sort_keys=False)
    golden(ESTATE / "settings" / f"{setting}.txt", "\n".join([written, *gone, *come]) + "\n")
