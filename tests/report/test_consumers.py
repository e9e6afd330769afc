"""What real readers of the reports say of them; they come from a package registry."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from tests.report import made
from tests.report.test_goldens import CASES
from tests.report.test_hostile_names import HOSTILE
from tfkms.report import formats

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm, which installs the readers of SARIF, is not here"),
]
MULTITOOL = "@microsoft/sarif-multitool@5.7.0"
SCHEMA = "@microsoft/jest-sarif@1.0.0-beta.0"
"""A package that holds the schema of SARIF 2.1.0, as it was published before its errata."""

PLATFORM = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installed packages."""
    work = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    assert npm
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(work), MULTITOOL, SCHEMA]
    if subprocess.run(command, check=False, capture_output=True, cwd=work).returncode:
        pytest.skip("npm cannot install the readers of SARIF")
    return work / "node_modules" / "@microsoft"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of SARIF files: of every report that has a golden file, and of one for each hostile name."""
    folder = tmp_path_factory.mktemp("sarif")
    texts = {case: formats.render("sarif", report(), made.view()) for case, report in CASES.items()}
    for number, name in enumerate(HOSTILE.values()):
        texts[f"hostile-{number}"] = formats.render("sarif", made.report(name, path=f"{name}.json"), made.view())
    for what, text in texts.items():
        (folder / f"{what}.sarif").write_text(text, encoding="utf-8")
    return folder


def validate(packages: Path, *files: Path) -> list[dict[str, Any]]:
    """What the multitool finds, with GitHub's rules; it exits 0 whatever that is."""
    tool = packages / f"sarif-multitool-{PLATFORM}" / f"Sarif.Multitool{'.exe' if os.name == 'nt' else ''}"
    said = files[0].parent / "said.json"
    rules = "Sarif;Ghas"
    command = [
        str(tool),
        "validate",
        *map(str, files),
        "-o",
        str(said),
        "--log",
        "ForceOverwrite",
        "--rule-kind",
        rules,
    ]
    subprocess.run(command, check=True, capture_output=True)
    results: list[dict[str, Any]] = json.loads(said.read_text(encoding="utf-8-sig"))["runs"][0]["results"]
    return results


def test_the_multitool_finds_no_error(packages: Path, logs: Path) -> None:
    files = sorted(logs.glob("*.sarif"))

    found = validate(packages, *files)

    assert [item for item in found if item.get("level") == "error"] == []
    assert [item["ruleId"] for item in found] == ["SARIF2005"] * len(files)  # a warning: no page of the tool is named


def test_the_multitool_would_find_one(packages: Path, tmp_path: Path) -> None:
    log = json.loads(formats.render("sarif", made.report(), made.view()))
    result = log["runs"][0]["results"][0]
    result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "a\\b c.tf"
    result["ruleIndex"] = 99
    (tmp_path / "wrong.sarif").write_text(json.dumps(log), encoding="utf-8")

    found = {item["ruleId"] for item in validate(packages, tmp_path / "wrong.sarif") if item.get("level") == "error"}

    assert found == {"SARIF1002", "SARIF1009"}


def test_every_file_is_valid_by_the_schema(packages: Path, logs: Path) -> None:
    (schema,) = (packages / "jest-sarif").rglob("sarif-2.1.0*.json")
    validator = Draft4Validator(json.loads(schema.read_text(encoding="utf-8")))

    for path in logs.glob("*.sarif"):
        assert [error.message for error in validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))] == []


def test_the_schema_would_refuse_another_member(packages: Path) -> None:
    (schema,) = (packages / "jest-sarif").rglob("sarif-2.1.0*.json")
    log = json.loads(formats.render("sarif", made.report(), made.view()))
    log["runs"][0]["results"][0]["extra"] = 1

    assert list(Draft4Validator(json.loads(schema.read_text(encoding="utf-8"))).iter_errors(log))
