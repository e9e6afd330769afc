"""A saved plan is judged as its JSON is."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import run

FIXTURES = Path(__file__).parents[2] / "fixtures" / "saved-plans"


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
