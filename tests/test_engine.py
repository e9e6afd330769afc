"""The gate: what makes it fail, what it does when tfkms itself fails, and that nothing depends on order."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.plan_builder import ACCOUNT, ROOT, block, change, key_plan, plan, policy
from tfkms import engine
from tfkms.checks import root_present, second_opinion, separation_of_duties
from tfkms.cli import main
from tfkms.iam.simulate import Answer

FIXTURES = Path(__file__).parent / "fixtures"
APP = {
    "Sid": "App",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"},
    "Action": "kms:DisableKeyRotation",
    "Resource": "*",
}
UNKNOWN = plan(
    change("aws_kms_key.main", {}, unknown={"policy": True, "arn": True}),
    blocks=(block("aws_kms_key.main", policy={"references": ["random_id.x.hex", "random_id.x"]}),),
)


def scan(content: dict[str, Any], *words: str) -> Result:
    return CliRunner(catch_exceptions=False).invoke(main, ["scan", "-", "-q", *words], input=json.dumps(content))


def report(content: dict[str, Any], *words: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(scan(content, "--format", "json", *words).stdout)
    return made


def changed(before: str, after: str) -> dict[str, Any]:
    """A plan that gives a key that exists another policy, or the same."""
    names = {"arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1", "key_id": "1", "id": "1"}
    actions = ("no-op",) if before == after else ("update",)
    entry = change("aws_kms_key.main", names | {"policy": after}, before=names | {"policy": before}, actions=actions)
    return plan(entry, blocks=(block("aws_kms_key.main", policy={}),))


@pytest.mark.parametrize(
    ("content", "words", "code"),
    [
        (changed(policy(ROOT, APP), policy(ROOT, APP)), [], 1),
        (changed(policy(ROOT, APP), policy(ROOT, APP)), ["--new-only"], 0),
        (changed(policy(ROOT), policy(ROOT, APP)), ["--new-only"], 1),
        (changed(policy(ROOT, APP), policy(ROOT)), ["--new-only"], 0),
        (key_plan(policy(ROOT, APP)), ["--new-only"], 1),
        (UNKNOWN, ["--new-only"], 3),
        (key_plan(policy(ROOT)), [], 0),
        (key_plan(policy(ROOT, APP)), [], 1),
        (key_plan(policy(ROOT, APP)), ["--fail-on", "medium"], 1),
        (key_plan(policy(ROOT, APP)), ["--fail-on", "high"], 0),
        (key_plan(policy(ROOT, APP)), ["--exit-zero"], 0),
        (key_plan(policy(ROOT, APP)), ["--skip", "IAM-KMS-7"], 0),
        (key_plan(policy(ROOT, APP)), ["--check", "iam-kms-7, IAM-KMS-1"], 1),
        (UNKNOWN, [], 3),
        (UNKNOWN, ["--undecided", "warn"], 0),
        (UNKNOWN, ["--exit-zero"], 0),
        (UNKNOWN, ["--fail-on", "critical", "--check", "IAM-KMS-1"], 0),
        (UNKNOWN, ["--fail-on", "high", "--check", "IAM-KMS-1"], 3),
        (key_plan("{"), ["--exit-zero"], 2),
        (key_plan(policy(ROOT, APP), errored=True), ["--exit-zero"], 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst(content: dict[str, Any], words: list[str], code: int) -> None:
    assert scan(content, *words).exit_code == code


def test_a_crash_in_a_check_fails_the_gate_and_leaves_the_other_results(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(subject: Any, question: Any) -> Any:
        raise ZeroDivisionError(f"while judging {subject}")

    monkeypatch.setattr(root_present, "judge", crash)
    result = scan(key_plan(policy(ROOT, APP)), "--format", "json")
    made = json.loads(result.stdout)

    assert result.exit_code == 2
    assert {item["check"] for item in made["verdicts"]} == {f"IAM-KMS-{number}" for number in range(2, 9)}
    (diagnostic,) = [item for item in made["diagnostics"] if item["level"] == "error"]
    assert (diagnostic["code"], diagnostic["address"]) == ("check-crashed", "aws_kms_key.main")
    assert "IAM-KMS-1 crashed (ZeroDivisionError)" in diagnostic["message"]
    assert "while judging" not in result.output


def test_a_crash_while_subjects_are_listed_fails_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(question: Any) -> Any:
        raise KeyError

    monkeypatch.setattr(separation_of_duties, "subjects", crash)
    result = scan(key_plan(policy(ROOT)))

    assert result.exit_code == 2
    assert "IAM-KMS-8 crashed (KeyError)" in result.output


def test_a_crash_anywhere_else_is_one_line_and_fails_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(engine, "extract", crash)
    result = scan(key_plan(policy(ROOT)))

    assert result.exit_code == 2
    assert (
        result.output == "tfkms: error: -: tfkms crashed (RuntimeError); this is a fault of tfkms, please report it\n"
    )


def test_of_a_sensitive_policy_nothing_is_printed() -> None:
    secret = APP | {"Sid": "hunter2", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/hunter2"}, "Action": "kms:*"}
    odd = {"Effect": "Allow", "Principal": {"hunter2": "x"}, "Action": "kms:*", "Resource": "*"}
    entry = change("aws_kms_key.main", {"policy": policy(ROOT, secret, odd)}, sensitive={"policy": True})
    for words in (["--format", "json"], ["-v"]):
        result = scan(plan(entry), *words)

        assert result.exit_code == 1
        assert "hunter2" not in result.output


def test_a_witness_that_the_second_evaluator_denies_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "simulate", lambda *_: Answer.DENIED)
    made = report(key_plan(policy(ROOT, APP)), "--check", "IAM-KMS-7")

    assert [item["verdict"] for item in made["verdicts"]] == ["undecided"]
    assert [item["code"] for item in made["diagnostics"]] == ["authorized-empty", "evaluators-disagree"]


def test_the_same_input_gives_the_same_bytes() -> None:
    content = (FIXTURES / "plans" / "terraform-aws-kms-complete.json").read_text(encoding="utf-8")

    assert scan(json.loads(content)).stdout == scan(json.loads(content)).stdout


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_resources_never_matters(seed: int) -> None:
    case = FIXTURES / "guardrails" / "IAM-KMS-3" / "roles-by-for-each" / "plan.json"
    content = json.loads(case.read_text(encoding="utf-8"))
    shuffled = json.loads(json.dumps(content))
    random.Random(seed).shuffle(shuffled["resource_changes"])

    def told(made: dict[str, Any]) -> Any:
        verdicts = sorted((item["check"], item["address"], item["verdict"]) for item in made["verdicts"])
        return verdicts, sorted((item["fingerprint"], sorted(item["principals"])) for item in made["findings"])

    assert told(report(shuffled)) == told(report(content))


OPPOSITES = {"violated": {"pass", "pass_in_plan"}, "pass": {"violated"}, "pass_in_plan": {"violated"}}
LAW = ["IAM-KMS-3/inline-role-policy", "IAM-KMS-3/guard", "IAM-KMS-8/two-statements", "IAM-KMS-6/service-unscoped"]


@pytest.mark.parametrize("name", LAW)
def test_hiding_a_policy_of_a_plan_never_flips_a_verdict(name: str) -> None:
    content = json.loads((FIXTURES / "guardrails" / name / "plan.json").read_text(encoding="utf-8"))
    before = {(item["check"], item["address"]): item["verdict"] for item in report(content)["verdicts"]}
    holders = [entry for entry in content["resource_changes"] if "policy" in (entry["change"]["after"] or {})]
    assert holders

    for place in range(len(holders)):
        hidden = json.loads(json.dumps(content))
        entry = [e for e in hidden["resource_changes"] if "policy" in (e["change"]["after"] or {})][place]
        del entry["change"]["after"]["policy"]
        entry["change"]["after_unknown"]["policy"] = True
        after = {(item["check"], item["address"]): item["verdict"] for item in report(hidden)["verdicts"]}

        flipped = {key for key, verdict in after.items() if verdict in OPPOSITES.get(before.get(key, ""), set())}
        assert not flipped


def test_of_a_sensitive_key_policy_nothing_is_printed_with_an_identity_policy_that_rests_on_it() -> None:
    secret = ROOT | {"Sid": "hunter2"}
    entry = change("aws_kms_key.main", {"policy": policy(secret)}, sensitive={"policy": True})
    given = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    role = change("aws_iam_role_policy.app", {"policy": policy(given), "role": "app", "name": "app"})
    for words in (["--format", "json"], ["-v"]):
        result = scan(plan(entry, role), *words)

        assert result.exit_code == 1
        assert "hunter2" not in result.output
