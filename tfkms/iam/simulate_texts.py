"""Three-valued truth, and texts against patterns, for the second evaluator.

A text with holes is compared by what every filling of the holes has in common. One thing is assumed of holes: in an ARN
with all its five colons, a hole before the fifth stands inside one part; and no hole opens or closes a policy variable.
"""

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from tfkms.values import Hole, Text, text, text_parts


class Truth(IntEnum):
    """Kleene's three values, ordered so that `and` is the least and `or` the greatest."""

    FALSE = 0
    UNSURE = 1
    TRUE = 2


def negated(truth: Truth) -> Truth:
    """The opposite; UNSURE stays."""
    return Truth(2 - truth)


def every(truths: Iterable[Truth]) -> Truth:
    """Whether all hold; TRUE of none."""
    return min(truths, default=Truth.TRUE)


def some(truths: Iterable[Truth]) -> Truth:
    """Whether one holds; FALSE of none."""
    return max(truths, default=Truth.FALSE)


def chosen(condition: Truth, then: Truth, otherwise: Truth) -> Truth:
    """`then` or `otherwise`, as the condition says; where it says neither, what both agree on."""
    match condition:
        case Truth.TRUE:
            return then
        case Truth.FALSE:
            return otherwise
        case Truth.UNSURE:
            return then if then is otherwise else Truth.UNSURE
        case _:
            assert_never(condition)


# Texts and patterns


class Blank(Struct, frozen=True):
    """A place in a pattern or a text that no single letter fills: `*`, `?` (not `many`) or a hole.

    `within`: it holds no colon.
    """

    hole: Hole | None = None
    many: bool = True
    within: bool = False


Letter: TypeAlias = str | Blank
STAR = Blank()
FIFTH_COLON = 5
"""An ARN has six parts: what colons come after the fifth belong to the last one."""


@lru_cache(maxsize=65_536)
def matched(pattern: tuple[Letter, ...], value: tuple[Letter, ...]) -> Truth:
    """Whether the value fits the pattern: TRUE whatever the holes are, FALSE if no filling of them makes it so."""
    if {*map(type, pattern), *map(type, value)} <= {str}:
        return Truth.TRUE if pattern == value else Truth.FALSE
    if _walks(pattern, value, certain=True):
        return Truth.TRUE
    return Truth.UNSURE if _walks(pattern, value, certain=False) else Truth.FALSE


def _walks(pattern: tuple[Letter, ...], value: tuple[Letter, ...], *, certain: bool) -> bool:
    """Whether one can walk through both at once. `certain`: a hole is a letter of its own, equal to itself only.

    A step is the two places, and for each side whether the blank it stands on has met one of the other side: a fresh
    hole that met letters only would be a text written out today, which it is not.
    """

    def stretches(letter: Letter) -> bool:
        return isinstance(letter, Blank) and letter.many and not (certain and letter.hole)

    def passable(letter: Letter, met: bool) -> bool:
        return stretches(letter) and (met or not _is_fresh(letter))

    start = 0
    for letter, other in zip(pattern, value, strict=False):
        if isinstance(letter, Blank) or isinstance(other, Blank):
            break
        if letter != other:
            return False
        start += 1
    ahead, seen = [(start, start, False, False)], {(start, start, False, False)}
    while ahead:
        here, there, met, other_met = ahead.pop()
        steps: list[tuple[int, int, bool, bool]] = []
        if here == len(pattern) and there == len(value):
            return True
        if here < len(pattern) and passable(pattern[here], met):
            steps.append((here + 1, there, False, other_met))
        if there < len(value) and passable(value[there], other_met):
            steps.append((here, there + 1, met, False))
        if here < len(pattern) and there < len(value) and _fits(pattern[here], value[there], certain):
            left, right = pattern[here], value[there]
            stay, other_stay = stretches(left), stretches(right)
            met = stay and (met or isinstance(right, Blank))
            other_met = other_stay and (other_met or isinstance(left, Blank))
            steps.append((here + (not stay), there + (not other_stay), met, other_met))
        ahead += [step for step in steps if step not in seen]
        seen.update(steps)
    return False


def _is_fresh(letter: Letter) -> bool:
    return isinstance(letter, Blank) and letter.hole is not None and letter.hole.fresh


def _fits(letter: Letter, other: Letter, certain: bool) -> bool:
    if isinstance(letter, str):
        if isinstance(other, str):
            return letter == other
        return not certain and not (other.within and letter == ":")
    if isinstance(other, str):
        return not (certain and letter.hole) and not (letter.within and other == ":")
    if certain and letter.hole:
        return letter.hole == other.hole
    return not certain or (letter.many and (other.within or not letter.within))


@lru_cache(maxsize=16_384)
def letters(value: Text) -> tuple[Letter, ...]:
    """A text as a request carries it: `*` and `?` are letters."""
    spelled = tuple(letter for part in text_parts(value) for letter in spelled_part(part, wild=False))
    return within_parts(spelled) if spelled[:4] == ("a", "r", "n", ":") else spelled


def spelled_part(part: str | Hole, wild: bool) -> Iterable[Letter]:
    """The letters of one part of a text; with `wild`, `*` and `?` are blanks."""
    if isinstance(part, Hole):
        return (Blank(part, within=part.fresh),)
    return (Blank(many=letter == "*") if wild and letter in "*?" else letter for letter in part)


def is_arn(spelled: tuple[Letter, ...]) -> bool:
    """Whether there are the six parts of an ARN."""
    return spelled.count(":") >= FIFTH_COLON


def within_parts(spelled: tuple[Letter, ...], *, last: bool = False) -> tuple[Letter, ...]:
    """The same with the blanks before the fifth colon kept inside their part of the ARN, if it is one.

    With `last` those of the last part hold no colon either.
    """
    if not is_arn(spelled):
        return spelled
    fifth = [place for place, letter in enumerate(spelled) if letter == ":"][FIFTH_COLON - 1]
    return tuple(
        replace(letter, within=True) if isinstance(letter, Blank) and (last or place < fifth) else letter
        for place, letter in enumerate(spelled)
    )


def equal(name: Text, value: Text) -> Truth:
    """Whether the two are the same text."""
    if isinstance(name, str) and isinstance(value, str):
        return Truth.TRUE if name == value else Truth.FALSE
    return matched(letters(name), letters(value))


def folded(spelled: tuple[Letter, ...]) -> tuple[Letter, ...]:
    """The same in lower case."""
    return tuple(letter.lower() if isinstance(letter, str) else letter for letter in spelled)


def split(value: Text, separator: str, most: int) -> list[Text]:
    """`str.split`, for a text with holes; the separators that count are the literal ones."""
    pieces: list[list[str | Hole]] = [[]]
    for part in text_parts(value):
        if isinstance(part, Hole):
            pieces[-1].append(part)
            continue
        first, *others = part.split(separator, most - len(pieces) + 1)
        pieces[-1].append(first)
        pieces += [[other] for other in others]
    return [text(*piece) for piece in pieces]
