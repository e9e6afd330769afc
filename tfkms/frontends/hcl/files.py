"""Files that a configuration reads: those under the scanned root and no others."""

import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.wildcard import ANY_DEPTH, Part, wildcard

READ_LIMIT = 8 * 1024 * 1024
SCAN_LIMIT = 20_000


class Files(Protocol):
    """What `file` and the functions like it see. Paths are as the configuration writes them.

    All raise `Withheld` for what lies outside of what is scanned.
    """

    def read(self, path: str) -> bytes:
        """The content of a regular file. Raises `Fault` where there is none."""

    def exists(self, path: str) -> bool:
        """Whether there is a regular file. Raises `Fault` where there is something else."""

    def matching(self, folder: str, pattern: str) -> list[str]:
        """The regular files below `folder` that a pattern of `fileset` matches, relative to it, sorted."""

    def shown(self, path: str) -> str:
        """The path as places in findings give it: relative to the root."""


class DirectoryFiles:
    """The files below `root`; relative paths are taken from `base`, a directory under it.

    Symbolic links are followed and must end below `root` too. Nothing but regular files of up to `READ_LIMIT` bytes is
    read.
    """

    def __init__(self, root: Path, base: str = "."):
        self.given = root, base

    @cached_property
    def root(self) -> Path:
        """The directory that nothing is read outside of, its links followed. Most configurations read no files."""
        return Path(os.path.realpath(self.given[0]))

    @cached_property
    def base(self) -> Path:
        """The directory that relative paths are taken from."""
        return self.root / PurePosixPath(self.given[1])

    def shown(self, path: str) -> str:
        """The path from the root, with `/` between its parts."""
        inside = self._inside(path)
        return inside.relative_to(self.root).as_posix()

    def read(self, path: str) -> bytes:
        """The content of the regular file at `path`."""
        inside = self._inside(path)
        try:
            status = inside.stat()
        except (OSError, ValueError):
            raise Fault(f"there is no file `{path}`") from None
        if not stat.S_ISREG(status.st_mode):
            raise Fault(f"`{path}` is no regular file")
        if status.st_size > READ_LIMIT:
            raise Withheld(f"`{path}` is larger than {READ_LIMIT // 1024 // 1024} MiB")
        try:
            with inside.open("rb") as opened:
                return opened.read(READ_LIMIT)
        except OSError as error:
            raise Fault(f"`{path}` cannot be read: {(error.strerror or 'an error').lower()}") from None

    def exists(self, path: str) -> bool:
        """Whether a regular file is at `path`."""
        try:
            status = self._inside(path).stat()
        except (OSError, ValueError):
            return False
        if not stat.S_ISREG(status.st_mode):
            raise Fault(f"`{path}` is no regular file")
        return True

    def matching(self, folder: str, pattern: str) -> list[str]:
        """The files that match, relative to `folder`, sorted; withheld where a link outside of the root bears on it."""
        if folder.startswith("~"):
            raise Withheld(f"`{folder}` is in a home directory")
        root, start = self.root.as_posix(), posixpath.normpath(posixpath.join(self.base.as_posix(), folder))
        wanted = posixpath.normpath(posixpath.join(start, pattern.lstrip("/")))
        if wanted != root and not wanted.startswith(f"{root}/"):
            raise Withheld(f"`{posixpath.join(folder, pattern)}` is outside the scanned directory")
        found = _Search(self.root, folder).matches(wildcard(wanted[len(root) + 1 :]))
        return sorted(posixpath.relpath(f"{root}/{path}", start) for path in found)

    def _inside(self, path: str) -> Path:
        if path.startswith("~"):
            raise Withheld(f"`{path}` is in a home directory")
        if "\0" in path:
            raise Fault("a path cannot hold a null character")
        real = Path(os.path.realpath(self.base / path))
        if not real.is_relative_to(self.root):
            raise Withheld(f"`{path}` is outside the scanned directory")
        return real


class _Search:
    """A walk along a pattern, part by part, below `root`; `shown` is what to call it where it becomes too much."""

    def __init__(self, root: Path, shown: str):
        self.root = root
        self.shown = shown
        self.seen = 0
        self.found: set[str] = set()
        self.done: set[tuple[str, int]] = set()

    def matches(self, parts: Sequence[Part]) -> set[str]:
        """The paths of the regular files that match, from the root."""
        self._walk((self.root,), "", parts)
        return self.found

    def _walk(self, above: tuple[Path, ...], prefix: str, parts: Sequence[Part]) -> None:
        """Go on in the last of the directories `above`, whose path is `prefix`."""
        if not parts or (prefix, len(parts)) in self.done:
            return
        self.done.add((prefix, len(parts)))
        part, *rest = parts
        if part is ANY_DEPTH:
            self._walk(above, prefix, rest)
        for name, place in self._entries(above[-1]):
            if part is ANY_DEPTH:
                self._deeper(above, f"{prefix}{name}", place, parts)
            elif not part(name):
                continue
            elif not place.is_relative_to(self.root):
                raise Withheld(f"`{prefix}{name}` leads outside the scanned directory")
            elif rest:
                if place.is_dir():
                    self._walk((*above, place), f"{prefix}{name}/", rest)
            else:
                self._take(f"{prefix}{name}", place)

    def _deeper(self, above: tuple[Path, ...], path: str, place: Path, parts: Sequence[Part]) -> None:
        if not place.is_relative_to(self.root):
            raise Withheld(f"`{path}` leads outside the scanned directory")
        if not place.is_dir():
            if len(parts) == 1 and place.is_file():
                self.found.add(path)
        elif place in above:
            raise Withheld(f"`{path}` is a link to a directory above it")
        else:
            self._walk((*above, place), f"{path}/", parts)

    def _take(self, path: str, place: Path) -> None:
        if place.is_file():
            self.found.add(path)
        elif not place.exists():
            raise Fault(f"`{path}` is a link to nothing")

    def _entries(self, directory: Path) -> Iterator[tuple[str, Path]]:
        """The names in a directory, and where they lead."""
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            self.seen += 1
            if self.seen > SCAN_LIMIT:
                raise Withheld(f"`{self.shown}` holds more than {SCAN_LIMIT:,} files")
            place = Path(os.path.realpath(entry.path)) if entry.is_symlink() else directory / entry.name
            yield entry.name, place


class NoFiles:
    """No files at all, for a reason: a saved plan has only its `.tf` files."""

    def __init__(self, reason: str):
        self.reason = reason

    def shown(self, path: str) -> str:
        """The path as it is."""
        return path

    def read(self, path: str) -> bytes:
        """Nothing can be read."""
        raise Withheld(f"`{path}` {self.reason}")

    def exists(self, path: str) -> bool:
        """It is not known."""
        raise Withheld(f"`{path}` {self.reason}")

    def matching(self, folder: str, pattern: str) -> list[str]:
        """It is not known."""
        raise Withheld(f"`{folder}/{pattern}` {self.reason}")
