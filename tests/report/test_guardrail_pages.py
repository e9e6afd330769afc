"""Each guardrail has its page, made from the catalogue, which says what `tfkms explain` says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tfkms import catalogue
from tfkms.catalogue import Rule
from tfkms.report import guardrails

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


def test_reports_name_our_page_where_it_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = catalogue.rules()[0]
    elsewhere = guardrails.reading(rule)
    monkeypatch.setattr(guardrails, "PUBLISHED_AT", "https://tfkms.example/guardrails/")
    ours = guardrails.reading(rule)

    assert elsewhere in rule.references
    assert ours
    assert ours.url == "https://tfkms.example/guardrails/IAM-KMS-1.md"
