"""The archive of a saved plan: a zip whose members are read into memory within limits, and never onto the disk."""

import io
import json
import posixpath
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from tfkms.diagnostics import Refusal

MAGIC = b"PK\x03\x04"
MEMBER_LIMIT = 20_000
"""How many members an archive may have; the largest configurations have a few thousand files."""

BYTE_LIMIT = 1 << 29
"""How many bytes its members may unpack to, all told."""

_PLAN = "tfplan"
_STATE = "tfstate"
FOLDER = "tfconfig/"
"""The folder of the archive that holds the configuration."""

ROOT = "m-"
"""The root module's folder in there."""

_MANIFEST = "tfconfig/modules.json"
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_BY_OPENTOFU = b'"encrypted_data"'
_HEAD = 1 << 12


class Archive(Struct, frozen=True, dict=True):
    """What a saved plan holds.

    `configuration` are the files of every module by their names in the archive (`m-/main.tf` for the root, `m-a.b/…`
    for the call `b` in `a`), `manifest` the list that says from where each module came, None where there is none.
    """

    plan: bytes
    state: bytes | None
    configuration: Mapping[str, bytes]
    manifest: bytes | None

    @property
    def root(self) -> str | None:
        """The root module's directory as seen from where Terraform ran; None where that is not told."""
        return self._directories.get(ROOT)

    def place(self, file: str) -> str | None:
        """Where a file of the configuration (`m-/main.tf`) lay as seen from the root module's directory; None where
        that is not told, or only by an absolute path."""
        folder, _, name = file.rpartition("/")
        directory = self.directory(folder)
        known = directory is not None and file in self.configuration
        return posixpath.normpath(posixpath.join(directory or "", name)) if known else None

    def directory(self, folder: str) -> str | None:
        """The directory of the module in a folder of the archive, as `place` has it."""
        directory = self._directories.get(folder)
        return None if directory is None or self.root is None else posixpath.relpath(directory, self.root)

    @property
    def lacks(self) -> tuple[str, ...]:
        """Which of the parts that every saved plan has are missing from this one, in words."""
        parts = (("the prior state", self.state), ("the configuration", self.configuration))
        return tuple(words for words, part in parts if not part)

    @cached_property
    def _directories(self) -> Mapping[str, str]:
        """The directories of modules by their folders in the archive, as far as they are relative."""
        try:
            listed = [(f"{ROOT}{own['Key']}", str(own["Dir"])) for own in json.loads(self.manifest or b"[]")]
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
        slashed = [(folder, place.replace("\\", "/")) for folder, place in listed]
        return {
            folder: posixpath.normpath(place)
            for folder, place in slashed
            if not place.startswith("/") and ":" not in place and "\0" not in place
        }


def open_archive(content: bytes) -> Archive:
    """The members of a saved plan. Raises Refusal for what is no whole archive of one, or one beyond the limits."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _members(archive)
    except _DAMAGED:
        raise Refusal("saved-plan-damaged", "the saved plan is damaged: its archive cannot be read", _AGAIN) from None
    if _PLAN not in members:
        hint = "hand over the file that `terraform plan -out FILE` wrote"
        raise Refusal("saved-plan-unrecognised", "this archive is no saved plan: it holds no `tfplan`", hint)
    for name in (_PLAN, _STATE):
        if _BY_OPENTOFU in members.get(name, b"")[:_HEAD]:
            raise Refusal(
                "plan-encrypted",
                "this saved plan is encrypted by OpenTofu",
                "show it with `tofu show -json` and its key",
            )
    files = {
        name.removeprefix(FOLDER): text
        for name, text in members.items()
        if name.startswith(FOLDER) and name != _MANIFEST
    }
    return Archive(members[_PLAN], members.get(_STATE), files, members.get(_MANIFEST))


_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OverflowError, RuntimeError, ValueError
)  # fmt: skip
_AGAIN = "make it again with `terraform plan -out FILE`"


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The members that matter by name, each read whole."""
    entries = archive.infolist()
    if len(entries) > MEMBER_LIMIT:
        raise Refusal("saved-plan-limit", f"the saved plan has {len(entries)} members, more than {MEMBER_LIMIT}")
    entries = [own for own in entries if _matters(own.filename)]
    if sum(entry.file_size for entry in entries) > BYTE_LIMIT:  # no member is read beyond the size that it says
        raise Refusal("saved-plan-limit", f"the saved plan unpacks to more than {BYTE_LIMIT >> 20} MiB")
    members: dict[str, bytes] = {}
    for entry in entries:
        name = entry.filename
        if _escapes(name) or stat.S_ISLNK(entry.external_attr >> 16):
            raise Refusal("saved-plan-path", "the saved plan has a member whose path leaves the archive")
        if name in members:
            raise Refusal("saved-plan-damaged", "the saved plan has two members of one name", _AGAIN)
        if entry.flag_bits & _ENCRYPTED:
            raise Refusal("plan-encrypted", "the archive of the saved plan is encrypted", _AGAIN)
        if entry.compress_type not in _METHODS:
            raise Refusal("saved-plan-damaged", "the saved plan has a member that Terraform would not write", _AGAIN)
        with archive.open(entry) as member:
            members[name] = member.read()
    return members


def _matters(name: str) -> bool:
    return name in (_PLAN, _STATE) or (name.startswith(FOLDER) and not name.endswith("/"))


def _escapes(name: str) -> bool:
    """Whether the name is anything but a plain relative path."""
    return "\\" in name or ":" in name or any(part in ("", ".", "..") for part in name.split("/"))
