"""What all tests share: golden files, rewritten by `--update-golden` and reviewed like code, and how hard to search.

A plain run tries the same few generated examples each time; `--hypothesis-profile=thorough` tries 10,000 new ones. It
skips and counts the tests that need a package registry, which `-m network` runs.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("modest", max_examples=60, deadline=None, derandomize=True)
settings.register_profile(
    "thorough",
    max_examples=10_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("modest")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files that differ")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "network" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("network"):
            item.add_marker(pytest.mark.skip(reason="needs a package registry: run it with -m network"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with the golden file at a path; with `--update-golden` writes it instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path.name} is missing; make it with --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return compare
