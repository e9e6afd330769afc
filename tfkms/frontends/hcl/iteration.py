"""`for` expressions and splats."""

from collections.abc import Iterable

from msgspec.structs import replace

from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert, text_of
from tfkms.frontends.hcl.faults import Fault, UndeclaredFault, check_size
from tfkms.frontends.hcl.scope import Deferred, Meaning
from tfkms.frontends.hcl.terms import Term, Unknown
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, SEQUENCES, ListType, SetType, TupleType, Type, friendly
from tfkms.frontends.hcl.unknowns import apart, derived
from tfkms.frontends.hcl.walk import mentions
from tfkms.frontends.hcl.walker import ELEMENT, Bindings, Walker
from tfkms.values import Hole


def for_tuple(walker: Walker, node: syntax.ForTuple, bound: Bindings) -> Term:
    """The value of `[for …]`: unknown where the collection or a condition is."""
    collection = walker.meaning(node.collection, bound)
    pairs, empty, sensitive = _pairs(collection)
    if pairs is None:
        return _open(walker, node, collection)
    if empty:
        _check_condition(walker, node, bound)
    made: list[Term] = []
    size = 0
    for key, value in pairs:
        inner = _bind(node.key, node.value, key, value, bound)
        included = _included(walker, node.condition, inner)
        sensitive = sensitive or included.sensitive
        if not isinstance(included, terms.Bool):
            return _undecided(walker, node, included, sensitive=sensitive)
        if included.value:
            result = walker.guarded(node.result, inner)
            size += result.size
            check_size(size)
            made.append(result)
    return terms.Tuple(tuple(made), sensitive=sensitive, place=walker.place(node))


def for_object(walker: Walker, node: syntax.ForObject, bound: Bindings) -> Term:
    """The value of `{for …}`: unknown where the collection, a condition or a key is."""
    collection = walker.meaning(node.collection, bound)
    pairs, empty, sensitive = _pairs(collection)
    if pairs is None:
        return _open(walker, node, collection)
    if empty:
        _check_condition(walker, node, bound)
    made: dict[str, list[Term]] = {}
    size = 0
    open_key: Term | None = None
    repeated: Fault | None = None
    for key, value in pairs:
        inner = _bind(node.key, node.value, key, value, bound)
        included = _included(walker, node.condition, inner)
        sensitive = sensitive or included.sensitive
        if not isinstance(included, terms.Bool):
            return _undecided(walker, node, included, sensitive=sensitive)
        if not included.value:
            continue
        result_key = walker.value(node.result_key, inner)
        sensitive = sensitive or result_key.sensitive
        name = _name(result_key)
        if name is None:
            open_key = result_key
            continue
        if name in made and not node.grouped:
            if repeated is None:
                repeated = _repeated(node, name, sensitive=sensitive)
            continue
        result = walker.guarded(node.result, inner)
        size += result.size
        check_size(size)
        made.setdefault(name, []).append(result)
    if repeated is not None:
        walker.note(repeated)
    if open_key is not None:
        return _undecided(walker, node, open_key, sensitive=sensitive)
    members: dict[str, Term] = {
        name: terms.Tuple(tuple(results)) if node.grouped else results[0] for name, results in made.items()
    }
    return terms.Object(members, sensitive=sensitive, place=walker.place(node))


def _repeated(node: syntax.ForObject, name: str, *, sensitive: bool) -> Fault:
    shown = "a sensitive key" if sensitive else f"the key `{name}`"
    hint = "write `...` after the value to group them"
    return Fault(f"two items of the `for` give {shown}", hint, node.start, node.end)


def _check_condition(walker: Walker, node: syntax.ForTuple | syntax.ForObject, bound: Bindings) -> None:
    """Raise what is wrong with a condition whatever it is asked about, as Terraform does before it begins."""
    doubts = walker.doubts
    anything = Unknown(DYNAMIC, Hole("", "", "not known"))
    _included(walker, node.condition, _bind(node.key, node.value, anything, anything, bound))
    if node.condition is not None and mentions(node.condition, {node.key, node.value}):
        walker.doubts = doubts  # there is no item: what one could make fail cannot


def _bind(key_name: str | None, value_name: str, key: Term, value: Meaning, bound: Bindings) -> Bindings:
    inner = dict(bound)
    if key_name is not None:
        inner[key_name] = key
    inner[value_name] = value
    return inner


def _pairs(collection: Meaning) -> tuple[Iterable[tuple[Term, Meaning]] | None, bool, bool]:
    """Keys and values of a collection, None where they are not known; whether it is empty, and whether sensitive."""
    if isinstance(collection, Deferred):
        elements = collection.elements()
        if elements is not None:
            return elements, not elements, False
        collection = collection.term()
    match collection:
        case terms.Null():
            raise Fault("a `for` cannot go over null")
        case terms.Set() if not collection.whole:
            return None, False, collection.sensitive
        case terms.List() | terms.Set() | terms.Tuple() | terms.Map() | terms.Object():
            # made one after the other: loops in loops over one long list would hold all pairs of it at once
            return terms.pairs(collection), not terms.items(collection), collection.sensitive
        case Unknown(type=kind) if kind is DYNAMIC or not isinstance(kind, type(DYNAMIC)):
            return None, False, collection.sensitive
        case _:
            raise Fault(f"a `for` cannot go over a {friendly(collection.type)}")


def _open(walker: Walker, node: syntax.ForTuple | syntax.ForObject, collection: Meaning) -> Term:
    term = collection.term() if isinstance(collection, Deferred) else collection
    return _undecided(walker, node, term, sensitive=False)


def _undecided(
    walker: Walker, node: syntax.ForTuple | syntax.ForObject | syntax.Splat, cause: Term, *, sensitive: bool
) -> Term:
    walker.doubts += 1
    label = "splat" if isinstance(node, syntax.Splat) else "for"
    made = apart(derived(label, (cause,), DYNAMIC), walker.scope.budget.steps)
    return terms.with_sensitive(terms.at(made, walker.place(node)), sensitive)


def _included(walker: Walker, condition: syntax.Expression | None, bound: Bindings) -> Term:
    if condition is None:
        return terms.Bool(True)
    test = walker.value(condition, bound)
    if isinstance(test, terms.Null):
        raise Fault("the condition of a `for` must not be null", None, condition.start, condition.end)
    try:
        return convert(test, BOOL)
    except CannotConvert as reason:
        raise Fault(f"the condition of a `for` must be true or false: {reason}", None, condition.start) from None


def _name(key: Term) -> str | None:
    if isinstance(key, terms.Null):
        raise Fault("a key of a `for` must not be null")
    if terms.is_unknown(key):
        return None
    if not isinstance(key, terms.Bool | terms.Number | terms.Text):
        raise Fault("a key of a `for` must be a string")
    return text_of(key)


def splat(walker: Walker, node: syntax.Splat, bound: Bindings) -> Term:
    """The value of `base[*]…`: of a single value that of a list of it, of null nothing."""
    base = walker.meaning(node.base, bound)
    if isinstance(base, Deferred):
        elements = base.elements() if base.is_sequence() else [(terms.Number(0), base)]
        if elements is not None:
            made = [_each_guarded(walker, node, value, bound) for _, value in elements]
            return terms.Tuple(tuple(made), place=walker.place(node))
        base = base.term()
    sequence = isinstance(base.type, SEQUENCES)
    match base:
        case terms.Null():
            if sequence:
                raise Fault("a splat cannot go over a null list")
            return terms.Tuple((), sensitive=base.sensitive, place=walker.place(node))
        case terms.List() | terms.Set() if isinstance(base, terms.List) or base.whole:
            made = [_each_guarded(walker, node, item, bound) for item in base.items]
            return terms.with_sensitive(_listed(walker, node, base.type, made, bound), base.sensitive)
        case terms.Tuple(items=items):
            made = [_each_guarded(walker, node, item, bound) for item in items]
            return terms.Tuple(tuple(made), sensitive=base.sensitive, place=walker.place(node))
        case terms.Set() | Unknown() if sequence or base.type is DYNAMIC or terms.may_be_null(base):
            made_of = _undecided(walker, node, base, sensitive=False)
            assert isinstance(made_of, Unknown)
            return replace(made_of, type=_open_type(walker, node, base.type, bound)) if sequence else made_of
        case _:
            walker.scope.budget.ahead += isinstance(base, Unknown)
            made = [_each_guarded(walker, node, terms.bare(base), bound)]
            return terms.Tuple(tuple(made), sensitive=base.sensitive, place=walker.place(node))


def _each(walker: Walker, node: syntax.Splat, value: Meaning, bound: Bindings) -> Term:
    return walker.value(node.each, {**bound, ELEMENT: value})


def _each_guarded(walker: Walker, node: syntax.Splat, value: Meaning, bound: Bindings) -> Term:
    """As `_each`; an unknown in place of an error, which is noted."""
    try:
        return _each(walker, node, value, bound)
    except UndeclaredFault:
        raise
    except Fault as fault:
        walker.note(fault)
        return Unknown(DYNAMIC, Hole("", f"/{walker.scope.budget.steps}", f"in error: {fault.message}"))


def _listed(walker: Walker, node: syntax.Splat, kind: Type, made: list[Term], bound: Bindings) -> Term:
    if not made:
        found = _result_type(walker, node, kind, bound)
        assert isinstance(found, ListType)
        return terms.List(found.element, (), place=walker.place(node))
    if walker.is_lost():
        return terms.List(DYNAMIC, tuple(made), place=walker.place(node))
    if any(term.type != made[0].type for term in made):
        walker.scope.budget.ahead += not all(term.whole for term in made)
        raise Fault("the splat gives values of different types", "use a `for` expression")
    return terms.List(made[0].type, tuple(made), place=walker.place(node))


def _open_type(walker: Walker, node: syntax.Splat, kind: Type, bound: Bindings) -> Type:
    """The type of a splat over an unknown; a list of anything where what it asks of each element is an error."""
    try:
        return _result_type(walker, node, kind, bound)
    except UndeclaredFault:
        raise
    except Fault as fault:
        if isinstance(kind, TupleType):
            raise
        walker.note(fault)
        return ListType(DYNAMIC)


def _result_type(walker: Walker, node: syntax.Splat, kind: Type, bound: Bindings) -> Type:
    def each(element: Type) -> Type:
        return _each(walker, node, Unknown(element, Hole("", "", "not known")), bound).type

    doubts = walker.doubts
    match kind:
        case ListType(element) | SetType(element):
            found: Type = ListType(each(element))
        case TupleType(elements):
            found = TupleType(tuple([each(element) for element in elements]))
        case _:
            found = DYNAMIC
    walker.doubts = doubts
    return found
