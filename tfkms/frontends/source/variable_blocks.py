"""What `variable` blocks say: type, default, and whether the value may be null or is sensitive."""

from collections.abc import Callable
from typing import TypeAlias

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.constraints import Constraint, read_constraint
from tfkms.frontends.hcl.constraints import Declaration as Variable
from tfkms.frontends.hcl.directory import Declaration, Placed
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.syntax import Argument, Expression, SourceText
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.source.declarations import argument

Evaluate: TypeAlias = Callable[[Expression, SourceText], Term]
"""What an expression of the module is worth."""


def variable_block(declaration: Declaration, evaluate: Evaluate, tell: Callable[[Diagnostic], None]) -> Variable:
    """What the block says. A type that is none is told as an error, and stands for any."""
    kind, default = argument(declaration, "type"), argument(declaration, "default")
    return Variable(
        constraint=_constraint(kind, evaluate, tell) if kind is not None else Constraint(),
        default=_value(default, evaluate) if default is not None else None,
        nullable=flag(declaration, "nullable", evaluate, otherwise=True),
        sensitive=flag(declaration, "sensitive", evaluate, otherwise=False),
    )


def flag(declaration: Declaration, name: str, evaluate: Evaluate, *, otherwise: bool) -> bool:
    """Whether an argument is true; `otherwise` where it is left out or not known."""
    placed = argument(declaration, name)
    value = _value(placed, evaluate) if placed is not None else None
    return value.value if isinstance(value, terms.Bool) else otherwise


def _value(placed: Placed, evaluate: Evaluate) -> Term:
    assert isinstance(placed.item, Argument)
    return evaluate(placed.item.value, placed.source)


def _constraint(placed: Placed, evaluate: Evaluate, tell: Callable[[Diagnostic], None]) -> Constraint:
    assert isinstance(placed.item, Argument)

    def constant(expression: Expression) -> Term:
        return evaluate(expression, placed.source)

    try:
        return read_constraint(placed.item.value, constant, parse_expression)
    except Fault as fault:
        span = placed.source.span(placed.item.start, placed.item.end)
        tell(Diagnostic(Level.ERROR, "type-invalid", fault.message, None, span.file, span.line, fault.hint))
        return Constraint()
