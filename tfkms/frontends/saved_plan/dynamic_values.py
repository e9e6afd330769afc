"""The values in a saved plan: MessagePack, as the library behind Terraform's type system writes it.

Source: zclconf/go-cty, cty/msgpack: an unknown is an extension, of type 0 or, with refinements, of type 12; a
value of dynamic type is a pair of its type, as JSON in bytes, and itself; a number that no float holds is a text.
"""

from typing import Any

import msgspec
from msgspec.msgpack import Ext

from tfkms.frontends.saved_plan.protobuf import Message, WireError, content, messages, string

_UNKNOWN = frozenset({0, 12})
_NULL = b"\xc0"


def decode(written: bytes) -> Any:
    """The value, with an `Ext` for each unknown. Raises WireError, also for one nested beyond all reason."""
    try:
        return _settled(msgspec.msgpack.decode(written))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WireError from None


def dynamic_value(message: Message) -> Any:
    """The value in a `DynamicValue` message; null for an empty one."""
    return decode(content(message, 1) or _NULL)


def _settled(value: Any) -> Any:
    """The value without the types that stand beside values of dynamic type; no other value holds bytes."""
    match value:
        case [bytes(), inner]:
            return _settled(inner)
        case list():
            return [_settled(item) for item in value]
        case dict():
            return {str(key): _settled(item) for key, item in value.items()}
        case Ext(code=code) if code not in _UNKNOWN:
            raise WireError
        case bytes():
            raise WireError
        case _:
            return value


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
