"""What a process takes from its start to its end: processor time, which a busy machine stretches least, and memory."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
_JUDGED = (0, 1, 3)
"""The exit codes of a scan that did its job."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of processor time, user and system, and the most bytes that were resident."""

    seconds: float
    peak: int


def run(words: Sequence[str | Path]) -> Taken:
    """What the interpreter takes with these arguments. Raises RuntimeError where it could not do its job."""
    process = subprocess.Popen(
        [sys.executable, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process.stderr as stream:
        told = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in _JUDGED:
        raise RuntimeError(told)
    return Taken(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT)


def scan(plan: Path) -> Taken:
    """What a scan takes, start-up included."""
    authorized = ("--authorized", "arn:aws:iam::111122223333:role/KeyAdmin")
    return run(["-m", "tfkms", "scan", "--quiet", "--format", "json", *authorized, plan])


def load(plan: Path) -> Taken:
    """What `json.load` of the same file takes, the bare interpreter included: the yardstick."""
    return run(["-c", "import json, sys; json.load(open(sys.argv[1], 'rb'))", plan])


def typical(measure: Callable[[], Taken], times: int) -> Taken:
    """The medians of several runs."""
    taken = [measure() for _ in range(times)]
    return Taken(median(one.seconds for one in taken), int(median(one.peak for one in taken)))
