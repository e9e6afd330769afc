"""What tfkms sets out to take at most, each aim beside what is measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import configurations
from benchmarks.estates import Estate, few, ordinary, write_plan
from benchmarks.processes import Taken, best, load, run, scan, tfkms


@dataclass(frozen=True, slots=True)
class Aim:
    """What is measured, the most that it should be, and what it is; both in `unit`."""

    what: str
    most: float
    unit: str
    measured: float

    @property
    def held(self) -> bool:
        """Whether what is measured is not more than it should be."""
        return self.measured <= self.most


@dataclass(frozen=True, slots=True)
class Known:
    """Configurations of the world that some aims are about; None where they are not at hand."""

    module: Path | None = None
    estate: Path | None = None


def aims(times: int, folder: Path, known: Known, large: tuple[int, int] = (10_000, 100_000)) -> Iterator[Aim]:
    """The aims one by one, measured as they are asked for; `large` are the sizes of the two large plans."""
    yield from _starting(5 * times)
    plan = folder / "aim.json"
    size, larger = large
    for about, shares in (("little about KMS", few), ("usual shares of keys and roles", ordinary)):
        taken: list[Taken] = []
        for resources in large:
            write_plan(resources, shares(resources), plan)
            written = plan.stat().st_size
            taken.append(best(lambda: scan(plan), times))
            name = f"plan of {resources:,} resources, {about}"
            if resources == size:
                yield Aim(name, 1.5, "of `json.load`", taken[-1].seconds / best(lambda: load(plan), times).seconds)
            else:
                linear = taken[0].seconds * larger / size
                yield Aim(f"{name}: linear", 1, f"of {larger // size} × {size:,}", taken[-1].seconds / linear)
                yield Aim(f"{name}: memory", 3, "of the file", taken[-1].peak / written)
    write_plan(0, Estate(keys=50, roles=40), plan)
    yield Aim("50 keys × 40 roles × 8 guardrails", 1, "seconds", best(lambda: scan(plan), times).seconds)
    yield _alike(times, plan)
    yield from _configuration(times, folder, known)


def _starting(times: int) -> Iterator[Aim]:
    bare = best(lambda: run(["-I", "-c", "pass"]), times).seconds
    for command in ("--version", "--help"):
        own = best(lambda: tfkms(command), times).seconds  # noqa: B023 # called before the next turn
        yield Aim(f"`tfkms {command}` over a bare interpreter", 60, "milliseconds", 1_000 * (own - bare))


def _alike(times: int, plan: Path) -> Aim:
    seconds: list[float] = []
    for keys in (1, 1_000):
        write_plan(0, Estate(keys=keys, roles=0, alike=True), plan)
        seconds.append(best(lambda: scan(plan), times).seconds)
    return Aim("1,000 keys with one policy", 2, "of one key", seconds[1] / seconds[0])


def _configuration(times: int, folder: Path, known: Known) -> Iterator[Aim]:
    peaks: list[int] = []
    for others in (0, 10_000):
        place = folder / f"aim_{others}"
        configurations.write(place, keys=20, others=others)
        peaks.append(best(lambda: scan(place), times).peak)  # noqa: B023
    more = (peaks[1] - peaks[0]) / (configurations.size(place) or 1)
    yield Aim("memory for configuration that no policy reaches", 10, "of its bytes", more)
    if known.module is not None:
        module = known.module
        yield Aim("terraform-aws-kms's example", 0.4, "seconds", best(lambda: scan(module), times).seconds)
    if known.estate is not None:
        estate = known.estate
        megabytes = configurations.size(estate) / 1e6
        seconds = best(lambda: scan(estate), min(times, 2)).seconds
        yield Aim(f"a public estate of {megabytes:.0f} megabytes", 4, "seconds", seconds)
