"""Which types convert to which, and the one type that several convert to, by the rules of go-cty's `convert`."""

from collections.abc import Callable, Sequence
from itertools import combinations

from tfkms.frontends.hcl.types import (
    DYNAMIC,
    MAPPINGS,
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
)


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
    element = unify([element_type(kind) for kind in kinds], unsafe=unsafe)
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


def element_type(kind: Type) -> Type:
    """The type of what a collection holds; of a tuple or an object the type that its members share, if any."""
    match kind:
        case ListType(element) | SetType(element) | MapType(element):
            return element
        case TupleType(elements):
            return unify(elements) or DYNAMIC
        case ObjectType(attributes):
            return unify(tuple(attributes.values())) or DYNAMIC
        case _:
            return DYNAMIC
