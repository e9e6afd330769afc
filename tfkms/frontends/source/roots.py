"""Which directories below one are root modules: those with configuration that no other one calls as a local module."""

import os
import posixpath
import re
from pathlib import Path

from tfkms.frontends.hcl.directory import configuration_files, content_of, index_directory, lies_inside
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


def _may_call(root: Path, entry: os.DirEntry[str]) -> bool:
    """Whether a file has what a call of a local module must have; one that is not read as configuration has not."""
    try:
        if (entry.is_symlink() and not lies_inside(root, entry.path)) or not entry.is_file():
            return False
        content = content_of(entry.path)
    except OSError:
        return False
    return content is not None and _LOCAL_SOURCE.search(content) is not None


def _configured(root: Path, directory: str) -> dict[str, list[os.DirEntry[str]]]:
    """The directories that have configuration, relative to the root, and their files."""
    found: dict[str, list[os.DirEntry[str]]] = {}
    pending = [directory]
    while pending:
        place = pending.pop()
        files: dict[str, os.DirEntry[str]] = {}
        for entry in _listed(f"{root}{os.sep}{place}"):
            name = entry.name
            if not _is_directory(entry):
                files[name] = entry
            elif not (entry.is_symlink() or name.startswith(".") or name in _LEFT_OUT):
                pending.append(name if place == "." else f"{place}/{name}")
        configured = configuration_files(files)
        if configured:
            found[place] = [files[name] for name in configured]
    return found


def _listed(path: str) -> list[os.DirEntry[str]]:
    """What lies in a directory; nothing where that cannot be told."""
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError:
        return []


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
