"""What a process takes from its start to its end: processor time, which a busy machine stretches least, and memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
_DONE = (0, 1, 2, 3)
"""The exit codes of a scan that came to its end; 2 where a configuration has errors."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of processor time, user and system; seconds by the clock; and the most bytes that were resident."""

    seconds: float
    wall: float
    peak: int


def command(words: Sequence[str | Path], where: Path | None = None) -> Taken:
    """What a command takes. Raises RuntimeError where it could not do its job."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=where
    )
    assert process.stderr is not None
    with process.stderr as stream:
        told = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _DONE or "crashed" in told:
        raise RuntimeError(told)
    wall = time.perf_counter() - begun
    return Taken(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * _PEAK_UNIT)


def run(words: Sequence[str | Path]) -> Taken:
    """What the interpreter takes with these arguments."""
    return command([sys.executable, *words])


def tfkms(*words: str | Path) -> Taken:
    """What the installed tfkms takes with these arguments, be the sources in the current directory or not."""
    return run(["-I", "-m", "tfkms", *words])


def scan(asked: Path) -> Taken:
    """What a scan of a plan or a directory takes, start-up included."""
    authorized = ("--authorized", "arn:aws:iam::111122223333:role/KeyAdmin")
    return tfkms("scan", "--quiet", "--format", "json", *authorized, asked)


def load(plan: Path) -> Taken:
    """What `json.load` of the same file takes, the bare interpreter included: the yardstick."""
    return run(["-c", "import json, sys; json.load(open(sys.argv[1], 'rb'))", plan])


def best(measure: Callable[[], Taken], times: int) -> Taken:
    """The run of several that took least processor time: what else runs on the machine only adds to it."""
    return min((measure() for _ in range(times)), key=lambda taken: taken.seconds)
