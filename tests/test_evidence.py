"""What makes a finding is found again in the source: file, line and column of the principal, the action or what is not
known, by a plan with its source, by a saved plan, and by the source alone.

The configurations were planned by Terraform itself. `evidence.txt` beside each says what stands at the places told.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import PROJECT, Run, run

FIXTURES = PROJECT / "tests" / "fixtures" / "evidence"
CASES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
WAYS = {
    "source": (".", "--region", "us-east-1"),
    "plan and source": ("plan.json", "--source", "."),
    "saved plan": ("plan.tfplan",),
}
WITHOUT_FILES = "template-files"
"""A saved plan does not hold what functions read: there the call stands for what it reads."""


def scan(directory: Path, way: str, *words: str) -> Run:
    options = ("--check", "IAM-KMS-3", "--account-id", "111122223333", "--format", "json")
    return run("scan", *WAYS[way], *options, *words, cwd=directory)


def stretch(directory: Path, place: dict[str, Any]) -> str:
    """The text between the columns of a place, or the first line of it."""
    lines = (directory / place["file"]).read_text(encoding="utf-8").split("\n")
    line = lines[place["line"] - 1]
    if place["line"] == place["end_line"]:
        return line[place["column"] - 1 : place["end_column"] - 1]
    return line[place["column"] - 1 :] + " …"


def at(place: dict[str, Any]) -> str:
    """Where it stands and by which module calls."""
    return ", called at ".join([f"{place['file']}:{place['line']}:{place['column']}", *reversed(place["via"])])


def told(result: Run, directory: Path) -> str:
    """Each finding with the elements of the statement that it is about, and what stands there; the order in which
    lists come out is not told."""
    lines: list[str] = []
    for finding in result.report["findings"]:
        evidence = finding["evidence"][0]
        elements: set[str] = set()
        lines.append(f"{finding['verdict']} {finding['address']} {evidence['sid'] or evidence['path']}: {at(evidence)}")
        for element in evidence["elements"]:
            member = re.sub(r"/\d+$", "", element["path"].removeprefix(evidence["path"]))
            elements.add(f"  {member} {at(element)} {stretch(directory, element)}")
        lines += sorted(elements)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("case", CASES)
def test_the_elements_of_a_source(case: str, golden: Callable[[Path, str], None]) -> None:
    golden(FIXTURES / case / "evidence.txt", told(scan(FIXTURES / case, "source"), FIXTURES / case))


@pytest.mark.parametrize("way", ["plan and source", "saved plan"])
@pytest.mark.parametrize("case", CASES)
def test_a_plan_finds_them_where_the_source_does(case: str, way: str) -> None:
    if (case, way) == (WITHOUT_FILES, "saved plan"):
        return
    found = told(scan(FIXTURES / case, way), FIXTURES / case)

    assert found == (FIXTURES / case / "evidence.txt").read_text(encoding="utf-8")


def test_what_a_saved_plan_does_not_hold_stands_for_itself() -> None:
    found = scan(FIXTURES / WITHOUT_FILES, "saved plan").report["findings"]
    places = {
        finding["address"]: {stretch(FIXTURES / WITHOUT_FILES, own) for own in finding["evidence"][0]["elements"]}
        for finding in found
    }

    assert places == {
        "aws_kms_key.template": {'templatefile("${path.module}/policy.json.tftpl", { …'},
        "aws_kms_key.file": {'file("${path.module}/policy.json")'},
    }


def test_without_a_source_the_elements_are_told_by_their_paths(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "written-out" / "plan.json", tmp_path)
    words = ("--check", "IAM-KMS-3", "--format", "json")
    [finding, *_] = run("scan", "plan.json", *words, cwd=tmp_path).report["findings"]

    elements = finding["evidence"][0]["elements"]
    assert [element["path"] for element in elements] == ["/policy/Statement/0/Action/1"]
    assert {element[name] for element in elements for name in ("file", "line", "column", "end_line")} == {None}


def test_an_option_and_a_template_in_a_text_are_no_files(tmp_path: Path) -> None:
    """What stands in no file is found where it is called by its name."""
    (tmp_path / "main.tf").write_text(
        'variable "people" {\n  type = list(string)\n}\n'
        'resource "aws_kms_key" "main" {\n  policy = jsonencode({\n    Statement = [{\n'
        '      Effect = "Allow", Action = "kms:*", Resource = "*"\n'
        '      Principal = { AWS = concat(var.people, ["arn:aws:iam::111122223333:root"]) }\n    }]\n  })\n}\n',
        encoding="utf-8",
    )
    value = 'people=["arn:aws:iam::111122223333:role/option"]'
    [finding] = scan(tmp_path, "source", "--var", value).report["findings"]

    [principal, action] = finding["evidence"][0]["elements"]
    assert stretch(tmp_path, principal) == 'concat(var.people, ["arn:aws:iam::111122223333:root"])'
    assert stretch(tmp_path, action) == '"kms:*"'


def test_a_file_of_variables_is_called_as_it_is_from_here(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "live"
    folder.mkdir()
    (folder / "main.tf").write_text(
        'variable "people" {\n  type = list(string)\n}\n'
        'resource "aws_kms_key" "main" {\n  policy = jsonencode({\n    Statement = [{\n'
        '      Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = var.people }\n    }]\n  })\n}\n',
        encoding="utf-8",
    )
    (folder / "some.tfvars").write_text('people = ["arn:aws:iam::111122223333:role/file"]\n', encoding="utf-8")
    [finding] = scan(folder, "source", "--var-file", "some.tfvars").report["findings"]

    assert at(finding["evidence"][0]["elements"][0]) == "some.tfvars:1:11"


def test_the_text_report_underlines_them() -> None:
    words = ("--check", "IAM-KMS-3", "--account-id", "111122223333", "--authorized", "arn:aws:iam::*:role/KeyAdmin")
    told = run("scan", ".", *words, cwd=FIXTURES / "documents").out

    assert (
        "    written   in modules/key/main.tf:36:22, called at main.tf:68\n"
        '          32 |     actions   = ["kms:Schedule*"]\n'
        "             |                  ^^^^^^^^^^^^^^^\n"
        "          36 |       identifiers = [var.operator]\n"
        "             |                      ^^^^^^^^^^^^\n"
    ) in told


def test_a_saved_plan_shows_lines_of_the_files_that_it_brings(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "documents" / "plan.tfplan", tmp_path)
    told = run("scan", "plan.tfplan", "--check", "IAM-KMS-3", cwd=tmp_path).out

    assert "    written   in plan.tfplan/modules/key/main.tf:36:22, called at plan.tfplan/main.tf:68\n" in told
    assert "          36 |       identifiers = [var.operator]\n" in told


def test_a_document_that_breaks_off_is_told_with_the_line_of_its_end(tmp_path: Path) -> None:
    text = 'resource "aws_kms_key" "main" {\n  policy = jsonencode(jsondecode(<<-JSON\n    {"Statement": [\n  JSON\n  ))\n}\n'
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")

    result = scan(tmp_path, "source")

    assert result.code == 2
    assert "main.tf" in result.err
    assert not [item for item in result.report["diagnostics"] if "crashed" in item["code"]]
