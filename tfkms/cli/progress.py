"""Progress on a terminal: which input of how many, once a scan takes longer than a second."""

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status

PATIENCE = 1.0
"""How many seconds nothing is shown."""


class Progress:
    """Shows on standard error how many of the inputs are done, if it is a terminal and `wanted`."""

    def __init__(self, count: int, wanted: bool):
        self.count = count
        self.wanted = wanted and sys.stderr.isatty()
        self.done = 0
        self.status: Status | None = None
        self.lock = threading.Lock()
        self.timer = threading.Timer(PATIENCE, self.show)
        self.timer.daemon = True

    def __enter__(self) -> "Progress":
        if self.wanted:
            self.timer.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.timer.cancel()
        with self.lock:
            self.wanted = False
            if self.status is not None:
                self.status.stop()

    def show(self) -> None:
        """Begins to show; called when patience is at an end."""
        from tfkms.report.terminal import status

        with self.lock:
            if self.wanted:
                self.status = status(self.line())
                self.status.start()

    def advance(self, _path: str) -> None:
        """One more input is done."""
        with self.lock:
            self.done += 1
            if self.status is not None:
                self.status.update(self.line())

    def line(self) -> str:
        """What is shown."""
        return "judging" if self.count == 1 else f"judging: {self.done} of {self.count} inputs done"
