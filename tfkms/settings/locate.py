"""Where the settings are: the nearest file from a directory upwards, to the repository's root and no further."""

from pathlib import Path

from tfkms.diagnostics import Refusal
from tfkms.yaml_document import SIZE_LIMIT

NAMES = (".tfkms.yaml", ".tfkms.yml")
PROJECT = "pyproject.toml"
_REPOSITORY = ".git"


def nearest(start: Path) -> Path | None:
    """The settings file for `start`: in it or in the nearest directory above, up to the one that holds `.git`.

    Raises Refusal for one that links lead outside of there, or to no regular file: nobody named it.

    In one directory `.tfkms.yaml` goes before `[tool.tfkms]` of `pyproject.toml`. Where no directory above holds
    `.git` only `start` itself is looked at: a file in a shared directory further up is somebody else's.
    """
    here = start.resolve()
    above = [here, *here.parents]
    roots = [place for place, directory in enumerate(above) if (directory / _REPOSITORY).exists()]
    boundary = above[roots[0]] if roots else here
    for directory in above[: roots[0] + 1 if roots else 1]:
        for name in NAMES:
            if (directory / name).exists():
                return _ours(directory / name, boundary)
        project = directory / PROJECT
        if _has_table(project, boundary):
            return project
    return None


def _ours(file: Path, boundary: Path) -> Path:
    """The file, if it is one that may be read without being named."""
    if not file.resolve().is_relative_to(boundary):
        raise Refusal("settings-outside", "the settings are a link to elsewhere", "name them by --config", file.name)
    if not (file.is_file() or file.is_dir()):
        raise Refusal("settings-unreadable", "the settings are no regular file", "name them by --config", file.name)
    return file


def _has_table(project: Path, boundary: Path) -> bool:
    """Whether the file seems to have a `[tool.tfkms]`; the loader says what is wrong with one that is malformed."""
    try:
        if not project.is_file() or not project.resolve().is_relative_to(boundary):
            return False
        return project.stat().st_size <= SIZE_LIMIT and b"tool.tfkms" in project.read_bytes()
    except OSError:
        return False
