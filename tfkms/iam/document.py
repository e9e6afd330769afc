"""Policies as typed statements, parsed once.

The shape is that of the IAM policy grammar (IAM User Guide, reference_policies_grammar) as KMS takes it. What cannot be
read becomes an `Opaque` statement, test or element with the reason: it may allow anything and never guards anything.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from tfkms.location import Origin
from tfkms.values import Hole, Text, Value


class Effect(StrEnum):
    """What a statement does with the requests it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class PrincipalType(StrEnum):
    """The member names of a Principal element that mean something to KMS (IAM User Guide,
    reference_policies_elements_principal)."""

    AWS = "AWS"
    SERVICE = "Service"
    FEDERATED = "Federated"


class Opaque(Struct, frozen=True):
    """An element that cannot be read or is not known as a whole; `hole` says why."""

    hole: Hole


class PrincipalName(Struct, frozen=True):
    """One entry of a Principal or NotPrincipal element; `"*"` alone is read as `AWS: *`."""

    type: PrincipalType
    value: Text


class Principals(Struct, frozen=True):
    """A Principal element, or with `negated` a NotPrincipal element: the entries that could be read, and the rest."""

    negated: bool
    names: tuple[PrincipalName, ...]
    opaque: tuple[Opaque, ...] = ()


class Patterns(Struct, frozen=True):
    """An Action or Resource element, or with `negated` its Not form: the texts as written, and what cannot be read."""

    negated: bool
    texts: tuple[Text, ...]
    opaque: tuple[Opaque, ...] = ()


class Missing(Struct, frozen=True):
    """An element that the statement does not have."""


class Quantifier(StrEnum):
    """How a condition treats the values of a key: as one value, or by a set operator."""

    ONE = "one"
    ANY = "ForAnyValue"
    ALL = "ForAllValues"


class Family(StrEnum):
    """What a condition operator compares."""

    STRING = "String"
    STRING_IGNORE_CASE = "StringIgnoreCase"
    STRING_LIKE = "StringLike"
    ARN = "Arn"
    BOOL = "Bool"
    BINARY = "Binary"
    NULL = "Null"
    NUMERIC = "Numeric"
    DATE = "Date"
    IP_ADDRESS = "IpAddress"


class Comparison(StrEnum):
    """How a Numeric or Date operator compares the request's value with the policy's; the others know only equality."""

    EQUALS = "Equals"
    LESS = "LessThan"
    LESS_EQUALS = "LessThanEquals"
    GREATER = "GreaterThan"
    GREATER_EQUALS = "GreaterThanEquals"


class Operator(Struct, frozen=True):
    """A condition operator taken apart (IAM User Guide, reference_policies_elements_condition_operators).

    `name` is as written. For `negated` families the comparison is of the positive form (`StringNotLike` is STRING_LIKE,
    negated).
    """

    name: str
    quantifier: Quantifier
    family: Family
    comparison: Comparison
    negated: bool
    if_exists: bool


class Condition(Struct, frozen=True):
    """One operator on one key: all conditions of a statement must hold. `key` is as written; its case means nothing.

    `values` are texts (numbers and booleans as AWS writes them), and what cannot be read.
    """

    operator: Operator | Opaque
    key: str
    values: tuple[Text, ...]
    opaque: tuple[Opaque, ...] = ()


class Statement(Struct, frozen=True, eq=False):
    """One statement that could be read; each is itself alone, however much another reads like it.

    `source` is it as written, for display; `variables`: the document's version makes `${…}` a policy variable.
    """

    origin: Origin
    sid: Text | None
    effect: Effect
    principals: Principals | Missing
    actions: Patterns | Missing
    resources: Patterns | Missing
    conditions: tuple[Condition, ...]
    variables: bool
    source: Value


class OpaqueStatement(Struct, frozen=True, eq=False):
    """A statement, or a whole document, that cannot be read or is not known: it may allow and may deny anything."""

    origin: Origin
    hole: Hole
    source: Value
    sid: Text | None = None


AnyStatement: TypeAlias = Statement | OpaqueStatement


class Policy(Struct, frozen=True):
    """A policy document. `version` and `id` as written, None where absent."""

    version: Text | None
    id: Text | None
    statements: tuple[AnyStatement, ...]

    def __iter__(self) -> Iterator[AnyStatement]:
        return iter(self.statements)


EMPTY_SOURCE: Mapping[str, Value] = {}
