"""Scans and their yardsticks as pytest-benchmark compares them, by the processor time of the processes."""

import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import COMMANDS, ESTATES
from benchmarks.estates import Estate, large_plan
from benchmarks.processes import load, run, scan

LARGE = 10_000


def of_children() -> float:
    """The processor time of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


pytestmark = pytest.mark.benchmark(timer=of_children)


@pytest.mark.parametrize("estate", ESTATES, ids=str)
def test_an_estate_is_judged(benchmark: Any, estate: Estate, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(estate.plan())

    benchmark.pedantic(scan, (plan,), rounds=5)


@pytest.mark.parametrize("way", [scan, load])
def test_a_large_plan_is_read(benchmark: Any, way: Any, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_bytes(large_plan(LARGE, Estate(keys=5, roles=5)))

    benchmark.pedantic(way, (plan,), rounds=5)


@pytest.mark.parametrize("words", [("-c", "pass"), *(("-m", "tfkms", command) for command in COMMANDS)], ids=" ".join)
def test_a_command_starts(benchmark: Any, words: tuple[str, ...]) -> None:
    benchmark.pedantic(run, (words,), rounds=10)
