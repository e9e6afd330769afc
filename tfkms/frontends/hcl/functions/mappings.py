"""Functions over maps and objects."""

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.functions.signature import MAPPED, Group, Parameter, wrong
from tfkms.frontends.hcl.terms import Term, Unknown
from tfkms.frontends.hcl.types import (
    DYNAMIC,
    MAPPINGS,
    STRING,
    ListType,
    MapType,
    ObjectType,
    TupleType,
    Type,
    friendly,
)
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group(shares=True)
_LISTS_OF_TEXT = MapType(ListType(STRING))


@GROUP.define("merge", rest=Parameter("maps", null=True, unknown=True, marked=True))
def merge(*maps: Term) -> Term:
    members: dict[str, Term] = {}
    kinds: list[Type] = []
    for value in maps:
        kind = value.type
        if kind is DYNAMIC and isinstance(value, terms.Null):
            kind = ObjectType({})
        if kind is DYNAMIC:
            return derived("merge", maps, DYNAMIC)
        if not isinstance(kind, MAPPINGS):
            raise wrong("merge", "maps", value, "maps or objects")
        kinds.append(ObjectType({}) if isinstance(value, terms.Null) and isinstance(kind, ObjectType) else kind)
    alike = all(kind == kinds[0] for kind in kinds)
    for value in maps:
        if isinstance(value, Unknown):
            return derived("merge", maps, kinds[0] if alike else DYNAMIC)
        if isinstance(value, terms.Map | terms.Object):
            members.update(value.members)
    sensitive = any(value.sensitive for value in maps)
    if kinds and alike and isinstance(kinds[0], MapType):
        return terms.Map(kinds[0].element, members, sensitive=sensitive)
    return terms.Object(members, sensitive=sensitive)


@GROUP.define("keys", Parameter("inputMap", unknown=True, marked=True))
def keys(value: Term) -> Term:
    match value:
        case Unknown(type=ObjectType(attributes)):
            return terms.Tuple(tuple([terms.Text(name) for name in sorted(attributes)]), sensitive=value.sensitive)
        case terms.Object(members=members):
            return terms.Tuple(tuple([terms.Text(name) for name in members]), sensitive=value.sensitive)
        case terms.Map(members=members):
            return terms.List(STRING, tuple([terms.Text(name) for name in members]), sensitive=value.sensitive)
        case Unknown(type=kind) if isinstance(kind, MapType) or kind is DYNAMIC:
            return derived("keys", (value,), ListType(STRING) if isinstance(kind, MapType) else DYNAMIC)
        case _:
            raise wrong("keys", "inputMap", value, "a map or object")


def _values_type(value: Term) -> Type:
    match value.type:
        case MapType(element):
            return ListType(element)
        case ObjectType(attributes):
            return TupleType(tuple([attributes[name] for name in sorted(attributes)]))
        case _:
            return DYNAMIC


@GROUP.define("values", Parameter("mapping", marked=True, families=MAPPED), result=_values_type)
def values(value: Term) -> Term:
    match value:
        case terms.Object(members=members):
            return terms.Tuple(tuple(members.values()), sensitive=value.sensitive)
        case _:
            assert isinstance(value, terms.Map)
            return terms.List(value.element, tuple(value.members.values()), sensitive=value.sensitive)


@GROUP.define(
    "lookup",
    Parameter("inputMap", marked=True, unknown=True),
    Parameter("key", STRING, marked=True, unknown=True),
    rest=Parameter("default", null=True, unknown=True, holed=True, marked=True),
    nullable_result=True,
)
def lookup(value: Term, key: Term, *default: Term) -> Term:
    if len(default) > 1:
        raise Fault("`lookup` takes two or three arguments")
    kind = value.type
    if not (isinstance(kind, MAPPINGS) or kind is DYNAMIC):
        raise wrong("lookup", "inputMap", value, "a map or object")
    result: Type = kind.element if isinstance(kind, MapType) else DYNAMIC
    fallback = default[0] if default else None
    if fallback is not None and isinstance(kind, MapType):
        try:
            fallback = convert(fallback, result)
        except CannotConvert as reason:
            raise Fault(f"`lookup`: the default does not fit the elements of the map: {reason}") from None
    sensitive = value.sensitive or key.sensitive
    if not isinstance(key, terms.Text) or kind is DYNAMIC:
        return derived("lookup", (value, key, *default), result, not_null=False)
    if isinstance(value, terms.Map | terms.Object) and key.value in value.members:
        return terms.with_sensitive(value.members[key.value], sensitive)
    if isinstance(value, Unknown):
        if isinstance(kind, MapType):
            return derived("lookup", (value, key, *default), result, not_null=False)
        if isinstance(kind, ObjectType) and key.value in kind.attributes:
            return derived("lookup", (value, key), kind.attributes[key.value], not_null=False)
    if fallback is None:
        shown = "the key" if key.sensitive else f"`{key.value}`"
        raise Fault(f"`lookup`: {shown} is not in the {friendly(kind)}, and there is no default")
    return terms.with_sensitive(fallback, sensitive)


def _zipped_type(_: Term, values: Term) -> Type:
    return MapType(values.type.element) if isinstance(values.type, ListType) else DYNAMIC


@GROUP.define(
    "zipmap", Parameter("keys", ListType(STRING), marked=True), Parameter("values", marked=True), result=_zipped_type
)
def zipmap(names: Term, values: Term) -> Term:
    if not isinstance(values, terms.List | terms.Tuple):
        raise wrong("zipmap", "values", values, "a list or tuple")
    assert isinstance(names, terms.List)
    if not names.whole:
        return derived("zipmap", (names, values), _zipped_type(names, values))
    if len(names.items) != len(values.items):
        raise Fault(f"`zipmap`: there are {len(names.items)} keys and {len(values.items)} values")
    members: dict[str, Term] = {}
    for name, value in zip(names.items, values.items, strict=True):
        if not isinstance(name, terms.Text):
            raise Fault("`zipmap`: a key is null")
        members[name.value] = value
    sensitive = names.marked or values.sensitive
    if isinstance(values, terms.List):
        return terms.Map(values.element, members, sensitive=sensitive)
    return terms.Object(members, sensitive=sensitive)


@GROUP.define("transpose", Parameter("values", _LISTS_OF_TEXT), result=_LISTS_OF_TEXT)
def transpose(value: Term) -> Term:
    assert isinstance(value, terms.Map)
    if not value.whole:
        return derived("transpose", (value,), _LISTS_OF_TEXT)
    found: dict[str, list[Term]] = {}
    for name, listed in value.members.items():
        if not isinstance(listed, terms.List):
            raise Fault("`transpose`: a list is null")
        for item in listed.items:
            if not isinstance(item, terms.Text):
                raise Fault("`transpose`: a string is null")
            found.setdefault(item.value, []).append(terms.Text(name))
    members: dict[str, Term] = {name: terms.List(STRING, tuple(items)) for name, items in found.items()}
    return terms.Map(ListType(STRING), members)
