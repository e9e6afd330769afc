"""A body into its arguments and blocks, without parsing what is in them.

Most blocks are passed over by one regular expression; what it does not match is followed step by step (`scan`). What
cannot be made out is a piece too, up to the next line that looks like the beginning of something.
"""

import re
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

from tfkms.frontends.hcl.scan import (
    IDENTIFIER,
    INLINE_GAP,
    MAX_TROUBLES,
    OPEN_COMMENT,
    SyntaxProblem,
    argument_end,
    braces_end,
    skip_gap,
)
from tfkms.frontends.hcl.template import unescaped


class ArgumentPiece(Struct, frozen=True):
    """`name = value` at `text[start:end]`, the value beginning at `value`."""

    start: int
    end: int
    name: str
    value: int


class BlockPiece(Struct, frozen=True):
    """`type "label"… { }` at `text[start:end]`, what is between the braces at `text[body:close]`."""

    start: int
    end: int
    type: str
    labels: tuple[str, ...]
    body: int
    close: int


class UnreadablePiece(Struct, frozen=True):
    """What is neither, with the offset of the trouble and a lower-case line about it."""

    start: int
    end: int
    place: int
    message: str


Piece: TypeAlias = ArgumentPiece | BlockPiece | UnreadablePiece

_STRING = r'"(?:[^"\\$%\n]++|\\.|[$%](?![${%])|\$\{[^"{}#/<\n]*+\})*+"'
_PLAIN = rf'[^"{{}}#/<]++|{_STRING}|#[^\n]*+|/(?![/*])|<(?!<)'


def _nested(levels: int) -> str:
    """A pattern for what stands in braces, as long as no more than so many are open in it."""
    return rf"(?:{_PLAIN}|\{{{_nested(levels - 1)}\}})*+" if levels else f"(?:{_PLAIN})*+"


_HEAD = re.compile(
    rf'({IDENTIFIER}){INLINE_GAP}((?:(?:"(?:[^"\\\n]++|\\.)*+"|{IDENTIFIER}){INLINE_GAP})*+)(?:(\{{)|=(?![=>]){INLINE_GAP})'
)
_LABEL = re.compile(rf'"((?:[^"\\\n]|\\.)*)"|/\*(?s:.*?)\*/|({IDENTIFIER})')
_IN_BRACES = re.compile(_nested(5) + r"\}")
_NEXT_BLOCK = re.compile(rf'^{IDENTIFIER}(?:[ \t]+(?:"[^"\n]*"|{IDENTIFIER}))*[ \t]*\{{', re.MULTILINE)
_NEXT_ITEM = re.compile(
    rf'^[ \t]*{IDENTIFIER}(?:[ \t]+(?:"[^"\n]*"|{IDENTIFIER}))*[ \t]*(?:\{{|=(?![=>]))', re.MULTILINE
)


def split(text: str, start: int = 0, end: int | None = None, *, nested: bool = False) -> list[Piece]:
    """The pieces of `text[start:end]`, a file or, if `nested`, the body of a block; the rest is blank or comment."""
    end = len(text) if end is None else end
    pieces: list[Piece] = []
    place, troubles = start, 0
    while (place := skip_gap(text, place)) < end:
        try:
            piece = _piece(text, place, end)
        except SyntaxProblem as problem:
            line = text.find("\n", place, end)
            again = (_NEXT_ITEM if nested else _NEXT_BLOCK).search(text, line, end) if line >= 0 else None
            stop = again.start() if again else end
            troubles += 1
            if troubles >= MAX_TROUBLES:
                stop = end
            piece = UnreadablePiece(place, stop, min(problem.start, stop), problem.message)
        pieces.append(piece)
        place = piece.end
    return pieces


def _piece(text: str, place: int, end: int) -> Piece:
    head = _HEAD.match(text, place, end)
    if head is None and text.startswith("/*", place):
        raise SyntaxProblem(place, place + 2, OPEN_COMMENT)
    if head is None:
        raise SyntaxProblem(place, place + 1, "neither an argument nor a block begins here")
    if head[3] is None:
        if head[2]:
            raise SyntaxProblem(head.start(2), head.end(2), "an argument has one name")
        return ArgumentPiece(place, argument_end(text, head.end(), end), head[1], head.end())
    quick = _IN_BRACES.match(text, head.end(), end)
    close = quick.end() if quick else braces_end(text, head.end() - 1)
    if close > end:
        raise SyntaxProblem(head.end() - 1, head.end(), "`{` is not closed")
    return BlockPiece(place, close, head[1], _labels(head[2]), head.end(), close - 1)


@lru_cache(maxsize=1024)
def _labels(text: str) -> tuple[str, ...]:
    labels = []
    for match in _LABEL.finditer(text):
        if match[1] is not None:
            labels.append(unescaped(match[1], match.start(1)) if "\\" in match[1] else match[1])
        elif match[2] is not None:
            labels.append(match[2])
    return tuple(labels)
