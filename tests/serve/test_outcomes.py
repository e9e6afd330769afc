"""Answers keep to the schema of the callback whatever the report holds."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from tests.report import made
from tests.report.test_hostile_names import NAMES
from tfkms.finding import Report, Severity
from tfkms.gate import Gate
from tfkms.serve.outcomes import BODY_LIMIT, Answer, answer, document, failure

SCHEMA = {
    "type": "object",
    "required": ["type", "attributes"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "task-result-outcomes"},
        "attributes": {
            "type": "object",
            "required": ["outcome-id", "description", "tags"],
            "additionalProperties": False,
            "properties": {
                "outcome-id": {"type": "string", "minLength": 1, "maxLength": 64},
                "description": {"type": "string", "minLength": 1, "maxLength": 1_000},
                "body": {"type": "string", "maxLength": 10_000},
                "tags": {
                    "type": "object",
                    "maxProperties": 10,
                    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                    "additionalProperties": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["label"],
                            "additionalProperties": False,
                            "properties": {
                                "label": {"type": "string", "maxLength": 32},
                                "level": {"enum": ["none", "info", "warning", "error"]},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""The limits that HashiCorp's JSON Schema of the callback sets, in our words."""


def assert_valid(said: Answer) -> None:
    assert 1 <= len(said.message) <= 1_000
    assert len(said.outcomes) <= 250
    validator = Draft202012Validator(SCHEMA)
    for outcome in said.outcomes:
        assert [error.message for error in validator.iter_errors(outcome)] == []
    ids = [outcome["attributes"]["outcome-id"] for outcome in said.outcomes]
    assert len(set(ids)) == len(ids)


def levels(said: Answer) -> list[str]:
    return [outcome["attributes"]["tags"]["Status"][0]["level"] for outcome in said.outcomes]


@pytest.mark.parametrize("name", NAMES)
def test_names_do_no_harm_in_it(name: str) -> None:
    said = answer(made.report(name), made.view())
    text = json.dumps(document("failed", said.message, said.outcomes), ensure_ascii=False)

    assert_valid(said)
    assert not re.search("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]", text)


def test_what_fails_the_gate_fails_the_run_task() -> None:
    said = answer(made.report(errors=False), made.view())

    assert not said.passed
    assert "error" in levels(said)


def test_what_the_gate_lets_pass_passes_and_is_shown() -> None:
    said = answer(
        replace(made.report(errors=False), findings=(made.undecided(),)), made.view(Gate(undecided_fails=False))
    )

    assert said.passed
    assert levels(said) == ["none"]


def test_a_clean_report_passes() -> None:
    said = answer(made.clean(), made.view())

    assert said.passed
    assert said.outcomes == ()


def test_what_could_not_be_read_fails_and_comes_first() -> None:
    said = answer(made.report(), made.view(Gate(Severity.CRITICAL, undecided_fails=False)))

    assert not said.passed
    assert said.message == "tfkms could not read everything"
    assert said.outcomes[0]["attributes"]["outcome-id"] == "error-1"


def many(number: int) -> Report:
    findings = tuple(replace(made.finding(), address=f"aws_kms_key.k{place}") for place in range(number))
    return replace(made.report(errors=False), findings=findings)


@pytest.mark.parametrize(("number", "shown"), [(249, 249), (250, 250), (251, 250), (3_000, 250)])
def test_more_findings_than_there_is_room_for_are_counted(number: int, shown: int) -> None:
    said = answer(many(number), made.view())

    assert_valid(said)
    assert len(said.outcomes) == shown
    if number > shown:
        left = number - shown + 1
        last: Any = said.outcomes[-1]
        assert last["attributes"]["description"] == f"{left} more findings that a run task has no room for"


def test_a_body_that_is_too_long_ends_between_blocks_of_code() -> None:
    finding = made.finding()
    evidence = tuple(finding.evidence) * 100
    said = answer(replace(made.report(errors=False), findings=(replace(finding, evidence=evidence),)), made.view())
    body = said.outcomes[0]["attributes"]["body"]

    assert_valid(said)
    assert len(body) > BODY_LIMIT / 2
    assert len(re.findall("^```", body, re.MULTILINE)) % 2 == 0
    assert body.endswith("run `tfkms scan` on the plan to see it.\n")


def test_a_failure_says_why_and_never_passes() -> None:
    said = failure("x" * 5_000)

    assert not said.passed
    assert_valid(said)
