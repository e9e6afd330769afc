"""Where strings, holes and heredocs of Terraform's language end, found without parsing what is in them.

Nesting is followed with a list, not by recursion: no input makes these functions run out of stack.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

IDENTIFIER = r"[^\W\d][\w-]*"
COMMENT = r"#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/"
HEREDOC = rf"<<-?{IDENTIFIER}[ \t]*\r?\n"

_IN_CODE = re.compile(rf'["{{}}]|{COMMENT}|{HEREDOC}')
_IN_QUOTES = re.compile(r'\\.|\$\$\{|%%\{|\$\{|%\{|"|\n')
_INTRODUCER = re.compile(rf"<<(-?)({IDENTIFIER})[ \t]*\r?\n")
_QUOTES = -1


class SyntaxProblem(Exception):  # noqa: N818 - a stretch of text cannot be read; the parser makes a value of it
    """Raised where text cannot be read: `start` and `end` say where, `message` is one lower-case line."""

    def __init__(self, start: int, end: int, message: str):
        super().__init__(message)
        self.start = start
        self.end = end
        self.message = message


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A heredoc: its introducer begins at `start`, its lines are `[body, body_end)`, its closing marker ends at `end`.

    `flush` is True for `<<-`.
    """

    start: int
    body: int
    body_end: int
    end: int
    flush: bool


def string_end(text: str, start: int) -> int:
    """The offset after the closing quote of the string that opens at `start`; raises `SyntaxProblem` without one."""
    return _skip(text, start + 1, _QUOTES)


def hole_end(text: str, start: int) -> int:
    """The offset after the `}` that closes the `${` or `%{` at `start`; raises `SyntaxProblem` without one."""
    return _skip(text, start + 2, 0)


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
    outer: list[int] = []
    while True:
        found = (_IN_QUOTES if context == _QUOTES else _IN_CODE).search(text, place)
        if found is None:
            raise SyntaxProblem(opened, len(text), _unclosed(context))
        place = found.end()
        mark = found[0]
        if context == _QUOTES:
            if mark == "\n":
                raise SyntaxProblem(opened, found.start(), "a quoted string runs over the end of its line")
            if mark == '"':
                closed = True
            else:
                closed = False
                if mark in {"${", "%{"}:
                    outer.append(context)
                    context = 0
        elif mark == '"':
            outer.append(context)
            context, closed = _QUOTES, False
        elif mark == "{":
            context, closed = context + 1, False
        elif mark == "}":
            closed = context == 0
            context -= not closed
        else:
            closed = False
            if mark.startswith("<<"):
                place = heredoc_at(text, found.start()).end
        if closed:
            if not outer:
                return place
            context = outer.pop()


def _unclosed(context: int) -> str:
    return "a quoted string is not closed" if context == _QUOTES else "a template sequence is not closed"
