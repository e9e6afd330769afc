"""What a resource's `lifecycle` block says of its arguments."""

from tfkms.frontends.hcl.directory import Declaration
from tfkms.frontends.hcl.syntax import Argument, Attribute, Block, Expression, Index, Name, Template, Tuple
from tfkms.frontends.source.declarations import nested

ALL = "all"
"""Among the names of arguments: every one of them."""


def ignored(declaration: Declaration) -> frozenset[str]:
    """The arguments whose changes Terraform does not make to what is there (`ignore_changes`), also those of which it
    ignores only a part; {ALL} for all. Source: "The lifecycle Meta-Argument" in Terraform's documentation."""
    given = (_ignore_changes(block.item) for block in nested(declaration, "lifecycle") if isinstance(block.item, Block))
    written = [own.value for own in given if own is not None]
    items = [item for value in written for item in (value.items if isinstance(value, Tuple) else (value,))]
    return frozenset(name for name in map(_first, items) if name is not None)


def _ignore_changes(block: Block) -> Argument | None:
    return block.body.arguments.get("ignore_changes")


def _first(expression: Expression) -> str | None:
    """The first step of a reference, or of one that is written as a text."""
    match expression:
        case Name(name=name):
            return name
        case Attribute(base=base) | Index(base=base):
            return _first(base)
        case Template():
            return (expression.literal or "").partition(".")[0].partition("[")[0] or None
        case _:
            return None
