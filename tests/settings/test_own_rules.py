"""Guardrails of one's own: a YAML file is enough, and one that is wrong is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, run
from tests.plan_builder import ACCOUNT, ROOT, change, key_plan, plan, policy

RULE = """\
id: ACME-1
title: Only authorized principals can tag a key
severity: high
kind: authorized_principals
parameters: {actions: ["kms:TagResource"]}
"""
TAGGER = {
    "Sid": "Tagger",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/tagger"},
    "Action": "kms:Tag*",
    "Resource": "*",
}


def scan(directory: Path, files: dict[str, str], *words: str, content: Any = None) -> Run:
    (directory / "own").mkdir()
    for name, text in files.items():
        (directory / "own" / name).write_text(text, encoding="utf-8")
    (directory / ".tfkms.yaml").write_text("rules_dir: own\n")
    (directory / "plan.json").write_text(json.dumps(content or key_plan(policy(ROOT, TAGGER))), encoding="utf-8")
    return run("scan", "plan.json", "--format", "json", *words, cwd=directory)


def test_it_is_judged_like_those_of_the_catalogue(tmp_path: Path) -> None:
    result = scan(tmp_path, {"acme.yaml": RULE}, "--check", "ACME-1")

    [finding] = result.report["findings"]
    assert (finding["check"], finding["severity"], finding["verdict"]) == ("ACME-1", "high", "violated")
    assert finding["witness"]["action"] == "kms:TagResource"
    assert "kms:TagResource" in finding["message"]


def test_it_is_on_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert "ACME-1" in {item["check"] for item in scan(tmp_path, {"acme.yaml": RULE}).report["verdicts"]}


def test_it_may_be_off_unless_named(tmp_path: Path) -> None:
    result = scan(tmp_path, {"acme.yaml": f"{RULE}enabled: false\n"})

    assert "ACME-1" not in {item["check"] for item in result.report["verdicts"]}


def test_it_may_say_things_in_its_own_words(tmp_path: Path) -> None:
    words = 'messages: {granted: {says: "{who} may tag, by {statement}", fix: "take it out of {statement}"}}\n'
    result = scan(tmp_path, {"acme.yaml": RULE + words}, "--check", "ACME-1")

    [finding] = result.report["findings"]
    assert finding["message"] == f"arn:aws:iam::{ACCOUNT}:role/tagger may tag, by `Tagger`"
    assert finding["remedy"] == "take it out of `Tagger`"


@pytest.mark.parametrize(
    "parameters",
    [
        "kind: via_service\nparameters: {classes: [crypto]}",
        "kind: separation_of_duties\nparameters: {admin: admin, crypto: grant}",
        "kind: root_present\nparameters: {}",
    ],
)
def test_every_kind_of_the_catalogue_can_be_used(tmp_path: Path, parameters: str) -> None:
    result = scan(tmp_path, {"acme.yaml": f"id: ACME-2\ntitle: T\nseverity: low\n{parameters}\n"}, "--check", "ACME-2")

    assert result.code in (0, 1)
    assert {item["check"] for item in result.report["verdicts"]} == {"ACME-2"}


def test_further_sites_are_read(tmp_path: Path) -> None:
    sites = "sites:\n- {type: acme_identity, path: $.settings.policy, kind: identity}\n"
    text = policy({"Effect": "Allow", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"})
    change_ = change("aws_acme.x", {"settings": {"policy": text}}) | {
        "address": "acme_identity.x",
        "type": "acme_identity",
    }

    result = scan(tmp_path, {"sites.yaml": sites}, "--check", "IAM-KMS-3", content=plan(change_))

    assert [finding["address"] for finding in result.report["findings"]] == ["acme_identity.x"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a.yaml": RULE.replace("ACME-1", "IAM-KMS-3")}, "a.yaml: there is a guardrail `IAM-KMS-3` already"),
        ({"a.yaml": RULE, "b.yaml": RULE}, "b.yaml: there is a guardrail `ACME-1` already"),
        ({"a.yaml": RULE.replace("authorized_principals", "authorised_principals")}, "did you mean `authorized_principals`?"),
        ({"a.yaml": RULE.replace("authorized_principals", "os")}, "there is no kind `os`"),
        ({"a.yaml": RULE.replace("kms:TagResource", "kms:TagResorce")}, "did you mean `TagResource`?"),
        ({"a.yaml": RULE.replace("kms:TagResource", "s3:PutObject")}, "parameters.actions[0]: expected `str` matching"),
        ({"a.yaml": RULE.replace("actions", "action")}, "parameters: object contains unknown field `action`"),
        ({"a.yaml": RULE.replace("high", "dire")}, "a.yaml:3: severity: invalid enum value 'dire'"),
        ({"a.yaml": RULE + "code: 'import os'\n"}, "object contains unknown field `code`"),
        ({"a.yaml": "- 1"}, "a.yaml:1: the file: expected `object`"),
        ({"a.yaml": "a: &a [1]\nb: *a"}, "anchors and aliases are not read here"),
        ({"a.yaml": RULE + "messages: {grantd: {says: x, fix: y}}\n"}, "did you mean `granted`?"),
        ({"a.yaml": RULE + "messages: {granted: {says: '{nobody}', fix: y}}\n"}, "there is no fact `{nobody}`"),
        ({"a.yaml": RULE + "messages: {granted: {says: '{who.__class__}', fix: y}}\n"}, "there is no fact"),
        ({"a.yaml": RULE + "messages: {granted: {says: '{', fix: y}}\n"}, "a brace is not closed"),
        ({"sites.yaml": "sites: [{type: x, path: '$..[', kind: identity}]"}, "is no JSONPath"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(tmp_path: Path, files: dict[str, str], says: str) -> None:
    result = scan(tmp_path, files)

    assert result.code == 2
    assert says in result.err
    assert "crashed" not in result.err


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".tfkms.yaml").write_text("rules_dir: nowhere\n")

    result = run("scan", "-", cwd=tmp_path, content=b"{}")

    assert "rules_dir: there is no directory `nowhere`" in result.err


def test_settings_for_it_hold_for_the_other_commands_too(tmp_path: Path) -> None:
    scan(tmp_path, {"acme.yaml": RULE})
    (tmp_path / ".tfkms.yaml").write_text("rules_dir: own\nchecks: {ACME-1: {severity: low}}\n", encoding="utf-8")
    role = f"arn:aws:iam::{ACCOUNT}:role/tagger"

    assert run("access", "plan.json", cwd=tmp_path).code == 0
    assert run("can", role, "kms:TagResource", "aws_kms_key.main", "plan.json", cwd=tmp_path).out.startswith("yes")


MENDED = """\
remediation:
  text: Leave tags to those who own the key.
  before: 'Action = "kms:Tag*"'
  after: 'Action = "kms:DescribeKey"'
"""


def test_its_page_says_how_to_mend_it_in_its_own_words_or_not_at_all(tmp_path: Path) -> None:
    scan(tmp_path, {"acme.yaml": RULE, "told.yaml": RULE.replace("ACME-1", "ACME-2") + MENDED})

    silent, told = (run("explain", own, cwd=tmp_path).out for own in ("ACME-1", "ACME-2"))

    assert "How to mend it" not in silent
    assert "aws_kms_key" not in silent
    assert "How to mend it\nLeave tags to those who own the key." in told
    assert 'Action = "kms:DescribeKey"' in told
