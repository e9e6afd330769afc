"""The settings of a run: the file that is found or named, and what the command line puts over it."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from tfkms.cli.output import reason, tell_line
from tfkms.diagnostics import Refusal

if TYPE_CHECKING:
    from tfkms.baseline import Baseline
    from tfkms.settings.load import Settings

Command = TypeVar("Command", bound=Callable[..., int])

config_option = click.option(
    "--config", metavar="FILE", help="The settings file, in place of the one that is found (.tfkms.yaml)."
)


def settings(config: str | None, inputs: Sequence[str], quiet: bool, source: str | None = None) -> "Settings":
    """The settings that hold for the inputs: those in `config`, else in the nearest file, else the defaults.

    They are looked for from a directory that is scanned, else from `source`, the configuration of a plan, and else from
    the current directory. The file is named on standard error. Raises Refusal.
    """
    from tfkms.settings.load import Settings, read_settings
    from tfkms.settings.locate import nearest

    if config is not None:
        path: Path | None = Path(config)
    else:
        places = inputs if source is None else (*inputs, source)
        scanned = (Path(item) for item in places if os.path.isdir(item))  # noqa: PTH112 - Path.is_dir raises
        path = nearest(next(scanned, Path.cwd()))
    if path is None:
        return Settings()
    name = shown_path(path)
    if not quiet:
        tell_line(f"settings from {name}")
    return read_settings(path, name)


def shown_path(path: Path) -> str:
    """How messages call a file: from the current directory; on another drive by its last name."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:
        return path.name


def today(written: str | None) -> date:
    """The day by which waivers expire: the one given as YYYY-MM-DD, else that of the clock, in UTC. Raises Refusal."""
    if written is None:
        return datetime.now(UTC).date()
    with suppress(ValueError):
        day = date.fromisoformat(written)
        if day.isoformat() == written:
            return day
    raise Refusal("usage", f"--today takes a date like 2027-06-30, not `{written}`")


def read_known(path: str | None) -> "Baseline":
    """The baseline in the file, an empty one where none is named. Raises Refusal."""
    from tfkms.baseline import Baseline, read_baseline
    from tfkms.frontends.document_text import read_file

    if path is None:
        return Baseline()
    name = shown_path(Path(path))
    try:
        content = read_file(Path(path))
    except OSError as error:
        raise Refusal("baseline-unreadable", f"the baseline cannot be read: {reason(error)}", None, name) from None
    return read_baseline(content, name)
