"""What names stand for in a configuration: variables, local values, modules and resources, evaluated by need."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import did_you_mean
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.access import attribute, index
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.floats import plain
from tfkms.frontends.hcl.scope import Deferred, Meaning
from tfkms.frontends.hcl.terms import Number, Term, Text
from tfkms.frontends.hcl.types import DYNAMIC
from tfkms.frontends.hcl.unknowns import made_of
from tfkms.values import Hole


class Members(Struct, Deferred, frozen=True):
    """A few members by name, each with its meaning: `each`, `path`, the iterator of a `dynamic` block."""

    members: Mapping[str, Meaning]
    what: str

    def attribute(self, name: str) -> Meaning:
        """The member of that name."""
        if name not in self.members:
            raise Fault(f"{self.what} has no attribute `{name}`", did_you_mean(name, self.members))
        return self.members[name]

    def index(self, key: Term) -> Meaning:
        """The member that a text names."""
        return self.attribute(key.value) if isinstance(key, Text) else index(self.term(), key)

    def elements(self) -> Sequence[tuple[Term, Meaning]] | None:
        """The members, sorted by name."""
        return [(Text(name), self.members[name]) for name in sorted(self.members)]

    def term(self) -> Term:
        """An object of all members."""
        return terms.Object({name: as_term(own) for name, own in self.members.items()})


class Lookup(Struct, Deferred, frozen=True):
    """Things of a kind that are looked up by name: `var`, `local`, `module`, `data`, the resources of a type."""

    what: str
    find: Callable[[str], Meaning]

    def attribute(self, name: str) -> Meaning:
        """The thing of that name."""
        return self.find(name)

    def index(self, key: Term) -> Meaning:
        """The thing that a text names."""
        if isinstance(key, Text):
            return self.find(key.value)
        return keyed(self.what, key, "which one is meant is not known")

    def elements(self) -> Sequence[tuple[Term, Meaning]] | None:
        """Terraform has no list of them."""
        return None

    def term(self) -> Term:
        """Terraform has no value for all of them."""
        raise Fault(f"`{self.what}` must be followed by a name")


class Repeated(Struct, Deferred, frozen=True):
    """The instances of a block with `count` or `for_each`, by key; `known` is False where their keys are not known."""

    what: str
    instances: Mapping[int | str, Meaning]
    by_name: bool
    known: bool

    def attribute(self, name: str) -> Meaning:
        """Only a single instance has attributes."""
        if self.by_name and name in self.instances:
            return self.instances[name]
        if not self.known:
            return nameless(f"{self.what}.{name}", "its instances are not known")
        raise Fault(f"{self.what} has several instances: one must be named by its key")

    def index(self, key: Term) -> Meaning:
        """The instance with that key."""
        if not self.known or not isinstance(key, Text | Number):
            return keyed(self.what, key, "its instances are not known")
        written: object = key.value
        if not self.by_name and isinstance(key, Text) and key.value.isdecimal():
            written = int(key.value)
        if self.by_name and isinstance(key, Number):
            written = str(key.value)
        for own, instance in self.instances.items():
            if own == written:
                return instance
        raise Fault(f"{self.what} has no instance with this key")

    def elements(self) -> Sequence[tuple[Term, Meaning]] | None:
        """The instances with their keys; None where they are not known."""
        if not self.known:
            return None
        return [(Text(key) if isinstance(key, str) else Number(key), own) for key, own in self.instances.items()]

    def is_sequence(self) -> bool:
        """Whether they are numbered: a splat goes over those."""
        return not self.by_name

    def term(self) -> Term:
        """A list of the instances, or an object where they have names."""
        if not self.known:
            return nameless(self.what, "its instances are not known")
        if self.by_name:
            return terms.Object({str(key): as_term(own) for key, own in self.instances.items()})
        return terms.Tuple(tuple(as_term(own) for own in self.instances.values()))


class Single(Struct, Deferred, frozen=True):
    """One instance of a resource, a data source or a module: its attributes are worked out one by one."""

    what: str
    find: Callable[[str], Term]

    def attribute(self, name: str) -> Term:
        """The attribute of that name."""
        return self.find(name)

    def index(self, key: Term) -> Term:
        """The attribute that a text names; no instance has a key where there is only one."""
        if isinstance(key, Text):
            return self.find(key.value)
        raise Fault(f"{self.what} has one instance, which has no key", "take the key away")

    def elements(self) -> Sequence[tuple[Term, Meaning]] | None:
        """Its attributes are not listed."""
        return None

    def term(self) -> Term:
        """All of it is not known, as a provider may add to it; what is asked of that is still told."""
        return replace(nameless(self.what, "not all of its attributes are known"), not_null=True, members=self.find)


def nameless(reference: str, reason: str) -> terms.Unknown:
    """An unknown of any type, which `reference` would tell."""
    return terms.Unknown(DYNAMIC, Hole("", "", reason, (reference,)))


def keyed(what: str, key: Term, reason: str) -> terms.Unknown:
    """The unknown `what[key]`: another one for each key."""
    made = made_of(Hole("", "", reason), what, (key,))
    shown = f'"{key.value}"' if isinstance(key, Text) else plain(key.value) if isinstance(key, Number) else "…"
    return terms.Unknown(DYNAMIC, Hole("", made.path or f"/{made.references[0]}", reason, (f"{what}[{shown}]",)))


def as_term(meaning: Meaning) -> Term:
    """All of what a name stands for."""
    return meaning.term() if isinstance(meaning, Deferred) else meaning


def below(meaning: Meaning, name: str) -> Meaning:
    """`meaning.name`."""
    return meaning.attribute(name) if isinstance(meaning, Deferred) else attribute(meaning, name)
