"""Judges plans in a process of its own, which is ended when the time of a plan is over; what it leaves is an answer."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from tfkms.serve.outcomes import Answer, failure

Judge = Callable[[bytes, str], Answer]
"""From the JSON of a plan, and what to call it, to the answer. Another process has to be able to receive it."""

PLANS_LIMIT = 100
"""After so many plans a process makes way for a new one, and gives back what memory it has kept."""

_LOOK_SECONDS = 0.2
_GONE = "the process that judged it ended"


class Bench:
    """Judges one plan after the other; none is begun or waited for once all is `ended`."""

    def __init__(self, judge: Judge, ended: threading.Event):
        self._judge, self._ended = judge, ended
        self._at: tuple[SpawnProcess, Connection] | None = None
        self._judged = 0

    def judged(self, content: bytes, name: str, seconds: float) -> Answer:
        """The answer, or why there is none after so many seconds. Waits; does not raise."""
        try:
            connection = self._connection()
            connection.send((content, name))
            until = time.monotonic() + seconds
            while not connection.poll(_LOOK_SECONDS):
                if self._ended.is_set() or time.monotonic() > until:
                    self.close()
                    return failure(_GONE if self._ended.is_set() else f"it took longer than {seconds:.0f} s")
            answer: Answer = connection.recv()
        except (OSError, EOFError):
            self.close()
            return failure(_GONE)
        return answer

    def close(self) -> None:
        """Ends the process, whatever it does."""
        if self._at is not None:
            process, connection = self._at
            self._at = None
            connection.close()
            process.kill()
            process.join()
            process.close()

    def _connection(self) -> Connection:
        """The way to the process, which is begun if there is none."""
        self._judged += 1
        if self._judged % PLANS_LIMIT == 0:
            self.close()
        if self._at is None:
            # A process is started anew: a fork of one that has threads may hang.
            fresh = multiprocessing.get_context("spawn")
            ours, theirs = fresh.Pipe()
            process = fresh.Process(target=_run, args=(theirs, self._judge), daemon=True)
            process.start()
            theirs.close()
            self._at = process, ours
        return self._at[1]


def _run(connection: Connection, judge: Judge) -> None:
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            content, name = connection.recv()
            try:
                answer = judge(content, name)
            except Exception as error:  # it must be told, and the gate must not pass
                answer = failure(f"tfkms crashed ({type(error).__name__}); this is a fault of tfkms, please report it")
            connection.send(answer)
