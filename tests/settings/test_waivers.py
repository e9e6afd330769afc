"""Waivers and baselines: what no longer counts stays visible, and what is not covered still counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, run
from tests.plan_builder import ACCOUNT, ROOT, block, change, key_plan, plan, policy


def arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def granting(*names: str, action: Any = "kms:ScheduleKeyDeletion", sid: str = "Use") -> dict[str, Any]:
    principals = [arn(name) for name in names]
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principals}, "Action": action, "Resource": "*"}


def scan(directory: Path, statements: Any, waivers: str = "", *words: str) -> Run:
    text = json.dumps(statements if isinstance(statements, dict) else key_plan(policy(ROOT, *statements)))
    (directory / "plan.json").write_text(text, encoding="utf-8")
    (directory / ".tfkms.yaml").write_text(f"waivers:\n{waivers}" if waivers else "", encoding="utf-8")
    return run("scan", "plan.json", "--format", "json", "--check", "IAM-KMS-3", *words, cwd=directory)


def told(result: Run) -> list[tuple[list[str], str | None]]:
    """The principals of each finding, and by what it is waived."""
    return [
        (finding["principals"], finding["waived"]["by"] if finding["waived"] else None)
        for finding in result.report["findings"]
    ]


def codes(result: Run) -> list[str]:
    wanted = ("waiver-expired", "waiver-unused", "waiver-too-broad")
    return [item["code"] for item in result.report["diagnostics"] if item["code"] in wanted]


def test_a_waived_finding_is_shown_and_does_not_count(tmp_path: Path) -> None:
    result = scan(tmp_path, [granting("a")], "- {check: IAM-KMS-3, address: aws_kms_key.main, reason: why, owner: me}")

    assert result.code == 0
    [finding] = result.report["findings"]
    assert finding["waived"] == {"by": "settings", "reason": "why", "owner": "me", "expires": None}
    assert result.report["summary"]["waived"] == 1
    assert result.report["summary"]["violated"] == 0
    assert result.report["verdicts"] == [
        {
            "check": "IAM-KMS-3",
            "address": "aws_kms_key.main",
            "verdict": "violated",
            "reason": None,
            "waived": True,
            "input": 0,
        }
    ]


def test_an_address_may_have_wildcards(tmp_path: Path) -> None:
    changes = [
        change(address, {"policy": policy(ROOT, granting("a"))})
        for address in ('aws_kms_key.k["x"]', 'aws_kms_key.k["y"]', "aws_kms_key.other")
    ]
    result = scan(tmp_path, plan(*changes), "- {check: IAM-KMS-*, address: 'aws_kms_key.k[*]', reason: r}")

    assert {finding["address"] for finding in result.report["findings"] if not finding["waived"]} == {
        "aws_kms_key.other"
    }
    assert result.code == 1


def test_a_waiver_of_one_principal_leaves_the_others(tmp_path: Path) -> None:
    waiver = f"- {{check: IAM-KMS-3, principal: '{arn('a')}', reason: r}}"

    result = scan(tmp_path, [granting("a", "b")], waiver)

    assert sorted(told(result), key=str) == sorted([([arn("a")], "settings"), ([arn("b")], None)], key=str)
    assert result.code == 1
    [counted] = [finding for finding in result.report["findings"] if not finding["waived"]]
    assert counted["witness"]["principal"] == arn("b")


def test_waivers_of_all_its_principals_waive_a_finding(tmp_path: Path) -> None:
    both = "".join(f"- {{check: IAM-KMS-3, principal: '{arn(name)}', reason: r}}\n" for name in "ab")

    result = scan(tmp_path, [granting("a", "b")], both)

    assert [by for _, by in told(result)] == ["settings", "settings"]
    assert result.code == 0
    assert codes(result) == []


def test_a_waiver_of_one_principal_does_not_waive_anyone(tmp_path: Path) -> None:
    everyone = {**granting("a"), "Principal": "*"}

    result = scan(tmp_path, [everyone], f"- {{check: IAM-KMS-3, principal: '{arn('a')}', reason: r}}")

    assert result.code == 1
    assert codes(result) == ["waiver-unused"]


@pytest.mark.parametrize(
    "name", ["arn:aws:iam::444455556666:root", f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/build", "*"]
)
def test_what_a_whole_account_or_a_session_or_everyone_is_granted_can_be_waived_by_that_name(
    tmp_path: Path, name: str
) -> None:
    both = {**granting("a"), "Principal": {"AWS": [name, arn("a")]}}

    result = scan(tmp_path, [both], f"- {{check: IAM-KMS-3, principal: '{name}', reason: r}}")

    waived = {principal for principals, by in told(result) if by for principal in principals}
    assert name in waived
    assert codes(result) == []
    assert result.code == (0 if name == "*" else 1)


def test_an_expired_waiver_is_a_finding_again_and_says_so(tmp_path: Path) -> None:
    waiver = "- {check: IAM-KMS-3, reason: r, expires: 2027-06-30}"

    assert scan(tmp_path, [granting("a")], waiver, "--today", "2027-06-30").code == 0
    result = scan(tmp_path, [granting("a")], waiver, "--today", "2027-07-01")
    assert result.code == 1
    assert told(result) == [([arn("a")], None)]
    assert codes(result) == ["waiver-expired"]
    assert ".tfkms.yaml:2: the waiver of IAM-KMS-3 at * expired on 2027-06-30" in result.err


def test_a_waiver_that_covers_nothing_is_a_warning(tmp_path: Path) -> None:
    result = scan(tmp_path, [granting("a")], "- {check: IAM-KMS-3, address: aws_kms_key.gone, reason: r}")

    assert codes(result) == ["waiver-unused"]
    assert result.code == 1


def test_a_waiver_for_everything_is_not_applied(tmp_path: Path) -> None:
    for waiver in ("- {check: '*', reason: r}", "- {check: '**', address: '*', principal: '*', reason: r}"):
        result = scan(tmp_path, [granting("a")], waiver)

        assert codes(result) == ["waiver-too-broad"]
        assert result.code == 1


def test_a_finding_that_counts_outweighs_one_that_is_waived(tmp_path: Path) -> None:
    unknown = "- {check: IAM-KMS-3, principal: '" + arn("a") + "', reason: r}"
    result = scan(tmp_path, [granting("a"), granting("b", sid="Other")], unknown)

    [verdict] = result.report["verdicts"]
    assert (verdict["verdict"], verdict["waived"]) == ("violated", False)


def test_what_the_plan_itself_does_can_be_waived(tmp_path: Path) -> None:
    deleted = plan(
        change("aws_kms_key.main", None, before={"policy": policy(ROOT)}, actions=("delete",)),
        blocks=(block("aws_kms_key.main"),),
    )
    (tmp_path / ".tfkms.yaml").write_text(
        "plan_actions: violation\nwaivers:\n- {check: IAM-KMS-3, address: aws_kms_key.main, reason: moved away}\n"
    )
    (tmp_path / "plan.json").write_text(json.dumps(deleted), encoding="utf-8")

    result = run("scan", "plan.json", "--format", "json", cwd=tmp_path)

    assert [finding["waived"]["reason"] for finding in result.report["findings"]] == ["moved away"]
    assert result.code == 0


class TestABaseline:
    def test_what_it_holds_does_not_count(self, tmp_path: Path) -> None:
        assert scan(tmp_path, [granting("a")], "", "--write-baseline", "base.json").code == 0

        result = scan(tmp_path, [granting("a")], "", "--baseline", "base.json")

        assert told(result) == [([arn("a")], "baseline")]
        assert result.code == 0

    def test_a_new_finding_counts(self, tmp_path: Path) -> None:
        scan(tmp_path, [granting("a")], "", "--write-baseline", "base.json")

        result = scan(tmp_path, [granting("a"), granting("b", sid="New")], "", "--baseline", "base.json")

        assert [by for _, by in told(result)].count(None) == 1
        assert result.code == 1

    def test_it_holds_when_statements_change_places(self, tmp_path: Path) -> None:
        one, other = granting("a"), granting("b", sid="Other")
        scan(tmp_path, [one, other], "", "--write-baseline", "base.json")

        assert scan(tmp_path, [other, one], "", "--baseline", "base.json").code == 0

    def test_it_holds_when_a_statement_is_written_in_another_way_or_names_fewer(self, tmp_path: Path) -> None:
        scan(tmp_path, [granting("a", "b")], "", "--write-baseline", "base.json")

        again = dict(reversed(granting("a", action=["kms:schedulekeydeletion"]).items()))
        for statements in ([granting("b", "a")], [again], [granting("b")]):
            assert scan(tmp_path, statements, "", "--baseline", "base.json").code == 0

    def test_it_does_not_hold_for_one_principal_or_action_more(self, tmp_path: Path) -> None:
        scan(tmp_path, [granting("a", "b")], "", "--write-baseline", "base.json")

        for wider in (granting("a", "b", "c"), granting("a", action=["kms:ScheduleKeyDeletion", "kms:Decrypt"])):
            assert scan(tmp_path, [wider], "", "--baseline", "base.json").code == 1

    def test_it_is_made_for_review_and_the_same_each_time(self, tmp_path: Path) -> None:
        scan(tmp_path, [granting("b"), granting("a", sid="Other")], "", "--write-baseline", "one.json")
        scan(tmp_path, [granting("a", sid="Other"), granting("b")], "", "--write-baseline", "two.json")

        lines = (tmp_path / "one.json").read_text(encoding="utf-8").splitlines()
        assert lines == (tmp_path / "two.json").read_text(encoding="utf-8").splitlines()
        assert len(lines) == 4

    def test_one_that_is_malformed_is_refused(self, tmp_path: Path) -> None:
        for text in ("", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{}]}'):
            (tmp_path / "base.json").write_text(text, encoding="utf-8")
            result = scan(tmp_path, [granting("a")], "", "--baseline", "base.json")

            assert result.code == 2
            assert "base.json: this is no baseline of tfkms" in result.err

    def test_one_that_is_missing_is_refused(self, tmp_path: Path) -> None:
        assert scan(tmp_path, [granting("a")], "", "--baseline", "none.json").code == 2
