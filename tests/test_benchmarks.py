"""The benchmarks measure what they say: scans that read all of their plans, at sizes that take no time."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.command_line import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the processor time of one process is not to be had")


def report(plan: bytes, folder: Path) -> dict[str, object]:
    (folder / "plan.json").write_bytes(plan)
    content: dict[str, object] = json.loads(run("scan", "plan.json", "--format", "json", cwd=folder).out)
    return content


@pytest.mark.parametrize("existing", [True, False])
def test_an_estate_is_a_plan_in_which_all_that_it_promises_is_judged(existing: bool, tmp_path: Path) -> None:
    from benchmarks.estates import Estate

    judged = report(Estate(keys=2, roles=3, statements=1, existing=existing).plan(), tmp_path)

    keys = {f"aws_kms_key.key_{number}" for number in range(2)}
    policies = {f"aws_iam_role_policy.role_{number}" for number in range(3)}
    assert {item["address"] for item in judged["verdicts"]} == keys | policies  # type: ignore[attr-defined]
    assert [item["code"] for item in judged["diagnostics"]] == ["authorized-empty"]  # type: ignore[attr-defined]


def test_keys_that_are_alike_have_one_policy(tmp_path: Path) -> None:
    from benchmarks.estates import Estate

    plan = json.loads(Estate(keys=3, roles=0, alike=True).plan())

    assert len({entry["change"]["after"]["policy"] for entry in plan["resource_changes"]}) == 1


def test_a_large_plan_has_as_many_resources_as_it_is_asked_for() -> None:
    from benchmarks.estates import Estate, large_plan

    plan = json.loads(large_plan(40, Estate(keys=2, roles=2)))

    assert len(plan["resource_changes"]) == 40
    assert len(plan["configuration"]["root_module"]["resources"]) == 40


def test_the_usual_shares_grow_with_the_plan() -> None:
    from benchmarks.estates import large_plan, ordinary

    plan = json.loads(large_plan(1_000, ordinary(1_000)))

    types = Counter(entry["type"] for entry in plan["resource_changes"])
    assert types["aws_kms_key"] == 4
    assert types["aws_iam_role"] == types["aws_iam_role_policy"] == 20
    assert sum(types.values()) == 1_000


def test_a_configuration_has_what_it_promises(tmp_path: Path) -> None:
    from benchmarks.configurations import size, write_estate

    write_estate(tmp_path, 11)

    report = run("scan", ".", "--format", "json", "--account-id", "111122223333", cwd=tmp_path).report
    assert len(report["inputs"]) == 11
    assert {item["address"] for item in report["verdicts"]} == {"aws_kms_key.key_0"}
    assert 11_000 < size(tmp_path) / 11 < 14_000


def test_each_table_has_a_row_for_each_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.__main__ import COMMANDS, compared, configuration, judging, machine, made, reading, starting
    from benchmarks.estates import Estate, ordinary

    monkeypatch.setenv("PATH", str(tmp_path))
    estates = [Estate(keys=1, roles=1), Estate(keys=2, roles=1, existing=False)]

    assert "CPython" in next(machine()) or sys.implementation.name != "cpython"
    assert [row.count("|") for row in judging(estates, 1, tmp_path)] == [9] * 4
    assert [row.count("|") for row in reading([12, 20], 1, tmp_path, ordinary)] == [11] * 4
    assert [row.count("|") for row in configuration([*made(tmp_path, [(1, 2)], [2])], 1)] == [6] * 4
    assert [row.count("|") for row in starting(1)] == [4] * (2 + len(COMMANDS))
    _, _, *own, peer, _, _ = compared([10], 1, tmp_path)
    assert [row.split(" | ")[2] for row in own] == ["plan", "configuration"]
    assert "not installed" in peer


def test_an_aim_is_held_up_to_the_most_that_it_allows() -> None:
    from benchmarks.__main__ import met
    from benchmarks.aims import Aim

    rows = list(met([Aim("this", 1, "seconds", 1.0), Aim("that", 1, "seconds", 1.01)]))

    assert rows[2:] == ["| this | 1 | 1.00 | seconds | held |", "| that | 1 | 1.01 | seconds | **missed** |"]


def test_every_aim_is_measured(tmp_path: Path) -> None:
    from benchmarks.aims import Known, aims

    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "main.tf").write_text('resource "aws_kms_key" "this" {}\n', encoding="utf-8")

    measured = list(aims(1, tmp_path, Known(tmp_path / "module", tmp_path / "module"), (12, 24)))

    assert len({aim.what for aim in measured}) == len(measured) == 13
    assert all(aim.measured > 0 for aim in measured if aim.unit != "of its bytes")
