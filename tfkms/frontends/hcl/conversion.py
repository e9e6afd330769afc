"""Conversion of values to a type, by the rules of go-cty's `convert` package."""

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.sets import set_of
from tfkms.frontends.hcl.terms import (
    Bool,
    Composite,
    HoledText,
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
    items,
)
from tfkms.frontends.hcl.types import (
    BOOL,
    COLLECTIONS,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    Primitive,
    SetType,
    TupleType,
    Type,
    friendly,
    is_dynamic_within,
    settled,
)
from tfkms.frontends.hcl.unification import convertible, element_type, unify
from tfkms.frontends.hcl.unknowns import derived


class CannotConvert(Exception):  # noqa: N818 - it is an answer
    """Raised where a term has no value of the wanted type; the message says what is required, in a few words."""


def convert(term: Term, kind: Type) -> Term:
    """`term` as a value of type `kind`, as for an argument or a variable of that type.

    Unknowns stay unknown, of the new type; null stays null. Raises `CannotConvert`.
    """
    if kind is DYNAMIC or term.type == kind:
        return term
    if not convertible(term.type, kind):
        raise CannotConvert(_requirement(term.type, kind))
    match term:
        case Null():
            return Null(_replaced(term.type, settled(kind)), sensitive=term.sensitive, place=term.place)
        case Unknown(members=members) if members is not None and isinstance(kind, ObjectType):
            made = {name: convert(members(name), wanted) for name, wanted in kind.attributes.items()}
            return Object(made, sensitive=term.sensitive, place=term.place)
        case Unknown(hole=hole):
            plain = term.plain or term.type in (NUMBER, BOOL)
            wanted = _replaced(term.type, settled(kind))
            return Unknown(
                wanted, hole, term.not_null, plain and wanted is STRING, sensitive=term.sensitive, place=term.place
            )
        case HoledText():
            assert isinstance(kind, Primitive)
            return derived(f"to{kind.name}", (term,), kind)
        case Bool() | Number() | Text():
            assert isinstance(kind, Primitive)
            return _primitive(term, kind)
        case _:
            return _composite(term, kind)


def _requirement(given: Type, wanted: Type) -> str:
    match wanted:
        case ObjectType(attributes, optional):
            if isinstance(given, ObjectType):
                missing = sorted(attributes.keys() - given.attributes.keys() - optional)
                if missing:
                    return f"attribute {missing[0]!r} is required".replace("'", "`")
                for name, attribute in sorted(attributes.items()):
                    if name in given.attributes and not convertible(given.attributes[name], attribute):
                        return f"attribute `{name}`: {_requirement(given.attributes[name], attribute)}"
            return "object required"
        case Primitive():
            return f"{wanted.name} required"
        case _:
            return f"{friendly(wanted)} required"


def text_of(term: Bool | Number | Text) -> str:
    """The known scalar as a string."""
    match term:
        case Bool(value):
            return "true" if value else "false"
        case Number(value, precision=precision):
            return floats.plain(value, precision)
        case Text(value):
            return value


def _primitive(term: Bool | Number | Text, kind: Primitive) -> Term:
    if kind is STRING:
        return Text(text_of(term), sensitive=term.sensitive, place=term.place)
    shown = text_of(term)
    if kind is NUMBER:
        number = floats.parse(shown)
        if number is None:
            raise CannotConvert("a number is required")
        return Number(number, sensitive=term.sensitive, place=term.place)
    if shown in ("true", "1", "false", "0"):
        return Bool(shown in ("true", "1"), sensitive=term.sensitive, place=term.place)
    hint = f'; to convert from string, use lowercase "{shown.lower()}"' if shown.lower() in ("true", "false") else ""
    raise CannotConvert(f"a bool is required{hint}")


def _composite(term: Composite, kind: Type) -> Term:
    if isinstance(kind, COLLECTIONS) and kind.element is DYNAMIC and _is_open(term):
        return derived("convert", (term,), kind)
    match kind:
        case ListType(element):
            if isinstance(term, Set) and not term.whole:
                return derived("tolist", (term,), ListType(_common(term, element)))
            made = _converted_items(term, element)
            return List(_element(made, term, element), tuple(made), sensitive=term.sensitive, place=term.place)
        case SetType(element):
            made = _converted_items(term, element, unified=not isinstance(term, Tuple))
            return set_of(_element(made, term, element), made, sensitive=term.sensitive, place=term)
        case MapType(element):
            assert isinstance(term, Map | Object)
            made = _converted_items(term, element, unified=not isinstance(element, TupleType))
            members = dict(zip(term.members, made, strict=True))
            return Map(_element(made, term, element), members, sensitive=term.sensitive, place=term.place)
        case TupleType(elements):
            made = [convert(item, wanted) for item, wanted in zip(items(term), elements, strict=True)]
            return Tuple(tuple(made), sensitive=term.sensitive, place=term.place)
        case ObjectType():
            assert isinstance(term, Map | Object)
            return _object(term, kind)
        case _:
            raise CannotConvert(_requirement(term.type, kind))


def _is_open(term: Composite) -> bool:
    """Whether the type that its items have in common is not known yet."""
    return isinstance(term, Tuple | Object) and any(_is_untyped(item) for item in items(term))


def _is_untyped(term: Term) -> bool:
    return isinstance(term, Unknown) and is_dynamic_within(term.type)


def _common(term: Composite, element: Type) -> Type:
    """The element type that a collection made of `term` has, `element` being wanted."""
    if element is not DYNAMIC:
        return settled(element)
    match term.type:
        case ListType(given) | SetType(given) | MapType(given):
            return given
        case _:
            return unify([item.type for item in items(term)]) or DYNAMIC


def _converted_items(term: Composite, element: Type, *, unified: bool = True) -> list[Term]:
    """The items as values of type `element`. What it leaves open may come out unlike; `unified` makes that alike."""
    wanted = element if element is not DYNAMIC else _common(term, element)
    made = [convert(item, wanted) for item in items(term)]
    kinds = [item.type for item in made]
    if not kinds or all(kind == kinds[0] for kind in kinds):
        return made
    common = unify(kinds) if unified else None
    alike = [convert(item, common) for item in made] if common is not None else []
    if isinstance(term, Object):  # a null in a map is of the type of the others
        typed = next((item.type for item in alike if item.type is not DYNAMIC), DYNAMIC)
        alike = [convert(item, typed) if item.type is DYNAMIC else item for item in alike]
    if not alike or any(item.type != alike[0].type for item in alike if not _is_untyped(item)):
        raise CannotConvert("all elements must have the same type")
    return alike


def _element(made: list[Term], term: Composite, element: Type) -> Type:
    return made[0].type if made else _common(term, element)


def _object(term: Map | Object, kind: ObjectType) -> Object:
    members: dict[str, Term] = {}
    for name, wanted in kind.attributes.items():
        if name in term.members:
            try:
                members[name] = convert(term.members[name], wanted)
            except CannotConvert as reason:
                raise CannotConvert(f"attribute `{name}`: {reason}") from None
        elif name in kind.optional:
            members[name] = Null(settled(wanted))
        else:
            raise CannotConvert(f"attribute `{name}` is required")
    return Object(members, sensitive=term.sensitive, place=term.place)


def _replaced(given: Type, wanted: Type) -> Type:
    """`wanted`, its unknown parts filled in from `given`."""
    if given is DYNAMIC:
        return wanted
    match wanted, given:
        case Primitive(), _:
            return given if wanted is DYNAMIC else wanted
        case MapType(element), (MapType() | ObjectType()):
            return MapType(_replaced(element_type(given), element))
        case ListType(element), (ListType() | SetType() | TupleType()):
            return ListType(_replaced(element_type(given), element))
        case SetType(element), (ListType() | SetType() | TupleType()):
            return SetType(_replaced(element_type(given), element))
        case ObjectType(attributes), ObjectType(given_attributes):
            return ObjectType(
                {name: _replaced(given_attributes.get(name, DYNAMIC), kind) for name, kind in attributes.items()}
            )
        case ObjectType(attributes), MapType(element):
            return ObjectType({name: _replaced(element, kind) for name, kind in attributes.items()})
        case TupleType(elements), TupleType(others):
            return TupleType(tuple([_replaced(one, kind) for one, kind in zip(others, elements, strict=True)]))
        case _:
            return wanted
