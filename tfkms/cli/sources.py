"""The texts of the source files that findings stand in, for the forms of the report that speak of lines."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfkms.finding import Report

SIZE_LIMIT = 4 * 2**20


def texts(report: "Report") -> dict[str, str]:
    """What stands in those files, by the names that the report gives them: as the report has it, else as it can be read
    from here."""
    from tfkms.report.view import counting, place

    names = dict.fromkeys(span.file for span in map(place, counting(report)) if span)
    found = {name: _text(Path(name)) for name in names if name not in report.sources}
    return {**report.sources, **{name: text for name, text in found.items() if text is not None}}


def _text(path: Path) -> str | None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > SIZE_LIMIT:
            return None
        return path.read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return None
