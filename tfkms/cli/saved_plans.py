"""Saved plans as inputs: where their values come from, and the configuration that they bring."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tfkms.cli.names import STANDARD_INPUT, display_path
from tfkms.diagnostics import Refusal
from tfkms.frontends.document_text import as_utf8, read_bytes
from tfkms.frontends.join import Configuration, Place, archived
from tfkms.frontends.plan_format import Change, Document, ResourceChange, decode, recognise
from tfkms.frontends.saved_plan.archive import Archive, open_archive
from tfkms.frontends.saved_plan.configuration import module_of
from tfkms.frontends.saved_plan.names import Names
from tfkms.frontends.saved_plan.plan_message import plan_document
from tfkms.frontends.saved_plan.read import configured, read_saved_plan
from tfkms.model import Scan

if TYPE_CHECKING:
    from tfkms.cli.inputs import Asked, Told
    from tfkms.frontends.source.modules import Module
    from tfkms.frontends.source.read import Setting


def saved_plan(
    content: bytes, asked: "Asked", told: "Told", setting: "Setting", source: Place | None
) -> tuple[Document, Configuration]:
    """A saved plan as its JSON would be decoded, and the configuration that it brings. Raises Refusal.

    `setting` is what the command line tells of how to evaluate it, `source` the directory where the same configuration
    lies, if one is named.
    """
    try:
        archive = open_archive(content)
        module = module_of(archive)
        document = _values(archive, module, asked, told, source)
    except RecursionError:
        raise Refusal("input-depth", "the saved plan is nested too deeply") from None
    folder = None if asked.path == STANDARD_INPUT else Path(asked.path).parent / (archive.root or ".")
    names = Names(archive, asked.name, folder)
    return document, archived(archive, module, names, replace(setting, workspace=document.workspace, here=None), source)


def hidden(scan: Scan, types: Collection[str]) -> Scan:
    """The scan with all that resources of these types hold taken for sensitive.

    What a provider's schema marks as sensitive is not marked in a saved plan, as it is in the JSON of one. The types
    that tfkms knows hold no policy in such a place; of those that somebody adds nobody can tell.
    """
    resources = tuple(
        replace(own, before_sensitive=True, after_sensitive=True) if own.block_type in types else own
        for own in scan.resources
    )
    return replace(scan, resources=resources)


def _values(archive: Archive, module: "Module", asked: "Asked", told: "Told", source: Place | None) -> Document:
    """The plan: as the archive has it, or by its JSON where that is at hand or is to be made."""
    if told.plan_json is not None:
        name = display_path(told.plan_json)
        try:
            shown = recognise(as_utf8(read_bytes(told.plan_json)))
        except Refusal as refusal:
            raise _about(refusal, name) from None
        own = _readable(archive)
        if own is not None:
            _refuse_another(own, shown, name)
    elif told.terraform is not None:
        if asked.path == STANDARD_INPUT:
            raise Refusal("usage", "--terraform takes saved plans that are files, not standard input")
        from tfkms.cli import terraform

        directory = Path() if source is None else source.path
        shown = recognise(as_utf8(terraform.shown(told.terraform, Path(asked.path), directory)))
        own = _readable(archive)
    else:
        return read_saved_plan(archive, module)
    workspace = own.workspace if own is not None else None
    return msgspec.structs.replace(configured(shown, module), workspace=workspace)


def _readable(archive: Archive) -> Document | None:
    """What the archive itself says; None where it is of a format that is not known."""
    try:
        return plan_document(archive)
    except Refusal:
        return None


def _refuse_another(own: Document, shown: Document, name: str) -> None:
    """Refuses the JSON of another plan: one that does not do the same to the same resources."""
    ours, theirs = dict(_actions(own)), dict(_actions(shown))
    for address in (*ours, *theirs):
        if ours.get(address) != theirs.get(address):
            message = f"this is not the JSON of the saved plan: `{address[0]}` differs"
            raise Refusal("plan-json-differs", message, "make it anew: `terraform show -json FILE`", name)


def _actions(document: Document) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """What a plan does to each managed object, by its address and deposed key."""
    for entry in document.resource_changes or ():
        if entry.mode == "managed":
            yield (entry.address, entry.deposed), _actions_of(entry)


def _actions_of(entry: ResourceChange) -> tuple[str, ...]:
    return tuple(decode(entry.change, Change, f"the change of `{entry.address}`").actions)


def _about(refusal: Refusal, name: str) -> Refusal:
    """The refusal, about the file of that name."""
    own = refusal.diagnostic
    return Refusal(own.code, own.message, own.hint, name, own.line)
