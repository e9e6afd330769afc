"""From the language's terms to the values that the rest of tfkms takes."""

from types import MappingProxyType

from tfkms import values
from tfkms.frontends.hcl import json_text, terms
from tfkms.frontends.hcl.faults import deep_recursion
from tfkms.frontends.hcl.terms import Place, Term
from tfkms.frontends.hcl.unknowns import part_hole
from tfkms.location import Span
from tfkms.values import Hole, Value

_WHOLE_BITS = 4_000


def to_value(term: Term) -> Value:
    """`term` as JSON would carry it, with holes: sequences as tuples, mappings read-only.

    A number is an `int` where it is whole, else the nearest `float`; one of more digits than Python writes is unknown.
    """
    with deep_recursion():
        return _value(term)


def _value(term: Term) -> Value:
    match term:
        case terms.Null():
            return None
        case terms.Bool(value) | terms.Text(value):
            return value
        case terms.Number(value) if isinstance(value, int) and value.bit_length() > _WHOLE_BITS:
            return values.Unknown(Hole("", "", "the number is beyond all measure"))
        case terms.Number(value):
            return value if isinstance(value, int) else float(value)
        case terms.Unknown(hole=hole):
            return values.Unknown(hole)
        case terms.HoledText(parts=(terms.Part() as part,)):
            return values.Unknown(part_hole(part))
        case terms.HoledText(parts):
            return values.text(*[part if isinstance(part, str) else part_hole(part) for part in parts])
        case terms.List() | terms.Set() | terms.Tuple():
            return tuple([_value(item) for item in term.items])
        case terms.Map(members=members) | terms.Object(members=members):
            return MappingProxyType({name: _value(member) for name, member in members.items()})


def document(term: Term) -> Term:
    """The JSON document that a text is, each part with the place where it was written.

    Unknown where the text is, or where a hole could change what stands around it. Raises `Fault` where it is no JSON.
    """
    return json_text.decode(term)


def places(term: Term) -> dict[str, Place]:
    """Where each part of `term` was written, by JSON pointer; parts that stand in no file are left out."""
    found: dict[str, Place] = {}
    pending: list[tuple[str, Term]] = [("", term)]
    while pending:
        path, part = pending.pop()
        if part.place is not None and part.place.source.in_file:
            found[path] = part.place
        match part:
            case terms.List() | terms.Set() | terms.Tuple():
                pending.extend([(f"{path}/{number}", item) for number, item in enumerate(part.items)])
            case terms.Map(members=members) | terms.Object(members=members):
                pending.extend([(f"{path}/{values.pointer_step(name)}", item) for name, item in members.items()])
            case _:
                pass
    return found


def span(place: Place) -> Span:
    """The lines of a place."""
    return place.source.span(place.start, place.end)


def via(place: Place) -> tuple[str, ...]:
    """The module calls that lead to a place, as `file:line`, the outermost first."""
    spans = [span(call) for call in place.calls]
    return tuple([f"{each.file}:{each.line}" for each in spans])
