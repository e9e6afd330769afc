"""Tests that need a package registry: a plain run skips them and says how many there are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
FILES = ["tests/test_wheel.py", "tests/report/test_consumers.py"]


def said(*words: str, **environment: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *words, *FILES]
    result = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return result.stdout


def test_a_plain_run_skips_and_counts_them() -> None:
    text = said()

    assert re.search(r"^9 skipped in", text, re.MULTILINE)
    assert "needs a package registry: run it with -m network" in text


def test_a_run_of_them_says_which_readers_could_not_be_had_for_want_of_npm() -> None:
    text = said("-m", "network", "--deselect", "tests/test_wheel.py", PATH="")

    assert text.count("npm, which installs the readers of SARIF, is not here") == 4
    assert "4 skipped" in text


@pytest.mark.network
def test_a_run_of_them_skips_none_for_their_marker(request: pytest.FixtureRequest) -> None:
    assert "network" in request.config.getoption("markexpr")
