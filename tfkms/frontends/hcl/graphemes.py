"""What a reader takes for one character: grapheme clusters, by the main rules of Unicode Annex 29."""

import re
import unicodedata
from collections.abc import Iterator

_PLAIN = re.compile(r"[\x20-\x7e]*")
_ZWJ = "\u200d"


def graphemes(text: str) -> Iterator[str]:
    """The clusters of `text`, in order."""
    if _PLAIN.fullmatch(text):
        yield from text
        return
    start = 0
    for place in range(1, len(text)):
        if _parts(text, start, place):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def clusters_of(text: str) -> str | list[str]:
    """The clusters of `text`, to be indexed and cut: the text itself where each letter is one."""
    return text if _PLAIN.fullmatch(text) else list(graphemes(text))


def count_graphemes(text: str) -> int:
    """How many clusters `text` has."""
    if _PLAIN.fullmatch(text):
        return len(text)
    return sum(1 for _ in graphemes(text))


def _parts(text: str, start: int, place: int) -> bool:
    """Whether a cluster that begins at `start` ends before `place`."""
    before, after = text[place - 1], text[place]
    if before == "\r" and after == "\n":
        return False
    if _is_control(before) or _is_control(after):
        return True
    if _extends(after) or after == _ZWJ or unicodedata.category(after) == "Mc":
        return False
    if before == _ZWJ and _is_pictograph(after) and place - start >= 2:
        return not _is_pictograph(text[start])
    if _is_flag(before) and _is_flag(after):
        run = 0
        while place - 1 - run >= start and _is_flag(text[place - 1 - run]):
            run += 1
        return run % 2 == 0
    return not _joins_hangul(ord(before), ord(after))


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Zl", "Zp") or (
        unicodedata.category(letter) == "Cf"
        and letter not in (_ZWJ, "\u200c")
        and not "\U000e0020" <= letter <= "\U000e007f"
    )


def _extends(letter: str) -> bool:
    return (
        unicodedata.category(letter) in ("Mn", "Me")
        or letter == "\u200c"
        or "\U0001f3fb" <= letter <= "\U0001f3ff"
        or "\U000e0020" <= letter <= "\U000e007f"
    )


def _is_flag(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _is_pictograph(letter: str) -> bool:
    return "\U0001f000" <= letter <= "\U0001faff" or "\u2600" <= letter <= "\u27bf" or "\u2190" <= letter <= "\u21ff"


def _joins_hangul(before: int, after: int) -> bool:
    syllable_before, syllable_after = 0xAC00 <= before <= 0xD7A3, 0xAC00 <= after <= 0xD7A3
    vowel_after, tail_after = 0x1160 <= after <= 0x11A7, 0x11A8 <= after <= 0x11FF
    if 0x1100 <= before <= 0x115F:
        return 0x1100 <= after <= 0x115F or vowel_after or syllable_after
    if 0x1160 <= before <= 0x11A7 or (syllable_before and (before - 0xAC00) % 28 == 0):
        return vowel_after or tail_after
    return (0x11A8 <= before <= 0x11FF or syllable_before) and tail_after
