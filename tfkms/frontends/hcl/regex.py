"""Regular expressions as Terraform runs them: leftmost-first, in time linear in pattern times text.

Python's own `re` differs in syntax and backtracks without bound; this is the bit-state search of RE2: each place of the
program is tried at each place of the text once, in order of preference.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from msgspec import Struct

from tfkms.frontends.hcl.faults import Withheld, check_text
from tfkms.frontends.hcl.regex_classes import Test
from tfkms.frontends.hcl.regex_syntax import (
    Assertion,
    Choice,
    Group,
    Letter,
    Pattern,
    Repeat,
    Sequence,
    parse,
)

PROGRAM_LIMIT = 20_000
STATE_LIMIT = 2_000_000
_SEARCHED = 32_000_000
"""How many states a search may have before it is begun; what is looked at of them is counted."""
_EXPANDED = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


class _Step(NamedTuple):
    """One instruction: `test` a letter, `assert_` a place, `save` a place, or go on at `next` or else `other`."""

    test: Test | None = None
    assert_: str = ""
    save: int = -1
    next: int = 0
    other: int = -1
    match: bool = False


class Match(Struct, frozen=True):
    """The spans of the whole and of each capture, (-1, -1) for one that took no part."""

    spans: tuple[tuple[int, int], ...]


@lru_cache(maxsize=64)
def compiled(pattern: str) -> "Regex":
    """The regular expression that `pattern` writes down. Raises `Fault`."""
    return Regex(pattern)


class Regex:
    """A regular expression; `names` are those of its captures, "" for those without."""

    def __init__(self, pattern: str):
        parsed = parse(pattern)
        self.names = parsed.names
        self.steps: list[_Step] = [_Step(match=True)]
        self.start = self._save(0, self._compile(parsed.pattern, self._save(1, 0)))

    def _add(self, step: _Step) -> int:
        if len(self.steps) >= PROGRAM_LIMIT:
            raise Withheld("the regular expression is too large")
        self.steps.append(step)
        return len(self.steps) - 1

    def _save(self, slot: int, following: int) -> int:
        return self._add(_Step(save=slot, next=following))

    def _compile(self, pattern: Pattern, following: int) -> int:
        """Where to begin to match `pattern` and go on at `following`."""
        match pattern:
            case Letter(test):
                return self._add(_Step(test=test, next=following))
            case Assertion(kind):
                return self._add(_Step(assert_=kind, next=following))
            case Sequence(items):
                for item in reversed(items):
                    following = self._compile(item, following)
                return following
            case Choice(items):
                starts = [self._compile(item, following) for item in items]
                begin = starts.pop()
                for start in reversed(starts):
                    begin = self._add(_Step(next=start, other=begin))
                return begin
            case Group(item, number):
                return self._save(2 * number, self._compile(item, self._save(2 * number + 1, following)))
            case Repeat():
                return self._repeat(pattern, following)

    def _repeat(self, pattern: Repeat, following: int) -> int:
        item, lazy = pattern.item, pattern.lazy
        if pattern.most is None:
            end, loop = following, self._add(_Step())
            body = self._compile(item, loop)
            self.steps[loop] = self._fork(body, end, lazy=lazy)
            following = body if pattern.least else loop
            if not pattern.least and _may_be_empty(item):  # (item+)? keeps the order of preference
                following = self._add(self._fork(body, end, lazy=lazy))
            least = pattern.least - 1
        else:
            end = following
            for _ in range(pattern.most - pattern.least):
                following = self._add(self._fork(self._compile(item, following), end, lazy=lazy))
            least = pattern.least
        for _ in range(least):
            following = self._compile(item, following)
        return following

    @staticmethod
    def _fork(body: int, following: int, *, lazy: bool) -> _Step:
        return _Step(next=following, other=body) if lazy else _Step(next=body, other=following)

    def search(self, text: str, begin: int = 0) -> Match | None:
        """The first match that starts at `begin` or later."""
        if (len(text) + 1) * len(self.steps) > _SEARCHED:
            raise Withheld("the text is too long for the regular expression")
        seen: set[int] = set()
        for start in range(begin, len(text) + 1):
            spans = self._run(text, start, seen)
            if spans is not None:
                return Match(spans)
        return None

    def _run(self, text: str, start: int, seen: set[int]) -> tuple[tuple[int, int], ...] | None:
        slots = [-1] * (2 * len(self.names) + 2)
        jobs: list[tuple[int, int, int]] = [(self.start, start, -1)]
        while jobs:
            state, place, restore = jobs.pop()
            if restore >= 0:
                slots[restore] = place
                continue
            while (at := place * len(self.steps) + state) not in seen:
                seen.add(at)
                if len(seen) > STATE_LIMIT:
                    raise Withheld("the text is too long for the regular expression")
                step = self.steps[state]
                if step.match:
                    return tuple(zip(slots[::2], slots[1::2], strict=True))
                if step.test is not None:
                    if place >= len(text) or not step.test(text[place]):
                        break
                    place += 1
                elif step.save >= 0:
                    jobs.append((0, slots[step.save], step.save))
                    slots[step.save] = place
                elif step.assert_:
                    if not _holds(step.assert_, text, place):
                        break
                elif step.other >= 0:
                    jobs.append((step.other, place, -1))
                state = step.next
        return None

    def matches(self, text: str) -> Iterator[Match]:
        """All matches that do not overlap, as Go's `FindAll` gives them."""
        place, last = 0, -1
        while place <= len(text):
            found = self.search(text, place)
            if found is None:
                return
            begin, end = found.spans[0]
            accept = True
            if end == place:
                accept = begin != last
                place += 1
            else:
                place = end
            last = end
            if accept:
                yield found

    def replaced(self, text: str, replacement: str) -> str:
        """`text` with every match replaced; `$1` and `${name}` in `replacement` stand for captures."""
        made: list[str] = []
        place, last, length = 0, 0, 0
        while place <= len(text):
            found = self.search(text, place)
            if found is None:
                break
            begin, end = found.spans[0]
            made.append(text[last:begin])
            if end > last or begin == 0:
                made.append(self._expanded(replacement, text, found))
                length += len(made[-1])
                check_text(length)
            last = end
            place = end if end > place else place + 1
        made.append(text[last:])
        return "".join(made)

    def _expanded(self, replacement: str, text: str, found: Match) -> str:
        def capture(reference: re.Match[str]) -> str:
            if reference[1]:
                return "$"
            word = reference[2] or reference[3]
            name = "".join(takewhile(_is_of_a_name, word))
            if not name or (reference[3] and name != word):
                return reference[0]
            return value(name) + word[len(name) :]

        def value(name: str) -> str:
            if name.isdecimal() and name.isascii() and (name == "0" or name[0] != "0"):
                numbers = [int(name)] if len(name) < 6 and int(name) < len(found.spans) else []
            else:
                numbers = [number for number, own in enumerate(self.names, start=1) if own == name]
            spans = [found.spans[number] for number in numbers if found.spans[number][0] >= 0]
            return text[spans[0][0] : spans[0][1]] if spans else ""

        return _EXPANDED.sub(capture, replacement)


def _is_of_a_name(letter: str) -> bool:
    return letter == "_" or letter.isalpha() or letter.isdecimal()


def _may_be_empty(pattern: Pattern) -> bool:
    match pattern:
        case Letter():
            return False
        case Assertion():
            return True
        case Sequence(items):
            return all(_may_be_empty(item) for item in items)
        case Choice(items):
            return any(_may_be_empty(item) for item in items)
        case Repeat(item, least):
            return least == 0 or _may_be_empty(item)
        case Group(item):
            return _may_be_empty(item)


def _holds(kind: str, text: str, place: int) -> bool:
    match kind:
        case "A":
            return place == 0
        case "z":
            return place == len(text)
        case "^":
            return place == 0 or text[place - 1] == "\n"
        case "$":
            return place == len(text) or text[place] == "\n"
        case _:
            boundary = _in_word(text, place - 1) is not _in_word(text, place)
            return boundary if kind == "b" else not boundary


def _in_word(text: str, place: int) -> bool:
    return 0 <= place < len(text) and text[place].isascii() and (text[place].isalnum() or text[place] == "_")
