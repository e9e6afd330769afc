"""A directory's configuration: its files in Terraform's order, override files merged into the others.

The rules are those of Terraform's `configs` package: an override file is named `override.tf` or `…_override.tf` (or
the JSON form), is read after all others, in order of names, and must change something that is there. Arguments replace
arguments, nested blocks of a type (`dynamic` ones by their label) replace all of that type, local values go by name.
"""

import os
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.hcl.index import Declared, DeclaredLocal, FileIndex, Lost, index_file
from tfkms.frontends.hcl.parse import uncollected
from tfkms.frontends.hcl.syntax import LABELS, Argument, Block, SourceText, Unreadable
from tfkms.location import Span

MAX_BYTES = 64 * 1024 * 1024
"""No file of configuration is larger; what is, is not read."""

_NATIVE = {".tofu": ".tf", ".tofu.json": ".tf.json"}
_SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
_SUFFIX = re.compile(r"\.(?:tf|tofu)(?:\.json)?$")
_UNIQUE = frozenset({"resource", "data", "ephemeral", "variable", "output", "module", "check"})
_UNMERGED = frozenset({"locals", "terraform", "moved", "import", "removed"})


class Placed(Struct, frozen=True):
    """An argument or a nested block, with the text that its offsets are into."""

    item: Argument | Block
    source: SourceText


class Declaration(Struct, frozen=True, dict=True):
    """A block and the blocks of override files that change it, in the order in which they do."""

    base: Declared
    overrides: tuple[Declared, ...] = ()

    @property
    def type(self) -> str:
        """The block's type: `resource`, `module`, …"""
        return self.base.type

    @property
    def labels(self) -> tuple[str, ...]:
        """The block's labels."""
        return self.base.labels

    @cached_property
    def items(self) -> tuple[Placed, ...]:
        """The arguments and nested blocks that hold, once the overrides have replaced theirs. Parses them."""
        items = _placed(self.base)
        for override in self.overrides:
            changes = _placed(override)
            replaced = {_kind(change.item) for change in changes}
            items = [*(old for old in items if _kind(old.item) not in replaced), *changes]
        return tuple(items)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """An error for each thing in it that cannot be read. Parses it."""
        return tuple(diagnostic for part in (self.base, *self.overrides) for diagnostic in part.diagnostics)


class DirectoryIndex(Struct, frozen=True, dict=True):
    """What a directory declares. `directory` is relative to the scanned root, with `/`, and `.` for the root itself.

    `locals` has the local values by name. `diagnostics` are errors about files, and about what is declared twice or
    overridden without being there; blocks are not parsed for them.
    """

    directory: str
    files: tuple[FileIndex, ...]
    declarations: tuple[Declaration, ...]
    locals: dict[str, DeclaredLocal]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def size(self) -> int:
        """How many bytes its files have."""
        return sum([file.size for file in self.files])

    @cached_property
    def _by_type(self) -> dict[str, list[Declaration]]:
        found: dict[str, list[Declaration]] = {}
        for declaration in self.declarations:
            found.setdefault(declaration.base.type, []).append(declaration)
        return found

    @cached_property
    def _by_name(self) -> dict[tuple[str, tuple[str, ...]], Declaration]:
        found: dict[tuple[str, tuple[str, ...]], Declaration] = {}
        for declaration in self.declarations:
            found.setdefault((declaration.type, declaration.labels), declaration)
        return found

    def declared(self, kind: str, *labels: str) -> Declaration | None:
        """The declaration of that type and labels; None where there is none (then ask `may_have_held`)."""
        return self._by_name.get((kind, labels))

    def of_type(self, kind: str, *labels: str) -> tuple[Declaration, ...]:
        """All declarations of a type whose labels begin with these, in source order."""
        of_type = self._by_type.get(kind, ())
        return tuple(found for found in of_type if found.labels[: len(labels)] == labels)

    def may_have_held(self, *words: str) -> bool:
        """Whether what could not be read may have declared this: a type and labels, or the name of a local value."""
        return any(lost.may_hold(*words) for file in self.files for lost in file.lost)


def index_directory(root: Path, directory: str = ".") -> DirectoryIndex:
    """The index of a directory below the scanned root; one without configuration has no files in its index.

    What lies outside of the root, by links or by `..`, is lost. Raises `OSError` where the directory cannot be listed.
    """
    place = root / directory
    inside = lies_inside(root, place)
    with os.scandir(place) as entries:
        found = {entry.name: entry for entry in entries if not entry.is_dir(follow_symlinks=False)}
    with uncollected():
        files = [_read(root, directory, found[name], inside=inside) for name in configuration_files(found)]
        return directory_index(directory, files)


def lies_inside(root: Path, place: str | Path) -> bool:
    """Whether a path, its links followed, lies in the directory `root`."""
    real = os.path.realpath(place)
    return _is_below(str(root), real) or _is_below(os.path.realpath(root), real)


def _is_below(whole: str, real: str) -> bool:
    return real == whole or real.startswith(whole.rstrip(os.sep) + os.sep)


def configuration_files(names: Iterable[str]) -> list[str]:
    """The names of configuration files among these, in the order in which Terraform and OpenTofu read them.

    Hidden files and editors' backups are none; `x.tofu` stands in for `x.tf`.
    """
    found = [name for name in names if name.endswith(_SUFFIXES) and not _ignored(name)]
    shadowed = {
        name.removesuffix(suffix) + native
        for suffix, native in _NATIVE.items()
        for name in found
        if name.endswith(suffix)
    }
    return sorted((name for name in found if name not in shadowed), key=lambda name: (is_override(name), name))


def is_override(name: str) -> bool:
    """Whether a file of this name overrides what other files declare."""
    if "override" not in name:
        return False
    stem = _SUFFIX.sub("", name.rsplit("/", maxsplit=1)[-1])
    return stem == "override" or stem.endswith("_override")


def directory_index(directory: str, files: Iterable[FileIndex]) -> DirectoryIndex:
    """The index of a directory with these files, given in Terraform's order."""
    indexes = tuple(files)
    merging = _Merging(overriding=any(is_override(file.file) for file in indexes))
    for file in indexes:
        merging.add(file)
    declarations = tuple(Declaration(base, tuple(overrides)) for base, overrides in merging.blocks)
    diagnostics = (*(found for file in indexes for found in file.diagnostics), *merging.diagnostics)
    return DirectoryIndex(directory, indexes, declarations, merging.locals, diagnostics)


class _Merging:
    """The files of a directory, one after the other."""

    def __init__(self, *, overriding: bool) -> None:
        self.overriding = overriding
        self.blocks: list[tuple[Declared, list[Declared]]] = []
        self.names: dict[tuple[str, ...], list[Declared]] = {}
        self.locals: dict[str, DeclaredLocal] = {}
        self.diagnostics: list[Diagnostic] = []

    def add(self, file: FileIndex) -> None:
        """Take in the next file."""
        override = is_override(file.file)
        for block in file.blocks:
            if LABELS.get(block.type) != len(block.labels):
                self.tell("block-unknown", _refusal(block), block.span)
                continue
            key = self.key(block)
            if override and block.type not in _UNMERGED:
                if key in self.names:
                    self.names[key].append(block)
                    continue
                # a provider that is not configured has an empty configuration
                if block.type != "provider" or key[-1]:
                    self.tell("override-of-nothing", f"{_title(key)} is overridden and declared nowhere", block.span)
            elif key in self.names and block.type in _UNIQUE:
                self.tell("declared-twice", f"{_title(key)} is declared twice", block.span)
            overrides: list[Declared] = []
            self.blocks.append((block, overrides))
            self.names.setdefault(key, overrides)
        for value in file.locals:
            known = value.name in self.locals
            if override and not known:
                self.tell("override-of-nothing", f"local.{value.name} is overridden and declared nowhere", value.span)
            elif known and not override:
                self.tell("declared-twice", f"local.{value.name} is declared twice", value.span)
            self.locals[value.name] = _doubted(value) if known and not override else value

    def key(self, block: Declared) -> tuple[str, ...]:
        """What a block is known by; of a provider's the alias too, for which it is parsed if anything is overridden."""
        if block.type != "provider" or not self.overriding:
            return (block.type, *block.labels)
        alias = block.block.body.arguments.get("alias")
        name = "" if alias is None else getattr(alias.value, "literal", None) or "?"
        return ("provider", *block.labels, name)

    def tell(self, code: str, message: str, span: Span) -> None:
        """Note an error."""
        self.diagnostics.append(Diagnostic(Level.ERROR, code, message, None, span.file, span.line))


def _doubted(value: DeclaredLocal) -> DeclaredLocal:
    old = value.argument
    lost = Unreadable(old.value.start, old.value.end, f"local.{value.name} is declared twice")
    return DeclaredLocal(value.name, value.source, replace(old, value=lost))


def _refusal(block: Declared) -> str:
    """Why a block is none of Terraform's."""
    if block.type not in LABELS:
        return f"`{block.type}` is no block of Terraform's"
    labels = LABELS[block.type]
    count = f"{labels or 'no'} label{'' if labels == 1 else 's'}"
    return f"a block of type {block.type} has {count}, and this one has {len(block.labels)}"


def _title(key: tuple[str, ...]) -> str:
    kind, *labels = key
    return ".".join(labels if kind == "resource" else key)


def _placed(block: Declared) -> list[Placed]:
    return [Placed(item, block.source) for item in block.block.body.items]


def _kind(item: Argument | Block) -> tuple[str, str]:
    """What an override replaces together."""
    match item:
        case Argument():
            return "argument", item.name
        case Block(type="dynamic", labels=(label, *_)):
            return "block", label
        case Block():
            return "block", item.type


def _ignored(name: str) -> bool:
    return name.startswith((".", "#")) or name.endswith(("~", "#"))


def content_of(path: str) -> bytes | None:
    """What a regular file holds; None for one that is too large. Raises OSError."""
    with open(path, "rb", buffering=0) as opened:  # noqa: PTH123 - every file of configuration passes here, twice
        return None if os.fstat(opened.fileno()).st_size > MAX_BYTES else opened.read()


def _read(root: Path, directory: str, entry: os.DirEntry[str], *, inside: bool) -> FileIndex:
    """The index of a file in a directory that is `inside` the root; one that is not to be read is lost as a whole."""
    file = entry.name if directory == "." else f"{directory}/{entry.name}"
    try:
        link = entry.is_symlink()
        if link:
            entry.stat()  # raises for one that leads nowhere
        if not inside or (link and not lies_inside(root, entry.path)):
            reason = "the file is outside of the scanned directory"
        elif not entry.is_file():
            reason = "it is not a regular file"
        else:
            content = content_of(entry.path)
            if content is not None:
                return replace(index_file(file, content), size=len(content))
            reason = f"the file is larger than {MAX_BYTES // 1024 // 1024} MB"
    except OSError as error:
        reason = f"the file cannot be read: {(error.strerror or 'unknown error').lower()}"
    return FileIndex(file, (), (), (Lost(Span(file, 1, 1, 1, 1), None, reason),))
