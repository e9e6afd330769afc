"""Each form of the report, whole: on two true plans, on one made by hand in which every member is filled, and as the
command line writes them for an estate of several plans."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import tfkms
from tests.command_line import run
from tests.judging import judged
from tests.report import made
from tests.report.pages import bare
from tfkms.checks.authorized import Authorized
from tfkms.checks.stance import Stance
from tfkms.finding import Report
from tfkms.report import formats

FIXTURES = Path(__file__).parent.parent / "fixtures"
REPORTS = FIXTURES / "reports"
SUFFIXES = {
    "json": "json",
    "sarif": "sarif",
    "junit": "xml",
    "markdown": "md",
    "gitlab": "json",
    "spacelift": "json",
    "html": "html",
}
ADMINISTRATORS = Stance(authorized=Authorized(("arn:aws:iam::*:role/KeyAdmin",), ()))


def public_module() -> Report:
    content = json.loads((FIXTURES / "plans" / "terraform-aws-kms-complete.json").read_text(encoding="utf-8"))
    return judged(content, "IAM-KMS-3", "IAM-KMS-6")


def mixed_verdicts() -> Report:
    content = json.loads((FIXTURES / "plans" / "mixed-verdicts" / "plan.json").read_text(encoding="utf-8"))
    return judged(content, "IAM-KMS-2", "IAM-KMS-3", "IAM-KMS-8", stance=ADMINISTRATORS)


CASES = {
    "public-module": public_module,
    "mixed-verdicts": mixed_verdicts,
    "everything": made.report,
    "clean": made.clean,
}


@pytest.mark.parametrize("form", formats.names())
@pytest.mark.parametrize("case", CASES)
def test_the_report_is_as_before(case: str, form: str, golden: Callable[[Path, str], None]) -> None:
    text = formats.render(form, CASES[case](), made.view())

    folder = REPORTS / case
    folder.mkdir(parents=True, exist_ok=True)
    text = bare(text) if form == "html" else text
    golden(folder / f"{form}.{SUFFIXES.get(form, 'txt')}", text.replace(tfkms.__version__, "VERSION"))


ESTATE = ("payments/plan.json", "platform/plan.json")
SETTINGS = """\
undecided: warn
guardrail_pages: "https://wiki.example.com/guardrails/{id}"
authorized_principals:
  default: ["arn:aws:iam::*:role/admin"]
waivers:
  - {check: IAM-KMS-3, principal: "arn:aws:iam::*:role/legacy", reason: goes, owner: platform, expires: 2027-06-30}
"""


@pytest.mark.parametrize("form", formats.names())
def test_the_report_on_an_estate_is_as_before(
    form: str, golden: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Violated, undecided, waived and passed; notes; two inputs; pages that are published."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for plan in ESTATE:
        (tmp_path / plan).parent.mkdir()
        shutil.copyfile(FIXTURES / "estate" / plan, tmp_path / plan)
    (tmp_path / ".tfkms.yaml").write_text(SETTINGS, encoding="utf-8")
    words = ("--check", "IAM-KMS-3,IAM-KMS-4,IAM-KMS-6", "--today", "2026-11-26", "--format", form)

    scanned = run("scan", *ESTATE, *words, cwd=tmp_path)

    assert scanned.code == 1
    folder = REPORTS / "estate"
    folder.mkdir(parents=True, exist_ok=True)
    text = bare(scanned.out) if form == "html" else scanned.out
    golden(folder / f"{form}.{SUFFIXES.get(form, 'txt')}", text.replace(tfkms.__version__, "VERSION"))


@pytest.mark.parametrize("form", formats.names())
def test_the_same_report_is_the_same_text(form: str) -> None:
    assert formats.render(form, made.report(), made.view()) == formats.render(form, made.report(), made.view())
