"""Templates give what Terraform gives: the values in `templates.json` are those that terraform 1.11.4 planned."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.frontends.hcl.literal_values import NoValueError, as_text, plain, value_of
from tfkms.frontends.hcl.parse import parse_expression, parse_template
from tfkms.frontends.hcl.syntax import SourceText, Template, TextPart, Unreadable

CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "hcl" / "templates.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["expressions"], ids=lambda case: repr(case["source"]))
def test_a_string_or_heredoc_has_the_value_that_terraform_gives_it(case: dict[str, Any]) -> None:
    tree = parse_expression(case["source"])

    if case["value"] is None:
        with pytest.raises(NoValueError):
            as_text(value_of(tree, {}))
    else:
        assert as_text(value_of(tree, {})) == str(case["value"])


@pytest.mark.parametrize("case", CASES["files"], ids=lambda case: repr(case["source"]))
def test_a_template_file_has_the_value_that_terraform_gives_it(case: dict[str, Any]) -> None:
    tree = parse_template(case["source"])

    if case["value"] is None:
        with pytest.raises(NoValueError):
            value_of(tree, {"v": "V"})
    else:
        assert plain(value_of(tree, {"v": "V"})) == case["value"]


def test_every_line_of_a_heredoc_knows_where_it_stands() -> None:
    text = 'a = <<-EOT\n    {\n      "Sid": "$${x}",\n      "n": "${y}"\n    }\n  EOT\n'
    tree = parse_expression(text[4:])
    assert isinstance(tree, Template)

    source = SourceText("main.tf", text[4:], 10, 5)
    lines = [(part.text, source.span(part.start, part.end).line) for part in tree.parts if isinstance(part, TextPart)]

    assert lines == [("{\n", 11), ('  "Sid": "${x}",\n', 12), ('  "n": "', 13), ('"\n', 13), ("}\n", 14)]


def test_the_text_of_a_part_without_escapes_is_what_stands_between_its_offsets() -> None:
    text = "<<-EOT\n    a ${x} b\n\n      c\n  EOT\n"
    tree = parse_expression(text)
    assert isinstance(tree, Template)

    assert all(text[part.start : part.end] == part.text for part in tree.parts if isinstance(part, TextPart))


def test_a_heredoc_of_windows_keeps_its_carriage_returns() -> None:
    tree = parse_expression("<<EOT\r\na\r\nEOT\r\n")

    assert isinstance(tree, Template)
    assert tree.literal == "a\r\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (r'"\d"', r"`\d` is not an escape sequence"),
        (r'"\ud800"', "no character has the number D800"),
        ('"%{ if x }"', "`%{ if }` has no counterpart"),
        ('"%{ endfor }"', "`%{ endfor }` has no counterpart"),
        ('"%{ wile x }"', "a template directive is if, else, endif, for or endfor"),
        ('"%{ for x of y }%{ endfor }"', "`for` in a template wants `name in collection`"),
        ('"a\nb"', "a quoted string runs over the end of its line"),
        ('"${a', "a quoted string is not closed"),
        ("<<EOT\na\n", "the closing marker `EOT` of a heredoc is missing"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(source: str, message: str) -> None:
    tree = parse_expression(source)

    assert isinstance(tree, Unreadable)
    assert tree.message == message
