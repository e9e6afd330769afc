"""Archives for tests: taken apart and put together."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these members."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return written.getvalue()


def members_of(folder: Path) -> dict[str, bytes]:
    """The members of the saved plan in a folder of fixtures."""
    with zipfile.ZipFile(folder / "plan.tfplan") as source:
        return {name: source.read(name) for name in source.namelist()}


def field(number: int, content: bytes) -> bytes:
    """A field of a message that holds bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def path_of(*steps: bytes) -> bytes:
    """A path of these steps."""
    return b"".join(field(1, step) for step in steps)


def change_of(address: str, value: bytes, *paths: bytes, action: int = 1) -> bytes:
    """The creation of a resource with this value, in MessagePack, and these sensitive paths."""
    change = b"\x08" + varint(action) + field(2, field(1, value)) + b"".join(field(4, path) for path in paths)
    provider = b'provider["registry.terraform.io/hashicorp/aws"]'
    return field(13, address.encode()) + field(8, provider) + field(9, change)


def plan_of(value: bytes, *paths: bytes, action: int = 1) -> bytes:
    """A plan that creates one key."""
    return b"\x08\x03" + field(3, change_of("aws_kms_key.main", value, *paths, action=action)) + field(14, b"1.11.4")
