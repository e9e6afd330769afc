"""What the README shows is what the commands print, and the files that texts name exist."""

import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tfkms.cli import main

PROJECT = Path(__file__).parent.parent
BLOCK = re.compile(r"```console\n\$ (?P<command>tfkms [^\n]*)\n(?P<output>.*?)```", re.DOTALL)
TEXTS = ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]


def printed(command: str) -> str:
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        return CliRunner(catch_exceptions=False).invoke(main, shlex.split(command)[1:]).stdout
    finally:
        os.chdir(before)


def test_the_readme_shows_real_output(request: pytest.FixtureRequest) -> None:
    path = PROJECT / "README.md"
    text = path.read_text(encoding="utf-8")

    real = BLOCK.sub(lambda found: f"```console\n$ {found['command']}\n{printed(found['command'])}```", text)

    if request.config.getoption("--update-golden"):
        path.write_text(real, encoding="utf-8", newline="\n")
    assert len(BLOCK.findall(text)) >= 3
    assert path.read_text(encoding="utf-8") == real


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_that_a_text_links_exists(name: str) -> None:
    path = PROJECT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))

    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_in_backticks_exists(name: str) -> None:
    words = re.findall(r"`((?:tfkms|rules|tests|docs)/[\w./*-]+)`", (PROJECT / name).read_text(encoding="utf-8"))

    assert words or name == "README.md"
    assert not [word for word in words if not list(PROJECT.glob(word.rstrip("/")))]
