"""Functions that take regular expressions."""

from collections.abc import Callable

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.faults import Fault, check_size
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.regex import Match, compiled
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import DYNAMIC, STRING, ListType, ObjectType, TupleType, Type

GROUP = Group()


def _result_type(pattern: Term, *_: Term) -> Type:
    """A string without captures, a tuple of them, an object of named ones."""
    if not isinstance(pattern, terms.Text):
        return DYNAMIC
    names = compiled(pattern.value).names
    if not names:
        return STRING
    if not any(names):
        return TupleType(tuple([STRING] * len(names)))
    if not all(names):
        raise Fault("the regular expression mixes captures with and without names")
    return ObjectType(dict.fromkeys(names, STRING))


def _result(pattern: Term, text: str) -> Callable[[Match], Term]:
    kind = _result_type(pattern)
    assert isinstance(pattern, terms.Text)
    names = compiled(pattern.value).names

    def result(found: Match) -> Term:
        captured: list[Term] = [
            terms.Null(STRING) if begin < 0 else terms.text(text[begin:end]) for begin, end in found.spans
        ]
        match kind:
            case TupleType():
                return terms.Tuple(tuple(captured[1:]))
            case ObjectType():
                return terms.Object(dict(zip(names, captured[1:], strict=True)))
            case _:
                return captured[0]

    return result


@GROUP.define("regex", Parameter("pattern", STRING), Parameter("string", STRING), result=_result_type)
def regex(pattern: Term, string: Term) -> Term:
    assert isinstance(pattern, terms.Text)
    assert isinstance(string, terms.Text)
    found = compiled(pattern.value).search(string.value)
    result = _result(pattern, string.value)
    if found is None:
        raise Fault("`regex`: the pattern matches no part of the string")
    return result(found)


@GROUP.define(
    "regexall",
    Parameter("pattern", STRING),
    Parameter("string", STRING),
    result=lambda pattern, _: ListType(_result_type(pattern)),
)
def regexall(pattern: Term, string: Term) -> Term:
    assert isinstance(pattern, terms.Text)
    assert isinstance(string, terms.Text)
    result = _result(pattern, string.value)
    found: list[Term] = []
    size = 0
    for match in compiled(pattern.value).matches(string.value):
        found.append(result(match))
        size += found[-1].size
        check_size(size)
    return terms.List(_result_type(pattern), tuple(found))
