"""Templates: quoted strings, heredocs and template files."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault, check_text
from tfkms.frontends.hcl.iteration import for_tuple
from tfkms.frontends.hcl.json_text import written_in
from tfkms.frontends.hcl.terms import HoledText, Part, Place, Stretch, Term, Text, Trace, Unknown
from tfkms.frontends.hcl.types import DYNAMIC, STRING, Primitive
from tfkms.frontends.hcl.unknowns import derived
from tfkms.frontends.hcl.walker import Bindings, Outcome, Walker

TRACE_LIMIT = 10_000
"""How many stretches of a text are told apart; of one with more, beyond any policy, only where it stands as a whole."""


def template(walker: Walker, node: syntax.Template, bound: Bindings) -> Term:
    """The value of a template: a text, or that of its one interpolation where it passes that through."""
    first = node.parts[0] if len(node.parts) == 1 else None
    if node.passes_through and isinstance(first, syntax.Interpolation):
        return walker.value(first.expression, bound)
    place = walker.place(node)
    if not isinstance(first, syntax.TextPart):
        return terms.at(_joined(walker, node.parts, bound), place)
    text = terms.text(first.text, place)
    return terms.with_trace(text, (Stretch(0, walker.place(first)),)) if _may_be_read(text.value) else text


def _may_be_read(text: str) -> bool:
    """Whether a text may be a document, of which the parts are to be found again."""
    return "\n" in text or text[:1] in ("{", "[")


def _joined(walker: Walker, parts: Iterable[syntax.TemplatePart], bound: Bindings) -> Text | HoledText:
    """The text that the parts of a template give one after the other."""
    joined: list[str | Part] = []
    stretches: list[Stretch] = []
    length, sensitive = 0, False
    for part in parts:
        text: Term | None = None
        if isinstance(part, syntax.TextPart):
            pieces: list[str | Part] = [part.text]
        else:
            text = _part_text(walker, part, bound)
            sensitive = sensitive or text.sensitive
            pieces = terms.text_parts(text)
        if len(stretches) <= TRACE_LIMIT:
            stretches += _stretches(walker.place(part), text, length)
        length += terms.length(pieces)
        check_text(length)
        joined.extend(pieces)
    made = terms.with_sensitive(terms.holed(joined), sensitive)
    walker.scope.budget.make(made)
    return terms.with_trace(made, _trace(stretches))


def _trace(stretches: Sequence[Stretch]) -> Trace:
    return tuple(stretches) if len(stretches) <= TRACE_LIMIT else ()


def _stretches(place: Place, made: Term | None, offset: int) -> Iterator[Stretch]:
    """Where a part of a template was written that begins at an offset; `made` is what an expression in it is worth."""
    yield Stretch(offset, place, made is not None)
    if isinstance(made, Text | HoledText) and (made.document is None or made.document.size <= TRACE_LIMIT):
        for own in written_in(made, place):
            yield own._replace(start=offset + own.start)


def _part_text(walker: Walker, part: syntax.TemplatePart, bound: Bindings) -> Term:
    """The text of an interpolation or a directive."""
    match part:
        case syntax.Interpolation(expression=expression):
            return _as_text(walker, walker.value(expression, bound), expression)
        case syntax.IfDirective(condition=condition, then=then, otherwise=otherwise):
            test = walker.value(condition, bound)
            branches = _attempted(walker, then, bound), _attempted(walker, otherwise, bound)
            return walker.scope.budget.foresee((test,), lambda: walker.choose(test, *branches))
        case syntax.ForDirective():
            return _repeated(walker, part, bound)
        case syntax.TextPart(text=text):
            return terms.text(text)


def _attempted(walker: Walker, parts: tuple[syntax.TemplatePart, ...], bound: Bindings) -> Outcome:
    found = walker.tried(lambda: _joined(walker, parts, bound))
    return replace(found, shape=found.term or terms.Text(""))


def _repeated(walker: Walker, part: syntax.ForDirective, bound: Bindings) -> Term:
    result = syntax.Template(part.start, part.end, part.parts)
    node = syntax.ForTuple(part.start, part.end, part.key, part.value, part.collection, result, None)
    made = for_tuple(walker, node, bound)
    if not isinstance(made, terms.Tuple):
        return derived("for", (made,), STRING)
    parts: list[str | Part] = []
    stretches: list[Stretch] = []
    length, place = 0, walker.place(part)
    for item in made.items:
        text = _as_text(walker, item, result)
        if len(stretches) <= TRACE_LIMIT:
            stretches += _stretches(place, text, length)
        pieces = terms.text_parts(text)
        length += terms.length(pieces)
        check_text(length)
        parts.extend(pieces)
    return terms.with_trace(terms.with_sensitive(terms.holed(parts), made.marked), _trace(stretches))


def _as_text(walker: Walker, term: Term, node: syntax.Expression) -> Term:
    """An interpolated value as text; unknown ones stay holes."""
    if isinstance(term, terms.Null):
        raise Fault("a null value cannot stand in a text", None, node.start, node.end)
    if isinstance(term, Unknown):
        walker.doubts += not (isinstance(term.type, Primitive) and term.type is not DYNAMIC and term.not_null)
        return term
    try:
        return convert(term, STRING)
    except CannotConvert as reason:
        walker.scope.budget.ahead += not term.whole
        raise Fault(f"the value cannot stand in a text: {reason}", None, node.start, node.end) from None
