"""GitLab Code Quality: every item is one that GitLab takes, for it drops whatever follows the first that is not."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from tests.report import made
from tests.report.test_hostile_names import NAMES
from tfkms.diagnostics import OUTPUT_UNWRITABLE, Diagnostic, Level
from tfkms.finding import Report, Severity
from tfkms.location import Origin
from tfkms.report import formats

SCHEMA = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "schemas" / "gitlab-code-quality.json").read_text(encoding="utf-8")
)


def items(report: Report, directory: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(formats.render("gitlab", report, made.view(directory=directory)))
    Draft202012Validator(SCHEMA).validate(found)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_item_is_valid(name: str) -> None:
    assert len(items(made.report(name, path=f"{name}.json"))) == 4


def test_a_report_on_nothing_is_an_empty_list() -> None:
    assert items(made.clean()) == []


def test_an_error_without_any_input_is_an_item() -> None:
    report = made.report()
    (item,) = items(
        replace(
            report,
            inputs=(),
            verdicts=(),
            findings=(),
            notes=(),
            diagnostics=tuple(error._replace(input=None) for error in report.diagnostics[:1]),
        )
    )

    assert item["severity"] == "blocker"


def test_findings_stand_where_their_source_is_and_else_in_the_input() -> None:
    finding = made.finding()
    bare = replace(finding.evidence[0], origin=Origin("a", "/policy"))
    report = replace(made.report(errors=False), findings=(finding, replace(finding, evidence=(bare,))), notes=())

    assert [item["location"] for item in items(report, "stacks/eu")] == [
        {"path": "stacks/eu/infra/kms.tf", "lines": {"begin": 4}},
        {"path": "stacks/eu/plan.json", "lines": {"begin": 1}},
    ]


def test_what_is_found_twice_is_counted_twice_and_keeps_its_fingerprint() -> None:
    finding = made.finding()
    once = items(replace(made.report(errors=False), findings=(finding,), notes=()))
    twice = items(replace(made.report(errors=False), findings=(finding, replace(finding, input=1)), notes=()))

    assert twice[0]["fingerprint"] == once[0]["fingerprint"]
    assert twice[1]["fingerprint"] != once[0]["fingerprint"]


def test_waived_findings_are_left_out() -> None:
    assert items(replace(made.report(errors=False), findings=(made.waived(),), notes=())) == []


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.LOW, "minor"),
        (Severity.MEDIUM, "major"),
        (Severity.HIGH, "critical"),
        (Severity.CRITICAL, "blocker"),
    ],
)
def test_severities_keep_their_order(severity: Severity, expected: str) -> None:
    report = replace(made.report(errors=False), findings=(made.finding(severity=severity),))

    assert [item["severity"] for item in items(report)] == [expected, "info"]


def test_a_report_that_could_not_be_written_is_not_taken_for_an_input_that_could_not_be_read() -> None:
    unwritten = Diagnostic(
        Level.ERROR, OUTPUT_UNWRITABLE, "the report cannot be written: no space left", file="out.xml"
    )
    (item,) = items(replace(made.clean(), diagnostics=(unwritten,)))

    assert item["description"].startswith("tfkms could not write every report: out.xml: ")
    assert item["location"] == {"path": "out.xml", "lines": {"begin": 1}}
