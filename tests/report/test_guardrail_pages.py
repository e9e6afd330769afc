"""Each guardrail has its page, made from the catalogue, which says what `tfkms explain` says."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import assert_refused, run
from tests.plan_builder import ROOT, key_plan, policy
from tests.report import made
from tfkms import catalogue
from tfkms.catalogue import Rule
from tfkms.report import formats, guardrails

PAGES = Path(__file__).parent.parent.parent / "docs" / "guardrails"
RULES = [pytest.param(rule, id=rule.id) for rule in catalogue.rules()]


@pytest.mark.parametrize("rule", RULES)
def test_the_page_is_what_the_catalogue_says(rule: Rule, golden: Callable[[Path, str], None]) -> None:
    golden(PAGES / f"{rule.id}.md", guardrails.page(rule))


def test_there_is_no_page_of_a_guardrail_that_is_gone() -> None:
    assert {page.stem for page in PAGES.iterdir()} == {rule.id for rule in catalogue.rules()}


@pytest.mark.parametrize("rule", RULES)
def test_the_page_and_explain_say_the_same(rule: Rule) -> None:
    def words(text: str) -> list[str]:
        return re.findall(r"\w+", text)

    page, explained = words(guardrails.page(rule)), words(guardrails.explain(rule))
    frame = {"Severity", "judged", "since", "tfkms", "terraform", "0", "1", rule.severity.label}

    assert [word for word in page if word not in frame] == [word for word in explained if word not in frame]


def linked(text: str) -> str:
    """The text as its reader sees it: JSON without its escapes."""
    return text.replace("\\/", "/")


@pytest.mark.parametrize("form", formats.names())
@pytest.mark.parametrize("check", ["IAM-KMS-3", "IAM-KMS-8"])
def test_every_form_names_the_page_that_the_settings_do(form: str, check: str) -> None:
    text = formats.render(form, made.report(), made.view(pages=made.PAGES))

    assert f"https://wiki.example.com/guardrails/{check}.html" in linked(text)
    assert form in ("json", "sarif") or "tfkms explain" not in text


@pytest.mark.parametrize("form", formats.names())
def test_without_such_a_setting_every_form_names_the_command_that_prints_it(form: str) -> None:
    text = formats.render(form, made.report(), made.view())

    if form == "sarif":  # it carries the whole page
        assert json.dumps(guardrails.body(catalogue.rules()[2]))[1:-1] in text
    else:
        commands = re.findall(r"tfkms explain((?: IAM-KMS-\d)+)", text)
        assert {check for ids in commands for check in ids.split()} >= {"IAM-KMS-3", "IAM-KMS-8"}


@pytest.mark.parametrize("rule", RULES)
def test_the_command_prints_what_stands_on_the_page(rule: Rule, tmp_path: Path) -> None:
    assert run("explain", rule.id, cwd=tmp_path).out == guardrails.explain(rule)


def test_the_command_prints_several(tmp_path: Path) -> None:
    both = run("explain", "IAM-KMS-3", "iam-kms-8", cwd=tmp_path)

    assert re.findall(r"^IAM-KMS-\d", both.out, re.MULTILINE) == ["IAM-KMS-3", "IAM-KMS-8"]


def test_an_id_goes_into_an_address_as_one_step_of_its_path() -> None:
    view = made.view(pages=made.PAGES)

    assert view.page("A/B ü") == "https://wiki.example.com/guardrails/A%2FB%20%C3%BC.html"


@pytest.mark.parametrize(
    "address", ["guardrails/{id}", "https://x/guardrails", "https://x/{id} y", "javascript:{id}", 'https://x/"{id}']
)
def test_an_address_that_is_none_is_refused(address: str, tmp_path: Path) -> None:
    (tmp_path / ".tfkms.yaml").write_text(json.dumps({"guardrail_pages": address}), encoding="utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(key_plan(policy(ROOT))), encoding="utf-8")

    refused = run("scan", "plan.json", "--quiet", cwd=tmp_path)

    assert_refused(refused, "guardrail_pages: ")


def test_the_settings_put_the_pages_into_a_report(tmp_path: Path) -> None:
    (tmp_path / ".tfkms.yaml").write_text(json.dumps({"guardrail_pages": made.PAGES}), encoding="utf-8")
    grant = ROOT | {"Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}}
    (tmp_path / "plan.json").write_text(json.dumps(key_plan(policy(ROOT, grant))), encoding="utf-8")

    scanned = run("scan", "plan.json", "--check", "IAM-KMS-3", cwd=tmp_path)

    assert "why, and how to mend it (IAM-KMS-3): https://wiki.example.com/guardrails/IAM-KMS-3.html\n" in scanned.out
