"""Functions over numbers."""

import math
from fractions import Fraction

from tfkms.frontends.hcl import floats, terms
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.functions.sequences import whole_number
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import NUMBER
from tfkms.frontends.hcl.unknowns import unknown

GROUP = Group()
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _value(term: Term) -> floats.Real:
    assert isinstance(term, terms.Number)
    return term.value


@GROUP.define("abs", Parameter("num", NUMBER), result=NUMBER)
def abs_(num: Term) -> Term:
    assert isinstance(num, terms.Number)
    return terms.Number(floats.magnitude(num.value), precision=num.precision)


@GROUP.define("ceil", Parameter("num", NUMBER), result=NUMBER)
def ceil(num: Term) -> Term:
    return terms.Number(math.ceil(_value(num)))


@GROUP.define("floor", Parameter("num", NUMBER), result=NUMBER)
def floor(num: Term) -> Term:
    return terms.Number(math.floor(_value(num)))


@GROUP.define("signum", Parameter("num", NUMBER), result=NUMBER)
def signum(num: Term) -> Term:
    value = whole_number("signum", "num", num)
    return terms.Number((value > 0) - (value < 0), precision=floats.INTEGER_PRECISION)


@GROUP.define("max", rest=Parameter("numbers", NUMBER), result=NUMBER)
def max_(*numbers: Term) -> Term:
    return _extreme("max", numbers, 1)


@GROUP.define("min", rest=Parameter("numbers", NUMBER), result=NUMBER)
def min_(*numbers: Term) -> Term:
    return _extreme("min", numbers, -1)


def _extreme(name: str, numbers: tuple[Term, ...], sign: int) -> Term:
    if not numbers:
        raise Fault(f"`{name}` takes at least 1 argument, not 0")
    best = numbers[0]
    for number in numbers[1:]:
        if sign * (_value(number) - _value(best)) > 0:
            best = number
    return best


def _double(value: float, name: str) -> Term:
    if math.isnan(value):
        raise Fault(f"`{name}`: the result is not a number")
    if math.isinf(value):
        return unknown(NUMBER, "an infinite number", f"{name}(…)")
    precise = floats.normal(Fraction(value))
    return terms.Number(precise, precision=floats.DOUBLE_PRECISION)


def _as_double(value: floats.Real) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


@GROUP.define("log", Parameter("num", NUMBER), Parameter("base", NUMBER), result=NUMBER)
def log(num: Term, base: Term) -> Term:
    return _double(_quotient(_ln(_as_double(_value(num))), _ln(_as_double(_value(base)))), "log")


def _ln(value: float) -> float:
    if value == 0:
        return -math.inf
    return math.log(value) if value > 0 else math.nan


def _quotient(one: float, other: float) -> float:
    if other == 0:
        return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one)
    return one / other


@GROUP.define("pow", Parameter("num", NUMBER), Parameter("power", NUMBER), result=NUMBER)
def pow_(num: Term, power: Term) -> Term:
    one, other = _as_double(_value(num)), _as_double(_value(power))
    try:
        return _double(math.pow(one, other), "pow")
    except OverflowError:
        return _double(math.inf, "pow")
    except ValueError:
        return _double(math.inf if one == 0 else math.nan, "pow")


@GROUP.define("parseint", Parameter("number"), Parameter("base", NUMBER), result=NUMBER)
def parseint(number: Term, base: Term) -> Term:
    if not isinstance(number, terms.Text):
        raise Fault("`parseint`: the argument `number` must be a string")
    radix = whole_number("parseint", "base", base)
    if not 2 <= radix <= len(_DIGITS):
        raise Fault("`parseint`: the base must be from 2 to 62")
    digits = number.value
    negative = digits.startswith("-")
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    if radix <= 36:  # letters of either case are the same digits up to here
        digits = digits.lower()
    if len(digits) > floats.EXPONENT_LIMIT:
        raise Withheld("the number is beyond all measure")
    value = 0
    for digit in digits:
        worth = _DIGITS.find(digit)
        if not 0 <= worth < radix:
            raise Fault(f"`parseint`: `{digit}` is no digit in base {radix}")
        value = value * radix + worth
    if not digits:
        raise Fault("`parseint`: there are no digits")
    precision = max(value.bit_length(), floats.INTEGER_PRECISION)
    return terms.Number(-value if negative else value, precision=precision)
