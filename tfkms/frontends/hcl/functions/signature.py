"""What a function takes and gives, and what calling one means: conversion, null, unknown and sensitive arguments."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.terms import HoledText, Null, Part, Term, Unknown, simplest, unmarked, with_sensitive
from tfkms.frontends.hcl.types import DYNAMIC, STRING, ListType, MapType, ObjectType, SetType, TupleType, Type, friendly
from tfkms.frontends.hcl.unknowns import derived


class Site(Protocol):
    """What a function may use besides its arguments."""

    @property
    def files(self) -> Files:
        """The files that a configuration may read."""

    def render(self, source: SourceText, variables: Mapping[str, Term], *, caller: str) -> Term:
        """The text that a template gives, seeing `variables` alone, for the function `caller`."""


class Parameter(Struct, frozen=True):
    """One parameter. The flags say what the function deals with itself.

    `null`: null arguments; `unknown`: unknown ones; `holed`: texts known in parts; `marked`: sensitive ones.
    `families`: the kinds of types that `DYNAMIC` stands for; an argument of any other is refused, even an unknown one.
    """

    name: str
    type: Type = DYNAMIC
    null: bool = False
    unknown: bool = False
    holed: bool = False
    marked: bool = False
    families: "Families | None" = None


class Families(Struct, frozen=True):
    """Several kinds of types, and what a person calls them."""

    kinds: tuple[type[Type], ...]
    shown: str


LISTS = Families((ListType, TupleType), "a list or tuple")
SEQUENTIAL = Families((ListType, SetType, TupleType), "a list, set or tuple")
MAPPED = Families((MapType, ObjectType), "a map or object")

Result = Type | Callable[..., Type]


class Function(Struct, frozen=True):
    """A function: `work` gets the arguments after conversion, and a `Site` first where `sited`.

    `result` is the type of an unknown result, or works it out from the arguments. `plain` marks texts that hold
    neither quotes nor backslashes whatever the arguments. One that `waits` is not called by
    Terraform before its arguments are known: what it finds wrong is no error before. Of one that `shares`, the result
    holds texts of the arguments and no new ones.
    """

    name: str
    work: Callable[..., Term]
    parameters: tuple[Parameter, ...]
    rest: Parameter | None = None
    result: Result = DYNAMIC
    sited: bool = False
    plain: bool = False
    nullable_result: bool = False
    waits: bool = False
    shares: bool = False

    def call(self, site: Site, arguments: Sequence[Term]) -> Term:
        """The result for `arguments`; unknown where one that matters is. Raises `Fault`."""
        self._check_count(len(arguments))
        sensitive, open_, untyped = False, False, False
        given: list[Term] = []
        whole = all(argument.whole for argument in arguments)
        for place, argument in enumerate(arguments):
            parameter = self.parameters[place] if place < len(self.parameters) else self.rest
            assert parameter is not None
            term = self._fitted(parameter, argument)
            refusal = self._refusal(parameter, term)
            if refusal is not None and not untyped:
                raise refusal
            # behind an argument that is of no type yet Terraform does not look at the others
            untyped = untyped or (isinstance(term, Unknown) and term.type is DYNAMIC)
            open_ = open_ or refusal is not None
            if not parameter.marked and term.marked:
                sensitive = True
                term = unmarked(term) if whole else term
            if isinstance(term, Unknown) and parameter.holed and not parameter.unknown and term.type is STRING:
                term = HoledText((Part(term),), sensitive=term.sensitive)
            if isinstance(term, Unknown):
                open_ = open_ or not parameter.unknown
            elif isinstance(term, HoledText):
                open_ = open_ or not (parameter.unknown or parameter.holed)
            given.append(term)
        if open_ or (sensitive and not whole):  # names of unknowns must not tell what is sensitive
            kind = self.result(*given) if callable(self.result) else self.result
            made: Term = derived(self.name, given, kind, not_null=not self.nullable_result, plain=self.plain)
        else:
            made = self._worked(site, given, sensitive=sensitive)
        return with_sensitive(simplest(made), sensitive)

    def _worked(self, site: Site, given: Sequence[Term], *, sensitive: bool) -> Term:
        try:
            try:
                return self.work(site, *given) if self.sited else self.work(*given)
            except CannotConvert as reason:
                raise Fault(f"`{self.name}`: an argument does not fit: {reason}") from None
        except Fault as found:
            fault = Fault(f"`{self.name}`: a sensitive argument does not fit") if sensitive else found
            if self._waits() and not all(term.whole for term in given):
                raise Withheld(f"known after apply, and in error then: {fault.message}") from None
            raise fault from None
        except Withheld:
            if not sensitive:
                raise
            raise Withheld(f"what `{self.name}` makes of a sensitive argument is not known") from None

    def _waits(self) -> bool:
        """Whether Terraform does not call it for unknowns, where tfkms may look into texts that are known in parts."""
        return self.waits or any(parameter.holed and not parameter.unknown for parameter in self.parameters)

    def _fitted(self, parameter: Parameter, argument: Term) -> Term:
        try:
            return convert(argument, parameter.type)
        except CannotConvert as reason:
            raise Fault(f"`{self.name}`: the argument `{parameter.name}` does not fit: {reason}") from None

    def _refusal(self, parameter: Parameter, term: Term) -> Fault | None:
        families = parameter.families
        if families is not None and term.type is not DYNAMIC and not isinstance(term.type, families.kinds):
            return wrong(self.name, parameter.name, term, families.shown)
        if isinstance(term, Null) and not parameter.null:
            return Fault(f"`{self.name}`: the argument `{parameter.name}` must not be null")
        return None

    def _check_count(self, count: int) -> None:
        least = len(self.parameters)
        if count < least or (count > least and self.rest is None):
            bound = "at least " if self.rest is not None else ""
            raise Fault(f"`{self.name}` takes {bound}{least} argument{'s' if least != 1 else ''}, not {count}")


class Group(Struct):
    """Functions of one kind, by name; `shares` as for each of them."""

    shares: bool = False
    functions: dict[str, Function] = field(default_factory=dict)

    def define(
        self,
        name: str,
        *parameters: Parameter,
        rest: Parameter | None = None,
        result: Result = DYNAMIC,
        sited: bool = False,
        plain: bool = False,
        nullable_result: bool = False,
        waits: bool = False,
    ) -> Callable[[Callable[..., Term]], Callable[..., Term]]:
        """Make the decorated function the language's function `name`."""

        def add(work: Callable[..., Term]) -> Callable[..., Term]:
            self.functions[name] = Function(
                name, work, parameters, rest, result, sited, plain, nullable_result, waits, self.shares
            )
            return work

        return add


def wrong(function: str, parameter: str, term: Term, wanted: str) -> Fault:
    """The fault of an argument of the wrong kind."""
    return Fault(f"`{function}`: the argument `{parameter}` must be {wanted}, not {friendly(term.type)}")
