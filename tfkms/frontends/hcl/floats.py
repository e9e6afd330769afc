"""Numbers as Terraform computes and prints them: binary floats of 512 bits, in plain decimal.

A number is an `int` where it is whole, else a `Fraction` whose denominator is a power of two. Results of functions that
compute in machine words have 53 or 64 bits; an operation takes the larger precision of its operands. The rules are
those of `math/big.Float` in Go, which Terraform's values (github.com/zclconf/go-cty) stand on.
"""

import re
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from tfkms.frontends.hcl.faults import Withheld

Real: TypeAlias = int | Fraction


class _NegativeZero(int):
    """Zero, but printed with the sign that a binary float keeps."""


NEGATIVE_ZERO = _NegativeZero(0)
PRECISION = 512
INTEGER_PRECISION = 64
DOUBLE_PRECISION = 53
EXPONENT_LIMIT = 10_000
_BITS_LIMIT = 4 * EXPONENT_LIMIT
_DECIMAL = re.compile(r"([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:([eEpP])([+-]?[0-9]+))?")


def digits_of(value: int) -> str:
    """`value` in decimal, of whatever length: Python's `str` refuses long ones, and takes time by their square."""
    return str(Decimal(value)) if value.bit_length() > PRECISION else str(value)


def short(value: Real) -> str:
    """`value` for a person: in plain decimal, or with an exponent where that would be long."""
    return (
        plain(value) if value.denominator == 1 and value.numerator.bit_length() <= INTEGER_PRECISION else general(value)
    )


def rounded(value: Real, precision: int = PRECISION) -> Real:
    """The float nearest to `value`, ties to even. Raises `Withheld` for one far beyond what is written down."""
    top, bottom = abs(value.numerator), value.denominator
    if top.bit_length() > _BITS_LIMIT or bottom.bit_length() > _BITS_LIMIT:
        raise Withheld("the number is beyond all measure")
    if bottom == 1 and top.bit_length() <= precision:
        return value if value is NEGATIVE_ZERO else value.numerator
    shift = top.bit_length() - bottom.bit_length() - precision
    mantissa, rest, unit = _divide(top, bottom, shift)
    if mantissa.bit_length() > precision:
        shift += 1
        mantissa, rest, unit = _divide(top, bottom, shift)
    if 2 * rest > unit or (2 * rest == unit and mantissa & 1):
        mantissa += 1
    if value < 0:
        mantissa = -mantissa
    if shift >= 0:
        return mantissa << shift
    return normal(Fraction(mantissa, 1 << -shift))


def _divide(top: int, bottom: int, shift: int) -> tuple[int, int, int]:
    if shift < 0:
        return *divmod(top << -shift, bottom), bottom
    return *divmod(top, bottom << shift), bottom << shift


def normal(value: Real) -> Real:
    """`value` as an `int` where it is whole."""
    return value.numerator if value.denominator == 1 else value


def bits(value: Real) -> int:
    """How many bits it takes to hold `value` exactly, zeros at either end left out."""
    top = abs(value.numerator)
    return top.bit_length() - ((top & -top).bit_length() - 1) if top else 0


def is_negative(value: Real) -> bool:
    """Whether `value` has a sign; zero may have one."""
    return value < 0 or value is NEGATIVE_ZERO


def magnitude(value: Real) -> Real:
    """`value` without its sign."""
    return -value if value < 0 else +value


def negated(value: Real) -> Real:
    """`value` with the other sign, zero too."""
    return NEGATIVE_ZERO if value == 0 and value is not NEGATIVE_ZERO else -value


def added(one: Real, other: Real) -> Real:
    """The sum, not rounded; a zero keeps its sign only where it is added to its like."""
    return one if one is NEGATIVE_ZERO and other is NEGATIVE_ZERO else one + other


def parse(text: str) -> Real | None:
    """The number that a decimal text stands for; None for any other text. Raises `Withheld` beyond all measure."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, bare, mark, exponent = match.groups()
    digits = fraction or bare or ""
    scale = int(exponent or "0") if len(exponent or "") <= len(str(EXPONENT_LIMIT)) + 1 else EXPONENT_LIMIT + 1
    if abs(scale) > EXPONENT_LIMIT or len(text) > EXPONENT_LIMIT:
        raise Withheld("the number is beyond all measure")
    base = 2 if mark in ("p", "P") else 10
    value = Fraction(int(Decimal((whole or "") + digits)), 10 ** len(digits)) * Fraction(base) ** scale
    return rounded(negated(value) if sign == "-" else value)


def from_decimal(value: Decimal) -> Real:
    """The float nearest to a decimal. Raises `Withheld` for one beyond all measure."""
    if not value.is_finite() or abs(value.adjusted()) > EXPONENT_LIMIT or len(value.as_tuple().digits) > EXPONENT_LIMIT:
        raise Withheld("the number is beyond all measure")
    return rounded(Fraction(value))


def shortest_digits(value: Real, precision: int = PRECISION) -> tuple[str, int]:
    """The fewest decimal digits that tell `value` from its neighbours, and where the point stands among them.

    `("15", 1)` is 1.5. Zero is `("", 0)`. The sign is left out.
    """
    size = Fraction(magnitude(value))
    if size == 0:
        return "", 0
    if size.denominator == 1 and size.numerator.bit_length() <= precision:
        digits = digits_of(size.numerator)
        return digits.rstrip("0"), len(digits)
    exponent = size.numerator.bit_length() - size.denominator.bit_length() - precision - 1
    while size >= Fraction(2) ** (exponent + precision + 1):
        exponent += 1
    while size < Fraction(2) ** (exponent + precision):
        exponent -= 1
    half = Fraction(2) ** exponent
    mantissa = size / half
    low, high = size - half, size + half
    places = max(bound.denominator.bit_length() - 1 for bound in (low, size, high))
    power = 10**places
    scaled = [digits_of(bound.numerator * power // bound.denominator) for bound in (low, size, high)]
    width = max(len(digits) for digits in scaled)
    lower, exact, upper = (digits.zfill(width) for digits in scaled)
    kept, carried = _shortest(lower.rstrip("0"), exact, upper.rstrip("0"), inclusive=int(mantissa) & 2 == 0)
    leading = len(kept) - len(kept.lstrip("0"))
    return kept.strip("0"), width - places + carried - leading


def _shortest(lower: str, exact: str, upper: str, *, inclusive: bool) -> tuple[str, int]:
    """The digits to keep of `exact`, and 1 where rounding up made them one longer."""
    for place, digit in enumerate(exact):
        below = lower[place] if place < len(lower) else "0"
        above = upper[place] if place < len(upper) else "0"
        down = below != digit or (inclusive and place + 1 == len(lower))
        up = digit != above and (inclusive or int(digit) + 1 < int(above) or place + 1 < len(upper))
        kept, rest = exact[: place + 1], exact[place + 1 :]
        if up and (not down or _rounds_up(kept, rest)):
            raised = digits_of(int(Decimal(kept)) + 1).zfill(len(kept))
            return raised, len(raised) - len(kept)
        if down:
            return kept, 0
    return exact, 0


def _rounds_up(kept: str, rest: str) -> bool:
    if rest and rest[0] == "5" and not rest[1:].strip("0"):
        return int(kept[-1]) % 2 == 1
    return bool(rest) and rest[0] >= "5"


def plain(value: Real, precision: int = PRECISION) -> str:
    """`value` in plain decimal, as Terraform prints it: `0.3`, `100000`, `-0.0000001`."""
    if value is NEGATIVE_ZERO:
        return "-0"
    if isinstance(value, int) and value.bit_length() <= precision:
        return digits_of(value)
    digits, point = shortest_digits(value, precision)
    return _positional(digits, point, negative=value < 0)


def _positional(digits: str, point: int, *, negative: bool) -> str:
    sign = "-" if negative else ""
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}" if digits else "0"
    whole, fraction = digits[:point].ljust(point, "0"), digits[point:]
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def general(value: Real, precision: int = PRECISION, digits: int | None = None) -> str:
    """`value` as Go's `%g` writes it: with an exponent below -4 and from 6, or from `digits` where rounded to those."""
    if value is NEGATIVE_ZERO:
        return "-0"
    shown, point = shortest_digits(value, precision) if digits is None else significant(value, digits)
    exponent = point - 1
    if not shown or -4 <= exponent < (digits or 6):
        return _positional(shown, point, negative=value < 0)
    sign = "-" if value < 0 else ""
    fraction = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{sign}{shown[0]}{fraction}{exponent_text(exponent)}"


def exponent_text(exponent: int) -> str:
    """`e+06`."""
    return f"e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def significant(value: Real, count: int) -> tuple[str, int]:
    """The first `count` decimal digits of `value`, rounded, without zeros at the end; and where the point stands."""
    size = Fraction(magnitude(value))
    if size == 0:
        return "", 0
    point = len(digits_of(size.numerator)) - len(digits_of(size.denominator))
    if size >= Fraction(10) ** point:
        point += 1
    digits = digits_of(round(size * Fraction(10) ** (count - point)))
    return digits.rstrip("0"), point + len(digits) - count


def fixed(value: Real, places: int) -> str:
    """`value` with just so many decimal places."""
    digits = digits_of(int(magnitude(round(Fraction(value) * 10**places)))).zfill(places + 1)
    sign = "-" if value < 0 or value is NEGATIVE_ZERO else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
