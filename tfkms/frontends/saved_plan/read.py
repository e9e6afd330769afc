"""The front end for saved plans: the plan in the archive, with the configuration that comes along."""

from collections.abc import Mapping

import msgspec

from tfkms.frontends.hcl.directory import configuration_files, directory_index
from tfkms.frontends.hcl.index import index_file
from tfkms.frontends.hcl.plan_configuration import configuration
from tfkms.frontends.plan_format import Document
from tfkms.frontends.saved_plan.archive import Archive, open_archive
from tfkms.frontends.saved_plan.plan_message import plan_document
from tfkms.frontends.source.blocks import module_blocks
from tfkms.frontends.source.modules import Absent, Called, Module
from tfkms.model import Mode

_ROOT = "m-"


def read_saved_plan(content: bytes) -> Document:
    """The plan, as its JSON would be decoded, with the configuration made of the files in the archive.

    Raises Refusal.
    """
    archive = open_archive(content)
    document = plan_document(archive)
    module = module_of(archive)
    written = configuration(module_blocks(module, _every))
    return msgspec.structs.replace(document, configuration=written, saved=True)


def _every(_mode: Mode, _kind: str) -> bool:
    return True


def module_of(archive: Archive) -> Module:
    """The root module of the archive, with those that it calls."""
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in archive.configuration.items():
        folder, _, name = path.partition("/")
        if "/" not in name:
            folders.setdefault(folder, {})[name] = content
    return _module(folders, ())


def _module(folders: Mapping[str, Mapping[str, bytes]], path: tuple[str, ...]) -> Module:
    folder = _ROOT + ".".join(path)
    files = folders.get(folder, {})
    index = directory_index(
        folder, [index_file(f"{folder}/{name}", files[name]) for name in configuration_files(files)]
    )
    calls: dict[str, Called] = {}
    for declaration in index.of_type("module"):
        below = (*path, *declaration.labels[:1])
        known = f"{_ROOT}{'.'.join(below)}" in folders
        calls[below[-1]] = _module(folders, below) if known else Absent("it is not in the saved plan")
    return Module(index, calls)
