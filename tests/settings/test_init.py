"""`tfkms init`, and the page on settings: both are made from the form of the settings."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.command_line import run
from tfkms.settings.form import SettingsFile
from tfkms.settings.load import read_settings
from tfkms.settings.prose import page, starter

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
PLAN = Path(__file__).parents[1] / "fixtures" / "plans" / "terraform-aws-kms-complete.json"


def test_the_page_is_that_of_the_repository(golden: Callable[[Path, str], None]) -> None:
    golden(PAGE, page())


def test_the_file_to_begin_with_changes_nothing(tmp_path: Path) -> None:
    assert run("init", cwd=tmp_path).code == 0

    assert read_settings(tmp_path / ".tfkms.yaml", "x").form == SettingsFile()


def test_without_its_comment_marks_it_is_valid_and_shows_the_defaults(tmp_path: Path) -> None:
    lines = [re.sub(r"^# (?=[a-z_]+:|  )", "", line) for line in starter({}).splitlines()]
    path = tmp_path / ".tfkms.yaml"
    path.write_text("\n".join(line for line in lines if not line.endswith(":") or line in SECTIONS), encoding="utf-8")

    form = read_settings(path, "x").form

    assert form.waivers[0].check == "IAM-KMS-3"
    assert form.authorized_principals == {"default": ["arn:aws:iam::*:role/KeyAdmin"]}
    assert form.service_access == SettingsFile().service_access


SECTIONS = ("authorized_principals:", "  default:", "waivers:")


def test_every_setting_stands_in_it() -> None:
    text = starter({})

    for name in SettingsFile.__struct_fields__:
        assert re.search(rf"^#? ?{name}:", text, re.MULTILINE), name


def test_those_who_administer_keys_are_proposed(tmp_path: Path) -> None:
    result = run("init", str(PLAN), cwd=tmp_path)

    assert result.code == 0
    form = read_settings(tmp_path / ".tfkms.yaml", "x").form
    assert form.authorized_principals == {"default": ["arn:aws:iam::111122223333:user/deployer"]}
    assert "# by module.kms_complete.aws_kms_key.this[0]" in (tmp_path / ".tfkms.yaml").read_text(encoding="utf-8")


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".tfkms.yaml").write_text("undecided: warn\n")

    result = run("init", cwd=tmp_path)

    assert result.code == 2
    assert "the settings file is there already; pass --force to overwrite it" in result.err
    assert (tmp_path / ".tfkms.yaml").read_text(encoding="utf-8") == "undecided: warn\n"
    assert run("init", "--force", cwd=tmp_path).code == 0


def test_an_input_that_cannot_be_read_is_told_and_the_file_written_all_the_same(tmp_path: Path) -> None:
    result = run("init", "missing.json", cwd=tmp_path)

    assert result.code == 2
    assert "missing.json" in result.err
    assert (tmp_path / ".tfkms.yaml").is_file()
