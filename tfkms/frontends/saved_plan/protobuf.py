"""The wire format of Protocol Buffers: a message as its fields by number.

Source: the "Encoding" page of the Protocol Buffers documentation. Only what a saved plan uses is read: numbers, texts,
bytes and messages; a deprecated group is refused.
"""

from collections.abc import Iterator
from typing import TypeAlias

Message: TypeAlias = dict[int, list[int | bytes]]
"""The values of each field in order: a number, or the bytes of a text or of a message."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_LIMIT = 10
"""A varint has at most ten bytes."""


class WireError(ValueError):
    """Bytes that are no message."""


def parse(content: bytes) -> Message:
    """The fields of a message. Raises WireError."""
    message: Message = {}
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError
        value: int | bytes
        match kind:
            case 0:
                value, place = _varint(content, place)
            case 1 | 5:
                value, place = _taken(content, place, 8 if kind == _FIXED64 else 4)
            case 2:
                length, place = _varint(content, place)
                value, place = _taken(content, place, length)
            case _:
                raise WireError
        message.setdefault(number, []).append(value)
    return message


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = 0
    for index in range(_VARINT_LIMIT):
        if place >= len(content):
            raise WireError
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, place
    raise WireError


def _taken(content: bytes, place: int, length: int) -> tuple[bytes, int]:
    end = place + length
    if end > len(content):
        raise WireError
    return content[place:end], end


def number(message: Message, field: int) -> int:
    """The number in a field; 0, the default of the format, where it is absent."""
    value = message.get(field, [0])[-1]
    if not isinstance(value, int):
        raise WireError
    return value


def content(message: Message, field: int) -> bytes:
    """The bytes in a field; none where it is absent."""
    value = message.get(field, [b""])[-1]
    if not isinstance(value, bytes):
        raise WireError
    return value


def string(message: Message, field: int) -> str:
    """The text in a field; empty where it is absent."""
    try:
        return content(message, field).decode()
    except UnicodeDecodeError:
        raise WireError from None


def messages(message: Message, field: int) -> Iterator[Message]:
    """The messages in a field, in order."""
    for value in message.get(field, ()):
        if not isinstance(value, bytes):
            raise WireError
        yield parse(value)
