"""Conditions as literals over condition keys, each read twice: as surely true and as possibly true.

The rules are those of the IAM User Guide, reference_policies_elements_condition_operators (missing keys, negation,
IfExists, Null) and reference_policies_multi-value-conditions (values, set operators).
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TypeAlias, assert_never

from tfkms.iam.document import Comparison, Condition, Family, Opaque, Operator, Quantifier
from tfkms.iam.pattern import (
    Pattern,
    Symbol,
    Wild,
    arn_shape,
    folded,
    holes_of,
    literal,
    matches,
    may_match,
    shape,
    wild_symbols,
)
from tfkms.location import Origin
from tfkms.values import Hole, Text, pointer_step, text_parts

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Like:
    """Passed by a value that one of the patterns matches. With `fold`, the patterns are lower case and case is lost."""

    patterns: tuple[Pattern, ...]
    opaque: tuple[Hole, ...] = ()
    fold: bool = False


@dataclass(frozen=True)
class Compared:
    """Passed by a number (for dates: seconds since 1970) that stands to one of the bounds as `comparison` says."""

    comparison: Comparison
    bounds: tuple[Decimal, ...]
    dates: bool
    opaque: tuple[Hole, ...] = ()


@dataclass(frozen=True)
class Within:
    """Passed by an address inside one of the networks."""

    networks: tuple[Network, ...]
    opaque: tuple[Hole, ...] = ()


Test: TypeAlias = Like | Compared | Within


@dataclass(frozen=True)
class Atom:
    """A literal about one condition key (lower case).

    With the key absent it is `when_absent`, or not known for the reason in `doubt`. Otherwise: some value (`every`
    False), or every value, passes the test or, with `positive` False, does not pass it.
    """

    key: str
    test: Test
    positive: bool
    every: bool
    when_absent: bool
    doubt: Hole | None = None

    def if_absent(self) -> "Ground":
        """The literal where the request does not carry the key."""
        if self.doubt is not None:
            return unsure(self.doubt)
        return TRUE if self.when_absent else FALSE

    def negated(self) -> "Atom":
        """The literal that holds exactly when this one does not."""
        return replace(self, positive=not self.positive, every=not self.every, when_absent=not self.when_absent)


@dataclass(frozen=True)
class Ground:
    """A literal that no condition key decides: surely true, possibly true, and the holes on which that hangs."""

    certain: bool
    possible: bool
    holes: frozenset[Hole] = frozenset()

    def negated(self) -> "Ground":
        """The literal that holds exactly when this one does not."""
        return Ground(not self.possible, not self.certain, self.holes)


Literal: TypeAlias = Atom | Ground

TRUE = Ground(certain=True, possible=True)
FALSE = Ground(certain=False, possible=False)


def unsure(*holes: Hole) -> Ground:
    """A literal that may be true and may be false."""
    return Ground(certain=False, possible=True, holes=frozenset(holes))


class NoValue(Enum):
    """What a policy variable may lack."""

    ABSENT = "the request does not carry the key"
    UNKNOWN = "the value is not known"


Variables: TypeAlias = Callable[[str], Text | NoValue]
"""The value of a policy variable by the name of its condition key, lower case."""


def no_variables(_name: str) -> NoValue:
    """The value of every variable, where nothing is known of the request."""
    return NoValue.UNKNOWN


def literals(condition: Condition, origin: Origin, variables: Variables | None) -> tuple[Literal, ...]:
    """What the condition demands, all of it.

    `origin` is the place of the statement; `variables` give the values of `${…}`, None where it is literal text.
    """
    match condition.operator:
        case Opaque(hole):
            return (unsure(hole),)
        case Operator() as operator:
            pass
    values = _Values(condition, operator, origin, variables)
    key = condition.key.lower()
    if operator.family is Family.NULL:
        return _null(key, values)
    test = _test(operator, values)
    if_absent = operator.if_exists or operator.quantifier is Quantifier.ALL
    match operator.quantifier:
        case Quantifier.ONE:
            # Of a key with one value "some" and "every" are the same; a negated operator refuses each of several.
            return (Atom(key, test, not operator.negated, operator.negated, if_absent or operator.negated),)
        case Quantifier.ANY:
            doubt = Hole(values.origin.address, values.origin.path, _ANY_IF_EXISTS) if if_absent else None
            return (Atom(key, test, not operator.negated, every=False, when_absent=False, doubt=doubt),)
        case Quantifier.ALL:
            return (Atom(key, test, not operator.negated, every=True, when_absent=if_absent),)
    assert_never(operator.quantifier)


_ANY_IF_EXISTS = "AWS does not say whether `ForAnyValue:…IfExists` holds where the key is absent"


class _Values:
    """The values of one condition: what is read goes out, what cannot be read gathers in `opaque`."""

    def __init__(self, condition: Condition, operator: Operator, origin: Origin, variables: Variables | None):
        self.texts = condition.values
        self.origin = origin.below("Condition", pointer_step(operator.name), pointer_step(condition.key))
        self.variables = variables
        self.opaque = [part.hole for part in condition.opaque]

    def unread(self, value: Text, reason: str) -> None:
        """Counts `value` among what cannot be read; a hole in it is the better reason."""
        own = [part for part in text_parts(value) if isinstance(part, Hole)]
        self.opaque += own or [Hole(self.origin.address, self.origin.path, reason)]

    def like(self, make: Callable[[list[Symbol]], Pattern | None], wild: bool) -> Like:
        """The patterns that `make` builds; with `wild`, `*` and `?` are wildcards."""
        patterns: list[Pattern] = []
        for value in self.texts:
            symbols = expanded(value, self.variables, wild)
            if symbols is NoValue.ABSENT:
                continue  # matches nothing: a positive operator fails and a negated one holds
            if symbols is NoValue.UNKNOWN:
                self.unread(value, f"the policy variable in `{value}` has no known value")
                continue
            pattern = make(symbols)
            if pattern is None:
                self.unread(value, f"`{value}` is no ARN pattern, and AWS does not say what it matches")
            else:
                patterns.append(pattern)
        return Like(tuple(patterns), tuple(self.opaque))

    def numbers(self, read: Callable[[str], Decimal | None], what: str) -> tuple[Decimal, ...]:
        bounds: list[Decimal] = []
        for value in self.texts:
            bound = read(value) if isinstance(value, str) else None
            if bound is None:
                self.unread(value, f"`{value}` is no {what}")
            else:
                bounds.append(bound)
        return tuple(bounds)

    def networks(self) -> tuple[Network, ...]:
        known: list[Network] = []
        for value in self.texts:
            try:
                known.append(ipaddress.ip_network(str(value), strict=False))
            except ValueError:
                self.unread(value, f"`{value}` is no address range")
        return tuple(known)


def _null(key: str, values: _Values) -> tuple[Literal, ...]:
    """`Null: true` holds for an absent key, `Null: false` for a present one."""
    wanted = {value.lower() if isinstance(value, str) else value for value in values.texts}
    for value in wanted - {"true", "false"}:
        values.unread(value, f"`{value}` is neither `true` nor `false`")
    if values.opaque:
        return (unsure(*values.opaque),)
    if len(wanted) > 1:
        return ()
    anything = Like((shape([Wild.ANY]),))
    absent = wanted == {"true"}
    return (Atom(key, anything, positive=not absent, every=absent, when_absent=absent),)


def _test(operator: Operator, values: _Values) -> Test:
    match operator.family:
        case Family.STRING | Family.BINARY:
            return values.like(shape, wild=False)
        case Family.STRING_IGNORE_CASE | Family.BOOL:
            like = values.like(shape, wild=False)
            return Like(tuple(map(folded, like.patterns)), like.opaque, fold=True)
        case Family.STRING_LIKE:
            return values.like(shape, wild=True)
        case Family.ARN:
            return values.like(arn_shape, wild=True)
        case Family.NUMERIC:
            return Compared(operator.comparison, values.numbers(number, "number"), False, tuple(values.opaque))
        case Family.DATE:
            return Compared(operator.comparison, values.numbers(seconds, "date"), True, tuple(values.opaque))
        case Family.IP_ADDRESS:
            return Within(values.networks(), tuple(values.opaque))
        case Family.NULL:
            raise AssertionError("Null tests presence, not a value")
    assert_never(operator.family)


_VARIABLE = re.compile(r"\$\{(?P<name>[^}'\"]*?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?\}")
_ESCAPED = frozenset("*?$")


def expanded(value: Text, variables: Variables | None, wild: bool) -> list[Symbol] | NoValue:
    """The symbols of `value` with its policy variables replaced; NoValue where one has no value, or none that is known.

    `${*}`, `${?}` and `${$}` are the characters themselves; what a variable holds is taken literally. Source: IAM User
    Guide, reference_policies_variables.
    """
    symbols: list[Symbol] = []
    for part in text_parts(value):
        if isinstance(part, Hole):
            symbols.append(part)
        elif variables is None:
            symbols += wild_symbols(part) if wild else part
        else:
            place = 0
            for found in _VARIABLE.finditer(part):
                before = part[place : found.start()]
                symbols += wild_symbols(before) if wild else before
                replaced = _replacement(found, variables)
                if isinstance(replaced, NoValue):
                    return replaced
                symbols += literal(replaced).symbols
                place = found.end()
            rest = part[place:]
            if "${" in rest:
                return NoValue.UNKNOWN
            symbols += wild_symbols(rest) if wild else rest
    return symbols


def _replacement(found: "re.Match[str]", variables: Variables) -> Text | NoValue:
    name = found["name"]
    if name in _ESCAPED:
        return name
    value = variables(name.lower())
    if value is NoValue.ABSENT and found["default"] is not None:
        return found["default"]
    if isinstance(value, str) and set("*?") & set(value):
        return NoValue.UNKNOWN  # no page says whether a wildcard in the value counts as one
    return value


DIGITS_LIMIT = 40
"""Numbers with more digits are not read: no condition key holds any."""


def number(value: str) -> Decimal | None:
    """The number that `value` is, None where it is none."""
    try:
        read = Decimal(value)
    except InvalidOperation:
        return None
    return read if read.is_finite() and abs(read.adjusted()) <= DIGITS_LIMIT else None


def seconds(value: str) -> Decimal | None:
    """The seconds from 1970 to the date that `value` is (ISO 8601, or such a number); None where it is none.

    Source: IAM User Guide, reference_policies_elements_condition_operators, "Date condition operators".
    """
    if value.isdecimal():
        return Decimal(value)
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return Decimal(int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()))


def passes(test: Test, value: Text) -> Ground:
    """Whether `value` passes the test; what cannot be read may pass anything."""
    match test:
        case Like(patterns, opaque, fold):
            seen = value.lower() if fold and isinstance(value, str) else value
            certain = any(matches(pattern, seen) for pattern in patterns)
            near = [pattern for pattern in patterns if may_match(pattern, seen)]
            unknown = {hole for part in text_parts(value) if isinstance(part, Hole) for hole in (part,)}
            holes = frozenset(opaque).union(unknown, *map(holes_of, near))
            return _read_as(certain, possible=bool(near or opaque), holes=holes)
        case Compared(comparison, bounds, dates, opaque):
            own = (seconds(value) if dates else number(value)) if isinstance(value, str) else None
            if own is None:
                return _malformed(value, bool(opaque))
            certain = any(_compare(own, comparison, bound) for bound in bounds)
            return _read_as(certain, possible=certain or bool(opaque), holes=frozenset(opaque))
        case Within(networks, opaque):
            try:
                address = ipaddress.ip_address(str(value))
            except ValueError:
                return _malformed(value, bool(opaque))
            certain = any(address.version == net.version and address in net for net in networks)
            return _read_as(certain, possible=certain or bool(opaque), holes=frozenset(opaque))
    assert_never(test)


def _malformed(value: Text, opaque: bool) -> Ground:
    """The request's value is no number, date or address: no operator of those families matches it."""
    if isinstance(value, str) and not opaque:
        return FALSE
    return unsure(*(part for part in text_parts(value) if isinstance(part, Hole)))


def _read_as(certain: bool, possible: bool, holes: frozenset[Hole]) -> Ground:
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


def holds(atom: Atom, values: tuple[Text, ...] | None) -> Ground:
    """Whether the literal holds for a key with these values; None is an absent key."""
    if values is None:
        return atom.if_absent()
    answers = [passes(atom.test, value) for value in values]
    if not atom.positive:
        answers = [answer.negated() for answer in answers]
    certain, possible = [a.certain for a in answers], [a.possible for a in answers]
    holes = frozenset[Hole]().union(*(answer.holes for answer in answers))
    if atom.every:
        return _read_as(all(certain), all(possible), holes)
    return _read_as(any(certain), any(possible), holes)
