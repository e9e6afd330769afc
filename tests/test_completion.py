"""Shell completion: what is printed is what each shell reads, and tfkms answers what it asks."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command_line import run, start


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_is_printed_is_what_the_shell_can_read(shell: str, tmp_path: Path) -> None:
    result = run("completion", shell, cwd=tmp_path)

    assert result.code == 0
    assert f"_TFKMS_COMPLETE={shell}_complete" in result.out
    program = shutil.which(shell)
    if program is not None:
        checked = subprocess.run([program, "-n"], input=result.out.encode(), capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")


def test_another_shell_is_refused(tmp_path: Path) -> None:
    assert run("completion", "csh", cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tfkms sc", {"plain,scan", "plain,schema"}),
        ("tfkms scan --no-in", {"plain,--no-inline"}),
        ("tfkms scan --undecided ", {"plain,fail", "plain,warn"}),
    ],
)
def test_the_shell_is_told_what_could_follow(words: str, expected: set[str], tmp_path: Path) -> None:
    place = str(len(words.split()) - (not words.endswith(" ")))
    result = start(cwd=tmp_path, _TFKMS_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=place)

    assert set(result.out.split()) == expected
    assert result.err == ""
