"""How reports call the files of the configuration that a saved plan brings along.

A path in a report leads people and code scanning to that file, so it is a real one only where the file lies as it lay
when the plan was made, with the same bytes. Any other file is called as if the plan were a directory,
`plan.tfplan/main.tf`: nothing can lie there.
"""

import os
import posixpath
import stat
from pathlib import Path

from tfkms.frontends.saved_plan.archive import FOLDER, Archive


class Names:
    """The names of an archive's files. `plan` is how the saved plan is called in reports; `directory` is where the root
    module may still lie, None where nobody knows."""

    def __init__(self, archive: Archive, plan: str, directory: Path | None):
        self.archive = archive
        self.plan = plan
        self.directory = directory
        self.told: dict[str, str] = {}

    def shown(self, file: str) -> str:
        """How a file of the archive (`m-/main.tf`) is called."""
        name = self.told.get(file)
        if name is None:
            name = self.told[file] = self.found(file) or self.within(file)
        return name

    def found(self, file: str) -> str | None:
        """The path of the same file where the root module lies; None where there is none."""
        place = self.archive.place(file)
        if self.directory is None or place is None:
            return None
        path = self.directory.resolve() / place  # a `..` behind a link leads elsewhere than in its name
        if not is_same(path, self.archive.configuration[file]):
            return None
        try:
            return Path(os.path.relpath(path)).as_posix()
        except ValueError:  # on another drive
            return None

    def within(self, file: str) -> str:
        """The name of a file as one within the plan."""
        place = self.archive.place(file)
        if place is None or place.startswith("../"):
            place = f"{FOLDER}{file}"
        return posixpath.join(self.plan, place)


def is_same(path: Path, content: bytes) -> bool:
    """Whether a regular file with just this content is there."""
    try:
        status = path.stat()
        return stat.S_ISREG(status.st_mode) and status.st_size == len(content) and path.read_bytes() == content
    except (OSError, ValueError):
        return False
