"""What an expression may refer to: the protocol between the evaluator and the configuration around it."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct, field

from tfkms.frontends.hcl.faults import DEPTH_LIMIT, STEP_LIMIT, WEIGHT_LIMIT, Fault, Withheld
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.terms import Place, Term, is_unknown
from tfkms.frontends.hcl.weight import weight


class Deferred:
    """Something that a name stands for and that is evaluated only as far as it is asked about.

    `var`, `local`, `module.network`, all instances of a resource and one instance are such things. Each answer is a
    term or a deferred thing again. What does not exist is a `Fault`; what may or may not exist, an `Unknown` from
    `index`: the evaluator then takes it that the expression could still fail.
    """

    __slots__ = ()

    @abstractmethod
    def attribute(self, name: str) -> "Term | Deferred":
        """`this.name`."""

    @abstractmethod
    def index(self, key: Term) -> "Term | Deferred":
        """`this[key]`."""

    @abstractmethod
    def elements(self) -> "Sequence[tuple[Term, Term | Deferred]] | None":
        """Keys and values of its elements, in Terraform's order; None where they are not known or there are none."""

    def is_sequence(self) -> bool:
        """Whether it is a list, as the instances under `count` are: a splat takes anything else for a single thing."""
        return False

    @abstractmethod
    def term(self) -> Term:
        """All of it."""


Meaning: TypeAlias = Term | Deferred


class Budget(Struct):
    """What evaluating one configuration may take: how deep it is at the moment, how many steps it took so far, and what
    the values weigh that functions, templates and conversions have made.

    Two more are counted, to see what a value rests on. `ephemeral`: how often something ephemeral was asked for.
    `ahead`: how often something was known, or in error, though it was made of what is not all known: Terraform may
    still wait where tfkms sees further, so that an error that comes of it may be none in the plan.
    """

    depth: int = 0
    steps: int = 0
    made: int = 0
    ephemeral: int = 0
    ahead: int = 0

    def enter(self) -> None:
        """One level deeper, in any case. Raises `Withheld` beyond a limit."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.steps += 1
            raise Withheld(f"the expression is nested more than {DEPTH_LIMIT} deep")
        self.spend(1)

    def spend(self, steps: int) -> None:
        """Takes so many steps. Raises `Withheld` beyond a limit."""
        self.steps += steps
        if self.steps > STEP_LIMIT:
            raise Withheld(f"the configuration takes more than {STEP_LIMIT:,} steps to evaluate")
        self._check()

    def foresee(self, operands: Iterable[Term], work: Callable[[], Term]) -> Term:
        """What `work` makes of `operands`; counted as ahead if they leave open something that it does not."""
        if all(operand.whole for operand in operands):
            return work()
        try:
            made = work()
        except Fault:
            self.ahead += 1
            raise
        self.ahead += not is_unknown(made)
        return made

    def make(self, term: Term, *, texts: bool = True) -> None:
        """Counts a value that was made; without `texts`, one that shares those of others. Raises `Withheld`."""
        self.made += weight(term, texts=texts)
        self._check()

    def _check(self) -> None:
        if self.made > WEIGHT_LIMIT:
            raise Withheld(f"the values of the configuration take more than {WEIGHT_LIMIT // 1024 // 1024} MiB")


class Scope(Protocol):
    """The names that an expression sees, and what evaluating it may use."""

    @property
    def files(self) -> Files:
        """The files that functions may read."""

    @property
    def budget(self) -> Budget:
        """What is left to spend; one for a whole configuration."""

    @property
    def calls(self) -> tuple[Place, ...]:
        """The module calls that lead here, the outermost first."""

    def name(self, name: str) -> Meaning | None:
        """What the first word of a reference stands for (`var`, `each`, `aws_kms_key`); None for an unknown word.

        Raises `Fault` where the word is known but stands for nothing here (`each` without `for_each`).
        """

    def names(self) -> Sequence[str]:
        """Words that can be meant, to tell a misspelt one."""


class Memo(Struct):
    """Results by key, each worked out once; and what to answer where working one out comes back to itself."""

    found: dict[Hashable, Term] = field(default_factory=dict)
    open: set[Hashable] = field(default_factory=set)

    def get(self, key: Hashable, work_out: Callable[[], Term], circular: Callable[[], Term]) -> Term:
        """The result for `key`. `circular` gives that of a key that is being worked out at the moment."""
        if key in self.found:
            return self.found[key]
        if key in self.open:
            return circular()
        self.open.add(key)
        try:
            result = work_out()
        finally:
            self.open.discard(key)
        self.found[key] = result
        return result


class Names(Struct, frozen=True):
    """A scope of terms known beforehand, such as the variables of a template."""

    bound: dict[str, Meaning]
    files: Files
    budget: Budget
    calls: tuple[Place, ...] = ()

    def name(self, name: str) -> Meaning | None:
        """The term or deferred thing bound to `name`."""
        return self.bound.get(name)

    def names(self) -> Sequence[str]:
        """All bound names."""
        return tuple(self.bound)
