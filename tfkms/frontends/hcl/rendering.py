"""Templates: quoted strings, heredocs and template files."""

from collections.abc import Iterable

from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault, UndeclaredFault, check_text
from tfkms.frontends.hcl.iteration import for_tuple
from tfkms.frontends.hcl.terms import HoledText, Part, Place, Term, Text, Unknown
from tfkms.frontends.hcl.types import DYNAMIC, STRING, Primitive
from tfkms.frontends.hcl.unknowns import derived
from tfkms.frontends.hcl.walker import Bindings, Outcome, Walker


def template(walker: Walker, node: syntax.Template, bound: Bindings) -> Term:
    """The value of a template: a text, or that of its one interpolation where it passes that through."""
    first = node.parts[0] if len(node.parts) == 1 else None
    if node.passes_through and isinstance(first, syntax.Interpolation):
        return walker.value(first.expression, bound)
    place = walker.place(node)
    if not isinstance(first, syntax.TextPart):
        return terms.at(_joined(walker, node.parts, bound, trace=True), place)
    text = terms.text(first.text, place)
    return terms.with_trace(text, ((0, walker.place(first)),)) if "\n" in text.value else text


def _joined(
    walker: Walker, parts: Iterable[syntax.TemplatePart], bound: Bindings, *, trace: bool = False
) -> Text | HoledText:
    """The text that the parts of a template give one after the other."""
    joined: list[str | Part] = []
    stretches: list[tuple[int, Place]] = []
    length, sensitive = 0, False
    for part in parts:
        if isinstance(part, syntax.TextPart):
            pieces: list[str | Part] = [part.text]
        else:
            text = _part_text(walker, part, bound)
            sensitive = sensitive or text.sensitive
            pieces = terms.text_parts(text)
        if trace:
            stretches.append((length, walker.place(part)))
        length += sum([len(piece) if isinstance(piece, str) else 1 for piece in pieces])
        check_text(length)
        joined.extend(pieces)
    made = terms.with_sensitive(terms.holed(joined), sensitive)
    return terms.with_trace(made, tuple(stretches)) if trace else made


def _part_text(walker: Walker, part: syntax.TemplatePart, bound: Bindings) -> Term:
    """The text of an interpolation or a directive."""
    match part:
        case syntax.Interpolation(expression=expression):
            return _as_text(walker, walker.value(expression, bound), expression)
        case syntax.IfDirective(condition=condition, then=then, otherwise=otherwise):
            test = walker.value(condition, bound)
            return walker.choose(test, _attempted(walker, then, bound), _attempted(walker, otherwise, bound))
        case syntax.ForDirective():
            return _repeated(walker, part, bound)
        case syntax.TextPart(text=text):
            return terms.text(text)


def _attempted(walker: Walker, parts: tuple[syntax.TemplatePart, ...], bound: Bindings) -> Outcome:
    before = walker.doubts
    try:
        term, fault = _joined(walker, parts, bound), None
    except UndeclaredFault:
        raise
    except Fault as found:
        term, fault = None, found
    doubts, walker.doubts = walker.doubts - before, before
    return Outcome(term, fault, doubts, term)


def _repeated(walker: Walker, part: syntax.ForDirective, bound: Bindings) -> Term:
    result = syntax.Template(part.start, part.end, part.parts)
    node = syntax.ForTuple(part.start, part.end, part.key, part.value, part.collection, result, None)
    made = for_tuple(walker, node, bound)
    if not isinstance(made, terms.Tuple):
        return derived("for", (made,), STRING)
    parts: list[str | Part] = []
    for item in made.items:
        parts.extend(terms.text_parts(_as_text(walker, item, result)))
    return terms.with_sensitive(terms.holed(parts), made.marked)


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
        raise Fault(f"the value cannot stand in a text: {reason}", None, node.start, node.end) from None
