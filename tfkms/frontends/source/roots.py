"""Which directories below one are root modules: those with configuration that no other one calls as a local module."""

import os
import posixpath
import re
import stat
from pathlib import Path

from tfkms.frontends.hcl.directory import MAX_BYTES, configuration_files, index_directory, lies_inside
from tfkms.frontends.source.modules import source_of

_LOCAL_SOURCE = re.compile(rb'source"?\s*[=:]\s*"\.')
_LEFT_OUT = frozenset({"node_modules", "vendor", "__pycache__"})


def has_configuration(directory: Path) -> bool:
    """Whether files of configuration lie in the directory itself."""
    with os.scandir(directory) as entries:
        return bool(configuration_files([entry.name for entry in entries]))


def roots(root: Path, directory: str) -> list[str]:
    """The root modules in and below `directory`, relative to `root`, sorted. Hidden directories are left out."""
    found = _configured(root, directory)
    called: set[str] = set()
    for place in (place for place, files in found.items() if any(_may_call(root, file) for file in files)):
        for declaration in index_directory(root, place).of_type("module"):
            source = source_of(declaration)
            if isinstance(source, str) and source.startswith("."):
                called.add(posixpath.normpath(posixpath.join(place, source)))
    return sorted(place for place in found if place not in called)


def _may_call(root: Path, path: str) -> bool:
    """Whether a file has what a call of a local module must have; one that is not read as configuration has not."""
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode) and lies_inside(root, path):
            status = os.stat(path)  # noqa: PTH116 - every file of an estate passes here
        if not (stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES):
            return False
        with open(path, "rb") as opened:  # noqa: PTH123
            return _LOCAL_SOURCE.search(opened.read()) is not None
    except OSError:
        return False


def _configured(root: Path, directory: str) -> dict[str, list[str]]:
    """The directories that have configuration, relative to the root, and the paths of their files."""
    found: dict[str, list[str]] = {}
    for path, names, files in os.walk(root / directory):
        names[:] = [name for name in names if not name.startswith(".") and name not in _LEFT_OUT]
        configured = configuration_files(files)
        if configured:
            found[Path(path).relative_to(root).as_posix()] = [f"{path}{os.sep}{name}" for name in configured]
    return found
