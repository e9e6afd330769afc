"""Classes of letters in regular expressions: Perl's, POSIX's and Unicode's general categories, as RE2 has them."""

import unicodedata
from collections.abc import Callable

Test = Callable[[str], bool]
"""Whether a class has a letter."""


def ranged(*bounds: str) -> Test:
    """Letters from the first to the second of each pair."""
    pairs = tuple(bounds)
    return lambda letter: any(pair[0] <= letter <= pair[1] for pair in pairs)


def negated(test: Test) -> Test:
    """All other letters."""
    return lambda letter: not test(letter)


def exactly(wanted: str) -> Test:
    """One letter."""
    return lambda letter: letter == wanted


def any_of(tests: list[Test]) -> Test:
    """The letters of all of the classes."""
    return tests[0] if len(tests) == 1 else lambda letter: any(test(letter) for test in tests)


PERL = {"d": ranged("09"), "s": lambda letter: letter in "\t\n\f\r ", "w": ranged("09", "AZ", "az", "__")}
POSIX: dict[str, Test] = {
    "alnum": ranged("09", "AZ", "az"),
    "alpha": ranged("AZ", "az"),
    "ascii": ranged("\x00\x7f"),
    "blank": lambda letter: letter in "\t ",
    "cntrl": ranged("\x00\x1f", "\x7f\x7f"),
    "digit": ranged("09"),
    "graph": ranged("!~"),
    "lower": ranged("az"),
    "print": ranged(" ~"),
    "punct": ranged("!/", ":@", "[`", "{~"),
    "space": lambda letter: letter in "\t\n\v\f\r ",
    "upper": ranged("AZ"),
    "word": ranged("09", "AZ", "az", "__"),
    "xdigit": ranged("09", "AF", "af"),
}
CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cs",
    ]
)


def folded(test: Test) -> Test:
    """`test`, for letters of either case."""

    def either(letter: str) -> bool:
        variants = {letter, letter.lower(), letter.upper(), letter.casefold()}
        if letter in "kK\u212a":
            variants |= set("kK\u212a")
        elif letter in "sS\u017f":
            variants |= set("sS\u017f")
        return any(len(variant) == 1 and test(variant) for variant in variants)

    return either


def category(name: str) -> Test:
    """The letters of a general category, `L` or `Lu`."""
    return lambda letter: unicodedata.category(letter).startswith(name)
