from decimal import Decimal

import pytest

from tfkms.frontends.hcl.parse import parse_body, parse_expression, parse_template
from tfkms.frontends.hcl.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Element,
    ForObject,
    Index,
    Literal,
    Name,
    Splat,
    Template,
    Tuple,
    Unary,
    Unreadable,
)
from tfkms.frontends.hcl.walk import unreadable


def test_a_block_has_its_arguments_blocks_and_comments_in_source_order() -> None:
    body = parse_body(
        'resource "aws_kms_key" main {\n  # why\n  a = 1\n  dynamic "b" {\n    for_each = x\n  }\n  c = 2\n}\n'
    )

    (block,) = body.blocks
    assert (block.type, block.labels) == ("resource", ("aws_kms_key", "main"))
    assert [getattr(item, "name", None) or item.type for item in block.body.items] == ["a", "dynamic", "c"]
    assert [comment.text for comment in body.comments] == ["# why"]
    assert body.unreadable == ()


def test_binary_operators_bind_as_in_terraform() -> None:
    tree = parse_expression("1 + 2 * 3 == 7 && a || b")

    assert isinstance(tree, Binary)
    assert (tree.operator, tree.left.operator, tree.left.left.operator) == ("||", "&&", "==")  # type: ignore[union-attr]
    assert tree.left.left.left.operator == "+"  # type: ignore[union-attr]


def test_subtraction_associates_to_the_left_and_conditionals_to_the_right() -> None:
    match parse_expression("1 - 2 - 3"):
        case Binary(left=Binary(), right=Literal(value=Decimal())):
            pass
        case other:
            pytest.fail(repr(other))
    match parse_expression("a ? b : c ? d : e"):
        case Conditional(otherwise=Conditional()):
            pass
        case other:
            pytest.fail(repr(other))


def test_splats_in_a_row_nest_for_each_element() -> None:
    match parse_expression("a[*].b[*].c"):
        case Splat(
            base=Name(name="a"),
            each=Splat(
                base=Attribute(base=Element(), name="b"),
                each=Attribute(base=Element(), name="c"),
            ),
        ):
            pass
        case other:
            pytest.fail(repr(other))


def test_an_index_after_an_attribute_splat_is_of_the_whole() -> None:
    match parse_expression("a.*.b[0].c"):
        case Attribute(name="c", base=Index(base=Splat(each=Attribute(base=Element(), name="b")))):
            pass
        case other:
            pytest.fail(repr(other))


def test_a_splat_in_parentheses_takes_nothing_more() -> None:
    match parse_expression("(a[*].b)[0]"):
        case Index(base=Splat(each=Attribute(base=Element(), name="b"))):
            pass
        case other:
            pytest.fail(repr(other))


@pytest.mark.parametrize("text", ["!!x", "! !x", "! /* not */ !x", "(!!x)"])
def test_signs_may_repeat(text: str) -> None:
    tree = parse_expression(text)

    assert isinstance(tree, Unary)
    assert isinstance(tree.operand, Unary)
    assert isinstance(tree.operand.operand, Name)


def test_a_minus_after_a_term_is_binary_and_the_next_one_a_sign() -> None:
    match parse_expression("a - - 5"):
        case Binary(operator="-", left=Name(name="a"), right=Unary(operator="-", operand=Literal())):
            pass
        case other:
            pytest.fail(repr(other))


def test_newlines_and_comments_are_blanks_in_brackets() -> None:
    match parse_expression("(a # one\n - /* two */ b\n // three\n && c)"):
        case Binary(operator="&&", left=Binary(operator="-")):
            pass
        case other:
            pytest.fail(repr(other))
    match parse_expression("{ for k, v in x : k\n => v\n... if v }"):
        case ForObject(key="k", value="v", grouped=True, condition=Name()):
            pass
        case other:
            pytest.fail(repr(other))


def test_names_are_any_letters() -> None:
    assert parse_expression("π") == Name(0, 1, "π")


def test_function_names_may_have_any_number_of_parts() -> None:
    assert [parse_expression(f"{name}(1)").name for name in ("upper", "core::upper", "provider::aws::arn_parse")] == [  # type: ignore[union-attr]
        "upper",
        "core::upper",
        "provider::aws::arn_parse",
    ]


def test_a_lone_interpolation_passes_its_value_through() -> None:
    tree = parse_expression('"${~ x ~}"')

    assert isinstance(tree, Template)
    assert tree.passes_through


def test_escapes_are_read() -> None:
    tree = parse_expression(r'"\u00e9\n$${x} %%{y} $$$${ $ %"')

    assert isinstance(tree, Template)
    assert tree.literal == "é\n${x} %{y} $$${ $ %"


def test_a_template_file_that_is_a_lone_interpolation_passes_through_and_one_with_a_newline_does_not() -> None:
    one, other = parse_template("${x}"), parse_template("${x}\n")

    assert isinstance(one, Template)
    assert one.passes_through
    assert isinstance(other, Template)
    assert not other.passes_through


@pytest.mark.parametrize(
    "text", ["", "a b", '"\\d"', "[", '"a', "(1", "1)", "a = 1", '"${"', "f(", "a..b", "*", "a::b"]
)
def test_what_is_no_expression_is_unreadable(text: str) -> None:
    assert isinstance(parse_expression(text), Unreadable)


def test_a_call_with_an_expanded_last_argument() -> None:
    match parse_expression("merge({}, maps...)"):
        case Call(name="merge", arguments=(_, Name(name="maps")), expand=True):
            pass
        case other:
            pytest.fail(repr(other))


def test_deep_nesting_is_read_or_refused_but_never_a_crash() -> None:
    assert isinstance(parse_expression("[" * 150 + "]" * 150), Tuple)
    assert isinstance(parse_expression("[" * 5000 + "]" * 5000), Unreadable)
    assert isinstance(parse_expression(" + ".join("a" * 500)), Binary)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\n/* open\ny = 2\n", 2),
        ("b {\n  x = [1, /* open\n  2]\n}\n", 2),
        ("b {\n  x = 1\n  /* open\n}\n", 3),
        ('x = "${1 /* open }"\n', 1),
        ("x = 1 /* open", 1),
        ("/*", 1),
    ],
)
def test_a_comment_that_is_not_closed_is_said_where_it_begins(text: str, line: int) -> None:
    problem, *_ = unreadable(parse_body(text))

    assert problem.message == "the comment that `/*` begins is not closed"
    assert text.count("\n", 0, problem.start) + 1 == line
