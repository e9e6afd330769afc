"""Values of a request against those of a condition: texts, numbers, dates, addresses and octets.

What comes back is read twice, as surely true and as possibly true. Source: IAM User Guide,
reference_policies_elements_condition_operators.
"""

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias, assert_never

from msgspec import Struct

from tfkms.iam.automaton import matches, may_match
from tfkms.iam.document import Comparison
from tfkms.iam.pattern import Pattern, holes_of
from tfkms.values import Hole, Text, text_parts

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Ground(Struct, frozen=True):
    """A literal that no condition key decides: surely true, possibly true, and the holes on which that hangs."""

    certain: bool
    possible: bool
    holes: frozenset[Hole] = frozenset()

    def negated(self) -> "Ground":
        """The literal that holds exactly when this one does not."""
        return Ground(not self.possible, not self.certain, self.holes)


TRUE = Ground(certain=True, possible=True)
FALSE = Ground(certain=False, possible=False)


def unsure(*holes: Hole) -> Ground:
    """A literal that may be true and may be false."""
    return Ground(certain=False, possible=True, holes=frozenset(holes))


class Like(Struct, frozen=True):
    """Passed by a value that one of the patterns matches; perhaps by one that a doubtful pattern matches, or at all
    where there is something `opaque`."""

    patterns: tuple[Pattern, ...]
    opaque: tuple[Hole, ...] = ()
    doubtful: tuple["Doubtful", ...] = ()


class Doubtful(Struct, frozen=True):
    """A pattern of which no page says whether it is meant; `hole` says what is not known."""

    pattern: Pattern
    hole: Hole


class Compared(Struct, frozen=True):
    """Passed by a number (for dates: seconds since 1970) that stands to one of the bounds as `comparison` says."""

    comparison: Comparison
    bounds: tuple[Decimal, ...]
    dates: bool
    opaque: tuple[Hole, ...] = ()


class Within(Struct, frozen=True):
    """Passed by an address inside one of the networks."""

    networks: tuple[Network, ...]
    opaque: tuple[Hole, ...] = ()


class SameBytes(Struct, frozen=True):
    """Passed by the base64 form of one of the octet strings."""

    octets: tuple[bytes, ...]
    opaque: tuple[Hole, ...] = ()


Test: TypeAlias = Like | Compared | Within | SameBytes


DIGITS_LIMIT = 40
"""Numbers with more digits are not read: no condition key holds any."""

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?)?"
)
"""The W3C's profile of ISO 8601, a year alone left out: four digits could be seconds as well."""


def number(value: str) -> Decimal | None:
    """The number that `value` is, None where it is none: digits, with a sign or a fraction."""
    if len(value) > DIGITS_LIMIT or not _NUMBER.fullmatch(value):
        return None
    return Decimal(value)


def seconds(value: str) -> Decimal | None:
    """The seconds from 1970 to the date that `value` is (ISO 8601, or such a number); None where it is none.

    Source: IAM User Guide, reference_policies_elements_condition_operators, "Date condition operators".
    """
    if value.isascii() and value.isdecimal() and len("10000") <= len(value) <= DIGITS_LIMIT:
        return Decimal(value)
    if not _MOMENT.fullmatch(value):
        return None
    whole, point, rest = value.partition(".")
    fraction = rest.rstrip("Z").partition("+")[0].partition("-")[0]
    whole += rest[len(fraction) :]
    try:
        read = datetime.fromisoformat(f"{whole}-01" if len(whole) == len("2026-01") else whole)
    except ValueError:
        return None
    moment = (read if read.tzinfo else read.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(moment.days * 86_400 + moment.seconds) + (Decimal(f"0.{fraction}") if point else 0)


def octets(value: str) -> bytes | None:
    """What `value` is the base64 form of, None where it is none."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def passes(test: Test, value: Text) -> Ground:
    """Whether `value` passes the test; what cannot be read may pass anything."""
    match test:
        case Like(patterns, opaque, doubtful):
            certain = any(matches(pattern, value) for pattern in patterns)
            near = [pattern for pattern in patterns if may_match(pattern, value)]
            odd = [doubt for doubt in doubtful if may_match(doubt.pattern, value)]
            if certain:
                return TRUE
            if not (near or odd or opaque):
                return FALSE
            doubts = {doubt.hole for doubt in odd} if not near else set()
            return unsure(*opaque, *_holes_in(value), *doubts, *frozenset().union(*map(holes_of, near)))
        case Compared(comparison, bounds, dates, opaque):
            own = (seconds(value) if dates else number(value)) if isinstance(value, str) else None
            if own is None:
                return _malformed(value, "no date" if dates else "no number")
            certain = any(_compare(own, comparison, bound) for bound in bounds)
        case Within(networks, opaque):
            address = _address(value) if isinstance(value, str) else None
            if address is None:
                return _malformed(value, "no address")
            certain = any(address.version == net.version and address in net for net in networks)
        case SameBytes(wanted, opaque):
            read = octets(value) if isinstance(value, str) else None
            if read is None:
                return _malformed(value, "no base64")
            certain = read in wanted
        case _:
            assert_never(test)
    return read_as(certain, possible=certain or bool(opaque), holes=frozenset(opaque))


def is_malformed(test: Test, value: str) -> bool:
    """Whether the value is not of the kind that the test compares."""
    match test:
        case Like():
            return False
        case Compared(dates=dates):
            return (seconds(value) if dates else number(value)) is None
        case Within():
            return _address(value) is None
        case SameBytes():
            return octets(value) is None
    assert_never(test)


def _address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def _holes_in(value: Text) -> list[Hole]:
    return [part for part in text_parts(value) if isinstance(part, Hole)]


def _malformed(value: Text, what: str) -> Ground:
    """The request's value is not of the kind that the operator compares: no page says what comes of it."""
    return unsure(*(_holes_in(value) or [Hole("", "", f"AWS does not say how it compares what is {what}")]))


def read_as(certain: bool, possible: bool, holes: frozenset[Hole]) -> Ground:
    """The ground literal; one that is sure hangs on nothing."""
    return Ground(certain, possible, holes if possible and not certain else frozenset())


def _compare(value: Decimal, comparison: Comparison, bound: Decimal) -> bool:
    match comparison:
        case Comparison.EQUALS:
            return value == bound
        case Comparison.LESS:
            return value < bound
        case Comparison.LESS_EQUALS:
            return value <= bound
        case Comparison.GREATER:
            return value > bound
        case Comparison.GREATER_EQUALS:
            return value >= bound
    assert_never(comparison)
