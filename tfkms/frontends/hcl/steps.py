"""What follows a term, put on it as HCL does: indexes, attributes, and splats, which nest."""

from typing import Any, assert_never
from typing import Literal as OneOf

from msgspec import Struct

from tfkms.frontends.hcl.lexer import MAX_NESTING
from tfkms.frontends.hcl.scan import SyntaxProblem, skip_gap
from tfkms.frontends.hcl.syntax import Attribute, Element, Expression, Index, Splat


class Step(Struct, frozen=True):
    """What follows a term: `.name`, `.0`, `[key]`, or a splat with the steps that the grammar puts behind it."""

    start: int
    end: int
    kind: OneOf["name", "legacy", "index", "attributes", "full"]
    value: Any


def follow(text: str, base: Expression, step: Step) -> Expression:
    """`base` and what follows it. After `[*]` that goes to each element, as in HCL: `a[*].b[*].c` nests."""
    splats: list[Splat] = []
    while isinstance(base, Splat) and _takes_all(text, base):
        splats.append(base)
        base = base.each
    if len(splats) > MAX_NESTING:
        raise SyntaxProblem(step.start, step.end, f"more than {MAX_NESTING} splats in a row", limited=True)
    if step.kind == "attributes" and isinstance(base, Splat) and base.start == base.base.start:
        raise SyntaxProblem(step.start, step.end, "an attribute splat cannot follow another one")
    rest: list[Step] = []
    result: Expression
    match step.kind:
        case "name":
            result = Attribute(base.start, step.end, base, step.value)
        case "legacy" | "index":
            result = Index(base.start, step.end, base, step.value)
        case "attributes" | "full":
            each: Expression = Element(step.start, step.start)
            for place, inner in enumerate(step.value):
                if step.kind == "attributes" and inner.kind == "index":
                    rest = step.value[place:]
                    break
                each = follow(text, each, inner)
            result = Splat(base.start, max(step.start, each.end), base, each)
        case _:
            assert_never(step.kind)
    for splat in reversed(splats):
        result = Splat(splat.start, result.end, splat.base, result)
    for inner in rest:
        result = follow(text, result, inner)
    return result


def _takes_all(text: str, splat: Splat) -> bool:
    """Whether it is written `[*]` and stands in no parentheses of its own."""
    return splat.start == splat.base.start and text.startswith("[", skip_gap(text, splat.base.end))
