"""Text from outside in Markdown and HTML: nothing in it is markup, a mention, a link or a command to its reader.

GitHub and GitLab look for mentions, references and addresses in the finished text, where no backslash protects them,
but never in code. So whatever could be more than a word stands in code.
"""

import html
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from urllib.parse import quote

from tfkms.report.display import shown

_SPANS = re.compile(r"(`[^`]+`)")
_WORDS = re.compile(r"(\s+)")
_EDGES = re.compile(r"(?P<before>[(]*)(?P<word>.*?)(?P<after>[).,;:?!]*)")
_MARKS = "().,;:?!"
_PLAIN = re.compile(r"(?!www\.)(?:[^\W_]+(?:['’.,;/=-][^\W_]+)*|[–—…])")
"""A word of letters and digits with single marks inside it: nothing of Markdown, and no address."""


def code(text: str) -> str:
    """`text` as code in Markdown, harmless to show; nothing of it ends the code."""
    harmless = shown(text)
    longest = max((len(run) for run in re.findall("`+", harmless)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if harmless[:1] in ("`", " ", "") or harmless[-1:] in ("`", " ") else ""
    return f"{fence}{pad}{harmless}{pad}{fence}"


def html_code(text: str) -> str:
    """`text` as code in HTML, harmless to show."""
    return f"<code>{html.escape(shown(text))}</code>"


def prose(text: str, as_code: Callable[[str], str] = code) -> str:
    """A sentence in Markdown: words as they are; what stands in backticks, or could be more than a word, as code."""
    parts = _SPANS.split(" ".join(shown(text).split()))
    pieces = [
        piece
        for place, part in enumerate(parts)
        for piece in ([as_code(part[1:-1])] if place % 2 else [_word(word, as_code) for word in _WORDS.split(part)])
        if piece
    ]
    apart = [" " if one[-1] == two[0] == "`" else "" for one, two in pairwise(pieces)]
    return "".join(piece + space for piece, space in zip(pieces, [*apart, ""], strict=False))


def html_prose(text: str) -> str:
    """A sentence in HTML that stands in Markdown: as `prose`."""
    return prose(text, html_code)


def link(title: str, url: str) -> str:
    """A link in Markdown."""
    return f"[{prose(title)}]({quote(url, safe=':/?#@!$&*+,;=%~')})"


def fenced(lines: Iterable[str], language: str = "") -> str:
    """A block of code; the lines are harmless to show, and nothing in them ends the block."""
    body = "\n".join(lines)
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _word(word: str, as_code: Callable[[str], str]) -> str:
    if word.isspace() or (len(word) == 1 and word in _MARKS):
        return word
    edges = _EDGES.fullmatch(word)
    if not edges or not edges["word"]:
        return as_code(word) if word else ""
    inner = edges["word"]
    if inner.isdecimal() and edges["after"][:1] in (".", ")"):  # the first of a numbered list
        return as_code(word)
    return edges["before"] + (inner if _PLAIN.fullmatch(inner) else as_code(inner)) + edges["after"]
