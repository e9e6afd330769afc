import pytest

from tfkms.frontends.hcl.index import index_file
from tfkms.frontends.hcl.parse import parse_body
from tfkms.frontends.hcl.syntax import Literal, Unreadable

FILE = b"""# what it is for
resource "aws_kms_key" "main" { # tfkms:ignore IAM-KMS-1
  policy = <<EOT
}
resource "aws_kms_key" "not" {
EOT
} # behind

# apart

# above
locals {
  a = 1 # one
  b = {
    c = "${"}"}"
  }
}
data aws_partition current {}
"""


def test_blocks_are_found_with_type_labels_and_place_without_parsing() -> None:
    index = index_file("kms.tf", FILE)

    assert [(block.type, block.labels) for block in index.blocks] == [
        ("resource", ("aws_kms_key", "main")),
        ("locals", ()),
        ("data", ("aws_partition", "current")),
    ]
    assert [block.span.line for block in index.blocks] == [2, 12, 18]
    assert index.lost == ()


def test_a_block_brings_the_comments_right_above_and_behind_it() -> None:
    key, values, _ = index_file("kms.tf", FILE).blocks

    assert [comment.text for comment in key.whole.comments] == [
        "# what it is for",
        "# tfkms:ignore IAM-KMS-1",
        "# behind",
    ]
    assert [comment.text for comment in values.whole.comments] == ["# above", "# one"]
    assert [key.source.span(comment.start, comment.end).line for comment in key.whole.comments] == [1, 2, 7]


def test_local_values_stand_each_for_itself() -> None:
    a, b = index_file("kms.tf", FILE).locals

    assert (a.name, b.name) == ("a", "b")
    assert isinstance(a.argument.value, Literal)
    assert b.source.span(b.argument.value.start, b.argument.value.end).line == 14


def test_a_local_value_brings_the_comments_right_above_and_behind_it() -> None:
    index = index_file("main.tf", b"locals {\n  # apart\n\n  # above\n  a = 1 # behind\n  b = [1,,2]\n}\n")

    a, b = index.locals
    assert [comment.text for comment in parse_body(a.source.text).comments] == ["# above", "# behind"]
    assert (a.span.line, a.span.column, b.span.line) == (5, 3, 6)
    assert [(found.line, found.message) for found in b.diagnostics] == [(6, "`,` does not belong here")]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_the_newlines_of_windows_change_nothing(newline: bytes, mark: bytes) -> None:
    index = index_file(
        "main.tf", mark + b'variable "a" {\n}\nvariable "b" {\n  default = 1\n}\n'.replace(b"\n", newline)
    )

    assert [(block.labels, block.span.line, block.span.column) for block in index.blocks] == [
        (("a",), 1, 1),
        (("b",), 3, 1),
    ]
    assert index.lost == ()


def test_a_block_that_cannot_be_made_out_loses_itself_only() -> None:
    index = index_file("main.tf", b'variable "a" {}\nresource "aws_kms_key" "x" {\n  policy = "\n\nvariable "b" {}\n')

    assert [block.labels for block in index.blocks] == [("a",), ("b",)]
    (diagnostic,) = index.diagnostics
    assert (diagnostic.file, diagnostic.line) == ("main.tf", 3)
    assert diagnostic.message == "a quoted string runs over the end of its line"


def test_what_may_have_been_in_what_is_lost_can_be_asked() -> None:
    (lost,) = index_file("main.tf", b'resource "aws_kms_key" "x" {\n  policy = "\n').lost

    assert lost.may_hold("aws_kms_key", "x")
    assert not lost.may_hold("aws_kms_key", "y")


def test_a_lost_label_may_be_written_with_escapes() -> None:
    (lost,) = index_file("main.tf", b'resource "aws_kms_k\\u0065y" "x" {\n').lost

    assert lost.may_hold("aws_kms_key", "x")


@pytest.mark.parametrize("content", ["locals {}".encode("utf-16"), "locals {}".encode("utf-16-be", "strict")])
def test_a_file_in_utf_16_is_lost_and_may_have_held_anything(content: bytes) -> None:
    index = index_file("main.tf", content if content[:1] == b"\xff" else b"\xfe\xff" + content)

    assert [found.message for found in index.diagnostics] == ["the file is UTF-16: Terraform reads UTF-8 only"]
    assert index.lost[0].may_hold("aws_kms_key", "anything")


def test_bytes_that_are_no_text_are_one_error_and_the_blocks_are_still_there() -> None:
    index = index_file("main.tf", b'variable "a" {}\n# caf\xe9\nvariable "b" {} # \xe9\n')

    assert [block.labels for block in index.blocks] == [("a",), ("b",)]
    assert [(found.line, found.message) for found in index.diagnostics] == [(2, "the file is not UTF-8")]


def test_what_cannot_be_parsed_in_a_block_is_an_error_with_its_line_once_it_is_asked_for() -> None:
    index = index_file(
        "main.tf", b'\nresource "a" "b" {\n  x = 1\n  y = "\\d"\n  c {\n    z = [1,,2]\n  }\n  w = 2\n}\n'
    )

    (block,) = index.blocks
    assert index.diagnostics == ()
    assert [(found.line, found.message) for found in block.diagnostics] == [
        (4, "`\\d` is not an escape sequence"),
        (6, "`,` does not belong here"),
    ]
    arguments = block.block.body.arguments
    assert isinstance(arguments["y"].value, Unreadable)
    assert isinstance(arguments["w"].value, Literal)


def test_an_argument_given_twice_has_no_value() -> None:
    (block,) = index_file("main.tf", b'resource "a" "b" {\n  x = 1\n  x = 2\n}\n').blocks

    assert [found.message for found in block.diagnostics] == ["the argument `x` is given twice"] * 2
    assert isinstance(block.block.body.arguments["x"].value, Unreadable)


def test_an_argument_outside_of_blocks_is_an_error() -> None:
    assert [found.message for found in index_file("main.tf", b"a = 1\n").diagnostics] == [
        "an argument stands outside of all blocks"
    ]


def test_what_is_no_local_value_is_lost_and_the_others_stay() -> None:
    index = index_file("main.tf", b"locals {\n  a = 1\n  b {\n  }\n  c\n  d = 2\n}\n")

    assert [value.name for value in index.locals] == ["a", "d"]
    assert [(found.line, found.message) for found in index.diagnostics] == [
        (3, "a block stands among local values"),
        (5, "neither an argument nor a block begins here"),
    ]


def test_a_head_may_have_comments_and_escapes_in_it() -> None:
    (block,) = index_file("main.tf", b'resource /* a */ "aws_kms_k\\u0065y" /* b */ x /* c */ {\n}\n').blocks

    assert (block.type, block.labels) == ("resource", ("aws_kms_key", "x"))
    assert block.block.labels == ("aws_kms_key", "x")
