"""Wrong inputs fail the gate: exit 2, one clear line each, and never a traceback or a silent pass."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.plan_builder import ROOT, change, key_plan, plan, policy

PROJECT = Path(__file__).parent.parent
GOOD = json.dumps(key_plan(policy(ROOT))).encode()
DEEP = 200_000


def scan(*words: str, cwd: Path, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The real command line in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "tfkms", "scan", "--check", "IAM-KMS-1", *words]
    return subprocess.run(command, cwd=cwd, env=environment, input=content, capture_output=True, check=False)


def assert_refused(result: subprocess.CompletedProcess[bytes], words: str) -> None:
    lines = result.stderr.decode().splitlines()
    assert result.returncode == 2
    assert len(lines) == 1
    assert lines[0].startswith("tfkms: error: ")
    assert words in lines[0]
    assert "Traceback" not in result.stderr.decode()
    assert str(PROJECT) not in result.stderr.decode()


def deep(text: str) -> bytes:
    """A plan that holds JSON nested far too deeply at the place of `@`."""
    return text.replace("@", "[" * DEEP + "]" * DEEP).encode()


BAD = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "no JSON": (b"hello", "does not begin with `{`"),
    "an empty object": (b"{}", "no format_version"),
    "a list": (b"[]", "a list"),
    "null": (b"null", "does not begin with `{`"),
    "a number": (b"7", "does not begin with `{`"),
    "a later format": (b'{"format_version": "2.0", "resource_changes": []}', "'2.0' is not known"),
    "an odd format": (b'{"format_version": "abc", "resource_changes": []}', "'abc' is not known"),
    "an unknown early format": (b'{"format_version": "0.3", "resource_changes": []}', "'0.3' is not known"),
    "nothing but a version": (b'{"format_version": "1.0"}', "nothing to judge"),
    "the redacted plan": (b'{"plan_format_version": "1.2", "resource_changes": []}', "redacted"),
    "the bookmark of a plan": (b'{"remote_plan_format": 1, "run_id": "run-1"}', "bookmark"),
    "an encrypted plan": (b'{"meta": {}, "encrypted_data": "x", "encryption_version": "v0"}', "encrypted"),
    "the log of a plan": (
        b'{"@level":"info","@message":"Terraform 1.11.4"}\n{"@level":"info"}',
        "terraform plan -json",
    ),
    "a message before the JSON": (b"Acquiring state lock.\n" + GOOD, "does not begin with `{`"),
    "something after the JSON": (GOOD + b"x", "not valid JSON"),
    "a truncated plan": (GOOD[: len(GOOD) // 2], "not valid JSON"),
    "binary": (b"\x7fELF\x00\x00\x01", "binary"),
    "invalid UTF-8": (b'{"format_version": "\xff"}', "not valid JSON"),
    "broken UTF-16": (b"\xff\xfe{", "UTF-16"),
    "deep nesting": (deep("@"), "a list"),
    "deep nesting of a member": (deep('{"format_version": "1.2", "x": @, "resource_changes": []}'), "deeply"),
    "deep nesting of a value": (
        deep(json.dumps(plan(change("aws_kms_key.a", {"x": "@@"}))).replace('"@@"', "@")),
        "deeply",
    ),
    "deep nesting of the configuration": (
        deep('{"format_version": "1.2", "resource_changes": [], "configuration": @}'),
        "`$.configuration`",
    ),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_a_wrong_input_is_refused_in_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)

    assert_refused(scan("plan.json", cwd=tmp_path), words)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert_refused(scan("plan.json", cwd=tmp_path), "`plan.json` does not exist")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert_refused(scan(".", cwd=tmp_path), "is a directory")


def test_a_saved_plan_is_refused_with_the_command_that_shows_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tfplan", "w") as archive:
        archive.writestr("tfplan", b"x")

    assert_refused(scan("tfplan", cwd=tmp_path), "terraform show -json")


def test_an_absolute_path_is_not_printed(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"{}")

    result = scan(str(tmp_path / "plan.json"), cwd=PROJECT)

    assert str(tmp_path) not in result.stderr.decode()
    assert_refused(result, "plan.json: this JSON is no plan")


MEMBERS: list[tuple[str, Any]] = [
    ("format_version", 1),
    ("resource_changes", {}),
    ("resource_changes", [7]),
    ("resource_changes", [{"address": "aws_kms_key.a"}]),
    ("resource_changes", [{"address": 1, "type": "aws_kms_key", "change": {}}]),
    ("resource_changes", [{"address": "aws_kms_key.a", "type": "aws_kms_key", "change": []}]),
    ("resource_changes", [{"address": "aws_kms_key.a", "type": "aws_kms_key", "change": {"actions": "create"}}]),
    ("resource_changes", [{"address": "aws_kms_key.a", "type": "aws_kms_key", "change": {"actions": ["explode"]}}]),
    ("resource_changes", [change("aws_kms_key.a", {}) | {"mode": "odd"}]),
    ("resource_changes", [change("aws_kms_key.a", {}) | {"index": [1]}]),
    ("resource_changes", [change("aws_kms_key.a", [])]),  # type: ignore[arg-type]
    ("planned_values", 7),
    ("prior_state", []),
    ("configuration", []),
    ("configuration", {"root_module": {"resources": {}}}),
    ("configuration", {"root_module": {"module_calls": []}}),
    ("configuration", {"provider_config": []}),
    ("configuration", {"provider_config": {"aws": {"expressions": []}}}),
    ("variables", []),
    ("variables", {"a": 1}),
    ("errored", "yes"),
    ("terraform_version", 1),
]


@pytest.mark.parametrize(("member", "value"), MEMBERS)
def test_a_member_of_the_wrong_type_is_refused(member: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(key_plan(policy(ROOT)) | {member: value}), encoding="utf-8")

    assert_refused(scan("plan.json", cwd=tmp_path), "plan.json: ")


def test_a_refused_input_leaves_a_whole_machine_report(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(GOOD)
    (tmp_path / "bad.json").write_bytes(b"{}")

    result = scan("bad.json", "good.json", "--format", "json", cwd=tmp_path)
    report = json.loads(result.stdout)

    assert result.returncode == 2
    assert [item["path"] for item in report["inputs"]] == ["good.json"]
    assert [item["verdict"] for item in report["verdicts"]] == ["pass"]
    assert [(item["level"], item["file"]) for item in report["diagnostics"]] == [("error", "bad.json")]


def test_a_policy_that_is_not_json_fails_the_gate_and_the_others_are_judged(tmp_path: Path) -> None:
    unknown = {"arn": True, "key_id": True}
    content = plan(
        change("aws_kms_key.broken", {"policy": '{"Statement": ['}, unknown=unknown),
        change("aws_kms_key.good", {"policy": policy(ROOT)}, unknown=unknown),
    )
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")

    result = scan("plan.json", "--format", "json", cwd=tmp_path)
    report = json.loads(result.stdout)

    assert result.returncode == 2
    assert {item["address"]: item["verdict"] for item in report["verdicts"]} == {
        "aws_kms_key.broken": "undecided",
        "aws_kms_key.good": "pass",
    }
    assert [(item["code"], item["address"]) for item in report["diagnostics"]] == [
        ("policy-not-json", "aws_kms_key.broken")
    ]


@pytest.mark.parametrize("text", ["[" * DEEP, '{"a": ' * 100_000, "{", "x", "NaN", '{"Statement": NaN}', "1" * 5_000])
def test_an_odd_policy_text_fails_the_gate(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(key_plan(text)), encoding="utf-8")

    result = scan("plan.json", cwd=tmp_path)

    assert result.returncode in (2, 3)
    assert "Traceback" not in result.stderr.decode()


def test_a_plan_with_an_error_fails_the_gate_and_is_judged(tmp_path: Path) -> None:
    content = key_plan(policy(), errored=True, complete=False)
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")

    result = scan("plan.json", cwd=tmp_path)

    assert result.returncode == 2
    assert b"the plan ended with an error" in result.stderr
    assert b"IAM-KMS-1 violated" in result.stdout


def test_an_incomplete_plan_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(key_plan(policy(ROOT), complete=False)), encoding="utf-8")

    result = scan("plan.json", cwd=tmp_path)

    assert result.returncode == 0
    assert b"-target" in result.stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(GOOD.decode().encode(encoding))

    assert scan("plan.json", cwd=tmp_path).returncode == 0


def test_standard_input_is_read(tmp_path: Path) -> None:
    result = scan("-", cwd=tmp_path, content=GOOD)

    assert result.returncode == 0
    assert b"1 pass" in result.stdout


def test_an_empty_plan_passes_and_says_that_nothing_was_judged(tmp_path: Path) -> None:
    result = scan("-", cwd=tmp_path, content=json.dumps(plan()).encode())

    assert result.returncode == 0
    assert b"nothing was judged" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--check", "IAM-KMS-33"], "there is no guardrail `IAM-KMS-33`; did you mean"),
        (["--skip", "x"], "there is no guardrail `x`"),
        (["--account-id", "12"], "twelve digits"),
        (["--account-id", "१११११११११११११"], "twelve digits"),
        (["--authorized", "admin"], "takes an ARN"),
        (["--authorized", "arn:aws:iam"], "takes an ARN"),
    ],
)
def test_wrong_usage_is_refused(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(GOOD)

    assert_refused(scan("plan.json", *words, cwd=tmp_path), message)


@pytest.mark.parametrize(
    "words", [["--fail-on", "none"], ["--format", "xml"], ["--undecided", "maybe"], ["--nonsense"]]
)
def test_a_wrong_option_is_a_usage_error(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(GOOD)

    assert scan("plan.json", *words, cwd=tmp_path).returncode == 2
