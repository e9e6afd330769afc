"""A configuration, evaluated by need: module instances, their variables, local values, outputs and resources.

Source: hashicorp/terraform:internal/terraform (the evaluation of names).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic, Level, Refusal, did_you_mean
from tfkms.frontends.addresses import AnyKey, ModulePath
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.access import attribute
from tfkms.frontends.hcl.conversion import CannotConvert
from tfkms.frontends.hcl.directory import Declaration, Placed
from tfkms.frontends.hcl.evaluate import evaluate, meaning
from tfkms.frontends.hcl.export import to_value
from tfkms.frontends.hcl.faults import UndeclaredFault, Withheld
from tfkms.frontends.hcl.files import Files
from tfkms.frontends.hcl.scope import Budget, Meaning, Memo, Scope
from tfkms.frontends.hcl.syntax import Argument, Expression, SourceText
from tfkms.frontends.hcl.terms import Place, Term, Text, Unknown
from tfkms.frontends.hcl.types import BOOL
from tfkms.frontends.source.block_scope import BlockScope, within
from tfkms.frontends.source.bodies import Reader
from tfkms.frontends.source.declarations import argument
from tfkms.frontends.source.documents import with_places
from tfkms.frontends.source.expansion import Instance, any_instance, counted, each, keyed
from tfkms.frontends.source.meanings import Lookup, Members, Repeated, Single, nameless
from tfkms.frontends.source.modules import Absent, Module
from tfkms.frontends.source.variable_blocks import flag, variable_block
from tfkms.model import Mode
from tfkms.values import Hole

META = frozenset(
    {"count", "for_each", "provider", "providers", "depends_on", "lifecycle", "connection", "provisioner", "source"}
)
MODES = {"resource": Mode.MANAGED, "data": Mode.DATA}
"""The types of blocks that declare resources and data sources."""
INSTANCES_LIMIT = 50_000
"""How many instances all blocks may have that are looked at."""


class Resource(Struct, frozen=True):
    """One instance of a resource or data source, not yet evaluated."""

    module: "ModuleInstance"
    declaration: Declaration
    mode: Mode
    instance: Instance

    @property
    def type(self) -> str:
        """The resource type."""
        return self.declaration.labels[0]

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.declaration.labels[1]

    @property
    def local_address(self) -> str:
        """Its address within its module."""
        prefix = "data." if self.mode is Mode.DATA else ""
        return f"{prefix}{self.type}.{self.name}{self.instance.suffix}"

    @property
    def address(self) -> str:
        """Its address as Terraform prints it; `[*]` for an instance that may or may not be there."""
        module = self.module.address
        return f"{module}.{self.local_address}" if module else self.local_address

    @property
    def place(self) -> Place:
        """Where its block stands."""
        block = self.declaration.base.block
        return Place(self.declaration.base.source, block.start, block.end, self.module.calls)


Told: TypeAlias = Callable[[Resource, str], Term | None]
"""An attribute of a resource as a plan knows it; None where there is no plan, or it does not."""

Keys: TypeAlias = Callable[[str, str], Sequence[int | str | None] | None]
"""The keys of a block's instances in a plan, by the address of its module and its own; None where no plan tells."""

Computed: TypeAlias = Callable[[Resource, str], Term]
"""An attribute of a resource that its block does not give."""


class World(Struct):
    """What all modules of a configuration share.

    `computed` says what an attribute is worth that no block gives; `told` and `keys` what a plan of the configuration
    knows; `here` the directory that `path.cwd` tells, `start`
    that of the root module.
    """

    files: Files
    workspace: str | None
    here: str | None
    start: str
    computed: Computed
    told: Told = field(default=lambda _resource, _name: None)
    keys: Keys = field(default=lambda _module, _block: None)
    budget: Budget = field(default_factory=Budget)
    memo: Memo = field(default_factory=Memo)
    errors: dict[tuple[str | None, int | None, str], Diagnostic] = field(default_factory=dict)
    expansions: dict[tuple[str, str], tuple[Instance, ...]] = field(default_factory=dict)
    rests_on: dict[tuple[str, ...], tuple[bool, bool]] = field(default_factory=dict)
    given: dict[str, Mapping[str, Term]] = field(default_factory=dict)
    made: int = 0

    def expanded(self, place: tuple[str, str], instances: Iterable[Instance]) -> tuple[Instance, ...]:
        """Keeps the instances of a block. Raises Refusal where all blocks together have too many."""
        found = self.expansions[place] = tuple(instances)
        self.made += len(found)
        if self.made > INSTANCES_LIMIT:
            message = f"the configuration makes more than {INSTANCES_LIMIT:,} instances"
            raise Refusal("instances-limit", message, "scan a plan of it, or its modules one by one")
        return found

    def tell(self, diagnostic: Diagnostic) -> None:
        """Keeps an error, each once."""
        self.errors.setdefault((diagnostic.file, diagnostic.line, diagnostic.message), diagnostic)

    def evaluate(self, expression: Expression, source: SourceText, scope: Scope) -> Term:
        """What an expression is worth; its errors are kept."""
        found = evaluate(expression, source, scope)
        for diagnostic in found.diagnostics:
            self.tell(diagnostic)
        return found.term

    def once(self, key: tuple[str, ...], work_out: Callable[[], Term]) -> Term:
        """The term for `key`, worked out once. What refers to itself is unknown."""
        name = ".".join(key[1:])

        def circular() -> Term:
            self.tell(Diagnostic(Level.ERROR, "configuration-circular", f"{name} refers to itself"))
            return nameless(name, "it refers to itself")

        budget = self.budget

        def noted() -> Term:
            ephemeral, ahead = budget.ephemeral, budget.ahead
            term = work_out()
            self.rests_on[key] = budget.ephemeral > ephemeral, budget.ahead > ahead
            return term

        ephemeral, ahead = self.rests_on.get(key, (False, False))
        budget.ephemeral += ephemeral
        budget.ahead += ahead
        return self.memo.get(key, noted, circular)


def _workspace(name: str | None) -> Term:
    reason = "told by --workspace and not by the JSON of a plan"
    return Text(name) if name is not None else nameless("terraform.workspace", reason)


def _here(directory: str | None) -> Term:
    return Text(directory) if directory is not None else nameless("path.cwd", "known where Terraform ran")


class ModuleInstance:
    """One instance of a module. `given` tells what a variable is called with, None where the call leaves it out."""

    def __init__(
        self,
        world: World,
        module: Module,
        path: ModulePath,
        given: Callable[[str], Term | None],
        calls: tuple[Place, ...] = (),
    ):
        self.world = world
        self.module = module
        self.path = path
        self.given = given
        self.calls = calls
        self.address = ".".join(f"module.{name}{Instance(key).suffix}" for name, key in path)
        self.scope = BlockScope(world.files, world.budget, calls, self.meaning)
        self.reader = Reader(world.evaluate, meaning, within)
        self.below: dict[tuple[str, str], ModuleInstance] = {}

    def meaning(self, name: str) -> Meaning | None:
        """What a word stands for in every expression of the module; None for one that can be no resource type."""
        match name:
            case "var":
                return Lookup("var", self.variable)
            case "local":
                return Lookup("local", self.local)
            case "module":
                return Lookup("module", self.called)
            case "data":
                return Lookup("data", lambda kind: Lookup(f"data.{kind}", lambda own: self.block(Mode.DATA, kind, own)))
            case "ephemeral":
                self.world.budget.ephemeral += 1
                return nameless("ephemeral", "ephemeral values are read during apply")
            case "path":
                return Members(self.places(), "path")
            case "terraform" | "tofu":  # OpenTofu takes both
                return Lookup(name, self.running)
            case _ if "_" in name or self.module.index.of_type("resource", name):
                return Lookup(name, lambda own: self.block(Mode.MANAGED, name, own))
            case _:
                return None

    def running(self, name: str) -> Term:
        """What `terraform` tells of how it runs."""
        if name == "applying":
            self.world.budget.ephemeral += 1
            return Unknown(BOOL, Hole("", "", "true during apply only", ("terraform.applying",)), not_null=True)
        return attribute(terms.Object({"workspace": _workspace(self.world.workspace)}), name)

    def places(self) -> Mapping[str, Term]:
        """The directories that `path` tells, relative to the root module but for the caller's own."""
        import posixpath

        own = posixpath.relpath(self.module.directory, self.world.start)
        return {
            "module": Text(own),
            "root": Text("."),
            "cwd": _here(self.world.here),
        }

    def lost(self, kind: str, *labels: str) -> bool:
        """Whether what could not be read may have declared this."""
        return self.module.index.may_have_held(kind, *labels)

    def variable(self, name: str) -> Term:
        """The value of a variable."""
        return self.world.once((self.address, "var", name), lambda: self._variable(name))

    def _variable(self, name: str) -> Term:
        declaration = self.module.index.declared("variable", name)
        reference = f"var.{name}"
        if declaration is None:
            if self.lost("variable", name):
                return nameless(reference, "its declaration cannot be read")
            known = [own.labels[0] for own in self.module.index.of_type("variable") if own.labels]
            raise UndeclaredFault(f"there is no variable `{name}`", did_you_mean(name, known))
        self.world.budget.ephemeral += flag(declaration, "ephemeral", self.evaluated, otherwise=False)
        given = self.given(name)
        variable = variable_block(declaration, self.evaluated, self.world.tell)
        try:
            value = variable.value(given)
        except CannotConvert as refused:
            span = declaration.base.span
            message = f"the value of variable `{name}` does not fit its type: {refused}"
            self.world.tell(Diagnostic(Level.ERROR, "variable-unfit", message, None, span.file, span.line))
            return nameless(reference, "its value does not fit its type")
        if value is not None:
            try:
                self.world.budget.make(value, texts=False)
            except Withheld as reason:
                return nameless(reference, str(reason))
            return value
        address = f"{self.address}.var.{name}" if self.address else reference
        hole = Hole(address, "", "a variable without a value", (reference,))
        return Unknown(variable.constraint.type, hole, not_null=not variable.nullable, sensitive=variable.sensitive)

    def valued(self, placed: Placed, scope: Scope) -> Term:
        """What an argument is worth."""
        assert isinstance(placed.item, Argument)
        return self.world.evaluate(placed.item.value, placed.source, scope)

    def evaluated(self, expression: Expression, source: SourceText) -> Term:
        """What an expression outside of resources and calls is worth."""
        return self.world.evaluate(expression, source, self.scope)

    def local(self, name: str) -> Term:
        """A local value."""
        return self.world.once((self.address, "local", name), lambda: self._local(name))

    def _local(self, name: str) -> Term:
        declared = self.module.index.locals.get(name)
        if declared is None:
            if self.lost("locals", name) or self.lost(name):
                return nameless(f"local.{name}", "its declaration cannot be read")
            raise UndeclaredFault(f"there is no local value `{name}`", did_you_mean(name, self.module.index.locals))
        return self.evaluated(declared.argument.value, declared.source)

    def output(self, name: str) -> Term:
        """An output."""
        return self.world.once((self.address, "output", name), lambda: self._output(name))

    def _output(self, name: str) -> Term:
        declaration = self.module.index.declared("output", name)
        if declaration is None:
            if self.lost("output", name):
                return nameless(f"output.{name}", "its declaration cannot be read")
            known = [own.labels[0] for own in self.module.index.of_type("output") if own.labels]
            raise UndeclaredFault(f"the module has no output `{name}`", did_you_mean(name, known))
        value = argument(declaration, "value")
        if value is None:
            return nameless(f"output.{name}", "the output has no value")
        sensitive = flag(declaration, "sensitive", self.evaluated, otherwise=False)
        return terms.with_sensitive(self.valued(value, self.scope), sensitive)

    def called(self, name: str) -> Meaning:
        """What `module.NAME` stands for."""
        declaration = self.module.index.declared("module", name)
        if declaration is None:
            if self.lost("module", name):
                return nameless(f"module.{name}", "its call cannot be read")
            known = list(self.module.calls)
            raise UndeclaredFault(f"there is no call of a module `{name}`", did_you_mean(name, known))
        called = self.module.calls[name]
        if isinstance(called, Absent):
            return nameless(f"module.{name}", called.reason)

        def meant(instance: Instance) -> Meaning:
            return Single(f"module.{name}{instance.suffix}", self.instance_of(declaration, called, instance).output)

        return self.meant(f"module.{name}", declaration, meant)

    def instance_of(self, declaration: Declaration, module: Module, instance: Instance) -> "ModuleInstance":
        """An instance of a called module, made once."""
        name = declaration.labels[0]
        known = self.below.get((name, instance.suffix))
        if known is not None:
            return known
        scope = within(self.scope, instance.names)

        def given(variable: str) -> Term | None:
            placed = argument(declaration, variable) if variable not in META else None
            return None if placed is None else self.valued(placed, scope)

        block = declaration.base.block
        place = Place(declaration.base.source, block.start, block.end, self.calls)
        made = ModuleInstance(self.world, module, (*self.path, (name, instance.key)), given, (*self.calls, place))
        self.below[name, instance.suffix] = made
        return made

    def block(self, mode: Mode, kind: str, name: str) -> Meaning:
        """What the reference to a resource or data source stands for."""
        word = "data" if mode is Mode.DATA else "resource"
        declaration = self.module.index.declared(word, kind, name)
        prefix = "data." if mode is Mode.DATA else ""
        reference = f"{prefix}{kind}.{name}"
        if declaration is None:
            if self.lost(word, kind, name):
                return nameless(reference, "its block cannot be read")
            known = [own.labels[1] for own in self.module.index.of_type(word, kind) if len(own.labels) > 1]
            raise UndeclaredFault(f"there is no `{reference}`", did_you_mean(name, known))

        def meant(instance: Instance) -> Meaning:
            resource = Resource(self, declaration, mode, instance)
            return Single(resource.local_address, lambda own: self.attribute(resource, own))

        return self.meant(reference, declaration, meant)

    def meant(self, what: str, declaration: Declaration, of: Callable[[Instance], Meaning]) -> Meaning:
        """What a block stands for that may have several instances."""
        instances = self.instances(declaration)
        if [instance.key for instance in instances] == [None]:
            return of(instances[0])
        known = not any(isinstance(instance.key, AnyKey) for instance in instances)
        keyed = {own.key: of(own) for own in instances if isinstance(own.key, int | str)}
        return Repeated(what, keyed, argument(declaration, "for_each") is not None, known)

    def instances(self, declaration: Declaration) -> tuple[Instance, ...]:
        """The instances of a block by its `count` or `for_each`; one for `[*]` where they are not known."""
        place = (self.address, ".".join((declaration.type, *declaration.labels)))
        found = self.world.expansions.get(place)
        if found is None:
            self.world.expansions[place] = (any_instance(nameless(place[1], "it refers to itself")),)
            found = self.world.expanded(place, self._known_instances(declaration))
        return found

    def _known_instances(self, declaration: Declaration) -> Iterator[Instance]:
        """The instances; where they cannot be told, those that a plan has."""
        for instance in self._instances(declaration):
            block = ".".join(declaration.labels)
            if declaration.type == "data":
                block = f"data.{block}"
            keys = self.world.keys(self.address, block) if isinstance(instance.key, AnyKey) else None
            if keys is None:
                yield instance
            else:
                yield from (keyed(instance, key) for key in keys if key is not None)

    def _instances(self, declaration: Declaration) -> Iterator[Instance]:
        count, for_each = argument(declaration, "count"), argument(declaration, "for_each")
        if count is not None:
            yield from counted(self.valued(count, self.scope))
        elif for_each is not None:
            assert isinstance(for_each.item, Argument)
            elements = self.reader.elements(for_each.item.value, for_each.source, self.scope)
            yield from each(elements)
        else:
            yield Instance()

    def attribute(self, resource: Resource, name: str) -> Term:
        """An attribute of a resource: what its block gives, else what is made of that."""
        key = (resource.address, "attribute", name)
        return self.world.once(key, lambda: self._attribute(resource, name))

    def _attribute(self, resource: Resource, name: str) -> Term:
        told = self.world.told(resource, name)
        written = self._written(resource, name)
        if told is None or (written.whole and to_value(written) == to_value(told)):
            return written  # what is written has its places
        return with_places(told, written)

    def _written(self, resource: Resource, name: str) -> Term:
        value = self.given_by_block(resource, name)
        return self.world.computed(resource, name) if isinstance(value, terms.Null) else value

    def given_by_block(self, resource: Resource, name: str) -> Term:
        """An attribute as the block of the resource gives it; null for one that it leaves out."""
        own = [placed for placed in resource.declaration.items if _is_for(placed, name)]
        if not own or name in META:
            return terms.Null()
        return self.reader.members(own, within(self.scope, resource.instance.names)).get(name, terms.Null())

    def attributes(self, resource: Resource) -> Mapping[str, Term]:
        """All that the block of a resource gives, by name; null for an argument that is given as null.

        What data sources give is asked for several times, and kept.
        """
        found = self.world.given.get(resource.address)
        if found is None:
            scope = within(self.scope, resource.instance.names)
            items = [placed for placed in resource.declaration.items if _name_of(placed) not in META]
            found = self.reader.members(items, scope)
            if resource.mode is Mode.DATA:
                self.world.given[resource.address] = found
        return found

    def resources(self, wanted: Callable[[Mode, str], bool]) -> Iterator[Resource]:
        """The instances of resources and data sources of the types that are wanted, here and in all modules below."""
        for declaration in self.module.index.declarations:
            mode = MODES.get(declaration.type)
            if mode is not None and len(declaration.labels) == 2 and wanted(mode, declaration.labels[0]):
                for instance in self.instances(declaration):
                    yield Resource(self, declaration, mode, instance)
        for declaration in self.module.index.of_type("module"):
            called = self.module.calls.get(declaration.labels[0]) if declaration.labels else None
            if isinstance(called, Module):
                for instance in self.instances(declaration):
                    yield from self.instance_of(declaration, called, instance).resources(wanted)


def _name_of(placed: Placed) -> str:
    item = placed.item
    if isinstance(item, Argument):
        return item.name
    return item.labels[0] if item.type == "dynamic" and item.labels else item.type


def _is_for(placed: Placed, name: str) -> bool:
    return _name_of(placed) == name
