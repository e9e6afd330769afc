"""Conversion between types, and the one type that several convert to, by the rules of go-cty's `convert` package."""

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from itertools import combinations

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.equality import equal
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
    MAPPINGS,
    NUMBER,
    SEQUENCES,
    STRING,
    CollectionType,
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
            return Null(_replaced(term.type, settled(kind)), term.sensitive, term.place)
        case Unknown(hole=hole):
            plain = term.plain or term.type in (NUMBER, BOOL)
            wanted = _replaced(term.type, settled(kind))
            return Unknown(wanted, hole, term.not_null, plain and wanted is STRING, term.sensitive, term.place)
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
        return Text(text_of(term), term.sensitive, term.place)
    shown = text_of(term)
    if kind is NUMBER:
        number = floats.parse(shown)
        if number is None:
            raise CannotConvert("a number is required")
        return Number(number, term.sensitive, term.place)
    if shown in ("true", "1", "false", "0"):
        return Bool(shown in ("true", "1"), term.sensitive, term.place)
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
            return List(_element(made, term, element), tuple(made), term.sensitive, term.place)
        case SetType(element):
            made = _converted_items(term, element)
            return set_of(_element(made, term, element), made, sensitive=term.sensitive, place=term)
        case MapType(element):
            assert isinstance(term, Map | Object)
            made = _converted_items(term, element)
            members = dict(zip(term.members, made, strict=True))
            return Map(_element(made, term, element), members, term.sensitive, term.place)
        case TupleType(elements):
            made = [convert(item, wanted) for item, wanted in zip(items(term), elements, strict=True)]
            return Tuple(tuple(made), term.sensitive, term.place)
        case ObjectType():
            assert isinstance(term, Map | Object)
            return _object(term, kind)
        case _:
            raise CannotConvert(_requirement(term.type, kind))


def _is_open(term: Composite) -> bool:
    """Whether the type that its items have in common is not known yet."""
    return isinstance(term, Tuple | Object) and any(
        isinstance(item, Unknown) and is_dynamic_within(item.type) for item in items(term)
    )


def _common(term: Composite, element: Type) -> Type:
    """The element type that a collection made of `term` has, `element` being wanted."""
    if element is not DYNAMIC:
        return settled(element)
    match term.type:
        case ListType(given) | SetType(given) | MapType(given):
            return given
        case _:
            return unify([item.type for item in items(term)]) or DYNAMIC


def _converted_items(term: Composite, element: Type) -> list[Term]:
    wanted = element if element is not DYNAMIC else _common(term, element)
    made = [convert(item, wanted) for item in items(term)]
    kinds = [item.type for item in made]
    if not kinds or all(kind == kinds[0] for kind in kinds):
        return made
    common = unify(kinds)
    if common is None:
        raise CannotConvert("all elements must have the same type")
    return [convert(item, common) for item in made]


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
    return Object(members, term.sensitive, term.place)


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
    return Set(element, (*distinct, *open_), sensitive, place.place if place is not None else None)


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


def convertible(given: Type, wanted: Type, *, unsafe: bool = True) -> bool:
    """Whether values of type `given` convert to `wanted`: all of them, or with `unsafe` some of them."""
    if wanted is DYNAMIC or given == wanted:
        return True
    if given is DYNAMIC:
        return unsafe
    match given, wanted:
        case Primitive(), Primitive():
            return wanted is STRING or (unsafe and given is STRING)
        case ((ListType(one) | SetType(one)), ListType(other)):
            return convertible(one, other, unsafe=unsafe)
        case ((ListType(one) | SetType(one)), SetType(other)):
            return (unsafe or isinstance(given, SetType)) and convertible(one, other, unsafe=unsafe)
        case MapType(one), MapType(other):
            return convertible(one, other, unsafe=unsafe)
        case TupleType(elements), (ListType(other) | SetType(other)):
            return _all_convertible(elements, other, unsafe=unsafe)
        case TupleType(elements), TupleType(others):
            return len(elements) == len(others) and all(
                convertible(one, other, unsafe=unsafe) for one, other in zip(elements, others, strict=True)
            )
        case ObjectType(attributes), MapType(other):
            return _all_convertible(tuple(attributes.values()), other, unsafe=unsafe)
        case MapType(one), ObjectType(attributes, optional):
            return unsafe and all(name in optional or convertible(one, other) for name, other in attributes.items())
        case ObjectType(attributes), ObjectType(others, optional):
            return all(
                convertible(attributes[name], other, unsafe=unsafe) if name in attributes else name in optional
                for name, other in others.items()
            )
        case _:
            return False


def _all_convertible(given: Sequence[Type], wanted: Type, *, unsafe: bool) -> bool:
    if wanted is DYNAMIC:
        return not given or unify(given, unsafe=unsafe) is not None
    return all(convertible(kind, wanted, unsafe=unsafe) for kind in given)


def _replaced(given: Type, wanted: Type) -> Type:
    """`wanted`, its unknown parts filled in from `given`."""
    if given is DYNAMIC:
        return wanted
    match wanted, given:
        case Primitive(), _:
            return given if wanted is DYNAMIC else wanted
        case MapType(element), (MapType() | ObjectType()):
            return MapType(_replaced(_element_type(given), element))
        case ListType(element), (ListType() | SetType() | TupleType()):
            return ListType(_replaced(_element_type(given), element))
        case SetType(element), (ListType() | SetType() | TupleType()):
            return SetType(_replaced(_element_type(given), element))
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


def _element_type(kind: Type) -> Type:
    match kind:
        case ListType(element) | SetType(element) | MapType(element):
            return element
        case TupleType(elements):
            return unify(elements) or DYNAMIC
        case ObjectType(attributes):
            return unify(tuple(attributes.values())) or DYNAMIC
        case _:
            return DYNAMIC


def unify(kinds: Sequence[Type], *, unsafe: bool = True) -> Type | None:
    """The type that values of all of `kinds` convert to, as the branches of a conditional do; None without one.

    None for no types at all, too.
    """
    if not kinds:
        return None
    if all(kind == kinds[0] for kind in kinds[1:]):
        return kinds[0]
    structural = _unify_alike(kinds, unsafe=unsafe)
    if structural is not None:
        return structural
    if _is_hopeless(kinds):
        return None
    for wanted in _by_preference(kinds):
        if all(convertible(kind, wanted, unsafe=unsafe) for kind in kinds):
            return wanted
    return None


def _is_hopeless(kinds: Sequence[Type]) -> bool:
    """Whether structural unification alone decides, and has found nothing."""
    given = [kind for kind in kinds if kind is not DYNAMIC]
    alike = all(isinstance(kind, type(given[0])) for kind in given) and not isinstance(given[0], Primitive)
    return alike or (
        any(isinstance(kind, ObjectType) for kind in given) and any(isinstance(kind, TupleType) for kind in given)
    )


def _unify_alike(kinds: Sequence[Type], *, unsafe: bool) -> Type | None:
    dynamic = any(kind is DYNAMIC for kind in kinds)
    given = [kind for kind in kinds if kind is not DYNAMIC]

    def only(*families: type[CollectionType | TupleType | ObjectType]) -> bool:
        return all(isinstance(kind, families) for kind in given)

    for family in (MapType, ListType, SetType):
        if only(family):
            return DYNAMIC if dynamic else _unify_collections(given, family, unsafe=unsafe)
    if only(ObjectType):
        return DYNAMIC if dynamic else _unify_objects([k for k in given if isinstance(k, ObjectType)], unsafe=unsafe)
    if only(TupleType):
        return DYNAMIC if dynamic else _unify_tuples([k for k in given if isinstance(k, TupleType)], unsafe=unsafe)
    if only(*MAPPINGS):
        return _unify_as(MapType, kinds, unsafe=unsafe)
    if only(ListType, TupleType):
        return _unify_as(ListType, kinds, unsafe=unsafe)
    return None


def _unify_collections(kinds: Sequence[Type], family: Callable[[Type], Type], *, unsafe: bool) -> Type | None:
    element = unify([_element_type(kind) for kind in kinds], unsafe=unsafe)
    return None if element is None else family(element)


def _unify_as(family: type[MapType | ListType], kinds: Sequence[Type], *, unsafe: bool) -> Type | None:
    """The map that maps and objects share, or the list that lists and tuples share."""
    members: list[Type] = []
    for kind in kinds:
        match kind:
            case TupleType(elements):
                members.extend(elements)
            case ObjectType(attributes):
                members.extend(attributes.values())
            case _:
                pass
    common = unify(members, unsafe=unsafe)
    if common is None:
        return None
    listed = [family(common) if isinstance(kind, TupleType | ObjectType) else kind for kind in kinds]
    found = unify(listed, unsafe=unsafe)
    return found if isinstance(found, family) else None


def _unify_objects(kinds: Sequence[ObjectType], *, unsafe: bool) -> Type | None:
    names = kinds[0].attributes.keys()
    if all(kind.attributes.keys() == names for kind in kinds):
        found: dict[str, Type] = {}
        for name in names:
            common = unify([kind.attributes[name] for kind in kinds], unsafe=unsafe)
            if common is None:
                return None
            found[name] = common
        return ObjectType(found)
    members = unify([member for kind in kinds for member in kind.attributes.values()], unsafe=unsafe)
    return None if members is None else _if_all(kinds, MapType(members), unsafe=unsafe)


def _unify_tuples(kinds: Sequence[TupleType], *, unsafe: bool) -> Type | None:
    if all(len(kind.elements) == len(kinds[0].elements) for kind in kinds):
        found: list[Type] = []
        for place in range(len(kinds[0].elements)):
            common = unify([kind.elements[place] for kind in kinds], unsafe=unsafe)
            if common is None:
                return None
            found.append(common)
        return TupleType(tuple(found))
    elements = unify([element for kind in kinds for element in kind.elements], unsafe=unsafe)
    return None if elements is None else _if_all(kinds, ListType(elements), unsafe=unsafe)


def _if_all(kinds: Sequence[Type], wanted: Type, *, unsafe: bool) -> Type | None:
    return wanted if all(convertible(kind, wanted, unsafe=unsafe) for kind in kinds) else None


def _by_preference(kinds: Sequence[Type]) -> list[Type]:
    """`kinds`, those that others convert to first, else in the given order (go-cty's `sortTypes`)."""
    after: list[list[int]] = [[] for _ in kinds]
    before = [0] * len(kinds)
    for one, other in combinations(range(len(kinds)), 2):
        order = _compare(kinds[one], kinds[other])
        if order:
            first, second = (one, other) if order < 0 else (other, one)
            after[first].append(second)
            before[second] += 1
    ready = [place for place, count in enumerate(before) if count == 0]
    ordered = []
    while ready:
        place = ready.pop(0)
        ordered.append(kinds[place])
        for following in after[place]:
            before[following] -= 1
            if before[following] == 0:
                ready.append(following)
    return ordered


_GENERALITY = (ListType, TupleType, SetType)


def _compare(one: Type, other: Type) -> int:
    """Below zero where `one` is the more general of the two, above zero where `other` is, 0 where neither is."""
    if one is DYNAMIC or other is DYNAMIC:
        return int(one is DYNAMIC) - int(other is DYNAMIC)
    match one, other:
        case Primitive(), Primitive():
            return int(other is STRING and one is not STRING) - int(one is STRING and other is not STRING)
        case (
            (ListType(first), ListType(second)) | (SetType(first), SetType(second)) | (MapType(first), MapType(second))
        ):
            return _compare(first, second)
        case ObjectType(first_members), ObjectType(second_members):
            if first_members.keys() != second_members.keys():
                return 0
            return _majority([_compare(first_members[name], second_members[name]) for name in first_members])
        case TupleType(firsts), TupleType(seconds):
            if len(firsts) != len(seconds):
                return 0
            return _majority([_compare(first, second) for first, second in zip(firsts, seconds, strict=True)])
        case _ if isinstance(one, MAPPINGS) and isinstance(other, MAPPINGS):
            return -1 if isinstance(one, MapType) else 1
        case _ if isinstance(one, SEQUENCES) and isinstance(other, SEQUENCES):
            return _GENERALITY.index(type(one)) - _GENERALITY.index(type(other))
        case _:
            return 0


def _majority(orders: list[int]) -> int:
    below, above = any(order < 0 for order in orders), any(order > 0 for order in orders)
    return int(above) - int(below)
