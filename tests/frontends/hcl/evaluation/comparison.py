"""Whether what tfkms makes of an expression agrees with what Terraform made of it."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from tests.frontends.hcl.evaluation.oracle import KNOWN, Answer, Number, Variable
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.constraints import Constraint, Declaration, read_constraint
from tfkms.frontends.hcl.conversion import CannotConvert
from tfkms.frontends.hcl.equality import may_be
from tfkms.frontends.hcl.evaluate import Evaluator
from tfkms.frontends.hcl.faults import Fault, deep_recursion
from tfkms.frontends.hcl.files import DirectoryFiles
from tfkms.frontends.hcl.floats import PRECISION, Real, plain, rounded
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.scope import Budget, Names
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.terms import Term, Unknown
from tfkms.frontends.hcl.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
    is_dynamic_within,
    json_type,
)
from tfkms.values import Hole

FILES = Path(__file__).parent / "files"
_WITHHELD = (
    "what Terraform makes of",
    "the number is beyond all measure",
    "an infinite number",
    "a time before the year 1",
    "`format`: more than",
)


@dataclass(frozen=True)
class Evaluated:
    """A value and the errors in it; `forgiven` where a logical operator decided by one side and the other is in error,
    which Terraform 1.11 refuses; `doubts` counts what could still fail."""

    term: Term
    errors: tuple[str, ...]
    forgiven: bool
    doubts: int = 0


@cache
def _known() -> dict[str, Term]:
    scope = Names({}, DirectoryFiles(FILES), Budget())
    return {
        name: Evaluator(SourceText("main.tf", text), scope).whole(parse_expression(text))
        for name, text in KNOWN.items()
    }


_TYPES = {
    "s": STRING,
    "v": STRING,
    "t": STRING,
    "n": NUMBER,
    "b": BOOL,
    "l": ListType(STRING),
    "m": MapType(STRING),
    "d": DYNAMIC,
}


def evaluated(expression: str) -> Evaluated:
    """What tfkms makes of an expression that may refer to the unknown values of `oracle.UNKNOWN`."""
    members: dict[str, Term] = {
        name: Unknown(kind, Hole("", "", "known after apply", (f"local.{name}",)), kind is not DYNAMIC)
        for name, kind in _TYPES.items()
    }
    members["v"] = terms.with_sensitive(members["v"])
    members.update(_known())
    where = terms.Object({"module": terms.Text(".")})
    scope = Names({"local": terms.Object(members), "path": where}, DirectoryFiles(FILES), Budget())
    evaluator = Evaluator(SourceText("main.tf", expression), scope)
    with deep_recursion():
        term = evaluator.whole(parse_expression(expression))
    return Evaluated(term, tuple(fault.message for fault in evaluator.faults), evaluator.forgiven > 0, evaluator.doubts)


def passed_on(variable: Variable) -> Evaluated:
    """What tfkms makes of a variable that is called with an expression, as `evaluated`."""
    given = evaluated(variable.given) if variable.given is not None else None
    if given is not None and given.errors:
        return given
    try:
        own = Declaration(
            constraint(variable.type),
            _default(variable.default) if variable.default is not None else None,
            nullable=variable.nullable,
        )
        term = own.value(given.term if given is not None else None)
    except (Fault, CannotConvert) as error:
        lost = Unknown(DYNAMIC, Hole("", "", "in error"))
        return Evaluated(lost, (str(error),), forgiven=False)
    assert term is not None
    return Evaluated(term, (), forgiven=given is not None and given.forgiven)


def constraint(text: str) -> Constraint:
    """A type constraint as a `variable` block has it."""
    return read_constraint(parse_expression(text), lambda node: _default(text[node.start : node.end]), parse_expression)


def _default(text: str) -> Term:
    found = evaluated(text)
    if found.errors:
        raise Fault(found.errors[0])
    return found.term


def disagreement(expression: str, answer: Answer, completions: list[Answer]) -> str | None:
    """What is wrong with an expression's value, where Terraform answers `answer`, and `completions` once all is known.

    None if nothing is. An unknown where Terraform has an error is fine: nothing comes of such a configuration. So is
    the type of a value that Terraform tells only once all is known, and the value of a logical operator that forgives
    an error, as newer versions do.
    """
    return difference(evaluated(expression), answer, completions)


def difference(found: Evaluated, answer: Answer, completions: list[Answer]) -> str | None:
    """As `disagreement`, of a value that is there."""
    term = found.term
    if not answer.shown:
        return None
    known = [completion for completion in completions if completion.type is not None]
    if found.errors and completions and not known:
        return None
    if answer.error:
        fine = found.errors or not term.whole or found.forgiven or (not completions and found.doubts)
        return None if fine else f"a value where Terraform has an error: {shown(term)}"
    if answer.type is not None:
        if found.errors:
            return f"an error: {found.errors[0]}"
        if not covers(term, answer.value, answer.type):
            return f"{shown(term)} of type {json_type(term.type)}"
        types = [answer.type, *[completion.type for completion in completions]]
        if term.whole and answer.value is not None and json_type(term.type) not in types:
            return f"the type {json_type(term.type)}"
        if not term.whole and not completions and not is_withheld(term):
            return f"unknown: {shown(term)}"
        return None
    if found.errors:
        return f"an error: {found.errors[0]}" if known else None
    for completion in known:
        if not covers(term, completion.value, completion.type):
            return f"{shown(term)} cannot become {completion.value!r}"
    return None


def is_withheld(term: Term) -> bool:
    """Whether tfkms says that it does not know what Terraform does, in the few cases that are so."""
    return isinstance(term, Unknown) and term.hole.reason.startswith(_WITHHELD)


def covers(term: Term, value: Any, kind: Any) -> bool:
    """Whether `term` can turn out to be `value`, of the type that `kind` is in JSON."""
    match term:
        case Unknown():
            if value is None and term.not_null:
                return False
            if term.plain and isinstance(value, str) and not terms.is_plain(value):
                return False
            return is_dynamic_within(term.type) or (value is None) or fits(term.type, kind)
        case terms.HoledText():
            return isinstance(value, str) and kind == "string" and may_be(term, value) is not False
        case terms.Null():
            return value is None
        case terms.Bool(known):
            return value is known
        case terms.Number(number, precision=precision):
            return isinstance(value, Number) and kind == "number" and value in prints(number, precision)
        case terms.Text(text):
            return kind == "string" and value == text
        case terms.List(items=items) | terms.Tuple(items=items):
            kinds = _item_kinds(kind, len(items))
            if not isinstance(value, list) or kinds is None or len(value) != len(items):
                return False
            return all(covers(*each) for each in zip(items, value, kinds, strict=True))
        case terms.Set(items=items):
            if not isinstance(value, list) or kind[0] != "set" or len(value) > len(items):
                return False
            if term.whole and len(value) != len(items):
                return False
            return all(any(covers(item, each, kind[1]) for item in items) for each in value)
        case terms.Map(members=members) | terms.Object(members=members):
            if not isinstance(value, dict) or value.keys() != members.keys() or kind[0] not in ("map", "object"):
                return False
            return all(
                covers(member, value[name], kind[1] if kind[0] == "map" else kind[1][name])
                for name, member in members.items()
            )


def prints(number: Real, precision: int) -> set[str]:
    """How a plan may print a number: one that a double holds exactly is kept as a double in it."""
    shown = {"0"} if number == 0 else {plain(number, precision)}
    if abs(number) < 1e300 and Fraction(float(number)) == number:
        shown.add(plain(number, 53))
    if precision > PRECISION:  # a plan file keeps so many bits
        shown.add(plain(rounded(number)))
    return shown


def _item_kinds(kind: Any, count: int) -> list[Any] | None:
    if isinstance(kind, list) and kind[0] == "list":
        return [kind[1]] * count
    if isinstance(kind, list) and kind[0] == "tuple" and len(kind[1]) == count:
        return list(kind[1])
    return None


def fits(wanted: Type, kind: Any) -> bool:
    """Whether a type in JSON is `wanted`, parts that either leaves open left out."""
    if kind == "dynamic":
        return True
    match wanted:
        case ListType(element) | SetType(element) | MapType(element):
            family = type(wanted).__name__.removesuffix("Type").lower()
            return isinstance(kind, list) and kind[0] == family and fits(element, kind[1])
        case TupleType(elements):
            return kind[0] == "tuple" and all(fits(*each) for each in zip(elements, kind[1], strict=True))
        case ObjectType(attributes):
            return kind[0] == "object" and all(fits(each, kind[1][name]) for name, each in attributes.items())
        case _:
            return wanted is DYNAMIC or kind == wanted.name


def shown(term: Term) -> str:
    """The term in short."""
    match term:
        case terms.HoledText(parts):
            return "text " + "".join(part if isinstance(part, str) else "${…}" for part in parts)
        case Unknown():
            return f"unknown {json_type(term.type)}"
        case terms.Null():
            return "null"
        case terms.List(items=items) | terms.Tuple(items=items) | terms.Set(items=items):
            return f"[{', '.join(shown(item) for item in items)}]"
        case terms.Map(members=members) | terms.Object(members=members):
            return f"{{{', '.join(f'{name}: {shown(member)}' for name, member in members.items())}}}"
        case terms.Number(value, precision=precision):
            return plain(value, precision)
        case _:
            return repr(term.value)
