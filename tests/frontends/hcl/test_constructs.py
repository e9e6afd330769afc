"""What Terraform accepts is read, what it refuses is not: `constructs.json` is what terraform 1.11.4 said of each."""

import json
from pathlib import Path

import pytest

from tfkms.frontends.hcl.parse import parse_body, parse_expression, parse_template
from tfkms.frontends.hcl.syntax import Unreadable
from tfkms.frontends.hcl.walk import unreadable

CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "hcl" / "constructs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", CASES["expressions"]["accepted"], ids=repr)
def test_an_expression_that_terraform_accepts_is_read(source: str) -> None:
    assert unreadable(parse_body(f"a = {source}\n")) == []


@pytest.mark.parametrize("source", CASES["expressions"]["refused"], ids=repr)
def test_an_expression_that_terraform_refuses_has_no_value(source: str) -> None:
    assert unreadable(parse_body(f"a = {source}\n"))


@pytest.mark.parametrize("source", CASES["bodies"]["accepted"], ids=repr)
def test_a_body_that_terraform_accepts_is_read(source: str) -> None:
    assert unreadable(parse_body(source.removeprefix("\ufeff"))) == []


@pytest.mark.parametrize("source", CASES["bodies"]["refused"], ids=repr)
def test_a_body_that_terraform_refuses_is_unreadable_in_part(source: str) -> None:
    assert unreadable(parse_body(source))


def test_a_chain_of_500_operators_is_read_and_one_of_5000_refused_without_a_crash() -> None:
    for before, again, after in [("a", " + a", ""), ("", "x ? y : ", "z"), ("", "!", "x"), ("a", "[0]", "")]:
        assert unreadable(parse_body(f"a = {before}{again * 500}{after}\n")) == []
        (lost,) = unreadable(parse_body(f"a = {before}{again * 5000}{after}\n"))
        assert lost.message == "the expression is more than 600 levels deep"


def test_lists_nested_5000_deep_are_refused_without_a_crash() -> None:
    assert parse_expression("[" * 5000 + "]" * 5000).message == "brackets nest more than 200 deep"  # type: ignore[union-attr]


def test_a_template_file_with_directives_nested_5000_deep_is_refused_without_a_crash() -> None:
    tree = parse_template("%{ if x }" * 5000 + "%{ endif }" * 5000)

    assert isinstance(tree, Unreadable)
    assert tree.message == "the expression is more than 600 levels deep"


def test_names_without_end_take_no_more_time_for_each_letter() -> None:
    # each way to cut a name in two must not be tried
    assert unreadable(parse_body("a" * 5000 + "\n"))
    assert unreadable(parse_body("a " * 5000 + "\n"))


def test_after_a_hundred_things_without_an_end_the_rest_is_lost_as_one() -> None:
    body = parse_body('b "x" {\n' * 2000)

    assert len(body.unreadable) == 100
    assert body.unreadable[-1].end == len('b "x" {\n') * 2000
