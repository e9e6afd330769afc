"""Reads what a user hands over: a file or standard input, as the UTF-8 that the decoders expect."""

import sys
from pathlib import Path

from tfkms.diagnostics import Refusal

STANDARD_INPUT = "-"
_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_bytes(path: str) -> bytes:
    """The bytes of the file, or of standard input for `-`. Raises Refusal if there are none to be had."""
    if path == STANDARD_INPUT:
        content = sys.stdin.buffer.read()
        where = "standard input"
    else:
        where = f"`{path}`"
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            raise Refusal("input-missing", f"{where} does not exist") from None
        except IsADirectoryError:
            raise Refusal("input-directory", f"{where} is a directory, not the JSON of a plan", PLAN_HINT) from None
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise Refusal("input-unreadable", f"{where} cannot be read: {reason}") from None
    if not content.strip():
        raise Refusal("input-empty", f"{where} is empty", PLAN_HINT)
    return content


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
