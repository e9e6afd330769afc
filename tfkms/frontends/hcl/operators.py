"""Operators: arithmetic, comparison and logic, on known and unknown terms."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.equality import equal
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.terms import Bool, Null, Number, Term, is_unknown, unmarked, with_sensitive
from tfkms.frontends.hcl.types import BOOL, NUMBER, Primitive
from tfkms.frontends.hcl.unknowns import derived, unknown


def binary(operator: str, left: Term, right: Term) -> Term:
    """`left operator right`. Raises `Fault` for operands of the wrong type, and for null."""
    sensitive = left.marked or right.marked
    made = _OPERATORS[operator](operator, unmarked(left), unmarked(right))
    if sensitive and not made.whole:  # the names of unknowns must not tell what is sensitive
        made = derived(operator, (left, right), made.type)
    return with_sensitive(made, sensitive)


def unary(operator: str, operand: Term) -> Term:
    """`!operand` or `-operand`."""
    term = _operand(operand, BOOL if operator == "!" else NUMBER, "the operand")
    match term:
        case Bool(value, sensitive=sensitive):
            return Bool(not value, sensitive=sensitive)
        case Number(value, sensitive=sensitive, precision=precision):
            return Number(floats.negated(value), sensitive=sensitive, precision=precision)
        case _:
            return derived(operator, (term,), term.type)


def _operand(term: Term, kind: Primitive, which: str) -> Term:
    try:
        converted = convert(term, kind)
    except CannotConvert as reason:
        raise Fault(f"{which} does not fit: {reason}") from None
    if isinstance(converted, Null):
        raise Fault(f"{which} must not be null")
    return converted


def _equality(operator: str, left: Term, right: Term) -> Term:
    same = equal(left, right)
    if same is None:
        return derived(operator, (left, right), BOOL)
    return Bool(same is (operator == "=="))


def logic(operator: str, left: Term, right: Term) -> Term:
    """`&&` and `||`; one operand decides even where the other is unknown."""
    deciding = operator == "||"
    operands = [_operand(left, BOOL, "the left operand"), _operand(right, BOOL, "the right operand")]
    if any(isinstance(term, Bool) and term.value is deciding for term in operands):
        return Bool(deciding)
    if all(isinstance(term, Bool) for term in operands):
        return Bool(not deciding)
    return derived(operator, operands, BOOL)


def _comparison(operator: str, left: Term, right: Term) -> Term:
    one = _operand(left, NUMBER, "the left operand")
    other = _operand(right, NUMBER, "the right operand")
    if not (isinstance(one, Number) and isinstance(other, Number)):
        return derived(operator, (one, other), BOOL)
    return Bool(_COMPARISONS[operator](one.value, other.value))


_COMPARISONS: Mapping[str, Callable[[floats.Real, floats.Real], bool]] = {
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
}


def _arithmetic(operator: str, left: Term, right: Term) -> Term:
    one = _operand(left, NUMBER, "the left operand")
    other = _operand(right, NUMBER, "the right operand")
    if not (isinstance(one, Number) and isinstance(other, Number)):
        assert is_unknown(one) or is_unknown(other)
        return derived(operator, (one, other), NUMBER)
    precision = max(one.precision, other.precision)
    if operator in ("/", "%") and other.value == 0:
        if operator == "%":
            return one
        if one.value == 0:
            raise Fault("zero cannot be divided by zero")
        return unknown(NUMBER, "an infinite number", f"{floats.plain(one.value)} / 0")
    if operator == "%":
        return _remainder(one, other)
    value = _ARITHMETIC[operator](one.value, other.value)
    if value == 0 and operator in "*/" and floats.is_negative(one.value) is not floats.is_negative(other.value):
        value = floats.NEGATIVE_ZERO
    if operator == "*":  # products keep all their bits, as far as there is room for them
        precision = max(precision, floats.bits(floats.rounded(value)))
    return Number(floats.rounded(value, precision), precision=precision)


def _remainder(one: Number, other: Number) -> Number:
    """What is left of `one`, with its precision and sign (go-cty's `Modulo`)."""
    quotient = floats.rounded(Fraction(one.value) / Fraction(other.value), max(one.precision, other.precision))
    product = floats.rounded(other.value * floats.rounded(int(quotient), one.precision), one.precision)
    return Number(floats.rounded(one.value - product, one.precision), precision=one.precision)


_ARITHMETIC: Mapping[str, Callable[[floats.Real, floats.Real], floats.Real]] = {
    "+": floats.added,
    "-": lambda one, other: floats.added(one, floats.negated(other)),
    "*": lambda one, other: one * other,
    "/": lambda one, other: Fraction(one) / Fraction(other),
}

_OPERATORS: Mapping[str, Callable[[str, Term, Term], Term]] = {
    **dict.fromkeys(("==", "!="), _equality),
    **dict.fromkeys(("&&", "||"), logic),
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys((*_ARITHMETIC, "%"), _arithmetic),
}
