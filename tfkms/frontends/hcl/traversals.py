"""What an expression refers to, as Terraform's plans list it: `aws_iam_role.app.arn`, `var.name`, `each.value`.

Source: hashicorp/hcl:traversal_for_expr.go and variables.go, and hashicorp/terraform:internal/lang/references.go. A
traversal ends where a step is computed or a splat begins; names that a `for` binds are no references.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import assert_never

from tfkms.frontends.addresses import written_key
from tfkms.frontends.hcl.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Element,
    Expression,
    ForDirective,
    ForObject,
    ForTuple,
    IfDirective,
    Index,
    Interpolation,
    Literal,
    Name,
    Object,
    Splat,
    Template,
    TemplatePart,
    TextPart,
    Tuple,
    Unary,
    Unreadable,
)

_NONE: frozenset[str] = frozenset()
_INDEX_DIGITS = 18


def references(expression: Expression, bound: frozenset[str] = _NONE) -> tuple[str, ...]:
    """Every traversal in the expression, each once, in source order; `bound` are names that are none of Terraform's."""
    return tuple(dict.fromkeys(_found(expression, bound)))


def _found(expression: Expression, bound: frozenset[str]) -> Iterator[str]:
    # An explicit stack: conditionals and sums are chains of any length.
    stack: list[tuple[Expression, frozenset[str]]] = [(expression, bound)]
    while stack:
        node, names = stack.pop()
        match node:
            case Name() | Attribute() | Index():
                written, rest = _traversal(node)
                if written is not None and written[0] not in names:
                    yield "".join(written)
                stack += [(item, names) for item in reversed(rest)]
            case _:
                stack += reversed(list(_below(node, names)))


def _traversal(node: Name | Attribute | Index) -> tuple[list[str] | None, list[Expression]]:
    """The longest static traversal from the root, None where there is no root, and the expressions beside it."""
    steps: list[str] = []
    rest: list[Expression] = []
    here: Expression = node
    while True:
        match here:
            case Name(name=name):
                return [name, *reversed(steps)], list(reversed(rest))
            case Attribute(base=base, name=name):
                steps.append(f".{name}")
                here = base
            case Index(base=base, key=key):
                written = _static_key(key)
                if written is None:
                    steps.clear()
                    rest.append(key)
                else:
                    steps.append(written)
                here = base
            case _:
                return None, [here, *reversed(rest)]


def _is_index(number: Decimal) -> bool:
    return number.adjusted() < _INDEX_DIGITS and number == number.to_integral_value()


def _static_key(key: Expression) -> str | None:
    """`[key]` as an address has it, None for a key that is computed."""
    match key:
        case Literal(value=Decimal() as number) if _is_index(number):
            return written_key(int(number))
        case Template():
            return written_key(key.literal) if key.literal is not None else None
        case _:
            return None


def _below(node: Expression, bound: frozenset[str]) -> Iterator[tuple[Expression, frozenset[str]]]:
    """The parts of an expression that is no traversal, with the names that are bound in each."""
    match node:
        case Splat(base=base, each=each):
            yield base, bound
            yield each, bound
        case Call(arguments=parts) | Tuple(items=parts):
            yield from ((part, bound) for part in parts)
        case Unary(operand=operand):
            yield operand, bound
        case Binary(left=left, right=right):
            yield from ((left, bound), (right, bound))
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            yield from ((condition, bound), (then, bound), (otherwise, bound))
        case Object(items=items):
            for item in items:
                yield from ((item.key, bound), (item.value, bound))
        case ForTuple(collection=collection, result=result, condition=test):
            yield collection, bound
            yield from ((part, bound | _names(node)) for part in (result, test) if part is not None)
        case ForObject(collection=collection, result_key=key, result=result, condition=test):
            yield collection, bound
            yield from ((part, bound | _names(node)) for part in (key, result, test) if part is not None)
        case Template(parts=pieces):
            yield from _in_template(pieces, bound)
        case Name() | Attribute() | Index() | Literal() | Element() | Unreadable():
            return
        case _:
            assert_never(node)


def _in_template(parts: Iterable[TemplatePart], bound: frozenset[str]) -> Iterator[tuple[Expression, frozenset[str]]]:
    for part in parts:
        match part:
            case TextPart():
                continue
            case Interpolation(expression=expression):
                yield expression, bound
            case IfDirective(condition=condition, then=then, otherwise=otherwise):
                yield condition, bound
                yield from _in_template(then, bound)
                yield from _in_template(otherwise, bound)
            case ForDirective(collection=collection, parts=inner):
                yield collection, bound
                yield from _in_template(inner, bound | _names(part))
            case _:
                assert_never(part)


def _names(loop: ForTuple | ForObject | ForDirective) -> frozenset[str]:
    return frozenset({loop.value} | ({loop.key} if loop.key is not None else set()))
