"""The names that an expression sees: those of its module, and those of the block that it stands in."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.scope import Budget, Meaning, Scope
from tfkms.frontends.hcl.terms import Place

_RESERVED = ("var", "local", "module", "data", "ephemeral", "path", "terraform", "each", "count", "self")
_BOUND_ONLY = ("each", "count", "self")


class BlockScope(Struct, frozen=True):
    """A scope of a module: `files` are those that functions may read, `budget` is what is left to spend, `calls` are
    the module calls that lead here, `outer` tells the names of the module and `bound` holds those of the block."""

    files: Files
    budget: Budget
    calls: tuple[Place, ...]
    outer: Callable[[str], Meaning | None]
    bound: Mapping[str, Meaning] = field(default_factory=dict)

    def name(self, name: str) -> Meaning | None:
        """What the first word of a reference stands for."""
        if name in self.bound:
            return self.bound[name]
        if name in _BOUND_ONLY:
            raise Fault(f"`{name}` stands for nothing here")
        return self.outer(name)

    def names(self) -> Sequence[str]:
        """Words that can be meant."""
        return (*_RESERVED, *self.bound)


def within(scope: Scope, bound: Mapping[str, Meaning]) -> BlockScope:
    """The scope with some names more."""
    assert isinstance(scope, BlockScope)
    return BlockScope(scope.files, scope.budget, scope.calls, scope.outer, {**scope.bound, **bound})
