"""The configuration that a saved plan brings along: its modules, and whether a directory holds the same."""

from collections.abc import Collection, Mapping
from pathlib import Path

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.hcl.directory import configuration_files, directory_index
from tfkms.frontends.hcl.index import index_file
from tfkms.frontends.saved_plan.archive import ROOT, Archive
from tfkms.frontends.saved_plan.names import is_same
from tfkms.frontends.source.modules import Absent, Called, Module

_OPENTOFU = (".tofu", ".tofu.json")
_INSTALLED = ".terraform/"


def module_of(archive: Archive) -> Module:
    """The root module of the archive, with those that it calls. Files are called as in the archive, directories as they
    lay."""
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in archive.configuration.items():
        folder, _, name = path.partition("/")
        if "/" not in name:
            folders.setdefault(folder, {})[name] = content
    return _module(archive, folders, ())


def _module(archive: Archive, folders: Mapping[str, Mapping[str, bytes]], path: tuple[str, ...]) -> Module:
    folder = ROOT + ".".join(path)
    files = folders.get(folder, {})
    index = directory_index(
        archive.directory(folder) or ("." if not path else folder),
        [index_file(f"{folder}/{name}", files[name]) for name in configuration_files(files)],
    )
    calls: dict[str, Called] = {}
    for declaration in index.of_type("module"):
        if not declaration.labels:
            continue
        below = (*path, declaration.labels[0])
        known = f"{ROOT}{'.'.join(below)}" in folders
        calls[below[-1]] = _module(archive, folders, below) if known else Absent("it is not in the saved plan")
    return Module(index, calls)


def difference(archive: Archive, directory: Path) -> Diagnostic | None:
    """A warning where the configuration in a directory is not the one that the saved plan was made from: a file is
    missing, is another one or has come along. What `terraform init` puts there may be missing."""
    places = {place: content for file, content in archive.configuration.items() if (place := archive.place(file))}
    for place, content in sorted(places.items()):
        path = directory / place
        if not is_same(path, content) and not (place.startswith(_INSTALLED) and not path.exists()):
            return _differs(place)
    return next((_differs(name) for name in _read_here(directory, places) if name not in places), None)


def _read_here(directory: Path, places: Collection[str]) -> list[str]:
    """The configuration files in a directory that the program which wrote the plan reads: OpenTofu some more."""
    by_opentofu = any(place.endswith(_OPENTOFU) for place in places)
    try:
        names = [path.name for path in directory.iterdir()]
    except OSError:
        return []
    return configuration_files(name for name in names if by_opentofu or not name.endswith(_OPENTOFU))


def _differs(place: str) -> Diagnostic:
    message = f"the source is not the one that the saved plan was made from: `{place}` differs"
    hint = "the configuration in the saved plan is taken, without the files that functions read"
    return Diagnostic(Level.WARNING, "source-differs", message, hint=hint)
