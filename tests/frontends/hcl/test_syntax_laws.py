"""What holds for every text: nothing crashes, every node is the text between its offsets, pieces and files agree."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tfkms.frontends.hcl.index import index_file
from tfkms.frontends.hcl.parse import parse_body, parse_expression, parse_template
from tfkms.frontends.hcl.split import BlockPiece, split
from tfkms.frontends.hcl.syntax import (
    Argument,
    Block,
    Element,
    Expression,
    ObjectItem,
    SourceText,
    Splat,
    Template,
    Unreadable,
)
from tfkms.frontends.hcl.walk import children, relocated, unreadable

GAPS = st.sampled_from(["", " ", "  ", "\t", "\n", " # c\n", "/* c */", "// c\n"])
NAMES = st.sampled_from(["a", "var", "for_each", "π", "_x", "a-b", "in1", "true1", "content"])


def spaced(*parts: "str | st.SearchStrategy[str]") -> st.SearchStrategy[str]:
    """The parts with blanks, newlines and comments between them."""
    strategies = [part for given in parts for part in (GAPS, st.just(given) if isinstance(given, str) else given)]
    return st.tuples(*strategies, GAPS).map("".join)


def bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # a name must not run into what follows, nor `-` into a name
    term = inner.map(lambda text: f"({text})")
    operators = st.sampled_from([" + ", " - ", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"])
    hole = st.tuples(st.sampled_from(["${", "${~"]), inner, st.sampled_from(["}", " ~}"])).map("".join)
    text = st.sampled_from(["a", " ", r"\n", "$ ", "$${", "%%{", r"\"", "é", "~"])
    return st.one_of(
        spaced("(", inner, ")"),
        st.tuples(inner, operators, term).map("".join),
        st.tuples(term, operators, inner).map("".join),
        st.tuples(st.sampled_from(["!", "-", "!!", "- -"]), term).map("".join),
        st.tuples(term, spaced("?", inner, " :"), inner).map("".join),
        st.tuples(
            term, st.sampled_from([".b", ".0", "[0]", "[*]", ".*", "[*].c[*].d", ".*.e[1].f", "[ * ]", '["k"]'])
        ).map("".join),
        spaced("[", inner, ",", inner, "]"),
        spaced("[for k, v in ", inner, " : ", inner, " if ", inner, "]"),
        spaced("{for v in ", inner, " : ", inner, " => ", inner, "...", "}"),
        # newlines count in braces
        st.tuples(NAMES, term, NAMES, term).map(lambda found: "{{\n{} = {}\n{} : {},\n}}".format(*found)),
        st.tuples(NAMES, inner, inner).map(lambda found: "{}({}, {}...)".format(*found)),
        st.lists(st.one_of(hole, text), max_size=4).map(lambda found: '"' + "".join(found) + '"'),
        st.tuples(inner, inner).map(lambda found: '"%{{ if {} ~}} x %{{ else }}${{{}}}%{{~ endif }}"'.format(*found)),
        st.lists(st.one_of(hole, text, st.just("\n")), max_size=5).map(
            lambda found: "<<-E\n  " + "".join(found) + "\n  E\n"
        ),
    )


LEAVES = st.one_of(NAMES, st.sampled_from(["1", "0.5", "1e3", "true", "null", '"x"', '""', "a.b", "a[0].c"]))
EXPRESSIONS = st.recursive(LEAVES, bigger, max_leaves=12)
NASTY = st.lists(
    st.sampled_from(
        ['"', "${", "%{", "}", "{", "[", "]", "(", ")", "<<E\n", "<<-E\n", "E", "\n", "\r\n", "#", "/*", "*/", "//", "a", "=", " ", ".",
         "*", "-", "!", "?", ":", "::", ",", "...", "=>", "for", "in", "if", "1", "\\", "$", "%", "~", "é", "\x00", "\ufeff", "resource"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


def expressions(node: Any) -> Iterator[Expression]:
    """The expressions in a node that can stand by themselves: not those about the element of a splat."""
    match node:
        case Splat(base=base):
            yield node
            yield from expressions(base)
        case Element():
            pass
        case ObjectItem(key=key, value=value):
            if not isinstance(key, Template):
                yield from expressions(key)
            yield from expressions(value)
        case _:
            if isinstance(node, Expression):
                yield node
            for child in children(node):
                yield from expressions(child)


@given(EXPRESSIONS)
def test_the_text_between_the_offsets_of_an_expression_is_the_same_expression(text: str) -> None:
    tree = parse_expression(text)
    assert not isinstance(tree, Unreadable), tree.message

    for node in expressions(tree):
        again = parse_expression(text[node.start : node.end])
        assert relocated(again, lambda offset, start=node.start: offset + start) == node  # type: ignore[misc]


@given(EXPRESSIONS, st.text(" \n\t", max_size=5))
def test_where_an_expression_stands_changes_offsets_only(text: str, before: str) -> None:
    here, there = parse_expression(text), parse_expression(before + text)

    assert relocated(here, lambda offset: offset + len(before)) == there


@given(NASTY)
def test_no_text_makes_the_parser_raise(text: str) -> None:
    parse_expression(text)
    parse_template(text)
    body = parse_body(text)

    assert all(0 <= lost.start <= lost.end <= len(text) for lost in unreadable(body))


@given(NASTY)
def test_no_text_makes_an_index_raise_and_pieces_do_not_overlap(text: str) -> None:
    for name in ("main.tf", "main.tf.json"):
        index = index_file(name, text.encode())
        for block in index.blocks:
            assert block.diagnostics is not None
        for value in index.locals:
            assert value.argument.name == value.name
    pieces = split(text)
    ends = [0, *(piece.end for piece in pieces)]
    assert all(end <= piece.start < piece.end for end, piece in zip(ends, pieces, strict=False))
    assert all(text[piece.start : piece.end].strip() for piece in pieces)


BLOCKS = st.lists(
    st.tuples(
        NAMES, st.lists(NAMES, max_size=2), st.lists(bigger(LEAVES).filter(lambda text: "\n" not in text), max_size=3)
    ),
    max_size=4,
)


def written(block: tuple[str, list[str], list[str]]) -> str:
    kind, labels, values = block
    head = " ".join([kind, *(f'"{label}"' for label in labels)])
    return f"{head} {{\n" + "".join(f"  x{number} = {value}\n" for number, value in enumerate(values)) + "}\n"


@given(BLOCKS)
def test_a_file_split_into_blocks_is_the_file_parsed_as_a_whole(blocks: list[tuple[str, list[str], list[str]]]) -> None:
    text = "\n".join(map(written, blocks))
    whole = parse_body(text)
    pieces = split(text)

    assert [(piece.type, piece.labels) for piece in pieces if isinstance(piece, BlockPiece)] == [
        (kind, tuple(labels)) for kind, labels, _ in blocks
    ]
    assert [(piece.start, piece.end) for piece in pieces] == [(item.start, item.end) for item in whole.items]
    for piece, item in zip(pieces, whole.items, strict=True):
        (alone,) = parse_body(text[piece.start : piece.end]).items
        assert isinstance(alone, Block)
        assert isinstance(item, Block)
        for one, other in zip(alone.body.items, item.body.items, strict=True):
            assert isinstance(one, Argument)
            assert isinstance(other, Argument)
            assert relocated(one.value, lambda offset, start=piece.start: offset + start) == other.value  # type: ignore[misc]


@given(BLOCKS, st.sampled_from(["x", "a = = 1", "1", "}", 'a "b', 'a {\n  b = "', "a {\n  b = [1\n}", "a <<E"]))
def test_what_stands_around_broken_text_is_still_found(
    blocks: list[tuple[str, list[str], list[str]]], broken: str
) -> None:
    before = "\n".join(map(written, blocks))
    pieces = split(f'{before}\n{broken}\nmodule "after" {{\n}}\n')

    found = [piece for piece in pieces if isinstance(piece, BlockPiece)]
    assert [piece.type for piece in found[: len(blocks)]] == [kind for kind, _, _ in blocks]
    assert found[-1].labels == ("after",)


@given(st.text("ab\n\r é😀", max_size=30), st.integers(0, 30), st.integers(1, 9), st.integers(1, 9))
def test_offsets_are_lines_and_columns_of_the_file(text: str, offset: int, line: int, column: int) -> None:
    offset = min(offset, len(text))
    lines = text[:offset].split("\n")

    span = SourceText("f", text, line, column).span(offset, offset)

    assert span.line == line + len(lines) - 1
    assert span.column == len(lines[-1]) + (column if len(lines) == 1 else 1)
