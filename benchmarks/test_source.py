"""What a configuration costs: with what its policies reach, and with what else lies around them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.configurations import size, write
from tfkms import catalogue
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.source.read import Setting, read_source
from tfkms.model import Scan

ASSUMED = Assumed("111122223333", "us-east-1", "aws")
KEYS = 20


@pytest.fixture(scope="module")
def wanted() -> Callable[[str], bool]:
    """The types that hold policies."""
    return {site.type for site in catalogue.sites()}.__contains__


def measured(benchmark: BenchmarkFixture, root: Path, wanted: Callable[[str], bool]) -> Scan:
    """The scan of a directory, with its size beside the time."""
    benchmark.extra_info["bytes"] = size(root)
    setting = Setting(root, assumed=ASSUMED)
    found: Scan = benchmark.pedantic(read_source, args=(".", ".", setting, wanted), rounds=3, warmup_rounds=1)
    return found


@pytest.mark.parametrize("keys", [KEYS, 5 * KEYS, 25 * KEYS])
def test_cost_follows_what_policies_reach(
    benchmark: BenchmarkFixture, tmp_path: Path, wanted: Callable[[str], bool], keys: int
) -> None:
    write(tmp_path, keys=keys, others=0)

    assert len(measured(benchmark, tmp_path, wanted).resources) == 2 * keys


@pytest.mark.parametrize("others", [0, 1_000, 10_000])
def test_what_policies_do_not_reach_is_hardly_looked_at(
    benchmark: BenchmarkFixture, tmp_path: Path, wanted: Callable[[str], bool], others: int
) -> None:
    write(tmp_path, keys=KEYS, others=others)

    assert len(measured(benchmark, tmp_path, wanted).resources) == 2 * KEYS
