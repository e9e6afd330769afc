"""The blocks of a configuration that are looked into, and what refers to a policy document in those that are not."""

import re
from collections.abc import Callable, Iterable, Iterator

from tfkms.frontends.hcl.directory import Declaration
from tfkms.frontends.hcl.plan_configuration import ModuleBlocks
from tfkms.frontends.hcl.syntax import Block, Body
from tfkms.frontends.source.configuration import MODES, Resource
from tfkms.frontends.source.modules import Absent, Module
from tfkms.model import Mode

POLICY_DOCUMENT = "aws_iam_policy_document"
_DOCUMENT = re.compile(rf"\bdata\s*\.\s*{POLICY_DOCUMENT}\s*\.\s*([\w-]+)")
_LOOKED_INTO = frozenset({"module", "output", "variable", "provider"})


def declares(module: Module, wanted: Callable[[Mode, str], bool]) -> bool:
    """Whether a module or one below it declares a resource of the wanted types."""
    return any(
        declaration.type in MODES and _is_read(declaration, wanted) for declaration in module.index.declarations
    ) or any(declares(called, wanted) for called in module.calls.values() if isinstance(called, Module))


def module_blocks(module: Module, wanted: Callable[[Mode, str], bool]) -> ModuleBlocks:
    """The blocks of a module and of those below it: calls, outputs, variables, providers and the wanted resources."""
    made: dict[int, ModuleBlocks] = {}

    def blocks(here: Module) -> ModuleBlocks:
        if id(here) not in made:
            read = (declaration for declaration in here.index.declarations if _is_read(declaration, wanted))
            # Nobody follows a reference into the root's outputs, and the values of its variables are given.
            needed = (own for own in read if here is not module or own.type not in ("output", "variable"))
            own = [_merged(declaration, here) for declaration in needed]
            below = {name: blocks(called) for name, called in here.calls.items() if isinstance(called, Module)}
            made[id(here)] = ModuleBlocks(own, below)
        return made[id(here)]

    return blocks(module)


def _is_read(declaration: Declaration, wanted: Callable[[Mode, str], bool]) -> bool:
    mode = MODES.get(declaration.type)
    if mode is None:
        return declaration.type in _LOOKED_INTO
    return len(declaration.labels) == 2 and wanted(mode, declaration.labels[0])


def _merged(declaration: Declaration, module: Module) -> Block:
    """The block with what override files change in it. Of a call whose module is not at hand no more than its name."""
    if declaration.type == "module" and isinstance(module.calls.get(declaration.labels[0]), Absent):
        return Block(0, 0, declaration.type, declaration.labels, Body(()))
    block = declaration.base.block
    if not declaration.overrides:
        return block
    items = tuple(placed.item for placed in declaration.items)
    return Block(block.start, block.end, block.type, block.labels, Body(items))


class Consumers:
    """What refers to the policy documents of a configuration, told by the text of blocks, each read once.

    A block that only seems to refer to a document counts too.
    """

    def __init__(self, root: Module):
        self.root = root
        self.documents: dict[int, dict[str, list[Declaration | None]]] = {}

    def has(self, document: Resource) -> bool:
        """Whether anything but an output of the root module refers to the policy document."""
        path = [name for name, _ in document.module.path]
        modules = [self.root]
        for name in path:
            called = modules[-1].calls.get(name)
            if not isinstance(called, Module):
                return True
            modules.append(called)
        return self.is_passed_on(self.referring(modules[-1]).get(document.name, []), modules, path)

    def referring(self, module: Module) -> dict[str, list[Declaration | None]]:
        """The blocks that refer to each policy document of a module by its name, None for a local value."""
        found = self.documents.get(id(module))
        if found is None:
            found = self.documents[id(module)] = {}
            for declaration, text in _texts(module):
                for name in set(_DOCUMENT.findall(text)) if POLICY_DOCUMENT in text else ():
                    found.setdefault(name, []).append(declaration)
        return found

    def is_passed_on(self, referring: Iterable[Declaration | None], modules: list[Module], path: list[str]) -> bool:
        """Whether any of the blocks is another than an output of the root module."""
        outputs: list[str] = []
        for declaration in referring:
            if declaration is None or declaration.type != "output":
                return True
            outputs += declaration.labels[:1]
        if len(modules) == 1:
            return False
        around = modules[:-1]
        for output in outputs:
            words = re.compile(rf"\bmodule\s*\.\s*{re.escape(path[-1])}\b[^=\n]*\.\s*{re.escape(output)}\b")
            above = [declaration for declaration, text in _texts(around[-1]) if words.search(text)]
            if self.is_passed_on(above, around, path[:-1]):
                return True
        return False


def _texts(module: Module) -> Iterator[tuple[Declaration | None, str]]:
    """The text of every block of a module, and of every local value."""
    for declaration in module.index.declarations:
        for part in (declaration.base, *declaration.overrides):
            yield declaration, part.source.text
    for value in module.index.locals.values():
        yield None, value.source.text
