"""A path in a report is that of the file in which the finding stands, or one that leads nowhere."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, run
from tests.frontends.saved_plan.archives import members_of, zipped
from tfkms.report.line_hash import line_hashes

HIDDEN = Path(__file__).parents[2] / "fixtures" / "saved-plans" / "hidden-policy"
WRITTEN = members_of(HIDDEN)["tfconfig/m-/main.tf"]
UNRELATED = 'resource "aws_kms_key" "main" {}\n' * 40


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the plan in `live`."""
    (tmp_path / "live").mkdir()
    shutil.copy(HIDDEN / "plan.tfplan", tmp_path / "live" / "tfplan")
    return tmp_path


def scan(*words: str, cwd: Path) -> Run:
    return run("scan", *words, "--check", "IAM-KMS-3", "--format", "json", cwd=cwd)


def file_of(result: Run) -> str:
    [finding] = result.report["findings"]
    file: str = finding["evidence"][0]["file"]
    return file


def told_of_source(result: Run) -> list[dict[str, Any]]:
    return [item for item in result.report["diagnostics"] if "source" in item["code"]]


def sarif_of(*words: str, cwd: Path) -> tuple[str, str]:
    """The file and the line's hash of the one result."""
    report: dict[str, Any] = json.loads(run("scan", *words, "--check", "IAM-KMS-3", "--format", "sarif", cwd=cwd).out)
    [result] = report["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert line_hashes(WRITTEN.decode())[location["region"]["startLine"] - 1] == hash_of(result)
    return location["artifactLocation"]["uri"], hash_of(result)


def hash_of(result: dict[str, Any]) -> str:
    found: str = result["partialFingerprints"]["primaryLocationLineHash"]
    return found


def test_without_the_source_a_file_is_called_as_one_within_the_plan(place: Path) -> None:
    assert file_of(scan("live/tfplan", cwd=place)) == "live/tfplan/main.tf"


def test_an_unrelated_file_of_that_name_is_not_taken_for_it(place: Path) -> None:
    for folder in (place, place / "live"):
        (folder / "main.tf").write_text(UNRELATED)

    assert file_of(scan("live/tfplan", cwd=place)) == "live/tfplan/main.tf"


def test_the_same_file_beside_the_plan_is_called_by_its_path(place: Path) -> None:
    (place / "live" / "main.tf").write_bytes(WRITTEN)
    (place / "main.tf").write_text(UNRELATED)

    assert file_of(scan("live/tfplan", cwd=place)) == "live/main.tf"
    assert file_of(scan("tfplan", cwd=place / "live")) == "main.tf"
    assert file_of(scan(str(place / "live" / "tfplan"), cwd=place)) == "live/main.tf"


def test_with_the_source_a_file_is_called_by_its_path_there(place: Path) -> None:
    (place / "source").mkdir()
    (place / "source" / "main.tf").write_bytes(WRITTEN)

    assert file_of(scan("live/tfplan", "--source", "source", cwd=place)) == "source/main.tf"


def test_a_source_with_another_file_is_told_and_the_plan_stands(place: Path) -> None:
    (place / "source").mkdir()
    (place / "source" / "main.tf").write_text(UNRELATED)

    result = scan("live/tfplan", "--source", "source", cwd=place)

    [told] = told_of_source(result)
    assert (told["level"], told["code"]) == ("warning", "source-differs")
    assert "`main.tf` differs" in told["message"]
    assert file_of(result) == "live/tfplan/main.tf"
    assert result.report["verdicts"] == scan("live/tfplan", cwd=place).report["verdicts"]


def test_a_file_that_has_come_along_makes_another_source(place: Path) -> None:
    (place / "source").mkdir()
    (place / "source" / "main.tf").write_bytes(WRITTEN)
    (place / "source" / "more.tf").write_text("")

    [told] = told_of_source(scan("live/tfplan", "--source", "source", cwd=place))

    assert "`more.tf` differs" in told["message"]


def test_files_that_only_opentofu_reads_make_no_other_source(place: Path) -> None:
    (place / "source").mkdir()
    (place / "source" / "main.tf").write_bytes(WRITTEN)
    (place / "source" / "main.tofu").write_text(UNRELATED)

    assert told_of_source(scan("live/tfplan", "--source", "source", cwd=place)) == []


def test_a_directory_behind_a_link_is_called_by_where_it_is(place: Path) -> None:
    (place / "live" / "main.tf").write_bytes(WRITTEN)
    (place / "link").symlink_to("live")

    assert file_of(scan("link/tfplan", cwd=place)) == "live/main.tf"


def test_the_hash_of_a_line_is_that_of_the_plans_own_text(place: Path) -> None:
    (place / "main.tf").write_text(UNRELATED)
    within, hash_within = sarif_of("live/tfplan", cwd=place)
    (place / "live" / "main.tf").write_bytes(WRITTEN)
    beside, hash_beside = sarif_of("live/tfplan", cwd=place)

    assert (within, beside) == ("live/tfplan/main.tf", "live/main.tf")
    assert hash_within == hash_beside


def test_a_plan_on_standard_input_has_no_place(place: Path) -> None:
    (place / "main.tf").write_bytes(WRITTEN)
    words = ("scan", "-", "--check", "IAM-KMS-3", "--format", "json")

    assert file_of(run(*words, cwd=place, content=(HIDDEN / "plan.tfplan").read_bytes())) == "-/main.tf"


@pytest.mark.parametrize(
    ("directory", "name"),
    [("modules/kms", "tfplan/modules/kms/main.tf"), (".terraform/modules/k", "tfplan/.terraform/modules/k/main.tf"),
     ("../kms", "tfplan/tfconfig/m-k/main.tf"), ("/home/somebody/kms", "tfplan/tfconfig/m-k/main.tf"),
     ("C:\\kms", "tfplan/tfconfig/m-k/main.tf")],
)  # fmt: skip
def test_a_module_is_called_by_where_it_lay_and_never_by_an_absolute_path(
    directory: str, name: str, tmp_path: Path
) -> None:
    """The resources of the plan are the root's; what is wrong with the module's file says how that is called."""
    manifest = [{"Key": "", "Dir": "."}, {"Key": "k", "Dir": directory}]
    call = WRITTEN + b'\nmodule "k" {\n  source = "./kms"\n}\n'
    files = {"m-/main.tf": call, "m-k/main.tf": b"resource {", "modules.json": json.dumps(manifest).encode()}
    members = members_of(HIDDEN) | {f"tfconfig/{file}": content for file, content in files.items()}
    (tmp_path / "tfplan").write_bytes(zipped(members))

    told = scan("tfplan", cwd=tmp_path).report["diagnostics"]

    assert {item["file"] for item in told if item["file"]} == {name}


def test_paths_in_the_manifest_lead_to_no_other_files(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "main.tf").write_text(UNRELATED)
    manifest = json.dumps([{"Key": "", "Dir": "elsewhere"}]).encode()
    (tmp_path / "tfplan").write_bytes(zipped(members_of(HIDDEN) | {"tfconfig/modules.json": manifest}))

    assert file_of(scan("tfplan", cwd=tmp_path)) == "tfplan/main.tf"
