"""Prints the tables of `docs/performance.md` as Markdown, measured here and now: the best of as many runs as asked for.

Peers are measured where they are on the path (`benchmarks/peers.txt`), and directories of configuration that are named.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import configurations
from benchmarks.aims import Aim, Known, aims
from benchmarks.estates import Estate, few, ordinary, write_plan
from benchmarks.peers import peers
from benchmarks.processes import Taken, best, load, run, scan, tfkms

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
    Estate(keys=1, roles=0, statements=200),
    Estate(keys=1, roles=0, alike=True),
    Estate(keys=100, roles=0, alike=True),
    Estate(keys=1_000, roles=0, alike=True),
)
SIZES = (100, 1_000, 10_000, 100_000)
CONFIGURATIONS = ((20, 0), (20, 1_000), (20, 10_000), (100, 0), (500, 0))
ROOTS = (10, 100, 1_000)
COMPARED = (100, 1_000)
COMMANDS = ("--version", "--help")
Rows = Iterator[str]


def machine() -> Rows:
    """When and where the tables are measured."""
    load_average = f"{os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else "unknown"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {_processor()}, "
        f"{os.cpu_count()} processors, load {load_average}, {python}."
    )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def met(measured: Iterable[Aim]) -> Rows:
    """A row for each aim."""
    yield "| aim | at most | measured | in | |"
    yield "|---|---:|---:|---|---|"
    for aim in measured:
        yield _row(aim.what, f"{aim.most:g}", f"{aim.measured:.2f}", aim.unit, "held" if aim.held else "**missed**")


def judging(estates: Sequence[Estate], times: int, folder: Path) -> Rows:
    """A row for each estate: what a scan by all guardrails takes."""
    yield "| keys | roles | statements of a key policy | keys alike | in the plan | seconds | wall | peak, megabytes |"
    yield "|---:|---:|---:|---|---|---:|---:|---:|"
    plan = folder / "estate.json"
    for estate in estates:
        write_plan(0, estate, plan)
        told = ("yes" if estate.alike else "no", "unchanged" if estate.existing else "new")
        yield _row(estate.keys, estate.roles, 7 + estate.statements, *told, *_cells(best(lambda: scan(plan), times)))


def reading(sizes: Sequence[int], times: int, folder: Path, shares: Callable[[int], Estate]) -> Rows:
    """A row for each size of a plan: what a scan takes beside `json.load` of the same file."""
    yield "| resources | keys | roles | megabytes | seconds | wall | `json.load` | ratio | peak | of the file |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    plan = folder / "large.json"
    for size in sizes:
        estate = shares(size)
        write_plan(size, estate, plan)
        written = plan.stat().st_size
        own, other = best(lambda: scan(plan), times), best(lambda: load(plan), times)
        ratio, peak = f"{own.seconds / other.seconds:.2f}", f"{own.peak / written:.1f}"
        seconds, wall, megabytes = _cells(own)
        holders = estate.roles + estate.bystanders
        read = f"{size:,}", estate.keys, holders, f"{written / 1e6:.1f}"
        yield _row(*read, seconds, wall, f"{other.seconds:.2f}", ratio, megabytes, peak)


def configuration(directories: Sequence[tuple[str, Path]], times: int) -> Rows:
    """A row for each directory: what a scan of its configuration takes."""
    yield "| configuration | megabytes | seconds | wall | peak, megabytes |"
    yield "|---|---:|---:|---:|---:|"
    for name, place in directories:
        megabytes = f"{configurations.size(place) / 1e6:.2f}"
        yield _row(name, megabytes, *_cells(best(lambda: scan(place), times)))  # noqa: B023 # called before the next turn


def made(folder: Path, sizes: Sequence[tuple[int, int]], roots: Sequence[int]) -> Iterator[tuple[str, Path]]:
    """Configurations of growing size, written when they are asked for."""
    for keys, others in sizes:
        place = folder / f"root_{keys}_{others}"
        configurations.write(place, keys=keys, others=others)
        yield f"{keys} keys, {others:,} other blocks", place
    for number in roots:
        place = folder / f"estate_{number}"
        configurations.write_estate(place, number)
        yield f"{number:,} root modules, a key in every tenth", place


def compared(sizes: Sequence[int], times: int, folder: Path) -> Rows:
    """A row for each tool and size: what it takes for the same plan; c7n-left, for a configuration of that size."""
    yield "| tool | resources | reads | seconds | wall | peak, megabytes |"
    yield "|---|---:|---|---:|---:|---:|"
    plan = folder / "compared.json"
    for size in sizes:
        estate, source = ordinary(size), folder / f"compared_{size}"
        write_plan(size, estate, plan)
        configurations.write(source, keys=estate.keys, others=size - 2 * estate.keys)
        yield _row("tfkms", f"{size:,}", "plan", *_cells(best(lambda: scan(plan), times)))
        yield _row("tfkms", f"{size:,}", "configuration", *_cells(best(lambda: scan(source), times)))  # noqa: B023
        for name, peer in peers(folder).items():
            reads = "configuration" if name == "c7n-left" else "plan"
            if peer is None:
                yield _row(name, f"{size:,}", reads, "not installed", "", "")
                continue
            yield _row(name, f"{size:,}", reads, *_cells(best(lambda: peer(plan, source), times)))  # noqa: B023


def starting(times: int) -> Rows:
    """A row for each command that does next to nothing: what it takes more than a bare interpreter."""
    yield "| command | milliseconds more than a bare interpreter | peak, megabytes |"
    yield "|---|---:|---:|"
    bare = best(lambda: run(["-I", "-c", "pass"]), times).seconds
    for command in COMMANDS:
        own = best(lambda: tfkms(command), times)  # noqa: B023
        yield _row(f"`tfkms {command}`", f"{1_000 * (own.seconds - bare):.0f}", f"{own.peak / 1e6:.0f}")


def _cells(taken: Taken) -> tuple[str, str, str]:
    return f"{taken.seconds:.2f}", f"{taken.wall:.2f}", f"{taken.peak / 1e6:.0f}"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main(times: int, known: Known) -> None:
    """Prints the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = {"terraform-aws-kms's example": known.module, "a public estate": known.estate}
        at_hand = [(name, place) for name, place in given.items() if place is not None]
        directories = (*made(folder, CONFIGURATIONS, ROOTS), *at_hand)
        tables = {
            "Aims": met(aims(times, folder, known)),
            "Starting": starting(5 * times),
            "Plans that are about other things": reading(SIZES, times, folder, few),
            "Plans with the usual shares of keys and roles": reading(SIZES, times, folder, ordinary),
            "Judging": judging(ESTATES, times, folder),
            "Configuration": configuration(directories, times),
            "Side by side": compared(COMPARED, times, folder),
        }
        print(*machine(), sep="\n", flush=True)
        for title, rows in tables.items():
            print(f"\n## {title}\n", flush=True)
            for row in rows:
                print(row, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--times", type=int, default=5, metavar="N", help="how many runs the best is taken of")
    parser.add_argument("--module", type=Path, metavar="DIRECTORY", help="examples/complete of terraform-aws-kms")
    parser.add_argument(
        "--estate", type=Path, metavar="DIRECTORY", help="a public estate, such as cloud-platform-environments"
    )
    asked = parser.parse_args()
    main(asked.times, Known(asked.module, asked.estate))
