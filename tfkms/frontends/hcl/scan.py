"""Where strings, holes and heredocs of Terraform's language end, found without parsing what is in them.

Nesting is followed with a list, not by recursion: no input makes these functions run out of stack.
"""

import re
from functools import lru_cache

from msgspec import Struct

IDENTIFIER = r"[^\W\d][\w-]*+"
COMMENT = r"#[^\n]*+|//[^\n]*+|/\*(?s:.*?)\*/"
GAP = rf"(?:\s++|{COMMENT})*+"
HEREDOC = rf"<<-?{IDENTIFIER}\r?\n"
INLINE_GAP = r"(?:[ \t]++|/\*(?s:.*?)\*/)*+"

_GAP = re.compile(GAP)
_IN_CODE = re.compile(rf'["{{}}]|{COMMENT}|{HEREDOC}')
_IN_VALUE = re.compile(rf'["(){{}}\[\]\n]|{COMMENT}|{HEREDOC}')
_IN_QUOTES = re.compile(r'\\.|\$\$\{|%%\{|\$\{|%\{|"|\n')
_INTRODUCER = re.compile(rf"<<(-?)({IDENTIFIER})\r?\n")
_QUOTES = -1

MAX_TROUBLES = 100
"""After so many things in a text that have no end, no more is looked for: each may have been followed to the end."""


OPEN_COMMENT = "the comment that `/*` begins is not closed"


class SyntaxProblem(Exception):  # noqa: N818 - a stretch of text cannot be read; the parser makes a value of it
    """Raised where text cannot be read: `start` and `end` say where, `message` is one lower-case line.

    `limited` says that Terraform may well read it, and we do not.
    """

    def __init__(self, start: int, end: int, message: str, *, limited: bool = False):
        super().__init__(message)
        self.start = start
        self.end = end
        self.message = message
        self.limited = limited


class Heredoc(Struct, frozen=True):
    """A heredoc: its introducer begins at `start`, its lines are `[body, body_end)`, its closing marker ends at `end`.

    `flush` is True for `<<-`.
    """

    start: int
    body: int
    body_end: int
    end: int
    flush: bool


def skip_gap(text: str, place: int) -> int:
    """The offset after blanks, newlines and comments."""
    found = _GAP.match(text, place)
    assert found is not None
    return found.end()


def string_end(text: str, start: int) -> int:
    """The offset after the closing quote of the string that opens at `start`; raises `SyntaxProblem` without one."""
    return _skip(text, start + 1, _QUOTES)


def hole_end(text: str, start: int) -> int:
    """The offset after the `}` that closes the `${` or `%{` at `start`; raises `SyntaxProblem` without one."""
    return _skip(text, start + 2, 0)


def braces_end(text: str, start: int) -> int:
    """The offset after the `}` that closes the `{` at `start`; raises `SyntaxProblem` without one."""
    try:
        return _skip(text, start + 1, 0)
    except SyntaxProblem as problem:
        if problem.start == start + 1:
            raise SyntaxProblem(start, start + 1, "`{` is not closed") from None
        raise


def argument_end(text: str, start: int, end: int) -> int:
    """The offset at which the value that begins at `start` ends: before a newline or a comment outside all brackets."""
    depth = 0
    place = start
    while found := _IN_VALUE.search(text, place, end):
        mark = found[0]
        place = found.end()
        if mark == '"':
            place = string_end(text, found.start())
        elif mark.startswith("<<"):
            place = heredoc_at(text, found.start()).end
        elif mark in {"(", "[", "{"}:
            depth += 1
        elif mark in {")", "]", "}"}:
            depth -= 1
        elif depth <= 0 and not mark.startswith("/*"):
            return _without_blanks(text, start, found.start())
        if place > end:
            raise SyntaxProblem(start, end, "the value is not closed")
    if depth > 0:
        raise SyntaxProblem(start, end, "a bracket is not closed")
    return _without_blanks(text, start, end)


def comment_places(text: str) -> list[tuple[int, int]]:
    """Where the comments of a text are, strings and heredocs passed over; up to where too many of these have no end."""
    found: list[tuple[int, int]] = []
    place = troubles = 0
    while troubles < MAX_TROUBLES and (mark := _IN_CODE.search(text, place)):
        place = mark.end()
        if mark[0] == '"' or mark[0].startswith("<<"):
            try:
                place = string_end(text, mark.start()) if mark[0] == '"' else heredoc_at(text, mark.start()).end
            except SyntaxProblem as problem:
                place = max(place, problem.end)
                troubles += 1
        elif mark[0] not in {"{", "}"}:
            found.append(mark.span())
    return found


def _without_blanks(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def heredoc_at(text: str, start: int) -> Heredoc:
    """The heredoc whose introducer is at `start`; raises `SyntaxProblem` if its closing marker is missing."""
    introducer = _INTRODUCER.match(text, start)
    assert introducer is not None
    place = introducer.end()
    landmarks = _landmarks(introducer[2])
    while found := landmarks.search(text, place):
        mark = found[0]
        if mark in {"${", "%{"}:
            place = hole_end(text, found.start())
        elif mark in {"$${", "%%{"}:
            place = found.end()
        else:
            return Heredoc(start, introducer.end(), found.start(), found.end(), introducer[1] == "-")
    raise SyntaxProblem(start, introducer.end(), f"the closing marker `{introducer[2]}` of a heredoc is missing")


@lru_cache(maxsize=256)
def _landmarks(marker: str) -> re.Pattern[str]:
    return re.compile(rf"\$\$\{{|%%\{{|\$\{{|%\{{|^[^\S\n]*{re.escape(marker)}[^\S\n]*$", re.MULTILINE)


def _skip(text: str, place: int, context: int) -> int:
    """The offset after what closes `context`: `_QUOTES`, or a hole, whose open braces are counted from 0."""
    opened = place
    around = [context]
    while around:
        in_quotes = around[-1] == _QUOTES
        found = (_IN_QUOTES if in_quotes else _IN_CODE).search(text, place)
        if found is None:
            raise SyntaxProblem(opened, len(text), _unclosed(context))
        place = found.end()
        match found[0]:
            case '"' if in_quotes:
                around.pop()
            case '"':
                around.append(_QUOTES)
            case "\n":
                raise SyntaxProblem(found.start(), place, "a quoted string runs over the end of its line")
            case "${" | "%{":
                around.append(0)
            case "{":
                around[-1] += 1
            case "}" if around[-1] == 0:
                around.pop()
            case "}":
                around[-1] -= 1
            case mark if mark.startswith("<<"):
                place = heredoc_at(text, found.start()).end
            case _:
                pass
    return place


def _unclosed(context: int) -> str:
    return "a quoted string is not closed" if context == _QUOTES else "a template sequence is not closed"
