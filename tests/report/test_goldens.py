"""Each form of the report, whole: on two true plans and on one made by hand in which every member is filled."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tfkms
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


@pytest.mark.parametrize("form", formats.names())
def test_the_same_report_is_the_same_text(form: str) -> None:
    assert formats.render(form, made.report(), made.view()) == formats.render(form, made.report(), made.view())
