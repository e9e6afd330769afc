"""What python-hcl2's grammar finds, as our nodes: a function for each of its rules, under the name it has there."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.frontends.hcl import template
from tfkms.frontends.hcl.lexer import Token
from tfkms.frontends.hcl.scan import SyntaxProblem, heredoc_at, skip_gap
from tfkms.frontends.hcl.steps import Step, follow
from tfkms.frontends.hcl.syntax import (
    Argument,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Literal,
    Name,
    Object,
    ObjectItem,
    Template,
    TextPart,
    Tuple,
    Unary,
    Unreadable,
)
from tfkms.frontends.hcl.walk import MAX_DEPTH, too_deep


class Source(Struct, frozen=True):
    """The text at hand, and what parses the holes of templates in it.

    The grammar counts a newline after an operation to the operation; `line_ends` has the offsets before such newlines.
    """

    text: str
    hole: template.ParseHole
    line_ends: set[int] = field(default_factory=set)


Maker: TypeAlias = Callable[[Source, list[Any]], Any]
"""Makes the value of a rule of the values that the rule is made of: nodes, tokens, and None for newlines."""


def checked_depth(expression: Expression) -> Expression:
    """The expression; raises `SyntaxProblem` if it is too deep for what walks trees."""
    # a level takes two characters at the least
    if expression.end - expression.start > 2 * MAX_DEPTH and too_deep(expression):
        message = f"the expression is more than {MAX_DEPTH} levels deep"
        raise SyntaxProblem(expression.start, expression.end, message, limited=True)
    return expression


def _signs(text: str, token: Token) -> list[int]:
    """Where each of a run of signs stands."""
    _, place, _, signs = token
    places = []
    for _ in signs:
        place = skip_gap(text, place)
        places.append(place)
        place += 1
    return places


def _body(source: Source, given: list[Any]) -> Body:
    items = given[0] if given and isinstance(given[0], list) else []
    for item, following in pairwise(items):
        if "\n" not in source.text[item.end : following.start]:
            raise SyntaxProblem(following.start, following.end, "arguments and blocks begin on lines of their own")
    return Body(without_doubles(items))


def without_doubles(items: list[Argument | Block]) -> tuple[Argument | Block, ...]:
    """The items of a body; arguments of one name have lost their values."""
    names = [item.name for item in items if isinstance(item, Argument)]
    if len(names) == len(set(names)):
        return tuple(items)
    times = Counter(names)
    return tuple(_doubted(item, times) if isinstance(item, Argument) else item for item in items)


def _doubted(argument: Argument, times: Counter[str]) -> Argument:
    """An argument that is given twice has no value: Terraform refuses it."""
    if times[argument.name] == 1:
        return argument
    value = Unreadable(argument.value.start, argument.value.end, f"the argument `{argument.name}` is given twice")
    return replace(argument, value=value)


def _argument(source: Source, given: list[Any]) -> Argument:
    (_, start, _, name), _, value = given
    return Argument(start, value.end, name, checked_depth(value))


def _block(source: Source, given: list[Any]) -> Block:
    _, start, _, name = given[0]
    labels = given[1] if isinstance(given[1], list) else []
    return Block(start, given[-1][2], name, tuple(map(_label, labels)), given[-2])


def _label(label: Token | Template) -> str:
    if not isinstance(label, Template):
        return label[3]
    if label.literal is None:
        raise SyntaxProblem(label.start, label.end, "a label of a block cannot have a template in it")
    return label.literal


def _string(source: Source, given: list[Any]) -> Template:
    _, start, end, _ = given[0]
    return template.quoted(source.text, start, end, source.hole)


def _heredoc(source: Source, given: list[Any]) -> Template:
    return template.heredoc(source.text, heredoc_at(source.text, given[0][1]), source.hole)


def _number(source: Source, given: list[Any]) -> Literal:
    _, start, end, text = given[0]
    try:
        return Literal(start, end, Decimal(text))
    except InvalidOperation:
        raise SyntaxProblem(start, end, "the number is out of range") from None


def _term(source: Source, given: list[Any]) -> Expression:
    first = given[0]
    if len(given) == 1:
        kind, start, end, text = first
        if kind in _CONSTANTS:
            return Literal(start, end, _CONSTANTS[kind])
        return Name(start, end, text)
    inner = next(value for value in given[1:] if value is not None)
    # what stands in parentheses begins and ends with them, so that its text is the same expression
    widened: Expression = replace(inner, start=first[1], end=given[-1][2])
    return widened


def _unary(source: Source, given: list[Any]) -> Expression:
    token, operand = given
    for place in reversed(_signs(source.text, token)):
        operand = Unary(place, operand.end, source.text[place], operand)
    result: Expression = operand
    return result


def _binary(source: Source, given: list[Any]) -> Binary:
    left, (operator, right) = given[0], given[1]
    _refuse_ended(source, left)
    if None in given:
        source.line_ends.add(right.end)
    return Binary(left.start, right.end, operator, left, right)


def _binary_term(source: Source, given: list[Any]) -> tuple[str, Expression]:
    _refuse_newlines(given)
    return given[0][3], given[-1]


def _refuse_newlines(given: list[Any]) -> None:
    """The grammar lets operators go over newlines everywhere, Terraform in brackets only, where none is a token."""
    if None in given:
        start, end = given[0][1:3] if isinstance(given[0], tuple) else (given[0].start, given[0].end)
        raise SyntaxProblem(start, end, _ENDED)


def _refuse_ended(source: Source, operand: Expression) -> None:
    if operand.end in source.line_ends:
        raise SyntaxProblem(operand.start, operand.end, _ENDED)


def _conditional(source: Source, given: list[Any]) -> Conditional:
    _refuse_newlines(given)
    condition, then, otherwise = _nodes(given)
    _refuse_ended(source, condition)
    _refuse_ended(source, then)
    return Conditional(condition.start, otherwise.end, condition, then, otherwise)


def _tuple(source: Source, given: list[Any]) -> Tuple:
    return Tuple(given[0][1], given[-1][2], tuple(_nodes(given)))


def _object(source: Source, given: list[Any]) -> Object:
    items: list[ObjectItem] = _nodes(given)
    for item, following in pairwise(items):
        if not {",", "\n"}.intersection(source.text[item.value.end : following.key.start]):
            raise SyntaxProblem(following.key.start, following.key.end, "a comma or a newline goes before this")
    if items and source.text.startswith("for", items[0].key.start) and items[0].key.end - items[0].key.start == 3:
        raise SyntaxProblem(items[0].key.start, items[0].key.end, "`for` in braces begins a for expression")
    return Object(given[0][1], given[-1][2], tuple(items))


def _object_key(source: Source, given: list[Any]) -> Expression:
    key = given[0]
    if isinstance(key, tuple):
        _, start, end, text = key
    elif isinstance(key, Name) and key.end - key.start == len(key.name):
        start, end, text = key.start, key.end, key.name
    else:
        expression: Expression = key
        return expression
    return Template(start, end, (TextPart(start, end, text),))


def _object_item(source: Source, given: list[Any]) -> ObjectItem:
    return ObjectItem(given[0], given[-1])


def _call(source: Source, given: list[Any]) -> Call:
    _, start, _, name = given[0]
    arguments, expand = next(((value[:-1], value[-1]) for value in given if isinstance(value, list)), ([], False))
    return Call(start, given[-1][2], name, tuple(arguments), expand)


def _arguments(source: Source, given: list[Any]) -> list[Any]:
    expand = any(isinstance(value, tuple) and value[0] == "ELLIPSIS" for value in given)
    return [*_nodes(given), expand]


def _followed(source: Source, given: list[Any]) -> Expression:
    return follow(source.text, given[0], given[1])


def _bracket(source: Source, given: list[Any]) -> Step:
    (key,) = _nodes(given)
    return Step(given[0][1], given[-1][2], "index", key)


def _legacy(source: Source, given: list[Any]) -> Step:
    return Step(given[0][1], given[1][2], "legacy", _number(source, given[1:]))


def _attribute(source: Source, given: list[Any]) -> Step:
    return Step(given[0][1], given[1][2], "name", given[1][3])


def _attribute_splat(source: Source, given: list[Any]) -> Step:
    return Step(given[0][2], given[0][2], "attributes", given[1] if len(given) > 1 else [])


def _full_splat(source: Source, given: list[Any]) -> Step:
    return Step(given[0][2], given[0][2], "full", given[1] if len(given) > 1 else [])


class _Intro(Struct, frozen=True):
    key: str | None
    value: str
    collection: Expression


class _If(Struct, frozen=True):
    condition: Expression


def _for_intro(source: Source, given: list[Any]) -> _Intro:
    names = [
        value[3] for value in given if isinstance(value, tuple) and value[0] not in {"FOR", "COMMA", "IN", "COLON"}
    ]
    (collection,) = _nodes(given)
    return _Intro(names[0] if len(names) > 1 else None, names[-1], collection)


def _for_condition(source: Source, given: list[Any]) -> _If:
    return _If(given[-1])


def _for_tuple(source: Source, given: list[Any]) -> ForTuple:
    intro, result, *rest = _nodes(given)
    condition = rest[0].condition if rest else None
    return ForTuple(given[0][1], given[-1][2], intro.key, intro.value, intro.collection, result, condition)


def _for_object(source: Source, given: list[Any]) -> ForObject:
    intro, key, result, *rest = _nodes(given)
    grouped = any(isinstance(value, tuple) and value[0] == "ELLIPSIS" for value in given)
    condition = rest[0].condition if rest else None
    return ForObject(
        given[0][1], given[-1][2], intro.key, intro.value, intro.collection, key, result, condition, grouped
    )


def _nodes(given: list[Any]) -> list[Any]:
    """What is neither a token nor a newline, the items of lists among them."""
    found: list[Any] = []
    for value in given:
        if isinstance(value, list):
            found += value
        elif value is not None and not isinstance(value, tuple):
            found.append(value)
    return found


def _gathered(source: Source, given: list[Any]) -> list[Any]:
    """The items of a repetition, in one list that grows."""
    if given and isinstance(given[0], list):
        given[0] += _nodes(given[1:])
        gathered: list[Any] = given[0]
        return gathered
    return _nodes(given)


def _gathered_labels(source: Source, given: list[Any]) -> list[Any]:
    gathered: list[Any] = [*given[0], *given[1:]] if isinstance(given[0], list) else given
    return gathered


def _nothing(source: Source, given: list[Any]) -> None:
    return None


_ENDED = "an expression outside of brackets ends with its line"
_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}
MAKERS: dict[str, Maker] = {
    "body": _body,
    "attribute": _argument,
    "block": _block,
    "new_line_or_comment": _nothing,
    "string": _string,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "int_lit": _number,
    "float_lit": _number,
    "expr_term": _term,
    "unary_op": _unary,
    "binary_op": _binary,
    "binary_term": _binary_term,
    "conditional": _conditional,
    "tuple": _tuple,
    "object": _object,
    "object_elem": _object_item,
    "object_elem_key": _object_key,
    "function_call": _call,
    "arguments": _arguments,
    "index_expr_term": _followed,
    "get_attr_expr_term": _followed,
    "attr_splat_expr_term": _followed,
    "full_splat_expr_term": _followed,
    "braces_index": _bracket,
    "short_index": _legacy,
    "get_attr": _attribute,
    "attr_splat": _attribute_splat,
    "full_splat": _full_splat,
    "for_tuple_expr": _for_tuple,
    "for_object_expr": _for_object,
    "for_intro": _for_intro,
    "for_cond": _for_condition,
    "__body_star": _gathered,
    "__block_star": _gathered_labels,
    "__new_line_or_comment_plus": _nothing,
    "__tuple_star": _gathered,
    "__object_star": _gathered,
    "__arguments_star": _gathered,
    "__attr_splat_star": _gathered,
}
PASSING = frozenset(
    {
        "start",
        "expression",
        "or_expr",
        "and_expr",
        "eq_expr",
        "rel_expr",
        "add_expr",
        "mul_expr",
        "unary_expr",
        "index",
        "binary_operator",
        "_attribute_name",
        "identifier",
        "keyword",
        "literal_value",
    }
)
# strings are read by `template`, so that the rules for what is in them never come up
UNUSED = frozenset(
    {
        "string_part",
        "interpolation",
        "template_if_start",
        "template_else",
        "template_endif",
        "template_for_start",
        "template_endfor",
        "template_string",
        "__string_star",
    }
)
