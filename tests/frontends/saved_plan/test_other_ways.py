"""The values of a saved plan by `terraform show -json`: made already, or by the program that is named."""

import os
import stat
import sys
from pathlib import Path

import pytest

from tests.command_line import Run, assert_refused, run
from tests.frontends.saved_plan.archives import members_of, zipped
from tfkms.cli import terraform

SAVED = Path(__file__).parents[2] / "fixtures" / "saved-plans"
HIDDEN = SAVED / "hidden-policy"
PLAN = str(HIDDEN / "plan.tfplan")
SHOWN = HIDDEN / "shown.json"
SECRET = "hunter2-9f8e"


def scan(*words: str, cwd: Path = HIDDEN) -> Run:
    return run("scan", *words, "--check", "IAM-KMS-3", "--format", "json", "-q", cwd=cwd)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Stands for terraform: does what is written to `program.py` beside it."""
    path = tmp_path / "terraform"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/program.py "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def does(program: Path, *lines: str) -> None:
    (program.parent / "program.py").write_text("import os, sys, time\n" + "\n".join(lines) + "\n")


# a JSON made already


def test_the_json_of_the_plan_gives_the_same_report() -> None:
    by_json = scan("plan.tfplan", "--plan-json", "shown.json")

    assert by_json.report == scan("plan.tfplan").report
    assert by_json.report["inputs"] == [{"path": "plan.tfplan", "kind": "saved_plan"}]


def test_a_format_that_is_not_known_is_read_by_its_json(tmp_path: Path) -> None:
    members = members_of(HIDDEN)
    later = zipped(members | {"tfplan": b"\x08\x04" + members["tfplan"][2:]})
    (tmp_path / "tfplan").write_bytes(later)

    assert_refused(scan("tfplan", cwd=tmp_path), "format version 4; only version 3 is known")
    by_json = scan("tfplan", "--plan-json", str(SHOWN), cwd=tmp_path)
    assert [item["verdict"] for item in by_json.report["findings"]] == ["violated"]
    assert by_json.report["findings"][0]["evidence"][0]["file"] == "tfplan/main.tf"


def test_the_json_of_another_plan_is_refused() -> None:
    result = scan("plan.tfplan", "--plan-json", str(SAVED / "create" / "shown.json"))

    assert_refused(result, "shown.json: this is not the JSON of the saved plan: `")


def test_a_json_that_cannot_be_read_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "shown.json").write_text("{")

    assert_refused(scan(PLAN, "--plan-json", "shown.json", cwd=tmp_path), "error: shown.json: ")


@pytest.mark.parametrize("words", [("shown.json",), (".",), ("plan.tfplan", "shown.json"), ("plan.tfplan", "--terraform", "x")])  # fmt: skip
def test_it_goes_with_one_saved_plan_and_nothing_else(words: tuple[str, ...]) -> None:
    assert_refused(scan(*words, "--plan-json", "shown.json"), "--plan-json")


# a program that is named


def test_terraform_shows_the_plan_in_the_current_directory(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    does(
        program,
        f"assert sys.argv[1:] == ['show', '-json', '-no-color', {PLAN!r}], sys.argv",
        f"assert os.getcwd() == {os.path.realpath(tmp_path)!r}",
        "assert not [name for name in os.environ if name.startswith(('TF_LOG', 'TF_CLI_ARGS'))]",
        f"sys.stdout.write(open({str(SHOWN)!r}).read())",
    )
    monkeypatch.setenv("TF_CLI_ARGS_show", "-state")
    result = scan(PLAN, "--terraform", "./terraform", cwd=tmp_path)

    assert result.report["findings"] == scan(PLAN, cwd=tmp_path).report["findings"]


def test_terraform_runs_where_the_source_is(program: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "main.tf").write_bytes(members_of(HIDDEN)["tfconfig/m-/main.tf"])
    does(program, "assert os.path.basename(os.getcwd()) == 'source'", f"sys.stdout.write(open({str(SHOWN)!r}).read())")

    result = scan(PLAN, "--terraform", str(program), "--source", "source", cwd=tmp_path)

    assert result.report["findings"][0]["evidence"][0]["file"] == "source/main.tf"


def test_of_an_error_only_the_first_line_is_shown(program: Path, tmp_path: Path) -> None:
    error = f"╷\n│ Warning: Deprecated\n╵\n╷\n│ Error: Failed to load plugin schemas\n│ \n│ password = {SECRET}\n╵\n"
    does(program, f"sys.stdout.write({SECRET!r})", f"sys.stderr.write({error!r})", "sys.exit(1)")

    result = scan(PLAN, "--terraform", str(program), cwd=tmp_path)

    assert_refused(result, "terraform cannot show the plan: Error: Failed to load plugin schemas", SECRET)
    assert "terraform init" in result.err


def test_a_program_that_says_nothing_is_told_so(program: Path, tmp_path: Path) -> None:
    does(program, "sys.exit(3)")

    assert_refused(
        scan(PLAN, "--terraform", str(program), cwd=tmp_path), "terraform cannot show the plan: it says nothing"
    )


def test_what_is_no_plan_is_refused(program: Path, tmp_path: Path) -> None:
    does(program, "sys.stdout.write('hello')")

    assert_refused(scan(PLAN, "--terraform", str(program), cwd=tmp_path), "does not begin with `{`")


def test_a_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    words = ("--terraform", "./no-such-program")

    assert_refused(scan(PLAN, *words, cwd=tmp_path), "--terraform names no program that can be run", "no-such-program")


def test_the_words_of_a_name_reach_no_shell(tmp_path: Path) -> None:
    assert_refused(scan(PLAN, "--terraform", "touch made; true", cwd=tmp_path), "--terraform names no program")
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_does_not_end_is_stopped_with_what_it_started(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "TIME_LIMIT", 1.0)
    does(program, "import subprocess", "subprocess.run(['sleep', '60'])")

    assert_refused(scan(PLAN, "--terraform", str(program), cwd=tmp_path), "did not show the plan within 1 seconds")


def test_more_than_the_limit_is_not_kept(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "SIZE_LIMIT", 1 << 20)
    does(program, "while True: sys.stdout.write('x' * 65536)")

    assert_refused(scan(PLAN, "--terraform", str(program), cwd=tmp_path), "terraform shows more than 1 MiB of the plan")


def test_errors_without_end_do_not_block_it(program: Path, tmp_path: Path) -> None:
    does(program, "sys.stderr.write('Error: many\\n' + 'x' * (1 << 22))", "sys.exit(1)")

    assert_refused(scan(PLAN, "--terraform", str(program), cwd=tmp_path), "Error: many")


def test_a_plan_on_standard_input_cannot_be_shown(tmp_path: Path) -> None:
    content = (HIDDEN / "plan.tfplan").read_bytes()
    result = run("scan", "-", "--terraform", "terraform", "-q", cwd=tmp_path, content=content)

    assert_refused(result, "not standard input")


def test_other_inputs_need_no_terraform(tmp_path: Path) -> None:
    plan = SAVED.parent / "joined" / "hidden-policy"

    assert scan("plan.json", "--terraform", "./no-such-program", cwd=plan).report == scan("plan.json", cwd=plan).report
