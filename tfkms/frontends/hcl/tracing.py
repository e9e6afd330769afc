"""Where the letters of a text were written, found again by their offsets in it."""

from bisect import bisect_right
from collections.abc import Sequence

from tfkms.frontends.hcl.terms import HoledText, Place, Stretch, Text

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f"}
_CODES = {"u": 4, "U": 8}


class _Letters:
    """The letters of a stretch and where each was written; escapes, indentation and blanks may be gone from it."""

    def __init__(self, shown: str, stretch: Stretch):
        self.place = stretch.place
        self.made = stretch.made
        self.offsets: Sequence[int] | None = None
        written = self.place.source.text[self.place.start : self.place.end]
        if not self.made and shown != written:
            self.offsets = _offsets(shown, written, escapes=True) or _offsets(shown, written, escapes=False)
            self.made = self.offsets is None

    def begin(self, inside: int) -> int:
        """Where in the source the letter number `inside` begins; the whole stretch where letters cannot be told."""
        if self.made:
            return self.place.start
        return self.place.start + self._offset(inside)

    def end(self, inside: int) -> int:
        """Where the letter number `inside` ends."""
        if self.made:
            return self.place.end
        return self.place.start + self._offset(inside + 1)

    def _offset(self, inside: int) -> int:
        """Where a letter begins; what lies behind the last one ends with it."""
        if self.offsets is None:
            return inside
        return self.offsets[min(inside, len(self.offsets) - 1)]


def _offsets(shown: str, written: str, *, escapes: bool) -> Sequence[int] | None:
    """Where in what is written each letter begins, and where the last one ends; None if that cannot be told.

    With `escapes` backslashes introduce them, as in quotes; without, they are letters, as in a heredoc.
    """
    found: list[int] = []
    place = 0
    for line in shown.splitlines(keepends=True):
        start = written.find(line, place)
        if start >= 0 and not written[place:start].strip() and not (escapes and "\\" in line):
            place = start + len(line)
            found.extend(range(start, place))
            continue
        for letter in line:
            length = _length(written, place, letter, escapes)
            while not length and written[place : place + 1].isspace():
                place += 1  # a blank that indentation or `~` takes away
                length = _length(written, place, letter, escapes)
            if not length:
                return None
            found.append(place)
            place += length
    found.append(place)
    return found if not written[place:].strip() else None


def _length(written: str, place: int, letter: str, escapes: bool) -> int:
    """How much of what is written stands for the letter; 0 where something else stands there."""
    if written.startswith(("$${", "%%{"), place) and written[place] == letter:
        return 2
    if not escapes or not written.startswith("\\", place):
        return int(written.startswith(letter, place))
    kind = written[place + 1 : place + 2]
    if kind in _CODES:
        digits = written[place + 2 : place + 2 + _CODES[kind]]
        try:
            return 2 + len(digits) if chr(int(digits, 16)) == letter else 0
        except (ValueError, OverflowError):
            return 0
    return 2 if _ESCAPES.get(kind) == letter else 0


class Written:
    """Where the parts of a text were written, by their offsets in it."""

    def __init__(self, source: Text | HoledText, text: str):
        self.text = text
        self.trace = source.trace
        self.traced = bool(source.trace)
        self.starts = [stretch.start for stretch in source.trace]
        self.fallback = source.place
        self.letters: dict[int, _Letters] = {}

    def place(self, start: int, end: int) -> Place | None:
        """Where the letters from `start` to `end` were written; as far as one text tells, where several do."""
        if not self.traced:
            return self.fallback
        first, inside = self._find(start)
        last, until = self._find(max(end - 1, start))
        begin = first.begin(inside)
        if last.place.source is not first.place.source or last.end(until) <= begin:
            return first.place._replace(start=begin)
        return first.place._replace(start=begin, end=last.end(until))

    def _find(self, offset: int) -> tuple[_Letters, int]:
        row = max(bisect_right(self.starts, offset) - 1, 0)
        begin = self.starts[row]
        found = self.letters.get(row)
        if found is None:
            end = self.starts[row + 1] if row + 1 < len(self.starts) else len(self.text)
            found = self.letters[row] = _Letters(self.text[begin:end], self.trace[row])
        return found, offset - begin
