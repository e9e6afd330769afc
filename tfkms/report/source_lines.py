"""Lines of the source with the stretches marked that a finding is about, harmless to show and never too long."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from tfkms.finding import Evidence, Report
from tfkms.location import Origin, Span
from tfkms.report.display import letters

WIDTH = 88
LINES_LIMIT = 8
SPAN_LINES_LIMIT = 3
"""How many lines of one stretch are shown: it may be a whole block."""

_TAB = "    "
_CUT = "…"
_LEAD = 24
"""How much is kept before the first stretch of a line that is cut."""


class SourceLine(Struct, frozen=True):
    """A line of a file, counted from 1. `pieces` are its text in order, harmless to show, each with whether it is
    marked; what is cut off at either end is an ellipsis."""

    number: int
    pieces: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The line without its marks."""
        return "".join(piece for piece, _ in self.pieces)

    @property
    def underline(self) -> str:
        """What stands below the line: `^` under what is marked. Wide letters take two columns."""
        return "".join(("^" if marked else " ") * _width(piece) for piece, marked in self.pieces).rstrip()


class Excerpt(Struct, frozen=True):
    """Lines of one file, in order, with `origin` of the first stretch that is marked in them; `left`: how many lines
    with marks are not shown."""

    origin: Origin
    lines: tuple[SourceLine, ...]
    left: int = 0


def excerpts(evidence: Evidence, report: Report, width: int = WIDTH) -> list[Excerpt]:
    """The lines that the elements of a statement stand in, file by file, the one to look at first; where it has none,
    the first line of the statement.

    None where there is no source in view, and of a statement that is not to be shown.
    """
    if evidence.statement is None:
        return []
    places = [own.origin for own in evidence.elements if own.origin.span] or [evidence.origin]
    together: dict[tuple[str, tuple[str, ...]], list[Origin]] = {}
    for origin in places:
        if origin.span is not None:
            together.setdefault((origin.span.file, origin.via), []).append(origin)
    found: list[Excerpt] = []
    for (file, _), origins in together.items():
        text = report.sources.get(file)
        if text is not None:
            lines = marked_lines(text, [own.span for own in origins if own.span], width)
            if not lines:  # a stretch without letters, as of a value that is missing
                continue
            found.append(Excerpt(origins[0], tuple(lines[:LINES_LIMIT]), max(0, len(lines) - LINES_LIMIT)))
    return found


def marked_lines(text: str, spans: Sequence[Span], width: int = WIDTH) -> list[SourceLine]:
    """The lines of a text that the spans lie on, with these marked. A span that the text does not have is left out."""
    lines = _lines(text)
    marks: dict[int, list[tuple[int, int]]] = {}
    for span in spans:
        for number, start, end in _on_lines(span, lines):
            marks.setdefault(number, []).append((start, end))
    return [SourceLine(number, tuple(_pieces(lines[number - 1], marks[number], width))) for number in sorted(marks)]


@lru_cache(maxsize=16)
def _lines(text: str) -> tuple[str, ...]:
    """The lines of a file: many findings stand in one."""
    return tuple(text.split("\n"))


def _on_lines(span: Span, lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """The parts of a span, line by line: the number of the line, and where it begins and ends there, from 0."""
    last = min(span.end_line, span.line + SPAN_LINES_LIMIT - 1, len(lines))
    for number in range(span.line, last + 1):
        line = lines[number - 1].rstrip()
        start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
        end = min(span.end_column - 1, len(line)) if number == span.end_line else len(line)
        if start < end:
            yield number, start, end


def _pieces(line: str, marks: Sequence[tuple[int, int]], width: int) -> Iterator[tuple[str, bool]]:
    """The line in pieces that are marked or not, cut around the first mark where it is too long."""
    line = line.rstrip()
    shown = [_TAB if written == "\t" else letter for letter, written in zip(letters(line), line, strict=True)]
    marked = [any(start <= place < end for start, end in marks) for place in range(len(line))]
    first, last = _window(shown, min(start for start, _ in marks), width)
    piece, is_marked = (_CUT if first else ""), False
    for place in range(first, last):
        if marked[place] != is_marked:
            if piece:
                yield piece, is_marked
            piece, is_marked = "", marked[place]
        piece += shown[place]
    if piece:
        yield piece, is_marked
    if last < len(shown):
        yield _CUT, False


def _window(shown: Sequence[str], mark: int, width: int) -> tuple[int, int]:
    """Which letters are shown: all if they fit, else as many as fit, with some before the mark."""
    if _width("".join(shown)) <= width:
        return 0, len(shown)
    widths = [_width(letter) for letter in shown]
    first, left = mark, _LEAD
    while first > 0 and (left := left - widths[first - 1]) >= 0:
        first -= 1
    last, left = first, width - 2
    while last < len(shown) and (left := left - widths[last]) >= 0:
        last += 1
    while first > 0 and last == len(shown) and (left := left - widths[first - 1]) >= 0:
        first -= 1
    return first, last


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
