"""The front end for saved plans: the plan in the archive, with the configuration that comes along."""

import msgspec
from msgspec import Raw

from tfkms.frontends.hcl.plan_configuration import configuration, variable
from tfkms.frontends.hcl.syntax import Argument
from tfkms.frontends.plan_format import Document, VariableValue
from tfkms.frontends.saved_plan.archive import Archive
from tfkms.frontends.saved_plan.plan_message import plan_document
from tfkms.frontends.source.blocks import module_blocks
from tfkms.frontends.source.declarations import argument
from tfkms.frontends.source.modules import Module
from tfkms.model import Mode

_JSON = msgspec.json.Encoder(decimal_format="number")


def read_saved_plan(archive: Archive, module: Module) -> Document:
    """The plan, as its JSON would be decoded; `module` is the root module of the configuration in the archive.

    Raises Refusal.
    """
    return configured(plan_document(archive), module)


def configured(document: Document, module: Module) -> Document:
    """The plan with the configuration that it was saved with; `document` may come from its JSON, which tells less.

    A saved plan has only those variables that were set; the others have their defaults.
    """
    written = configuration(module_blocks(module, _every))
    variables = {**_defaults(module), **document.variables}
    return msgspec.structs.replace(document, configuration=written, variables=variables, saved=True)


def _defaults(module: Module) -> dict[str, VariableValue]:
    """The defaults of the root module's variables."""
    found = {}
    for declaration in module.index.of_type("variable"):
        given = argument(declaration, "default")
        default = variable(given.item if given is not None and isinstance(given.item, Argument) else None).default
        if default is not msgspec.UNSET and declaration.labels:
            found[declaration.labels[0]] = VariableValue(Raw(_JSON.encode(default)))
    return found


def _every(_mode: Mode, _kind: str) -> bool:
    return True
