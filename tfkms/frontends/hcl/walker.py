"""What the parts of the evaluator ask of each other."""

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from tfkms.frontends.hcl import syntax
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.scope import Meaning, Scope
from tfkms.frontends.hcl.terms import Place, Term

ELEMENT = "*"
Bindings = Mapping[str, Meaning]


class Outcome(Struct, frozen=True):
    """What trying an expression gives: a term, or the first error in it; and how many doubts it raised.

    `shape` has the type of the expression even where that is in error, or an item of it. `forgiven` says that
    the term rests on a logical operator having forgiven an error, which it does from Terraform 1.12 on. `ahead` says
    that the error, if there is one, may be none to Terraform yet (`Budget.ahead`).
    """

    term: Term | None
    fault: Fault | None
    doubts: int
    shape: Term
    forgiven: bool = False
    ahead: bool = False


class Walker(Protocol):
    """The evaluator of one text.

    `doubts` counts the operations on unknowns that could still fail once those are known: `try` gives a value through
    only if there were none. `forgiven` counts the errors on one side of a logical operator that the other decides.
    """

    doubts: int
    forgiven: int

    @property
    def scope(self) -> Scope:
        """Where names are looked up."""

    @property
    def files(self) -> Files:
        """The files that functions may read."""

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Functions that must not be called here."""

    def value(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of `node`. Raises `Fault` with the place of the innermost node at fault."""

    def meaning(self, node: syntax.Expression, bound: Bindings) -> Meaning:
        """The value of `node`, or the deferred thing that it refers to."""

    def guarded(self, node: syntax.Expression, bound: Bindings) -> Term:
        """The value of `node`; an unknown in place of an error, which is noted."""

    def note(self, fault: Fault) -> None:
        """Note an error that costs no more than an item."""

    def is_lost(self) -> bool:
        """Whether what is being tried has failed already: no more than its type is asked for."""

    def attempt(self, node: syntax.Expression, bound: Bindings) -> Outcome:
        """The value of `node` or the first error in it; neither errors nor doubts are noted."""

    def tried(self, work: Callable[[], Term]) -> Outcome:
        """As `attempt`, of what `work` gives."""

    def choose(self, condition: Term, then: Outcome, otherwise: Outcome) -> Term:
        """The branch that `condition` chooses; what both agree on where it is not known."""

    def place(self, node: syntax.Expression | syntax.TemplatePart) -> Place:
        """Where `node` stands."""

    def render(self, source: syntax.SourceText, variables: Mapping[str, Term], *, caller: str) -> Term:
        """The text that a template gives, seeing `variables` alone, for the function `caller`."""
