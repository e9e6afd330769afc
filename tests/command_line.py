"""Runs the command line: in this process, which is quick, or as a process of its own, which is what users start."""

import contextlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tfkms.cli import main

PROJECT = Path(__file__).parent.parent
_MESSAGE = re.compile(r"tfkms: error: (?P<place>[^:]+: )?(?P<message>[^A-Z\n].*)")
"""A line that begins in lower case; a name in backticks and a digit do too."""


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report on standard output, which must hold nothing else."""
        content: dict[str, Any] = json.loads(self.out)
        return content


def run(*words: str, cwd: Path, content: bytes = b"") -> Run:
    """The command line in this process; `content` is its standard input."""
    with contextlib.chdir(cwd):
        result = CliRunner(catch_exceptions=False).invoke(main, words, input=content)
    return Run(result.exit_code, result.stdout, result.stderr)


def start(*words: str, cwd: Path, content: bytes | None = b"", **environment: str) -> Run:
    """The command line as a process; with `content` None its standard input is closed."""
    command = [sys.executable, "-m", "tfkms", *words]
    if content is None:
        command = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    result = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        input=content,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Run(result.returncode, result.stdout.decode(), result.stderr.decode())


def scan(content: bytes | str | dict[str, Any], directory: Path, *words: str) -> Run:
    """A scan, in this process, of one plan by the guardrail that asks for nothing but key policies."""
    written = json.dumps(content) if isinstance(content, dict) else content
    (directory / "plan.json").write_bytes(written.encode() if isinstance(written, str) else written)
    return run("scan", "plan.json", "--check", "IAM-KMS-1", *words, cwd=directory)


def assert_refused(result: Run, words: str = "", *hidden: str) -> None:
    """It is exit 2 and one line that begins in lower case, holds `words`, and gives nothing of `hidden` away."""
    (line,) = result.err.splitlines()
    assert result.code == 2
    assert _MESSAGE.fullmatch(line), line
    assert words in line
    for text in ("Traceback", str(PROJECT), *hidden):
        assert text not in result.err + result.out


def assert_whole_report(result: Run) -> None:
    """Standard output is a whole JSON report that says the same as the one line on standard error."""
    (told,) = result.report["diagnostics"]
    assert told["level"] == "error"
    assert told["message"] in result.err
    assert result.report["version"] == 1
    assert result.report["verdicts"] == []
