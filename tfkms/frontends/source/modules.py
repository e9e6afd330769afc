"""The modules of a configuration: a directory, and below it those that its `module` blocks call.

Local sources are followed inside the root; for all others the manifest of `terraform init` says where they were put.
Source: hashicorp/terraform:internal/modsdir/manifest.go.
"""

import json
import os
import posixpath
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic, Level, Refusal
from tfkms.frontends.hcl.directory import Declaration, DirectoryIndex, index_directory, lies_inside
from tfkms.frontends.hcl.syntax import Argument, Template
from tfkms.frontends.source.declarations import argument, place_of

MANIFEST = ".terraform/modules/modules.json"
OUTSIDE = "the module lies outside of the scanned directory"
"""Why a module is not at hand that only a wider scan would find."""
DEPTH_LIMIT = 32
"""How deep modules may call each other."""
CALL_LIMIT = 20_000
"""How many modules may be called, each counted as often as it is."""
SIZE_LIMIT = 256 * 1024 * 1024
"""How many bytes the files of all modules may have; what several links lead to counts for each of them."""
_MANIFEST_LIMIT = 16 * 1024 * 1024


class Absent(Struct, frozen=True):
    """A module that is not at hand. `reason` is a lower-case clause; with `endless` nobody could follow the calls."""

    reason: str
    endless: bool = False


class Module(Struct, frozen=True):
    """A module: the index of its directory, and the modules that it calls by the name of the call."""

    index: DirectoryIndex
    calls: Mapping[str, "Called"] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        """Its directory, relative to the root, with `/`."""
        return self.index.directory


Called: TypeAlias = Module | Absent


def load(root: Path, directory: str) -> Module:
    """The root module in `directory`, a path relative to `root`, with all that it calls. Only calls are parsed."""
    return _Loader(root, directory).module(directory, ())


class _Loader(Struct):
    """Indexes each directory once, however many calls lead to it. `start` is the root module's directory.

    `open` are the directories that the module at hand is called from, its own the last, their links followed: Terraform
    has no end either where one of them comes again.
    """

    root: Path
    start: str
    indexes: dict[str, DirectoryIndex] = field(default_factory=dict)
    real: dict[str, str] = field(default_factory=dict)
    manifest: Mapping[str, str] | None = None
    open: list[str] = field(default_factory=list)
    calls: int = 0
    size: int = 0

    def module(self, directory: str, path: tuple[str, ...]) -> Module:
        self.calls += 1
        if self.calls > CALL_LIMIT:
            raise Refusal("modules-limit", f"the configuration calls more than {CALL_LIMIT:,} modules")
        index = self.indexes.get(directory)
        if index is None:
            index = self.indexes[directory] = index_directory(self.root, directory)
            self.size += index.size
            if self.size > SIZE_LIMIT:
                raise Refusal("modules-limit", f"the modules are larger than {SIZE_LIMIT >> 20} MiB together")
        self.open.append(self.followed(directory))
        calls = {
            declaration.labels[0]: self.called(declaration, directory, (*path, declaration.labels[0]))
            for declaration in index.of_type("module")
            if declaration.labels
        }
        self.open.pop()
        return Module(index, calls)

    def called(self, declaration: Declaration, directory: str, path: tuple[str, ...]) -> Called:
        if len(path) > DEPTH_LIMIT:
            return Absent(f"modules call each other more than {DEPTH_LIMIT} deep", endless=True)
        source = source_of(declaration)
        if isinstance(source, Absent):
            return source
        if source.startswith(("./", "../")) or source in (".", ".."):
            place = posixpath.normpath(posixpath.join(directory, source))
        else:
            known = self.installed().get(".".join(path))
            if known is None:
                return Absent(f"the module `{source}` is not at hand: terraform init has not put it there")
            place = posixpath.normpath(posixpath.join(self.start, known))
        if place == ".." or place.startswith(("../", "/")):
            return Absent(OUTSIDE)
        found = os.path.join(self.root, place)  # noqa: PTH118 - every call of every module passes here
        if place not in self.indexes and not (os.path.isdir(found) and lies_inside(self.root, found)):  # noqa: PTH112
            return Absent(f"there is no directory `{place}`")
        if self.followed(place) in self.open:
            return Absent("it calls itself", endless=True)
        return self.module(place, path)

    def followed(self, directory: str) -> str:
        """Where a directory is, its links followed."""
        if directory not in self.real:
            self.real[directory] = os.path.realpath(os.path.join(self.root, directory))  # noqa: PTH118 - as in `called`
        return self.real[directory]

    def installed(self) -> Mapping[str, str]:
        """Where `terraform init` put modules, by the dotted names of the calls, relative to the root module."""
        if self.manifest is None:
            self.manifest = _manifest(self.root, self.root / self.start / MANIFEST)
        return self.manifest


def _manifest(root: Path, path: Path) -> Mapping[str, str]:
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) and status.st_size <= _MANIFEST_LIMIT and lies_inside(root, path)):
            return {}
        listed: Any = json.loads(path.read_bytes())
        entries = listed["Modules"]
        return {str(entry["Key"]): str(entry["Dir"]).replace("\\", "/") for entry in entries}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


_SOURCE = re.compile(r'source[ \t]*=[ \t]*(?:"([^"$%\\\n]*)"[ \t]*(?:(?:#|//).*)?$)?', re.MULTILINE)


def source_of(declaration: Declaration) -> str | Absent:
    """The source that a call names. Most are found without parsing the block."""
    if not declaration.overrides:
        text = declaration.base.source.text
        found = [own[1] for own in _SOURCE.finditer(text) if _begins_line(text, own.start())]
        if len(found) == 1 and found[0]:
            return str(found[0])
    given = argument(declaration, "source")
    if given is None:
        return Absent("the call has no source")
    value = given.item.value if isinstance(given.item, Argument) else None
    literal = value.literal if isinstance(value, Template) else None
    return Absent("the source of the module is not a plain text") if literal is None else literal


def _begins_line(text: str, place: int) -> bool:
    """Whether nothing but blanks stands before a place on its line."""
    return not text[text.rfind("\n", 0, place) + 1 : place].strip(" \t")


def absences(module: Module) -> list[Diagnostic]:
    """A warning for each call, here or below, whose module is not at hand, an error for one without end. Each once."""
    found: dict[tuple[str, int], Diagnostic] = {}
    pending, seen = [module], set()
    while pending:
        here = pending.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        for name, called in here.calls.items():
            if isinstance(called, Module):
                pending.append(called)
                continue
            declaration = here.index.declared("module", name)
            assert declaration is not None
            file, line = place_of(declaration)
            message = f"module.{name} is not read: {called.reason}; what it makes is not judged"
            hint = "run `terraform init` in the root module" if "terraform init" in called.reason else None
            if called.reason == OUTSIDE:
                hint = "scan a directory that holds both, with --recursive; in a git repository its directory counts"
            level = Level.ERROR if called.endless else Level.WARNING
            found[file, line] = Diagnostic(level, "module-missing", message, None, file, line, hint)
    return [found[place] for place in sorted(found)]
