"""The benchmarks measure what they say: scans that read all of their plans, at sizes that take no time."""

import json
import sys
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


def test_each_table_has_a_row_for_each_size(tmp_path: Path) -> None:
    from benchmarks.__main__ import COMMANDS, judging, reading, starting
    from benchmarks.estates import Estate

    estates = [Estate(keys=1, roles=1), Estate(keys=2, roles=1, existing=False)]

    assert [row.count("|") for row in judging(estates, 1, tmp_path)] == [7] * 4
    assert [row.count("|") for row in reading([12, 20], 1, tmp_path)] == [8] * 4
    assert len(list(starting(1))) == 2 + len(COMMANDS)
