"""The values in a saved plan: MessagePack, as the library behind Terraform's type system writes it.

Source: zclconf/go-cty, cty/msgpack: an unknown is an extension, of type 0 or, with refinements, of type 12; a
value of dynamic type is a pair of its type, as JSON in bytes, and itself; a number that no float holds is a text. Where
the type of that number is told by the provider's schema alone, which a saved plan does not hold, it stays a text.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from tfkms.frontends.saved_plan.protobuf import Message, WireError, content, messages, string

_UNKNOWN = frozenset({0, 12})
_NULL = b"\xc0"
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DIGITS_LIMIT = 4_000
"""How many digits a number may have; Terraform itself computes with some 150."""


def decode(written: bytes) -> Any:
    """The value, with an `Ext` for each unknown. Raises WireError, also for one nested beyond all reason."""
    try:
        return _settled(msgspec.msgpack.decode(written))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WireError from None


def dynamic_value(message: Message) -> Any:
    """The value in a `DynamicValue` message; null for an empty one."""
    return decode(content(message, 1) or _NULL)


def _settled(value: Any, kind: Any = None) -> Any:
    """The value without the types that stand beside values of dynamic type; no other value holds bytes.

    `kind` is its type as JSON, None where the provider's schema alone tells it.
    """
    match value:
        case [bytes() as written, inner]:
            return _settled(inner, msgspec.json.decode(written))
        case list():
            return [_settled(item, _element(kind, place)) for place, item in enumerate(value)]
        case dict():
            return {str(key): _settled(item, _element(kind, key)) for key, item in value.items()}
        case Ext(code=code) if code not in _UNKNOWN:
            raise WireError
        case bytes():
            raise WireError
        case str() if kind == "number":
            return _number(value)
        case _:
            return value


def _element(kind: Any, step: Any) -> Any:
    """The type of what stands at a step in a value of that type, None where it is not told."""
    match kind:
        case ["list" | "set" | "map", element]:
            return element
        case ["object", dict() as attributes, *_]:
            return attributes.get(step)
        case ["tuple", list() as elements] if isinstance(step, int) and step < len(elements):
            return elements[step]
        case _:
            return None


def _number(written: str) -> int | Decimal:
    """A number that no float holds."""
    if len(written) > _DIGITS_LIMIT or not _DECIMAL.fullmatch(written):
        raise WireError
    return Decimal(written) if "." in written else int(written)


def known(value: Any) -> Any:
    """The value as `terraform show -json` has it: unknown members are left out, unknown elements are null."""
    match value:
        case Ext():
            return None
        case list():
            return [known(item) for item in value]
        case dict():
            return {key: known(item) for key, item in value.items() if not isinstance(item, Ext)}
        case _:
            return value


def unknown_mask(value: Any) -> Any:
    """`after_unknown` of the value: true for each unknown; what is known is left out of objects, false in lists."""
    match value:
        case Ext():
            return True
        case list():
            return [unknown_mask(item) for item in value]
        case dict():
            masks = {key: unknown_mask(item) for key, item in value.items()}
            return {key: mask for key, mask in masks.items() if mask is not False}
        case _:
            return False


def path_steps(path: Message) -> list[str | int]:
    """The steps of a `Path` message; it ends before an element of a set, which is named by its whole value."""
    steps: list[str | int] = []
    for step in messages(path, 1):
        key = string(step, 1) if 1 in step else dynamic_value(next(messages(step, 2), {}))
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        if isinstance(key, bool) or not isinstance(key, str | int):
            break
        steps.append(key)
    return steps
