"""What a plan's `configuration` says: blocks, module calls, and how arguments are given, without following anything."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from tfkms.diagnostics import Refusal
from tfkms.frontends.addresses import ModulePath, longest, traversal
from tfkms.frontends.plan_format import ConfigModule, ConfigResource, Configuration, Expression, ModuleCall, decode
from tfkms.model import Argument, Given, Omitted


class Block(Struct, frozen=True):
    """A resource block, in the module that an instance of it stands in."""

    config: ConfigResource
    expressions: Mapping[str, Any]


class Written:
    """The configuration of one plan.

    `variables` are the values of the root module's variables; one that is missing is unknown.
    """

    def __init__(self, configuration: Configuration, variables: Mapping[str, object]):
        self.root = configuration.root_module
        self.variables = variables
        self.configs: dict[tuple[str, ...], Mapping[str, ConfigResource]] = {}
        self.blocks: dict[tuple[tuple[str, ...], str], Block] = {}

    def block(self, module: ModulePath, address: str) -> Block | None:
        """The resource block with that address in its module; None where the configuration has none."""
        names = module_names(module)
        if names not in self.configs:
            within = self.module(module)
            self.configs[names] = {config.address: config for config in within.resources} if within else {}
        config = self.configs[names].get(address)
        if config is None:
            return None
        if (names, address) not in self.blocks:
            self.blocks[names, address] = Block(config, expressions_of(config.expressions))
        return self.blocks[names, address]

    def module(self, path: ModulePath) -> ConfigModule | None:
        """The configuration of the module at `path`."""
        module: ConfigModule | None = self.root
        for name, _ in path:
            call = module.module_calls.get(name) if module else None
            module = call.module if call else None
        return module

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
        expression = expression_of(expressions_of(call.expressions).get(name))
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

    def is_idle(self, module: ModulePath, reference: str) -> bool:
        """Whether the reference is to a value that chooses at most, and is no part of a text: null, empty, a switch.

        Only variables are looked at, here and where the module is called.
        """
        return self.holds(module, reference, _is_idle_at)


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


def module_names(path: ModulePath) -> tuple[str, ...]:
    """The names of the calls that lead to a module, without their keys."""
    return tuple(name for name, _ in path)


def expressions_of(raw: Raw) -> Mapping[str, Any]:
    """The expressions of a block, by argument; a nested block is a list of such maps."""
    return decode(raw, dict[str, Any], "an expression of the configuration") if given(raw) else {}


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


def references_of(raw: Raw) -> list[str]:
    """The references of a single expression."""
    return decode(raw, Expression, "an expression of the configuration").references if given(raw) else []
