"""Calls made up at random of functions that read or write texts: patterns, formats, YAML, JSON, numbers, letters."""

from collections.abc import Callable
from random import Random

_ATOMS = [
    r"a",
    r"b",
    r"ab",
    r".",
    r"[ab]",
    r"[^a]",
    r"\d",
    r"\w",
    r"\s",
    r"x",
    r"\.",
    r"[a-c]",
    r"[[:alpha:]]",
    r"é",
    r"\pL",
    r"\b",
    r"^",
    r"$",
    r"\B",
    r"A",
    r"[^\w]",
    r"\x41",
    r"-",
    r"[b-]",
]
_REPEATS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}?", "{2,}"]
_LETTERS = [*"abA1-._'\n \té", "e\u0301", "😀", "👨\u200d👩", "🇩🇪", "ß", "İ", "ﬁ", "한", "각", "\u200d", "\u00a0", "ǆ"]
_PUNCTUATION = [*"ab \n\"\\:#-é\t😀\u00a0{}[],&*!|>'%@`~x1"]
_NUMBERS = [
    "1",
    "3",
    "7",
    "0.1",
    "0.3",
    "1e10",
    "123456789012345678901234567890",
    "9",
    "1e-5",
    "1.1",
    "length([1])",
    "length([1,2,3])",
    "pow(2,0.5)",
    "-6",
]
_FORMATTED = [
    "0",
    "1",
    "-1",
    "255",
    "1.5",
    "-2.75",
    "1e6",
    "0.00001",
    "1e21",
    '"7"',
    '"x"',
    "true",
    "null",
    '[1,"a"]',
    "{a=1}",
    '"é😀"',
    "2.5",
    "1/3",
    "-0.5",
    "999999.5",
]
_SCALARS = [
    "1", "0x1f", "0o7", "1e3", ".5", "+1", "-", "~", "null", "yes", "No", "true", "2012-10-17", "2012-1-1", "12:30",
    "1_0", '"a"', "'b'", "a b", "a: b", "*", "&x", "!!str 1", "!!int 2", "!!bool yes", "[1, a]", "{a: 1}", "[]", "{}",
    "|\n  t\n  u", ">-\n  f\n  g", '"x\\n\\u00e9"', "1.0", "00", "007", "1.", "inf", "-.5e-3", '"2012-10-17"', "# c",
    "a #c", "a#c", "- x", "?", "@x", "%y", "`z`", "'it''s'", "2001-12-14 21:59:43.1", "y", "OFF", "=", "<<",
]  # fmt: skip
_JSON = [
    "1",
    "-0",
    "1.50",
    "1e2",
    '"a"',
    '"\\u00e9\\n"',
    "null",
    "true",
    "fals",
    "01",
    '"\\q"',
    ".5",
    "1.",
    '"a',
    "1e",
    "-",
]


_CALLS = [
    "upper(@)", "lower(@)", "title(@)", "length(@)", "substr(@, #, #)", "strrev(@)", "trim(@, @)", "trimspace(@)",
    'split("", @)', 'replace(@, "", "-")', 'format("%5s|%-6s|%.2s", @, @, @)', "urlencode(@)", "@ == @",
    "sort([@, @, @])", "indent(1, @)", "chomp(@)", "toset([@, @])", "basename(@)", "jsonencode(@)",
]  # fmt: skip


def quoted(text: str) -> str:
    """`text` as a string of Terraform's language."""
    for letter, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("${", "$${"), ("%{", "%%{")):
        text = text.replace(letter, escape)
    return f'"{text}"'


def _text(random: Random, letters: list[str], most: int) -> str:
    return quoted("".join(random.choice(letters) for _ in range(random.randint(0, most))))


def _pattern(random: Random, depth: int) -> str:
    chance = random.random()
    if depth <= 0 or chance < 0.35:
        return random.choice(_ATOMS)
    inner = _pattern(random, depth - 1)
    if chance < 0.5:
        return inner + _pattern(random, depth - 1)
    if chance < 0.62:
        return f"{inner}|{_pattern(random, depth - 1)}"
    if chance < 0.78:
        return f"({inner})"
    if chance < 0.86:
        return random.choice(["(?i)", "(?s)", "(?m)", "(?U)", "(?i:", "(?-s:"]) + inner + random.choice(["", ")"])
    return f"(?:{inner}){random.choice(_REPEATS)}"


def patterns(random: Random) -> str:
    """A regular expression and a text."""
    pattern, text = _pattern(random, 4), _text(random, [*"aabbcABx1 .-é\n_"], 9)
    if random.random() < 0.3:
        return f'replace({text}, {quoted(f"/{pattern}/")}, "<$0|$1>")'
    return f"{random.choice(['regex', 'regexall'])}({quoted(pattern)}, {text})"


def formats(random: Random) -> str:
    """A verb of `format` and a value."""
    flags, width = random.choice(["", "-", "+", " ", "0", "#", "-0", "+0"]), random.choice(["", "5", "12"])
    verb = f"%{flags}{width}{random.choice(['', '.0', '.2', '.5', '.'])}{random.choice('vsdfegqxXobtEG')}|"
    return f'format("{verb}", {random.choice(_FORMATTED)})'


def yaml(random: Random) -> str:
    """A YAML document of few scalars."""
    one, other = random.choice(_SCALARS), random.choice(_SCALARS)
    document = random.choice([f"k: {one}\nj: {other}", f"- {one}\n- {other}", one, f"[{one}, {other}]"])
    return f"yamldecode({quoted(document)})"


def _json(random: Random, depth: int) -> str:
    if depth <= 0 or random.random() < 0.4:
        return random.choice(_JSON)
    items = [_json(random, depth - 1) for _ in range(random.randint(0, 3))]
    if random.random() < 0.5:
        return f"[{','.join(items)}]"
    return "{" + ",".join(f'"{random.choice("abc")}":{item}' for item in items) + "}"


def json(random: Random) -> str:
    """A JSON text, often malformed."""
    return f"jsondecode({quoted(random.choice(['', ' ']) + _json(random, 3) + random.choice(['', '', ' ', 'x']))})"


def _value(random: Random, depth: int) -> str:
    chance = random.random()
    if depth <= 0 or chance < 0.4:
        long = 100 if random.random() < 0.2 else 6
        return random.choice([_text(random, _PUNCTUATION, long), "1", "null", "true", "1.5", '""'])
    items = [_value(random, depth - 1) for _ in range(random.randint(0, 3))]
    if chance < 0.7:
        return f"[{', '.join(items)}]"
    keys = [quoted(random.choice(["a", "b c", "é", "1", "x:y"])) for _ in items]
    return f"{{{', '.join(f'{key} = {item}' for key, item in zip(keys, items, strict=True))}}}"


def encoded(random: Random) -> str:
    """A value as YAML or JSON."""
    return f"{random.choice(['yamlencode', 'jsonencode'])}({_value(random, 3)})"


def numbers(random: Random) -> str:
    """Arithmetic, printed."""
    made = random.choice(_NUMBERS)
    for _ in range(random.randint(1, 3)):
        made = f"({made}) {random.choice('+-*/%')} {random.choice(_NUMBERS)}"
    return f'"${{{made}}}x"' if random.random() < 0.5 else made


def letters(random: Random) -> str:
    """A function of strings, with letters that are more than one code point."""
    pattern = random.choice(_CALLS)
    made = ""
    for letter in pattern:
        made += _text(random, _LETTERS, 7) if letter == "@" else str(random.randint(-4, 6)) if letter == "#" else letter
    return made


KINDS: tuple[Callable[[Random], str], ...] = (patterns, formats, yaml, json, encoded, numbers, letters)


def call(random: Random) -> str:
    """One call."""
    return random.choice(KINDS)(random)
