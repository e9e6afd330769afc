"""The time that a command may take: when it is over it ends, without a report and with the code for an error."""

import os
import sys
import threading
from types import TracebackType

import click

from tfkms.cli.group import EXIT_ERROR
from tfkms.cli.output import tell
from tfkms.diagnostics import Diagnostic, Level

SECONDS_LIMIT = 86_400

timeout_option = click.option(
    "--timeout",
    type=click.IntRange(1, SECONDS_LIMIT),
    default=600,
    show_default=True,
    metavar="S",
    help="Seconds that reading and judging may take; then it ends with 2.",
)


class TimeLimit:
    """Ends the program if what is within takes longer than so many seconds.

    Nothing of a report is written within, so that none can be cut off. Processes that judge are ended too.
    """

    def __init__(self, seconds: int):
        self._seconds = seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        try:
            message = f"it took longer than {self._seconds} s, and was ended"
            hint = "allow it more by --timeout, or name fewer inputs at a time"
            tell([Diagnostic(Level.ERROR, "timeout", message, hint=hint)])
            judging = sys.modules.get("tfkms.cli.judging")
            if judging is not None:
                judging.end_processes()
        finally:
            # Only this ends a thread that computes.
            os._exit(EXIT_ERROR)
