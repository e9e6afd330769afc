"""How reports call what is read: never by an absolute path."""

import os
from collections.abc import Sequence
from pathlib import Path

STANDARD_INPUT = "-"


def display_path(path: str) -> str:
    """How reports call an input: as given if relative, else from the current directory, else its last name."""
    if path == STANDARD_INPUT or not Path(path).is_absolute():
        return path
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).name


def display_paths(paths: Sequence[str]) -> list[str]:
    """How reports call these inputs: each as `display_path` says; where several outside of the current directory have
    one last name, with as many directories before it as tell them apart."""
    names = [display_path(path) for path in paths]
    whole = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - Path.absolute keeps `..`
    by_last = [Path(path).is_absolute() and name == Path(path).name for path, name in zip(paths, names, strict=True)]
    outside = [place for place, own in enumerate(by_last) if own]
    for depth in range(2, max((len(Path(path).parts) for path in whole), default=0)):
        meant: dict[str, set[str]] = {}
        for name, path in zip(names, whole, strict=True):
            meant.setdefault(name, set()).add(path)
        ambiguous = [place for place in outside if len(meant[names[place]]) > 1]
        if not ambiguous:
            break
        for place in ambiguous:
            names[place] = "/".join(Path(whole[place]).parts[1:][-depth:])
    return names
