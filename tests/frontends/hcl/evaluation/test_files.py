"""A configuration reads regular files below the scanned root, and nothing else."""

import os
import sys
from pathlib import Path

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, value
from tfkms.frontends.hcl import files, terms
from tfkms.frontends.hcl.files import READ_LIMIT, DirectoryFiles, NoFiles
from tfkms.frontends.hcl.types import STRING

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


@pytest.mark.parametrize(
    "path", ["../secret.txt", "module/../../secret.txt", "/etc/hostname", "~/.ssh/id_rsa", "./../../../../etc/passwd"]
)
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
    assert reason('file("linked/x.txt")', root) == "`linked/x.txt` is outside the scanned directory"
    assert reason('templatefile("link.txt", {})', root) == "`link.txt` is outside the scanned directory"
    assert reason('filemd5("link.txt")', root) == "`link.txt` is outside the scanned directory"


def test_what_a_link_that_leads_outside_would_add_to_a_set_of_files_is_not_known(root: Path) -> None:
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    (root / "linked").symlink_to(root.parent / "outside")

    assert reason('fileset(".", "l*.txt")', root) == "`link.txt` leads outside the scanned directory"
    assert reason('fileset(".", "**")', root).endswith(" leads outside the scanned directory")
    assert reason('fileset(".", "linke*/x.txt")', root) == "`linked` leads outside the scanned directory"
    assert reason('fileset("linked", "*")', root) == "`linked` leads outside the scanned directory"
    assert reason('fileset("..", "*")', root) == "`../*` is outside the scanned directory"
    assert reason('fileset(".", "../*.txt")', root) == "`./../*.txt` is outside the scanned directory"
    assert reason('fileset("/etc", "host*")', root) == "`/etc/host*` is outside the scanned directory"
    assert reason('fileset("~", "*")', root) == "`~` is in a home directory"
    assert value('fileset(".", "in*")', DirectoryFiles(root)) == value('toset(["inside.txt"])')


@pytest.mark.parametrize(
    ("folder", "pattern", "found"),
    [
        (".", "linked/*", ["linked/own.txt"]),
        (".", "l*/**", ["linked/own.txt"]),
        (".", "**/own.txt", ["linked/own.txt", "module/own.txt"]),
        ("linked", "**", ["own.txt"]),
        (".", "./inside.txt", ["inside.txt"]),
        (".", "././*.txt", ["inside.txt"]),
        (".", "module/../inside.txt", ["inside.txt"]),
        (".", "module//own.txt", ["module/own.txt"]),
        (".", "inside.txt/", ["inside.txt"]),
        (".", "**/", ["inside.txt", "linked/own.txt", "module/own.txt"]),
        (".", "**/**", ["inside.txt", "linked/own.txt", "module/own.txt"]),
        ("module", "../*", ["../inside.txt"]),
        ("nosuch", "*", []),
        ("inside.txt", "*", []),
        (".", "module", []),
        (".", ".", []),
    ],
)
def test_a_set_of_files_follows_links_that_stay_inside(root: Path, folder: str, pattern: str, found: list[str]) -> None:
    """The answers are those of Terraform 1.11.4 for the same directory."""
    (root / "linked").symlink_to(root / "module")
    wanted = terms.Set(STRING, tuple(terms.Text(name) for name in found))

    assert value(f'fileset("{folder}", "{pattern}")', DirectoryFiles(root)) == wanted


@pytest.mark.parametrize("pattern", ["{inside,module/own}.txt", "inside.txt\\\\", "[", "{"])
def test_a_pattern_that_is_malformed_is_an_error(root: Path, pattern: str) -> None:
    [message] = messages(evaluation(f'fileset(".", "{pattern}")', DirectoryFiles(root)))

    assert message.startswith("the pattern has a ")


def test_a_link_to_nothing_is_an_error_where_a_name_asks_for_it(root: Path) -> None:
    (root / "dangling.txt").symlink_to(root / "nowhere")

    assert messages(evaluation('fileset(".", "*.txt")', DirectoryFiles(root))) == [
        "`dangling.txt` is a link to nothing"
    ]
    assert value('fileset(".", "**")', DirectoryFiles(root)) == value('toset(["inside.txt", "module/own.txt"])')


def test_a_directory_of_too_many_files_is_not_searched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SCAN_LIMIT", 2)

    assert reason('fileset(".", "**")', root) == "`.` holds more than 2 files"


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "link.txt").symlink_to(root / "inside.txt")

    assert value('file("link.txt")', DirectoryFiles(root)) == terms.Text("inside")


def test_a_link_in_a_circle_ends(root: Path) -> None:
    (root / "module" / "again").symlink_to(root)

    assert value('fileset(".", "*/again/inside.txt")', DirectoryFiles(root)) == value(
        'toset(["module/again/inside.txt"])'
    )
    assert reason('fileset(".", "**/own.txt")', root) == "`module/again` is a link to a directory above it"


def test_a_pipe_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")

    for call in ('file("pipe")', 'fileexists("pipe")', 'templatefile("pipe", {})', 'filebase64("pipe")'):
        assert messages(evaluation(call, DirectoryFiles(root))) == ["`pipe` is no regular file"]
    assert value('fileset(".", "p*")', DirectoryFiles(root)) == terms.Set(STRING, ())


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device")
def test_a_device_is_not_read() -> None:
    assert messages(evaluation('file("zero")', DirectoryFiles(Path("/dev")))) == ["`zero` is no regular file"]


def test_a_large_file_is_unknown(root: Path) -> None:
    with (root / "large").open("wb") as large:
        large.truncate(READ_LIMIT + 1)

    assert reason('file("large")', root) == "`large` is larger than 8 MiB"
    assert reason('templatefile("large", {})', root) == "`large` is larger than 8 MiB"
    assert reason('filesha256("large")', root) == "`large` is larger than 8 MiB"


def test_a_byte_order_mark_is_kept_by_file_and_left_out_by_templates(root: Path) -> None:
    """As Terraform 1.11.4 has it."""
    (root / "marked.tpl").write_text("\ufeffa ${x}", encoding="utf-8")
    found = DirectoryFiles(root)

    assert value('file("marked.tpl")', found) == terms.Text("\ufeffa ${x}")
    assert value('templatefile("marked.tpl", {x = 1})', found) == terms.Text("a 1")
    assert value("templatestring(v, {x = 1})", v=terms.Text("\ufeff${x}")) == terms.Text("1")


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


def test_a_template_file_may_give_any_value_and_a_template_string_gives_a_string(root: Path) -> None:
    """As Terraform 1.11.4 has it."""
    (root / "one.tpl").write_text("${x}")
    found, text = DirectoryFiles(root), terms.Text("${x}")

    assert value('templatefile("one.tpl", {x = [1]})', found) == value("[1]")
    assert value("templatestring(v, {x = true})", v=text) == terms.Text("true")
    assert value('try(templatestring(v, {x = [1]}), "fallback")', v=text) == terms.Text("fallback")
    assert messages(evaluation('templatefile("one.tpl", {x = null})', found)) == [
        "the template of `templatefile` gives null"
    ]
