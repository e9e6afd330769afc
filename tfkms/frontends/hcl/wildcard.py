"""Patterns of `fileset`: `*`, `?`, `[a-z]`, `{a,b}` within a part of a path, and `**` over any number of parts."""

import itertools
import re
from collections.abc import Callable
from typing import TypeAlias

from tfkms.frontends.hcl.faults import Fault, Withheld

_BRACE_LIMIT = 1_000


Part: TypeAlias = Callable[[str], bool] | None
"""Whether a name matches one part of a pattern; `ANY_DEPTH`, which is None, for `**`."""
ANY_DEPTH = None


def wildcard(pattern: str) -> tuple[Part, ...]:
    """The parts of a pattern between its `/`, as github.com/bmatcuk/doublestar reads it. Raises `Fault`."""
    return tuple([ANY_DEPTH if part == "**" else _part(part) for part in pattern.split("/")] if pattern else [])


def _part(pattern: str) -> Callable[[str], bool]:
    choices = [re.compile(_translated(choice), re.DOTALL) for choice in _spread(pattern)]
    return lambda name: any(choice.fullmatch(name) for choice in choices)


def _spread(pattern: str) -> list[str]:
    """The pattern once for each choice of its `{a,b}`."""
    done: list[str] = []
    pending = [pattern]
    while pending:
        text = pending.pop()
        opening = _find(text, 0, "{")
        if opening < 0:
            done.append(text)
        else:
            closing, commas = _closing(text, opening)
            edges = [opening, *commas, closing]
            choices = [text[one + 1 : other] for one, other in itertools.pairwise(edges)]
            pending.extend(text[:opening] + choice + text[closing + 1 :] for choice in choices)
        if len(done) + len(pending) > _BRACE_LIMIT:
            raise Withheld("the pattern has too many alternatives")
    return done


def _find(text: str, start: int, wanted: str) -> int:
    place = start
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] in wanted:
            return place
        place += 1
    return -1


def _closing(text: str, opening: int) -> tuple[int, list[int]]:
    depth, place = 0, opening
    commas: list[int] = []
    while True:
        place = _find(text, place, "{},")
        if place < 0:
            raise Fault("the pattern has a `{` that does not end")
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place, commas
        elif depth == 1:
            commas.append(place)
        place += 1


def _translated(part: str) -> str:
    translated, place = "", 0
    while place < len(part):
        letter = part[place]
        place += 1
        if letter == "*":
            translated += "" if translated.endswith(".*") else ".*"
        elif letter == "?":
            translated += "."
        elif letter == "\\":
            if place == len(part):
                raise Fault("the pattern has a `\\` at its end")
            translated += re.escape(part[place])
            place += 1
        elif letter == "[":
            end = part.find("]", place + 1)
            if end < 0:
                raise Fault("the pattern has a `[` that does not end")
            inside = part[place:end]
            negated = inside.startswith("^")
            body = inside[1:] if negated else inside
            members = body.replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            translated += f"[{'^' if negated else ''}{members}]"
            place = end + 1
        else:
            translated += re.escape(letter)
    return translated
