"""GitHub Actions: annotations within their number, on lines where there are lines, and the summary of the job."""

import re

import pytest
from msgspec.structs import replace

from tests.report import made
from tfkms.finding import Report, Severity
from tfkms.gate import Gate
from tfkms.location import Origin
from tfkms.report import formats
from tfkms.report.formats import github

COMMAND = re.compile(r"::(?P<kind>\w+) (?P<properties>[^:]*)::(?P<message>.*)")


def commands(report: Report, gate: Gate | None = None, directory: str = "") -> list[tuple[str, dict[str, str], str]]:
    """The commands as the runner reads them: kind, properties and message."""
    found = []
    for line in formats.render("github", report, made.view(gate, directory)).splitlines():
        if command := COMMAND.fullmatch(line):
            properties = dict(part.split("=", 1) for part in command["properties"].split(","))
            found.append((command["kind"], properties, command["message"]))
    return found


def only(report: Report, *findings: object) -> Report:
    return replace(report, findings=findings, notes=(), diagnostics=(), unseen=())  # type: ignore[arg-type]


def test_a_finding_stands_on_its_line() -> None:
    (command,) = commands(only(made.report(), made.finding()), directory="stacks")

    assert command[:2] == (
        "error",
        {
            "file": "stacks/infra/kms.tf",
            "line": "4",
            "endLine": "4",
            "col": "7",
            "endColumn": "58",
            "title": "IAM-KMS-3 violated (critical)",
        },
    )
    assert command[2].startswith("stacks/infra/kms.tf:4:7: IAM-KMS-3 ")


def test_columns_are_left_out_where_the_runner_drops_them() -> None:
    (command,) = commands(only(made.report(), made.undecided()))

    assert {"line", "endLine"} <= command[1].keys()
    assert not {"col", "endColumn"} & command[1].keys()


def test_without_a_source_no_file_is_named() -> None:
    finding = made.finding()
    bare = replace(finding, evidence=(replace(finding.evidence[0], origin=Origin("a", "/policy")),))

    (command,) = commands(only(made.report(), bare))

    assert list(command[1]) == ["title"]
    assert command[2].startswith("IAM-KMS-3 ")


def test_what_fails_the_gate_is_an_error_and_what_does_not_a_warning() -> None:
    report = only(made.report(), made.finding(), made.undecided())

    assert [kind for kind, *_ in commands(report)] == ["error", "error"]
    assert [kind for kind, *_ in commands(report, Gate(undecided_fails=False))] == ["error", "warning"]
    assert [kind for kind, *_ in commands(report, Gate(Severity.CRITICAL))] == ["error", "warning"]


def test_waived_findings_make_no_annotation() -> None:
    assert commands(only(made.report(), made.waived())) == []


def test_no_more_of_a_kind_than_github_shows_the_worst_first_and_the_rest_counted() -> None:
    report = made.report()
    findings = [made.finding(f"k{number}") for number in range(25)]
    many = replace(report, findings=tuple(findings), notes=report.notes * 30, diagnostics=report.diagnostics * 12)

    found = commands(many)

    assert [[kind for kind, *_ in found].count(kind) for kind in ("error", "warning", "notice")] == [10, 10, 10]
    assert found[0][2].startswith("plan.json: aws_kms_key.main: no JSON")
    left = 25 + 24 + 30 + 1 - 29
    assert found[-1][2] == f"{left} annotations more than a step shows; `--output markdown=FILE` writes them all"


def test_where_there_is_a_summary_of_the_job_it_has_what_is_left_out() -> None:
    many = replace(made.report(), findings=tuple(made.finding(f"k{number}") for number in range(11)))

    text = formats.render("github", many, made.view(job_summary=True))

    assert "::notice title=tfkms::2 annotations more than a step shows; all stand in the summary of the job\n" in text


def test_a_message_is_not_longer_than_the_runner_takes() -> None:
    (command,) = commands(only(made.report(), made.finding(message="x" * 9_000)))

    assert len(command[2]) < 4_096
    assert "more characters)" in command[2]


@pytest.mark.parametrize("name", ["a,line=1", "a:b::c", "100%", "a%0Ab"])
def test_signs_of_commands_are_escaped(name: str) -> None:
    finding = made.finding()
    span = replace(finding.evidence[0].origin.span, file=name)  # type: ignore[type-var]
    origin = Origin("a", "/policy", span)
    (command,) = commands(
        only(made.report(), replace(finding, evidence=(replace(finding.evidence[0], origin=origin),)))
    )

    escaped = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}
    assert re.sub("%..", lambda found: escaped[found[0]], command[1]["file"]) == name


def test_the_last_line_has_the_counts_and_is_no_command() -> None:
    *_, last = formats.render("github", made.report(), made.view()).splitlines()

    assert last.startswith("tfkms: 1 violated, 2 undecided, 1 pass")


def test_the_summary_of_the_job_is_the_whole_report_within_its_limit() -> None:
    report = replace(made.report(), findings=tuple(made.finding(f"k{number}") for number in range(3_000)))

    summary = github.summary(report, made.view())

    assert len(summary.encode()) <= 1024 * 1024
    assert summary.count("<details>") > 200
    assert summary.count("<details>") + summary.count("\n- **IAM-KMS-3**") == 3_000
    assert summary.endswith("\n")
