"""From syntax to terms: what an expression says in a scope."""

from collections.abc import Callable, Mapping
from typing import assert_never

from msgspec import Struct

from tfkms.diagnostics import Diagnostic, Level, did_you_mean
from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.access import attribute, index
from tfkms.frontends.hcl.branches import chosen, common_type, either
from tfkms.frontends.hcl.calls import call
from tfkms.frontends.hcl.conversion import CannotConvert, convert, text_of
from tfkms.frontends.hcl.faults import Fault, UndeclaredFault, Withheld, check_size, deep_recursion
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.floats import from_decimal
from tfkms.frontends.hcl.functions.registry import FUNCTIONS
from tfkms.frontends.hcl.iteration import for_object, for_tuple, splat
from tfkms.frontends.hcl.operators import binary, logic, unary
from tfkms.frontends.hcl.parse import parse_template
from tfkms.frontends.hcl.rendering import template
from tfkms.frontends.hcl.scope import Deferred, Meaning, Names, Scope
from tfkms.frontends.hcl.terms import Place, Term, Unknown
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, Type
from tfkms.frontends.hcl.unknowns import apart, derived
from tfkms.frontends.hcl.walker import ELEMENT, Bindings, Outcome
from tfkms.values import Hole

_SHOWN = 60
_NAMED_IN_A_MODULE = ("var", "local", "module", "data")
_TEMPLATE_FUNCTIONS = ("templatefile", "templatestring")


class Evaluation(Struct, frozen=True):
    """What an expression evaluates to, with what went wrong on the way; what went wrong is unknown in `term`."""

    term: Term
    diagnostics: tuple[Diagnostic, ...] = ()


def evaluate(expression: syntax.Expression, source: syntax.SourceText, scope: Scope) -> Evaluation:
    """The value of `expression`, which was parsed from `source`.

    An error in an item of a list or object makes that item unknown and the rest stays; any other makes the whole
    unknown. Each error is a diagnostic of level `error` with file and line. What asks for more than we give is unknown
    for that reason, and no error.
    """
    with deep_recursion():
        evaluator = Evaluator(source, scope)
        term = evaluator.whole(expression)
    return Evaluation(term, tuple(dict.fromkeys([_diagnostic(fault, source) for fault in evaluator.faults])))


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
        self.forgiven = 0
        self.forbidden = forbidden
        self._noted: int | None = None

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
            return self._placed(self.value(node, bound), node)
        except Fault as fault:
            return self._failed(fault, node)

    def whole(self, node: syntax.Expression) -> Term:
        """The value of a whole expression; an unknown in place of any error, which is noted."""
        try:
            return self._placed(self.value(node, {}), node)
        except Fault as fault:
            return self._failed(fault, node)

    def _placed(self, term: Term, node: syntax.Expression) -> Term:
        """The term; what was written nowhere, such as what AWS will make up, stands where it is referred to."""
        return term if term.place is not None else terms.at(term, self.place(node))

    def _failed(self, fault: Fault, node: syntax.Expression) -> Unknown:
        self.note(fault)
        return self._lost(node, f"in error: {fault.message}", fault.type)

    def _withheld(self, node: syntax.Expression, reason: Withheld) -> Unknown:
        self.doubts += 1
        return self._lost(node, str(reason))

    def _lost(self, node: syntax.Expression, reason: str, kind: Type = DYNAMIC) -> Unknown:
        shown = " ".join(self.source.text[node.start : min(node.end, node.start + _SHOWN)].split())
        hole = Hole("", f"/{self.scope.budget.steps}", reason, (shown,))
        return Unknown(kind, hole, place=self.place(node))

    def value(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of `node`. Raises `Fault` with the place of the innermost node at fault."""
        found = self.meaning(node, bound)
        if not isinstance(found, Deferred):
            return found
        try:
            return found.term()
        except Withheld as reason:
            return self._withheld(node, reason)

    def meaning(self, node: syntax.Expression, bound: Bindings) -> Meaning:
        """The value of `node`, or the deferred thing that it refers to."""
        budget = self.scope.budget
        try:
            budget.enter()
            return self._dispatch(node, bound)
        except Withheld as reason:
            return self._withheld(node, reason)
        except Fault as fault:
            if fault.start is None:
                fault.start, fault.end = node.start, node.end
            fault.type = _type_in_error(node, fault)
            raise
        finally:
            budget.depth -= 1

    def _dispatch(self, node: syntax.Expression, bound: Bindings) -> Meaning:
        match node:
            case syntax.Attribute():
                return self._attribute_of(node, bound)
            case syntax.Template():
                return template(self, node, bound)
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
                return call(self, node, bound)
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

    def note(self, fault: Fault) -> None:
        """Note an error that costs no more than an item."""
        fault.ahead = self.scope.budget.ahead
        self.faults.append(fault)

    def is_lost(self) -> bool:
        """Whether what is being tried has failed already: no more than its type is asked for."""
        return self._noted is not None and len(self.faults) > self._noted

    def attempt(self, node: syntax.Expression, bound: Bindings) -> Outcome:
        """The value of `node` or the first error in it; neither errors nor doubts are noted.

        What no `try` can catch, an undeclared name, is raised on.
        """
        return self.tried(lambda: self.value(node, bound))

    def tried(self, work: Callable[[], Term]) -> Outcome:
        """As `attempt`, of what `work` gives."""
        budget = self.scope.budget
        outer, before, forgiven, ahead = self._noted, self.doubts, self.forgiven, budget.ahead
        noted = self._noted = len(self.faults)
        fault: Fault | None = None
        try:
            term: Term | None = work()
            shape = term
        except UndeclaredFault:
            raise
        except Fault as found:
            term, fault = None, found
            shape = Unknown(found.type, Hole("", "", "in error"))
        finally:
            self._noted = outer
        if len(self.faults) > noted:
            lost = self.faults[noted:]
            del self.faults[noted:]
            for undeclared in lost:
                if isinstance(undeclared, UndeclaredFault):
                    raise undeclared
            term, fault = None, lost[0]
            budget.ahead = fault.ahead  # what came after it changes nothing
        doubts, self.doubts = self.doubts - before, before
        assert shape is not None
        return Outcome(term, fault, doubts, shape, self.forgiven > forgiven, budget.ahead > ahead)

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
                return terms.Number(from_decimal(number), place=self.place(node))

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
        return self._marked(base, attribute(base, node.name))

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
        return self._marked(base, self.scope.budget.foresee((key,), lambda: index(base, key)))

    def _marked(self, base: Term, found: Term) -> Term:
        """What was found in a value; of a sensitive one it is a copy."""
        if base.sensitive:
            self.scope.budget.make(found, texts=False)
        return found

    # Operators

    def _unary_of(self, node: syntax.Unary, bound: Bindings) -> Term:
        operand = self.value(node.operand, bound)
        self._doubtful(operand)
        return self.scope.budget.foresee((operand,), lambda: unary(node.operator, operand))

    def _binary_of(self, node: syntax.Binary, bound: Bindings) -> Term:
        left = self.value(node.left, bound)
        if node.operator in ("&&", "||"):
            return self._logic(node, left, bound)
        right = self.value(node.right, bound)
        if node.operator not in ("==", "!="):
            self._doubtful(left, right)
        return self._joined(node.operator, left, right)

    def _joined(self, operator: str, left: Term, right: Term) -> Term:
        return self.scope.budget.foresee((left, right), lambda: binary(operator, left, right))

    def _logic(self, node: syntax.Binary, left: Term, bound: Bindings) -> Term:
        """A side that decides alone makes an error on the right harmless, as in newer versions of Terraform."""
        right = self.attempt(node.right, bound)
        self._doubtful(left)
        if right.term is not None:
            self._doubtful(right.term)
            self.doubts += right.doubts
            return self._joined(node.operator, left, right.term)
        assert right.fault is not None
        alone = logic(node.operator, left, terms.Bool(node.operator == "&&"))
        if isinstance(alone, terms.Bool) and alone.value is (node.operator == "||"):
            self.forgiven += 1
            return alone
        raise right.fault

    def _conditional(self, node: syntax.Conditional, bound: Bindings) -> Term:
        then, otherwise = self.attempt(node.then, bound), self.attempt(node.otherwise, bound)
        try:
            condition = self.value(node.condition, bound)
            made = self.scope.budget.foresee((condition,), lambda: self.choose(condition, then, otherwise))
        except Fault as fault:
            fault.type = _type_of_either(then.shape, otherwise.shape)
            raise
        self.scope.budget.make(made, texts=False)
        return made

    def choose(self, condition: Term, then: Outcome, otherwise: Outcome) -> Term:
        """The branch that `condition` chooses; what both agree on where it is not known."""
        first, second = then.shape, otherwise.shape
        kind = common_type(first, second)
        if isinstance(condition, terms.Null):
            raise Fault("the condition is null; it must be true or false")
        try:
            # of an unknown Terraform asks only later whether it is true or false at all
            test = condition if isinstance(condition, Unknown) else convert(condition, BOOL)
        except CannotConvert as reason:
            raise Fault(f"the condition must be true or false: {reason}") from None
        if not isinstance(test, terms.Bool):
            self.doubts += then.doubts + otherwise.doubts + terms.may_be_null(test) + (condition.type is not BOOL)
            if then.term is None or otherwise.term is None:
                self.doubts += 1
                return derived("conditional", (condition, first, second), kind, not_null=False)
            return either(test, first, second)
        taken = then if test.value else otherwise
        self.doubts += taken.doubts
        if taken.term is None:
            assert taken.fault is not None
            raise taken.fault
        sensitive = test.sensitive or first.sensitive or second.sensitive
        return terms.with_sensitive(chosen(taken.term, kind), sensitive)

    # Constructors

    def _item(self, node: syntax.Expression, bound: Bindings) -> Term:
        """An item or a member. One value that is called by its name in the module stands where it is called so; what
        has parts of its own, or comes out of a loop, where it was written."""
        found = self.guarded(node, bound)
        if isinstance(found, terms.List | terms.Set | terms.Tuple | terms.Map | terms.Object):
            return found
        return terms.at(found, self.place(node)) if _first_name(node) in _NAMED_IN_A_MODULE else found

    def _tuple_of(self, node: syntax.Tuple, bound: Bindings) -> Term:
        made = terms.Tuple(tuple([self._item(item, bound) for item in node.items]), place=self.place(node))
        check_size(made.size)
        return made

    def _object_of(self, node: syntax.Object, bound: Bindings) -> Term:
        members: dict[str, Term] = {}
        open_key: Term | None = None
        sensitive = False
        for item in node.items:
            key = self._key(item.key, bound)
            value = self._item(item.value, bound)
            sensitive = sensitive or key.sensitive
            name = _key_text(key)
            if isinstance(name, str):
                members[name] = value
            else:
                open_key = key
        place = self.place(node)
        made = terms.Object(members, sensitive=sensitive, place=place)
        check_size(made.size)
        if open_key is None:
            return made
        return terms.at(apart(derived("object", (open_key,), DYNAMIC), self.scope.budget.steps), place)

    def _key(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of an object's key; `null` without parentheses is a name like any other."""
        if isinstance(node, syntax.Literal) and self.source.text[node.start : node.end] == "null":
            return terms.Text("null")
        return self.value(node, bound)

    def render(self, source: syntax.SourceText, variables: Mapping[str, Term], *, caller: str) -> Term:
        """The text of a template file or string."""
        parsed = parse_template(source.text)
        if isinstance(parsed, syntax.Unreadable) and parsed.limited:
            raise Withheld(parsed.message)
        scope = Names(dict(variables), self.scope.files, self.scope.budget, self.scope.calls)
        inner = Evaluator(source, scope, (*self.forbidden, *_TEMPLATE_FUNCTIONS, *_file_functions(caller)))
        try:
            term = inner.value(parsed, {})
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


def _type_in_error(node: syntax.Expression, fault: Fault) -> Type:
    """The type that Terraform gives an expression that has no value; `fault` has that of what is in it."""
    match node:
        case syntax.Binary(operator="+" | "-" | "*" | "/" | "%") | syntax.Unary(operator="-"):
            return NUMBER
        case syntax.Binary() | syntax.Unary():
            return BOOL
        case syntax.Template(passes_through=False):
            return STRING
        case syntax.Template() | syntax.Conditional():
            return fault.type
        case _:
            return DYNAMIC


def _type_of_either(then: Term, otherwise: Term) -> Type:
    try:
        return common_type(then, otherwise)
    except Fault:
        return DYNAMIC


def _file_functions(caller: str) -> tuple[str, ...]:
    if caller != "templatestring":
        return ()
    return tuple([name for name in FUNCTIONS if name.startswith("file") or name == "templatefile"])


def _key_text(key: Term) -> str | None:
    """The name that a key of an object gives; None for one that is not known."""
    if isinstance(key, terms.Null):
        raise Fault("null cannot be a key")
    if terms.is_unknown(key):
        return None
    if not isinstance(key, terms.Bool | terms.Number | terms.Text):
        raise Fault("a key must be a string")
    return text_of(key)


def _first_name(node: syntax.Expression) -> str | None:
    """The name that a chain of attributes and keys begins with, in quotes too; None for any other expression."""
    if isinstance(node, syntax.Template) and node.passes_through and isinstance(node.parts[0], syntax.Interpolation):
        node = node.parts[0].expression
    while isinstance(node, syntax.Attribute | syntax.Index):
        node = node.base
    return node.name if isinstance(node, syntax.Name) else None
