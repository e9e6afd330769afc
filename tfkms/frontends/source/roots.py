"""Which directories below one are root modules: those with configuration that no other one calls as a local module."""

import os
import posixpath
import re
import stat
from pathlib import Path

from tfkms.frontends.hcl.directory import MAX_BYTES, configuration_files, index_directory, lies_inside
from tfkms.frontends.hcl.syntax import Argument, Template
from tfkms.frontends.source.declarations import argument

_LOCAL_SOURCE = re.compile(rb'source"?\s*[=:]\s*"\.')
_LEFT_OUT = frozenset({"node_modules", "vendor", "__pycache__"})


def has_configuration(directory: Path) -> bool:
    """Whether files of configuration lie in the directory itself."""
    with os.scandir(directory) as entries:
        return bool(configuration_files([entry.name for entry in entries]))


def roots(root: Path, directory: str) -> list[str]:
    """The root modules in and below `directory`, relative to `root`, sorted. Hidden directories are left out."""
    found = sorted(_configured(root, directory))
    called: set[str] = set()
    for place in filter(lambda place: _may_call(root, root / place), found):
        for declaration in index_directory(root, place).of_type("module"):
            given = argument(declaration, "source")
            value = given.item.value if given is not None and isinstance(given.item, Argument) else None
            source = value.literal if isinstance(value, Template) else None
            if source is not None and source.startswith("."):
                called.add(posixpath.normpath(posixpath.join(place, source)))
    return [place for place in found if place not in called]


def _may_call(root: Path, directory: Path) -> bool:
    """Whether a file in the directory has what a call of a local module must have."""
    with os.scandir(directory) as entries:
        names = configuration_files([entry.name for entry in entries])
    return any(_LOCAL_SOURCE.search(_content(root, directory / name)) for name in names)


def _content(root: Path, path: Path) -> bytes:
    """What a file holds; nothing for one that is not read as configuration either."""
    try:
        status = path.stat()
        readable = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES and lies_inside(root, path)
        return path.read_bytes() if readable else b""
    except OSError:
        return b""


def _configured(root: Path, directory: str) -> set[str]:
    found: set[str] = set()
    for path, names, files in os.walk(root / directory):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _LEFT_OUT)
        if configuration_files(files):
            found.add(Path(path).relative_to(root).as_posix())
    return found
