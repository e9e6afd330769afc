"""Terraform's language, from text to nodes. Nothing here raises for what a text says: what cannot be read is a node.

Texts are remembered: the same block, in whatever file, is parsed once.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from tfkms.frontends.hcl import grammar
from tfkms.frontends.hcl.scan import SyntaxProblem
from tfkms.frontends.hcl.syntax import Body, Expression, Template, Unreadable


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """The expression that a text is. Newlines are blanks in it, as in parentheses."""
    try:
        with _uncollected():
            return grammar.expression_at(text, 0, len(text))
    except SyntaxProblem as problem:
        return Unreadable(0, len(text), problem.message)


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template | Unreadable:
    """The template that the text of a template file is, or that of a string in JSON syntax once it is decoded."""
    try:
        with _uncollected():
            return grammar.template_at(text, 0, len(text))
    except SyntaxProblem as problem:
        return Unreadable(0, len(text), problem.message)


@lru_cache(maxsize=4096)
def parse_body(text: str) -> Body:
    """The arguments and blocks of a text."""
    try:
        with _uncollected():
            return grammar.body_at(text, 0, len(text))
    except SyntaxProblem as problem:
        return Body((), (), (Unreadable(problem.start, problem.end, problem.message),))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: trees have no cycles, and looking for them costs double."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
