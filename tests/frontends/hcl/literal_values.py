"""The value of an expression without references, as far as fixtures need it: enough to compare with Terraform's."""

import unicodedata
from decimal import Decimal
from typing import Any

from tfkms.frontends.hcl.syntax import (
    Expression,
    ForDirective,
    IfDirective,
    Interpolation,
    Literal,
    Name,
    Object,
    Template,
    TemplatePart,
    TextPart,
    Tuple,
    Unreadable,
)


class NoValueError(Exception):
    """Terraform refuses the expression."""


def value_of(node: Expression, names: dict[str, Any]) -> Any:
    match node:
        case Literal(value=value):
            return value
        case Name(name=name) if name in names:
            return names[name]
        case Tuple(items=items):
            return [value_of(item, names) for item in items]
        case Object(items=items):
            return {as_text(value_of(item.key, names)): value_of(item.value, names) for item in items}
        case Template(parts=(Interpolation(expression=inner),), passes_through=True):
            return value_of(inner, names)
        case Template(parts=parts):
            return unicodedata.normalize("NFC", rendered(parts, names))
        case Unreadable() | Name():
            raise NoValueError(repr(node))
        case _:
            raise AssertionError(f"no test needs the value of {node!r}")


def rendered(parts: tuple[TemplatePart, ...], names: dict[str, Any]) -> str:
    texts = []
    for part in parts:
        match part:
            case TextPart(text=text):
                texts.append(text)
            case Interpolation(expression=inner):
                texts.append(as_text(value_of(inner, names)))
            case IfDirective(condition=condition, then=then, otherwise=otherwise):
                texts.append(rendered(then if value_of(condition, names) else otherwise, names))
            case ForDirective(key=key, value=name, collection=collection, parts=inside):
                for index, item in enumerate(value_of(collection, names)):
                    keys = {} if key is None else {key: Decimal(index)}
                    texts.append(rendered(inside, {**names, name: item, **keys}))
    return "".join(texts)


def as_text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case Decimal():
            return format(value.normalize(), "f")
        case _:
            raise NoValueError(repr(value))


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value
