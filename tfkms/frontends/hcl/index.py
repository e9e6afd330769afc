"""What a file declares: its blocks by type and labels, found without parsing them.

A block is parsed when somebody asks for it. What cannot be read loses itself only: it is an error that names file and
line, and a stretch of text of which one can still ask what may have been in it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.hcl.json_syntax import json_blocks
from tfkms.frontends.hcl.parse import parse_body
from tfkms.frontends.hcl.scan import SyntaxProblem, comment_places
from tfkms.frontends.hcl.split import ArgumentPiece, BlockPiece, Piece, UnreadablePiece, split
from tfkms.frontends.hcl.syntax import Argument, Block, Body, SourceText, Unreadable
from tfkms.frontends.hcl.walk import unreadable
from tfkms.location import Span

HINT = "terraform validate says more"
ANNOTATION = "tfkms:"
"""How a comment begins that is addressed to tfkms."""

_ESCAPED_LETTER = re.compile(r"\\[uU]")


class Declared(Struct, frozen=True):
    """A block where it stands in a file, with the comments right above it and behind it.

    Offsets in `body` and in `comments` are into `source`. For JSON syntax that is the whole file.
    """

    type: str
    labels: tuple[str, ...]
    source: SourceText
    written: Body | None = None

    @property
    def whole(self) -> Body:
        """A body of this one block, with its comments."""
        return parse_body(self.source.text) if self.written is None else self.written

    @property
    def block(self) -> Block:
        """The block. Where even its braces cannot be made out it is an empty one, and `whole` says what is lost."""
        found = self.whole.blocks
        return found[0] if found else Block(0, len(self.source.text), self.type, self.labels, Body(()))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """An error for each thing in the block that cannot be read. Parses it."""
        lost = _lost_in(self.source.text) if self.written is None else unreadable(self.written)
        return _errors(self.source, lost)

    @property
    def span(self) -> Span:
        """From the first character of the block to its closing brace."""
        return self.source.span(self.block.start, self.block.end)


class Lost(Struct, frozen=True):
    """A stretch of a file that cannot be read. `text` is None where not even characters could be made of it."""

    span: Span
    text: str | None
    message: str

    def may_hold(self, *words: str) -> bool:
        """Whether something with these names may have stood here: a type and labels, or the name of a local."""
        if self.text is None:
            return True
        # a label in quotes may be written with escapes
        if _ESCAPED_LETTER.search(self.text):
            return True
        return all(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self.text) for word in words)


class DeclaredLocal(Struct, frozen=True):
    """One local value, not parsed yet."""

    name: str
    source: SourceText
    written: Argument | None = None

    @property
    def argument(self) -> Argument:
        """`name = value`, with offsets into `source`."""
        if self.written is not None:
            return self.written
        found = parse_body(self.source.text).arguments.get(self.name)
        if found is not None:
            return found
        end = len(self.source.text)
        return Argument(0, end, self.name, Unreadable(0, end, "the value cannot be read"))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """An error for each thing in the value that cannot be read. Parses it."""
        return _errors(self.source, unreadable(Body((self.argument,))))

    @property
    def span(self) -> Span:
        """From the first character of its name to the last of its value. Parses it."""
        return self.source.span(self.argument.start, self.argument.end)


class FileIndex(Struct, frozen=True):
    """The declarations of one file, in source order. `file` is relative to the scanned root, with `/`.

    `annotated` is its whole text if something in it is addressed to tfkms, None otherwise. `size` is in bytes.
    """

    file: str
    blocks: tuple[Declared, ...]
    locals: tuple[DeclaredLocal, ...]
    lost: tuple[Lost, ...]
    annotated: SourceText | None = None
    size: int = 0

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """An error for each stretch that cannot be read; blocks are not parsed for it."""
        return tuple(_error(lost.span, lost.message) for lost in self.lost)


def index_file(file: str, content: bytes) -> FileIndex:
    """The index of a configuration file; the name says whether it is JSON. Never raises for what stands in it."""
    text, lost = decoded(file, content)
    if text is None:
        return FileIndex(file, (), (), lost)
    annotated = SourceText(file, text) if ANNOTATION in text else None
    if file.endswith(".json"):
        return replace(_json_index(file, text, lost), annotated=annotated)
    blocks: list[Declared] = []
    values: list[DeclaredLocal] = []
    found: list[Lost] = list(lost)
    lines = _Lines(file, text)
    for piece in _pieces(text) if len(text) > _REPEATED else _known_pieces(text):
        match piece:
            case BlockPiece():
                blocks.append(Declared(piece.type, piece.labels, lines.source(piece.start, piece.end)))
                if piece.type == "locals":
                    values_here, lost_here = _locals(lines, piece)
                    values += values_here
                    found += lost_here
            case ArgumentPiece():
                found.append(
                    lines.lost(piece.start, piece.end, piece.start, "an argument stands outside of all blocks")
                )
            case UnreadablePiece():
                found.append(lines.lost(piece.start, piece.end, piece.place, piece.message))
            case _:
                assert_never(piece)
    return FileIndex(file, tuple(blocks), tuple(values), tuple(found), annotated)


def _json_index(file: str, text: str, lost: tuple[Lost, ...]) -> FileIndex:
    """The index of a file in JSON syntax, which is parsed as a whole."""
    source = SourceText(file, text)
    try:
        written, none = json_blocks(text)
    except SyntaxProblem as problem:
        return FileIndex(file, (), (), (*lost, Lost(source.span(problem.start, problem.end), text, problem.message)))
    return FileIndex(
        file,
        tuple(Declared(block.type, block.labels, source, Body((block,))) for block in written),
        tuple(
            DeclaredLocal(item.name, source, item)
            for block in written
            if block.type == "locals"
            for item in block.body.items
            if isinstance(item, Argument)
        ),
        (*lost, *(Lost(source.span(node.start, node.end), text[node.start : node.end], node.message) for node in none)),
    )


class _Lines:
    """Cuts pieces out of a text, in order; lines are counted as it goes."""

    def __init__(self, file: str, text: str):
        self.file = file
        self.text = text
        self.place = 0
        self.line = 1

    def source(self, start: int, end: int) -> SourceText:
        """The stretch as a text of its own."""
        return SourceText(self.file, self.text[start:end], *self.at(start))

    def lost(self, start: int, end: int, place: int, message: str) -> Lost:
        """The stretch as one that cannot be read, for what stands at `place`."""
        return Lost(Span(self.file, *self.at(place), *self.at(end)), self.text[start:end], message)

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        if offset < self.place:
            self.place, self.line = 0, 1
        self.line += self.text.count("\n", self.place, offset)
        self.place = offset
        return self.line, offset - self.text.rfind("\n", 0, offset)


def decoded(file: str, content: bytes) -> tuple[str | None, tuple[Lost, ...]]:
    """The text of a file; with a byte that is no text a line is lost, and with another encoding all."""
    whole = Span(file, 1, 1, 1, 1)
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return None, (Lost(whole, None, "the file is UTF-16: Terraform reads UTF-8 only"),)
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = content.decode("utf-8", "replace").removeprefix("\ufeff")
        return text, (Lost(Span(file, line, 1, line, 1), text.split("\n")[line - 1], "the file is not UTF-8"),)


def _pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a file with their comments."""
    return tuple(_with_comments(text, split(text), 0, len(text)))


_known_pieces = lru_cache(maxsize=512)(_pieces)
"""Root modules of an estate have small files in common, letter by letter: two of five in one of 12,000 files."""
_REPEATED = 8_192


def _with_comments(text: str, pieces: list[Piece], start: int, end: int) -> Iterator[Piece]:
    """The pieces of a stretch, each widened by the comments right above it and the one behind it on its line."""
    if not pieces:
        return
    between = _comments(text, start, pieces[0].start)
    following = [*[piece.start for piece in pieces[1:]], end]
    for piece, until in zip(pieces, following, strict=True):
        first, last = piece.start, piece.end
        above, between = between, _comments(text, last, until)
        if not isinstance(piece, UnreadablePiece):
            for begin, stop in reversed(above):
                if text.count("\n", stop, first) > 1:
                    break
                first = begin
            if between and "\n" not in text[last : between[0][0]]:
                last = between.pop(0)[1]
        yield piece if (first, last) == (piece.start, piece.end) else replace(piece, start=first, end=last)


def _comments(text: str, start: int, end: int) -> list[tuple[int, int]]:
    gap = text[start:end]
    if gap.isspace() or not gap:
        return []
    return [(start + first, start + last) for first, last in comment_places(gap)]


def _locals(lines: _Lines, block: BlockPiece) -> tuple[list[DeclaredLocal], list[Lost]]:
    """The local values of a `locals` block, and what in it cannot be read."""
    found: list[DeclaredLocal] = []
    lost: list[Lost] = []
    pieces = split(lines.text, block.body, block.close, nested=True)
    for piece in _with_comments(lines.text, pieces, block.body, block.close):
        match piece:
            case ArgumentPiece():
                found.append(DeclaredLocal(piece.name, lines.source(piece.start, piece.end)))
            case BlockPiece():
                lost.append(lines.lost(piece.start, piece.end, piece.start, "a block stands among local values"))
            case UnreadablePiece():
                lost.append(lines.lost(piece.start, piece.end, piece.place, piece.message))
            case _:
                assert_never(piece)
    return found, lost


@lru_cache(maxsize=4096)
def _lost_in(text: str) -> tuple[Unreadable, ...]:
    return tuple(unreadable(parse_body(text)))


def _errors(source: SourceText, lost: Iterable[Unreadable]) -> tuple[Diagnostic, ...]:
    return tuple(_error(source.span(node.start, node.end), node.message) for node in lost)


def _error(span: Span, message: str) -> Diagnostic:
    return Diagnostic(Level.ERROR, "unreadable-hcl", message, None, span.file, span.line, HINT)
