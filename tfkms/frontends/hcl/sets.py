"""Sets: which members are one, and in what order Terraform goes over them."""

from collections.abc import Sequence
from functools import cmp_to_key

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.equality import equal
from tfkms.frontends.hcl.terms import Bool, List, Map, Null, Number, Object, Set, Term, Text, Tuple, items
from tfkms.frontends.hcl.types import Type


def set_of(element: Type, members: Sequence[Term], *, sensitive: bool = False, place: Term | None = None) -> Set:
    """The set of `members`, duplicates left out, in Terraform's order. Marks of members move to the set."""
    known: list[Term] = []
    open_: list[Term] = []
    for member in members:
        sensitive = sensitive or member.marked
        (known if member.whole else open_).append(member)
    known.sort(key=cmp_to_key(_before))
    distinct: list[Term] = []
    for member in known:
        if not distinct or equal(distinct[-1], member) is not True:
            distinct.append(member)
    return Set(element, (*distinct, *open_), sensitive=sensitive, place=place.place if place is not None else None)


def _before(left: Term, right: Term) -> int:
    if isinstance(left, Null) or isinstance(right, Null):
        return int(isinstance(left, Null)) - int(isinstance(right, Null))
    match left, right:
        case Text(one), Text(other):
            return (one > other) - (one < other)
        case (Number(first), Number(second)) | (Bool(first), Bool(second)):
            return (first > second) - (first < second)
        case _:
            one_key, other_key = _sort_text(left), _sort_text(right)
            return (one_key > other_key) - (one_key < other_key)


def _sort_text(term: Term) -> bytes:
    """What go-cty sorts the members of a set of collections by (`makeSetHashBytes`)."""
    match term:
        case Null():
            return b"~"
        case Bool(value):
            return b"T" if value else b"F"
        case Number(value):
            return floats.general(value, digits=10).encode()
        case Text(value):
            return _quoted(value).encode()
        case Map(members=members):
            return (
                b"{" + b"".join([_sort_text(Text(k)) + b":" + _sort_text(v) + b";" for k, v in members.items()]) + b"}"
            )
        case List() | Set():
            return b"[" + b"".join([_sort_text(item) + b";" for item in term.items]) + b"]"
        case Tuple() | Object():
            return b"<" + b"".join([_sort_text(item) + b";" for item in items(term)]) + b">"
        case _:
            return b"?"


_GO_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}


def _quoted(value: str) -> str:
    """`value` as Go's `%q` writes it."""
    shown = []
    for letter in value:
        if letter in _GO_ESCAPES:
            shown.append(_GO_ESCAPES[letter])
        elif letter.isprintable():
            shown.append(letter)
        elif ord(letter) < 0x80:
            shown.append(f"\\x{ord(letter):02x}")
        else:
            shown.append(f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}")
    return f'"{"".join(shown)}"'
