"""Policy documents as the AWS provider reads and writes them: Go's `encoding/json` and what the provider puts on top.

Source: hashicorp/terraform-provider-aws, internal/service/iam/policy_model.go, and the documentation of Go's package
`encoding/json`: members are matched whatever their case, the last one counts, those that are not known are left out.
"""

import json
import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from tfkms.values import Template, Text, Unknown, Value, pointer_step, text

MEMBERS = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
)
"""The members of a statement, in the order in which the provider writes them."""

EVERYONE = "*"
_KEPT_AS_GIVEN = ("Action", "NotAction", "Resource", "NotResource")
_ESCAPED = re.compile("[<>&\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class ProviderError(Exception):
    """Raised where the provider would stop; its message is one lower-case clause that quotes no value but a Sid."""


class Read(Struct, frozen=True):
    """A document as the provider reads it. Version and Id are empty where it has none.

    A statement is a mapping of `MEMBERS`, or `Unknown` where it, or any number of them, may be anything.
    """

    version: Text
    id: Text
    statements: tuple[Value, ...]


Dropped = Callable[[str], None]
"""Told the place, below the document, of each condition that the provider drops without a word."""


def decoded(written: str) -> Value:
    """The JSON value of a text, of members with one name the last. Raises ProviderError."""

    def members(pairs: list[tuple[str, Value]]) -> Value:
        found: dict[str, Value] = {}
        for name, value in pairs:
            found.pop(name, None)
            found[name] = value
        return found

    def constant(_: str) -> Value:
        raise ProviderError("it is not JSON")

    try:
        return _frozen(
            json.loads(_SURROGATE.sub("\ufffd", written), object_pairs_hook=members, parse_constant=constant)
        )
    except (ValueError, RecursionError):
        raise ProviderError("it is not JSON") from None


def _frozen(value: object) -> Value:
    match value:
        case list():
            return tuple(map(_frozen, value))
        case dict():
            return {key: _frozen(item) for key, item in value.items()}
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case None | bool() | int() | float():
            return value
        case _:
            raise AssertionError(f"json gave a {type(value).__name__}")


def encoded(document: Value, indent: int | None = None) -> str:
    """The text that Go writes for a value without holes: `<`, `>`, `&` and two separators are escaped."""
    separators = (",", ":") if indent is None else (",", ": ")
    written = json.dumps(_thawed(document), indent=indent, ensure_ascii=False, separators=separators)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _thawed(value: Value) -> object:
    match value:
        case Mapping():
            return {key: _thawed(item) for key, item in value.items()}
        case tuple():
            return [_thawed(item) for item in value]
        case Unknown() | Template():
            raise AssertionError("a value with holes has no text")
        case _:
            return value


def read(value: Value, dropped: Dropped) -> Read:
    """The document that the provider makes of a source or override document, whose unknown parts stay holes.

    Raises ProviderError where what is known of it makes the provider stop.
    """
    match value:
        case None:
            return Read("", "", ())
        case Unknown():
            return Read("", "", (value,))
        case Mapping():
            pass
        case _:
            raise ProviderError("it is no JSON object")
    members = _known(value, ("Version", "Id", "Statement"))
    match members.get("Statement"):
        case None:
            statements: tuple[Value, ...] = ()
        case Unknown() as unknown:
            statements = (unknown,)
        case tuple() as items:
            statements = tuple(
                _statement(item, lambda place, n=n: dropped(f"/Statement/{n}{place}"))  # type: ignore[misc]
                for n, item in enumerate(items)
            )
        case _:
            raise ProviderError("its Statement is no list")
    return Read(_label(members, "Version"), _label(members, "Id"), statements)


def _known(value: Mapping[str, Value], names: tuple[str, ...]) -> dict[str, Value]:
    """The members with these names, whatever their case; of several the last."""
    spelled = {name.lower(): name for name in names}
    return {spelled[name.lower()]: item for name, item in value.items() if name.lower() in spelled}


def _label(members: Mapping[str, Value], name: str) -> Text:
    match members.get(name):
        case None:
            return ""
        case str() | Template() as label:
            return label
        case Unknown(hole):
            return text(hole)
        case _:
            raise ProviderError(f"a {name} is no string")


def _statement(value: Value, dropped: Dropped) -> Value:
    match value:
        case Unknown():
            return value
        case Mapping():
            members = _known(value, MEMBERS)
        case _:
            raise ProviderError("a statement is no JSON object")
    found: dict[str, Value] = {}
    for name in MEMBERS:
        if name in _KEPT_AS_GIVEN:
            if members.get(name) is not None:
                found[name] = members[name]
        elif name in ("Principal", "NotPrincipal"):
            found |= _principals(members, name)
        elif name == "Condition":
            found |= _condition(members, dropped)
        elif _label(members, name) != "":
            found[name] = _label(members, name)
    return found


def _principals(members: Mapping[str, Value], name: str) -> dict[str, Value]:
    if name not in members:
        return {}
    match members[name]:
        case Unknown() as unknown:
            return {name: unknown}
        case str() | Template():
            return {name: EVERYONE}  # whatever it says
        case Mapping() as by_type:
            pairs = [(kind, _identifiers(item, name)) for kind, item in by_type.items()]
            return {name: joined_principals(pairs)} if pairs else {}
        case _:
            raise ProviderError(f"a {name} is neither a string nor an object")


def _identifiers(value: Value, name: str) -> Value:
    match value:
        case str() | Template() | Unknown():
            return value
        case tuple():
            return tuple(_text_in_list(item, name) for item in value)
        case _:
            raise ProviderError(f"a member of a {name} is neither a string nor a list")


def _text_in_list(value: Value, name: str) -> Text:
    match value:
        case str() | Template():
            return value
        case Unknown(hole):
            return text(hole)
        case _:
            raise ProviderError(f"a list in a {name} holds what is no string")


def _condition(members: Mapping[str, Value], dropped: Dropped) -> dict[str, Value]:
    match members.get("Condition"):
        case None:
            return {}
        case Unknown() as unknown:
            return {"Condition": unknown}
        case Mapping() as by_test:
            pass
        case _:
            raise ProviderError("a Condition is no object")
    triples: list[tuple[str, str, Value]] = []
    whole: dict[str, Value] = {}
    for test, block in by_test.items():
        match block:
            case None:
                dropped(f"/Condition/{pointer_step(test)}")
            case Unknown():
                whole[test] = block
            case Mapping():
                for variable, values in block.items():
                    match values:
                        case bool():
                            triples.append((test, variable, ("true" if values else "false",)))
                        case str() | Template():
                            triples.append((test, variable, (values,)))
                        case Unknown():
                            triples.append((test, variable, values))
                        case tuple():
                            texts = tuple(_text_in_list(item, "Condition") for item in values)
                            triples.append((test, variable, texts))
                        case _:
                            dropped(f"/Condition/{pointer_step(test)}/{pointer_step(variable)}")
            case _:
                raise ProviderError("a member of a Condition is no object")
    made = {**joined_conditions(triples), **whole}
    return {"Condition": made} if made else {}


def joined_principals(pairs: list[tuple[str, Value]]) -> Value:
    """A Principal element of (type, identifiers); identifiers are a text, a list of texts, or not known as a whole.

    What is not known of a type stands beside its known identifiers, under a name that is no type.
    """
    if len(pairs) == 1 and pairs[0][0] == EVERYONE and pairs[0][1] in (EVERYONE, (EVERYONE,)):
        return EVERYONE
    made: dict[str, Value] = {}
    unknown: dict[str, Value] = {}
    for kind, identifiers in pairs:
        match identifiers:
            case Unknown():
                unknown[kind] = identifiers
            case tuple():
                made[kind] = (*_as_list(made.get(kind)), *sorted(identifiers, key=str, reverse=True))
            case _:
                made[kind] = (*_as_list(made[kind]), identifiers) if kind in made else identifiers
    for kind, identifiers in unknown.items():
        made[f"{kind} (more)" if kind in made else kind] = identifiers
    return dict(sorted(made.items()))


def _as_list(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def joined_conditions(triples: list[tuple[str, str, Value]]) -> dict[str, Value]:
    """A Condition element of (test, variable, values); the values of equal ones follow each other, one stands alone.

    Where the values of one of several are not known as a whole, those of all are not.
    """
    made: dict[str, dict[str, Value]] = {}
    for test, variable, values in triples:
        block = made.setdefault(test, {})
        present = block.get(variable, ())
        if isinstance(present, tuple) and isinstance(values, tuple):
            block[variable] = (*present, *values)
        elif not isinstance(present, Unknown):
            block[variable] = values

    def alone(values: Value) -> Value:
        return values[0] if isinstance(values, tuple) and len(values) == 1 else values

    return {
        test: {variable: alone(values) for variable, values in sorted(block.items())}
        for test, block in sorted(made.items())
    }
