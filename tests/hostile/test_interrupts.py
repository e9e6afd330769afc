"""An interrupt (Ctrl-C, a job that is called off): one line, exit code 130, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import run
from tests.plan_builder import ROOT, key_plan, policy
from tfkms.report.json_text import written

PROJECT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "plan.json").write_text(written(key_plan(policy(ROOT))), encoding="utf-8")
    return tmp_path


@posix
@pytest.mark.parametrize("words", [(), ("--jobs", "2")])
def test_it_ends_with_one_line_and_leaves_nothing_behind(work: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "tfkms", "scan", *words, "plan.json", "-", "--output", "json=report.json"]
    process = subprocess.Popen(
        command,
        cwd=work,
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    try:
        until = time.monotonic() + 30
        while not _waits_for_input(process.pid) and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        said, told = process.communicate(timeout=30)
    finally:
        process.kill()
        os.close(reading)
        os.close(writing)

    assert process.returncode == 130
    assert said == b""
    assert told == b"tfkms: error: interrupted\n"
    assert sorted(path.name for path in work.iterdir()) == ["plan.json"]


def _waits_for_input(process: int) -> bool:
    """Whether the process has begun and waits for its standard input; elsewhere than on Linux, after three seconds."""
    channel = Path(f"/proc/{process}/wchan")
    try:
        return "pipe" in channel.read_text(encoding="utf-8")
    except OSError:
        time.sleep(3)
        return True


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_report_that_is_interrupted_is_not_there(work: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    (work / "report.json").write_text("old", encoding="utf-8")

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync" if call == "fsync" else "pathlib.Path.replace", interrupted)
    result = run("scan", "plan.json", "--output", "json=report.json", "-q", cwd=work)

    assert (result.code, result.err) == (130, "tfkms: error: interrupted\n")
    assert (work / "report.json").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in work.iterdir()) == ["plan.json", "report.json"]


SLOW = """
import os, sys, time
def slow(_file):
    print("writing", flush=True)
    time.sleep(30)
os.fsync = slow
from tfkms.cli import main
main(sys.argv[1:], prog_name="tfkms")
"""


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_a_report_is_written_leaves_nothing_behind(work: Path, number: int, code: int) -> None:
    (work / "report.json").write_text("old", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "scan", "plan.json", "-q", "--output", "json=report.json"],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        assert len(list(work.iterdir())) == 3
        process.send_signal(number)
        told = process.communicate(timeout=30)[1]
    finally:
        process.kill()

    assert process.returncode == code
    assert len(told.splitlines()) == 1
    assert "Traceback" not in told
    assert (work / "report.json").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in work.iterdir()) == ["plan.json", "report.json"]


SLOW_TO_CLEAR = """
unlink = os.unlink
def slow_unlink(*given, **named):
    print("clearing", flush=True)
    time.sleep(1)
    unlink(*given, **named)
os.unlink = slow_unlink
"""


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("again", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_stop_what_the_first_one_began(work: Path, number: int, code: int, again: int) -> None:
    head, tail = SLOW.split("from tfkms", 1)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{head}{SLOW_TO_CLEAR}from tfkms{tail}",
            "scan",
            "plan.json",
            "-q",
            "--output",
            "json=r",
        ],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(number)
        assert process.stdout.readline() == "clearing\n"
        process.send_signal(again)
        told = process.communicate(timeout=30)[1]
    finally:
        process.kill()

    assert process.returncode == code
    assert len(told.splitlines()) == 1
    assert [path.name for path in work.iterdir()] == ["plan.json"]


@posix
def test_an_interrupt_that_it_was_started_to_ignore_is_ignored(work: Path) -> None:
    """As a command has it that a script runs in the background."""
    begun = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", begun + SLOW.replace("(30)", "(1)"), "scan", "plan.json", "-q", "--output", "json=r"],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]
    finally:
        process.kill()

    assert (process.returncode, told) == (0, "")
    assert sorted(path.name for path in work.iterdir()) == ["plan.json", "r"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "Permission denied")])
def test_a_report_that_cannot_be_written_to_its_end_is_not_there(
    work: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refused(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("os.fsync", refused)
    result = run("scan", "plan.json", "--output", "json=report.json", "-q", cwd=work)

    assert result.code == 2
    assert error.strerror is not None
    assert error.strerror.lower() in result.err
    assert [path.name for path in work.iterdir()] == ["plan.json"]


@posix
def test_a_reader_that_goes_away_is_no_error(work: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "tfkms", "scan", "plan.json", "-q", "-v"],
        cwd=work,
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )
    os.close(writing)

    assert (process.returncode, process.stderr) == (0, b"")
