"""The conditions of a statement, its actions, resources and policy variables, for one concrete request.

In the words of the IAM User Guide, page by page; where it does not say what happens, the answer is UNSURE.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from tfkms.iam.document import Comparison, Condition, Family, Opaque, Operator, Quantifier
from tfkms.iam.simulate_texts import (
    FIFTH_COLON,
    Blank,
    Letter,
    Truth,
    chosen,
    equal,
    every,
    folded,
    is_arn,
    letters,
    matched,
    negated,
    some,
    spelled_part,
    split,
    within_parts,
)
from tfkms.values import Hole, Text, text_parts

# The request's context, and policy variables


class Context(Struct, frozen=True):
    """The condition keys of a request, by lower-case name; of `unsettled` ones not even the presence is known."""

    values: Mapping[str, tuple[Text, ...]]
    unsettled: frozenset[str] = frozenset()

    def get(self, key: str) -> tuple[Text, ...]:
        """The values of a key; none if it is absent."""
        return self.values.get(key.lower(), ())

    def is_unsettled(self, key: str) -> bool:
        """Whether nothing is known of the key."""
        return key.lower() in self.unsettled


_VARIABLE = re.compile(r"\$\{(?:(?P<sign>[*?$])|(?P<key>[^{},'*?$]+)(?:,\s*'(?P<default>[^']*)')?)\}")
_UNFINISHED = re.compile(r"\$(?:\{[^}]*)?$")


def _filled(pattern: Text, context: Context, *, wild: bool, variables: bool) -> tuple[Letter, ...] | None:
    """The pattern with its variables replaced; None where one of them has no value (IAM User Guide, variables)."""
    parts, spelled = text_parts(pattern), list[Letter]()
    for index, part in enumerate(parts):
        if isinstance(part, Hole) or not variables:
            spelled += spelled_part(part, wild)
            continue
        position = 0
        for variable in _VARIABLE.finditer(part):
            spelled += spelled_part(part[position : variable.start()], wild)
            value = _variable(variable, context, wild)
            if value is None:
                return None
            spelled += value
            position = variable.end()
        rest = part[position:]
        if index + 1 < len(parts) and (unfinished := _UNFINISHED.search(rest)):
            # The hole that follows is part of a variable's name: from here on anything may stand.
            return (*spelled, *spelled_part(rest[: unfinished.start()], wild), Blank(Hole("", "", "a variable's name")))
        spelled += spelled_part(rest, wild)
    return tuple(spelled)


def _variable(variable: re.Match[str], context: Context, wild: bool) -> tuple[Letter, ...] | None:
    if variable["sign"]:
        return (variable["sign"],)
    key = variable["key"].strip()
    values = context.get(key)
    if context.is_unsettled(key) or len(values) > 1:  # only a single-valued key can be a variable
        return (Blank(Hole("", key, "the value of a policy variable")),)
    value = values[0] if values else variable["default"]
    if value is None:
        return None
    # No page says whether a wildcard that comes from a value is one.
    wildcard = Blank(Hole("", key, "a wildcard in the value of a policy variable"))
    spelled = (letter for part in text_parts(value) for letter in spelled_part(part, wild=False))
    return tuple(wildcard if wild and letter in ("*", "?") else letter for letter in spelled)


@lru_cache(maxsize=65_536)
def action_matches(pattern: Text, action: str) -> Truth:
    """Whether an entry of an Action element covers the action, whatever the case (IAM User Guide, elements_action).

    No page says what a wildcard in the service prefix does, except alone.
    """
    if pattern == "*":
        return Truth.TRUE
    spelled = tuple(letter for part in text_parts(pattern) for letter in spelled_part(part, wild=True))
    prefix = spelled[: spelled.index(":")] if ":" in spelled else spelled
    match = matched(folded(spelled), folded(letters(action)))
    vague = any(isinstance(letter, Blank) and letter.hole is None for letter in prefix)
    return min(match, Truth.UNSURE) if vague else match


def resource_matches(pattern: Text, resource: Text, context: Context, variables: bool) -> Truth:
    """Whether an entry of a Resource element covers the ARN (IAM User Guide, elements_resource).

    A `*` stays inside its part of the ARN unless it is the last character of the part. Variables are replaced after the
    fifth colon only; one without value makes the entry cover nothing. The ARN is a key's: no id has a colon.
    """
    if not variables or not any("${" in part for part in text_parts(pattern) if isinstance(part, str)):
        return _resource_matches(pattern, resource)
    return _resource_filled(pattern, resource, context, variables)


@lru_cache(maxsize=16_384)
def _resource_matches(pattern: Text, resource: Text) -> Truth:
    return _resource_filled(pattern, resource, Context({}), variables=False)


def _resource_filled(pattern: Text, resource: Text, context: Context, variables: bool) -> Truth:
    head, tail = _halves(pattern)
    filled = _filled(tail, context, wild=True, variables=variables)
    if filled is None:
        return Truth.FALSE
    spelled = (*(letter for part in head for letter in spelled_part(part, wild=True)), *filled)
    bounded: list[Letter] = []
    for letter, follower in zip(spelled, [*spelled[1:], ":"], strict=False):  # of an empty entry there is neither
        inside = isinstance(letter, Blank) and letter.hole is None and (not letter.many or follower != ":")
        bounded.append(replace(letter, within=True) if inside and isinstance(letter, Blank) else letter)
    return matched(tuple(bounded), _key_letters(resource))


@lru_cache(maxsize=16_384)
def _key_letters(resource: Text) -> tuple[Letter, ...]:
    return within_parts(letters(resource), last=True)


def _halves(pattern: Text) -> tuple[tuple[str | Hole, ...], Text]:
    """The pattern up to its fifth colon, and the rest; all is the first half where there are fewer."""
    pieces = split(pattern, ":", FIFTH_COLON)
    if len(pieces) <= FIFTH_COLON:
        return text_parts(pattern), ""
    return tuple(part for piece in pieces[:FIFTH_COLON] for part in (*text_parts(piece), ":")), pieces[FIFTH_COLON]


# Conditions


def holds(condition: Condition, context: Context, variables: bool) -> Truth:
    """Whether a condition holds (IAM User Guide, condition_operators and multi-value-conditions)."""
    operator = condition.operator
    if isinstance(operator, Opaque) or context.is_unsettled(condition.key):
        return Truth.UNSURE
    values = context.get(condition.key)
    if operator.family is Family.NULL:
        return _is_null(condition, operator, bool(values))
    if not values:
        return _without_key(operator)

    def answer(value: Text) -> Truth:
        hit = some(_compared(operator, value, wanted, context, variables) for wanted in condition.values)
        hit = max(hit, Truth.UNSURE) if condition.opaque else hit
        return negated(hit) if operator.negated else hit

    answers = [answer(value) for value in values]
    match operator.quantifier:
        case Quantifier.ALL:
            return chosen(_is_empty(values), Truth.TRUE, every(answers))
        case Quantifier.ANY:
            return chosen(_is_empty(values), Truth.FALSE, some(answers))
        case Quantifier.ONE:
            # Several values without a set operator: no page says which of them counts.
            return answers[0] if len(set(answers)) == 1 else Truth.UNSURE
        case _:
            assert_never(operator.quantifier)


def _without_key(operator: Operator) -> Truth:
    match operator.quantifier:
        case Quantifier.ALL:
            return Truth.TRUE
        case Quantifier.ANY:
            # Of IfExists one page says "evaluate the condition element as true", of ForAnyValue the other "false".
            return Truth.UNSURE if operator.if_exists else Truth.FALSE
        case Quantifier.ONE:
            return Truth.TRUE if operator.if_exists or operator.negated else Truth.FALSE
        case _:
            assert_never(operator.quantifier)


def _is_empty(values: tuple[Text, ...]) -> Truth:
    """Whether the values are the "null data set, such as an empty string" of the set operators."""
    return every(equal(value, "") for value in values)


def _is_null(condition: Condition, operator: Operator, present: bool) -> Truth:
    hit = some(_is_bool(wanted, "false" if present else "true") for wanted in condition.values)
    hit = max(hit, Truth.UNSURE) if condition.opaque else hit
    return hit if operator.quantifier is Quantifier.ONE else Truth.UNSURE


def _compared(operator: Operator, value: Text, wanted: Text, context: Context, variables: bool) -> Truth:
    """Whether the request's value is to one of the policy's as the operator says, negation aside."""
    match operator.family:
        case Family.STRING | Family.STRING_IGNORE_CASE | Family.STRING_LIKE | Family.ARN:
            wild = operator.family in (Family.STRING_LIKE, Family.ARN)
            pattern = _filled(wanted, context, wild=wild, variables=variables)
            return Truth.FALSE if pattern is None else _same_text(operator.family, pattern, letters(value))
        case Family.BOOL:
            # Two pages of the guide differ on variables here: condition_operators takes them, variables does not.
            vague = variables and any(isinstance(part, str) and "${" in part for part in text_parts(wanted))
            return Truth.UNSURE if vague else _is_bool(wanted, value)
        case Family.BINARY:
            return Truth.TRUE if wanted == value else _read(value, wanted, _bytes, bytes.__eq__)
        case Family.NUMERIC:
            return _read(value, wanted, _number, _order(operator.comparison))
        case Family.DATE:
            return _read(value, wanted, _instant, _order(operator.comparison))
        case Family.IP_ADDRESS:
            return _in_range(value, wanted)
        case Family.NULL:
            raise AssertionError("Null compares no values")
        case _:
            assert_never(operator.family)


def _same_text(family: Family, pattern: tuple[Letter, ...], value: tuple[Letter, ...]) -> Truth:
    if family is Family.STRING_IGNORE_CASE:
        return matched(folded(pattern), folded(value))
    if family is not Family.ARN:
        return matched(pattern, value)
    match = matched(within_parts(pattern), value)
    # What has fewer parts than an ARN may not match at all; the guide does not say.
    settled = pattern == value or (is_arn(pattern) and is_arn(value))
    return match if settled else min(match, Truth.UNSURE)


def _is_bool(wanted: Text, value: Text) -> Truth:
    exact = equal(wanted, value)
    if exact is Truth.FALSE and _same_text(Family.STRING_IGNORE_CASE, letters(wanted), letters(value)):
        return Truth.UNSURE  # `True`: the guide knows `true` and `false` only
    return exact


def _read(value: Text, wanted: Text, reader: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Truth:
    """The comparison of both as the reader reads them; UNSURE where it cannot."""
    if not isinstance(value, str) or not isinstance(wanted, str):
        return Truth.UNSURE
    left, right = reader(value), reader(wanted)
    if left is None or right is None:
        return Truth.UNSURE
    return Truth.TRUE if compare(left, right) else Truth.FALSE


def _order(comparison: Comparison) -> Callable[[Any, Any], bool]:
    match comparison:
        case Comparison.EQUALS:
            return lambda left, right: bool(left == right)
        case Comparison.LESS:
            return lambda left, right: bool(left < right)
        case Comparison.LESS_EQUALS:
            return lambda left, right: bool(left <= right)
        case Comparison.GREATER:
            return lambda left, right: bool(left > right)
        case Comparison.GREATER_EQUALS:
            return lambda left, right: bool(left >= right)
        case _:
            assert_never(comparison)


def _number(written: str) -> Decimal | None:
    return Decimal(written) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", written) else None


def _bytes(written: str) -> bytes | None:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return None


_DAY = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
_TIME = r"T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})"


def _instant(written: str) -> float | None:
    """Seconds since 1970: of epoch time, or of a date of the W3C's profile of ISO 8601. Four digits could be either."""
    if re.fullmatch(r"[0-9]{5,}", written):
        return float(written)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", written):
        written += "-01"
    if not re.fullmatch(rf"{_DAY}({_TIME})?", written) or len(written) == len("2020"):
        return None
    try:
        return datetime.fromisoformat(written if "T" in written else f"{written}T00:00:00Z").timestamp()
    except ValueError:
        return None


def _in_range(value: Text, wanted: Text) -> Truth:
    """Whether the address is in the range, of which the guide knows the CIDR form only."""
    if not isinstance(value, str) or not isinstance(wanted, str):
        return Truth.UNSURE
    _, slash, prefix = wanted.partition("/")
    try:
        address, exact = ip_address(value), ip_network(wanted, strict=False)
        default = exact if slash else ip_network(f"{wanted}/32", strict=False)
    except ValueError:
        return Truth.UNSURE
    if slash and not prefix.isdigit():
        return Truth.UNSURE
    inside, equals = Truth(2 * (address in default)), Truth(2 * (address in exact))
    # "The default prefix value of /32" is said of both families, and can hardly be meant for the longer addresses.
    return chosen(Truth.UNSURE, inside, equals)
