"""The time that a scan may take: when it is over the program ends, without a report and with the code for an error."""

import os
import threading
from types import TracebackType

from tfkms.cli.group import EXIT_ERROR
from tfkms.cli.judging import end_processes
from tfkms.cli.output import tell
from tfkms.diagnostics import Diagnostic, Level


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
            message = f"the scan took longer than {self._seconds} s, and was ended"
            hint = "allow it more by --timeout, or scan fewer inputs at a time"
            tell([Diagnostic(Level.ERROR, "timeout", message, hint=hint)])
            end_processes()
        finally:
            # Only this ends a thread that computes.
            os._exit(EXIT_ERROR)
