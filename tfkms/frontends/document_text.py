"""Reads what a user hands over: a file or standard input, as the UTF-8 that the decoders expect."""

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, TextIO

from tfkms.diagnostics import Refusal

STANDARD_INPUT = "-"
INPUT_LIMIT = 1 << 30
"""Bytes of an input, and of any other file that the command line names. No plan is as large."""
_CHUNK = 1 << 20
_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_bytes(path: str) -> bytes:
    """The bytes of the file, or of standard input for `-`. Raises Refusal if there are none to be had.

    Messages do not name the path, which may be absolute; who reports them says which input it was.
    """
    what = "standard input" if path == STANDARD_INPUT else "the file"
    try:
        content = _standard_input() if path == STANDARD_INPUT else read_file(Path(path))
    except FileNotFoundError:
        raise Refusal("input-missing", f"{what} does not exist") from None
    except IsADirectoryError:
        raise Refusal("input-directory", "this is a directory, not the JSON of a plan", PLAN_HINT) from None
    except OversizeError as error:
        raise Refusal("input-limit", f"{what} is {error}") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Refusal("input-unreadable", f"{what} cannot be read: {reason}") from None
    if not content or content.isspace():
        raise Refusal("input-empty", f"{what} is empty", PLAN_HINT)
    return content


def _standard_input() -> bytes:
    """All of standard input, nothing where it is closed."""
    stream: TextIO | None = sys.stdin
    return _bounded(stream.buffer, INPUT_LIMIT) if stream else b""


class OversizeError(OSError):
    """There is more to read than may be; the message says how much, as in `larger than 1,024 MiB`."""


def read_file(path: Path, limit: int = INPUT_LIMIT) -> bytes:
    """The bytes of a file, or of a pipe or device until its end, `limit` at most. Raises OSError."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return _bounded(file, limit)
        if status.st_size > limit:
            raise OversizeError(_larger(limit))
        return file.read()


def _bounded(stream: BinaryIO, limit: int) -> bytes:
    """All that a stream holds, of which nobody knows beforehand how much it is. Raises OversizeError."""
    content = bytearray()
    while chunk := stream.read(_CHUNK):
        content += chunk
        if len(content) > limit:
            raise OversizeError(_larger(limit))
    return bytes(content)


def _larger(limit: int) -> str:
    return f"larger than {limit >> 20:,} MiB"


PLAN_HINT = "make it with `terraform plan -out tfplan` and `terraform show -json tfplan > plan.json`"


def as_utf8(content: bytes) -> bytes:
    """The content without byte order mark, from UTF-16 (which PowerShell's `>` writes) turned into UTF-8.

    Raises Refusal where the bytes are not the encoding that their mark promises.
    """
    for mark, encoding in _ENCODINGS:
        if content.startswith(mark):
            if encoding == "utf-8":
                return content.removeprefix(mark)
            try:
                return content.decode(encoding).encode()
            except UnicodeError:
                raise Refusal("input-encoding", "the input begins as UTF-16 but does not go on so") from None
    return content
