"""From values to policies: reads a document once, whatever AWS would take, and says what it could not read."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic, Level
from tfkms.iam.document import (
    AnyStatement,
    Condition,
    Effect,
    Missing,
    Opaque,
    OpaqueStatement,
    Patterns,
    Policy,
    PrincipalName,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.operators import operator
from tfkms.location import Origin
from tfkms.values import Hole, Template, Text, Unknown, Value, hole_name, pointer_step

VARIABLES_VERSION = "2012-10-17"
"""The only version in which `${…}` is a policy variable (IAM User Guide, reference_policies_variables)."""

_DIGITS = 1_000
TEXT_LIMIT = 1 << 20
"""Letters of a policy's text. AWS takes 32 KiB for a key and less for all else (KMS Developer Guide, limits.html)."""

STATEMENT_LIMIT = 5_000
"""Statements of a policy; 32 KiB hold about a thousand."""

_VERSIONS = (VARIABLES_VERSION, "2008-10-17")
_DOCUMENT_MEMBERS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_MEMBERS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)


class NotJsonError(ValueError):
    """A policy text that is no JSON; the message is one lower-case line that never quotes the text."""


def read_policy_text(text: str, origin: Origin, *, hidden: bool = False) -> tuple[Value, tuple[Diagnostic, ...]]:
    """The JSON value of a policy's text, and a warning for each object that has a member twice and for long numbers.

    Such an object becomes `Unknown`: readers differ on which of the two counts, and one may hide the other; and so does
    a number that Python neither holds as a float nor writes in full. With `hidden` nothing of it is told. Raises
    NotJsonError.
    """
    reader = _Reader(hidden)
    if len(text) > TEXT_LIMIT:
        raise NotJsonError(f"longer than {TEXT_LIMIT >> 20} MiB, which AWS would not take")

    def members(pairs: list[tuple[str, Value]]) -> Value:
        named = dict(pairs)
        if len(named) == len(pairs):
            return named
        [(repeated, _)] = Counter(name for name, _ in pairs).most_common(1)
        return Unknown(reader.unreadable(origin, f"the member `{repeated}` stands twice in one object"))

    def constant(name: str) -> Value:
        raise NotJsonError(f"`{name}` is no JSON value")

    def whole(digits: str) -> Value:
        return int(digits) if len(digits) <= _DIGITS else too_long()

    def real(digits: str) -> Value:
        number = float(digits)
        return number if math.isfinite(number) else too_long()

    def too_long() -> Value:
        return Unknown(reader.unreadable(origin, "a number is beyond all measure"))

    try:
        value = _frozen(
            json.loads(text, object_pairs_hook=members, parse_constant=constant, parse_int=whole, parse_float=real)
        )
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except NotJsonError:
        raise
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    return value, tuple(reader.diagnostics)


def _frozen(value: object) -> Value:
    match value:
        case str():
            return value
        case list():
            return tuple([_frozen(item) for item in value])
        case dict():
            return {key: _frozen(item) for key, item in value.items()}
        case None | bool() | int() | float() | Unknown():
            return value
        case _:
            raise AssertionError(f"json gave a {type(value).__name__}")


def parse_policy(value: Value, origin: Origin, *, hidden: bool = False) -> tuple[Policy, tuple[Diagnostic, ...]]:
    """The policy that `value` is, and a warning for each thing in it that could not be read.

    `origin` is the place of the document's root. An unknown document, or one that is no policy, comes back as a policy
    of one opaque statement. With `hidden`, for a sensitive document, no reason says what stands in it. Never raises.
    """
    reader = _Reader(hidden)
    policy = reader.policy(value, origin)
    return policy, tuple(reader.diagnostics)


class _Reader(Struct):
    hidden: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unknown_version: Hole | None = None

    def unreadable(self, origin: Origin, reason: str) -> Hole:
        """A hole for what is there but cannot be read; says so."""
        if self.hidden:
            argument = "/".join(origin.path.split("/")[:2])
            origin, reason = Origin(origin.address, argument), "sensitive, and cannot be read"
        self.diagnostics.append(
            Diagnostic(
                Level.WARNING,
                "policy-unreadable",
                f"{reason} (at {origin.path}): taken to allow anything and to guard nothing",
                address=origin.address,
                file=origin.span.file if origin.span else None,
                line=origin.span.line if origin.span else None,
            )
        )
        return Hole(origin.address, origin.path, reason)

    def policy(self, value: Value, origin: Origin) -> Policy:
        match value:
            case Unknown(hole):
                return self.opaque_policy(value, origin, hole)
            case Mapping():
                strange = _strange_members(value, _DOCUMENT_MEMBERS)
                if strange:
                    return self.opaque_policy(value, origin, self.unreadable(origin, strange))
            case _:
                reason = f"the policy is a JSON {_json_type(value)}, not an object"
                return self.opaque_policy(value, origin, self.unreadable(origin, reason))
        version, identifier = value.get("Version"), value.get("Id")
        below = origin.below("Statement")
        variables = version == VARIABLES_VERSION
        self.unknown_version = self.version_hole(value, origin)
        self.say_unless_text(value, "Id", origin)
        match value.get("Statement", ()):
            case Unknown(hole):
                statements: tuple[AnyStatement, ...] = (OpaqueStatement(below, hole, value.get("Statement")),)
            case tuple() as items if len(items) > STATEMENT_LIMIT:
                reason = f"the policy has more than {STATEMENT_LIMIT:,} statements, which AWS would not take"
                return self.opaque_policy(value, origin, self.unreadable(origin, reason))
            case tuple() as items:
                statements = tuple(self.statement(item, below.below(n), variables) for n, item in enumerate(items))
            case item:
                statements = (self.statement(item, below, variables),)
        return Policy(_text(version), _text(identifier), statements)

    def version_hole(self, value: Mapping[str, Value], origin: Origin) -> Hole | None:
        """What is not known of the version; None where it is one that AWS knows, or left out."""
        match value.get("Version", VARIABLES_VERSION):
            case str() as version if version in _VERSIONS:
                return None
            case Unknown(hole):
                return hole
            case Template(parts):
                return next(part for part in parts if isinstance(part, Hole))
            case _:
                return self.unreadable(origin.below("Version"), "AWS knows no such Version of the policy language")

    def say_unless_text(self, value: Mapping[str, Value], name: str, origin: Origin) -> None:
        """Says that a label is no text; it means nothing to the policy."""
        if name in value and _text(value[name]) is None:
            self.unreadable(origin.below(name), f"{name} is a JSON {_json_type(value[name])}, not a string")

    @staticmethod
    def opaque_policy(value: Value, origin: Origin, hole: Hole) -> Policy:
        return Policy(None, None, (OpaqueStatement(origin, hole, value),))

    def statement(self, value: Value, origin: Origin, variables: bool) -> AnyStatement:
        match value:
            case Unknown(hole):
                return OpaqueStatement(origin, hole, value)
            case Mapping():
                problem = _strange_members(value, _STATEMENT_MEMBERS) or _conflict(value)
            case _:
                problem = f"a statement is a JSON {_json_type(value)}, not an object"
        if self.unknown_version is not None and "${" in str(value):
            return OpaqueStatement(origin, self.unknown_version, value)  # it decides whether `${…}` is a variable
        if problem or not isinstance(value, Mapping):
            return OpaqueStatement(origin, self.unreadable(origin, problem or ""), value)
        self.say_unless_text(value, "Sid", origin)
        sid = _text(value.get("Sid"))
        match value.get("Effect"):
            case "Allow" | "Deny" as effect:
                pass
            case Unknown(hole) | Template((Hole() as hole,)):
                return OpaqueStatement(origin, hole, value, sid)
            case _:
                hole = self.unreadable(origin, "a statement's Effect is neither `Allow` nor `Deny`")
                return OpaqueStatement(origin, hole, value, sid)
        return Statement(
            origin=origin,
            sid=sid,
            effect=Effect(effect),
            principals=self.principals(value, origin),
            actions=self.patterns(value, "Action", origin),
            resources=self.patterns(value, "Resource", origin),
            conditions=self.conditions(value.get("Condition", {}), origin.below("Condition")),
            variables=variables,
            source=value,
        )

    def texts(self, value: Value, origin: Origin, what: str) -> tuple[tuple[Text, ...], tuple[Opaque, ...]]:
        """The texts of a string or a list of strings, and what is neither."""
        if isinstance(value, Unknown):
            return (), (Opaque(value.hole),)
        known: list[Text] = []
        opaque: list[Opaque] = []
        for item in value if isinstance(value, tuple) else (value,):
            as_text = _text(item)
            if as_text is not None:
                known.append(as_text)
            else:
                reason = f"{what} holds a JSON {_json_type(item)}, not a string"
                opaque.append(Opaque(self.unreadable(origin, reason)))
        return tuple(known), tuple(opaque)

    def patterns(self, statement: Mapping[str, Value], name: str, origin: Origin) -> Patterns | Missing:
        for member, negated in ((name, False), (f"Not{name}", True)):
            if member in statement:
                texts, opaque = self.texts(statement[member], origin.below(member), member)
                return Patterns(negated, texts, opaque)
        return Missing()

    def principals(self, statement: Mapping[str, Value], origin: Origin) -> Principals | Missing:
        for member, negated in (("Principal", False), ("NotPrincipal", True)):
            if member in statement:
                return self.principal_element(statement[member], negated, origin.below(member))
        return Missing()

    def principal_element(self, value: Value, negated: bool, origin: Origin) -> Principals:
        match value:
            case "*":
                return Principals(negated, (PrincipalName(PrincipalType.AWS, "*"),))
            case Unknown(hole) | Template((Hole() as hole,)):
                return Principals(negated, (), (Opaque(hole),))
            case Mapping():
                pass
            case _:
                what = "another text than `*`" if isinstance(value, str) else f"a JSON {_json_type(value)}"
                reason = f"{origin.path.rpartition('/')[2]} is {what}"
                return Principals(negated, (), (Opaque(self.unreadable(origin, reason)),))
        names: list[PrincipalName] = []
        opaque: list[Opaque] = []
        for word, entries in value.items():
            texts, unread = self.texts(entries, origin.below(pointer_step(word)), f"the principal type `{word}`")
            opaque += unread
            if isinstance(entries, Unknown):
                continue  # of which type they are may not be known either
            if word in PrincipalType.__members__.values():
                names += [PrincipalName(PrincipalType(word), entry) for entry in texts]
            else:
                reason = _S3_ALONE if word == "CanonicalUser" else f"`{word}` is no type of principal"
                opaque.append(Opaque(self.unreadable(origin, reason)))
        return Principals(negated, tuple(names), tuple(opaque))

    def conditions(self, value: Value, origin: Origin) -> tuple[Condition, ...]:
        match value:
            case Unknown(hole):
                return (_opaque_condition(hole),)
            case Mapping():
                return tuple(
                    condition for name, block in value.items() for condition in self.operator_block(name, block, origin)
                )
            case _:
                return (_opaque_condition(self.unreadable(origin, f"Condition is a JSON {_json_type(value)}")),)

    def operator_block(self, name: str, block: Value, origin: Origin) -> Iterable[Condition]:
        below = origin.below(pointer_step(name))
        match block:
            case Unknown(hole):
                yield _opaque_condition(hole)
                return
            case Mapping():
                known = operator(name) or Opaque(self.unreadable(origin, f"`{name}` is no condition operator"))
                if isinstance(known, Opaque) and not block:
                    yield _opaque_condition(known.hole)
            case _:
                yield _opaque_condition(self.unreadable(below, f"the condition `{name}` is a JSON {_json_type(block)}"))
                return
        for key, values in block.items():
            texts, opaque = self.condition_values(values, below.below(pointer_step(key)))
            if not texts and not opaque:
                opaque = (Opaque(self.unreadable(below.below(pointer_step(key)), f"`{name}` has no values")),)
            yield Condition(known, key, texts, opaque)

    def condition_values(self, value: Value, origin: Origin) -> tuple[tuple[Text, ...], tuple[Opaque, ...]]:
        """Numbers and booleans count as the texts that AWS makes of them."""

        def written(item: Value) -> Value:
            match item:
                case bool():
                    return "true" if item else "false"
                case int() | float():
                    return _digits(item)
                case _:
                    return item

        items = tuple(map(written, value)) if isinstance(value, tuple) else written(value)
        return self.texts(items, origin, "a condition")


_S3_ALONE = "AWS does not say whom a `CanonicalUser` names outside of Amazon S3"


def _digits(number: float) -> Value:
    """The number as a text; itself where it is too long to be written out."""
    try:
        return str(number)
    except ValueError:
        return number


def _opaque_condition(hole: Hole) -> Condition:
    return Condition(Opaque(hole), "", ())


def _text(value: Value) -> Text | None:
    match value:
        case str() | Template():
            return value
        case Unknown(hole):
            return Template((hole,))
        case _:
            return None


def _json_type(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str() | Template():
            return "string"
        case tuple():
            return "list"
        case Mapping():
            return "object"
        case Unknown(hole):
            return f"value that is not known ({hole_name(hole)})"


def _strange_members(value: Mapping[str, Value], known: frozenset[str]) -> str | None:
    """Why AWS would not take the object: a member that it does not know, a case mistake named as such."""
    for name in value:
        if name not in known:
            meant = next((other for other in sorted(known) if other.lower() == name.lower()), None)
            return f"`{name}` is not spelled as AWS spells `{meant}`" if meant else f"AWS knows no member `{name}` here"
    return None


def _conflict(statement: Mapping[str, Value]) -> str | None:
    for name in ("Principal", "Action", "Resource"):
        if name in statement and f"Not{name}" in statement:
            return f"a statement has both {name} and Not{name}"
    return None
