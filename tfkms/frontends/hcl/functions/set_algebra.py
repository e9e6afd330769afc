"""Functions over sets."""

from collections.abc import Sequence

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.conversion import convert
from tfkms.frontends.hcl.equality import equal
from tfkms.frontends.hcl.faults import Fault, check_size
from tfkms.frontends.hcl.functions.sequences import items_of
from tfkms.frontends.hcl.functions.signature import Group, Parameter, wrong
from tfkms.frontends.hcl.sets import set_of
from tfkms.frontends.hcl.terms import Term, Unknown
from tfkms.frontends.hcl.types import DYNAMIC, ListType, SetType, TupleType, Type
from tfkms.frontends.hcl.unification import unify
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group(shares=True)
_ANY_SET = SetType(DYNAMIC)


def _set_type(*sets: Term) -> Type:
    kinds: list[Type] = []
    for value in sets:
        if isinstance(value.type, SetType):
            empty = isinstance(value, terms.Set) and not value.items and value.type.element is DYNAMIC
            kinds.extend([] if empty else [value.type.element])
    if not kinds:
        return _ANY_SET
    common = unify(kinds)
    nothing = common is DYNAMIC and not any(isinstance(value, Unknown) for value in sets) and _has_typed(kinds)
    if common is None or nothing:
        raise Fault("the sets have no element type in common")
    return SetType(common)


def _has_typed(kinds: Sequence[Type]) -> bool:
    """Whether any of the types is one: a null of no type has nothing in common with a list."""
    return any(kind is not DYNAMIC for kind in kinds)


def _alike(sets: Sequence[Term]) -> tuple[SetType, list[terms.Set]]:
    kind = _set_type(*sets)
    assert isinstance(kind, SetType)
    made = [convert(value, kind) for value in sets]
    return kind, [value for value in made if isinstance(value, terms.Set)]


@GROUP.define("setunion", Parameter("first_set", _ANY_SET), rest=Parameter("other_sets", _ANY_SET), result=_set_type)
def setunion(*sets: Term) -> Term:
    kind, alike = _alike(sets)
    return set_of(kind.element, [item for value in alike for item in value.items])


@GROUP.define(
    "setintersection", Parameter("first_set", _ANY_SET), rest=Parameter("other_sets", _ANY_SET), result=_set_type
)
def setintersection(*sets: Term) -> Term:
    kind, alike = _alike(sets)
    if not all(value.whole for value in alike):
        return derived("setintersection", sets, kind)
    kept = [item for item in alike[0].items if all(_has(value, item) for value in alike[1:])]
    return set_of(kind.element, kept)


@GROUP.define("setsubtract", Parameter("a", _ANY_SET), Parameter("b", _ANY_SET), result=_set_type)
def setsubtract(first: Term, second: Term) -> Term:
    kind, alike = _alike((first, second))
    if not all(value.whole for value in alike):
        return derived("setsubtract", (first, second), kind)
    return set_of(kind.element, [item for item in alike[0].items if not _has(alike[1], item)])


def _has(value: terms.Set, wanted: Term) -> bool:
    return True in [equal(item, wanted) for item in value.items]


@GROUP.define("setproduct", rest=Parameter("sets", marked=True, unknown=True))
def setproduct(*sets: Term) -> Term:
    if len(sets) < 2:
        raise Fault(f"`setproduct` takes at least 2 arguments, not {len(sets)}")
    kinds = [_product_type(value) for value in sets]
    listed = not any(isinstance(value.type, SetType) for value in sets)
    combined = TupleType(tuple(kinds))
    sensitive = any(value.sensitive for value in sets)
    size = 1
    for value in sets:
        if isinstance(value, Unknown) or (isinstance(value, terms.Set) and not value.whole):
            return derived("setproduct", sets, ListType(combined) if listed else SetType(combined))
        size *= len(items_of(value))
        check_size(size * len(sets))
    rows: list[tuple[Term, ...]] = [()] if size else []
    for value, kind in zip(sets, kinds, strict=True):
        choices = [convert(item, kind) for item in items_of(value)]
        rows = [(*row, choice) for row in rows for choice in choices]
    made = [terms.Tuple(row) for row in rows]
    if listed:
        return terms.List(combined, tuple(made), sensitive=sensitive)
    return set_of(combined, made, sensitive=sensitive)


def _product_type(value: Term) -> Type:
    match value.type:
        case ListType(element) | SetType(element):
            return element
        case TupleType(elements):
            common = unify(elements) if elements else DYNAMIC
            if common is None or (common is DYNAMIC and value.whole and _has_typed(elements)):
                raise Fault("`setproduct`: all elements of a list must be of the same type")
            return common
        case kind if kind is DYNAMIC:
            return DYNAMIC
        case _:
            raise wrong("setproduct", "sets", value, "sets or lists")
