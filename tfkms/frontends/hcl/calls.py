"""Function calls, `try` and `can` among them."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import did_you_mean
from tfkms.frontends.hcl import syntax, terms
from tfkms.frontends.hcl.equality import equal
from tfkms.frontends.hcl.faults import Fault, Withheld, check_size
from tfkms.frontends.hcl.functions.registry import ELSEWHERE, FUNCTIONS, IN_STEP, NEVER_KNOWN, SURE, SURE_OF_TEXTS
from tfkms.frontends.hcl.functions.signature import Function
from tfkms.frontends.hcl.terms import Term, Text, Unknown
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, SEQUENCES, Primitive, SetType, is_dynamic_within
from tfkms.frontends.hcl.unknowns import apart, derived, made_of
from tfkms.frontends.hcl.walker import Bindings, Outcome, Walker
from tfkms.values import Hole

_YAML_OF_A_STEP = 16
"""How many letters of YAML count for a step, be there a value in them or an error: they take longest to read by far."""


class _Later(Struct, frozen=True):
    """An argument that is not evaluated yet."""

    node: syntax.Expression


class _Now(Struct, frozen=True):
    """An argument that `...` stands for; with `several`, arguments of which it is not known how many there are."""

    term: Term
    several: bool = False


_Argument: TypeAlias = _Later | _Now


def call(walker: Walker, node: syntax.Call, bound: Bindings) -> Term:
    """The value of a call. Raises `Fault` where the function is unknown or refuses its arguments."""
    name = node.name.removeprefix("core::")
    if name in ELSEWHERE:
        walker.doubts += 1
        hole = Hole(
            "", f"/{walker.scope.budget.steps}", "a function that Terraform 1.11 does not have", (f"{name}(…)",)
        )
        return Unknown(ELSEWHERE[name], hole, place=walker.place(node))
    arguments = _expanded(walker, node, bound)
    if name == "try":
        return _try(walker, arguments, bound)
    if name == "can":
        return _can(walker, arguments, bound)
    function = FUNCTIONS.get(name)
    if function is not None and name in walker.forbidden:
        raise Fault(f"`{name}` cannot be called inside a template that a function renders")
    if name == "templatestring" and node.arguments and not _is_reference(node.arguments[0]):
        raise Fault("the template must be a reference to a string from elsewhere", "write the template itself")
    before = walker.scope.budget.ephemeral
    given = [
        argument.term if isinstance(argument, _Now) else walker.value(argument.node, bound) for argument in arguments
    ]
    if walker.is_lost():
        return Unknown(DYNAMIC, Hole("", "", "in error"))
    if function is None:
        return _missing(walker, name, given)
    if _has_several(arguments):
        return derived(name, given, DYNAMIC, not_null=False)
    if name == "ephemeralasnull" and walker.scope.budget.ephemeral > before:
        given = [_null_if_ephemeral(term) for term in given]
    made = _called(walker, function, given)
    check_size(made.size)
    walker.scope.budget.make(made, texts=not function.shares)
    return made if made.place is not None else terms.at(made, walker.place(node))


def _called(walker: Walker, function: Function, given: Sequence[Term]) -> Term:
    if not _is_sure(function.name, given):
        walker.doubts += 1
    budget = walker.scope.budget
    in_step = function.name in IN_STEP and not any(terms.is_unknown(term) for term in given)
    untyped = function.result is DYNAMIC or any(isinstance(term, Unknown) and term.type is DYNAMIC for term in given)
    try:
        if function.name == "yamldecode":
            budget.spend(sum([len(term.value) for term in given if isinstance(term, Text)]) // _YAML_OF_A_STEP)
        if in_step:
            return function.call(walker, given)
        made = budget.foresee(given, lambda: function.call(walker, given))
    except Withheld as reason:
        walker.doubts += 1
        kind = DYNAMIC if callable(function.result) else function.result
        open_ = derived(function.name, given, kind)
        return replace(open_, hole=replace(open_.hole, reason=str(reason)))
    budget.ahead += untyped and not made.whole and made.type is not DYNAMIC
    return made


def _null_if_ephemeral(term: Term) -> Term:
    """What becomes of a value that was made of something ephemeral: it, or parts of it, may be so too."""
    if terms.is_null(term):
        return term
    made = derived("ephemeralasnull", (terms.with_sensitive(term),), term.type, not_null=False)
    return replace(made, sensitive=term.marked, hole=replace(made.hole, reason="null if it is ephemeral"))


def _is_sure(name: str, given: Sequence[Term]) -> bool:
    """Whether the call cannot fail whatever the unknowns in its arguments turn out to be."""
    if all(term.whole for term in given):
        return True
    if name == "replace" and len(given) > 1 and _may_be_pattern(given[1]):  # it could be malformed
        return False
    # behind what is unknown Terraform does not look at the others yet
    if name in ("concat", "flatten") and not all(isinstance(term.type, SEQUENCES) for term in given):
        return False
    if name == "concat" and any(isinstance(term.type, SetType) for term in given):
        return False
    if name in ("length", "keys") and not terms.is_unknown(given[0]):  # it does not ask what is in there
        return True
    if name in SURE:
        return all(_is_settled(term, texts=False) for term in given)
    return name in SURE_OF_TEXTS and all(_is_settled(term, texts=True) for term in given)


def _may_be_pattern(term: Term) -> bool:
    return not isinstance(term, terms.Text) or (term.value[:1] == "/" == term.value[1:][-1:])


def _is_settled(term: Term, *, texts: bool) -> bool:
    """Whether all types in it are known; and, for `texts`, that nothing in it is null or can turn out so."""
    match term:
        case terms.Null():
            return not texts
        case Unknown(type=kind, not_null=not_null):
            return not is_dynamic_within(kind) and not_null and (isinstance(kind, Primitive) or not texts)
        case terms.List() | terms.Set() | terms.Tuple() | terms.Map() | terms.Object():
            return all(_is_settled_within(child, texts=texts) for child in terms.items(term))
        case _:
            return True


def _is_settled_within(term: Term, *, texts: bool) -> bool:
    if isinstance(term, Unknown) and not texts:
        return not is_dynamic_within(term.type)
    return _is_settled(term, texts=texts)


def _expanded(walker: Walker, node: syntax.Call, bound: Bindings) -> list[_Argument]:
    """The arguments; those that `...` stands for come evaluated."""
    if not node.expand:
        return [_Later(argument) for argument in node.arguments]
    *others, final = node.arguments
    found: list[_Argument] = [_Later(argument) for argument in others]
    last = walker.value(final, bound)
    match last:
        case terms.Null():
            raise Fault("what `...` expands must not be null", None, final.start, final.end)
        case terms.List() | terms.Tuple() | terms.Set() if last.whole or not isinstance(last, terms.Set):
            return [*found, *[_Now(terms.with_sensitive(item, last.sensitive)) for item in last.items]]
        case terms.Set() | Unknown() if last.type is DYNAMIC or not isinstance(last.type, Primitive):
            walker.doubts += 1
            return [*found, _Now(last, several=True)]
        case _:
            raise Fault("what `...` expands must be a list, set or tuple", None, final.start, final.end)


def _has_several(arguments: Sequence[_Argument]) -> bool:
    return any(isinstance(argument, _Now) and argument.several for argument in arguments)


def _missing(walker: Walker, name: str, given: Sequence[Term]) -> Term:
    """A call of a function that is not built in: one whose result is made up, one of a provider, or a misspelt one."""
    walker.doubts += 1
    kind, reason = NEVER_KNOWN.get(name, (DYNAMIC, "a function of a provider"))
    if name not in NEVER_KNOWN and not name.startswith("provider::"):
        raise Fault(f"there is no function `{name}`", did_you_mean(name, [*FUNCTIONS, *NEVER_KNOWN, "try", "can"]))
    hole = made_of(Hole("", "", reason), name, tuple(given))
    if name in NEVER_KNOWN:  # two calls give two values
        hole = Hole(hole.address, f"/{walker.scope.budget.steps}", hole.reason, hole.references)
    return Unknown(kind, hole, not_null=name in NEVER_KNOWN)


def _attempt(walker: Walker, argument: _Argument, bound: Bindings) -> Outcome:
    if isinstance(argument, _Later):
        return walker.attempt(argument.node, bound)
    return Outcome(argument.term, None, int(argument.several), argument.term)


def _try(walker: Walker, arguments: Sequence[_Argument], bound: Bindings) -> Term:
    first: Fault | None = None
    forgiven = walker.forgiven
    for place, argument in enumerate(arguments):
        outcome = _attempt(walker, argument, bound)
        if outcome.term is None and not outcome.ahead:
            first = first or outcome.fault
            continue
        others = arguments[place + 1 :]
        if outcome.term is not None and outcome.doubts == 0 and _is_agreed(walker, outcome, others, bound):
            walker.forgiven = forgiven
            walker.scope.budget.ahead += not outcome.term.whole
            return outcome.term
        walker.doubts += 1
        made = derived("try", (outcome.shape,), DYNAMIC, not_null=False)
        return terms.at(apart(made, walker.scope.budget.steps), outcome.shape.place)
    if first is None:
        raise Fault("`try` takes at least 1 argument, not 0")
    raise Fault(f"no argument of `try` has a value; the first: {first.message}", first.hint)


def _is_agreed(walker: Walker, outcome: Outcome, others: Sequence[_Argument], bound: Bindings) -> bool:
    """Whether versions of Terraform that do not forgive the error in an argument of `try` come to its value too."""
    if not outcome.forgiven:
        return True
    assert outcome.term is not None
    return bool(others) and equal(_try(walker, others, bound), outcome.term) is True


def _can(walker: Walker, arguments: Sequence[_Argument], bound: Bindings) -> Term:
    if len(arguments) != 1:
        raise Fault(f"`can` takes 1 argument, not {len(arguments)}")
    outcome = _attempt(walker, arguments[0], bound)
    if outcome.term is None and not outcome.ahead:
        return terms.Bool(False)
    if outcome.term is not None and outcome.doubts == 0 and not outcome.forgiven:
        walker.scope.budget.ahead += not outcome.term.whole
        return terms.Bool(True)
    return apart(derived("can", (outcome.shape,), BOOL), walker.scope.budget.steps)


def _is_reference(node: syntax.Expression) -> bool:
    while isinstance(node, syntax.Attribute | syntax.Index | syntax.Splat):
        node = node.base
    return isinstance(node, syntax.Name)
