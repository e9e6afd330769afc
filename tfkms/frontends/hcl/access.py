"""`value.name`, `value[key]` and what they refuse."""

from msgspec.structs import replace

from tfkms.diagnostics import did_you_mean
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.floats import short
from tfkms.frontends.hcl.terms import (
    List,
    Map,
    Null,
    Number,
    Object,
    Set,
    Term,
    Text,
    Tuple,
    Unknown,
    with_sensitive,
)
from tfkms.frontends.hcl.types import (
    DYNAMIC,
    MAPPINGS,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
    friendly,
)
from tfkms.frontends.hcl.unknowns import derived
from tfkms.values import Hole, hole_name, pointer_step


def attribute(term: Term, name: str) -> Term:
    """`term.name`. Of an unknown it is unknown; raises `Fault` where there cannot be one of that name."""
    match term:
        case Null():
            raise Fault(f"null has no attribute `{name}`")
        case Object(members=members) | Map(members=members):
            if name in members:
                return with_sensitive(members[name], term.sensitive)
            what = "element" if isinstance(term, Map) else "attribute"
            hint = None if term.marked else did_you_mean(name, members)
            raise Fault(f"the {friendly(term.type)} has no {what} `{name}`", hint)
        case Unknown(members=members) if members is not None:
            return with_sensitive(members(name), term.sensitive)
        case Unknown(type=ObjectType(attributes)):
            if name not in attributes:
                raise Fault(f"the object has no attribute `{name}`", did_you_mean(name, attributes))
            return _below(term, attributes[name], f".{name}", name)
        case Unknown(type=MapType(element)):
            return _below(term, element, f".{name}", name)
        case Unknown(type=kind) if kind is DYNAMIC:
            return _below(term, DYNAMIC, f".{name}", name)
        case _:
            hint = None
            if isinstance(term.type, ListType | SetType | TupleType):
                hint = f"write `[*].{name}` for that of every element"
            raise Fault(f"a {friendly(term.type)} has no attribute `{name}`", hint)


def index(term: Term, key: Term) -> Term:
    """`term[key]`. Raises `Fault` for a key that does not fit or is not there."""
    try:
        return _index(term, key)
    except Fault:
        if key.marked or term.marked:
            raise Fault("there is no such element in something sensitive") from None
        raise


def _index(term: Term, key: Term) -> Term:
    if isinstance(term, Null):
        raise Fault("null has no elements")
    if isinstance(key, Null):
        raise Fault("null cannot be a key")
    if isinstance(term, Unknown) and term.members is not None and isinstance(key, Text):
        return with_sensitive(term.members(key.value), term.sensitive or key.sensitive)
    if term.type is DYNAMIC or key.type is DYNAMIC:
        return derived("index", (term, key), DYNAMIC, not_null=False)
    if isinstance(term.type, MAPPINGS):
        return _member(term, _key(key, STRING))
    if isinstance(term.type, ListType | TupleType):
        return _item(term, _key(key, NUMBER))
    what = "a set has no keys" if isinstance(term.type, SetType) else f"a {friendly(term.type)} has no elements"
    raise Fault(what, "convert it with `tolist` first" if isinstance(term, Set) else None)


def _key(key: Term, kind: Type) -> Term:
    try:
        return convert(key, kind)
    except CannotConvert as reason:
        raise Fault(f"the key does not fit: {reason}") from None


def _member(term: Term, key: Term) -> Term:
    # an object is asked for an attribute, and forgets what it was asked with
    sensitive = term.sensitive or (key.sensitive and not isinstance(term.type, ObjectType))
    if isinstance(key, Text):
        name = key.value
        match term:
            case Object(members=members) | Map(members=members):
                if name not in members:
                    raise Fault(f"there is no element `{name}`", did_you_mean(name, members))
                return with_sensitive(members[name], sensitive)
            case Unknown(type=ObjectType(attributes)):
                if name not in attributes:
                    raise Fault(f"there is no element `{name}`", did_you_mean(name, attributes))
                return with_sensitive(_element(term, attributes[name], key, f'["{name}"]', name), sensitive)
            case Unknown(type=MapType(element)):
                return with_sensitive(_element(term, element, key, f'["{name}"]', name), sensitive)
            case _:
                pass
    kind = term.type.element if isinstance(term.type, MapType) else DYNAMIC
    return derived("index", (term, key), kind, not_null=False)


def _item(term: Term, key: Term) -> Term:
    sensitive = term.sensitive or key.sensitive
    if isinstance(key, Number):
        if isinstance(term, Unknown) and isinstance(term.type, ListType):  # any key is one that may be there
            step = short(key.value)
            return with_sensitive(_element(term, term.type.element, key, f"[{step}]", step), sensitive)
        if not isinstance(key.value, int):
            raise Fault("the key of a list must be a whole number")
        if key.value < 0:
            raise Fault("the key of a list must not be negative", "take `list[length(list) - 1]` for the last")
        match term:
            case List(items=found) | Tuple(items=found):
                if key.value >= len(found):
                    raise Fault(f"there is no element {short(key.value)} among {len(found)}")
                return with_sensitive(found[key.value], sensitive)
            case Unknown(type=TupleType(elements)):
                if key.value >= len(elements):
                    raise Fault(f"there is no element {short(key.value)} among {len(elements)}")
                return with_sensitive(_element(term, elements[key.value], key, f"[{key.value}]", key.value), sensitive)
            case _:
                pass
    kind = term.type.element if isinstance(term.type, ListType) else DYNAMIC
    return derived("index", (term, key), kind, not_null=False)


def _element(term: Unknown, kind: Type, key: Term, step: str, pointer: str | int) -> Unknown:
    """As `_below`, named without the key where that is sensitive."""
    if not key.sensitive:
        return _below(term, kind, step, pointer)
    return replace(derived("index", (term, key), kind, not_null=False), sensitive=term.sensitive)


def _below(term: Unknown, kind: Type, step: str, pointer: str | int) -> Unknown:
    """What is unknown because what it is taken of is. Equal steps from equal holes give equal holes."""
    hole = term.hole
    references = (f"{hole_name(hole)}{step}", *hole.references)
    path = f"{hole.path}/{pointer_step(pointer)}"
    return Unknown(kind, Hole(hole.address, path, hole.reason, references, hole.fresh), sensitive=term.sensitive)
