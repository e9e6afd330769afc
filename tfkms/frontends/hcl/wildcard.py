"""Patterns of `fileset`: `*`, `?`, `[a-z]`, `{a,b}` within a part of a path, and `**` over any number of parts."""

import itertools
import re

from tfkms.frontends.hcl.faults import Fault, Withheld

_BRACE_LIMIT = 1_000


class Wildcard:
    """A pattern as github.com/bmatcuk/doublestar reads it; matches relative paths with `/` between their parts."""

    def __init__(self, pattern: str):
        self.alternatives = [
            [part if part == "**" else re.compile(_translated(part), re.DOTALL) for part in text.split("/")]
            for text in _spread(pattern)
        ]

    def matches(self, path: str) -> bool:
        """Whether the whole path matches."""
        parts = path.split("/")
        return any(_matches(alternative, parts) for alternative in self.alternatives)


def _matches(pattern: list[str | re.Pattern[str]], parts: list[str]) -> bool:
    reached = {0}
    for part in [*parts, None]:
        pending = list(reached)
        while pending:
            place = pending.pop()
            if place < len(pattern) and isinstance(pattern[place], str) and place + 1 not in reached:
                reached.add(place + 1)
                pending.append(place + 1)
        if part is None:
            return len(pattern) in reached
        following = set()
        for place in reached:
            if place < len(pattern):
                step = pattern[place]
                if isinstance(step, str):
                    following.add(place)
                elif step.fullmatch(part):
                    following.add(place + 1)
        reached = following
    return False


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
        elif letter == "\\" and place < len(part):
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
