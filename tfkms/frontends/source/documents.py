"""Policy documents of a configuration: rendered as the provider does, each part with the place where it was written."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.export import document, places, to_value
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.floats import from_decimal
from tfkms.frontends.hcl.json_text import encode
from tfkms.frontends.hcl.terms import HoledText, Part, Place, Term, Text, Unknown
from tfkms.frontends.hcl.types import DYNAMIC, STRING
from tfkms.frontends.policy_document import Rendered, render
from tfkms.frontends.policy_json import decoded
from tfkms.frontends.source.statement_places import ARGUMENTS, StatementPlaces
from tfkms.values import Hole, Template, Value, pointer_step
from tfkms.values import Unknown as UnknownValue

_DOCUMENTS = ("source_policy_documents", "override_policy_documents")
_BASES = ("source_json", "override_json")
PlaceOf = Callable[[str, Value], Place | None]
"""Where what stands at a JSON pointer, and is this value, was written."""


def as_document(term: Term) -> Value:
    """A policy's text as a value: the text itself where all of it is known, else the document around its holes.

    `Unknown` where it cannot be told how the holes bear on the document. A text with holes that is no JSON stays one.
    """
    if not isinstance(term, HoledText):
        return to_value(term)
    try:
        return to_value(document(term))
    except Fault:
        return to_value(term)


def written_places(term: Term) -> dict[str, Place]:
    """Where each part of a value was written, by JSON pointer; below a text that is JSON, the parts of its document."""
    found = places(term)
    pending: list[tuple[str, Term]] = [("", term)]
    while pending:
        path, part = pending.pop()
        match part:
            case Text() | HoledText() if _may_be_document(part):
                try:
                    inner = document(part)
                except Fault:
                    continue
                if not isinstance(inner, Text | HoledText | Unknown):
                    found.update({f"{path}{below}": place for below, place in places(inner).items() if below})
            case terms.List() | terms.Set() | terms.Tuple():
                pending.extend((f"{path}/{n}", item) for n, item in enumerate(part.items))
            case terms.Object(members=members) | terms.Map(members=members):
                pending.extend((f"{path}/{pointer_step(name)}", item) for name, item in members.items())
            case _:
                pass
    return found


def _may_be_document(term: Text | HoledText) -> bool:
    """Whether a text begins as an object or a list does."""
    start = term.value if isinstance(term, Text) else term.prefix
    return start.lstrip()[:1] in ("{", "[")


def rendered(arguments: Mapping[str, Term], address: str) -> tuple[Rendered, PlaceOf]:
    """The document of an `aws_iam_policy_document` with these arguments, and where its parts were written."""
    values: dict[str, Value] = {}
    statements = arguments.get("statement")
    if isinstance(statements, terms.Tuple):
        arguments = {**arguments, "statement": terms.Tuple(tuple(map(_statement, statements.items)))}
    for name, term in arguments.items():
        if name in _DOCUMENTS and isinstance(term, terms.List | terms.Set | terms.Tuple):
            values[name] = tuple(as_document(item) for item in term.items)
        elif name in _BASES:
            values[name] = as_document(term)
        else:
            values[name] = to_value(term)
    made = render(values, address)
    written: dict[str, Place] = {}
    for name, term in arguments.items():
        written.update({f"/{name}{path}": place for path, place in written_places(term).items()})

    within = _Within(values)
    return made, StatementPlaces(written, [(came.path, within(came.path)) for came in made.came])


def with_places(told: Term, written: Term) -> Term:
    """What a plan tells of a text, with the places of its parts where the source has them: it may say the same in
    another order, or not know all of it."""
    if not isinstance(told, Text) or not isinstance(written, Text | HoledText) or not _may_be_document(told):
        return told
    try:
        found, source = document(told), document(written)
    except Fault:
        return told
    statements, own = _statements(to_value(found)), _statements(to_value(source))
    by_sid = {sid: place for place, item in enumerate(own) if (sid := _sid(item)) is not None}
    pairs: list[tuple[str, Value]] = []
    for place, item in enumerate(statements):
        sid = _sid(item)
        here = by_sid.get(sid) if sid is not None else place if len(own) == len(statements) else None
        pairs.append(("/Statement", None) if here is None else (f"/Statement/{here}", own[here]))
    return Text(
        told.value, sensitive=told.sensitive, document=term_of(to_value(found), StatementPlaces(places(source), pairs))
    )


def _statement(block: Term) -> Term:
    """The block; where it stands for any number of blocks, one that may be there and may have any Sid.

    That a statement may not be there is the same as one more condition, of which nothing is known; its operator is none
    that a known condition may have.
    """
    if not isinstance(block, Unknown) or block.members is None:
        return block
    members = {name: block.members(name) for name in ARGUMENTS.values()}
    conditions = members["condition"].items if isinstance(members["condition"], terms.Tuple) else ()
    number = Unknown(STRING, block.hole, not_null=True)
    operator = terms.holed(["if there is one: ", Part(number)], block.place)
    there = terms.Object({"test": operator, "variable": operator}, place=block.place)
    members |= {"sid": number, "condition": terms.Tuple((*conditions, there))}
    return terms.Object(members, place=block.place)


def _statements(value: Value) -> tuple[Value, ...]:
    statements = value.get("Statement") if isinstance(value, Mapping) else None
    return statements if isinstance(statements, tuple) else ()


def _sid(statement: Value) -> str | None:
    sid = statement.get("Sid") if isinstance(statement, Mapping) else None
    return sid if isinstance(sid, str) else None


class _Within:
    """What stands at JSON pointers into arguments, and below a text that is JSON into its document."""

    def __init__(self, arguments: Mapping[str, Value]):
        self.arguments = arguments
        self.documents: dict[str, Value] = {}

    def __call__(self, pointer: str) -> Value:
        value: Value = self.arguments
        for step in pointer.split("/")[1:]:
            if isinstance(value, str):
                value = (
                    self.documents[value]
                    if value in self.documents
                    else self.documents.setdefault(value, decoded(value))
                )
            match value:
                case tuple():
                    value = value[int(step)]
                case Mapping():
                    value = next((item for name, item in value.items() if name.lower() == step.lower()), None)
                case _:
                    return None
        return value


def text_of(made: Rendered, place: PlaceOf) -> Term:
    """The attribute `json`: the provider's text where all of it is known, else a text around its holes."""
    term = term_of(made.document, place)
    if isinstance(term, Unknown):
        return Unknown(STRING, term.hole, not_null=True)
    text = made.json
    return encode(term) if text is None else Text(text, document=term)


def minified_text_of(made: Rendered, place: PlaceOf) -> Term:
    """The attribute `minified_json`."""
    text = made.minified_json
    return text_of(made, place) if text is None else Text(text, document=term_of(made.document, place))


def nowhere(_pointer: str, _value: Value) -> None:
    """Nothing of the value was written in the source."""
    return


def term_of(value: Value, place: PlaceOf = nowhere, pointer: str = "") -> Term:
    """A value as a term of the language, each part with its place."""
    here = place(pointer, value)
    match value:
        case None:
            return terms.Null(place=here)
        case bool():
            return terms.Bool(value, place=here)
        case int():
            return terms.Number(value, place=here)
        case float():
            return terms.Number(from_decimal(Decimal(repr(value))) or 0, place=here)
        case str():
            return Text(value, place=here)
        case UnknownValue(hole):
            return Unknown(DYNAMIC, hole, place=here)
        case Template(parts):
            return terms.holed([part if isinstance(part, str) else _part(part) for part in parts], here)
        case tuple():
            return terms.Tuple(
                tuple([term_of(item, place, f"{pointer}/{n}") for n, item in enumerate(value)]), place=here
            )
        case Mapping():
            members = {name: term_of(item, place, f"{pointer}/{pointer_step(name)}") for name, item in value.items()}
            return terms.Object(members, place=here)


def _part(hole: Hole) -> Part:
    return Part(Unknown(STRING, hole, not_null=True))


def name_of(value: Value) -> Term:
    """An ARN, an id or a name as a term: AWS lets none of them hold a quote or a backslash, nor be null."""
    match value:
        case Template(parts):
            return terms.holed(
                [part if isinstance(part, str) else Part(Unknown(STRING, part, True, True)) for part in parts]
            )
        case UnknownValue(hole):
            return Unknown(STRING, hole, not_null=True, plain=True)
        case _:
            return term_of(value)
