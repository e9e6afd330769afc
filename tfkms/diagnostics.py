"""What went wrong or needs saying beside the verdicts, as data: one lower-case line each, with a hint."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How much a diagnostic weighs: an error makes the exit code 2, a warning never changes it."""

    ERROR = "error"
    WARNING = "warning"


OUTPUT_UNWRITABLE, REPORT_CRASHED = "output-unwritable", "report-crashed"
"""The codes of the diagnostics on a report that could not be written where it was wanted, and on one that a fault of
tfkms kept from being made."""


class Diagnostic(NamedTuple):
    """One thing to tell. `code` is stable and names the trouble; `message` is one line, lower case, no final period.

    `address` (a resource) or `file` and `line` say where; `hint`, where there is one, what to do. `input` is the index
    of the input it belongs to, None for one about the run as a whole.
    """

    level: Level
    code: str
    message: str
    address: str | None = None
    file: str | None = None
    line: int | None = None
    hint: str | None = None
    input: int | None = None


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """Raised where an input, a setting or an argument cannot be used at all; its one diagnostic says why."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, file: str | None = None, line: int | None = None
    ):
        super().__init__(message)
        self.diagnostic = Diagnostic(Level.ERROR, code, message, None, file, line, hint)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """`did you mean `x`?` for the nearest of `known`, None where nothing is near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None
