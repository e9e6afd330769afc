"""Atlantis reads the verdict from the text: both of its ways to read come to ours."""

import re

import pytest
from msgspec.structs import replace

from tests.report import made
from tests.report.test_hostile_names import NAMES
from tfkms.finding import Input, Report, Severity
from tfkms.gate import Gate, exit_code
from tfkms.report import formats

GATES = {
    "any finding": Gate(),
    "violated only": Gate(undecided_fails=False),
    "critical only": Gate(Severity.CRITICAL),
    "critical violated only": Gate(Severity.CRITICAL, undecided_fails=False),
}


def failed_since_0_39(output: str) -> bool:
    """What `server/events/project_command_runner.go` of Atlantis makes of the output of a custom policy check."""
    return bool(re.search(r'([1-9][0-9]* failure|failures": \[)', output)) or output.strip().startswith("FAIL")


def failed_before_0_39(output: str) -> bool:
    return "fail" in output.lower()


def text(report: Report, gate: Gate | None = None) -> str:
    return formats.render("atlantis", report, made.view(gate))


def reports(name: str) -> list[Report]:
    whole = made.report(name, errors=False)
    return [
        made.report(name),
        whole,
        replace(whole, findings=(made.undecided(name),)),
        replace(whole, findings=(made.waived(name),)),
        replace(whole, findings=()),
        replace(whole, findings=(), verdicts=()),
    ]


@pytest.mark.parametrize("gate", [pytest.param(gate, id=what) for what, gate in GATES.items()])
@pytest.mark.parametrize("name", [*NAMES, pytest.param("failover FAIL 3 failures", id="the word itself")])
def test_both_versions_read_the_verdict_of_the_gate(name: str, gate: Gate) -> None:
    for report in reports(name):
        failed = exit_code(report, gate) != 0

        assert failed_since_0_39(text(report, gate)) is failed
        assert failed_before_0_39(text(report, gate)) is failed


def test_undecided_fails_unless_it_is_to_warn() -> None:
    report = replace(made.report(errors=False), findings=(made.undecided(),), notes=())
    told = "IAM-KMS-8 - plan.json: aws_iam_policy.main: it cannot be told"

    assert text(report).startswith(f"FAIL - {told}")
    assert text(report, GATES["violated only"]).startswith(f"WARN - {told}")


def test_the_last_line_sums_up_a_complete_scan() -> None:
    *_, failures = text(made.report(errors=False)).splitlines()
    *_, one = text(replace(made.report(errors=False), findings=(made.finding(),))).splitlines()
    *_, clean = text(made.clean()).splitlines()

    assert failures == "2 failures"
    assert one == "1 failure"
    assert re.fullmatch(r"PASS - tfkms \S+: 3 rules, 5 resources, no findings", clean)


def test_after_an_incomplete_scan_there_is_no_such_line() -> None:
    lines = text(replace(made.report(), findings=(), notes=(), unseen=())).splitlines()

    assert lines == ["FAIL - tfkms - plan.json: aws_kms_key.main: no JSON: main; main"]


def test_what_fails_comes_first() -> None:
    words = [line.split()[0] for line in text(made.report(), GATES["violated only"]).splitlines()]

    assert words == ["FAIL", "FAIL", "WARN", "WAIVED", "NOTE", "NOTE", "NOTE"]


def test_of_several_inputs_each_line_names_its_own() -> None:
    lines = text(made.report(errors=False)).splitlines()
    alone = text(replace(made.report(errors=False), inputs=(Input("plan.json", "plan", 7),), verdicts=())).splitlines()

    told = [line for line in lines[:-1] if "tfkms explain" not in line]
    assert len(told) == 5
    assert all(re.match(r"(FAIL|WAIVED|NOTE) - (IAM-KMS-\d|tfkms) - plan\.json: ", line) for line in told)
    assert not [line for line in alone if "plan.json" in line]


def test_what_is_waived_stays_in_sight_with_the_reason() -> None:
    (line,) = [line for line in text(made.report(errors=False)).splitlines() if line.startswith("WAIVED")]

    assert line.startswith("WAIVED - IAM-KMS-3 - plan.json: aws_kms_key.legacy_main: ")
    assert line.endswith(" (waived by the settings, owner team main, until 2027-06-30: migration of main until autumn)")


def test_a_line_of_a_finding_says_what_mends_it() -> None:
    (line, *_) = text(made.report(errors=False)).splitlines()

    assert line.endswith("; to mend it: take kms:ScheduleKeyDeletion out of `main`")


def test_a_line_of_a_finding_holds_nothing_that_changes_so_that_an_approval_stays() -> None:
    moved = made.finding()
    evidence = moved.evidence[0]
    span = replace(evidence.origin.span, line=99, end_line=99)  # type: ignore[type-var]
    moved = replace(
        moved, evidence=(replace(evidence, origin=replace(evidence.origin, span=span)),), fingerprint="1" * 32
    )
    report = made.report(errors=False)

    assert text(replace(report, findings=(moved,))) == text(replace(report, findings=(made.finding(),)))


def test_a_finding_that_is_there_twice_is_one_line() -> None:
    report = replace(made.report(errors=False), findings=(made.finding(), made.finding()), notes=(), unseen=())

    assert text(report).splitlines()[1:] == [
        "NOTE - tfkms - why, and how to mend it: tfkms explain IAM-KMS-3",
        "1 failure",
    ]


def test_nothing_ends_the_block_of_code_around_it() -> None:
    assert "```" not in text(made.report("``` `````"))
