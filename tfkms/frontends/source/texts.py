"""What stands in the files of a configuration, for reports that show lines: read again when somebody asks."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from tfkms.frontends.hcl.faults import Fault, Withheld


class SourceTexts(Struct, frozen=True):
    """The texts of files by the names that reports give them.

    `files` are the paths from the root by those names, `content` reads one; it may raise `Fault`, `Withheld` or
    `KeyError` for what cannot be had.
    """

    files: Mapping[str, str]
    content: Callable[[str], bytes]

    def __call__(self, name: str) -> str | None:
        """The text of a file; None for one that places are not in, or that cannot be had any more."""
        if name not in self.files:
            return None
        try:
            return self.content(self.files[name]).decode("utf-8-sig", errors="replace")
        except (Fault, Withheld, KeyError):
            return None
