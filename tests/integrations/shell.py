"""Runs the command lines of an integration as its service would: its shell, its variables, terraform stood in for."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
FILES = PROJECT / "docs" / "integrations"
VIOLATING = PROJECT / "tests" / "fixtures" / "saved-plans" / "annotated" / "plan.tfplan"
CLEAN = PROJECT / "tests" / "fixtures" / "saved-plans" / "update" / "plan.tfplan"
_TERRAFORM = """#!/bin/sh
for word in "$@"; do
  case "$word" in -out=*) cp "$PLAN_TO_MAKE" "${word#-out=}" ;; esac
done
"""


@dataclass(frozen=True)
class Ran:
    """What a command line left behind."""

    code: int
    out: str
    err: str


def run(line: str, where: Path, plan: Path, variables: Mapping[str, str] = {}, shell: str = "sh") -> Ran:
    """`line` in a shell in `where`; `terraform plan -out=FILE` makes `plan` there, and tfkms is this project's."""
    tools = where / ".tools"
    tools.mkdir(exist_ok=True)
    terraform = tools / "terraform"
    terraform.write_text(_TERRAFORM, encoding="utf-8")
    terraform.chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI", "TFKMS_"))}
    program = shutil.which(shell)
    assert program
    finished = subprocess.run(
        [program, "-c", line],
        cwd=where,
        env={**inherited, "PATH": path, "PLAN_TO_MAKE": str(plan), **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return Ran(finished.returncode, finished.stdout, finished.stderr)
