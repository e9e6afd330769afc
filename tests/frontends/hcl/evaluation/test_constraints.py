"""Variables take the values that Terraform 1.11.4 gives them."""

import json
from typing import Any

import pytest

from tests.frontends.hcl.evaluation.comparison import constraint, difference, passed_on
from tests.frontends.hcl.evaluation.record import HERE, VARIABLES, expressions, read, variable
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.constraints import Declaration, Defaults
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.types import STRING, ListType, ObjectType
from tfkms.values import Hole


def recorded(name: str) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads((HERE / "recorded" / f"{name}.json").read_text(encoding="utf-8"))
    return rows


@pytest.mark.parametrize("row", [row for name in VARIABLES for row in recorded(name)], ids=lambda row: row[0])
def test_a_variable_has_the_value_that_terraform_gives_it(row: list[Any]) -> None:
    line, *answer, completions = row

    wrong = difference(passed_on(variable(line)), read(answer), [read(completion) for completion in completions])

    assert wrong is None


@pytest.mark.parametrize("name", VARIABLES)
def test_what_is_recorded_is_what_is_asked(name: str) -> None:
    assert [row[0] for row in recorded(name)] == expressions(name)


def test_a_type_in_json_syntax_is_a_string() -> None:
    assert constraint('"list(string)"').type == ListType(STRING)


def test_null_becomes_the_default_where_a_variable_is_not_nullable() -> None:
    declaration = Declaration(constraint("string"), terms.Text("d"), nullable=False)

    assert declaration.value(terms.Null()) == terms.Text("d")
    assert declaration.value(terms.Text("x")) == terms.Text("x")


def test_null_stays_null_where_a_variable_is_nullable() -> None:
    assert Declaration(constraint("string"), terms.Text("d")).value(terms.Null()) == terms.Null(STRING)


def test_a_variable_without_a_value_has_none() -> None:
    assert Declaration(constraint("string")).value(None) is None


def test_an_unknown_that_cannot_be_null_counts_as_such() -> None:
    given = terms.Unknown(STRING, Hole("", "", "known after apply"))

    found = Declaration(constraint("string"), terms.Text("d"), nullable=False).value(given)

    assert isinstance(found, terms.Unknown)
    assert found.not_null


def test_a_sensitive_variable_marks_its_value() -> None:
    found = Declaration(constraint("string"), terms.Text("d"), sensitive=True).value(None)

    assert found is not None
    assert found.sensitive


def test_unknown_attributes_keep_their_place_among_defaults() -> None:
    unknown = terms.Unknown(STRING, Hole("", "", "known after apply"), True)
    wanted = constraint('list(object({a = string, b = optional(string, "d")}))')

    found = wanted.fit(terms.Tuple((terms.Object({"a": unknown}),)))

    assert found == terms.List(
        ObjectType({"a": STRING, "b": STRING}), (terms.Object({"a": unknown, "b": terms.Text("d")}),)
    )


def test_a_misspelt_type_is_told() -> None:
    with pytest.raises(Fault) as caught:
        constraint("strin")

    assert caught.value.message == "there is no type `strin`"
    assert caught.value.hint == "did you mean `string`?"


def test_no_defaults_change_nothing() -> None:
    assert Defaults().apply(terms.Text("x")) == terms.Text("x")
