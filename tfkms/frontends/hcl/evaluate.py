"""From syntax to terms: what an expression says in a scope."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from tfkms.diagnostics import Diagnostic, Level, did_you_mean
from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.access import attribute, index
from tfkms.frontends.hcl.branches import chosen, common_type, either
from tfkms.frontends.hcl.conversion import CannotConvert, convert, text_of
from tfkms.frontends.hcl.faults import Fault, UndeclaredFault, Withheld, check_size, check_text, deep_recursion
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.floats import from_decimal
from tfkms.frontends.hcl.functions.registry import FUNCTIONS, NEVER_KNOWN, find
from tfkms.frontends.hcl.iteration import ELEMENT, for_object, for_tuple, splat
from tfkms.frontends.hcl.operators import binary, logic, unary
from tfkms.frontends.hcl.parse import parse_template
from tfkms.frontends.hcl.scope import Deferred, Meaning, Names, Scope
from tfkms.frontends.hcl.terms import Place, Term, Unknown
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, STRING
from tfkms.frontends.hcl.unknowns import derived, unknown
from tfkms.values import Hole

Bindings = Mapping[str, Meaning]
_TEMPLATE_FUNCTIONS = ("templatefile", "templatestring")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an expression evaluates to, with what went wrong on the way; what went wrong is unknown in `term`."""

    term: Term
    diagnostics: tuple[Diagnostic, ...] = ()


def evaluate(expression: syntax.Expression, source: syntax.SourceText, scope: Scope) -> Evaluation:
    """The value of `expression`, which was parsed from `source`.

    An error in an item of a list or object makes that item unknown and the rest stays; any other makes the whole
    unknown. Each error is a diagnostic of level `error` with file and line.
    """
    with deep_recursion():
        evaluator = Evaluator(source, scope)
        term = evaluator.guarded(expression, {})
    return Evaluation(term, tuple([_diagnostic(fault, source) for fault in evaluator.faults]))


def meaning(expression: syntax.Expression, source: syntax.SourceText, scope: Scope) -> Meaning:
    """What a reference stands for, as far as it is evaluated by need. Raises `Fault`, its place known."""
    with deep_recursion():
        return Evaluator(source, scope).meaning(expression, {})


def _diagnostic(fault: Fault, source: syntax.SourceText) -> Diagnostic:
    span = source.span(fault.start or 0, fault.end or 0)
    return Diagnostic(Level.ERROR, "expression-invalid", fault.message, file=span.file, line=span.line, hint=fault.hint)


class Evaluator:
    """Evaluates the expressions of one source text in one scope.

    `faults` collects errors that cost an item only. `doubts` counts the operations on unknowns that could still fail
    once those are known: `try` gives a value through only if there were none.
    """

    def __init__(self, source: syntax.SourceText, scope: Scope, forbidden: tuple[str, ...] = ()):
        self.source = source
        self.scope = scope
        self.faults: list[Fault] = []
        self.doubts = 0
        self.forbidden = forbidden

    @property
    def files(self) -> Files:
        """The files that functions may read."""
        return self.scope.files

    def place(self, node: syntax.Expression | syntax.TemplatePart) -> Place:
        """Where a node stands."""
        return Place(self.source, node.start, node.end, self.scope.calls)

    def guarded(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of `node`; an unknown in place of an error, which is noted."""
        try:
            return self.value(node, bound)
        except Fault as fault:
            self.faults.append(fault)
            shown = self.source.text[node.start : min(node.end, node.start + 60)]
            hole = Hole("", "", f"in error: {fault.message}", (" ".join(shown.split()),))
            return Unknown(DYNAMIC, hole, place=self.place(node))

    def value(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of `node`. Raises `Fault` with the place of the innermost node at fault."""
        found = self.meaning(node, bound)
        return found.term() if isinstance(found, Deferred) else found

    def meaning(self, node: syntax.Expression, bound: Bindings) -> Meaning:
        """The value of `node`, or the deferred thing that it refers to."""
        budget = self.scope.budget
        budget.enter()
        try:
            return self._dispatch(node, bound)
        except Fault as fault:
            if fault.start is None:
                fault.start, fault.end = node.start, node.end
            raise
        finally:
            budget.depth -= 1

    def _dispatch(self, node: syntax.Expression, bound: Bindings) -> Meaning:
        match node:
            case syntax.Attribute():
                return self._attribute_of(node, bound)
            case syntax.Template():
                return self._template(node, bound)
            case syntax.Name():
                return self._name_of(node, bound)
            case syntax.Literal():
                return self._literal(node)
            case syntax.Object():
                return self._object_of(node, bound)
            case syntax.Tuple():
                return self._tuple_of(node, bound)
            case syntax.Index():
                return self._index_of(node, bound)
            case syntax.Call():
                return self._call(node, bound)
            case syntax.Conditional():
                return self._conditional(node, bound)
            case syntax.Binary():
                return self._binary_of(node, bound)
            case syntax.Unary():
                return self._unary_of(node, bound)
            case syntax.Splat():
                return splat(self, node, bound)
            case syntax.Element():
                return bound[ELEMENT]
            case syntax.ForTuple():
                return for_tuple(self, node, bound)
            case syntax.ForObject():
                return for_object(self, node, bound)
            case syntax.Unreadable(message=message):
                raise Fault(message)
            case _:
                assert_never(node)

    def _attempt(self, node: syntax.Expression, bound: Bindings) -> tuple[Term | None, Fault | None]:
        """The value of `node`, or the first error in it; nothing is noted."""
        before = len(self.faults)
        try:
            term = self.value(node, bound)
        except UndeclaredFault:
            raise
        except Fault as fault:
            del self.faults[before:]
            return None, fault
        if len(self.faults) > before:
            first = self.faults[before]
            del self.faults[before:]
            return None, first
        return term, None

    def _doubtful(self, *given: Term) -> None:
        """Note an operation on `given` that could fail once all of it is known."""
        if not all(term.whole for term in given):
            self.doubts += 1

    # Leaves and references

    def _literal(self, node: syntax.Literal) -> Term:
        match node.value:
            case None:
                return terms.Null(place=self.place(node))
            case bool():
                return terms.Bool(node.value, place=self.place(node))
            case number:
                value = from_decimal(number)
                if value is None:
                    raise Fault("the number is beyond all measure")
                return terms.Number(value, place=self.place(node))

    def _name_of(self, node: syntax.Name, bound: Bindings) -> Meaning:
        if node.name in bound:
            return bound[node.name]
        found = self.scope.name(node.name)
        if found is None:
            known = [*self.scope.names(), *bound]
            raise UndeclaredFault(f"there is nothing called `{node.name}` here", did_you_mean(node.name, known))
        return found

    def _attribute_of(self, node: syntax.Attribute, bound: Bindings) -> Meaning:
        base = self.meaning(node.base, bound)
        if isinstance(base, Deferred):
            return base.attribute(node.name)
        if isinstance(base, Unknown):
            self.doubts += 1
        return attribute(base, node.name)

    def _index_of(self, node: syntax.Index, bound: Bindings) -> Meaning:
        base = self.meaning(node.base, bound)
        key = self.value(node.key, bound)
        if isinstance(base, Deferred):
            found = base.index(key)
            if isinstance(found, Unknown):
                self.doubts += 1
            return found
        if isinstance(base, Unknown) or terms.is_unknown(key):
            self.doubts += 1
        return index(base, key)

    # Operators

    def _unary_of(self, node: syntax.Unary, bound: Bindings) -> Term:
        operand = self.value(node.operand, bound)
        self._doubtful(operand)
        return unary(node.operator, operand)

    def _binary_of(self, node: syntax.Binary, bound: Bindings) -> Term:
        left = self.value(node.left, bound)
        if node.operator in ("&&", "||"):
            return self._logic(node, left, bound)
        right = self.value(node.right, bound)
        if node.operator not in ("==", "!="):
            self._doubtful(left, right)
        return binary(node.operator, left, right)

    def _logic(self, node: syntax.Binary, left: Term, bound: Bindings) -> Term:
        """A side that decides alone makes an error on the right harmless, as in newer versions of Terraform."""
        right, fault = self._attempt(node.right, bound)
        self._doubtful(left)
        if right is not None:
            self._doubtful(right)
            return binary(node.operator, left, right)
        assert fault is not None
        alone = logic(node.operator, left, terms.Bool(node.operator == "&&"))
        if isinstance(alone, terms.Bool) and alone.value is (node.operator == "||"):
            return alone
        raise fault

    def _conditional(self, node: syntax.Conditional, bound: Bindings) -> Term:
        then, then_fault = self._attempt(node.then, bound)
        otherwise, otherwise_fault = self._attempt(node.otherwise, bound)
        condition = self.value(node.condition, bound)
        return self._choose(condition, (then, then_fault), (otherwise, otherwise_fault))

    def _choose(
        self, condition: Term, then: tuple[Term | None, Fault | None], otherwise: tuple[Term | None, Fault | None]
    ) -> Term:
        """One of two branches, each a value or the error that it gives."""
        failed = Unknown(DYNAMIC, Hole("", "", "in error"))
        first, second = then[0] or failed, otherwise[0] or failed
        kind = common_type(first, second)
        if isinstance(condition, terms.Null):
            raise Fault("the condition is null; it must be true or false")
        try:
            test = convert(condition, BOOL)
        except CannotConvert as reason:
            raise Fault(f"the condition must be true or false: {reason}") from None
        if not isinstance(test, terms.Bool):
            self._doubtful(condition)
            if then[0] is None or otherwise[0] is None:
                return derived("conditional", (condition, first, second), kind, not_null=False)
            return either(test, first, second)
        term, fault = then if test.value else otherwise
        if term is None:
            assert fault is not None
            raise fault
        sensitive = test.sensitive or first.sensitive or second.sensitive
        return terms.with_sensitive(chosen(term, kind), sensitive)

    # Constructors

    def _tuple_of(self, node: syntax.Tuple, bound: Bindings) -> Term:
        made = terms.Tuple(tuple([self.guarded(item, bound) for item in node.items]), place=self.place(node))
        check_size(made.size)
        return made

    def _object_of(self, node: syntax.Object, bound: Bindings) -> Term:
        members: dict[str, Term] = {}
        open_key: Term | None = None
        sensitive = False
        for item in node.items:
            key = self._key(item.key, bound)
            value = self.guarded(item.value, bound)
            sensitive = sensitive or key.sensitive
            name = _key_text(key)
            if isinstance(name, str):
                members[name] = value
            else:
                open_key = key
        place = self.place(node)
        made = terms.Object(members, sensitive, place)
        check_size(made.size)
        return made if open_key is None else terms.at(derived("object", (open_key, made), DYNAMIC), place)

    def _key(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of an object's key; `null` without parentheses is a name like any other."""
        if isinstance(node, syntax.Literal) and self.source.text[node.start : node.end] == "null":
            return terms.Text("null")
        return self.value(node, bound)

    # Templates

    def _template(self, node: syntax.Template, bound: Bindings) -> Term:
        if node.passes_through and len(node.parts) == 1 and isinstance(node.parts[0], syntax.Interpolation):
            return self.value(node.parts[0].expression, bound)
        place = self.place(node)
        if len(node.parts) == 1 and isinstance(node.parts[0], syntax.TextPart):
            return self._traced(terms.text(node.parts[0].text, place), node.parts)
        return terms.at(self._join(node.parts, bound, trace=True), place)

    def _join(
        self, parts: Iterable[syntax.TemplatePart], bound: Bindings, *, trace: bool = False
    ) -> terms.Text | terms.HoledText:
        """The text that the parts of a template give one after the other."""
        joined: list[str | terms.Part] = []
        stretches: list[tuple[int, Place]] = []
        length, sensitive = 0, False
        for part in parts:
            if isinstance(part, syntax.TextPart):
                pieces: list[str | terms.Part] = [part.text]
            else:
                text = self._part_text(part, bound)
                sensitive = sensitive or text.sensitive
                pieces = terms.text_parts(text)
            if trace:
                stretches.append((length, self.place(part)))
            length += sum([len(piece) if isinstance(piece, str) else 1 for piece in pieces])
            check_text(length)
            joined.extend(pieces)
        made = terms.with_sensitive(terms.holed(joined), sensitive)
        return terms.with_trace(made, tuple(stretches)) if trace else made

    def _traced(self, text: terms.Text, parts: tuple[syntax.TemplatePart, ...]) -> terms.Text | terms.HoledText:
        """A text of one part, with where it was written if it has several lines."""
        if "\n" not in text.value:
            return text
        return terms.with_trace(text, ((0, self.place(parts[0])),))

    def _part_text(self, part: syntax.TemplatePart, bound: Bindings) -> Term:
        """The text of an interpolation or a directive."""
        match part:
            case syntax.Interpolation(expression=expression):
                return self._as_text(self.value(expression, bound), expression)
            case syntax.IfDirective(condition=condition, then=then, otherwise=otherwise):
                test = self.value(condition, bound)
                return self._choose(test, self._attempt_join(then, bound), self._attempt_join(otherwise, bound))
            case syntax.ForDirective():
                return self._for_directive(part, bound)
            case syntax.TextPart(text=text):
                return terms.text(text)

    def _attempt_join(
        self, parts: tuple[syntax.TemplatePart, ...], bound: Bindings
    ) -> tuple[Term | None, Fault | None]:
        before = len(self.faults)
        try:
            return self._join(parts, bound), None
        except Fault as fault:
            del self.faults[before:]
            return None, fault

    def _for_directive(self, part: syntax.ForDirective, bound: Bindings) -> Term:
        result = syntax.Template(part.start, part.end, part.parts)
        node = syntax.ForTuple(part.start, part.end, part.key, part.value, part.collection, result, None)
        made = for_tuple(self, node, bound)
        if not isinstance(made, terms.Tuple):
            return derived("for", (made,), STRING)
        parts: list[str | terms.Part] = []
        for item in made.items:
            parts.extend(terms.text_parts(item))
        return terms.with_sensitive(terms.holed(parts), made.marked)

    def _as_text(self, term: Term, node: syntax.Expression) -> Term:
        """An interpolated value as text; unknown ones stay holes."""
        if isinstance(term, terms.Null):
            raise Fault("a null value cannot stand in a text", None, node.start, node.end)
        if isinstance(term, Unknown):
            if term.type not in (STRING, DYNAMIC) or not term.not_null:
                self.doubts += term.type is DYNAMIC or not term.not_null
            return term
        try:
            return convert(term, STRING)
        except CannotConvert as reason:
            raise Fault(f"the value cannot stand in a text: {reason}", None, node.start, node.end) from None

    # Calls

    def _call(self, node: syntax.Call, bound: Bindings) -> Term:
        name = node.name.removeprefix("core::")
        if name == "try":
            return self._try_(self._expanded(node, bound))
        if name == "can":
            return self._can(node, bound)
        function = find(name)
        if function is None:
            return self._missing(node, bound)
        if name in self.forbidden:
            raise Fault(f"`{name}` cannot be called inside a template that a function renders")
        if name == "templatestring" and node.arguments and not _is_reference(node.arguments[0]):
            raise Fault("the template must be a reference to a string from elsewhere", "write the template itself")
        arguments: list[Term] = []
        for argument in self._expanded(node, bound):
            if isinstance(argument, Unopened):
                return derived(name, (argument.term,), DYNAMIC, not_null=False)
            arguments.append(argument() if callable(argument) else argument)
        self._doubtful(*arguments)
        try:
            made = function.call(self, arguments)
        except Withheld as reason:
            kind = function.result if not callable(function.result) else DYNAMIC
            made = unknown(kind, str(reason), f"{name}(…)")
        made = made if made.place is not None else terms.at(made, self.place(node))
        check_size(made.size)
        return made

    def _expanded(self, node: syntax.Call, bound: Bindings) -> "list[Callable[[], Term] | Term | Unopened]":
        """The arguments, each to be evaluated by need; those that `...` stands for come evaluated."""
        found: list[Callable[[], Term] | Term | Unopened] = []
        for place, argument in enumerate(node.arguments):
            if not (node.expand and place == len(node.arguments) - 1):
                found.append(Argument(self, argument, bound))
                continue
            last = self.value(argument, bound)
            match last:
                case terms.Null():
                    raise Fault("what `...` expands must not be null", None, argument.start, argument.end)
                case terms.Set() if not last.whole:
                    self.doubts += 1
                    found.append(Unopened(last))
                case terms.List() | terms.Tuple() | terms.Set():
                    found.extend([terms.with_sensitive(item, last.sensitive) for item in last.items])
                case Unknown() if last.type is DYNAMIC or not isinstance(last.type, type(STRING)):
                    self.doubts += 1
                    found.append(Unopened(last))
                case _:
                    raise Fault("what `...` expands must be a list, set or tuple", None, argument.start, argument.end)
        return found

    def _missing(self, node: syntax.Call, bound: Bindings) -> Term:
        """A call of a function that is not built in: of a provider, or misspelt."""
        if node.name in NEVER_KNOWN:
            for argument in node.arguments:
                self.value(argument, bound)
            self.doubts += 1
            kind, reason = NEVER_KNOWN[node.name]
            return unknown(kind, reason, f"{node.name}()")
        if node.name.startswith("provider::"):
            return unknown(DYNAMIC, "a function of a provider", f"{node.name}(…)", not_null=False)
        hint = did_you_mean(node.name, [*FUNCTIONS, *NEVER_KNOWN, "try", "can"])
        raise Fault(f"there is no function `{node.name}`", hint)

    def _try_(self, arguments: "list[Callable[[], Term] | Term | Unopened]") -> Term:
        if not arguments:
            raise Fault("`try` takes at least 1 argument, not 0")
        first: Fault | None = None
        for argument in arguments:
            if isinstance(argument, Unopened):
                return derived("try", (argument.term,), DYNAMIC, not_null=False)
            if isinstance(argument, Argument):
                doubts = self.doubts
                term, fault = self._attempt(argument.node, argument.bound)
                if term is None:
                    first = first or fault
                    continue
            else:
                assert not callable(argument)
                term, doubts = argument, self.doubts
            if self.doubts == doubts:
                return term
            return terms.at(derived("try", (term,), DYNAMIC, not_null=False), term.place)
        assert first is not None
        raise Fault(f"no argument of `try` has a value; the first: {first.message}", first.hint)

    def _can(self, node: syntax.Call, bound: Bindings) -> Term:
        if len(node.arguments) != 1 or node.expand:
            raise Fault(f"`can` takes 1 argument, not {len(node.arguments)}")
        doubts = self.doubts
        term, _ = self._attempt(node.arguments[0], bound)
        if term is None:
            return terms.Bool(False)
        if self.doubts == doubts:
            return terms.Bool(True)
        return derived("can", (term,), BOOL)

    def render(self, source: syntax.SourceText, variables: Mapping[str, Term], *, caller: str) -> Term:
        """The text of a template file or string."""
        template = parse_template(source.text)
        scope = Names(dict(variables), self.scope.files, self.scope.budget, self.scope.calls)
        inner = Evaluator(source, scope, (*self.forbidden, *_TEMPLATE_FUNCTIONS, *_file_functions(caller)))
        try:
            term = inner.value(template, {})
        except Fault as fault:
            inner.faults.insert(0, fault)
            term = terms.Null()
        if inner.faults:
            first = inner.faults[0]
            line = source.span(first.start or 0, first.end or 0).line
            raise Fault(f"{first.message} (line {line} of {source.file})", first.hint)
        if isinstance(term, terms.Null):
            raise Fault(f"the template of `{caller}` gives null")
        self.doubts += inner.doubts
        return term


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument that is evaluated when it is called."""

    evaluator: Evaluator
    node: syntax.Expression
    bound: Bindings

    def __call__(self) -> Term:
        """Its value."""
        return self.evaluator.value(self.node, self.bound)


@dataclass(frozen=True, slots=True)
class Unopened:
    """Arguments that `...` stands for and that are not known."""

    term: Term


def _file_functions(caller: str) -> tuple[str, ...]:
    if caller != "templatestring":
        return ()
    return tuple([name for name in FUNCTIONS if name.startswith("file") or name == "templatefile"])


def _is_reference(node: syntax.Expression) -> bool:
    while isinstance(node, syntax.Attribute | syntax.Index | syntax.Splat):
        node = node.base
    return isinstance(node, syntax.Name)


def _key_text(key: Term) -> str | None:
    """The name that a key of an object gives; None for one that is not known."""
    if isinstance(key, terms.Null):
        raise Fault("null cannot be a key")
    if terms.is_unknown(key):
        return None
    if not isinstance(key, terms.Bool | terms.Number | terms.Text):
        raise Fault("a key must be a string")
    return text_of(key)
