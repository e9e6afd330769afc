"""JUnit: valid by the schema that Jenkins checks by, and a test for each guardrail on each subject."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from msgspec.structs import replace

from tests.report import made
from tfkms.diagnostics import OUTPUT_UNWRITABLE, Diagnostic, Level
from tfkms.finding import Report, Severity
from tfkms.gate import Gate
from tfkms.report import formats

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "fixtures" / "schemas" / "junit.xsd")
REPORTS = {
    "everything": made.report(),
    "no errors": made.report(errors=False),
    "clean": made.clean(),
    "nothing judged": replace(made.clean(), verdicts=()),
    "nothing read": replace(made.report(), inputs=(), verdicts=(), findings=(), notes=()),
}
WARN = Gate(undecided_fails=False)


def suites(report: Report, gate: Gate | None = None) -> ET.Element:
    text = formats.render("junit", report, made.view(gate))
    SCHEMA.validate(text)
    return ET.fromstring(text)


def case(root: ET.Element, check: str, name: str) -> ET.Element:
    (found,) = [item for item in root.iter("testcase") if (item.get("classname"), item.get("name")) == (check, name)]
    return found


def outcome(found: ET.Element) -> tuple[str, str | None]:
    (only,) = [child for child in found if child.tag != "system-out"]
    return only.tag, only.get("type")


@pytest.mark.parametrize("report", [pytest.param(report, id=what) for what, report in REPORTS.items() if report.inputs])
def test_the_numbers_are_those_of_the_cases(report: Report) -> None:
    root = suites(report)

    for suite in root.iter("testsuite"):
        assert suite.get("tests") == str(len(list(suite)))
        for number, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(number) == str(len([item for item in suite if item.find(tag) is not None]))
    for number in ("tests", "failures", "errors"):
        assert root.get(number) == str(sum(int(suite.get(number, "")) for suite in root))


@pytest.mark.parametrize("report", [pytest.param(report, id=what) for what, report in REPORTS.items() if report.inputs])
def test_there_is_always_a_case_for_jenkins_takes_no_report_without(report: Report) -> None:
    assert list(suites(report).iter("testcase"))


def test_no_two_cases_have_one_name_for_gitlab_drops_the_second() -> None:
    report = made.report()
    again = replace(report, verdicts=(*report.verdicts, *(replace(item, input=1) for item in report.verdicts[:2])))
    names = [(item.get("classname"), item.get("name")) for item in suites(again).iter("testcase")]

    assert len(names) == len(set(names))


def test_what_fails_the_gate_fails() -> None:
    root = suites(made.report())
    key = 'plan.json: module.keys["main"].aws_kms_key.main'

    assert outcome(case(root, "IAM-KMS-3", key)) == ("failure", "violated")
    assert outcome(case(root, "IAM-KMS-8", "plan.json: aws_iam_policy.main")) == ("failure", "undecided")
    assert outcome(case(root, "IAM-KMS-8", key)) == ("failure", "undecided")  # it reaches that key


def test_what_passes_the_gate_is_skipped_with_its_words() -> None:
    warned = case(suites(made.report(), WARN), "IAM-KMS-8", "plan.json: aws_iam_policy.main")
    light = made.finding(severity=Severity.LOW)
    passed = suites(replace(made.report(), findings=(light,)), Gate(Severity.HIGH))

    assert outcome(warned) == ("skipped", "undecided")
    assert "it cannot be told whether" in (warned[0].get("message") or "")
    assert outcome(case(passed, "IAM-KMS-3", f"plan.json: {light.address}")) == ("skipped", "violated")


def test_what_fails_beside_it_hides_nothing() -> None:
    key = made.finding().address
    light = made.finding(severity=Severity.LOW, message="another thing", fingerprint="1" * 32)
    later = replace(made.waived(), address=key, message="a third thing")
    report = replace(made.report(errors=False), findings=(made.finding(), light, later), inputs=made.clean().inputs)
    found = case(suites(report, Gate(Severity.HIGH)), "IAM-KMS-3", key)
    text = found.findtext("system-out") or ""

    assert outcome(found) == ("failure", "violated")
    assert "another thing" not in ET.tostring(found[0], encoding="unicode")
    assert f"IAM-KMS-3 violated (low) {key}: another thing\n" in text
    assert f"IAM-KMS-3 waived (critical) {key}: a third thing (waived by the settings, owner team main" in text


def test_there_is_one_output_to_a_case_for_jenkins_reads_the_first() -> None:
    report = made.report(errors=False)
    report = replace(report, notes=report.notes * 2, unseen=report.unseen * 2)
    root = suites(report)

    assert all(len(item.findall("system-out")) <= 1 for item in root.iter("testcase"))
    assert "".join(item.text or "" for item in root.iter("system-out")).count("can give itself the use") == 2
    assert "".join(item.text or "" for item in root.iter("system-out")).count("not in view: ") == 2


@pytest.mark.parametrize("gate", [Gate(), WARN, Gate(Severity.CRITICAL), Gate(exit_zero=True)])
def test_every_finding_is_told_whatever_the_gate(gate: Gate) -> None:
    told = " ".join(ET.tostring(suites(made.report(), gate), encoding="unicode", method="text").split())

    for finding in made.report().findings:
        assert f"{finding.address}: {finding.message}" in told


def test_what_is_waived_is_skipped_with_the_reason() -> None:
    found = case(suites(made.report()), "IAM-KMS-3", "plan.json: aws_kms_key.legacy_main")

    assert outcome(found) == ("skipped", "waived")
    assert "waived by the settings, owner team main, until 2027-06-30: migration" in (found[0].get("message") or "")


def test_what_could_not_be_read_is_an_error() -> None:
    assert outcome(case(suites(made.report()), "tfkms", "read plan.json")) == ("error", "error")
    assert case(suites(made.report(errors=False)), "tfkms", "read plan.json").find("error") is None


def test_what_is_not_in_view_is_told_with_its_input() -> None:
    said = case(suites(made.report(errors=False)), "tfkms", "read plan.json").findtext("system-out") or ""

    assert said.startswith("not in view: arn:aws:iam::111122223333:policy/main, attached to")


def test_what_does_not_apply_is_skipped_with_the_reason() -> None:
    found = case(suites(made.report()), "IAM-KMS-8", "infra: aws_kms_key.main")

    assert outcome(found) == ("skipped", "not_applicable")
    assert found[0].get("message") == "main is no key"


def test_the_text_has_the_request_the_place_and_the_remedy() -> None:
    root = suites(made.report())
    text = case(root, "IAM-KMS-3", 'plan.json: module.keys["main"].aws_kms_key.main')[0].text or ""

    assert "request kms:ScheduleKeyDeletion by" in text
    assert "at infra/kms.tf:4, called at main.tf:3" in text
    assert "fix take kms:ScheduleKeyDeletion out of `main`" in text


def test_a_report_that_could_not_be_written_is_a_case_of_its_own() -> None:
    unwritten = Diagnostic(Level.ERROR, OUTPUT_UNWRITABLE, "the report cannot be written: no space left", file="out.md")
    own = suites(replace(made.clean(), diagnostics=(unwritten,)))

    assert outcome(case(own, "tfkms", "write out.md")) == ("error", "error")
