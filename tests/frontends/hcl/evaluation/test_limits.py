"""Deep and large expressions: what is reasonable works, the rest is unknown for one clear reason."""

import sys
import time

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, unknown, value
from tfkms import values
from tfkms.frontends.hcl import scope, syntax, terms
from tfkms.frontends.hcl.evaluate import evaluate
from tfkms.frontends.hcl.export import document, to_value
from tfkms.frontends.hcl.faults import STEP_LIMIT, deep_recursion
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
                node = syntax.Conditional(0, 0, Literal(0, 0, False), Literal(0, 0, None), node)
    return node


def outcome(node: Expression) -> str | None:
    """Why something in a node is unknown; it is never an error."""
    found = evaluate(node, SourceText("main.tf", ""), Names({}, NoFiles(""), Budget()))
    assert found.diagnostics == ()
    return why(found.term)


def why(term: terms.Term) -> str | None:
    """The reason of the unknown in a term."""
    with deep_recursion():
        hole = terms.first_hole(term)
    return hole.reason if hole is not None else None


@pytest.mark.parametrize(("around", "depth"), [("list", 900), ("not", 450), ("call", 450), ("conditional", 900)])
def test_deep_nesting_is_evaluated(around: str, depth: int) -> None:
    assert outcome(nested(depth, around)) is None


@pytest.mark.parametrize("around", ["list", "not", "call", "conditional"])
def test_absurd_nesting_is_unknown(around: str) -> None:
    assert outcome(nested(20_000, around)) == "the expression is nested more than 1000 deep"


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
def test_what_would_grow_without_measure_is_unknown_for_that_reason(text: str, message: str) -> None:
    assert why(value(text)) == message
    assert why(value(f'try({text}, "fallback")')) == message
    assert isinstance(value(f"can({text})"), terms.Unknown)


def test_a_limit_of_terraforms_own_is_an_error() -> None:
    assert messages(evaluation("range(5000)")) == ["`range` gives more than 1024 numbers"]
    assert value('try(range(5000), "fallback")') == terms.Text("fallback")


def test_after_too_many_steps_all_is_unknown() -> None:
    text = "[for x in range(1000) : x]"
    scope = Names({}, NoFiles(""), Budget(steps=STEP_LIMIT - 500))

    found = evaluate(parse_expression(text), SourceText("main.tf", text), scope)

    assert found.diagnostics == ()
    assert why(found.term) == "the configuration takes more than 1,000,000 steps to evaluate"


def test_yaml_that_is_read_again_and_again_takes_steps_though_it_is_in_error() -> None:
    text = "[for n in range(100) : try(yamldecode(v), n)]"
    scope = Names({"v": terms.Text(f"{'# x' * 5_000}\n- {{")}, NoFiles(""), Budget(steps=STEP_LIMIT - 10_000))

    found = evaluate(parse_expression(text), SourceText("main.tf", text), scope)

    assert found.diagnostics == ()
    assert why(found.term) == "the configuration takes more than 1,000,000 steps to evaluate"


def test_doubling_a_shared_value_again_and_again_is_unknown() -> None:
    term: terms.Term = terms.Number(1)
    for _ in range(15):
        term = terms.Tuple((term, term))

    found = value("[" + "[v, v, v, v, v, v, v, v], " * 6 + "]", v=term)

    assert why(found) == "the value would have more than 1,000,000 elements"


def test_no_regular_expression_takes_exponential_time() -> None:
    begin = time.perf_counter()
    found = value('can(regex("^(a+)+$", v))', v=terms.Text("a" * 2_000 + "!"))

    assert found == terms.Bool(False)
    assert time.perf_counter() - begin < 5


def test_a_regular_expression_over_too_long_a_text_is_unknown() -> None:
    found = value('regex("(a|aa|aaa|aaaa)+b", v)', v=terms.Text("a" * 2_000_000))

    assert isinstance(found, terms.Unknown)
    assert found.hole.reason == "the text is too long for the regular expression"


@pytest.mark.parametrize(
    "text",
    [
        "1e999999999",
        "1e99999 == 1",
        'tonumber("1e99999")',
        'jsondecode("1e99999")',
        'yamldecode("1e99999")',
        f'parseint("{"1" * 20_000}", 10)',
        " * ".join(["1e9999"] * 8),
        " / ".join(["1e-9999"] * 8),
    ],
)
def test_a_number_beyond_measure_is_unknown_and_no_error(text: str) -> None:
    assert why(value(text)) == "the number is beyond all measure"
    assert why(value(f'try({text}, "fallback")')) == "the number is beyond all measure"
    assert isinstance(value(f"can({text})"), terms.Unknown)


def test_a_number_of_more_digits_than_python_writes_is_written() -> None:
    digits = "7" * 100 + "0" * 4_900

    assert value(f'"is ${{{"7" * 100}e4900}}"') == terms.Text(f"is {digits}")
    assert value(f'format("%d", {"7" * 100}e4900) == "{digits}"') == terms.Bool(
        False
    )  # `%d` shows the bits as they are
    assert value(f"jsonencode({{a = {'7' * 100}e4900}})") == terms.Text(f'{{"a":{digits}}}')


def test_a_number_of_more_digits_than_python_writes_is_no_value_for_reports() -> None:
    found = to_value(value('jsondecode("[1e4000, 1e100]")'))

    assert found == (values.Unknown(values.Hole("", "", "the number is beyond all measure")), 10**100)


@pytest.mark.parametrize("text", ["[1, 2][1e5000]", 'cidrhost("10.0.0.0/8", 1e5000)', "element([1], 1e5000)"])
def test_an_error_with_such_a_number_is_one_short_line(text: str) -> None:
    [message] = messages(evaluation(text))

    assert len(message) < 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 300 + "1" + ")" * 300, "brackets nest more than 200 deep"),
        (" + ".join(["1"] * 700), "the expression is more than 600 levels deep"),
    ],
)
def test_a_template_that_is_too_deep_to_parse_is_unknown_and_no_error(text: str, message: str) -> None:
    found = value('try(templatestring(v, {}), "fallback")', v=terms.Text("x ${" + text + "}"))

    assert why(found) == message


def test_yaml_aliases_that_multiply_are_unknown() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    found = value("yamldecode(v)", v=terms.Text("\n".join(lines)))

    assert why(found) == "the value would have more than 1,000,000 elements"


def test_yaml_that_is_too_deep_is_unknown() -> None:
    found = value('try(yamldecode(v), "fallback")', v=terms.Text("[" * 900 + "]" * 900))

    assert why(found) == "the YAML text is nested too deeply"


def test_a_pattern_with_too_many_alternatives_is_unknown() -> None:
    found = value(f'try(fileset(".", "{"{a,b}" * 12}"), "fallback")')

    assert why(found) == "the pattern has too many alternatives"


def test_a_reason_never_tells_what_a_sensitive_argument_holds() -> None:
    found = value("file(v)", v=terms.Text("../secret", sensitive=True))

    assert why(found) == "what `file` makes of a sensitive argument is not known"


def test_an_unknown_counts_for_one() -> None:
    assert value("[u]", u=unknown()).size == 2


@pytest.mark.parametrize(
    "text",
    [
        '[for n in range(40) : format("%300000s", n)]',
        '[for n in range(40) : join("", [v, n])]',
        '[for n in range(40) : "${n}${v}"]',
        '[for n in range(40) : replace(v, "yx", "y")]',
        "[for n in range(40) : jsonencode([n, v])]",
        "[for n in range(40) : split(n, v)]",
        "[for n in range(40) : concat(w, [n])]",
        "[for n in range(40) : setproduct(w, [n])]",
        "[for n in range(40) : true ? w : [n]]",
        "[for n in range(40) : sensitive(w)]",
        '[for n in range(40) : formatlist("%1000s", w)]',
    ],
)
def test_many_values_are_unknown_where_all_of_them_would_be_too_large(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "WEIGHT_LIMIT", 4 * 1024 * 1024)
    given = {"v": terms.Text("x" * 300_000), "w": terms.Tuple(tuple(map(terms.Number, range(1_000))))}
    budget = Budget()

    found = evaluate(parse_expression(text), SourceText("main.tf", text), Names(given, NoFiles(""), budget))

    assert found.diagnostics == ()
    assert why(found.term) == "the values of the configuration take more than 4 MiB"
    assert budget.made < 12 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('split("", v)', "the value would have more than 1,000,000 elements"),
        ('replace(v, "x", "xx")', "the value would have more than 1,000,000 elements"),
        ('replace(v, "/x/", w)', "the text would be longer than 16 MiB"),
        ('formatlist("%1000000s", range(1000))', "the text would be longer than 16 MiB"),
        ('"%{ for n in range(1000) }${w}%{ endfor }"', "the text would be longer than 16 MiB"),
        ('jsondecode("[${join(",", split("y", w))}]")', None),
    ],
)
def test_one_value_is_refused_before_it_is_made(text: str, message: str | None) -> None:
    found = value(text, v=terms.Text("x" * 1_100_000), w=terms.Text("1y" * 30_000 + "1"))

    assert why(found) == message


def test_a_text_put_together_of_too_many_pieces_stands_where_it_is_as_a_whole() -> None:
    found = value('"%{ for n in range(1000) }%{ for m in range(20) }${m}\\n%{ endfor }%{ endfor }"')

    assert isinstance(found, terms.Text)
    assert len(found.trace) == 1
    assert found.place is not None
