"""What is certain of a value that is one of two, and it is not known which."""

from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.equality import equal
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.terms import (
    Composite,
    HoledText,
    List,
    Map,
    Null,
    Object,
    Part,
    Term,
    Text,
    Tuple,
    Unknown,
    holed,
    is_plain,
    items,
    may_be_null,
    simplest,
    with_children,
    with_sensitive,
)
from tfkms.frontends.hcl.types import DYNAMIC, STRING, Type, friendly
from tfkms.frontends.hcl.unification import unify
from tfkms.frontends.hcl.unknowns import derived


def common_type(then: Term, otherwise: Term) -> Type:
    """The type of `condition ? then : otherwise`. Raises `Fault` where the branches have none in common."""
    if isinstance(then, Null) and then.type is DYNAMIC:
        return otherwise.type
    if isinstance(otherwise, Null) and otherwise.type is DYNAMIC:
        return then.type
    if then.type is DYNAMIC or otherwise.type is DYNAMIC:
        return DYNAMIC
    common = unify((then.type, otherwise.type))
    if common is None:
        raise Fault(
            "the branches of the conditional have no type in common: "
            f"{friendly(then.type)} and {friendly(otherwise.type)}"
        )
    return common


def chosen(term: Term, kind: Type) -> Term:
    """The branch that was chosen, as a value of the type of both."""
    try:
        return convert(term, kind)
    except CannotConvert as reason:
        raise Fault(f"the branch of the conditional does not fit the type of the other: {reason}") from None


def either(condition: Term, then: Term, otherwise: Term) -> Term:
    """What is certain of `condition ? then : otherwise`, the condition unknown: what both branches agree on."""
    kind = common_type(then, otherwise)
    one, other = chosen(then, kind), chosen(otherwise, kind)
    sensitive = condition.sensitive or then.sensitive or otherwise.sensitive
    return with_sensitive(_agreed(condition, one, other), sensitive)


def _agreed(condition: Term, one: Term, other: Term) -> Term:
    if one.type == other.type and one.marked == other.marked and equal(one, other) is True:
        return one
    first, second = _as_text(one), _as_text(other)
    if first is not None and second is not None:
        return _agreed_text(condition, first, second)
    if one.type != other.type:
        return _open(condition, one, other, DYNAMIC)
    if isinstance(one, List | Tuple) and isinstance(other, List | Tuple) and len(one.items) == len(other.items):
        return _agreed_children(condition, one, other)
    if isinstance(one, Map | Object) and isinstance(other, Map | Object) and one.members.keys() == other.members.keys():
        return _agreed_children(condition, one, other)
    return _open(condition, one, other, one.type)


def _as_text(term: Term) -> Text | HoledText | None:
    """The term as a text, if it certainly is one."""
    if isinstance(term, Unknown) and term.type is STRING and term.not_null:
        return HoledText((Part(term),), sensitive=term.sensitive)
    return term if isinstance(term, Text | HoledText) else None


def _open(condition: Term, one: Term, other: Term, kind: Type) -> Unknown:
    certain = not (may_be_null(one) or may_be_null(other))
    return derived("conditional", (condition, one, other), kind, not_null=certain)


def _agreed_children(condition: Term, one: Composite, other: Composite) -> Term:
    made = [_agreed(condition, first, second) for first, second in zip(items(one), items(other), strict=True)]
    return with_sensitive(with_children(one, made), other.sensitive)


def _agreed_text(condition: Term, one: Text | HoledText, other: Text | HoledText) -> Term:
    begin = _shared(one.prefix, other.prefix)
    end = _shared(one.suffix[len(begin) :][::-1], other.suffix[len(begin) :][::-1])[::-1]
    if isinstance(one, HoledText) and isinstance(other, HoledText):
        end = _shared(one.suffix[::-1], other.suffix[::-1])[::-1]
    elif isinstance(one, HoledText) or isinstance(other, HoledText):
        end = ""
    rest = derived("conditional", (condition, one, other), STRING, plain=_plain(one) and _plain(other))
    return with_sensitive(simplest(holed([begin, Part(rest), end])), one.sensitive or other.sensitive)


def _shared(one: str, other: str) -> str:
    """What both texts begin with."""
    length = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        length += 1
    return one[:length]


def _plain(term: Text | HoledText) -> bool:
    return is_plain(term.value) if isinstance(term, Text) else term.plain
