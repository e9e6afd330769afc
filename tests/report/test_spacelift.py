"""Spacelift: an object small enough for a policy, which a plan policy can decide by."""

import json
from typing import Any

from msgspec.structs import replace

from tests.report import made
from tfkms.finding import Report, Severity
from tfkms.gate import Gate
from tfkms.report import formats
from tfkms.report.formats import spacelift


def content(report: Report, gate: Gate | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(formats.render("spacelift", report, made.view(gate)))
    return found


def test_the_counts_have_the_names_of_other_plugins() -> None:
    assert content(made.report())["summary"] == {
        "total_passed": 2,
        "total_failed": 3,
        "total_skipped": 2,
        "resource_count": 10,
        "critical": 1,
        "high": 0,
        "medium": 1,
        "low": 0,
        "undecided": 2,
    }


def test_a_policy_can_deny_by_what_blocks_and_warn_of_the_rest() -> None:
    found = content(made.report(errors=False), Gate(undecided_fails=False))

    assert found["blocking"] is True
    assert [(item["rule"], item["blocking"]) for item in found["findings"]] == [
        ("IAM-KMS-3", True),
        ("IAM-KMS-8", False),
        ("IAM-KMS-3", False),
    ]
    assert found["findings"][2]["waived"].startswith("waived by the settings")


def test_what_could_not_be_read_blocks() -> None:
    found = content(replace(made.report(), findings=()), Gate(Severity.CRITICAL))

    assert found["complete"] is False
    assert found["blocking"] is True
    assert found["errors"] == ["plan.json: aws_kms_key.main: no JSON: main; main"]


def test_a_clean_scan_is_complete_and_does_not_block() -> None:
    found = content(made.clean())

    assert found["complete"] is True
    assert found["blocking"] is False
    assert found["findings"] == []


def test_it_stays_small_and_says_what_is_left_out() -> None:
    report = made.report()
    findings = tuple(made.finding(f"k{number}") for number in range(2_000))
    full = replace(report, findings=findings, notes=report.notes * 700, unseen=report.unseen * 501)
    full = replace(full, diagnostics=report.diagnostics * 600)

    found = content(full)

    assert {name: len(found[name]) for name in ("findings", "notes", "policies_not_in_view", "errors")} == {
        "findings": spacelift.LIMIT,
        "notes": spacelift.LIMIT,
        "policies_not_in_view": spacelift.LIMIT,
        "errors": spacelift.LIMIT,
    }
    assert found["omitted"] == 1_500
    assert found["omitted_besides"] == {"notes": 200, "policies_not_in_view": 1, "errors": 100}
    assert found["summary"]["critical"] == 2_000
    assert formats.left_out("spacelift", full, made.view()) == (
        "1500 findings, 200 notes, 1 policies not in view, 100 errors"
    )


def test_what_blocks_is_not_crowded_out_by_what_does_not() -> None:
    waived = [made.waived(f"w{number}") for number in range(spacelift.LIMIT)]
    passing = [made.finding(f"k{number}", severity=Severity.LOW) for number in range(spacelift.LIMIT)]
    report = replace(made.report(errors=False), findings=(*waived, *passing, made.finding("main")))

    found = content(report, Gate(Severity.CRITICAL))

    assert found["findings"][0]["blocking"]
    assert not any(item["waived"] for item in found["findings"])
    assert found["omitted"] == 501


def test_where_everything_has_room_nothing_is_said_to_be_left_out() -> None:
    assert formats.left_out("spacelift", made.report(), made.view()) == ""
