"""Values of Terraform's language: known, partly known and unknown, each with where it was written.

A `Term` is what an expression evaluates to. Every term has a `type`; `whole` says that nothing in it is unknown,
`marked` that something in it is sensitive, `size` how many leaves it has. Where a term was written (`place`) and what a
text encodes (`document`) take no part in equality.

Text that is known in parts is a `HoledText`, and so is what `jsonencode` makes of a value with unknown leaves: the
structure stays readable around the holes.
"""

import unicodedata
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple, TypeAlias, TypeVar, Union

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from tfkms.frontends.hcl.floats import PRECISION, Real
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
)
from tfkms.values import Hole


class Place(NamedTuple):
    """Where an expression stands: offsets into `source`, and the module calls that lead there, the outermost first."""

    source: SourceText
    start: int
    end: int
    calls: tuple["Place", ...] = ()


class Stretch(NamedTuple):
    """A stretch of a text, from the letter number `start` on, and where it was written.

    `made`: an expression made it, so that its letters do not stand there one by one.
    """

    start: int
    place: Place
    made: bool = False


Trace: TypeAlias = tuple[Stretch, ...]


Content: TypeAlias = tuple[object, ...]


class _Term(Struct, frozen=True, eq=False, kw_only=True):
    """Terms are equal if they are of one kind and their content is: where they were written plays no part."""

    sensitive: bool = False
    place: Place | None = None

    @property
    @abstractmethod
    def _content(self) -> Content:
        """What makes it what it is."""

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, _Term) and type(other) is type(self) and other._content == self._content
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._content)


class _Simple(_Term, frozen=True, eq=False):
    """A term that has no items."""

    size = 1

    @property
    def marked(self) -> bool:
        """Whether it is sensitive."""
        return self.sensitive


class Null(_Simple, frozen=True, eq=False):
    """No value. `type` is what it would be of."""

    type: Type = DYNAMIC

    whole = True

    @property
    def _content(self) -> Content:
        return (self.type, self.sensitive)


class Bool(_Simple, frozen=True, eq=False):
    """`true` or `false`."""

    value: bool

    type = BOOL
    whole = True

    @property
    def _content(self) -> Content:
        return (self.value, self.sensitive)


class Number(_Simple, frozen=True, eq=False):
    """A number, computed and printed with `precision` bits (`floats`)."""

    value: Real
    precision: int = PRECISION

    type = NUMBER
    whole = True

    @property
    def _content(self) -> Content:
        return (self.value, self.sensitive)


class Text(_Simple, frozen=True, eq=False):
    """A known string, in Unicode normal form C.

    `document` is the term that it encodes as JSON, where that is known. `trace` says where stretches of it were
    written, in order.
    """

    value: str
    document: "Term | None" = None
    trace: "Trace" = ()

    type = STRING
    whole = True

    @property
    def _content(self) -> Content:
        return (self.value, self.sensitive)

    @property
    def prefix(self) -> str:
        """The text that it begins with, as far as that is known: all of it."""
        return self.value

    @property
    def suffix(self) -> str:
        """The text that it ends with, as far as that is known: all of it."""
        return self.value


class Unknown(_Simple, frozen=True, eq=False):
    """A value of which only the type is known, and what its refinements say.

    `not_null`: it is certainly not null. `plain`: it is a text without quotes, backslashes and control characters, so
    that it cannot end a JSON string that it stands in. `members` tells attributes of an object that is not known as a
    whole: of a resource each can be asked for, but not which others its provider adds.
    """

    type: Type
    hole: Hole
    not_null: bool = False
    plain: bool = False
    members: "Callable[[str], Term] | None" = None

    whole = False

    @property
    def _content(self) -> Content:
        return (self.type, self.hole, self.not_null, self.plain, self.sensitive)


class Encoding(Enum):
    """How a hole stands in a text: as a whole JSON value, or escaped inside a JSON string."""

    JSON_VALUE = "json value"
    JSON_STRING = "json string"


class Part(Struct, frozen=True):
    """A hole in a text: `unknown` after `encodings`, applied in order. Without any it is a string, number or bool."""

    unknown: Unknown
    encodings: tuple[Encoding, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it stays inside a JSON string that it stands in."""
        if self.encodings:
            return self.encodings[-1] is Encoding.JSON_STRING
        return self.unknown.plain or self.unknown.type in (NUMBER, BOOL)


class HoledText(_Simple, frozen=True, eq=False):
    """A string of which some parts are known; never null, never without a hole, no two literal parts side by side.

    `document` and `trace` as for `Text`; a hole counts as one letter there.
    """

    parts: tuple[str | Part, ...]
    document: "Term | None" = None
    trace: "Trace" = ()

    type = STRING
    whole = False

    @property
    def _content(self) -> Content:
        return (self.parts, self.sensitive)

    @property
    def prefix(self) -> str:
        """The text that it begins with, as far as that is known."""
        return self.parts[0] if isinstance(self.parts[0], str) else ""

    @property
    def suffix(self) -> str:
        """The text that it ends with, as far as that is known."""
        return self.parts[-1] if isinstance(self.parts[-1], str) else ""

    @property
    def plain(self) -> bool:
        """Whether it holds no quote, backslash or control character, whatever the holes hold."""
        return all(is_plain(part) if isinstance(part, str) else part.plain for part in self.parts)


class _Collection(_Term, frozen=True, eq=False, kw_only=True):
    """What is worked out of the items of a collection once, when it is made."""

    type: Type = DYNAMIC
    whole: bool = True
    marked: bool = False
    size: int = 1

    def _sum_up(self, kind: Type, sensitive: bool, children: Iterable["Term"]) -> None:
        whole, marked, size = True, sensitive, 1
        for child in children:
            whole = whole and child.whole
            marked = marked or child.marked
            size += child.size
        force_setattr(self, "type", kind)
        force_setattr(self, "whole", whole)
        force_setattr(self, "marked", marked)
        force_setattr(self, "size", size)


class List(_Collection, frozen=True, eq=False):
    """`list(element)`: items of one type."""

    element: Type
    items: tuple["Term", ...]

    @property
    def _content(self) -> Content:
        return (self.element, self.items, self.sensitive)

    def __post_init__(self) -> None:
        self._sum_up(ListType(self.element), self.sensitive, self.items)


class Set(_Collection, frozen=True, eq=False):
    """`set(element)`: distinct items in Terraform's order; unknown ones come last and may equal others."""

    element: Type
    items: tuple["Term", ...]

    @property
    def _content(self) -> Content:
        return (self.element, self.items, self.sensitive)

    def __post_init__(self) -> None:
        self._sum_up(SetType(self.element), self.sensitive, self.items)


class Tuple(_Collection, frozen=True, eq=False):
    """What `[…]` makes: items of any types."""

    items: tuple["Term", ...]

    @property
    def _content(self) -> Content:
        return (self.items, self.sensitive)

    def __post_init__(self) -> None:
        self._sum_up(TupleType(tuple([item.type for item in self.items])), self.sensitive, self.items)


class Map(_Collection, frozen=True, eq=False):
    """`map(element)`: members of one type, sorted by key."""

    element: Type
    members: Mapping[str, "Term"]

    @property
    def _content(self) -> Content:
        return (self.element, self.members, self.sensitive)

    def __post_init__(self) -> None:
        force_setattr(self, "members", _by_key(self.members))
        self._sum_up(MapType(self.element), self.sensitive, self.members.values())


class Object(_Collection, frozen=True, eq=False):
    """What `{…}` makes: members of any types, sorted by name."""

    members: Mapping[str, "Term"]

    @property
    def _content(self) -> Content:
        return (self.members, self.sensitive)

    def __post_init__(self) -> None:
        members = _by_key(self.members)
        force_setattr(self, "members", members)
        kind = ObjectType({name: member.type for name, member in members.items()})
        self._sum_up(kind, self.sensitive, members.values())


Sequence: TypeAlias = List | Set | Tuple
Mapped: TypeAlias = Map | Object
Composite: TypeAlias = Sequence | Mapped
Scalar: TypeAlias = Null | Bool | Number | Text
Term: TypeAlias = Union[Scalar, Unknown, HoledText, Composite]  # noqa: UP007 - names itself within
_Any = TypeVar("_Any", bound=Term)


def _by_key(members: Mapping[str, Term]) -> Mapping[str, Term]:
    return {name: members[name] for name in sorted(members)}


def text(value: str, place: Place | None = None) -> Text:
    """A known string, normalised as Terraform does."""
    return Text(_normal(value), place=place)


def _normal(value: str) -> str:
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def holed(parts: list[str | Part], place: Place | None = None) -> Text | HoledText:
    """The string made of `parts`, in order; a `Text` where no part is a hole."""
    joined: list[str | Part] = []
    pending: list[str] = []
    for part in parts:
        if isinstance(part, str):
            pending.append(part)
            continue
        literal = "".join(pending)
        joined.extend([_normal(literal), part] if literal else [part])
        pending = []
    literal = "".join(pending)
    if not joined:
        return text(literal, place)
    if literal:
        joined.append(_normal(literal))
    return HoledText(tuple(joined), place=place)


def simplest(term: Term) -> Term:
    """`term`; but where a text is one unknown string and nothing else, that."""
    if isinstance(term, HoledText) and len(term.parts) == 1:
        [part] = term.parts
        if isinstance(part, Part) and not part.encodings and part.unknown.type is STRING:
            sensitive = term.sensitive or part.unknown.sensitive
            return replace(part.unknown, not_null=True, sensitive=sensitive, place=term.place)
    return term


def text_parts(term: Term) -> list[str | Part]:
    """The literal and unknown parts of a string term that is not null."""
    match term:
        case Text(value):
            return [value]
        case HoledText(parts):
            return list(parts)
        case Unknown():
            return [Part(term)]
        case _:
            raise TypeError(f"{term.type} is no text")


def length(parts: list[str | Part]) -> int:
    """How many letters the parts of a text have; a hole counts as one."""
    return sum([len(part) if isinstance(part, str) else 1 for part in parts])


def is_plain(value: str) -> bool:
    """Whether `value` reads the same inside a JSON string: no quote, no backslash, no control character."""
    return '"' not in value and "\\" not in value and not any(letter < " " for letter in value)


def is_unknown(term: Term) -> bool:
    """Whether Terraform takes the term itself, not only something in it, for unknown."""
    return isinstance(term, Unknown | HoledText)


def is_null(term: Term) -> bool:
    """Whether it is certainly null."""
    return isinstance(term, Null)


def may_be_null(term: Term) -> bool:
    """Whether it is null or could turn out to be."""
    return isinstance(term, Null) or (isinstance(term, Unknown) and not term.not_null)


def items(term: Composite) -> tuple[Term, ...]:
    """The items of a sequence, or the members of a mapping in the order of their keys."""
    if isinstance(term, Map | Object):
        return tuple(term.members.values())
    return term.items


def pairs(term: Composite) -> Iterator[tuple[Term, Term]]:
    """Keys and values as `for` meets them: numbers from 0, a set's items twice, sorted names."""
    match term:
        case Map(members=members) | Object(members=members):
            for name, member in members.items():
                yield Text(name), member
        case Set(items=found):
            for item in found:
                yield item, item
        case List(items=found) | Tuple(items=found):
            for position, item in enumerate(found):
                yield Number(position, precision=64), item


def with_sensitive(term: _Any, sensitive: bool = True) -> _Any:
    """The term, marked as sensitive if `sensitive`; a mark that is there stays."""
    return replace(term, sensitive=True) if sensitive and not term.sensitive else term


def at(term: _Any, place: Place | None) -> _Any:
    """The term with `place` for where it was written."""
    return replace(term, place=place)


def with_trace(term: Text | HoledText, trace: Trace) -> Text | HoledText:
    """The text with where stretches of it were written."""
    return replace(term, trace=trace)


def with_children(term: Composite, children: list[Term]) -> Composite:
    """`term` with other items or members, in the same order and of types that fit."""
    match term:
        case List() | Set() | Tuple():
            return replace(term, items=tuple(children))
        case Map() | Object():
            return replace(term, members=dict(zip(term.members, children, strict=True)))


def bare(term: _Any) -> _Any:
    """The term without its own mark; what is in it keeps its marks."""
    return replace(term, sensitive=False) if term.sensitive else term


def unmarked(term: Term) -> Term:
    """The term without sensitive marks, its own and those of everything in it."""
    if not term.marked:
        return term
    if isinstance(term, List | Set | Tuple | Map | Object):
        term = with_children(term, [unmarked(child) for child in items(term)])
    return bare(term)


def first_hole(term: Term) -> Hole | None:
    """The hole met first in the term, if any."""
    match term:
        case Unknown(hole=hole):
            return hole
        case HoledText(parts):
            return next(part.unknown.hole for part in parts if isinstance(part, Part))
        case List() | Set() | Tuple() | Map() | Object() if not term.whole:
            for child in items(term):
                found = first_hole(child)
                if found is not None:
                    return found
            return None
        case _:
            return None
