"""Templates: quoted strings, heredocs, template files, and strings of JSON syntax.

The rules are those of HCL's own template parser: text comes in tokens (in a quoted string what stands between two
sequences, otherwise at most a line), a strip marker trims the one token beside it, and `<<-` takes its indentation from
the tokens that begin a line, after strip markers have done their work.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import islice
from typing import NoReturn, TypeAlias

from msgspec import Struct

from tfkms.frontends.hcl.graphemes import graphemes
from tfkms.frontends.hcl.scan import GAP, IDENTIFIER, Heredoc, SyntaxProblem, hole_end
from tfkms.frontends.hcl.syntax import (
    Expression,
    ForDirective,
    IfDirective,
    Interpolation,
    Template,
    TemplatePart,
    TextPart,
)

ParseHole: TypeAlias = Callable[[int, int], Expression]
"""Parses the expression that stands between two offsets of the text at hand."""

_QUOTED = re.compile(r"\\.|\$\$\{|%%\{|\$\{|%\{")
# HCL's scanner makes `$` and one character more a token, so that a blank right before a newline is one with it
_ODD_END = r"(?<=[$%])[^\S\r\n](?=\n)|(?<![$%])[$%]\r(?=\n)"
_LINES = re.compile(rf"\$\$\{{|%%\{{|\$\{{|%\{{|\n|{_ODD_END}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|\$(?=\$\{)|%(?=%\{)")
_LITERAL_SEQUENCE = re.compile(r"\$(?=\$\{)|%(?=%\{)")
_DIRECTIVE = re.compile(rf"{GAP}({IDENTIFIER})")
_FOR = re.compile(rf"{GAP}({IDENTIFIER})(?:{GAP},{GAP}({IDENTIFIER}))?{GAP}in(?![\w-])")
_BLANK = re.compile(rf"{GAP}\Z")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


class _Text(Struct):
    """A token of literal text, its escapes read."""

    start: int
    end: int
    text: str

    def trim_start(self, kept: str) -> None:
        self.start = min(self.end, self.start + len(self.text) - len(kept))
        self.text = kept


class _If(Struct, frozen=True):
    start: int
    end: int
    condition: Expression


class _For(Struct, frozen=True):
    start: int
    end: int
    key: str | None
    value: str
    collection: Expression


class _Keyword(Struct, frozen=True):
    """`else`, `endif` or `endfor`."""

    start: int
    end: int
    word: str


_Token: TypeAlias = _Text | Interpolation | _If | _For | _Keyword


def quoted(text: str, start: int, end: int, hole: ParseHole) -> Template:
    """The quoted string at `text[start:end]`, its quotes included; raises `SyntaxProblem`."""
    inside, last = start + 1, end - 1
    if not _QUOTED.search(text, inside, last):
        parts = (TextPart(inside, last, composed(text[inside:last])),) if inside < last else ()
        return Template(start, end, parts)
    return _template(start, end, _tokens(text, inside, last, hole, in_quotes=True))


def heredoc(text: str, place: Heredoc, hole: ParseHole) -> Template:
    """The heredoc at `place`; raises `SyntaxProblem`."""
    tokens = _tokens(text, place.body, place.body_end, hole, in_quotes=False)
    if place.flush:
        _flush(tokens)
    return _template(place.start, place.end, tokens)


def file(text: str, start: int, end: int, hole: ParseHole) -> Template:
    """`text[start:end]` by the rules of template files and of JSON syntax; raises `SyntaxProblem`."""
    return _template(start, end, _tokens(text, start, end, hole, in_quotes=False))


def _tokens(text: str, start: int, end: int, hole: ParseHole, *, in_quotes: bool) -> list[_Token]:
    found: list[_Token] = []
    literal = place = start
    sequence = _QUOTED if in_quotes else _LINES
    trim_next = False

    def flush(to: int) -> None:
        if literal < to:
            value = unescaped(text[literal:to], literal) if in_quotes else _LITERAL_SEQUENCE.sub("", text[literal:to])
            token = _Text(literal, to, value)
            if trim_next:
                token.trim_start(value.lstrip(_SPACE))
            found.append(token)

    while match := sequence.search(text, place, end):
        mark, at, place = match[0], match.start(), match.end()
        if mark[-1].isspace() and not in_quotes:
            flush(place)
            literal, trim_next = place, False
        elif mark in {"${", "%{"}:
            flush(at)
            place = hole_end(text, at)
            if place > end:
                raise SyntaxProblem(at, end, "a template sequence is not closed")
            first, last = at + 2, place - 1
            if text.startswith("~", first):
                first += 1
                if found and isinstance(before := found[-1], _Text):
                    before.text = before.text.rstrip(_SPACE)
            trim_next = last > first and text[last - 1] == "~"
            last -= trim_next
            if mark == "${":
                found.append(Interpolation(at, place, hole(first, last)))
            else:
                found.append(_directive(text, (at, place), (first, last), hole))
            literal = place
    flush(end)
    return found


def _directive(text: str, whole: tuple[int, int], inside: tuple[int, int], hole: ParseHole) -> _Token:
    match = _DIRECTIVE.match(text, *inside)
    word = match[1] if match else ""
    rest = match.end() if match else inside[0]
    match word:
        case "if":
            return _If(*whole, hole(rest, inside[1]))
        case "for":
            names = _FOR.match(text, rest, inside[1])
            if names is None:
                raise SyntaxProblem(*whole, "`for` in a template wants `name in collection`")
            key = names[1] if names[2] else None
            return _For(*whole, key, names[2] or names[1], hole(names.end(), inside[1]))
        case "else" | "endif" | "endfor":
            if not _BLANK.match(text[rest : inside[1]]):
                raise SyntaxProblem(*whole, f"`{word}` in a template takes nothing after it")
            return _Keyword(*whole, word)
        case _:
            raise SyntaxProblem(
                *whole,
                "a template directive is if, else, endif, for or endfor",
            )


def _flush(tokens: list[_Token]) -> None:
    """Take out the indentation that all lines of a `<<-` heredoc share: `flushHeredocTemplateParts` of HCL."""
    indents: list[int] = []
    beginnings: list[_Text] = []
    at_line_start = True
    for token in tokens:
        if at_line_start:
            at_line_start = False
            if not isinstance(token, _Text):
                indents.append(0)
            elif (kept := token.text.lstrip(_SPACE)) or not token.text.endswith("\n"):
                indents.append(len(token.text) - len(kept))
                beginnings.append(token)
        if isinstance(token, _Text) and token.text.endswith("\n"):
            at_line_start = True
    shared = min(indents, default=0)
    for token in beginnings:
        token.trim_start(token.text[sum([len(cluster) for cluster in islice(graphemes(token.text), shared)]) :])


def _template(start: int, end: int, tokens: list[_Token]) -> Template:
    passes_through = len(tokens) == 1 and isinstance(tokens[0], Interpolation)
    return Template(start, end, _nested(tokens), passes_through)


def _nested(tokens: list[_Token]) -> tuple[TemplatePart, ...]:
    """Put what stands between the beginning and the end of a directive into it."""
    parts: list[TemplatePart] = []
    outer: list[tuple[_If | _For, list[TemplatePart], list[TemplatePart] | None]] = []
    for token in tokens:
        match token:
            case _Text():
                if token.text:
                    parts.append(TextPart(token.start, token.end, composed(token.text)))
            case Interpolation():
                parts.append(token)
            case _If() | _For():
                outer.append((token, parts, None))
                parts = []
            case _Keyword(word="else"):
                opener, around, then = outer.pop() if outer else _unbalanced(token)
                if isinstance(opener, _For) or then is not None:
                    _unbalanced(token)
                outer.append((opener, around, parts))
                parts = []
            case _Keyword():
                opener, around, then = outer.pop() if outer else _unbalanced(token)
                if isinstance(opener, _If) and token.word == "endif":
                    branches = (tuple(parts), ()) if then is None else (tuple(then), tuple(parts))
                    around.append(IfDirective(opener.start, token.end, opener.condition, *branches))
                elif isinstance(opener, _For) and token.word == "endfor":
                    around.append(
                        ForDirective(opener.start, token.end, opener.key, opener.value, opener.collection, tuple(parts))
                    )
                else:
                    _unbalanced(token)
                parts = around
    if outer:
        _unbalanced(outer[-1][0])
    return tuple(parts)


def _unbalanced(token: _If | _For | _Keyword) -> NoReturn:
    word = token.word if isinstance(token, _Keyword) else "if" if isinstance(token, _If) else "for"
    raise SyntaxProblem(token.start, token.end, f"`%{{ {word} }}` has no counterpart")


def unescaped(text: str, start: int) -> str:
    """A stretch of a quoted string as Terraform reads it: backslashes, `$${` and `%%{`. `start` is its offset."""

    def problem(match: re.Match[str], message: str) -> SyntaxProblem:
        return SyntaxProblem(start + match.start(), start + match.end(), message)

    def read(match: re.Match[str]) -> str:
        if match[0] in {"$", "%"}:
            return ""
        if code := match[1] or match[2]:
            number = int(code, 16)
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                raise SyntaxProblem(
                    start + match.start(), start + match.end(), f"no character has the number {number:X}"
                )
            return chr(number)
        if match[3] not in _ESCAPES:
            raise problem(match, f"`\\{match[3]}` is not an escape sequence")
        return _ESCAPES[match[3]]

    return _ESCAPE.sub(read, text)


def composed(text: str) -> str:
    """Text in Unicode's form NFC, as all strings of Terraform are."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
