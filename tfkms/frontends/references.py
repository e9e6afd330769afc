"""Follows the references of a plan's `configuration` to the resource instances that they lead to.

The plan lists, for each argument, the references in its expression but not the expression. So a reference is followed
through module inputs and outputs, and where the instance that is meant cannot be told, to all of them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from tfkms.diagnostics import Refusal
from tfkms.frontends.addresses import (
    ANY_KEY,
    AnyKey,
    InstanceKey,
    ModulePath,
    compatible,
    longest,
    module_path,
    traversal,
)
from tfkms.frontends.plan_format import (
    NOTHING,
    ConfigModule,
    ConfigResource,
    Configuration,
    Expression,
    ModuleCall,
    decode,
)
from tfkms.model import Argument, Given, Link, Links, Omitted

_NOWHERE = ("path", "terraform", "self")
_DEPTH_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Instance:
    """A resource instance that references may lead to."""

    address: str
    module: ModulePath
    index: InstanceKey


@dataclass(frozen=True, slots=True)
class Block:
    """A resource block, in the module that an instance of it stands in."""

    config: ConfigResource
    expressions: Mapping[str, Any]


@dataclass(slots=True)
class Trail:
    """Where references lead: to `links`, each once, in order; with `complete` False also out of what is in view.

    `others` are the references that lead to no resource, with the module that they stand in.
    """

    links: dict[Link, None] = field(default_factory=dict)
    complete: bool = True
    others: list[tuple[ModulePath, str]] = field(default_factory=list)


Unread = Callable[[tuple[str, ...], str], Iterable[Instance]]
"""The instances of a block, by the names of its module and its address in it, that were not asked for."""


_ByModule = dict[ModulePath, dict[InstanceKey, Instance]]


def _no_others(_module: tuple[str, ...], _block: str) -> Iterable[Instance]:
    return ()


class References:
    """The configuration of one plan, with the instances that it leads to.

    `variables` are the values of the root module's variables; one that is missing is unknown. `unread` tells of
    instances that were not asked for.
    """

    def __init__(
        self, configuration: Configuration, variables: Mapping[str, object], unread: Unread = _no_others
    ):  # fmt: skip
        self.root = configuration.root_module
        self.variables = variables
        self.unread = unread
        self.instances: dict[tuple[tuple[str, ...], str], _ByModule] = {}
        self.configs: dict[tuple[str, ...], Mapping[str, ConfigResource]] = {}
        self.blocks: dict[tuple[tuple[str, ...], str], Block] = {}

    def add(self, address: str, module: str, block: str, index: InstanceKey) -> None:
        """Makes an instance known; `block` is its address in its module, without a key."""
        path = module_path(module)
        by_module = self.instances.setdefault((_names(path), block), {})
        by_module.setdefault(path, {})[index] = Instance(address, path, index)

    def block(self, module: ModulePath, address: str) -> Block | None:
        """The resource block with that address in its module; None where the configuration has none."""
        names = _names(module)
        if names not in self.configs:
            within = self.module(module)
            self.configs[names] = {config.address: config for config in within.resources} if within else {}
        config = self.configs[names].get(address)
        if config is None:
            return None
        if (names, address) not in self.blocks:
            self.blocks[names, address] = Block(config, self.expressions(config.expressions))
        return self.blocks[names, address]

    def module(self, path: ModulePath) -> ConfigModule | None:
        """The configuration of the module at `path`."""
        module: ConfigModule | None = self.root
        for name, _ in path:
            call = module.module_calls.get(name) if module else None
            module = call.module if call else None
        return module

    def expressions(self, raw: Raw) -> Mapping[str, Any]:
        """The expressions of a block, by argument; a nested block is a list of such maps."""
        return decode(raw, dict[str, Any], "an expression of the configuration") if given(raw) else {}

    def arguments(self, module: ModulePath, address: str) -> Mapping[str, Argument] | None:
        """How the block gives its top-level arguments; None where there is no such block.

        An argument that leads to nothing but variables that are null is an omitted one: were any part of it known and
        not null, the plan would show its value.
        """
        block = self.block(module, address)
        if block is None:
            return None
        arguments: dict[str, Argument] = {}
        for name, value in block.expressions.items():
            expression = expression_of(value)
            if expression is None:
                arguments[name] = Given(())
            elif expression.references:
                references = longest(expression.references)
                null = all(self.is_null(module, reference) for reference in references)
                arguments[name] = Omitted() if null else Given(references)
            else:
                arguments[name] = Omitted() if expression.constant_value is None else Given(())
        return arguments

    def is_null(self, module: ModulePath, reference: str) -> bool:
        """Whether the reference is to a variable, or a part of one, that is null here or where the module is called."""
        return self.holds(module, reference, _is_null_at)

    def holds(self, module: ModulePath, reference: str, test: "_Test") -> bool:
        """Whether the reference is to a variable, or a part of one, whose value passes, here or where it is given."""
        first, *steps = traversal(reference) or ("",)
        if first != "var" or not steps:
            return False
        name, rest = str(steps[0]), steps[1:]
        if not module:
            return name in self.variables and test(self.variables[name], rest)
        call = self.call(module)
        if call is None or call.module is None:
            return False
        expression = expression_of(self.expressions(call.expressions).get(name))
        if expression is None:
            variable = call.module.variables.get(name)
            return variable is not None and test(variable.default, rest)
        if not expression.references:
            return test(expression.constant_value, rest)
        below = "".join(f"[{json.dumps(step)}]" for step in rest)
        return all(self.holds(module[:-1], parent + below, test) for parent in longest(expression.references))

    def call(self, module: ModulePath) -> ModuleCall | None:
        """The `module` block that makes the module at `path`."""
        parent = self.module(module[:-1])
        return parent.module_calls.get(module[-1][0]) if parent else None

    def links(self, module: ModulePath, address: str, index: InstanceKey) -> Mapping[str, Links]:
        """Where each argument of a resource instance leads, by dotted path."""
        block = self.block(module, address)
        if block is None:
            return {}
        found: dict[str, Trail] = {}
        for path, references in _references_below(block.expressions, ""):
            trail = found.setdefault(path, Trail())
            self.follow(references, _Place(module, index, block.config.for_each_expression), trail)
        return {path: Links(tuple(trail.links), trail.complete) for path, trail in found.items()}

    def trail(self, references: Sequence[str], module: ModulePath, address: str, index: InstanceKey) -> Trail:
        """Where references in the block at `address` lead, resources that were not asked for included."""
        block = self.block(module, address)
        for_each = block.config.for_each_expression if block else NOTHING
        trail = Trail()
        self.follow(list(references), _Place(module, index, for_each, everywhere=True), trail)
        return trail

    def is_idle(self, module: ModulePath, reference: str) -> bool:
        """Whether the reference is to a value that chooses at most, and is no part of a text: null, empty, a switch.

        Only variables are looked at, here and where the module is called.
        """
        return self.holds(module, reference, _is_idle_at)

    def follow(self, references: list[str], place: "_Place", trail: Trail) -> None:
        """Adds to `trail` where the references of one expression lead."""
        if place.depth > _DEPTH_LIMIT:
            trail.complete = False
            return
        if any(reference.startswith(("each.", "count.")) for reference in references):
            place = replace(place, tied=True)
        for reference in longest(references):
            steps = traversal(reference)
            match steps:
                case ("var", str() as name, *more):
                    if not self.follow_variable(name, place.taking(more), trail):
                        trail.others.append((place.module, reference))
                case ("module", str() as name, *more):
                    self.follow_output(name, more, place, trail)
                case ("each", "value", *more):
                    inside = replace(place.taking(more), for_each=NOTHING, depth=place.depth + 1, tied=True)
                    self.follow(_references_of(place.for_each), inside, trail)
                case ("each" | "count", *_):
                    pass
                case (str() as first, *_) if first in _NOWHERE:
                    trail.others.append((place.module, reference))
                case ("data", str() as kind, str() as name, *more):
                    self.reach(f"data.{kind}.{name}", place.taking(more), trail)
                case ("local", *_):
                    trail.complete = False
                case (str() as kind, str() as name, *more):
                    self.reach(f"{kind}.{name}", place.taking(more), trail)
                case _:
                    trail.complete = False

    def follow_variable(self, name: str, place: "_Place", trail: Trail) -> bool:
        """Follows a variable to the argument of the call that gives it; False where it leads no further.

        A variable of the root is a known value.
        """
        if not place.module:
            return False
        call = self.call(place.module)
        if call is None:
            trail.complete = False
            return False
        expression = expression_of(self.expressions(call.expressions).get(name))
        if expression is None or not expression.references:
            return False
        outside = replace(
            place,
            module=place.module[:-1],
            index=place.module[-1][1],
            for_each=call.for_each_expression,
            depth=place.depth + 1,
            key=None,
            tied=False,
        )
        self.follow(expression.references, outside, trail)
        return True

    def follow_output(self, name: str, more: list[str | int], place: "_Place", trail: Trail) -> None:
        """An output of a called module, of the instance that the reference names or of all."""
        parent = self.module(place.module)
        call = parent.module_calls.get(name) if parent else None
        below = call.module if call else None
        if call is None or below is None or not more:
            trail.complete = False
            return
        repeated = given(call.count_expression) or given(call.for_each_expression)
        key: InstanceKey | AnyKey = None
        if repeated:
            key, more = more[0], more[1:]
        output = below.outputs.get(str(more[0])) if more else None
        if output is None:
            trail.complete = False
            return
        below_place = replace(
            place,
            module=(*place.module, (name, key)),
            index=None,
            for_each=NOTHING,
            depth=place.depth + 1,
            key=None,
            tied=False,
        )
        self.follow(_references_of(output.expression), below_place.taking(more[1:]), trail)

    def reach(self, block: str, place: "_Place", trail: Trail) -> None:
        """The instances of a block: the one whose key is written, the one with the same key, or all."""
        groups = list(self.groups(block, place))
        attribute = place.rest
        key: InstanceKey | AnyKey = ANY_KEY
        if place.key is not None and any(place.key in group for group in groups):
            key = place.key
            attribute = "" if attribute == key else attribute
        elif place.tied and place.index is not None and any(place.index in group for group in groups):
            key = place.index
        for group in groups:
            found = group.values() if isinstance(key, AnyKey) else [group[key]] if key in group else []
            for instance in found:
                trail.links[Link(instance.address, attribute)] = None

    def groups(self, block: str, place: "_Place") -> Iterator[Mapping[InstanceKey, Instance]]:
        """The instances of a block by their keys, for each instance of the module that may be meant."""
        names = _names(place.module)
        known = self.instances.get((names, block))
        if known is None and place.everywhere:
            known = {}
            for instance in self.unread(names, block):
                known.setdefault(instance.module, {})[instance.index] = instance
        if known is None:
            return
        if place.module in known:
            yield known[place.module]
        elif any(isinstance(key, AnyKey) for _, key in place.module):
            yield from (group for module, group in known.items() if compatible(module, place.module))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression stands, and what is taken of its value.

    `index` and `for_each` are of the block around it. Of what it leads to, `rest` is the attribute that is taken and
    `key` the instance key that is written, None for none; `tied` says that it has the key of the block itself. `depth`
    counts the steps of the way. `everywhere`: resources that were not asked for count too.
    """

    module: ModulePath
    index: InstanceKey | AnyKey
    for_each: Raw
    rest: str = ""
    depth: int = 0
    key: InstanceKey = None
    tied: bool = False
    everywhere: bool = False

    def taking(self, steps: list[str | int]) -> "_Place":
        """The place with these further steps of a reference; the steps nearest to the resource win."""
        if not steps:
            return replace(self, key=None)
        return replace(self, rest=_attribute(steps) or self.rest, key=steps[0])


_Test = Callable[[object, list[str | int]], bool]


def _at(value: object, steps: list[str | int]) -> object:
    """What stands at the end of the steps; UNSET where they lead out of the value."""
    for step in steps:
        if isinstance(value, Mapping) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, Sequence) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return UNSET
    return value


def _is_null_at(value: object, steps: list[str | int]) -> bool:
    return _at(value, steps) is None


def _is_idle_at(value: object, steps: list[str | int]) -> bool:
    found = _at(value, steps)
    return found is not UNSET and (not found or isinstance(found, bool | int | float))


def _names(path: ModulePath) -> tuple[str, ...]:
    return tuple(name for name, _ in path)


def _attribute(steps: list[str | int]) -> str:
    """The last step: the attribute, whatever keys stand before it."""
    return steps[-1] if steps and isinstance(steps[-1], str) else ""


def given(raw: Raw) -> bool:
    """Whether the raw member is there and not null."""
    return bytes(raw) != b"null"


def expression_of(value: Any) -> Expression | None:
    """The expression of an argument; None where the value is a nested block or absent."""
    try:
        return msgspec.convert(value, Expression) if isinstance(value, dict) and _is_expression(value) else None
    except msgspec.ValidationError:
        raise Refusal("plan-malformed", "an expression of the configuration is malformed") from None


def _is_expression(value: Mapping[str, Any]) -> bool:
    return not value or "references" in value or "constant_value" in value


def _references_of(raw: Raw) -> list[str]:
    """The references of a single expression."""
    return decode(raw, Expression, "an expression of the configuration").references if given(raw) else []


def _references_below(value: Any, path: str) -> Iterable[tuple[str, list[str]]]:
    """The references of each argument below, by dotted path; of a map that is given by parts, by its own path."""
    expression = expression_of(value) if path else None
    if expression is not None:
        if expression.references:
            yield path, expression.references
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _references_below(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from _references_below(item, path)
