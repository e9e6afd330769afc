"""Text to the tokens of python-hcl2's grammar, by the rules of Terraform's own scanner.

That library's own lexer knows neither holes in heredocs nor names beyond ASCII, and makes an error of a newline in
brackets, a comment before an operator or a second `!`. Here newlines are tokens only where they end something, a run of
signs before a term is one token, and so is a quoted string or a heredoc, which `template` reads.
"""

import re
from typing import TypeAlias

from tfkms.frontends.hcl.scan import (
    COMMENT,
    GAP,
    HEREDOC,
    IDENTIFIER,
    OPEN_COMMENT,
    SyntaxProblem,
    heredoc_at,
    skip_gap,
    string_end,
)
from tfkms.frontends.hcl.syntax import Comment

MAX_NESTING = 200
"""How deep brackets may nest. Nobody's configuration goes deeper, and what reads trees recurses."""

Token: TypeAlias = tuple[str, int, int, str]
"""A terminal of the grammar, its offsets, and its text; that of a run of signs has no blanks."""

_TOKEN = re.compile(
    r"[ \t\r]*(?:"
    rf"(?P<NAME>{IDENTIFIER}(?:[ \t]*::[ \t]*{IDENTIFIER})*)"
    r"|(?P<NEWLINE>\n)"
    r'|(?P<PLAIN>"[^"\\$%\n]*")'
    rf"|(?P<COMMENT>{COMMENT})"
    rf"|(?P<FULL_SPLAT_START>\[{GAP}\*{GAP}\])"
    r"|(?P<ATTR_SPLAT>\.[ \t]*\*)"
    r"|(?P<LEGACY_INDEX>\.[ \t]*[0-9]+)"
    rf"|(?P<HEREDOC>{HEREDOC})"
    r"|(?P<SYMBOL>\.\.\.|=>|==|!=|<=|>=|&&|\|\||[-+*/%=<>!?:.,(){}\[\]])"
    r"|(?P<FLOAT_LITERAL>[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))"
    r"|(?P<INT_LITERAL>[0-9]+)"
    r'|(?P<QUOTE>")'
    r"|(?P<END>\Z)"
    r")"
)
_SYMBOLS = {
    "...": "ELLIPSIS",
    "=>": "FOR_OBJECT_ARROW",
    "==": "DOUBLE_EQ",
    "!=": "NEQ",
    "<=": "LEQ",
    ">=": "GEQ",
    "&&": "DOUBLE_AMP",
    "||": "DOUBLE_PIPE",
    "-": "MINUS",
    "+": "PLUS",
    "*": "ASTERISK",
    "/": "SLASH",
    "%": "PERCENT",
    "=": "EQ",
    "<": "LT",
    ">": "GT",
    "!": "NOT",
    "?": "QMARK",
    ":": "COLON",
    ".": "DOT",
    ",": "COMMA",
    "(": "LPAR",
    ")": "RPAR",
    "{": "LBRACE",
    "}": "RBRACE",
    "[": "LSQB",
    "]": "RSQB",
}
_WORDS = {"true": "TRUE", "false": "FALSE", "null": "NULL", "for": "FOR", "in": "IN", "if": "IF"}
_ENDS_A_TERM = frozenset(
    {
        "NAME",
        "TRUE",
        "FALSE",
        "NULL",
        "INT_LITERAL",
        "FLOAT_LITERAL",
        "DBLQUOTE",
        "HEREDOC_TEMPLATE",
        "HEREDOC_TEMPLATE_TRIM",
        "RPAR",
        "RBRACE",
        "RSQB",
        "FULL_SPLAT_START",
        "ATTR_SPLAT",
    }
)
_NUMBERS = frozenset({"INT_LITERAL", "FLOAT_LITERAL"})
_SIGNS = frozenset({"MINUS", "NOT"})
_OPENS = {"RPAR": "LPAR", "RBRACE": "LBRACE", "RSQB": "LSQB"}
_REST_OF_NAME = re.compile(r"[\w-]*")
_FOR = re.compile(rf"{GAP}for(?![\w-])")


def tokens(text: str, start: int, end: int, *, body: bool) -> tuple[list[Token], list[Comment]]:
    """The tokens and the comments of `text[start:end]`; raises `SyntaxProblem`.

    In a body newlines count; around an expression they do not, as if it stood in parentheses.
    """
    lexer = _Lexer(text, end, body)
    match = _TOKEN.match
    place = start
    while place < end:
        found = match(text, place, end)
        if found is None or found.lastgroup is None:
            place = skip_gap(text, place)
            raise SyntaxProblem(place, min(place + 1, end), _unknown(text[place : place + 1]))
        place = lexer.take(found.lastgroup, found.start(found.lastgroup), found.end())
    if lexer.brackets:
        _, at, _ = lexer.brackets[-1]
        raise SyntaxProblem(at, at + 1, f"`{text[at]}` is not closed")
    return lexer.tokens, lexer.comments


class _Lexer:
    """What is known in the middle of a text."""

    __slots__ = ("brackets", "comments", "end", "kind", "newlines", "prefixed", "text", "tokens")

    def __init__(self, text: str, end: int, newlines: bool):
        self.text = text
        self.end = end
        self.newlines = newlines
        self.tokens: list[Token] = []
        self.comments: list[Comment] = []
        self.brackets: list[tuple[str, int, bool]] = []
        self.kind = ""
        self.prefixed = False  # the last token is a sign before a term

    def take(self, group: str, at: int, end: int) -> int:
        """Make tokens of one match; the offset to go on from."""
        kind = text = ""
        match group:
            case "NAME":
                kind, end, text = self.name(at, end)
            case "NEWLINE":
                if self.newlines and self.kind != "NL_OR_COMMENT":
                    kind = "NL_OR_COMMENT"
            case "SYMBOL" if self.text.startswith("/*", at):
                raise SyntaxProblem(at, end, OPEN_COMMENT)
            case "SYMBOL":
                text = self.text[at:end]
                kind = self.symbol(_SYMBOLS[text], at, end)
            case "PLAIN" | "QUOTE":
                if group == "QUOTE":
                    end = string_end(self.text, at)
                # the grammar wants what is in a string between two quotes; `template` reads it, so there is nothing
                self.tokens.append(("DBLQUOTE", at, end, ""))
                kind, at = "DBLQUOTE", end
            case "COMMENT":
                self.comments.append(Comment(at, end, self.text[at:end].rstrip("\r")))
            case "HEREDOC":
                heredoc = heredoc_at(self.text, at)
                kind, end = "HEREDOC_TEMPLATE_TRIM" if heredoc.flush else "HEREDOC_TEMPLATE", heredoc.end
            case "LEGACY_INDEX":
                if self.kind in _NUMBERS:
                    raise SyntaxProblem(at, end, "a number has one point, and an index without brackets one number")
                self.tokens.append(("DOT", at, at + 1, "."))
                kind, text = "INT_LITERAL", self.text[at + 1 : end].strip()
                at = end - len(text)
            case "END":
                pass
            case _:
                kind, text = group, self.text[at:end]
        if end > self.end:
            raise SyntaxProblem(at, self.end, "a quoted string or a heredoc is not closed")
        if kind:
            self.tokens.append((kind, at, end, text))
            self.prefixed = kind in _SIGNS and self.kind not in _ENDS_A_TERM
            self.kind = kind
        return end

    def name(self, at: int, end: int) -> tuple[str, int, str]:
        """A word's terminal, end and text. After a dot every word is a name."""
        while end < self.end and not self.text[end].isascii() and f"a{self.text[end]}".isidentifier():
            rest = _REST_OF_NAME.match(self.text, end + 1)
            end = rest.end() if rest else end + 1
        text = self.text[at:end]
        if ":" in text:
            text = "".join(text.split())
            if not self.text.startswith("(", skip_gap(self.text, end)):
                raise SyntaxProblem(at, end, f"`{text}` names a function and is not called")
        return "NAME" if self.kind == "DOT" else _WORDS.get(text, "NAME"), end, text

    def symbol(self, kind: str, at: int, end: int) -> str:
        """The terminal of a symbol; an empty one where it goes into the run of signs before it."""
        match kind:
            case "MINUS" | "NOT":
                if self.prefixed:
                    first, start, _, run = self.tokens[-1]
                    self.tokens[-1] = (first, start, end, run + self.text[at])
                    return ""
            case "LPAR" | "LSQB" | "LBRACE":
                if len(self.brackets) >= MAX_NESTING:
                    raise SyntaxProblem(at, end, f"brackets nest more than {MAX_NESTING} deep", limited=True)
                self.brackets.append((kind, at, self.newlines))
                in_body = self.kind in _ENDS_A_TERM
                self.newlines = kind == "LBRACE" and (in_body or not _FOR.match(self.text, end))
            case "RPAR" | "RSQB" | "RBRACE":
                if not self.brackets or self.brackets[-1][0] != _OPENS[kind]:
                    raise SyntaxProblem(at, end, f"`{self.text[at]}` closes nothing that is open")
                self.newlines = self.brackets.pop()[2]
            case _:
                pass
        return kind


def _unknown(character: str) -> str:
    return (
        f"`{character}` means nothing here" if character.isprintable() else f"U+{ord(character):04X} means nothing here"
    )
