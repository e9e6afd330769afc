"""Where reports go besides standard output: files, replaced as a whole, and whatever else a path may name."""

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from tfkms.cli.output import reason, write
from tfkms.diagnostics import OUTPUT_UNWRITABLE, Diagnostic, Level
from tfkms.report import formats

JOB_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file to which a step of GitHub Actions appends its summary."""

TEXT = "text"

Target = tuple[str, str]
"""A format and the path of the file that it goes to."""


def targets(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[Target, ...]:
    """The targets that `--output FORMAT=FILE` names, each file once. Raises click.BadParameter."""
    found: dict[str, str] = {}
    for value in values:
        form, _, path = value.partition("=")
        if form not in formats.names() or not path:
            known = ", ".join(formats.names())
            raise click.BadParameter(f"`{value}` is not FORMAT=FILE, with a FORMAT out of {known}")
        if path in found:
            raise click.BadParameter(f"`{path}` is named twice")
        found[path] = form
    return tuple((form, path) for path, form in found.items())


def deliver(path: str, text: str) -> Diagnostic | None:
    """Writes the text to the file; returns why that could not be done, None if it could.

    A regular file is replaced by rename, so that no reader ever sees half a report; the summary of a job is appended
    to; a device, a pipe or one of our own standard streams is written to directly.
    """
    try:
        content = text.encode()
        if path == os.environ.get(JOB_SUMMARY):
            _append(Path(path), content)
        elif _is_own_output(path):
            write(text)
        elif _is_replaceable(path):
            _replace(Path(path).resolve(), content)
        else:
            Path(path).write_bytes(content)
    except OSError as error:
        return Diagnostic(Level.ERROR, OUTPUT_UNWRITABLE, f"the report cannot be written: {reason(error)}", file=path)
    return None


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def _is_own_output(path: str) -> bool:
    """Whether the path leads to what standard output already is, for example `/dev/stdout` sent to a file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(sys.stdout.fileno()))  # noqa: PTH116
    except (OSError, ValueError):
        return False


def _is_replaceable(path: str) -> bool:
    """Whether there is nothing yet at the path, or a regular file."""
    try:
        return stat.S_ISREG(Path(path).stat().st_mode)
    except FileNotFoundError:
        return True


def _replace(path: Path, content: bytes) -> None:
    """Writes a new file beside the path and gives it the name; keeps the mode of the file that was there."""
    new = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            new.chmod(stat.S_IMODE(path.stat().st_mode))
        new.replace(path)
    except BaseException:  # an interrupt too leaves nothing behind
        new.unlink(missing_ok=True)
        raise
