"""Terraform's language, from text to nodes. Nothing here raises for what a text says: what cannot be read is a node.

Texts are remembered: the same block, in whatever file, is parsed once.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import assert_never

from msgspec.structs import replace

from tfkms.frontends.hcl import grammar
from tfkms.frontends.hcl.nodes import without_doubles
from tfkms.frontends.hcl.scan import SyntaxProblem, comment_places
from tfkms.frontends.hcl.split import ArgumentPiece, BlockPiece, UnreadablePiece, split
from tfkms.frontends.hcl.syntax import Argument, Block, Body, Comment, Expression, Template, Unreadable
from tfkms.frontends.hcl.walk import unreadable


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """The expression that a text is. Newlines are blanks in it, as in parentheses."""
    try:
        with uncollected():
            return grammar.expression_at(text, 0, len(text))
    except SyntaxProblem as problem:
        return Unreadable(0, len(text), problem.message, problem.limited)


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template | Unreadable:
    """The template that the text of a template file is, or that of a string in JSON syntax once it is decoded."""
    try:
        with uncollected():
            return grammar.template_at(text, 0, len(text))
    except SyntaxProblem as problem:
        return Unreadable(0, len(text), problem.message, problem.limited)


@lru_cache(maxsize=4096)
def parse_body(text: str) -> Body:
    """The arguments and blocks of a text. What cannot be parsed takes as little with it as can be.

    An argument whose value cannot be parsed has an `Unreadable` value, and so have all of one name that stands twice;
    what is neither an argument nor a block is in `unreadable` of the body that it stands in.
    """
    with uncollected():
        try:
            return grammar.body_at(text, 0, len(text))
        except SyntaxProblem:
            return replace(_pieced(text, 0, len(text), nested=False), comments=_comments(text))


def _pieced(text: str, start: int, end: int, *, nested: bool) -> Body:
    """A body that cannot be parsed as a whole, parsed piece by piece."""
    items: list[Argument | Block] = []
    lost: list[Unreadable] = []
    for piece in split(text, start, end, nested=nested):
        if isinstance(piece, UnreadablePiece):
            lost.append(Unreadable(piece.start, piece.end, piece.message))
            continue
        try:
            items += grammar.body_at(text, piece.start, piece.end).items
        except SyntaxProblem as problem:
            match piece:
                case ArgumentPiece():
                    value = Unreadable(piece.value, piece.end, problem.message)
                    items.append(Argument(piece.start, piece.end, piece.name, value))
                case BlockPiece():
                    body = _pieced(text, piece.body, piece.close, nested=True)
                    if not unreadable(body):
                        lost.append(Unreadable(problem.start, problem.end, problem.message))
                    items.append(Block(piece.start, piece.end, piece.type, piece.labels, body))
                case _:
                    assert_never(piece)
    return Body(without_doubles(items), (), tuple(lost))


def _comments(text: str) -> tuple[Comment, ...]:
    """The comments of a text that cannot be parsed, as far as it can be followed."""
    return tuple(Comment(start, end, text[start:end].rstrip("\r")) for start, end in comment_places(text))


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: trees have no cycles, and looking for them costs double."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
