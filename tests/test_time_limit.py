"""A scan that takes too long ends: with one line, the code for an error, and no report."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plan_builder import ROOT, key_plan, policy
from tfkms.report.json_text import written


def scan(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`tfkms scan` on a plan and on standard input, of which there is never an end."""
    (folder / "plan.json").write_text(written(key_plan(policy(ROOT))), encoding="utf-8")
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-m", "tfkms", "scan", "--timeout", "1", *words, "plan.json", "-"]
        return subprocess.run(
            command, cwd=folder, stdin=reading, capture_output=True, text=True, check=False, timeout=120
        )
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("words", [(), ("--format", "json"), ("--format", "atlantis", "--exit-zero"), ("--jobs", "2")])
def test_it_ends_with_one_line_and_no_report(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = scan(tmp_path, *words, "--output", "sarif=report.sarif")

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "tfkms: error: it took longer than 1 s, and was ended" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    "words",
    [
        ("policies", "-"),
        ("access", "-"),
        ("can", "arn:aws:iam::111122223333:role/x", "Decrypt", "aws_kms_key.main", "-"),
        ("init", "-"),
    ],
    ids=lambda words: words[0],
)
def test_so_does_whatever_else_reads_inputs(tmp_path: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-m", "tfkms", *words, "--timeout", "1"]
        ran = subprocess.run(
            command, cwd=tmp_path, stdin=reading, capture_output=True, text=True, check=False, timeout=120
        )
    finally:
        os.close(reading)
        os.close(writing)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == 1
    assert "tfkms: error: it took longer than 1 s, and was ended" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_scan_that_is_done_in_time_is_as_ever(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(written(key_plan(policy(ROOT))), encoding="utf-8")
    command = [sys.executable, "-m", "tfkms", "scan", "--timeout", "60", "plan.json"]

    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
