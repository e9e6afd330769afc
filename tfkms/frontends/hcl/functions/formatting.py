"""`format` and `formatlist`: Go's verbs, over known and unknown values."""

import re

from msgspec import Struct

from tfkms.frontends.hcl import floats, terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault, Withheld, check_text
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.graphemes import count_graphemes, graphemes
from tfkms.frontends.hcl.json_text import encode, escaped
from tfkms.frontends.hcl.terms import Encoding, HoledText, Part, Term, Text, Unknown, holed, text_parts
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, ListType, Primitive
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group()
_VERB = re.compile(r"%([0#\-+ ]*)([1-9][0-9]*)?(?:\.([0-9]*))?(?:\[([1-9][0-9]*)\])?([a-zA-Z])")
_WIDTH_LIMIT = 1_000_000
_INTEGERS = {"b": "b", "d": "d", "o": "o", "x": "x", "X": "X"}


class _Verb(Struct, frozen=True):
    shown: str
    flags: str
    width: int
    precision: int | None
    argument: int
    mode: str

    @property
    def bare(self) -> bool:
        """Whether it is the letter alone, but for which argument it takes."""
        return not self.flags and not self.width and self.precision is None


def _verbs(text: str) -> list[str | _Verb]:
    """The format in pieces: literal text and verbs."""
    found: list[str | _Verb] = []
    place, following = 0, 1
    while place < len(text):
        percent = text.find("%", place)
        if percent < 0:
            found.append(text[place:])
            break
        found.append(text[place:percent])
        if text.startswith("%%", percent):
            found.append("%")
            place = percent + 2
            continue
        match = _VERB.match(text, percent)
        if match is None:
            raise Fault(f"`format`: what follows `%` at {percent} is no verb", "write `%%` for a percent sign")
        flags, width, precision, argument, mode = match.groups()
        number = int(argument[:6]) if argument else following
        following = number + 1
        size = int(width[:9]) if width else 0
        if size > _WIDTH_LIMIT or len(precision or "") > 6:
            raise Withheld(f"`format`: a width of more than {_WIDTH_LIMIT:,} is not supported")
        digits = None if precision is None else int(precision or "0")
        found.append(_Verb(match[0], flags, size, digits, number, mode))
        place = match.end()
    return found


def formatted(pattern: str, arguments: tuple[Term, ...]) -> Text | HoledText:
    """What `format` gives. Raises `Fault` where verbs and arguments do not fit."""
    parts: list[str | Part] = []
    highest, length = 0, 0
    for piece in _verbs(pattern):
        if isinstance(piece, str):
            parts.append(piece)
            continue
        highest = max(highest, piece.argument)
        if piece.argument > len(arguments):
            raise Fault(f"`format`: `{piece.shown}` needs argument {piece.argument} of {len(arguments)}")
        made = _one(piece, arguments[piece.argument - 1])
        length += sum([len(part) for part in made if isinstance(part, str)])
        check_text(length)
        parts.extend(made)
    if highest < len(arguments):
        raise Fault(f"`format`: there are {len(arguments)} arguments, and the format uses {highest}")
    return holed(parts)


def _one(verb: _Verb, argument: Term) -> list[str | Part]:
    if isinstance(argument, terms.Null) and verb.mode != "v":
        raise Fault(f"`format`: null cannot be shown with `{verb.shown}`")
    if verb.mode not in "vtbdoxXeEfgGsq":
        raise Fault(f"`format`: there is no verb `{verb.shown}`")
    if not argument.whole:
        return _open(verb, argument)
    return [_known(verb, argument)]


def _open(verb: _Verb, argument: Term) -> list[str | Part]:
    """What is certain of an argument that is not known in full."""
    if verb.mode == "v" and verb.bare and not isinstance(argument, Unknown | HoledText):
        return text_parts(encode(argument))
    if isinstance(argument, HoledText) and verb.bare and verb.mode in "sv":
        return list(argument.parts)
    if isinstance(argument, HoledText) and verb.bare and verb.mode == "q":
        return text_parts(encode(argument))
    if isinstance(argument, Unknown) and verb.bare and argument.not_null:
        if (verb.mode == "s" and isinstance(argument.type, Primitive)) or (
            verb.mode == "v" and argument.type is STRING
        ):
            return [Part(argument)]
        if verb.mode == "d" and argument.type is NUMBER:
            return [Part(argument)]
        if verb.mode == "q" and argument.type is STRING:
            return ['"', Part(argument, (Encoding.JSON_STRING,)), '"']
        if verb.mode == "v" and argument.type not in (STRING, NUMBER, DYNAMIC):
            return [Part(argument, (Encoding.JSON_VALUE,))]
    if verb.mode in "sq" and not isinstance(argument.type, Primitive):
        raise Fault(f"`format`: `{verb.shown}` takes a string")
    plain = verb.mode in "bdoxXeEfgGt"
    return [Part(derived(f'format("{verb.shown}")', (argument,), STRING, plain=plain))]


def _known(verb: _Verb, argument: Term) -> str:
    match verb.mode:
        case "v":
            return _padded(verb, _as_is(verb, argument))
        case "t":
            shown = _converted(verb, argument, BOOL)
            return "true" if shown == terms.Bool(True) else "false"
        case "s" | "q":
            text = _converted(verb, argument, STRING)
            assert isinstance(text, Text)
            value = text.value
            if verb.precision:
                value = "".join(list(graphemes(value))[: verb.precision])
            return _padded(verb, f'"{escaped(value)}"' if verb.mode == "q" else value)
        case _:
            number = _converted(verb, argument, NUMBER)
            assert isinstance(number, terms.Number)
            return _number(verb, number)


def _converted(verb: _Verb, argument: Term, kind: Primitive) -> Term:
    try:
        return convert(argument, kind)
    except CannotConvert as reason:
        raise Fault(f"`format`: `{verb.shown}` does not fit: {reason}") from None


def _as_is(verb: _Verb, argument: Term) -> str:
    if "#" not in verb.flags:
        if isinstance(argument, Text):
            return argument.value
        if isinstance(argument, terms.Number):
            return floats.general(argument.value, argument.precision)
    encoded = encode(argument)
    assert isinstance(encoded, Text)
    return encoded.value


def _padded(verb: _Verb, shown: str) -> str:
    missing = verb.width - count_graphemes(shown)
    if missing <= 0:
        return shown
    pad = ("0" if "0" in verb.flags else " ") * missing
    return shown + pad if "-" in verb.flags else pad + shown


def _number(verb: _Verb, number: terms.Number) -> str:
    value = number.value
    if verb.mode in _INTEGERS:
        if not isinstance(value, int):
            raise Fault(f"`format`: `{verb.shown}` takes a whole number")
        digits = _integer_digits(verb, abs(value))
        if not digits:
            return ""
    else:
        if (verb.precision or 0) > floats.EXPONENT_LIMIT:
            raise Withheld(f"`format`: more than {floats.EXPONENT_LIMIT:,} decimal places are not supported")
        digits = _float_digits(verb, number)
    sign = "-" if value < 0 else "+" if "+" in verb.flags else " " if " " in verb.flags else ""
    missing = verb.width - len(sign) - len(digits)
    if missing <= 0:
        return sign + digits
    whole = verb.mode in _INTEGERS
    zeros = "0" in verb.flags and not (whole and (verb.precision is not None or "-" in verb.flags))
    if zeros:
        return sign + "0" * missing + digits
    return sign + digits + " " * missing if "-" in verb.flags else " " * missing + sign + digits


def _integer_digits(verb: _Verb, value: int) -> str:
    if verb.precision == 0 and value == 0:
        return ""
    digits = floats.digits_of(value) if verb.mode == "d" else format(value, _INTEGERS[verb.mode])
    digits = digits.rjust(verb.precision or 0, "0")
    if "#" in verb.flags:
        return {"b": "0b", "o": "0", "x": "0x", "X": "0X", "d": ""}[verb.mode] + digits
    return digits


def _float_digits(verb: _Verb, number: terms.Number) -> str:
    value = floats.magnitude(number.value)
    precision = verb.precision
    match verb.mode:
        case "f":
            return floats.fixed(value, 6 if precision is None else precision)
        case "e" | "E":
            return _scientific(value, 6 if precision is None else precision, verb.mode)
        case _:
            shown = floats.general(value, number.precision, None if precision is None else max(precision, 1))
            return shown if verb.mode == "g" else shown.replace("e", "E")


def _scientific(value: floats.Real, places: int, mode: str) -> str:
    digits, point = floats.significant(value, places + 1)
    digits = digits.ljust(places + 1, "0")
    exponent = floats.exponent_text(point - 1 if digits.strip("0") else 0)
    fraction = f".{digits[1:]}" if places else ""
    return f"{digits[0]}{fraction}{exponent if mode == 'e' else exponent.upper()}"


@GROUP.define(
    "format",
    Parameter("format", STRING),
    rest=Parameter("args", null=True, unknown=True, holed=True),
    result=STRING,
    waits=True,
)
def format_(pattern: Term, *arguments: Term) -> Term:
    assert isinstance(pattern, Text)
    if any(isinstance(argument, terms.Null) and argument.type is DYNAMIC for argument in arguments):
        return derived("format", (pattern, *arguments), DYNAMIC)  # open in Terraform, for ever
    return formatted(pattern.value, arguments)


@GROUP.define(
    "formatlist",
    Parameter("format", STRING),
    rest=Parameter("args", null=True, unknown=True, holed=True),
    result=ListType(STRING),
)
def formatlist(pattern: Term, *arguments: Term) -> Term:
    assert isinstance(pattern, Text)
    count: int | None = None
    for argument in arguments:
        # a null of no type leaves the list open in Terraform, for ever
        if argument.type is DYNAMIC or (isinstance(argument, Unknown) and not isinstance(argument.type, Primitive)):
            return derived("formatlist", (pattern, *arguments), ListType(STRING))
        if isinstance(argument, terms.List | terms.Set | terms.Tuple):
            if isinstance(argument, terms.Set) and not argument.whole:
                return derived("formatlist", (pattern, *arguments), ListType(STRING))
            if count is not None and len(argument.items) != count:
                raise Fault(f"`formatlist`: one list has {count} elements, another {len(argument.items)}")
            count = len(argument.items)
    made: list[Term] = []
    length = 0
    for place in range(1 if count is None else count):
        row = tuple(
            [
                argument.items[place] if isinstance(argument, terms.List | terms.Set | terms.Tuple) else argument
                for argument in arguments
            ]
        )
        made.append(_row(pattern, row))
        length += terms.length(text_parts(made[-1]))
        check_text(length)
    return terms.List(STRING, tuple(made))


def _row(pattern: Text, row: tuple[Term, ...]) -> Term:
    """One text of the list. Terraform makes none, and finds nothing wrong, before all of the row is known."""
    try:
        return formatted(pattern.value, row)
    except Fault:
        if all(term.whole for term in row):
            raise
        return derived("format", (pattern, *row), STRING)
