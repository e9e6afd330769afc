"""The blocks of a configuration that are looked into, and what refers to a policy document in those that are not."""

import re
from collections.abc import Callable, Iterator

from tfkms.frontends.hcl.directory import Declaration
from tfkms.frontends.hcl.plan_configuration import ModuleBlocks
from tfkms.frontends.hcl.syntax import Block, Body
from tfkms.frontends.source.configuration import Resource
from tfkms.frontends.source.modules import Absent, Module
from tfkms.model import Mode

_MODES = {"resource": Mode.MANAGED, "data": Mode.DATA}
_LOOKED_INTO = frozenset({"module", "output", "variable", "provider"})


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
    mode = _MODES.get(declaration.type)
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


def consumed(root: Module, document: Resource) -> bool:
    """Whether anything but an output of the root module refers to the policy document.

    Blocks are searched by their text: one that only seems to refer to it counts too.
    """
    words = re.compile(rf"\bdata\s*\.\s*{re.escape(document.type)}\s*\.\s*{re.escape(document.name)}\b")
    path = [name for name, _ in document.module.path]
    modules = [root]
    for name in path:
        called = modules[-1].calls.get(name)
        if not isinstance(called, Module):
            return True
        modules.append(called)
    return _is_referred_to(words, modules, path)


def _is_referred_to(words: re.Pattern[str], modules: list[Module], path: list[str]) -> bool:
    here = modules[-1]
    outputs: list[str] = []
    for declaration, text in _texts(here):
        if words.search(text):
            if declaration is None or declaration.type != "output":
                return True
            outputs += declaration.labels[:1]
    if len(modules) == 1:
        return False
    for output in outputs:
        reference = re.compile(rf"\bmodule\s*\.\s*{re.escape(path[-1])}\b[^=\n]*\.\s*{re.escape(output)}\b")
        if _is_referred_to(reference, modules[:-1], path[:-1]):
            return True
    return False


def _texts(module: Module) -> Iterator[tuple[Declaration | None, str]]:
    """The text of every block of a module, and of every local value."""
    for declaration in module.index.declarations:
        for part in (declaration.base, *declaration.overrides):
            yield declaration, part.source.text
    for value in module.index.locals.values():
        yield None, value.source.text
