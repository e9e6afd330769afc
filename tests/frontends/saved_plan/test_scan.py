"""A saved plan is judged as its JSON is."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.command_line import run
from tests.frontends.saved_plan.archives import change_of, field, zipped

FIXTURES = Path(__file__).parents[2] / "fixtures" / "saved-plans"
SECRET = "hunter2-9f8e"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "App",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


@pytest.mark.parametrize("name", ["create", "update", "destroy", "moved"])
def test_it_is_a_plan_with_its_configuration(name: str) -> None:
    result = run("scan", "plan.tfplan", "--format", "json", cwd=FIXTURES / name)

    assert result.report["inputs"] == [{"path": "plan.tfplan", "kind": "saved_plan"}]
    assert [item for item in result.report["diagnostics"] if item["level"] == "error"] == []


def states(name: str) -> dict[str, str]:
    rows: list[dict[str, Any]] = json.loads(run("policies", "plan.tfplan", cwd=FIXTURES / name).out)
    return {row["address"]: row["state"] for row in rows}


def test_a_key_without_a_policy_has_the_default_and_is_not_unknown() -> None:
    found = states("create")

    assert found["aws_kms_key.same"] == "default"
    assert found["aws_kms_key.updated"] == "known"
    assert found['module.m["one"].aws_kms_key.n'] == "default"


def scan_of(plan: bytes, tmp_path: Path, *words: str) -> dict[str, Any]:
    (tmp_path / "tfplan").write_bytes(zipped({"tfplan": b"\x08\x03" + plan + field(14, b"1.11.4")}))
    result = run("scan", "tfplan", "--check", "IAM-KMS-3", "--format", "json", "-q", *words, cwd=tmp_path)
    assert SECRET not in result.err
    return result.report


def value(**members: Any) -> bytes:
    return msgspec.msgpack.encode(members)


@pytest.mark.parametrize("reason", range(9))
def test_what_a_later_plan_may_make_is_judged_as_possibly_there(reason: int, tmp_path: Path) -> None:
    """No Terraform that is released writes one; the messages are by hand, after `planfile.proto`."""
    change = change_of("aws_kms_key.later[*]", value(policy=json.dumps(POLICY)))
    report = scan_of(field(27, field(1, b"\x08" + bytes([reason])) + field(2, change)), tmp_path)

    assert [item["address"] for item in report["verdicts"]] == ["aws_kms_key.later[*]"]
    assert report["findings"]


def test_what_a_type_of_ones_own_holds_may_be_sensitive_and_is_judged_unseen(tmp_path: Path) -> None:
    """The provider's schema says what is; a saved plan does not bring it along."""
    (tmp_path / "rules").mkdir()
    sites = "sites:\n- {type: acme_secret, path: $.policy, kind: identity}\n"
    (tmp_path / "rules" / "sites.yaml").write_text(sites)
    (tmp_path / ".tfkms.yaml").write_text("rules_dir: rules\n")

    granted = {"Sid": SECRET, "Effect": "Allow", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [granted]})

    report = scan_of(field(3, change_of("acme_secret.main", value(policy=policy))), tmp_path)

    assert [item["address"] for item in report["findings"]] == ["acme_secret.main"]
    assert SECRET not in json.dumps(report)
    assert [item["statement"] for own in report["findings"] for item in own["evidence"]] == [None]


@pytest.mark.parametrize("action", [1, 9, 77])
def test_an_ephemeral_resource_which_opentofu_keeps_is_no_change(action: int, tmp_path: Path) -> None:
    key = change_of("aws_kms_key.k", value(policy=json.dumps(POLICY)))
    opened = change_of("module.m[0].ephemeral.aws_kms_secrets.e", value(), action=action)
    report = scan_of(field(3, opened) + field(3, key) + field(27, field(2, opened)), tmp_path)

    assert [item["address"] for item in report["verdicts"]] == ["aws_kms_key.k"]
