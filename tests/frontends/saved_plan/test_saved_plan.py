"""Saved plans: what Terraform shows of one is what is read from it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tfkms.frontends.plan_format import Document
from tfkms.frontends.saved_plan.archive import open_archive
from tfkms.frontends.saved_plan.dynamic_values import decode
from tfkms.frontends.saved_plan.plan_message import plan_document
from tfkms.frontends.saved_plan.protobuf import WireError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "saved-plans"
CASES = sorted(path.parent for folder in (FIXTURES, FIXTURES.parent / "ways") for path in folder.glob("*/plan.tfplan"))
case = pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)


def read(folder: Path) -> Document:
    return plan_document(open_archive((folder / "plan.tfplan").read_bytes()))


def shown(folder: Path) -> dict[str, Any]:
    """What `terraform show -json` says of the plan in the folder."""
    [path] = [*folder.glob("shown.json"), *folder.glob("plan.json")]
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def bare(mask: Any) -> Any:
    """The mask without what covers nothing: saved plans spell out less than Terraform's JSON."""
    match mask:
        case dict():
            kept = {key: below for key, item in mask.items() if (below := bare(item))}
            return kept or False
        case list():
            items = [bare(item) for item in mask]
            while items and not items[-1]:
                items.pop()
            return items or False
        case _:
            return mask


@case
def test_every_change_is_the_one_that_terraform_shows(folder: Path) -> None:
    read_changes = {
        (change.address, change.deposed): (change, json.loads(bytes(change.change)))
        for change in read(folder).resource_changes or ()
    }
    listed = {(entry["address"], entry.get("deposed", "")): entry for entry in shown(folder)["resource_changes"]}

    assert list(read_changes) == list(listed)
    for place, entry in listed.items():
        header, change = read_changes[place]
        assert (header.type, header.name, header.mode) == (entry["type"], entry["name"], entry["mode"])
        assert (header.index, header.module_address) == (entry.get("index"), entry.get("module_address", ""))
        assert header.provider_name == entry["provider_name"]
        expected = entry["change"]
        assert change["actions"] == expected["actions"]
        assert change["before"] == expected["before"]
        assert change["after"] == expected["after"]
        for mask in ("after_unknown", "before_sensitive", "after_sensitive"):
            assert bare(change[mask]) == bare(expected[mask])


@case
def test_the_state_before_is_the_one_that_terraform_shows(folder: Path) -> None:
    prior = read(folder).prior_state
    assert prior is not None
    assert prior.values is not None
    found = {resource.address: resource for resource in prior.values.root_module.resources}

    listed = {entry["address"]: entry for entry in resources(shown(folder).get("prior_state", {}))}

    assert found.keys() == listed.keys()
    for address, entry in listed.items():
        resource = found[address]
        assert (resource.type, resource.name, resource.index) == (entry["type"], entry["name"], entry.get("index"))
        assert bare(msgspec.json.decode(resource.sensitive_values)) == bare(entry["sensitive_values"])
        if resource.type != "terraform_data":  # values of a dynamic type carry their type in a state
            assert msgspec.json.decode(resource.values) == entry["values"]


def resources(state: dict[str, Any]) -> Iterator[dict[str, Any]]:
    modules = [state.get("values", {}).get("root_module", {})]
    for module in modules:
        yield from module.get("resources", ())
        modules += module.get("child_modules", ())


@case
def test_variables_that_were_set_are_told_as_terraform_shows_them(folder: Path) -> None:
    """Those that were not have their defaults, which stand in the configuration."""
    told = {name: msgspec.json.decode(variable.value) for name, variable in read(folder).variables.items()}

    listed = shown(folder).get("variables", {})
    assert told == {name: listed[name].get("value") for name in told}


def test_a_variable_that_was_set_is_told() -> None:
    variables = read(FIXTURES / "update").variables

    assert {name: msgspec.json.decode(variable.value) for name, variable in variables.items()} == {"step": "2"}


NUMBERS = [
    (["number", "123456789012345678901234567890"], 123456789012345678901234567890),
    (["number", "-0.1"], -0.1),
    (["string", "123456789012345678901234567890"], "123456789012345678901234567890"),
    ([["list", "number"], ["1" * 30, 2]], [int("1" * 30), 2]),
    ([["map", "number"], {"a": "1" * 30}], {"a": int("1" * 30)}),
    ([["object", {"a": "number", "b": "string"}], {"a": "1" * 30, "b": "1"}], {"a": int("1" * 30), "b": "1"}),
    ([["tuple", ["string", "number"]], ["1", "1" * 30]], ["1", int("1" * 30)]),
]


@pytest.mark.parametrize(("pair", "value"), NUMBERS)
def test_a_number_that_no_float_holds_is_a_number_where_its_type_is_told(pair: list[Any], value: Any) -> None:
    kind, written = pair
    content = msgspec.msgpack.encode([msgspec.json.encode(kind), written])

    assert json.loads(msgspec.json.Encoder(decimal_format="number").encode(decode(content))) == value


def test_such_a_number_stays_a_text_where_only_the_providers_schema_tells_its_type() -> None:
    assert decode(msgspec.msgpack.encode({"size": "1" * 30})) == {"size": "1" * 30}


@pytest.mark.parametrize("written", ["", "x", "1e5", "1" * 5_000, "0x10", "１"])
def test_a_number_that_is_none_is_damage(written: str) -> None:
    with pytest.raises(WireError):
        decode(msgspec.msgpack.encode([b'"number"', written]))


def test_the_configuration_comes_with_the_plan() -> None:
    opened = open_archive((FIXTURES / "create" / "plan.tfplan").read_bytes())

    assert set(opened.configuration) == {"m-/main.tf", "m-m/main.tf"}
    assert opened.manifest is not None
    assert [entry["Dir"] for entry in json.loads(opened.manifest)] == [".", "m"]
