"""The configuration made of source files is the one that Terraform's plans carry."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tfkms.frontends.addresses import longest
from tfkms.frontends.hcl.parse import parse_body
from tfkms.frontends.hcl.plan_configuration import ModuleBlocks, configuration
from tfkms.frontends.plan_format import ConfigModule, Configuration

FIXTURES = Path(__file__).parents[2] / "fixtures"
EVALUATED = FIXTURES / "source"
"""Configurations in JSON syntax, with override files and types, of whose plans only the policies are kept."""

CONFIGURATIONS = [
    path.parent
    for path in sorted(FIXTURES.rglob("main.tf"))
    if (path.parent / "plan.json").is_file()
    and not path.is_relative_to(EVALUATED)
    and not any(path.parent.glob("*.tf.json"))
]


def blocks(directory: Path) -> ModuleBlocks:
    """The module in a directory, with the local modules that it calls."""
    found = parse_body("\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.tf")))).blocks
    calls = {}
    for block in found:
        if block.type == "module":
            source = getattr(block.body.arguments["source"].value, "literal", None)
            if source and source.startswith("."):
                calls[block.labels[0]] = blocks(directory / source)
    return ModuleBlocks(found, calls)


def plain(expressions: Any) -> Any:
    """Expressions with their references as a set, each in full."""
    match expressions:
        case {"references": list(references)}:
            return {"references": sorted(longest(references))}
        case dict():
            return {name: plain(item) for name, item in expressions.items()}
        case list():
            return [plain(item) for item in expressions]
        case _:
            return expressions


def comparable(module: ConfigModule) -> Any:
    """The module as plain values.

    Plans leave out a `count` or `for_each` that refers to nothing; so is it here. Of providers only the name counts:
    plans lose the block that a module inherits through one without resources of its own.
    """
    return {
        "resources": {
            resource.address: (
                resource.mode,
                resource.type,
                resource.provider_config_key.rpartition(":")[2],
                plain(msgspec.json.decode(resource.expressions) or {}),
                plain(msgspec.json.decode(resource.count_expression)) or None,
                plain(msgspec.json.decode(resource.for_each_expression)) or None,
            )
            for resource in module.resources
        },
        "outputs": {name: plain(msgspec.json.decode(output.expression)) for name, output in module.outputs.items()},
        "variables": {name: variable.default for name, variable in module.variables.items()},
        "calls": {
            name: (
                plain(msgspec.json.decode(call.expressions) or {}),
                plain(msgspec.json.decode(call.count_expression)) or None,
                plain(msgspec.json.decode(call.for_each_expression)) or None,
                comparable(call.module) if call.module else None,
            )
            for name, call in module.module_calls.items()
        },
    }


def listed_only(ours: Any, listed: Any) -> Any:
    """Our arguments without those that are not listed, in nested blocks too, and without blocks like none of them."""
    match ours, listed:
        case dict(), dict():
            return {name: listed_only(item, listed[name]) for name, item in ours.items() if name in listed}
        case list(), list():
            found = (next((one for one in listed if listed_only(item, one) == one), None) for item in ours)
            return [one for one in found if one is not None]
        case _:
            return ours


def without_dynamic(ours: Any, theirs: Any) -> Any:
    """Our resources without the arguments that plans leave out: what dynamic blocks make."""
    for address, (*head, expressions, count, for_each) in ours["resources"].items():
        listed = theirs["resources"][address][3]
        ours["resources"][address] = (*head, listed_only(expressions, listed), count, for_each)
    for name, call in ours["calls"].items():
        if call[3] and theirs["calls"][name][3]:
            without_dynamic(call[3], theirs["calls"][name][3])
    return ours


@pytest.mark.parametrize("directory", CONFIGURATIONS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_it_is_the_one_of_the_plan(directory: Path) -> None:
    made = configuration(blocks(directory))
    plan = json.loads((directory / "plan.json").read_text(encoding="utf-8"))
    listed = msgspec.json.decode(json.dumps(plan["configuration"]), type=Configuration)

    theirs = comparable(listed.root_module)
    assert without_dynamic(comparable(made.root_module), theirs) == theirs
    assert {key: (block.name, block.alias, block.module_address) for key, block in made.provider_config.items()} == {
        key: (block.name, block.alias, block.module_address)
        for key, block in listed.provider_config.items()
        if key in made.provider_config
    }


def test_a_module_has_the_providers_that_it_is_given_or_inherits() -> None:
    inner = ModuleBlocks(
        parse_body('resource "aws_kms_key" "k" {}\nresource "aws_kms_key" "w" { provider = aws.other }').blocks
    )
    outer = ModuleBlocks(
        parse_body('module "inner" {\n providers = { aws.other = aws }\n}\nresource "aws_kms_key" "o" {}').blocks,
        {"inner": inner},
    )
    root = ModuleBlocks(
        parse_body(
            'provider "aws" {}\nprovider "aws" { alias = "west" }\nmodule "given" {\n providers = { aws = aws.west }\n}\nmodule "inherits" {}'
        ).blocks,
        {"given": outer, "inherits": outer},
    )
    made = configuration(root).root_module

    def keys(call: str) -> list[str]:
        module = made.module_calls[call].module
        assert module is not None
        below = module.module_calls["inner"].module
        assert below is not None
        return [resource.provider_config_key for resource in (*module.resources, *below.resources)]

    assert keys("given") == ["aws.west", "aws.west", "aws.west"]
    assert keys("inherits") == ["aws", "aws", "aws"]
