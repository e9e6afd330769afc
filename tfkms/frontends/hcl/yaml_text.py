"""YAML as Terraform writes and reads it: mostly 1.2, with dates that turn into timestamps."""

import base64
import re
from collections.abc import Mapping
from typing import Any

import yaml
from msgspec.structs import replace

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.conversion import text_of
from tfkms.frontends.hcl.faults import DEPTH_LIMIT, Fault, Withheld, check_size, deep_recursion
from tfkms.frontends.hcl.functions import dates
from tfkms.frontends.hcl.terms import (
    Bool,
    List,
    Map,
    Null,
    Number,
    Object,
    Place,
    Set,
    Term,
    Text,
    Tuple,
    text,
)
from tfkms.frontends.hcl.types import STRING

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TRUE = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
_FALSE = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
_WORDS = {**dict.fromkeys(_TRUE | _FALSE, "bool"), **dict.fromkeys(("", "~", "null", "Null", "NULL"))}
_INFINITE = frozenset([sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")])
_NO_NUMBER = frozenset((".nan", ".NaN", ".NAN"))
_SCALAR_TAGS = frozenset(("str", "bool", "int", "float", "null", "timestamp", "binary"))
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:([Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_HINTS = frozenset("+-0123456789yYnNtTfFoO~.")
_TAG = "tag:yaml.org,2002:"


def encode(term: Term) -> Term:
    """What `yamlencode` gives of a known value: every string and key quoted, texts of several lines as blocks."""
    writer = _Writer()
    with deep_recursion():
        writer.node(term, -1, "root")
    return Text("".join(writer.made) + ("\n...\n" if writer.open_ended else "\n"))


_LINE_WIDTH = 80
_KEY_LIMIT = 128
_SPECIAL = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_NO_BLOCK = re.compile(r" \n| \Z")
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"',
    "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_QUOTED = frozenset('"\\\x85\u2028\u2029\n\ufeff')


class _Writer:
    """Writes as libyaml's emitter does, whose port Terraform uses."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.open_ended = False

    def node(self, term: Term, indent: int, where: str) -> None:
        """Write `term`, which is the `root`, an `item` after its dash or a `value` after its colon."""
        if indent > DEPTH_LIMIT // 2:
            raise Withheld("the value is nested too deeply for YAML")
        lead = "" if where == "root" else " "
        deeper = max(indent + 2, 0) if indent >= 0 else 0
        self.open_ended = False
        match term:
            case List(items=found) | Set(items=found) | Tuple(items=found) if found:
                self.sequence(found, indent if where == "value" else deeper, where)
            case Map(members=members) | Object(members=members) if members:
                self.mapping(members, deeper, where)
            case List() | Set() | Tuple():
                self.made.append(lead + "[]")
            case Map() | Object():
                self.made.append(lead + "{}")
            case Text(value):
                self.made.append(lead)
                self.text(value, max(indent, 0) + 2)
            case Null() | Bool() | Number():
                self.made.append(lead + ("null" if isinstance(term, Null) else text_of(term)))
                self.open_ended = where == "root"
            case _:
                raise TypeError("an unknown value cannot be written as YAML")

    def sequence(self, found: tuple[Term, ...], indent: int, where: str) -> None:
        self.begin(indent, where)
        for place, item in enumerate(found):
            self.made.append(f"\n{' ' * indent}-" if place else "-")
            self.node(item, indent, "item")

    def mapping(self, members: Mapping[str, Term], indent: int, where: str) -> None:
        self.begin(indent, where)
        for place, (name, member) in enumerate(members.items()):
            if "\n" in name or len(name.encode()) > _KEY_LIMIT:
                raise Withheld("a key is too long to stand on a line of YAML")
            self.made.append(f"\n{' ' * indent}" if place else "")
            self.quoted(name, None)
            self.made.append(":")
            self.node(member, indent, "value")

    def begin(self, indent: int, where: str) -> None:
        if where == "value":
            self.made.append(f"\n{' ' * indent}")
        elif where == "item":
            self.made.append(" ")

    def text(self, value: str, indent: int) -> None:
        if "\n" not in value or _SPECIAL.search(value) or _NO_BLOCK.search(value):
            self.quoted(value, indent)
            return
        ending = "" if value.endswith("\n") else "-"
        if value.endswith("\n\n") or value == "\n":
            ending = "+"
        self.made.append(f"|{'2' if value[0] in ' ' + chr(10) else ''}{ending}")
        for line in value.removesuffix("\n").split("\n"):
            self.made.append(f"\n{' ' * indent}{line}" if line else "\n")

    def column(self) -> int:
        """How many letters stand on the last line."""
        length = 0
        for piece in reversed(self.made):
            if "\n" in piece:
                return length + len(piece) - piece.rfind("\n") - 1
            length += len(piece)
        return length

    def quoted(self, value: str, indent: int | None) -> None:
        """Write `value` in double quotes, with breaks at blanks that go on at `indent` if that is given."""
        column = self.column() + 1
        made, spaces = [], False
        for place, letter in enumerate(value):
            if letter == " ":
                inside = 0 < place < len(value) - 1
                if indent is not None and not spaces and column > _LINE_WIDTH and inside:
                    broken = "\n" + " " * indent + ("\\" if value[place + 1] == " " else "")
                    made.append(broken)
                    column = len(broken) - 1
                else:
                    made.append(" ")
                    column += 1
                spaces = True
                continue
            shown = _shown(letter)
            made.append(shown)
            column += len(shown)
            spaces = False
        self.made.append(f'"{"".join(made)}"')


def _shown(letter: str) -> str:
    if letter not in _QUOTED and not _SPECIAL.match(letter):
        return letter
    if letter in _ESCAPES:
        return "\\" + _ESCAPES[letter]
    code = ord(letter)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def decode(source: Text) -> Term:
    """What `yamldecode` gives: objects, tuples and scalars. Raises `Fault` where the text is no YAML document."""
    try:
        with deep_recursion():
            return _Reader(source).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise Fault(f"the text is not YAML: {problem}{where}") from None


class _Reader:
    def __init__(self, source: Text):
        self.source = source
        self.events = yaml.parse(source.value or "\n", Loader=_Loader)
        self.anchors: dict[str, Term] = {}

    def document(self) -> Term:
        next(self.events)
        if not isinstance(next(self.events), yaml.DocumentStartEvent):
            raise Fault("the text holds no YAML document")
        found = self.value(next(self.events), 0)
        next(self.events)
        if not isinstance(next(self.events), yaml.StreamEndEvent):
            raise Fault("the text holds more than one YAML document")
        return found

    def place(self, event: Any) -> Place | None:
        if not self.source.trace:
            return self.source.place
        whole = self.source.trace[0].place
        begin = min(whole.start + event.start_mark.index, whole.end)
        return whole._replace(start=begin, end=min(whole.start + event.end_mark.index, whole.end))

    def value(self, event: Any, depth: int) -> Term:
        if depth > DEPTH_LIMIT // 4:
            raise Withheld("the YAML text is nested too deeply")
        found: Term
        match event:
            case yaml.AliasEvent():
                if event.anchor not in self.anchors:
                    raise Fault(f"the YAML text refers to `{event.anchor}` before it is complete")
                return self.anchors[event.anchor]
            case yaml.ScalarEvent():
                found = replace(_resolved(event), place=self.place(event))
            case yaml.SequenceStartEvent():
                found = self.sequence(event, depth)
            case yaml.MappingStartEvent():
                found = self.mapping(event, depth)
            case _:
                raise Fault("the YAML text ends too early")
        check_size(found.size)
        if event.anchor:
            self.anchors[event.anchor] = found
        return found

    def sequence(self, event: Any, depth: int) -> Term:
        _check_tag(event, "seq")
        made: list[Term] = []
        while not isinstance(following := next(self.events), yaml.SequenceEndEvent):
            made.append(self.value(following, depth + 1))
        return Tuple(tuple(made), place=self.place(event))

    def mapping(self, event: Any, depth: int) -> Term:
        _check_tag(event, "map")
        members: dict[str, Term] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise Fault("a key in the YAML text is no string")
            if key.tag == f"{_TAG}merge":
                raise Withheld("what Terraform makes of the YAML tag `!!merge` depends on its version")
            if key.value == "<<" and not key.tag:
                members.update(_merged(self.value(next(self.events), depth + 1)))
                continue
            name = _resolved(key)
            if not isinstance(name, Bool | Number | Text):
                raise Fault("a key in the YAML text is null")
            members[text_of(name)] = self.value(next(self.events), depth + 1)
        return Object(members, place=self.place(event))


def _check_tag(event: Any, kind: str) -> None:
    if event.tag not in (None, _TAG + kind):
        raise Fault(f"the YAML text has the tag `{event.tag.replace(_TAG, '!!')}` where none is supported")


def _merged(term: Term) -> Mapping[str, Term]:
    if isinstance(term, Tuple):
        raise Withheld("what Terraform makes of a list that YAML merges depends on its version")
    if not isinstance(term, Object):
        raise Fault("the YAML text merges something that is no mapping")
    return term.members


def _resolved(event: Any) -> Bool | Number | Text | Null:
    """What a scalar stands for, by the steps of github.com/zclconf/go-cty-yaml."""
    tag = _short_tag(event)
    found = _scalar(event.value, tag, quoted=event.style in ("'", '"'))
    if tag or event.style in (None, ""):
        return found
    return Null(STRING) if isinstance(found, Null) else text(text_of(found))


def _short_tag(event: Any) -> str:
    tag: str = event.tag or ""
    if tag and tag.removeprefix(_TAG) not in _SCALAR_TAGS:
        raise Fault(f"the YAML text has the tag `{tag.replace(_TAG, '!!')}` where none is supported")
    return tag.removeprefix(_TAG)


def _scalar(value: str, tag: str, *, quoted: bool) -> Bool | Number | Text | Null:
    if tag not in ("str", "binary") and (not value or value[0] in _HINTS):
        if quoted:
            return text(value)
        if value in _WORDS:
            return Null() if _WORDS[value] is None else Bool(value in _TRUE)
        if value in _INFINITE:
            raise Withheld("an infinite number")
        if not tag and value in _NO_NUMBER:
            raise Fault("the YAML text holds a number that is none")
        if value[0] == "." and (real := floats.parse(value)) is not None:
            return Number(real)
        stamp = _timestamp(value) if tag in ("", "timestamp") else None
        if stamp is not None:
            return stamp
        if _INTEGER.fullmatch(value) or _FLOAT.fullmatch(value):
            tag = "float"
    return _tagged(value, tag)


def _tagged(value: str, tag: str) -> Bool | Number | Text | Null:
    match tag:
        case "" | "str":
            return text(value)
        case "binary" if _is_base64(value):
            return text(value)
        case "null":
            return Null()
        case "int" | "float" if (number := _number(value.replace("_", ""))) is not None:
            return number
        case "timestamp" if (stamp := _timestamp(value)) is not None:
            return stamp
        case _:
            raise Fault(f"the YAML text has the tag `!!{tag}`, which does not fit `{value}`")


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        return False
    return True


def _number(value: str) -> Number | None:
    real = floats.parse(value)
    if real is not None:
        return Number(real)
    try:
        whole = int(value, 0)
    except ValueError:
        return None
    return Number(whole, precision=floats.INTEGER_PRECISION) if -(2**63) <= whole < 2**64 else None


def _timestamp(value: str) -> Text | None:
    match = _DATE.fullmatch(value)
    if match is None:
        return None
    year, month, day, mark, hour, minute, second, fraction, zone = match.groups(default="")
    if (mark in ("T", "t")) is not bool(zone) or (mark == " " and zone):
        return None
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}{fraction}"
    stamp = Text(f"{year}-{int(month):02}-{int(day):02}T{clock}{zone or 'Z'}")
    try:
        return Text(dates.parsed("yamldecode", stamp, strict=False).shown)
    except Fault:
        return None
