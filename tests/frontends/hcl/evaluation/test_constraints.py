"""Variables take the values that Terraform 1.11.4 gives them."""

import json

import pytest

from tests.frontends.hcl.evaluation.comparison import covers, evaluated
from tests.frontends.hcl.evaluation.record import HERE, read
from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.constraints import Constraint, Declaration, Defaults, read_constraint
from tfkms.frontends.hcl.conversion import CannotConvert
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import STRING, ListType, ObjectType, json_type
from tfkms.values import Hole

ROWS = json.loads((HERE / "recorded" / "variables.json").read_text(encoding="utf-8"))


def value(text: str) -> Term:
    found = evaluated(text)
    assert not found.errors
    return found.term


def constraint(text: str) -> Constraint:
    def default(node: syntax.Expression) -> Term:
        return value(text[node.start : node.end])

    return read_constraint(parse_expression(text), default, parse_expression)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} = {row[1]}")
def test_a_default_becomes_what_terraform_makes_of_it(row: list[object]) -> None:
    kind, default, *recorded = row
    answer = read(recorded)
    if answer.error:
        with pytest.raises((Fault, CannotConvert)):
            Declaration(constraint(kind), value(default)).value(None)
        return

    term = Declaration(constraint(kind), value(default)).value(None)

    assert term is not None
    assert covers(term, answer.value, answer.type)
    assert answer.value is None or json_type(term.type) == answer.type


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
