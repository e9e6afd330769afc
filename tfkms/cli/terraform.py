"""What Terraform itself says of a saved plan: `terraform show -json`, run only where the command line asks for it."""

import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Thread, Timer
from typing import IO

from tfkms.diagnostics import Refusal

TIME_LIMIT = 600.0
"""How many seconds Terraform may take; it starts every provider of the plan."""

SIZE_LIMIT = 1 << 30
"""How many bytes the JSON may have."""

_ERROR_LIMIT = 1 << 16
_LINE_LIMIT = 200
_CHUNK = 1 << 20
_FRAME = "│╷╵ \t"
_UNSET = ("TF_LOG", "TF_CLI_ARGS")
_HINT = "run `terraform init` first, there or where --source names"


def shown(terraform: str, plan: Path, directory: Path) -> bytes:
    """What `terraform show -json` prints of the plan, run in `directory`; no shell is involved.

    Raises Refusal where it fails, with the first line of its error, and beyond the limits of time and size.
    """
    program = shutil.which(terraform)
    if program is None:
        raise Refusal("usage", "--terraform names no program that can be run")
    command = [os.path.abspath(program), "show", "-json", "-no-color", os.path.abspath(plan)]  # noqa: PTH100
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_UNSET)}
    try:
        process = subprocess.Popen(  # noqa: S603 - the command line names the program
            command,
            cwd=directory,
            env=kept | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Refusal("terraform-failed", f"terraform cannot be run: {why}") from None
    with process:
        return _output(process)


def _output(process: subprocess.Popen[bytes]) -> bytes:
    """All of standard output of a process that ends well."""
    assert process.stdout is not None
    assert process.stderr is not None
    late = False

    def stop() -> None:
        nonlocal late
        late = True
        _kill(process)

    timer = Timer(TIME_LIMIT, stop)
    errors: deque[bytes] = deque()
    listener = Thread(target=_drain, args=(process.stderr, errors.append), daemon=True)
    timer.start()
    listener.start()
    try:
        content = process.stdout.read(SIZE_LIMIT + 1)
        if len(content) > SIZE_LIMIT:
            raise Refusal("terraform-output", f"terraform shows more than {SIZE_LIMIT >> 20} MiB of the plan")
        code = process.wait()
        listener.join()
    finally:
        timer.cancel()
        _kill(process)
    if late:
        raise Refusal("terraform-late", f"terraform did not show the plan within {TIME_LIMIT:g} seconds")
    if code != 0:
        raise Refusal("terraform-failed", f"terraform cannot show the plan: {_first_error(b''.join(errors))}", _HINT)
    return content


def _drain(stream: IO[bytes], keep: Callable[[bytes], None]) -> None:
    """Reads a stream to its end and keeps its beginning."""
    kept = 0
    while chunk := stream.read(_CHUNK):
        keep(chunk[: max(0, _ERROR_LIMIT - kept)])
        kept += len(chunk)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and the providers that it has started."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _first_error(written: bytes) -> str:
    """The first line of what Terraform says is wrong, and no more: the next ones quote the configuration."""
    lines = [line.strip(_FRAME) for line in written.decode(errors="replace").splitlines()]
    said = [line for line in lines if line]
    found = next((line for line in said if line.startswith("Error: ")), said[0] if said else "it says nothing")
    return found[:_LINE_LIMIT]
