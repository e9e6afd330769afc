"""Type constraints of variables: parsed from syntax, with the defaults of `optional()`; and values made to fit them."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.diagnostics import did_you_mean
from tfkms.frontends.hcl import syntax
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.sets import set_of
from tfkms.frontends.hcl.terms import (
    List,
    Map,
    Null,
    Object,
    Set,
    Term,
    Tuple,
    Unknown,
    is_null,
    may_be_null,
    with_children,
    with_sensitive,
)
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
from tfkms.frontends.hcl.unification import unify

_PRIMITIVES = {"string": STRING, "number": NUMBER, "bool": BOOL, "any": DYNAMIC}
_COLLECTIONS: Mapping[str, Callable[[Type], Type]] = {"list": ListType, "set": SetType, "map": MapType}
_NAMES = (*_PRIMITIVES, *_COLLECTIONS, "tuple", "object")


class Defaults(Struct, frozen=True):
    """What absent or null attributes become: `values` by attribute; `within` by attribute, by position, or for all."""

    values: Mapping[str, Term] = field(default_factory=dict)
    within: Mapping[str | int, "Defaults"] = field(default_factory=dict)
    within_all: "Defaults | None" = None

    def __bool__(self) -> bool:
        return bool(self.values or self.within or self.within_all)

    def apply(self, term: Term) -> Term:
        """`term` with the defaults filled in, before it is converted to the constraint's type."""
        if not self:
            return term
        match term:
            case Object(members=members) | Map(members=members):
                return self._apply_members(term, members)
            case List(items=found) | Set(items=found) | Tuple(items=found):
                made = [self._below(place).apply(item) for place, item in enumerate(found)]
                return _sequence(term, made)
            case _:
                return term

    def _below(self, key: str | int) -> "Defaults":
        return self.within.get(key) or self.within_all or Defaults()

    def _apply_members(self, term: Object | Map, members: Mapping[str, Term]) -> Term:
        made = {name: self._below(name).apply(member) for name, member in members.items()}
        for name, default in self.values.items():
            given = made.get(name)
            if given is None or is_null(given):
                made[name] = self._below(name).apply(default)
            elif isinstance(given, Unknown) and may_be_null(given) and not may_be_null(default):
                made[name] = Unknown(
                    given.type, given.hole, True, given.plain, sensitive=given.sensitive, place=given.place
                )
        if isinstance(term, Map):
            if not made:
                return term
            common = unify([member.type for member in made.values()])
            if common is not None:
                converted = {name: convert(member, common) for name, member in made.items()}
                return Map(common, converted, sensitive=term.sensitive, place=term.place)
        return Object(made, sensitive=term.sensitive, place=term.place)


def _sequence(term: List | Set | Tuple, made: list[Term]) -> Term:
    if isinstance(term, Tuple):
        return with_children(term, made)
    if not made:
        return term
    common = unify([item.type for item in made])
    if common is None:
        return Tuple(tuple(made), sensitive=term.sensitive, place=term.place)
    converted = [convert(item, common) for item in made]
    if isinstance(term, Set):
        return set_of(common, converted, sensitive=term.sensitive, place=term)
    return List(common, tuple(converted), sensitive=term.sensitive, place=term.place)


class Constraint(Struct, frozen=True):
    """What a variable takes: values that convert to `type`, absent attributes filled in from `defaults`."""

    type: Type = DYNAMIC
    defaults: Defaults = field(default_factory=Defaults)

    def fit(self, term: Term) -> Term:
        """`term` with defaults, converted. Raises `CannotConvert`."""
        return convert(self.defaults.apply(term), self.type)


class Declaration(Struct, frozen=True):
    """What a `variable` block says of its value; `default` is None where there is none."""

    constraint: Constraint = field(default_factory=Constraint)
    default: Term | None = None
    nullable: bool = True
    sensitive: bool = False

    def value(self, given: Term | None) -> Term | None:
        """The variable's value where its module is called with `given`, None for an argument that is left out.

        None where there is neither an argument nor a default. Null becomes the default where the variable is not
        nullable. Raises `CannotConvert`, for a default that does not fit too, be it needed or not.
        """
        default = None if self.default is None else self.constraint.fit(self.default)
        if default is not None and is_null(default) and not self.nullable:
            raise CannotConvert("the variable is not nullable, and its default is null")
        term = default if given is None else self.constraint.fit(given)
        if term is not None and is_null(term) and not self.nullable:
            if default is None:
                raise CannotConvert("the variable is not nullable, and has no default")
            term = default
        if isinstance(term, Unknown) and not self.nullable:
            term = replace(term, not_null=True)
        return None if term is None else with_sensitive(term, self.sensitive)


Evaluate = Callable[[syntax.Expression], Term]
Parse = Callable[[str], syntax.Expression]


def read_constraint(expression: syntax.Expression, evaluate: Evaluate, parse: Parse) -> Constraint:
    """The constraint that `expression` writes down.

    `evaluate` gives the value of a default, `parse` the syntax of a constraint that stands in a JSON string. Raises
    `Fault` for anything that is no type.
    """
    kind, defaults = _Reader(evaluate, parse).read(expression)
    return Constraint(kind, defaults or Defaults())


class _Reader:
    def __init__(self, evaluate: Evaluate, parse: Parse):
        self.evaluate = evaluate
        self.parse = parse

    def read(self, node: syntax.Expression) -> tuple[Type, Defaults | None]:
        match node:
            case syntax.Name(name=name) if name in _PRIMITIVES:
                return _PRIMITIVES[name], None
            case syntax.Name(name=name) if name in _COLLECTIONS:
                return _COLLECTIONS[name](DYNAMIC), None
            case syntax.Template() if node.literal is not None:
                return self.read(self.parse(node.literal))
            case syntax.Call(name=name, arguments=(argument,), expand=False) if name in _COLLECTIONS:
                element, defaults = self.read(argument)
                return _COLLECTIONS[name](element), Defaults(within_all=defaults) if defaults else None
            case syntax.Call(name="tuple", arguments=(syntax.Tuple(items=items),)):
                return self.tuple_type(items)
            case syntax.Call(name="object", arguments=(syntax.Object(items=items),)):
                return self.object_type(items)
            case syntax.Call(name="optional"):
                raise Fault("`optional` stands for attributes of `object` only", None, node.start, node.end)
            case syntax.Call(name=name) | syntax.Name(name=name) if name in _NAMES:
                wanted = "a list of types" if name == "tuple" else "attributes" if name == "object" else "one type"
                raise Fault(f"the type `{name}` takes {wanted}", None, node.start, node.end)
            case syntax.Call(name=name) | syntax.Name(name=name):
                raise Fault(f"there is no type `{name}`", did_you_mean(name, _NAMES), node.start, node.end)
            case _:
                raise Fault("a type is required", "as `string` or `list(string)`", node.start, node.end)

    def tuple_type(self, nodes: Sequence[syntax.Expression]) -> tuple[Type, Defaults | None]:
        read = [self.read(node) for node in nodes]
        within: dict[str | int, Defaults] = {place: found for place, (_, found) in enumerate(read) if found}
        return TupleType(tuple([kind for kind, _ in read])), Defaults(within=within) if within else None

    def object_type(self, items: Sequence[syntax.ObjectItem]) -> tuple[Type, Defaults | None]:
        attributes: dict[str, Type] = {}
        optional: set[str] = set()
        values: dict[str, Term] = {}
        within: dict[str | int, Defaults] = {}
        for item in items:
            name = item.key.literal if isinstance(item.key, syntax.Template) else None
            if name is None or item.key.end - item.key.start != len(name):
                raise Fault("an attribute's name is required, without quotes", None, item.key.start, item.key.end)
            node = item.value
            default: syntax.Expression | None = None
            if isinstance(node, syntax.Call) and node.name == "optional":
                if not 1 <= len(node.arguments) <= 2:
                    raise Fault("`optional` takes a type and, if wanted, a default", None, node.start, node.end)
                optional.add(name)
                default = node.arguments[1] if len(node.arguments) == 2 else None
                node = node.arguments[0]
            attributes[name], inner = self.read(node)
            if inner:
                within[name] = inner
            if default is not None:
                values[name] = self.default(default, attributes[name])
        defaults = Defaults(values, within) if values or within else None
        return ObjectType(attributes, frozenset(optional)), defaults

    def default(self, node: syntax.Expression, kind: Type) -> Term:
        try:
            return convert(self.evaluate(node), kind)
        except CannotConvert as reason:
            raise Fault(f"the default does not fit its type: {reason}", None, node.start, node.end) from None


def omitted(kind: Type) -> Null:
    """The value of an argument of type `kind` that is left out."""
    return Null(kind)
