"""The configuration as the JSON of a plan has it: of each block the references of its arguments.

So a saved plan, which comes with its source, and a source without a plan have their references followed by the same
code as the JSON of a plan. Source: hashicorp/terraform:internal/command/jsonconfig (`config.go`, `expression.go`). One
thing is better here: the content of a `dynamic` block, which plans leave out, stands for the block that it makes.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from tfkms.frontends.addresses import longest
from tfkms.frontends.hcl.syntax import Argument, Block, Body, Expression, Literal, Object, Template, Tuple
from tfkms.frontends.hcl.traversals import references
from tfkms.frontends.plan_format import (
    NOTHING,
    ConfigModule,
    ConfigOutput,
    ConfigResource,
    Configuration,
    ConfigVariable,
    ModuleCall,
    ProviderConfig,
)

_RESOURCE_META = frozenset(
    {"count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner", "timeouts"}
)
_DIGITS = 1_000
"""How many digits a whole number may have: Python writes no more than a few thousand."""
_CALL_META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on"})


class ModuleBlocks(Struct, frozen=True):
    """A module's top-level blocks, and the modules that it calls as far as they are at hand, by the call's name."""

    blocks: Sequence[Block]
    calls: Mapping[str, "ModuleBlocks"] = field(default_factory=dict)


def configuration(root: ModuleBlocks) -> Configuration:
    """The configuration of a root module and of all below it."""
    providers: dict[str, ProviderConfig] = {}
    module = _module(root, _Providers((), {}, providers))
    return Configuration(providers, module)


class _Providers(Struct, frozen=True):
    """Which provider block a name means in one module; `known` gathers the blocks of all."""

    path: tuple[str, ...]
    passed: Mapping[str, str]
    known: dict[str, ProviderConfig]

    def key(self, name: str) -> str:
        """The key of the block that `aws` or `aws.west` means here."""
        own = self.own_key(name)
        return own if own in self.known else self.passed.get(name, own)

    def own_key(self, name: str) -> str:
        """The key of a block of that name in this module."""
        return f"{self.address}:{name}" if self.path else name

    @property
    def address(self) -> str:
        """The address of the module, without instance keys."""
        return ".".join(f"module.{name}" for name in self.path)

    def below(self, call: str, block: Block) -> "_Providers":
        """Those of a called module: what `providers` hands on, and of the rest the blocks without an alias."""
        passed = {name: self.key(name) for name in {*self.passed, *self.names()} if "." not in name}
        handed = block.body.arguments.get("providers")
        if handed is not None and isinstance(handed.value, Object):
            for item in handed.value.items:
                inside, outside = _provider_name(item.key), _provider_name(item.value)
                if inside is not None and outside is not None:
                    passed[inside] = self.key(outside)
        return _Providers((*self.path, call), passed, self.known)

    def names(self) -> Iterator[str]:
        """The names of this module's own blocks."""
        prefix = self.own_key("")
        yield from (
            key.removeprefix(prefix) for key, block in self.known.items() if block.module_address == self.address
        )


def _module(module: ModuleBlocks, providers: _Providers) -> ConfigModule:
    for block in module.blocks:
        if block.type == "provider" and block.labels:
            _provider(block, providers)
    return ConfigModule(
        resources=[
            _resource(block, providers)
            for block in module.blocks
            if block.type in ("resource", "data", "ephemeral") and len(block.labels) == 2
        ],
        module_calls={
            block.labels[0]: _call(block, module.calls.get(block.labels[0]), providers)
            for block in module.blocks
            if block.type == "module" and block.labels
        },
        outputs={
            block.labels[0]: ConfigOutput(_raw_of(block, "value"))
            for block in module.blocks
            if block.type == "output" and block.labels
        },
        variables={
            block.labels[0]: _variable(block) for block in module.blocks if block.type == "variable" and block.labels
        },
    )


def _provider(block: Block, providers: _Providers) -> None:
    alias = block.body.arguments.get("alias")
    text = _constant(alias.value) if alias is not None else None
    name = f"{block.labels[0]}.{text}" if isinstance(text, str) else block.labels[0]
    providers.known[providers.own_key(name)] = ProviderConfig(
        name=block.labels[0],
        alias=text if isinstance(text, str) else "",
        module_address=providers.address,
        expressions=_raw(_expressions(block.body, frozenset({"alias", "version"}))),
    )


def _resource(block: Block, providers: _Providers) -> ConfigResource:
    kind, name = block.labels
    mode = "managed" if block.type == "resource" else block.type
    given = block.body.arguments.get("provider")
    provider = _provider_name(given.value) if given is not None else None
    return ConfigResource(
        address=f"{'' if mode == 'managed' else f'{mode}.'}{kind}.{name}",
        type=kind,
        mode=mode,
        provider_config_key=providers.key(provider or kind.partition("_")[0]),
        expressions=_raw(_expressions(block.body, _RESOURCE_META)),
        count_expression=_raw_of(block, "count"),
        for_each_expression=_raw_of(block, "for_each"),
    )


def _call(block: Block, called: ModuleBlocks | None, providers: _Providers) -> ModuleCall:
    return ModuleCall(
        expressions=_raw(_expressions(block.body, _CALL_META)),
        count_expression=_raw_of(block, "count"),
        for_each_expression=_raw_of(block, "for_each"),
        module=_module(called, providers.below(block.labels[0], block)) if called is not None else None,
    )


def _variable(block: Block) -> ConfigVariable:
    return variable(block.body.arguments.get("default"))


def variable(default: Argument | None) -> ConfigVariable:
    """A variable with that default, None for one without."""
    constant = _constant(default.value) if default is not None else _NOT_CONSTANT
    return ConfigVariable() if constant is _NOT_CONSTANT else ConfigVariable(default=constant)


def _expressions(body: Body, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The arguments and the nested blocks of a body; a `dynamic` block as the one that it makes."""
    found: dict[str, Any] = {}
    for item in body.items:
        match item:
            case Argument(name=name, value=value) if name not in without:
                found.setdefault(name, _expression(value))
            case Block(type="dynamic", labels=(label, *_), body=below) if label not in without:
                content = [inner.body for inner in below.blocks if inner.type == "content"]
                made = found.setdefault(label, [])
                if isinstance(made, list):
                    made += [_expressions(inner) for inner in content]
            case Block(type=kind, body=below) if kind not in without:
                made = found.setdefault(kind, [])
                if isinstance(made, list):
                    made.append(_expressions(below))
            case _:
                pass
    return found


def _expression(value: Expression) -> dict[str, Any]:
    found = longest(list(references(value)))
    if found:
        return {"references": list(found)}
    constant = _constant(value)
    return {} if constant is _NOT_CONSTANT else {"constant_value": constant}


class _NotConstant:
    """It takes a function, or more, to tell the value."""


_NOT_CONSTANT = _NotConstant()


def _constant(value: Expression) -> Any:
    """The value of a literal, or of a list or an object of such; `_NOT_CONSTANT` for all else."""
    match value:
        case Literal(value=Decimal() as number) if number.adjusted() >= _DIGITS:
            return _NOT_CONSTANT
        case Literal(value=Decimal() as number):
            return int(number) if number == number.to_integral_value() else float(number)
        case Literal(value=literal):
            return literal
        case Template():
            return _NOT_CONSTANT if value.literal is None else value.literal
        case Tuple(items=items):
            found = [_constant(item) for item in items]
            return _NOT_CONSTANT if _NOT_CONSTANT in found else found
        case Object(items=members):
            pairs = [(_constant(member.key), _constant(member.value)) for member in members]
            whole = all(isinstance(key, str) and own is not _NOT_CONSTANT for key, own in pairs)
            return dict(pairs) if whole else _NOT_CONSTANT
        case _:
            return _NOT_CONSTANT


def _provider_name(value: Expression) -> str | None:
    """`aws` or `aws.west`, written as a traversal or as a text."""
    if isinstance(value, Template):
        return value.literal
    found = references(value)
    return found[0] if len(found) == 1 else None


def _raw_of(block: Block, name: str) -> Raw:
    argument = block.body.arguments.get(name)
    return NOTHING if argument is None else _raw(_expression(argument.value))


def _raw(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))
