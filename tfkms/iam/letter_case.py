"""Patterns that take either case of a letter."""

from collections.abc import Iterator
from functools import lru_cache

from tfkms.iam.pattern import OneOf, Pattern, Symbol, Wild, shape

_LIKE_ASCII = {"k": "\N{KELVIN SIGN}", "s": "\N{LATIN SMALL LETTER LONG S}"}
"""Letters beyond A to Z that some readers take for one of those."""


@lru_cache(maxsize=16_384)
def any_case(pattern: Pattern) -> Pattern:
    """The pattern with the letters A to Z in either case."""
    return shape(_either(symbol) if _is_ascii_letter(symbol) else symbol for symbol in pattern.symbols)


def perhaps_any_case(pattern: Pattern) -> Pattern | None:
    """What the pattern takes if case means nothing in other letters either; None where it makes no difference."""
    wider = shape(map(_perhaps, pattern.symbols))
    return None if wider == any_case(pattern) else wider


def _is_ascii_letter(symbol: Symbol) -> bool:
    return isinstance(symbol, str) and symbol.isascii() and symbol.isalpha()


def _either(symbol: Symbol) -> OneOf:
    assert isinstance(symbol, str)
    return OneOf(frozenset((symbol.lower(), symbol.upper())))


def _perhaps(symbol: Symbol) -> Symbol:
    if not isinstance(symbol, str):
        return symbol
    if symbol.isascii():
        return OneOf(frozenset(_spellings(symbol))) if symbol.isalpha() else symbol
    return symbol if symbol == symbol.lower() == symbol.upper() else Wild.ANY


def _spellings(letter: str) -> Iterator[str]:
    yield letter.lower()
    yield letter.upper()
    if letter.lower() in _LIKE_ASCII:
        yield _LIKE_ASCII[letter.lower()]
