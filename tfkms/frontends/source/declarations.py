"""What a block declares, looked up by name."""

import re

from tfkms.frontends.hcl.directory import Declaration, Placed
from tfkms.frontends.hcl.syntax import Argument, Block


def argument(declaration: Declaration, name: str) -> Placed | None:
    """The top-level argument of that name, None where there is none."""
    return next((own for own in declaration.items if isinstance(own.item, Argument) and own.item.name == name), None)


def nested(declaration: Declaration, kind: str) -> list[Placed]:
    """The nested blocks of a type, in source order."""
    return [own for own in declaration.items if isinstance(own.item, Block) and own.item.type == kind]


_HEAD = re.compile(r"^[ \t]*[^\W\d][\w-]*[ \t]+[^=\n]*\{", re.MULTILINE)


def place_of(declaration: Declaration) -> tuple[str, int]:
    """The file and the line of the block's head, told without parsing it."""
    source = declaration.base.source
    head = _HEAD.search(source.text)
    return source.file, source.line + source.text.count("\n", 0, head.start() if head else 0)
