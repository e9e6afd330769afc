"""The cases that decide designs: one folder each, with what every guardrail that it speaks of must say."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tfkms.cli import main

FIXTURES = Path(__file__).parent / "fixtures" / "deciding-cases"
CASES = sorted(path.parent for path in FIXTURES.glob("*/case.yaml"))
ROWS = 38


def stated(case: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((case / "case.yaml").read_text(encoding="utf-8"))
    return content


def params() -> list[Any]:
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(strict=True, reason=stated(case)["pending"])] if "pending" in stated(case) else [],
        )
        for case in CASES
    ]


def report(case: Path) -> dict[str, Any]:
    """The JSON report on the case's plan, judged by the guardrails that the case speaks of."""
    content = stated(case)
    before = Path.cwd()
    os.chdir(case)
    try:
        words = ["scan", "plan.json", "--check", ",".join(content["expect"]), *content["options"], "--format", "json"]
        result = CliRunner(catch_exceptions=False).invoke(main, words)
    finally:
        os.chdir(before)
    made: dict[str, Any] = json.loads(result.stdout)
    return made


@pytest.mark.parametrize("case", params())
def test_a_case_is_judged_as_it_says(case: Path) -> None:
    made = report(case)
    verdicts = {(item["check"], item["address"]): item["verdict"] for item in made["verdicts"]}
    expected = {
        (check, address): verdict
        for check, by_address in stated(case)["expect"].items()
        for address, verdict in by_address.items()
    }

    assert {place: verdicts.get(place) for place in expected} == expected
    assert not [item for item in made["diagnostics"] if item["code"] in ("evaluators-disagree", "check-crashed")]


@pytest.mark.parametrize("case", [case for case in params() if "inert" in stated(case.values[0])])
def test_a_grant_that_kms_honours_nowhere_is_low_and_says_why(case: Path) -> None:
    findings = [item for item in report(case)["findings"] if item["check"] in stated(case)["inert"]]

    assert {item["check"] for item in findings} == set(stated(case)["inert"])
    assert all(item["severity"] == "low" and item["witness"]["inert"] for item in findings)


def test_every_row_has_a_case() -> None:
    assert {stated(case)["row"] for case in CASES} == set(range(1, ROWS + 1))
