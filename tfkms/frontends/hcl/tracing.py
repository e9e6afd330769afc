"""Where the letters of a text were written, found again by their offsets in it."""

import re
from bisect import bisect_right

from tfkms.frontends.hcl.terms import HoledText, Place, Text


class _Stretch:
    """A stretch of a text and where it was written; escapes and indentation may be gone from it."""

    def __init__(self, shown: str, place: Place):
        self.place = place
        self.written = place.source.text[place.start : place.end]
        self.same = shown == self.written
        self.shown_lines = _line_starts(shown) if not self.same else []
        self.written_lines = _line_starts(self.written) if not self.same else []

    def offset(self, inside: int) -> int:
        """Where in the source the letter number `inside` stands: its column may be off where something is gone."""
        if not self.same:
            row = bisect_right(self.shown_lines, inside) - 1
            start = self.written_lines[min(row, len(self.written_lines) - 1)]
            indent = 0
            while row and self.written[start + indent : start + indent + 1] in (" ", "\t"):
                indent += 1
            inside = min(start + indent + inside - self.shown_lines[row], max(len(self.written) - 1, 0))
        return self.place.start + inside


def _line_starts(text: str) -> list[int]:
    return [0, *[found.end() for found in re.finditer("\n", text)]]


class Written:
    """Where the parts of a text were written, by their offsets in it."""

    def __init__(self, source: Text | HoledText, text: str):
        self.text = text
        self.trace = source.trace
        self.traced = bool(source.trace)
        self.starts = [start for start, _ in source.trace]
        self.fallback = source.place
        self.stretches: dict[int, _Stretch] = {}

    def place(self, start: int, end: int) -> Place | None:
        """Where the letters from `start` to `end` were written."""
        if not self.traced:
            return self.fallback
        first, begin = self._find(start)
        _, last = self._find(max(end - 1, start))
        return Place(first.source, begin, max(last + 1, begin), first.calls)

    def _find(self, offset: int) -> tuple[Place, int]:
        row = max(bisect_right(self.starts, offset) - 1, 0)
        begin, place = self.trace[row]
        stretch = self.stretches.get(row)
        if stretch is None:
            end = self.starts[row + 1] if row + 1 < len(self.starts) else len(self.text)
            stretch = self.stretches[row] = _Stretch(self.text[begin:end], place)
        return place, stretch.offset(offset - begin)
