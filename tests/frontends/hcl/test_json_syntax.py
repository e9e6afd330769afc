"""JSON syntax; the values in `json_values.json` are those that terraform 1.11.4 planned."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.frontends.hcl.literal_values import NoValueError, plain, value_of
from tfkms.frontends.hcl.index import FileIndex, index_file
from tfkms.frontends.hcl.json_syntax import json_variables, nested_blocks
from tfkms.frontends.hcl.parse import parse_body
from tfkms.frontends.hcl.syntax import (
    Attribute,
    Block,
    Expression,
    Literal,
    Name,
    Object,
    Template,
    Tuple,
    Unreadable,
)

VALUES = json.loads((Path(__file__).parents[2] / "fixtures" / "hcl" / "json_values.json").read_text(encoding="utf-8"))


def index_of(text: str) -> FileIndex:
    return index_file("main.tf.json", text.encode())


def only(text: str) -> Block:
    (block,) = index_of(text).blocks
    return block.block


def value(text: str, name: str = "a") -> Expression:
    return only(f'{{"resource": {{"t": {{"n": {{"{name}": {text}}}}}}}}}').body.arguments[name].value


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case["source"])
def test_a_value_is_what_terraform_makes_of_it(case: dict[str, Any]) -> None:
    tree = value(case["source"])

    if case["refused"]:
        with pytest.raises(NoValueError):
            value_of(tree, {})
    else:
        assert plain(value_of(tree, {})) == case["value"]


def test_objects_are_levels_of_labels_and_bodies() -> None:
    index = index_of('{"resource": {"t": {"a": {}, "b": [{}, {}]}}, "terraform": {}, "module": [{"m": {}}, {"n": {}}]}')

    assert [(block.type, block.labels) for block in index.blocks] == [
        ("resource", ("t", "a")),
        ("resource", ("t", "b")),
        ("resource", ("t", "b")),
        ("terraform", ()),
        ("module", ("m",)),
        ("module", ("n",)),
    ]


def test_the_file_may_be_a_list_of_objects() -> None:
    assert [block.labels for block in index_of('[{"module": {"m": {}}}, {"module": {"n": {}}}]').blocks] == [
        ("m",),
        ("n",),
    ]


def test_strings_are_templates_and_a_lone_interpolation_passes_through() -> None:
    lone, mixed, plain = value('"${var.x}"'), value('"a ${var.x}"'), value('"a"')

    assert isinstance(lone, Template)
    assert lone.passes_through
    assert isinstance(mixed, Template)
    assert not mixed.passes_through
    assert isinstance(plain, Template)
    assert plain.literal == "a"


def test_values_are_expressions() -> None:
    assert [type(value(text)) for text in ("1", "true", "null", "[1]", '{"b": 1}')] == [
        Literal,
        Literal,
        Literal,
        Tuple,
        Object,
    ]
    number = value("1.50e2")
    assert isinstance(number, Literal)
    assert number.value == Decimal("150")


def test_keys_of_objects_are_templates_and_slashes_stay_in_them() -> None:
    tree = value('{"${var.k}": 1, "//": 2}')

    assert isinstance(tree, Object)
    assert [item.key.literal for item in tree.items if isinstance(item.key, Template)] == [None, "//"]


def test_slashes_are_a_comment_in_bodies() -> None:
    assert only('{"//": "x", "resource": {"t": {"n": {"//": "why", "a": 1}}}}').body.arguments.keys() == {"a"}


def test_the_default_of_a_variable_is_taken_as_it_is_and_its_type_is_an_expression() -> None:
    body = only('{"variable": {"v": {"default": "${x}", "type": "list(string)"}}}').body

    default, kind = body.arguments["default"].value, body.arguments["type"].value
    assert isinstance(default, Template)
    assert default.literal == "${x}"
    assert kind == parse_shifted("list(string)", kind.start)


def parse_shifted(text: str, start: int) -> Expression:
    """What native syntax makes of the text at an offset."""
    return parse_body(" " * (start - 4) + f"a = {text}").arguments["a"].value


def test_dependencies_are_references() -> None:
    dependencies = value('["aws_iam_role.r"]', "depends_on")

    match dependencies:
        case Tuple(items=(Attribute(base=Name(name="aws_iam_role"), name="r"),)):
            pass
        case other:
            pytest.fail(repr(other))


def test_blocks_that_terraform_knows_are_blocks() -> None:
    body = only(
        '{"resource": {"t": {"n": {"lifecycle": {"ignore_changes": ["policy"]},'
        ' "dynamic": {"statement": {"for_each": [1], "iterator": "it", "content": {"sid": "${it.value}"}}}}}}}'
    ).body

    lifecycle, dynamic = body.blocks
    assert lifecycle.body.arguments["ignore_changes"].value.items[0].name == "policy"  # type: ignore[union-attr]
    assert (dynamic.type, dynamic.labels) == ("dynamic", ("statement",))
    assert isinstance(dynamic.body.arguments["iterator"].value, Name)
    assert [block.type for block in dynamic.body.blocks] == ["content"]


def test_other_nested_objects_are_arguments_that_can_be_read_as_blocks() -> None:
    body = only(
        '{"data": {"t": {"n": {"statement": [{"sid": "a"}, {"sid": "b"}], "principals": {"type": "AWS"}}}}}'
    ).body

    statements, principals = nested_blocks(body, "statement"), nested_blocks(body, "principals")
    assert [block.body.arguments["sid"].value.literal for block in statements] == ["a", "b"]  # type: ignore[union-attr]
    assert len(principals) == 1


def test_native_blocks_are_read_alike() -> None:
    body = parse_body("statement {\n  sid = 1\n}\nstatement {\n}\n")

    assert len(nested_blocks(body, "statement")) == 2


def test_offsets_go_through_escapes() -> None:
    text = '{"resource": {"t": {"n": {"a": "x\\u00e9 ${f(\\"b\\", var.c)} \\n ${var.d}"}}}}'
    tree = only(text).body.arguments["a"].value

    assert isinstance(tree, Template)
    interpolations = [part for part in tree.parts if hasattr(part, "expression")]
    assert [text[part.start : part.end] for part in interpolations] == ['${f(\\"b\\", var.c)}', "${var.d}"]
    assert tree.parts[0].text == "xé "  # type: ignore[union-attr]


def test_arguments_know_where_they_stand() -> None:
    index = index_of('{\n  "resource": {\n    "t": {\n      "n": {\n        "a": "b"\n      }\n    }\n  }\n}\n')

    (block,) = index.blocks
    argument = block.block.body.arguments["a"]
    span = block.source.span(argument.start, argument.end)
    assert (span.line, span.column, span.end_line, span.end_column) == (5, 9, 5, 17)


def test_local_values_stand_each_for_itself() -> None:
    assert [found.name for found in index_of('{"locals": {"a": 1, "b": "${local.a}"}}').locals] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "a JSON value must stand here"),
        ("{", 1, "a member of a JSON object begins with its name in quotes"),
        ('{\n"a" 1}', 2, "`:` must stand here"),
        ('{"locals": {"a": 1}\n "b"', 2, "`,` must stand here"),
        ('{"locals": {"a": [1,]}}', 1, "a JSON value must stand here"),
        ('{"locals": {"a": "\n"}}', 1, "a JSON string is not closed, or has a newline or a bad escape in it"),
        ("{} {}", 1, "something follows the end of the JSON"),
        ('{"resource": 1}', 1, "a block is an object or a list of objects"),
        ('{"ressource": {}}', 1, "`ressource` is no block of Terraform's"),
        ("[" * 5000, 1, "brackets nest more than 100 deep"),
        ('{"locals": {"a": 1e99999999999999999999}}', 1, "the number is out of range"),
    ],
)
def test_a_file_that_is_no_json_or_no_configuration_is_one_error(text: str, line: int, message: str) -> None:
    assert [(found.line, found.message) for found in index_of(text).diagnostics] == [(line, message)]


def test_a_property_that_is_no_block_loses_itself_only() -> None:
    index = index_of('{"ressource": {}, "locals": {"a": 1}, "module": 1}')

    assert [value.name for value in index.locals] == ["a"]
    assert len(index.diagnostics) == 2


def test_values_of_variables_are_taken_as_they_are() -> None:
    values = json_variables('{"a": "${x}", "b": ["%{c}"], "d": 1}').arguments

    assert plain(value_of(values["a"].value, {})) == "${x}"
    assert plain(value_of(values["b"].value, {})) == ["%{c}"]
    assert plain(value_of(values["d"].value, {})) == 1


def test_a_string_that_is_no_template_is_unreadable_and_the_rest_is_not() -> None:
    (block,) = index_of('{"resource": {"t": {"n": {"a": "${", "b": 1}}}}').blocks

    assert isinstance(block.block.body.arguments["a"].value, Unreadable)
    assert isinstance(block.block.body.arguments["b"].value, Literal)
    assert len(block.diagnostics) == 1


def test_an_argument_given_twice_has_no_value() -> None:
    assert isinstance(only('{"resource": {"t": {"n": {"a": 1, "a": 2}}}}').body.arguments["a"].value, Unreadable)


def test_a_deep_expression_in_deep_json_is_read_without_a_crash() -> None:
    deep = "[" * 90 + '"${' + "!" * 590 + 'f(\\"a\\")}"' + "]" * 90

    assert isinstance(value(deep), Tuple)
