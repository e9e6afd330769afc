"""The JSON report keeps to its schema, which is part of the repository."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from tfkms.cli import main
from tfkms.report import structure

FIXTURES = Path(__file__).parent / "fixtures"
PUBLISHED = Path(__file__).parent.parent / "docs" / "schema" / "report-1.json"
REPORTS = sorted(FIXTURES.glob("guardrails/*/*/expected.json"))


def test_the_schema_command_prints_the_schema_of_the_repository(golden: Callable[[Path, str], None]) -> None:
    golden(PUBLISHED, CliRunner().invoke(main, ["schema", "report"]).stdout)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}")
def test_a_report_is_valid(path: Path) -> None:
    Draft202012Validator(structure.schema()).validate(json.loads(path.read_text(encoding="utf-8")))


def test_every_member_is_always_present() -> None:
    for name, described in structure.schema()["$defs"].items():
        assert set(described["required"]) == set(described["properties"]), name


@pytest.mark.parametrize(
    ("member", "names"),
    [
        ("ReportV1", "version tool inputs summary verdicts findings notes diagnostics"),
        ("SummaryV1", "violated undecided pass pass_in_plan not_applicable waived"),
        ("VerdictV1", "check address verdict waived input"),
        (
            "FindingV1",
            (
                "check verdict severity address key keys other_keys principals message new waived witness witnesses "
                "evidence needs remedy fingerprint input"
            ),
        ),
        ("WitnessV1", "principal action resource context inert"),
        ("EvidenceV1", "address path sid statement file line column end_line end_column via"),
        ("WaiverV1", "by reason owner expires"),
        ("NeedV1", "address path references reason"),
        ("NoteV1", "check address code message new input"),
        ("DiagnosticV1", "level code message address file line input"),
    ],
)
def test_no_member_of_version_1_is_ever_gone(member: str, names: str) -> None:
    assert set(names.split()) <= set(structure.schema()["$defs"][member]["properties"])
