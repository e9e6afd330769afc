"""Every guardrail on true plans: the verdict that each case states, and the reports as they are printed."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import tfkms
from tfkms import catalogue
from tfkms.cli import main
from tfkms.diagnostics import Refusal

FIXTURES = Path(__file__).parent / "fixtures" / "guardrails"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/case.yaml"))


def run(case: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and standard output of a scan in the case's folder; the version is taken out."""
    stated = yaml.safe_load((case / "case.yaml").read_text(encoding="utf-8"))
    before = Path.cwd()
    os.chdir(case)
    try:
        words = ["scan", "plan.json", "--check", stated["check"], *stated.get("options", []), *arguments]
        result = CliRunner(catch_exceptions=False).invoke(main, words)
    finally:
        os.chdir(before)
    return result.exit_code, result.stdout.replace(f'"version": "{tfkms.__version__}"', '"version": "VERSION"')


def stated(case: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((case / "case.yaml").read_text(encoding="utf-8"))
    return content


def params() -> list[Any]:
    marks = {
        case: [pytest.mark.xfail(strict=True, reason=stated(case)["pending"])] if "pending" in stated(case) else []
        for case in CASES
    }
    return [pytest.param(case, id=f"{case.parent.name}/{case.name}", marks=marks[case]) for case in CASES]


@pytest.mark.parametrize("case", params())
def test_a_case_is_judged_as_it_says(case: Path) -> None:
    report = json.loads(run(case, "--format", "json")[1])

    assert {item["address"]: item["verdict"] for item in report["verdicts"]} == stated(case)["expect"]


@pytest.mark.parametrize("case", params())
def test_the_exit_code_follows_from_the_worst_verdict(case: Path) -> None:
    code, output = run(case, "--format", "json")
    verdicts = set(stated(case)["expect"].values())
    errors = any(item["level"] == "error" for item in json.loads(output)["diagnostics"])

    assert code == (2 if errors else 1 if "violated" in verdicts else 3 if "undecided" in verdicts else 0)


@pytest.mark.parametrize("case", [param for param in params() if not param.marks])
def test_the_reports_are_as_printed_before(case: Path, golden: Callable[[Path, str], None]) -> None:
    golden(case / "expected.txt", run(case)[1])
    golden(case / "expected.json", run(case, "--format", "json")[1])


@pytest.mark.parametrize(
    "case", [param for param in params() if {"notes", "principals", "new", "inert"} & set(stated(param.values[0]))]
)
def test_the_findings_say_what_the_case_states(case: Path) -> None:
    report, expected = json.loads(run(case, "--format", "json")[1]), stated(case)

    if "notes" in expected:
        assert [note["code"] for note in report["notes"]] == expected["notes"]
    if "principals" in expected:
        assert [finding["principals"] for finding in report["findings"]] == [expected["principals"]]
    if "new" in expected:
        assert [finding["new"] for finding in report["findings"]] == [expected["new"]]
    if expected.get("inert") is True:
        assert {finding["severity"] for finding in report["findings"]} == {"low"}


OF_IDENTITIES = {"violated", "undecided", "pass", "pass_in_plan", "not_applicable"}
VERDICTS = {
    "IAM-KMS-1": {"violated", "undecided", "pass"},
    "IAM-KMS-6": {"violated", "undecided", "pass", "not_applicable"},
}
"""The verdicts that a guardrail can have, where it is judged by what key policies grant alone."""


@pytest.mark.parametrize("check", [f"IAM-KMS-{number}" for number in range(1, 10)])
def test_every_verdict_of_a_guardrail_has_a_case(check: str) -> None:
    seen = {verdict for case in CASES if stated(case)["check"] == check for verdict in stated(case)["expect"].values()}

    assert seen == VERDICTS.get(check, OF_IDENTITIES)


ELSEWHERE = {"beyond_limits", "evaluators_disagree"}
"""The messages for which limits or an evaluator must be made to fail: tests of their own show them."""


@pytest.mark.parametrize("check", [f"IAM-KMS-{number}" for number in range(1, 10)])
def test_every_message_of_a_guardrail_is_shown_by_a_case(check: str) -> None:
    (rule,) = (own for own in catalogue.rules() if own.id == check)
    reports = [json.loads((case / "expected.json").read_text(encoding="utf-8")) for case in CASES]
    said = {
        item["message"]
        for report in reports
        for item in (*report["findings"], *report["notes"])
        if item["check"] == check
    }

    unseen = {cause for cause, text in rule.messages.items() if not any(map(_pattern(text).fullmatch, said))}

    assert unseen == ELSEWHERE


def _pattern(text: str) -> re.Pattern[str]:
    """What a message reads like, whatever its facts."""
    return re.compile(".+".join(re.escape(part) for part in re.split(r"\{\w+\}", " ".join(text.split()))))


class TestCatalogueOfTheWheel:
    """The wheel has each file of the catalogue as JSON beside its YAML."""

    @pytest.fixture
    def actions(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        (tmp_path / "data").mkdir()
        monkeypatch.setattr(catalogue, "rules_directory", lambda: tmp_path)
        catalogue.actions.cache_clear()
        yield tmp_path / "data" / "kms-actions.json"
        catalogue.actions.cache_clear()

    def test_the_json_is_read_where_it_is(self, actions: Path) -> None:
        actions.write_text('{"actions": {"Decrypt": {"class": "crypto"}}}', encoding="utf-8")

        assert list(catalogue.actions()) == ["Decrypt"]

    def test_a_damaged_file_is_refused(self, actions: Path) -> None:
        actions.write_text('{"actions": {"Decrypt": ', encoding="utf-8")

        with pytest.raises(Refusal) as refused:
            catalogue.actions()

        assert refused.value.diagnostic.file == "kms-actions.json"
        assert "reinstall tfkms" in (refused.value.diagnostic.hint or "")
