"""What the README shows is what the commands print, and the files that texts name exist."""

import os
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from tfkms.cli import main
from tfkms.report import formats

PROJECT = Path(__file__).parent.parent
BLOCK = re.compile(r"```console\n\$ (?P<command>tfkms [^\n]*)\n(?P<output>.*?)```", re.DOTALL)
TEXTS = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/reports.md"]
COMMAND = re.compile(r"^ *(?:\$ |- run: |- )?tfkms (?P<name>[a-z]+)(?P<words>.*?)(?= 2?>| \|| #|$)", re.MULTILINE)


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

    assert words or name in ("README.md", "docs/reports.md")
    assert not [word for word in words if not list(PROJECT.glob(word.rstrip("/")))]


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_in_a_block_is_one_that_tfkms_takes(name: str) -> None:
    blocks = re.findall(
        r"^```(?:sh|yaml|console)\n(.*?)^```", (PROJECT / name).read_text(encoding="utf-8"), re.DOTALL | re.M
    )
    found = [command for block in blocks for command in COMMAND.finditer(block)]

    assert found or name not in ("README.md", "docs/reports.md")
    for command in found:
        known = main.get_command(click.Context(main), command["name"])
        assert known, command[0]
        known.make_context(command["name"], shlex.split(command["words"]))


def test_every_form_of_the_report_is_described() -> None:
    described = re.findall(r"^\| `(\w+)` \|", (PROJECT / "docs" / "reports.md").read_text(encoding="utf-8"), re.M)

    assert sorted(described) == formats.names()


def test_the_settings_of_others_are_yaml() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "reports.md").read_text(encoding="utf-8"), re.DOTALL)

    assert len(blocks) >= 4
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks)
