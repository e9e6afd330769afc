"""JSON as Terraform writes and reads it, around what is not known.

`encode` writes an unknown leaf as a hole that stands for a whole JSON value; `decode` gives it back. A hole inside a
JSON string becomes a text with a hole. A hole whose text could hold a quote might end its string and change what stands
around it: then the document is unknown.
"""

import re

from msgspec.structs import replace

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import DEPTH_LIMIT, Fault, Withheld, check_size, check_text, deep_recursion
from tfkms.frontends.hcl.terms import (
    Bool,
    Encoding,
    HoledText,
    List,
    Map,
    Null,
    Number,
    Object,
    Part,
    Place,
    Set,
    Stretch,
    Term,
    Text,
    Trace,
    Tuple,
    Unknown,
    holed,
    items,
    text_parts,
    with_sensitive,
)
from tfkms.frontends.hcl.tracing import Written
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, Primitive
from tfkms.frontends.hcl.unknowns import made_of
from tfkms.values import Hole, hole_name

_ESCAPED = re.compile('[\x00-\x1f"\\\\<>&\u2028\u2029]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HOLE = "\x00"


def escaped(value: str) -> str:
    """`value` as it stands between the quotes of a JSON string."""
    return _ESCAPED.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", value)


def encode(term: Term) -> Text | HoledText:
    """What `jsonencode` gives: members sorted, no blanks; `document` of the result is the term."""
    parts: list[str | Part] = []
    with deep_recursion():
        _Writer(parts).write(term, 0)
    made = replace(holed(parts), document=term, place=term.place)
    return with_sensitive(made, term.marked)


def written_in(text: Text | HoledText, place: Place) -> Trace:
    """Where stretches of a text that stands at a place were written: those it was put together of, else the parts of
    the document that it encodes."""
    if text.trace or text.document is None:
        return text.trace
    trace: list[Stretch] = []
    with deep_recursion():
        _Tracer([], trace, place).write(text.document, 0)
    return tuple(trace)


class _Writer:
    def __init__(self, parts: list[str | Part]):
        self.parts = parts
        self.length = 0

    def put(self, value: str) -> None:
        self.length += len(value)
        check_text(self.length)
        self.parts.append(value)

    def hole(self, part: Part) -> None:
        self.length += 1
        self.parts.append(part)

    def write(self, term: Term, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise Withheld(f"the value is nested more than {DEPTH_LIMIT} deep")
        match term:
            case Null():
                self.put("null")
            case Bool(value):
                self.put("true" if value else "false")
            case Number(value, precision=precision):
                self.put(floats.plain(value, precision))
            case Text(value):
                self.put(f'"{escaped(value)}"')
            case HoledText(parts):
                self.put('"')
                for part in parts:
                    if isinstance(part, str):
                        self.put(escaped(part))
                    else:
                        self.hole(Part(part.unknown, (*part.encodings, Encoding.JSON_STRING)))
                self.put('"')
            case Unknown(type=kind, not_null=not_null) if kind is STRING and not_null:
                self.put('"')
                self.hole(Part(term, (Encoding.JSON_STRING,)))
                self.put('"')
            case Unknown():
                self.hole(Part(term, (Encoding.JSON_VALUE,)))
            case Map(members=members) | Object(members=members):
                opening = "{"
                for name, member in members.items():
                    self.put(f'{opening}"{escaped(name)}":')
                    self.write(member, depth + 1)
                    opening = ","
                self.put("{}" if opening == "{" else "}")
            case Set() if not term.whole:
                hole = made_of(Hole("", "", "not known"), "set", (term,))
                self.hole(Part(Unknown(term.type, hole, not_null=True), (Encoding.JSON_VALUE,)))
            case List() | Set() | Tuple():
                opening = "["
                for item in term.items:
                    self.put(opening)
                    self.write(item, depth + 1)
                    opening = ","
                self.put("[]" if opening == "[" else "]")


class _Tracer(_Writer):
    """A writer that notes where what it writes was written; what has no place of its own is at that of what is around
    it."""

    def __init__(self, parts: list[str | Part], trace: list[Stretch], place: Place):
        super().__init__(parts)
        self.trace = trace
        self.around = place

    def write(self, term: Term, depth: int) -> None:
        around = self.around
        self.around = here = term.place or around
        self.trace.append(Stretch(self.length, here, made=True))
        super().write(term, depth)
        self.around = around
        if isinstance(term, List | Set | Tuple | Map | Object):
            self.trace.append(Stretch(self.length - 1, here, made=True))  # the closing bracket


def decode(term: Term) -> Term:
    """What `jsondecode` gives of a text that is not null: objects and tuples, each with the place it was written at.

    A text that `encode` made gives its document again. An unknown text gives an unknown. Raises `Fault` where the text
    is not JSON, whatever its holes hold.
    """
    match term:
        case Text(document=document) | HoledText(document=document) if document is not None:
            with deep_recursion():
                return with_sensitive(_as_read(document), term.marked)
        case Text() | HoledText():
            try:
                with deep_recursion():
                    found = _Reader(term).document()
            except _Doubtful as doubt:
                hole = made_of(doubt.hole, "jsondecode", (term,))
                found = Unknown(DYNAMIC, replace(hole, reason=doubt.reason), place=term.place)
            return with_sensitive(found, term.marked)
        case Unknown():
            return Unknown(
                DYNAMIC, made_of(term.hole, "jsondecode", (term,)), sensitive=term.sensitive, place=term.place
            )
        case _:
            raise Fault("a string is required")


def _as_read(term: Term) -> Term:
    """A document with the types that reading it back gives."""
    match term:
        case Null():
            return replace(term, type=DYNAMIC)
        case Map(members=members) | Object(members=members):
            return Object({name: _as_read(member) for name, member in members.items()}, place=term.place)
        case Set() if not term.whole:
            return Unknown(DYNAMIC, made_of(Hole("", "", "not known"), "set", (term,)), not_null=True, place=term.place)
        case List() | Set() | Tuple():
            return Tuple(tuple([_as_read(item) for item in items(term)]), place=term.place)
        case Unknown():
            return _read_unknown(term)
        case _:
            return replace(term, sensitive=False)


def _read_unknown(term: Unknown) -> Unknown:
    kept = term.type if term.not_null and term.type in (STRING, NUMBER, BOOL) else DYNAMIC
    return replace(term, type=kept, sensitive=False)


class _Doubtful(Exception):  # noqa: N818 - it is an answer
    """A hole could change what stands around it."""

    def __init__(self, hole: Hole, reason: str):
        super().__init__(reason)
        self.hole = hole
        self.reason = reason


_BLANK = re.compile(r"[ \t\n\r]*")
_CHUNK = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_UNICODE = re.compile(r"[0-9a-fA-F]{4}")
_WORDS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_UNESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Reader:
    """Reads a text in which each hole stands as one `_HOLE`, which JSON allows nowhere."""

    def __init__(self, source: Text | HoledText):
        parts = text_parts(source)
        for part in parts:
            if isinstance(part, str) and _HOLE in part:
                raise Fault("the text is not JSON: it holds a control character")
        self.text = "".join([part if isinstance(part, str) else _HOLE for part in parts])
        self.holes = iter([part for part in parts if isinstance(part, Part)])
        self.written = Written(source, self.text)
        self.position = 0
        self.size = 0

    def place(self, start: int, end: int) -> Place | None:
        """Where the letters from `start` to `end` were written."""
        return self.written.place(start, end)

    def fault(self, what: str) -> Fault:
        place = self.place(self.position, self.position + 1)
        where = f" at line {self.text.count(chr(10), 0, self.position) + 1}" if "\n" in self.text else ""
        if place is not None and self.written.traced:
            where = f" at line {place.source.span(place.start, place.end).line} of {place.source.file}"
        return Fault(f"the text is not JSON: {what}{where}")

    def document(self) -> Term:
        found = self.value(0)
        self.skip()
        if self.position < len(self.text):
            if self.text[self.position] == _HOLE:
                raise self.doubt(next(self.holes))
            raise self.fault("something follows the value")
        return found

    def doubt(self, part: Part) -> _Doubtful:
        name = hole_name(part.unknown.hole)
        return _Doubtful(
            part.unknown.hole, f"{part.unknown.hole.reason}, and `{name}` is not escaped for the JSON text it stands in"
        )

    def skip(self) -> str:
        match = _BLANK.match(self.text, self.position)
        assert match is not None
        self.position = match.end()
        return self.text[self.position : self.position + 1]

    def value(self, depth: int) -> Term:
        if depth > DEPTH_LIMIT:
            raise Withheld(f"the JSON text is nested more than {DEPTH_LIMIT} deep")
        self.size += 1
        check_size(self.size)
        letter = self.skip()
        start = self.position
        if letter == "{":
            return self.object(depth)
        if letter == "[":
            return self.array(depth)
        if letter == '"':
            return replace(self.string(), place=self.place(start, self.position))
        if letter == _HOLE:
            return self.hole()
        if letter in _WORDS and letter:
            word, meant = _WORDS[letter]
            if self.text.startswith(word, self.position):
                self.position += len(word)
                place = self.place(start, self.position)
                return Null(place=place) if meant is None else Bool(meant, place=place)
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            raise self.fault("a value is missing" if not letter else f"a value cannot begin with `{letter}`")
        self.position = match.end()
        if self.text[self.position : self.position + 1] == _HOLE:
            raise self.doubt(next(self.holes))
        number = floats.parse(match[0])
        assert number is not None
        return Number(number, place=self.place(start, self.position))

    def hole(self) -> Term:
        start = self.position
        self.position += 1
        part = next(self.holes)
        whole = part.encodings == (Encoding.JSON_VALUE,) or (
            not part.encodings and part.unknown.type in (NUMBER, BOOL) and part.unknown.not_null
        )
        following = self.text[self.position : self.position + 1]
        if not whole or (following and following not in " \t\n\r,]}"):
            raise self.doubt(part)
        return replace(_read_unknown(part.unknown), place=self.place(start, self.position))

    def array(self, depth: int) -> Term:
        start = self.position
        self.position += 1
        found: list[Term] = []
        if self.skip() == "]":
            self.position += 1
            return Tuple((), place=self.place(start, self.position))
        while True:
            found.append(self.value(depth + 1))
            if not self.more("]"):
                return Tuple(tuple(found), place=self.place(start, self.position))

    def object(self, depth: int) -> Term:
        start = self.position
        self.position += 1
        found: dict[str, Term] = {}
        open_keys: list[HoledText] = []
        if self.skip() == "}":
            self.position += 1
            return Object({}, place=self.place(start, self.position))
        while True:
            letter = self.skip()
            if letter != '"':
                raise self.doubt(next(self.holes)) if letter == _HOLE else self.fault("a member's name is missing")
            key = self.string()
            letter = self.skip()
            if letter != ":":
                raise self.doubt(next(self.holes)) if letter == _HOLE else self.fault("a `:` is missing")
            self.position += 1
            value = self.value(depth + 1)
            if isinstance(key, Text):
                before = found.get(key.value)
                if before is not None and not _may_stand_before(before, value):
                    raise self.fault(f"the member `{key.value}` stands twice, with values of different types")
                found[key.value] = value
            else:
                open_keys.append(key)
            if not self.more("}"):
                break
        place = self.place(start, self.position)
        if open_keys:
            return Unknown(
                DYNAMIC, made_of(_first(open_keys[0]), "object", tuple(open_keys)), not_null=True, place=place
            )
        return Object(found, place=place)

    def more(self, closing: str) -> bool:
        """Whether another item follows; steps over the comma or the closing bracket."""
        letter = self.skip()
        if letter == _HOLE:
            raise self.doubt(next(self.holes))
        if letter not in (",", closing) or not letter:
            raise self.fault(f"a `,` or `{closing}` is missing")
        self.position += 1
        return letter == ","

    def string(self) -> Text | HoledText:
        self.position += 1
        parts: list[str | Part] = []
        while True:
            match = _CHUNK.match(self.text, self.position)
            assert match is not None
            parts.append(match[0])
            self.position = match.end()
            letter = self.text[self.position : self.position + 1]
            self.position += 1
            if letter == '"':
                return holed(parts)
            if letter == "\\":
                parts.append(self.escape())
            elif letter == _HOLE:
                part = next(self.holes)
                if not part.plain:
                    raise self.doubt(part)
                parts.append(replace(part, encodings=part.encodings[:-1]))
            else:
                self.position -= 1
                raise self.fault("a string holds a control character" if letter else "a string does not end")

    def escape(self) -> str:
        letter = self.text[self.position : self.position + 1]
        self.position += 1
        if letter in _UNESCAPED and letter:
            return _UNESCAPED[letter]
        match = _UNICODE.match(self.text, self.position)
        if letter != "u" or match is None:
            if letter == _HOLE or (letter == "u" and _HOLE in self.text[self.position : self.position + 4]):
                raise self.doubt(next(self.holes))
            raise self.fault("an escape is not known")
        self.position += 4
        code = int(match[0], 16)
        if 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self.position):
            low = _UNICODE.match(self.text, self.position + 2)
            if low is not None and 0xDC00 <= int(low[0], 16) < 0xE000:
                self.position += 6
                return chr(0x10000 + ((code - 0xD800) << 10) + int(low[0], 16) - 0xDC00)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def _may_stand_before(before: Term, value: Term) -> bool:
    """Whether Terraform, which reads all members of one name with the type of the last, can read `before` so."""
    if before.type == value.type or isinstance(before, Null) or not (before.whole and value.whole):
        return True
    if not isinstance(value.type, Primitive) or value.type is DYNAMIC:
        return False
    try:
        return convert(before, value.type) is not None
    except CannotConvert:
        return False


def _first(term: HoledText) -> Hole:
    return next(part.unknown.hole for part in term.parts if isinstance(part, Part))
