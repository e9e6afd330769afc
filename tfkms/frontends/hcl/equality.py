"""Whether two terms are equal: yes, no, or not known."""

from collections.abc import Iterable

from tfkms.frontends.hcl.terms import (
    Bool,
    HoledText,
    List,
    Map,
    Null,
    Number,
    Object,
    Part,
    Set,
    Term,
    Text,
    Tuple,
    Unknown,
    is_null,
    items,
    may_be_null,
)
from tfkms.frontends.hcl.types import is_dynamic_within


def equal(left: Term, right: Term) -> bool | None:
    """What `left == right` says in Terraform; None if that is not known.

    Values of different types differ (`"1" == 1` is false), nulls of any type are equal. Two texts with the same holes
    at the same places are equal; texts whose known parts cannot agree differ.
    """
    if isinstance(left, Null) or isinstance(right, Null):
        if is_null(left) and is_null(right):
            return True
        other = right if isinstance(left, Null) else left
        return None if may_be_null(other) else False
    if isinstance(left, Unknown) and isinstance(right, Unknown) and left.hole == right.hole and left.type == right.type:
        return True
    if _is_open(left) or _is_open(right):
        return None
    if left.type != right.type:
        return None if may_be_null(left) and may_be_null(right) else False
    return _equal_alike(left, right)


def _is_open(term: Term) -> bool:
    """Whether the type of something in it is not known yet."""
    if term.whole:
        return False
    if isinstance(term, Unknown):
        return is_dynamic_within(term.type)
    children = items(term) if isinstance(term, List | Set | Tuple | Map | Object) else ()
    return any(_is_open(child) for child in children)


def _equal_alike(left: Term, right: Term) -> bool | None:
    match left, right:
        case (Unknown(), _) | (_, Unknown()):
            return None
        case (Text() | HoledText(), Text() | HoledText()):
            return _equal_texts(left, right)
        case (Bool(one), Bool(other)) | (Number(one), Number(other)):
            return one == other
        case (List(items=one), List(items=other)) | (Tuple(items=one), Tuple(items=other)):
            return _equal_all(zip(one, other, strict=True)) if len(one) == len(other) else False
        case (Map(members=first), Map(members=second)) | (Object(members=first), Object(members=second)):
            if first.keys() != second.keys():
                return False
            return _equal_all([(first[name], second[name]) for name in first])
        case (Set(items=one), Set(items=other)):
            if not (left.whole and right.whole):
                return None
            return _equal_all(zip(one, other, strict=True)) if len(one) == len(other) else False
        case _:
            return False


def _equal_all(compared: Iterable[tuple[Term, Term]]) -> bool | None:
    result: bool | None = True
    for left, right in compared:
        same = equal(left, right)
        if same is False:
            return False
        if same is None:
            result = None
    return result


def _equal_texts(left: Text | HoledText, right: Text | HoledText) -> bool | None:
    if isinstance(left, Text):
        return left.value == right.value if isinstance(right, Text) else may_be(right, left.value)
    if isinstance(right, Text):
        return may_be(left, right.value)
    if left.parts == right.parts:
        return True
    agree = _begin_alike(left.prefix, right.prefix) and _begin_alike(left.suffix[::-1], right.suffix[::-1])
    return None if agree else False


def _begin_alike(left: str, right: str) -> bool:
    return left.startswith(right) or right.startswith(left)


def may_be(pattern: HoledText, value: str) -> bool | None:
    """False where no filling of the holes gives `value`, else None."""
    parts = pattern.parts
    if not (value.startswith(pattern.prefix) and value.endswith(pattern.suffix)):
        return False
    start, end = len(pattern.prefix), len(value) - len(pattern.suffix)
    if end < start:
        return False
    for part in parts[1:-1]:
        if isinstance(part, Part):
            continue
        found = value.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return None
