"""Writes styled lines to a terminal. The only module that imports rich; its markup is never given text from outside."""

from collections.abc import Iterable

from rich.console import Console
from rich.status import Status
from rich.text import Text

from tfkms.report.formats.text import Line


def write(lines: Iterable[Line]) -> None:
    """Writes the lines to standard output in colour."""
    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((piece.text, piece.style.value) for piece in line)))


def status(line: str) -> Status:
    """A line on standard error that goes away when it is stopped."""
    return Status(line, console=Console(stderr=True, highlight=False, markup=False))
