"""A configuration reads regular files below the scanned root, and nothing else."""

import os
import sys
from pathlib import Path

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, value
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.files import READ_LIMIT, DirectoryFiles, NoFiles

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links and pipes need rights there")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    scanned = tmp_path / "scanned"
    (scanned / "module").mkdir(parents=True)
    (scanned / "inside.txt").write_text("inside")
    (scanned / "module" / "own.txt").write_text("own")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.txt").write_text("x")
    return scanned


def reason(text: str, root: Path, base: str = ".") -> str:
    found = value(text, DirectoryFiles(root, base))
    assert isinstance(found, terms.Unknown)
    return found.hole.reason


def test_relative_paths_are_taken_from_the_base(root: Path) -> None:
    assert value('file("own.txt")', DirectoryFiles(root, "module")) == terms.Text("own")
    assert value('file("../inside.txt")', DirectoryFiles(root, "module")) == terms.Text("inside")


@pytest.mark.parametrize("path", ["../secret.txt", "module/../../secret.txt", "/etc/hostname", "~/.ssh/id_rsa"])
def test_what_lies_outside_is_unknown_and_not_read(root: Path, path: str) -> None:
    assert reason(f'file("{path}")', root) in (
        f"`{path}` is outside the scanned directory",
        f"`{path}` is in a home directory",
    )


def test_a_link_that_leads_outside_is_unknown_and_not_read(root: Path) -> None:
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    (root / "linked").symlink_to(root.parent / "outside")

    assert reason('file("link.txt")', root) == "`link.txt` is outside the scanned directory"
    assert reason('fileexists("linked/x.txt")', root) == "`linked/x.txt` is outside the scanned directory"
    assert value('fileset(".", "**")', DirectoryFiles(root)) == value('toset(["inside.txt", "module/own.txt"])')


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "link.txt").symlink_to(root / "inside.txt")

    assert value('file("link.txt")', DirectoryFiles(root)) == terms.Text("inside")


def test_a_link_in_a_circle_ends(root: Path) -> None:
    (root / "module" / "again").symlink_to(root)

    assert value('fileset(".", "**/own.txt")', DirectoryFiles(root)) == value('toset(["module/own.txt"])')


def test_a_pipe_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")

    assert messages(evaluation('file("pipe")', DirectoryFiles(root))) == ["`pipe` is no regular file"]


def test_a_large_file_is_unknown(root: Path) -> None:
    with (root / "large").open("wb") as large:
        large.truncate(READ_LIMIT + 1)

    assert reason('file("large")', root) == "`large` is larger than 8 MiB"


def test_a_missing_file_is_an_error_that_can_be_caught(root: Path) -> None:
    files = DirectoryFiles(root)

    assert messages(evaluation('file("nosuch")', files)) == ["there is no file `nosuch`"]
    assert value('can(file("nosuch"))', files) == terms.Bool(False)


def test_try_does_not_fall_back_where_terraform_could_read(root: Path) -> None:
    found = value('try(file("../secret.txt"), "fallback")', DirectoryFiles(root))

    assert isinstance(found, terms.Unknown)


def test_the_reason_why_there_are_no_files_is_told() -> None:
    found = value('templatefile("p.tpl", {})', NoFiles("is not in the saved plan"))

    assert isinstance(found, terms.Unknown)
    assert found.hole.reason == "`p.tpl` is not in the saved plan"
