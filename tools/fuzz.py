#!/usr/bin/env python3
"""Fuzzes one kind of input by coverage, with atheris (`pip install atheris`; it is needed for this alone).

    tools/fuzz.py TARGET [--seconds N] [--corpus DIR] [--found DIR]

The targets are those of `tests/fuzz/targets.py`. It begins with `tests/fuzz/corpus` and with the fixtures of the tests,
keeps what reaches new code in `--corpus`, and goes on after a crash: the first input of each kind of crash is kept in
`--found`, as is one that takes longer than ten seconds. Prints executions, seconds and crashes as a line of JSON.
"""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import atheris

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))
with atheris.instrument_imports(include=["tfkms"]):
    from tests.fuzz import mutants, targets
    from tfkms.report.formats import github, gitlab, html, junit, markdown, sarif, spacelift, text  # noqa: F401

PATIENCE = 10
SEED_LIMIT = 30_000
_JSON = frozenset({"plan", "policy"})
_LONGEST = {"policy": 3_000, "hcl": 4_000, "variables": 2_000, "settings": 2_000}
"""Beyond which an input of that kind takes long and says nothing new."""


class SlowError(Exception):
    """An input that takes too long."""


def seeds(target: str) -> Iterator[bytes]:
    """What to begin with."""
    fixtures = targets.FIXTURES
    folders = {
        "plan": [*fixtures.glob("guardrails/*/*/plan.json"), *fixtures.glob("ways/*/plan.json")],
        "hcl": [*fixtures.glob("source/*/main.tf"), *fixtures.glob("ways/*/main.tf")],
        "variables": [*fixtures.glob("source/*/*.tfvars")],
        "saved_plan": [*fixtures.glob("ways/*/plan.tfplan")],
    }
    for path in (*sorted((PROJECT / "tests" / "fuzz" / "corpus" / target).glob("*")), *folders.get(target, ())):
        content = path.read_bytes()
        if len(content) < _LONGEST.get(target, SEED_LIMIT):
            yield content


class Fuzzing:
    """One run: what was tried and what it found."""

    def __init__(self, target: str, seconds: int, found: Path):
        self.target, self.seconds, self.found = target, seconds, found
        self.executions = self.refused = 0
        self.crashes: dict[str, str] = {}
        self.begin = time.monotonic()
        signal.signal(signal.SIGALRM, self.slow)

    def slow(self, _signal: int, _frame: FrameType | None) -> None:
        """Ends what takes too long."""
        raise SlowError

    def once(self, content: bytes) -> None:
        """Tries one input."""
        self.executions += 1
        signal.alarm(PATIENCE)
        try:
            with targets.thinly():
                self.refused += targets.TARGETS[self.target](content) is None
        except Exception as error:  # whatever it is, it is what is looked for
            self.keep(content, error)
        finally:
            signal.alarm(0)
        if time.monotonic() - self.begin > self.seconds:
            self.tell()
            os._exit(0)

    def keep(self, content: bytes, error: Exception) -> None:
        """Keeps the first input of each kind of crash."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f"{Path(own.filename).name}:{own.lineno}" for own in frames if "tfkms/" in own.filename]
        kind = f"{type(error).__name__} {' '.join(ours[-2:])} {str(error)[:80]}"
        if isinstance(error, SlowError):
            kind = "slow"
        if kind not in self.crashes:
            self.crashes[kind] = f"{self.target}-{len(self.crashes)}-{os.getpid()}"
            self.found.mkdir(parents=True, exist_ok=True)
            (self.found / self.crashes[kind]).write_bytes(content)
            (self.found / f"{self.crashes[kind]}.txt").write_text("".join(traceback.format_exception(error)))

    def tell(self) -> None:
        """Says what came of it."""
        seconds = round(time.monotonic() - self.begin)
        told = {"target": self.target, "executions": self.executions, "refused": self.refused, "seconds": seconds}
        sys.stdout.write(json.dumps(told | {"crashes": self.crashes}) + "\n")
        sys.stdout.flush()

    def mutated(self, content: bytes, limit: int, seed: int) -> bytes:
        """The next input: a JSON document mostly changed as one, anything else as bytes."""
        if self.target in _JSON and seed % 4:
            return mutants.reshaped(content, seed)[:limit]
        return bytes(atheris.Mutate(content, limit))


def main() -> None:
    """Fuzzes until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=targets.TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, default=PROJECT / ".fuzz")
    parser.add_argument("--found", type=Path, default=PROJECT / ".fuzz" / "found")
    told = parser.parse_args()
    corpus = told.corpus / told.target
    corpus.mkdir(parents=True, exist_ok=True)
    for place, content in enumerate(seeds(told.target)):
        (corpus / f"seed-{place}").write_bytes(content)
    run = Fuzzing(told.target, told.seconds, told.found)
    words = [
        sys.argv[0],
        "-timeout=0",
        "-handle_alrm=0",
        "-rss_limit_mb=4096",
        f"-max_len={_LONGEST.get(told.target, SEED_LIMIT)}",
        "-verbosity=0",
    ]
    atheris.Setup([*words, str(corpus)], run.once, custom_mutator=run.mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
