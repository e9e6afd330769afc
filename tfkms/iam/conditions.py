"""Conditions as literals over condition keys, each read twice: as surely true and as possibly true.

The rules are those of the IAM User Guide, reference_policies_elements_condition_operators (missing keys, negation,
IfExists, Null) and reference_policies_multi-value-conditions (values, set operators).
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TypeAlias, assert_never

from msgspec import Struct

from tfkms.iam.comparisons import (
    FALSE,
    TRUE,
    Compared,
    Doubtful,
    Ground,
    Like,
    Network,
    SameBytes,
    Test,
    Within,
    number,
    octets,
    passes,
    read_as,
    seconds,
    unsure,
)
from tfkms.iam.document import Condition, Family, Opaque, Operator, Quantifier
from tfkms.iam.letter_case import any_case, perhaps_any_case
from tfkms.iam.pattern import Pattern, Symbol, Wild, arn_shape, literal, shape, wild_symbols
from tfkms.location import Origin
from tfkms.values import Hole, Text, pointer_step, text_parts


class Atom(Struct, frozen=True):
    """A literal about one condition key (lower case).

    With the key absent it is `when_absent`, or not known for the reason in `doubt`. Otherwise: some value, or every
    value, passes the test or, with `positive` False, does not pass it. Without set operator (`ONE`) no page says which
    of several values counts: it surely holds if it does so of all, and possibly if it does of one.
    """

    key: str
    test: Test
    positive: bool = True
    when_absent: bool = False
    quantifier: Quantifier = Quantifier.ONE
    doubt: Hole | None = None

    def if_absent(self) -> Ground:
        """The literal where the request does not carry the key."""
        if self.doubt is not None:
            return unsure(self.doubt)
        return TRUE if self.when_absent else FALSE

    def negated(self) -> "Atom":
        """The literal that holds exactly when this one does not."""
        quantifier = _OPPOSITE.get(self.quantifier, self.quantifier)
        return Atom(self.key, self.test, not self.positive, not self.when_absent, quantifier, self.doubt)


_OPPOSITE = {Quantifier.ANY: Quantifier.ALL, Quantifier.ALL: Quantifier.ANY}


Literal: TypeAlias = Atom | Ground


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
        return _null(key, operator, values)
    test = _test(operator, values)
    negated_one = operator.negated and operator.quantifier is Quantifier.ONE
    when_absent = operator.if_exists or operator.quantifier is Quantifier.ALL or negated_one
    doubt = values.doubt(_ANY_IF_EXISTS) if operator.quantifier is Quantifier.ANY and operator.if_exists else None
    return (Atom(key, test, not operator.negated, when_absent and doubt is None, operator.quantifier, doubt),)


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

    def doubt(self, reason: str) -> Hole:
        """What no page of AWS says, at this place."""
        return Hole(self.origin.address, self.origin.path, reason)

    def spelled(self, wild: bool) -> Iterator[tuple[Text, list[Symbol]]]:
        """Each value with its symbols; with `wild`, `*` and `?` are wildcards."""
        for value in self.texts:
            symbols = expanded(value, self.variables, wild)
            if symbols is NoValue.UNKNOWN:
                self.unread(value, f"the policy variable in `{value}` has no known value")
            elif symbols is not NoValue.ABSENT:
                # One without a value matches nothing: a positive operator fails and a negated one holds.
                yield value, symbols

    def like(self, wild: bool) -> Like:
        patterns = tuple(shape(symbols) for _, symbols in self.spelled(wild))
        return Like(patterns, tuple(self.opaque))

    def like_arns(self) -> Like:
        patterns: list[Pattern] = []
        for value, symbols in self.spelled(wild=True):
            pattern = arn_shape(symbols)
            if pattern is None:
                self.unread(value, f"`{value}` is no ARN pattern, and AWS does not say what it matches")
            else:
                patterns.append(pattern)
        return Like(tuple(patterns), tuple(self.opaque))

    def like_whatever_the_case(self) -> Like:
        patterns = [shape(symbols) for _, symbols in self.spelled(wild=False)]
        perhaps = [wider for pattern in patterns if (wider := perhaps_any_case(pattern)) is not None]
        doubtful = tuple(Doubtful(wider, self.doubt(_CASES)) for wider in perhaps)
        return Like(tuple(map(any_case, patterns)), tuple(self.opaque), doubtful)

    def booleans(self) -> Like:
        written: list[Text] = []
        for value in self.texts:
            if self.variables is not None and any("${" in part for part in text_parts(value) if isinstance(part, str)):
                self.unread(value, "AWS does not say whether a Bool takes policy variables")
            else:
                written.append(value)
        patterns = tuple(literal(value) for value in written)
        hole = self.doubt("AWS does not say whether it takes other spellings than `true` and `false`")
        doubtful = tuple(Doubtful(any_case(pattern), hole) for pattern in patterns)
        return Like(patterns, tuple(self.opaque), doubtful)

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
            written = str(value)
            _, slash, prefix = written.partition("/")
            try:
                network = ipaddress.ip_network(written, strict=False)
            except ValueError:
                self.unread(value, f"`{value}` is no address range")
                continue
            if slash and not prefix.isdecimal():
                self.unread(value, f"`{value}` is no address range as AWS writes them")
                continue
            known.append(network)
            if not slash and network.version == 6:
                self.unread(value, f"AWS does not say what range `{value}` is without a prefix")
        return tuple(known)

    def octets(self) -> tuple[bytes, ...]:
        known: list[bytes] = []
        for value in self.texts:
            read = octets(value) if isinstance(value, str) else None
            if read is None:
                self.unread(value, f"`{value}` is no base64")
            else:
                known.append(read)
        return tuple(known)


_CASES = "AWS does not say in which letters besides A to Z it ignores case"


def _null(key: str, operator: Operator, values: _Values) -> tuple[Literal, ...]:
    """`Null: true` holds for an absent key, `Null: false` for a present one."""
    wanted = set(values.texts)
    for value in wanted - {"true", "false"}:
        values.unread(value, f"`{value}` is neither `true` nor `false`")
    if not wanted:
        values.opaque.append(values.doubt("AWS does not say what `Null` without a value demands"))
    if operator.quantifier is not Quantifier.ONE:
        values.opaque.append(values.doubt(f"AWS does not say what `{operator.name}` demands"))
    if values.opaque:
        return (unsure(*values.opaque),)
    if len(wanted) > 1:
        return ()
    absent = wanted == {"true"}
    return (Atom(key, Like((shape([Wild.ANY]),)), positive=not absent, when_absent=absent),)


def _test(operator: Operator, values: _Values) -> Test:
    match operator.family:
        case Family.STRING:
            return values.like(wild=False)
        case Family.STRING_IGNORE_CASE:
            return values.like_whatever_the_case()
        case Family.BOOL:
            return values.booleans()
        case Family.STRING_LIKE:
            return values.like(wild=True)
        case Family.ARN:
            return values.like_arns()
        case Family.NUMERIC:
            return Compared(operator.comparison, values.numbers(number, "number"), False, tuple(values.opaque))
        case Family.DATE:
            return Compared(operator.comparison, values.numbers(seconds, "date"), True, tuple(values.opaque))
        case Family.IP_ADDRESS:
            return Within(values.networks(), tuple(values.opaque))
        case Family.BINARY:
            return SameBytes(values.octets(), tuple(values.opaque))
        case Family.NULL:
            raise AssertionError("Null tests presence, not a value")
    assert_never(operator.family)


_VARIABLE = re.compile(r"\$\{(?P<name>[*?$]|[^{},'\"*?$]+)(?:,\s*'(?P<default>[^']*)'\s*)?\}")
_ESCAPED = frozenset("*?$")


def variables_in(text: str) -> Iterator[str]:
    """The names of the policy variables in a text, in lower case; the escapes `${*}`, `${?}` and `${$}` are none."""
    names = (found["name"].strip().lower() for found in _VARIABLE.finditer(text))
    return (name for name in names if name not in _ESCAPED)


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
                replaced = _replacement(found, variables, wild)
                if isinstance(replaced, NoValue):
                    return replaced
                symbols += literal(replaced).symbols
                place = found.end()
            rest = part[place:]
            if "${" in rest:
                return NoValue.UNKNOWN
            symbols += wild_symbols(rest) if wild else rest
    return symbols


def _replacement(found: "re.Match[str]", variables: Variables, wild: bool) -> Text | NoValue:
    name = found["name"].strip()
    if name in _ESCAPED:
        return name
    value = variables(name.lower())
    if value is NoValue.ABSENT and found["default"] is not None:
        value = found["default"]
    if wild and isinstance(value, str) and set("*?") & set(value):
        return NoValue.UNKNOWN  # no page says whether a wildcard in the value counts as one
    return value


_SEVERAL = Hole("", "", "AWS does not say which of several values counts without a set operator")
_EMPTY = Hole("", "", "AWS does not say when an empty value counts as none")


@lru_cache(maxsize=65_536)
def holds(atom: Atom, values: tuple[Text, ...] | None) -> Ground:
    """Whether the literal holds for a key with these values; None is an absent key."""
    absent = atom.if_absent()
    if values is None:
        return absent
    answers = [passes(atom.test, value) for value in values]
    if not atom.positive:
        answers = [answer.negated() for answer in answers]
    certain, possible = [a.certain for a in answers], [a.possible for a in answers]
    holes = frozenset[Hole]().union(*(answer.holes for answer in answers))
    match atom.quantifier:
        case Quantifier.ONE:
            return read_as(all(certain), any(possible), holes or frozenset((_SEVERAL,)))
        case Quantifier.ANY:
            found = read_as(any(certain), any(possible), holes)
        case Quantifier.ALL:
            found = read_as(all(certain), all(possible), holes)
        case _:
            assert_never(atom.quantifier)
    if found != absent and all(map(_may_be_empty, values)):
        return unsure(*found.holes, _EMPTY)
    return found


def _may_be_empty(value: Text) -> bool:
    return all(part == "" or (isinstance(part, Hole) and not part.fresh) for part in text_parts(value))
