"""The types of Terraform's values, as `show -json` and error messages write them."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias, Union

from msgspec import Struct


class Primitive(Struct, frozen=True):
    """`string`, `number`, `bool`; and `dynamic`, the type of what has no type yet (`any` in a constraint)."""

    name: str


class ListType(Struct, frozen=True):
    """`list(element)`."""

    element: "Type"


class SetType(Struct, frozen=True):
    """`set(element)`."""

    element: "Type"


class MapType(Struct, frozen=True):
    """`map(element)`."""

    element: "Type"


class TupleType(Struct, frozen=True):
    """`tuple([…])`: what `[…]` makes."""

    elements: tuple["Type", ...]


class ObjectType(Struct, frozen=True):
    """`object({…})`: what `{…}` makes. `optional` are the attributes that a constraint lets one leave out."""

    attributes: Mapping[str, "Type"]
    optional: frozenset[str] = frozenset()


CollectionType: TypeAlias = ListType | SetType | MapType
Type: TypeAlias = Union[Primitive, CollectionType, TupleType, ObjectType]  # noqa: UP007 - names itself within
STRING = Primitive("string")
NUMBER = Primitive("number")
BOOL = Primitive("bool")
DYNAMIC = Primitive("dynamic")
SEQUENCES = (ListType, SetType, TupleType)
COLLECTIONS = (ListType, SetType, MapType)
MAPPINGS = (MapType, ObjectType)


def json_type(kind: Type) -> object:
    """The type as plans and states carry it: `["list", "string"]`."""
    match kind:
        case Primitive(name):
            return name
        case ListType(element):
            return ["list", json_type(element)]
        case SetType(element):
            return ["set", json_type(element)]
        case MapType(element):
            return ["map", json_type(element)]
        case TupleType(elements):
            return ["tuple", [json_type(element) for element in elements]]
        case ObjectType(attributes):
            return ["object", {name: json_type(attributes[name]) for name in sorted(attributes)}]


def friendly(kind: Type) -> str:
    """What a person calls the type: `string`, `list of string`, `object`."""
    match kind:
        case Primitive(name):
            return name
        case ListType(element):
            return f"list of {friendly(element)}"
        case SetType(element):
            return f"set of {friendly(element)}"
        case MapType(element):
            return f"map of {friendly(element)}"
        case TupleType():
            return "tuple"
        case ObjectType():
            return "object"


def settled(kind: Type) -> Type:
    """The type without marks of optional attributes, which only constraints have."""
    match kind:
        case Primitive():
            return kind
        case ListType(element):
            return ListType(settled(element))
        case SetType(element):
            return SetType(settled(element))
        case MapType(element):
            return MapType(settled(element))
        case TupleType(elements):
            return TupleType(tuple([settled(element) for element in elements]))
        case ObjectType(attributes):
            return ObjectType({name: settled(attribute) for name, attribute in attributes.items()})


def is_dynamic_within(kind: Type) -> bool:
    """Whether some part of the type is not known yet."""
    match kind:
        case Primitive():
            return kind is DYNAMIC
        case ListType(element) | SetType(element) | MapType(element):
            return is_dynamic_within(element)
        case TupleType(elements):
            return _any_dynamic(elements)
        case ObjectType(attributes):
            return _any_dynamic(attributes.values())


def _any_dynamic(kinds: Iterable[Type]) -> bool:
    for kind in kinds:  # noqa: SIM110 - a generator would take up the C stack in deep types
        if is_dynamic_within(kind):
            return True
    return False
