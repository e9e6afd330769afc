"""Deep and large expressions: what is reasonable works, the rest gives one clear error."""

import sys
import time

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, unknown, value
from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.evaluate import evaluate
from tfkms.frontends.hcl.export import document, to_value
from tfkms.frontends.hcl.faults import STEP_LIMIT
from tfkms.frontends.hcl.files import NoFiles
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.scope import Budget, Names
from tfkms.frontends.hcl.syntax import Expression, Literal, SourceText


def nested(depth: int, around: str) -> Expression:
    node: Expression = Literal(0, 0, None)
    for _ in range(depth):
        match around:
            case "list":
                node = syntax.Tuple(0, 0, (node,))
            case "not":
                node = syntax.Unary(0, 0, "!", syntax.Binary(0, 0, "==", node, Literal(0, 0, True)))
            case "call":
                node = syntax.Call(0, 0, "tolist", (syntax.Tuple(0, 0, (node,)),), False)
            case "conditional":
                node = syntax.Conditional(0, 0, Literal(0, 0, True), Literal(0, 0, None), node)
    return node


def outcome(node: Expression) -> list[str]:
    scope = Names({}, NoFiles(""), Budget())
    return [found.message for found in evaluate(node, SourceText("main.tf", ""), scope).diagnostics]


@pytest.mark.parametrize(("around", "depth"), [("list", 900), ("not", 450), ("call", 450), ("conditional", 900)])
def test_deep_nesting_is_evaluated(around: str, depth: int) -> None:
    assert outcome(nested(depth, around)) == []


@pytest.mark.parametrize("around", ["list", "not", "call", "conditional"])
def test_absurd_nesting_is_one_error(around: str) -> None:
    assert outcome(nested(20_000, around)) == ["the expression is nested more than 1000 deep"]


def test_the_limit_on_recursion_is_left_as_it_was() -> None:
    before = sys.getrecursionlimit()
    outcome(nested(500, "list"))

    assert sys.getrecursionlimit() == before


def test_a_deep_value_can_be_encoded_decoded_and_handed_on() -> None:
    deep = terms.Tuple(())
    for _ in range(500):
        deep = terms.Tuple((deep,))

    text = value("jsonencode(v)", v=deep)

    assert text == terms.Text("[" * 501 + "]" * 501)
    assert to_value(document(terms.Text("[" * 501 + "]" * 501))) == to_value(deep)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('format("%999999999s", "x")', "`format`: a width of more than 1,000,000 is not supported"),
        ("range(5000)", "`range` gives more than 1024 numbers"),
        (
            "setproduct(range(1000), range(1000), range(1000))",
            "the value would have more than 1,000,000 elements",
        ),
        (f'join("", [for x in range(1000) : "{"x" * 20_000}"])', "the text would be longer than 16 MiB"),
        (f'replace("{"x" * 5_000}", "x", "{"y" * 5_000}")', "the text would be longer than 16 MiB"),
        (
            f'"%{{ for x in range(1000) }}{"x" * 20_000}%{{ endfor }}"',
            "the text would be longer than 16 MiB",
        ),
        ('jsondecode(join("", [for x in range(1000) : "[[[["]))', "the JSON text is nested more than 1000 deep"),
    ],
)
def test_what_would_grow_without_measure_is_one_error(text: str, message: str) -> None:
    assert messages(evaluation(text)) == [message]


def test_too_many_steps_are_one_error() -> None:
    text = "[for x in range(1000) : x]"
    scope = Names({}, NoFiles(""), Budget(steps=STEP_LIMIT - 500))

    found = evaluate(parse_expression(text), SourceText("main.tf", text), scope)

    assert messages(found) == ["the configuration takes more than 1,000,000 steps to evaluate"]


def test_doubling_a_shared_value_again_and_again_is_an_error() -> None:
    term: terms.Term = terms.Number(1)
    for _ in range(15):
        term = terms.Tuple((term, term))

    found = evaluation("[" + "[v, v, v, v, v, v, v, v], " * 6 + "]", v=term)

    assert messages(found) == ["the value would have more than 1,000,000 elements"]


def test_a_limit_of_ours_is_not_taken_for_an_error_by_try() -> None:
    found = evaluation('try(format("%999999999s", "x"), "fallback")')

    assert messages(found) == ["`format`: a width of more than 1,000,000 is not supported"]


def test_no_regular_expression_takes_exponential_time() -> None:
    begin = time.perf_counter()
    found = value('can(regex("^(a+)+$", v))', v=terms.Text("a" * 2_000 + "!"))

    assert found == terms.Bool(False)
    assert time.perf_counter() - begin < 5


def test_a_regular_expression_over_too_long_a_text_is_unknown() -> None:
    found = value('regex("(a|aa|aaa|aaaa)+b", v)', v=terms.Text("a" * 2_000_000))

    assert isinstance(found, terms.Unknown)
    assert found.hole.reason == "the text is too long for the regular expression"


def test_an_exponent_beyond_measure_is_an_error() -> None:
    assert messages(evaluation("1e999999999")) == ["the number is beyond all measure"]


def test_yaml_aliases_that_multiply_are_an_error() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    found = evaluation("yamldecode(v)", v=terms.Text("\n".join(lines)))

    assert messages(found) == ["the value would have more than 1,000,000 elements"]


def test_an_unknown_counts_for_one() -> None:
    assert value("[u]", u=unknown()).size == 2
