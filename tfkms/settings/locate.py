"""Where the settings are: the nearest file from a directory upwards, to the repository's root and no further."""

from pathlib import Path

NAMES = (".tfkms.yaml", ".tfkms.yml")
PROJECT = "pyproject.toml"
_REPOSITORY = ".git"


def nearest(start: Path) -> Path | None:
    """The settings file for `start`: in it or in the nearest directory above, up to the one that holds `.git`.

    In one directory `.tfkms.yaml` goes before `[tool.tfkms]` of `pyproject.toml`. Where no directory above holds
    `.git` only `start` itself is looked at: a file in a shared directory further up is somebody else's.
    """
    here = start.resolve()
    above = [here, *here.parents]
    roots = [place for place, directory in enumerate(above) if (directory / _REPOSITORY).exists()]
    for directory in above[: roots[0] + 1 if roots else 1]:
        for name in NAMES:
            if (directory / name).exists():
                return directory / name
        project = directory / PROJECT
        if project.is_file() and _has_table(project):
            return project
    return None


def _has_table(project: Path) -> bool:
    """Whether the file seems to have a `[tool.tfkms]`; the loader says what is wrong with one that is malformed."""
    try:
        return b"tool.tfkms" in project.read_bytes()
    except OSError:
        return False
