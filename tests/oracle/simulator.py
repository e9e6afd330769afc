"""Asks `@cloud-copilot/iam-simulate`, an independent simulator of IAM, which npm installs for the occasion.

It serves tests only: nothing of it is part of tfkms.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.oracle.generator import ACCOUNT, KEY, Documents, Request, told

PACKAGE = "@cloud-copilot/iam-simulate@0.1.173"
PRESENT = shutil.which("npm") is not None and shutil.which("node") is not None
SCRIPT = Path(__file__).with_name("ask.mjs")


def install(directory: Path) -> bool:
    """Whether the simulator could be installed into a folder of its own."""
    npm = shutil.which("npm")
    assert npm is not None
    command = [npm, "install", "--prefix", str(directory), "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    return subprocess.run(command, check=False, capture_output=True, timeout=300).returncode == 0


def asked(documents: Documents, request: Request, context: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """The line that puts the request to the simulator; `context` stands in for the one that follows from it."""
    whole = told(request) if context is None else context
    several = {"kms:ResourceAliases", "kms:EncryptionContextKeys", "kms:GrantOperations"}
    return json.dumps(
        {
            "principal": request.principal,
            "action": request.action,
            "resource": KEY,
            "account": ACCOUNT,
            "context": {name: list(own) if name in several else own[0] for name, own in whole.items()},
            "documents": {
                "key_policy": documents.key_policy,
                "identity": documents.identity,
                "boundary": documents.boundary,
                "session": documents.session,
                "guards": documents.guards,
                "resource_guards": documents.resource_guards,
            },
        }
    )


def answers(installed: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What the simulator says to each line, in order."""
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(SCRIPT), str(installed)],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    return map(json.loads, done.stdout.splitlines())
