"""Regular expressions as Terraform takes them: Go's `regexp/syntax`, which is RE2's without `\\C`."""

from typing import TypeAlias, Union

from msgspec import Struct

from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.regex_classes import (
    CATEGORIES,
    PERL,
    POSIX,
    Test,
    any_of,
    category,
    exactly,
    folded,
    negated,
    ranged,
)

REPEAT_LIMIT = 1_000
PATTERN_LIMIT = 10_000
_NESTING_LIMIT = 200
_SIMPLE = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}


class Letter(Struct, frozen=True):
    """One letter that `test` accepts."""

    test: Test


class Assertion(Struct, frozen=True):
    """A place without a letter: `^`, `$` (of a line), `A`, `z` (of the text), `b`, `B`."""

    kind: str


class Sequence(Struct, frozen=True):
    """One after the other."""

    items: tuple["Pattern", ...]


class Choice(Struct, frozen=True):
    """The first of `items` that leads to a match."""

    items: tuple["Pattern", ...]


class Repeat(Struct, frozen=True):
    """`item` from `least` to `most` times (None: any number), as often as possible or, `lazy`, as seldom."""

    item: "Pattern"
    least: int
    most: int | None
    lazy: bool


class Group(Struct, frozen=True):
    """A capture, numbered from 1 by its opening parenthesis."""

    item: "Pattern"
    number: int


Pattern: TypeAlias = Union[Letter, Assertion, Sequence, Choice, Repeat, Group]  # noqa: UP007 - names itself within


class Flags(Struct, frozen=True):
    """`(?ims U)`: ignore case, `^` and `$` at lines, `.` takes newlines, repeats are lazy."""

    i: bool = False
    m: bool = False
    s: bool = False
    u: bool = False


class Parsed(Struct, frozen=True):
    """A pattern with the names of its captures, "" for those without."""

    pattern: Pattern
    names: tuple[str, ...]


def parse(text: str) -> Parsed:
    """The pattern that `text` writes down. Raises `Fault` where it is not well-formed."""
    if len(text) > PATTERN_LIMIT:
        raise Withheld("the regular expression is too long")
    reader = _Reader(text)
    pattern = reader.choice(Flags())
    if reader.place < len(text):
        raise Fault("the regular expression has a `)` without a `(`")
    return Parsed(pattern, tuple(reader.names))


class _Reader:
    def __init__(self, text: str):
        self.text = text
        self.place = 0
        self.names: list[str] = []
        self.depth = 0

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def take(self) -> str:
        letter = self.peek()
        if not letter:
            raise Fault("the regular expression ends too early")
        self.place += 1
        return letter

    def choice(self, flags: Flags) -> Pattern:
        self.depth += 1
        if self.depth > _NESTING_LIMIT:
            raise Withheld("the regular expression is nested too deeply")
        branches: list[Pattern] = []
        items: list[Pattern] = []
        while self.peek() not in ("", ")"):
            if self.peek() == "|":
                self.place += 1
                branches.append(Sequence(tuple(items)))
                items = []
            elif self.peek() == "(":
                inner, flags = self.group(flags)
                if inner is not None:
                    items.append(self.repeated(inner, flags))
            elif self.text.startswith("\\Q", self.place):
                items.extend(self.quoted(flags))
                if items and self.text.startswith("\\Q\\E", self.place - 4):  # a repeat is of what stood before
                    items.append(self.repeated(items.pop(), flags))
            else:
                items.append(self.repeated(self.atom(flags), flags))
        self.depth -= 1
        branches.append(Sequence(tuple(items)))
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def group(self, flags: Flags) -> tuple[Pattern | None, Flags]:
        """What stands in parentheses, and the flags for what follows; None for flags alone."""
        self.place += 1
        if self.peek() != "?":
            return self.capture("", flags), flags
        self.place += 1
        if self.text.startswith(("P<", "<"), self.place):
            start = self.text.index("<", self.place) + 1
            end = self.text.find(">", start)
            name = self.text[start:end] if end > 0 else ""
            if not name.replace("_", "a").isalnum() or not name.isascii():
                raise Fault("the regular expression has a capture without a proper name")
            self.place = end + 1
            return self.capture(name, flags), flags
        set_to, changed = True, {"i": flags.i, "m": flags.m, "s": flags.s, "U": flags.u}
        while True:
            letter = self.take()
            if letter in changed:
                changed[letter] = set_to
            elif letter == "-" and set_to:
                set_to = False
            elif letter in ":)":
                break
            else:
                raise Fault(f"the regular expression has an unknown group `(?{letter}`")
        inner_flags = Flags(changed["i"], changed["m"], changed["s"], changed["U"])
        if letter == ")":
            return None, inner_flags
        inner = self.choice(inner_flags)
        self.close()
        return inner, flags

    def capture(self, name: str, flags: Flags) -> Pattern:
        self.names.append(name)
        number = len(self.names)
        inner = self.choice(flags)
        self.close()
        return Group(inner, number)

    def close(self) -> None:
        if self.peek() != ")":
            raise Fault("the regular expression has a `(` without a `)`")
        self.place += 1

    def quoted(self, flags: Flags) -> list[Pattern]:
        end = self.text.find("\\E", self.place)
        end = len(self.text) if end < 0 else end
        letters = self.text[self.place + 2 : end]
        self.place = min(end + 2, len(self.text))
        made = [self.letter(exactly(letter), flags) for letter in letters]
        return [*made[:-1], self.repeated(made[-1], flags)] if made else []

    def repeated(self, item: Pattern, flags: Flags) -> Pattern:
        bounds = self.bounds()
        if bounds is None:
            return item
        lazy = self.peek() == "?"
        self.place += lazy
        if self.bounds() is not None:
            raise Fault("the regular expression repeats a repeat")
        return Repeat(item, *bounds, lazy is not flags.u)

    def bounds(self) -> tuple[int, int | None] | None:
        """How often, if a repeat stands here; steps over it."""
        letter = self.peek()
        if letter and letter in "*+?":
            self.place += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[letter]
        if letter != "{":
            return None
        end = self.text.find("}", self.place)
        inside = self.text[self.place + 1 : end] if end > 0 else ""
        least, comma, most = inside.partition(",")
        if not (least.isdecimal() and least.isascii() and (not most or (most.isdecimal() and most.isascii()))):
            return None
        self.place = end + 1
        low = int(least[:5])
        high = low if not comma else int(most[:5]) if most else None
        if max(low, high or 0) > REPEAT_LIMIT or (high is not None and high < low):
            raise Fault("the regular expression has an impossible count of repeats")
        return low, high

    def letter(self, test: Test, flags: Flags) -> Letter:
        return Letter(folded(test) if flags.i else test)

    def atom(self, flags: Flags) -> Pattern:
        letter = self.take()
        match letter:
            case ".":
                return Letter((lambda _: True) if flags.s else (lambda found: found != "\n"))
            case "^":
                return Assertion("^" if flags.m else "A")
            case "$":
                return Assertion("$" if flags.m else "z")
            case "[":
                return self.letter(self.letters(), flags)
            case "*" | "+" | "?":
                raise Fault(f"the regular expression has nothing to repeat before `{letter}`")
            case "{":
                self.place -= 1
                if self.bounds() is not None:
                    raise Fault("the regular expression has nothing to repeat before `{`")
                self.place += 1
                return self.letter(exactly("{"), flags)
            case "\\":
                return self.escape(flags)
            case _:
                return self.letter(exactly(letter), flags)

    def escape(self, flags: Flags) -> Pattern:
        letter = self.peek()
        if letter and letter in "AzbB":
            self.place += 1
            return Assertion(letter)
        return self.letter(self.escaped_class() or exactly(self.escaped_letter()), flags)

    def escaped_class(self) -> Test | None:
        """The class after a backslash (`\\d`, `\\pL`), None where none stands there."""
        letter = self.peek()
        if letter.lower() in PERL and letter:
            self.place += 1
            test = PERL[letter.lower()]
            return negated(test) if letter.isupper() else test
        if letter not in ("p", "P"):
            return None
        self.place += 1
        name = self.take()
        if name == "{":
            end = self.text.find("}", self.place)
            if end < 0:
                raise Fault("the regular expression has a `\\p{` that does not end")
            name = self.text[self.place : end]
            self.place = end + 1
        negative = (letter == "P") is not name.startswith("^")
        name = name.removeprefix("^")
        if name == "Any":
            return (lambda _: False) if negative else (lambda _: True)
        if name not in CATEGORIES:
            if len(name) < 3:
                raise Fault(f"the regular expression has an unknown class `{name}`")
            raise Withheld(f"the regular expression has the class `{name}`, which is not known here")
        test = category(name)
        return negated(test) if negative else test

    def escaped_letter(self) -> str:
        letter = self.take()
        if letter in _SIMPLE:
            return _SIMPLE[letter]
        if letter in "01234567":
            if letter != "0" and not (self.peek() and self.peek() in "01234567"):
                raise Fault("the regular expression refers back to a capture")
            digits = letter
            while len(digits) < 3 and self.peek() and self.peek() in "01234567":
                digits += self.take()
            return chr(int(digits, 8))
        if letter == "x":
            return self.hexadecimal()
        if letter.isascii() and not letter.isalnum() and letter != "_":
            return letter
        raise Fault(f"the regular expression has an unknown escape `\\{letter}`")

    def hexadecimal(self) -> str:
        if self.peek() == "{":
            end = self.text.find("}", self.place)
            digits = self.text[self.place + 1 : end] if end > 0 else ""
            self.place = end + 1
        else:
            digits = self.text[self.place : self.place + 2]
            self.place += 2
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise Fault("the regular expression has a malformed `\\x`") from None

    def letters(self) -> Test:
        """The class between brackets, the first of which has been read."""
        negative = self.peek() == "^"
        self.place += negative
        tests: list[Test] = []
        while self.peek() != "]" or not tests:
            if self.text.startswith("[:", self.place):
                end = self.text.find(":]", self.place)
                if end > 0:
                    tests.append(self.posix(self.text[self.place + 2 : end]))
                    self.place = end + 2
                    continue
            if self.peek() == "\\":
                self.place += 1
                test = self.escaped_class()
                if test is not None:
                    tests.append(test)
                    continue
                self.place -= 1
            low = self.bound()
            high = low
            if self.peek() == "-" and self.text[self.place + 1 : self.place + 2] not in ("]", ""):
                self.place += 1
                high = self.bound()
                if high < low:
                    raise Fault(f"the regular expression has the empty range `{low}-{high}`")
            tests.append(exactly(low) if low == high else ranged(low + high))
        self.place += 1
        return negated(any_of(tests)) if negative else any_of(tests)

    def bound(self) -> str:
        letter = self.take()
        return self.escaped_letter() if letter == "\\" else letter

    def posix(self, name: str) -> Test:
        test = POSIX.get(name.removeprefix("^"))
        if test is None:
            raise Fault(f"the regular expression has an unknown class `[:{name}:]`")
        return negated(test) if name.startswith("^") else test
