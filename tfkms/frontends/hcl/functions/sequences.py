"""Functions over lists, tuples and sets."""

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.equality import equal
from tfkms.frontends.hcl.faults import Fault, Withheld, check_size
from tfkms.frontends.hcl.floats import INTEGER_PRECISION, added, rounded
from tfkms.frontends.hcl.functions.signature import LISTS, SEQUENTIAL, Group, Parameter, wrong
from tfkms.frontends.hcl.graphemes import count_graphemes
from tfkms.frontends.hcl.terms import Term, Unknown
from tfkms.frontends.hcl.types import (
    BOOL,
    COLLECTIONS,
    DYNAMIC,
    NUMBER,
    SEQUENCES,
    STRING,
    ListType,
    ObjectType,
    SetType,
    TupleType,
    Type,
)
from tfkms.frontends.hcl.unification import unify
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group(shares=True)
_RANGE_LIMIT = 1024


def whole_number(function: str, parameter: str, term: Term, *, bits: int = 64) -> int:
    """The number as an int. Raises `Fault` where it has a fraction or more than so many `bits`."""
    assert isinstance(term, terms.Number)
    if not isinstance(term.value, int) or not -(1 << bits - 1) <= term.value < 1 << bits - 1:
        raise Fault(f"`{function}`: the argument `{parameter}` must be a whole number of at most 64 bits")
    return term.value


@GROUP.define("length", Parameter("value", unknown=True, holed=True, marked=True), result=NUMBER)
def length(value: Term) -> Term:
    if isinstance(value.type, TupleType):
        return _count(len(value.type.elements), value)
    if isinstance(value.type, ObjectType):
        return _count(len(value.type.attributes), value)
    match value:
        case terms.Text(text):
            return _count(count_graphemes(text), value)
        case terms.List() | terms.Map():
            return _count(len(terms.items(value)), value)
        case terms.Set():
            if value.whole or len(value.items) < 2:
                return _count(len(value.items), value)
        case Unknown() if value.type in (STRING, DYNAMIC) or isinstance(value.type, COLLECTIONS):
            pass
        case terms.HoledText():
            pass
        case _:
            raise wrong("length", "value", value, "a string or a collection")
    return derived("length", (value,), NUMBER)


def _count(number: int, of: Term) -> Term:
    return terms.Number(number, sensitive=of.sensitive, precision=INTEGER_PRECISION)


def _concatenated_type(*seqs: Term) -> Type:
    """What is known of the type where a list is not known: nothing, and Terraform looks at no argument behind it."""
    for seq in seqs:
        if seq.type is not DYNAMIC and not isinstance(seq.type, ListType | TupleType):
            raise wrong("concat", "seqs", seq, "lists or tuples")
        if isinstance(seq, Unknown):
            break
    return DYNAMIC


@GROUP.define("concat", rest=Parameter("seqs", marked=True), result=_concatenated_type)
def concat(*seqs: Term) -> Term:
    if not seqs:
        raise Fault("`concat` takes at least 1 argument, not 0")
    sensitive = any(seq.sensitive for seq in seqs)
    if all(isinstance(seq, terms.List) for seq in seqs):
        common = unify([seq.type for seq in seqs])
        if isinstance(common, ListType):
            made = [item for seq in seqs for item in items_of(convert(seq, common))]
            return terms.List(common.element, tuple(made), sensitive=sensitive)
    found: list[Term] = []
    for seq in seqs:
        if not isinstance(seq, terms.List | terms.Tuple):
            raise wrong("concat", "seqs", seq, "lists or tuples")
        found.extend(seq.items)
        check_size(len(found))
    return terms.Tuple(tuple(found), sensitive=sensitive)


def items_of(term: Term) -> tuple[Term, ...]:
    assert isinstance(term, terms.List | terms.Set | terms.Tuple)
    return term.items


@GROUP.define("flatten", Parameter("list", marked=True))
def flatten(value: Term) -> Term:
    if not isinstance(value.type, SEQUENCES):
        raise wrong("flatten", "list", value, "a list, set or tuple")
    found: list[Term] = []
    if not _flatten_into(found, value):
        return derived("flatten", (value,), DYNAMIC)
    return terms.Tuple(tuple(found), sensitive=_sensitive_spine(value))


def _flatten_into(found: list[Term], value: Term) -> bool:
    """Whether it is known how many items there are in all."""
    if isinstance(value, terms.Set) and not value.whole:
        return False
    for item in items_of(value):
        if isinstance(item, terms.List | terms.Set | terms.Tuple):
            if not _flatten_into(found, item):
                return False
        elif isinstance(item, Unknown) and (item.type is DYNAMIC or isinstance(item.type, SEQUENCES)):
            return False
        else:
            found.append(item)
    return True


def _sensitive_spine(value: Term) -> bool:
    """Whether the list or a list in it is sensitive itself."""
    if not isinstance(value, terms.List | terms.Set | terms.Tuple):
        return False
    return value.sensitive or any(_sensitive_spine(item) for item in value.items)


def _item_type(value: Term, *_: Term) -> Type:
    if isinstance(value.type, ListType):
        return value.type.element
    return DYNAMIC


@GROUP.define(
    "element",
    Parameter("list", marked=True, families=LISTS),
    Parameter("index", NUMBER),
    result=_item_type,
    nullable_result=True,
)
def element(value: Term, index: Term) -> Term:
    assert isinstance(value, terms.List | terms.Tuple)
    place = whole_number("element", "index", index)
    if not value.items:
        raise Fault("`element`: the list is empty")
    if place < 0 and place % len(value.items) and isinstance(value, terms.Tuple):
        raise Withheld("what `element` makes of a negative index depends on the version of Terraform")
    return terms.with_sensitive(value.items[place % len(value.items)], value.sensitive)


@GROUP.define("index", Parameter("list"), Parameter("value", holed=True), result=NUMBER, waits=True)
def index(value: Term, wanted: Term) -> Term:
    if not isinstance(value, terms.List | terms.Tuple):
        raise wrong("index", "list", value, "a list or tuple")
    for place, item in enumerate(value.items):
        same = equal(item, wanted)
        if same is None:
            return derived("index", (value, wanted), NUMBER)
        if same:
            return terms.Number(place, precision=INTEGER_PRECISION)
    raise Fault("`index`: the item is not in the list" if value.items else "`index`: the list is empty")


@GROUP.define("contains", Parameter("list"), Parameter("value", unknown=True, holed=True), result=BOOL, waits=True)
def contains(value: Term, wanted: Term) -> Term:
    if not isinstance(value, terms.List | terms.Set | terms.Tuple):
        raise wrong("contains", "list", value, "a list, set or tuple")
    answers = [equal(wanted, item) for item in value.items]
    if True in answers:
        return terms.Bool(True)
    if None in answers:
        return derived("contains", (value, wanted), BOOL)
    return terms.Bool(False)


@GROUP.define("distinct", Parameter("list", ListType(DYNAMIC)), result=lambda value: value.type)
def distinct(value: Term) -> Term:
    assert isinstance(value, terms.List)
    kept: list[Term] = []
    for item in value.items:
        answers = [equal(item, other) for other in kept]
        if True in answers:
            continue
        if None in answers:
            return derived("distinct", (value,), value.type)
        kept.append(item)
    return terms.List(value.element, tuple(kept))


@GROUP.define("compact", Parameter("list", ListType(STRING)), result=ListType(STRING))
def compact(value: Term) -> Term:
    assert isinstance(value, terms.List)
    kept: list[Term] = []
    for item in value.items:
        if isinstance(item, Unknown):
            return derived("compact", (value,), value.type)
        if isinstance(item, terms.HoledText) and not any(isinstance(part, str) for part in item.parts):
            return derived("compact", (value,), value.type)
        if not isinstance(item, terms.Null) and item != terms.Text(""):
            kept.append(item)
    return terms.List(STRING, tuple(kept))


@GROUP.define("coalescelist", rest=Parameter("vals", null=True, unknown=True))
def coalescelist(*vals: Term) -> Term:
    if not vals:
        raise Fault("`coalescelist` takes at least 1 argument, not 0")
    for value in vals:
        if isinstance(value, Unknown):  # Terraform looks at no argument behind it
            break
        if not isinstance(value.type, ListType | TupleType):
            raise wrong("coalescelist", "vals", value, "lists or tuples")
    for value in vals:
        if isinstance(value, Unknown):
            return derived("coalescelist", vals, DYNAMIC)
        if isinstance(value, terms.List | terms.Tuple) and value.items:
            return value
    raise Fault("`coalescelist`: all lists are empty")


@GROUP.define("coalesce", rest=Parameter("vals", null=True, unknown=True, holed=True))
def coalesce(*vals: Term) -> Term:
    if any(isinstance(value, Unknown) and value.type is DYNAMIC for value in vals):
        return derived("coalesce", vals, DYNAMIC)
    common = unify([value.type for value in vals])
    if common is None:
        raise Fault("`coalesce`: the arguments have no type in common" if vals else "`coalesce` takes arguments")
    for value in vals:
        try:
            term = convert(value, common)
        except CannotConvert as reason:
            raise Fault(f"`coalesce`: an argument does not fit: {reason}") from None
        if isinstance(term, Unknown) and (term.type is DYNAMIC or term.type is STRING or not term.not_null):
            return derived("coalesce", vals, common)
        if isinstance(term, terms.HoledText) and not any(isinstance(part, str) for part in term.parts):
            return derived("coalesce", vals, common)
        if not isinstance(term, terms.Null) and term != terms.Text(""):
            return term
    raise Fault("`coalesce`: no argument is neither null nor an empty string")


@GROUP.define(
    "reverse", Parameter("list", marked=True, families=SEQUENTIAL), result=lambda value: _reversed_type(value.type)
)
def reverse(value: Term) -> Term:
    match value:
        case terms.Tuple(items=items, sensitive=sensitive):
            return terms.Tuple(items[::-1], sensitive=sensitive)
        case terms.List(element=kind, items=items, sensitive=sensitive):
            return terms.List(kind, items[::-1], sensitive=sensitive)
        case terms.Set(element=kind, items=items, sensitive=sensitive) if value.whole:
            return terms.List(kind, items[::-1], sensitive=sensitive)
        case _:
            return derived("reverse", (value,), _reversed_type(value.type))


def _reversed_type(kind: Type) -> Type:
    match kind:
        case TupleType(elements):
            return TupleType(elements[::-1])
        case SetType(element):
            return ListType(element)
        case _:
            return kind


@GROUP.define(
    "slice",
    Parameter("list", marked=True, families=LISTS),
    Parameter("start_index", NUMBER),
    Parameter("end_index", NUMBER),
    result=lambda value, *_: value.type if isinstance(value.type, ListType) else DYNAMIC,
)
def slice_(value: Term, start_index: Term, end_index: Term) -> Term:
    assert isinstance(value, terms.List | terms.Tuple)
    start = whole_number("slice", "start_index", start_index)
    end = whole_number("slice", "end_index", end_index)
    if not 0 <= start <= end <= len(value.items):
        raise Fault(f"`slice`: from {start} to {end} is not within a list of {len(value.items)}")
    if isinstance(value, terms.Tuple):
        return terms.Tuple(value.items[start:end], sensitive=value.sensitive)
    return terms.List(value.element, value.items[start:end], sensitive=value.sensitive)


@GROUP.define(
    "chunklist",
    Parameter("list", ListType(DYNAMIC), marked=True),
    Parameter("size", NUMBER),
    result=lambda value, _: ListType(value.type),
)
def chunklist(value: Term, size: Term) -> Term:
    assert isinstance(value, terms.List)
    width = whole_number("chunklist", "size", size)
    if width < 0:
        raise Fault("`chunklist`: the size must not be negative")
    step = width or max(len(value.items), 1)
    chunks = [value.items[start : start + step] for start in range(0, len(value.items), step)]
    made = tuple([terms.List(value.element, chunk) for chunk in chunks])
    return terms.List(value.type, made, sensitive=value.sensitive)


@GROUP.define("sort", Parameter("list", ListType(STRING)), result=ListType(STRING))
def sort(value: Term) -> Term:
    assert isinstance(value, terms.List)
    if not value.whole:
        return _undecided_items("sort", value)
    found: list[str] = []
    for item in value.items:
        if not isinstance(item, terms.Text):
            raise Fault("`sort`: a null string cannot be sorted")
        found.append(item.value)
    by_text = {item.value: item for item in value.items if isinstance(item, terms.Text)}
    return terms.List(STRING, tuple([by_text[text] for text in sorted(found)]))


def _undecided_items(name: str, value: terms.List) -> terms.List:
    """As many unknown items as `value` has."""
    made = [
        derived(name, (value, terms.Number(place)), value.element, plain=all(_is_plain(item) for item in value.items))
        for place in range(len(value.items))
    ]
    return terms.List(value.element, tuple(made))


def _is_plain(term: Term) -> bool:
    match term:
        case terms.Text(value):
            return terms.is_plain(value)
        case Unknown() | terms.HoledText():
            return term.plain
        case _:
            return False


@GROUP.define("one", Parameter("list", families=SEQUENTIAL), nullable_result=True)
def one(value: Term) -> Term:
    assert isinstance(value, terms.List | terms.Set | terms.Tuple)
    if len(value.items) == 1:
        return value.items[0]
    if not value.items:
        return terms.Null(DYNAMIC if isinstance(value, terms.Tuple) else value.element)
    if isinstance(value, terms.Set) and not value.whole:
        return derived("one", (value,), value.element, not_null=False)
    raise Fault(f"`one`: the list has {len(value.items)} elements, not one or none")


@GROUP.define("sum", Parameter("list"), result=NUMBER)
def sum_(value: Term) -> Term:
    if not isinstance(value, terms.List | terms.Set | terms.Tuple):
        raise wrong("sum", "list", value, "a list, set or tuple")
    if not value.items:
        raise Fault("`sum`: the list is empty")
    if not value.whole:
        return derived("sum", (value,), NUMBER)
    numbers: list[terms.Number] = []
    for item in value.items:
        try:
            number = convert(item, NUMBER)
        except CannotConvert:
            raise Fault("`sum`: all elements must be numbers") from None
        if not isinstance(number, terms.Number):
            raise Fault("`sum`: all elements must be numbers")
        numbers.append(number)
    total, precision = numbers[0].value, numbers[0].precision
    for number in numbers[1:]:
        precision = max(precision, number.precision)
        total = rounded(added(total, number.value), precision)
    return terms.Number(total, precision=precision)


@GROUP.define("alltrue", Parameter("list", ListType(BOOL)), result=BOOL)
def alltrue(value: Term) -> Term:
    items = items_of(value)
    if any(isinstance(item, terms.Null) or item == terms.Bool(False) for item in items):
        return terms.Bool(False)
    return terms.Bool(True) if value.whole else derived("alltrue", (value,), BOOL)


@GROUP.define("anytrue", Parameter("list", ListType(BOOL)), result=BOOL)
def anytrue(value: Term) -> Term:
    if terms.Bool(True) in items_of(value):
        return terms.Bool(True)
    return terms.Bool(False) if value.whole else derived("anytrue", (value,), BOOL)


@GROUP.define("range", rest=Parameter("params", NUMBER), result=ListType(NUMBER))
def range_(*params: Term) -> Term:
    given = [param.value for param in params if isinstance(param, terms.Number)]
    if not 1 <= len(given) <= 3:
        raise Fault(f"`range` takes one, two or three arguments, not {len(given)}")
    start, end = (0, given[0]) if len(given) == 1 else (given[0], given[1])
    step = given[2] if len(given) == 3 else (-1 if end < start else 1)
    if step == 0:
        raise Fault("`range`: the step must not be zero")
    if (end - start) * step < 0:
        raise Fault("`range`: the step leads away from the end")
    found: list[Term] = []
    number = start
    while number < end if step > 0 else number > end:
        if len(found) >= _RANGE_LIMIT:
            raise Fault(f"`range` gives more than {_RANGE_LIMIT} numbers")
        found.append(terms.Number(number))
        number = rounded(number + step)
    return terms.List(NUMBER, tuple(found))


@GROUP.define(
    "matchkeys",
    Parameter("values", ListType(DYNAMIC)),
    Parameter("keys", ListType(DYNAMIC)),
    Parameter("searchset", ListType(DYNAMIC)),
    result=lambda values, *_: values.type,
)
def matchkeys(values: Term, keys: Term, searchset: Term) -> Term:
    assert isinstance(values, terms.List)
    common = unify((keys.type, searchset.type))
    if common is None:
        raise Fault("`matchkeys`: keys and searchset must be of the same type")
    wanted, searched = items_of(convert(keys, common)), items_of(convert(searchset, common))
    if len(values.items) != len(wanted):
        raise Fault("`matchkeys`: there must be as many keys as values")
    if not searched:
        return terms.List(values.element, ())
    if not (values.whole and keys.whole and searchset.whole):
        return derived("matchkeys", (values, keys, searchset), values.type)
    kept = [
        value
        for value, key in zip(values.items, wanted, strict=True)
        if True in [equal(key, other) for other in searched]
    ]
    return terms.List(values.element, tuple(kept))
