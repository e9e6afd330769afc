"""JSON with the place of every value. The standard library's reader keeps none."""

import re
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from msgspec import Struct

from tfkms.frontends.hcl.scan import SyntaxProblem


class JsonString(Struct, frozen=True):
    """A string with its quotes at `[start, end)`.

    `places` is where each character of `text` stands, and where the text ends; None if it is written without escapes.
    """

    start: int
    end: int
    text: str
    places: tuple[int, ...] | None = None


class JsonLiteral(Struct, frozen=True):
    """A number, exact, or true, false or null."""

    start: int
    end: int
    value: Decimal | bool | None


class JsonArray(Struct, frozen=True):
    """`[…]`."""

    start: int
    end: int
    items: tuple["JsonValue", ...]


class JsonObject(Struct, frozen=True):
    """`{…}`, its members in order; names may repeat."""

    start: int
    end: int
    items: tuple[tuple[JsonString, "JsonValue"], ...]


MAX_NESTING = 100
"""How deep brackets may nest."""

JsonValue: TypeAlias = JsonString | JsonLiteral | JsonArray | JsonObject

_BLANK = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'"[^"\\\x00-\x1f]*"')
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"')
_CHARACTER = re.compile(
    r"\\u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\(.)|[^\\]"
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_WORD = re.compile("true|false|null")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def read_json(text: str) -> JsonValue:
    """The value that a text is; raises `SyntaxProblem`."""
    value = _value(text, _blank(text, 0), 0)
    rest = _blank(text, value.end)
    if rest < len(text):
        raise SyntaxProblem(rest, rest + 1, "something follows the end of the JSON")
    return value


def _value(text: str, place: int, depth: int) -> JsonValue:
    if depth > MAX_NESTING:
        raise SyntaxProblem(place, place + 1, f"brackets nest more than {MAX_NESTING} deep")
    match text[place : place + 1]:
        case '"':
            return _string(text, place)
        case "{":
            return _object(text, place, depth)
        case "[":
            return _array(text, place, depth)
        case _:
            return _literal(text, place)


def _object(text: str, start: int, depth: int) -> JsonObject:
    items: list[tuple[JsonString, JsonValue]] = []
    place = _blank(text, start + 1)
    while not text.startswith("}", place):
        if items:
            place = _blank(text, _expect(text, place, ","))
        if not text.startswith('"', place):
            raise SyntaxProblem(place, place + 1, "a member of a JSON object begins with its name in quotes")
        key = _string(text, place)
        value = _value(text, _blank(text, _expect(text, _blank(text, key.end), ":")), depth + 1)
        items.append((key, value))
        place = _blank(text, value.end)
    return JsonObject(start, place + 1, tuple(items))


def _array(text: str, start: int, depth: int) -> JsonArray:
    items: list[JsonValue] = []
    place = _blank(text, start + 1)
    while not text.startswith("]", place):
        if items:
            place = _blank(text, _expect(text, place, ","))
        items.append(_value(text, place, depth + 1))
        place = _blank(text, items[-1].end)
    return JsonArray(start, place + 1, tuple(items))


def _literal(text: str, start: int) -> JsonLiteral:
    if word := _WORD.match(text, start):
        return JsonLiteral(start, word.end(), _WORDS[word[0]])
    if number := _NUMBER.match(text, start):
        try:
            return JsonLiteral(start, number.end(), Decimal(number[0]))
        except InvalidOperation:
            raise SyntaxProblem(start, number.end(), "the number is out of range") from None
    raise SyntaxProblem(start, start + 1, "a JSON value must stand here")


def _string(text: str, start: int) -> JsonString:
    if plain := _PLAIN.match(text, start):
        return JsonString(start, plain.end(), plain[0][1:-1])
    found = _STRING.match(text, start)
    if found is None:
        raise SyntaxProblem(start, start + 1, "a JSON string is not closed, or has a newline or a bad escape in it")
    characters: list[str] = []
    places: list[int] = []
    for match in _CHARACTER.finditer(text, start + 1, found.end() - 1):
        high, low, code, escape = match.groups()
        if high:
            character = chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
        elif code:
            # half of a pair is no character: Go reads U+FFFD
            character = "\ufffd" if 0xD800 <= int(code, 16) < 0xE000 else chr(int(code, 16))
        else:
            character = _ESCAPES.get(escape, escape) if escape else match[0]
        characters.append(character)
        places.append(match.start())
    return JsonString(start, found.end(), "".join(characters), (*places, found.end() - 1))


def _expect(text: str, place: int, sign: str) -> int:
    if not text.startswith(sign, place):
        raise SyntaxProblem(place, place + 1, f"`{sign}` must stand here")
    return place + 1


def _blank(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place
