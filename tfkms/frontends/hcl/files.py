"""Files that a configuration reads: those under the scanned root and no others."""

import os
import stat
from pathlib import Path, PurePosixPath
from typing import Protocol

from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.wildcard import Wildcard

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
        self.root = Path(os.path.realpath(root))
        self.base = self.root / PurePosixPath(base)

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
        """The files below `folder` that match, relative to it, sorted."""
        start = self._inside(folder)
        wanted = Wildcard(pattern)
        found: list[str] = []
        seen = 0
        pending: list[tuple[Path, str]] = [(start, "")]
        visited = {start}
        while pending:
            directory, prefix = pending.pop()
            try:
                entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                seen += 1
                if seen > SCAN_LIMIT:
                    raise Withheld(f"`{folder}` holds more than {SCAN_LIMIT:,} files")
                inside = Path(os.path.realpath(entry.path))
                if not inside.is_relative_to(self.root):
                    continue
                name = f"{prefix}{entry.name}"
                if inside.is_dir():
                    if inside not in visited:
                        visited.add(inside)
                        pending.append((inside, f"{name}/"))
                elif inside.is_file() and wanted.matches(name):
                    found.append(name)
        return sorted(found)

    def _inside(self, path: str) -> Path:
        if path.startswith("~"):
            raise Withheld(f"`{path}` is in a home directory")
        if "\0" in path:
            raise Fault("a path cannot hold a null character")
        real = Path(os.path.realpath(self.base / path))
        if not real.is_relative_to(self.root):
            raise Withheld(f"`{path}` is outside the scanned directory")
        return real


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
