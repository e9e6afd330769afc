"""Archives for tests: taken apart and put together."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these members."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return written.getvalue()


def members_of(folder: Path) -> dict[str, bytes]:
    """The members of the saved plan in a folder of fixtures."""
    with zipfile.ZipFile(folder / "plan.tfplan") as source:
        return {name: source.read(name) for name in source.namelist()}
