"""The front end for saved plans: the plan in the archive, with the configuration that comes along."""

import msgspec

from tfkms.frontends.hcl.plan_configuration import configuration
from tfkms.frontends.plan_format import Document
from tfkms.frontends.saved_plan.archive import Archive
from tfkms.frontends.saved_plan.plan_message import plan_document
from tfkms.frontends.source.blocks import module_blocks
from tfkms.frontends.source.modules import Module
from tfkms.model import Mode


def read_saved_plan(archive: Archive, module: Module) -> Document:
    """The plan, as its JSON would be decoded; `module` is the root module of the configuration in the archive.

    Raises Refusal.
    """
    return configured(plan_document(archive), module)


def configured(document: Document, module: Module) -> Document:
    """The plan with the configuration that it was saved with; `document` may come from its JSON, which tells less."""
    written = configuration(module_blocks(module, _every))
    return msgspec.structs.replace(document, configuration=written, saved=True)


def _every(_mode: Mode, _kind: str) -> bool:
    return True
