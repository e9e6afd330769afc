"""Prints the tables of `docs/speed.md` as Markdown, measured here and now: medians of as many runs as asked for."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.estates import Estate, large_plan
from benchmarks.processes import load, run, scan, typical

ESTATES = (
    Estate(keys=1, roles=1),
    Estate(keys=10, roles=10),
    Estate(keys=50, roles=40),
    Estate(keys=50, roles=40, existing=False),
    Estate(keys=100, roles=40),
    Estate(keys=50, roles=80),
    Estate(keys=100, roles=80),
    Estate(keys=50, roles=40, statements=10),
    Estate(keys=50, roles=40, statements=20),
    Estate(keys=100, roles=0, alike=True),
    Estate(keys=1_000, roles=0, alike=True),
)
SIZES = (1_000, 10_000, 100_000)
COMMANDS = ("--version", "--help")


def judging(estates: Sequence[Estate], times: int, folder: Path) -> Iterator[str]:
    """A row for each estate: what a scan by all guardrails takes."""
    yield "| keys | roles | statements of a key policy | keys alike | in the plan | seconds |"
    yield "|---:|---:|---:|---|---|---:|"
    plan = folder / "estate.json"
    for estate in estates:
        plan.write_bytes(estate.plan())
        seconds = typical(lambda: scan(plan), times).seconds
        told = ("yes" if estate.alike else "no", "unchanged" if estate.existing else "new")
        cells = (estate.keys, estate.roles, 7 + estate.statements, *told, f"{seconds:.2f}")
        yield f"| {' | '.join(map(str, cells))} |"


def reading(sizes: Sequence[int], times: int, folder: Path) -> Iterator[str]:
    """A row for each size of a plan: what a scan takes beside `json.load` of the same file."""
    yield "| resources | megabytes | seconds | `json.load` | ratio | peak, megabytes | of the file |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    plan = folder / "large.json"
    for size in sizes:
        # Made by another process: what this one holds would count as the peak of those that it starts.
        run(["-c", f"from benchmarks.__main__ import write; write({size}, {str(plan)!r})"])
        written = plan.stat().st_size
        own, other = typical(lambda: scan(plan), times), typical(lambda: load(plan), times)
        ratios = f"{own.seconds / other.seconds:.2f}", f"{own.peak / written:.1f}"
        seconds = f"{own.seconds:.2f} | {other.seconds:.2f} | {ratios[0]}"
        yield f"| {size:,} | {written / 1e6:.1f} | {seconds} | {own.peak / 1e6:.0f} | {ratios[1]} |"


def write(size: int, path: str) -> None:
    """Writes a large plan of five keys and five roles."""
    Path(path).write_bytes(large_plan(size, Estate(keys=5, roles=5)))


def starting(times: int) -> Iterator[str]:
    """A row for each command that does next to nothing: what it takes more than a bare interpreter."""
    yield "| command | milliseconds more than a bare interpreter |"
    yield "|---|---:|"
    bare = typical(lambda: run(["-c", "pass"]), times).seconds
    for command in COMMANDS:
        own = typical(lambda: run(["-m", "tfkms", command]), times).seconds  # noqa: B023 # called before the next turn
        yield f"| `tfkms {command}` | {1_000 * (own - bare):.0f} |"


def main(times: int) -> None:
    """Prints the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in (judging(ESTATES, times, folder), reading(SIZES, times, folder), starting(2 * times)):
            for row in rows:
                print(row, flush=True)
            print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
