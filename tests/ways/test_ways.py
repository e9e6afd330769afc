"""A plan, its source, both together and the saved plan never contradict each other, and together they know the most."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import run
from tests.ways.record import PLAN, SHOWN, WAYS
from tests.ways.ways import ACCOUNT, DECIDED, NAMES, scanned, verdicts

EVERY = ("plan", "joined", "saved", "brought", "source")
STATED = frozenset({"destroy", "ignored-changes"})
"""Of these the state decides what there will be, and the source alone does not know it."""

UNTOLD = frozenset({"workspace"})
"""Here the JSON of the plan leaves out what a scan of the source is told: the workspace."""

READING = frozenset({"file-in-module", "templatefile-known", "templatefile-unknown"})
"""These read files that no saved plan holds."""

KNOWN = frozenset({"templatefile-known"})
"""Of these the plan knows all the same what they make of them."""

each = pytest.mark.parametrize("name", NAMES)


def decided(name: str, way: str) -> dict[tuple[str, str], str]:
    """What a way decides, as violated or pass."""
    return {place: DECIDED[verdict] for place, verdict in verdicts(name, way).items() if verdict in DECIDED}


def told(name: str, way: str) -> list[dict[str, Any]]:
    """The diagnostics of a way, but for the reminder that nobody is authorized."""
    every: list[dict[str, Any]] = scanned(name, way).report["diagnostics"]
    return [item for item in every if item["code"] != "authorized-empty"]


def ways(name: str) -> tuple[str, ...]:
    return tuple(way for way in EVERY if way != "source" or name not in STATED)


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) >= 25


@each
def test_what_one_way_decides_no_other_way_contradicts(name: str) -> None:
    found = [decided(name, way) for way in ways(name)]

    for place in {place for one in found for place in one}:
        assert len({one[place] for one in found if place in one}) == 1, place


@each
def test_plan_and_source_together_decide_whatever_either_does(name: str) -> None:
    together = decided(name, "joined")
    alone = ["plan"] if name in UNTOLD else ["plan", *(way for way in ways(name) if way == "source")]

    for way in alone:
        assert decided(name, way).keys() <= together.keys(), way


@each
def test_a_saved_plan_knows_what_plan_and_source_know(name: str) -> None:
    assert verdicts(name, "saved").keys() == verdicts(name, "plan").keys()
    assert decided(name, "brought").keys() >= decided(name, "joined").keys()
    if name not in READING or name in KNOWN:
        assert decided(name, "saved") == decided(name, "brought")


@each
def test_the_subjects_are_those_of_the_plan_by_every_way(name: str) -> None:
    subjects = [verdicts(name, way).keys() for way in ways(name)]

    assert all(one == subjects[0] for one in subjects)


@each
@pytest.mark.parametrize("way", ["joined", "saved", "brought"])
def test_nothing_is_told_of_a_configuration_that_is_the_plans(name: str, way: str) -> None:
    assert told(name, way) == []


@each
@pytest.mark.parametrize("way", ["joined", "saved", "brought", "source"])
def test_a_violation_stands_on_the_line_of_its_statement(name: str, way: str) -> None:
    findings = [own for own in scanned(name, way).report["findings"] if own["verdict"] == "violated"]
    places = [item for own in findings for item in own["evidence"][:1] if item["sid"]]

    if way == "saved" and name in READING:
        return  # it stands in a file that is not at hand
    for item in places:
        if item["line"] is None:
            assert name in STATED
            continue
        lines = (WAYS / name / item["file"]).read_text(encoding="utf-8").splitlines()
        stretch = "\n".join(lines[item["line"] - 1 : item["end_line"]])
        assert item["sid"] in stretch or any(
            word in stretch for word in ("own.sid", "statement.key", "statement.value")
        )


@each
def test_without_its_source_a_saved_plan_says_the_same_from_within(name: str, tmp_path: Path) -> None:
    shutil.copy(WAYS / name / PLAN, tmp_path / "tfplan")

    away = run("scan", "tfplan", *ACCOUNT, "--format", "json", "-q", cwd=tmp_path).report

    assert away["verdicts"] == scanned(name, "saved").report["verdicts"]
    files = {item["file"] for own in away["findings"] for item in own["evidence"] if item["file"]}
    assert all(file.startswith("tfplan/") for file in files)


@each
def test_its_json_beside_a_saved_plan_changes_nothing(name: str) -> None:
    shown = run("scan", PLAN, "--plan-json", SHOWN, *ACCOUNT, "--format", "json", "-q", cwd=WAYS / name).report

    assert shown["verdicts"] == scanned(name, "saved").report["verdicts"]


@pytest.mark.parametrize("way", EVERY)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "markdown", "github", "gitlab", "atlantis"])
def test_what_is_sensitive_is_printed_by_no_way(way: str, form: str) -> None:
    words = {"plan": [SHOWN], "joined": [SHOWN, "--source", "."], "saved": [PLAN], "brought": [PLAN, "--source", "."]}
    result = run("scan", *words.get(way, ["."]), *ACCOUNT, "--format", form, cwd=WAYS / "sensitive-variable")

    assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize("way", ["plan", "joined", "saved", "source"])
def test_nor_by_the_policies_that_are_listed(way: str) -> None:
    words = {"plan": [SHOWN], "joined": [SHOWN, "--source", "."], "saved": [PLAN]}
    result = run("policies", *words.get(way, ["."]), cwd=WAYS / "sensitive-variable")

    assert "hunter2" not in result.out + result.err
    assert "aws_kms_key.main" in {row["address"] for row in json.loads(result.out)}


@pytest.mark.parametrize(
    ("name", "file"), [("templatefile-unknown", "policy.json.tftpl"), ("file-in-module", "base.json")]
)
def test_what_neither_plan_nor_source_knows_is_unknown_for_both_reasons(name: str, file: str) -> None:
    [needs] = {tuple(need["reason"] for need in own["needs"]) for own in scanned(name, "saved").report["findings"]}

    [reason] = needs
    assert reason.startswith("known after apply; ")
    assert f"{file}` is not in the saved plan; name its directory with --source" in reason


def test_a_workspace_that_is_named_is_that_of_the_plan() -> None:
    words = ("scan", SHOWN, "--source", ".", "--workspace", "default", *ACCOUNT, "--format", "json", "-q")
    named = run(*words, cwd=WAYS / "workspace").report["verdicts"]

    assert {item["verdict"] for item in verdicts_of(scanned("workspace", "joined").report)} >= {"undecided"}
    assert named == scanned("workspace", "saved").report["verdicts"]


def verdicts_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    return list(report["verdicts"])
