"""What takes a policy document: blocks of any type, in any module, and values that came through a local value."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.plan_builder import change
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan

DOCUMENT = "data.aws_iam_policy_document.keys"
TEXT = json.dumps({"Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "arn:aws:kms:*:*:key/<&>"}]})


def refers(*references: str) -> dict[str, list[str]]:
    return {"references": [*references]}


TO_DOCUMENT = refers(f"{DOCUMENT}.json", DOCUMENT)


def block(address: str, **arguments: Any) -> dict[str, Any]:
    kind, _, name = address.removeprefix("data.").partition(".")
    mode = "data" if address.startswith("data.") else "managed"
    return {"address": address, "type": kind, "name": name, "mode": mode, "expressions": arguments}


def module(*blocks: Any, outputs: Mapping[str, Any] | None = None, **calls: Any) -> dict[str, Any]:
    return {
        "resources": [*blocks],
        "module_calls": calls,
        "outputs": {name: {"expression": expression} for name, expression in (outputs or {}).items()},
    }


def called(content: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return {"expressions": arguments, "module": content}


def taken(root: dict[str, Any] | None, *changes: Any, within: str = "") -> bool:
    """Whether the document, read in the module at `within`, is taken by anything."""
    address = f"{within}.{DOCUMENT}" if within else DOCUMENT
    kind, _, name = DOCUMENT.removeprefix("data.").partition(".")
    read = {"address": address, "mode": "data", "type": kind, "name": name, "values": {"json": TEXT}}
    content = {
        "format_version": "1.2",
        "resource_changes": [*changes, change("aws_vpc.main", {"cidr_block": "10.0.0.0/8"})],
        "prior_state": {"values": {"root_module": {"resources": [read]}}},
    } | ({"configuration": {"root_module": root}} if root else {})
    scan = read_plan(json.dumps(content).encode(), "plan.json", lambda kind: "policy_document" in kind, Assumed())
    return address in scan.taken


OWN = block(DOCUMENT)
ENDPOINT = block("aws_vpc_endpoint.main", policy=TO_DOCUMENT)
OUT = {"keys": TO_DOCUMENT}


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (module(OWN), False),
        (module(OWN, outputs=OUT), False),
        (module(OWN, block("aws_vpc_endpoint.main", policy=refers("data.aws_iam_policy_document.keys_too"))), False),
        (module(OWN, ENDPOINT), True),
        (module(OWN, block("aws_vpc_endpoint.main", policy=[{"text": TO_DOCUMENT}])), True),
        (module(OWN, block("aws_vpc_endpoint.main") | {"for_each_expression": TO_DOCUMENT}), True),
        (module(OWN, block("data.aws_iam_policy_document.all", source_policy_documents=TO_DOCUMENT)), True),
        (module(OWN, inner=called(module(), policy=TO_DOCUMENT)), True),
        (module(OWN, block("aws_vpc_endpoint.main", policy=refers(f"{DOCUMENT}[0].json", f"{DOCUMENT}[0]"))), True),
        (None, True),
    ],
)
def test_a_document_of_the_root_is_taken_by_what_refers_to_it(root: dict[str, Any] | None, expected: bool) -> None:
    assert taken(root) is expected


INNER = module(OWN, outputs=OUT | {"name": refers("aws_vpc.main.id", "aws_vpc.main")})


def root_with(*references: str, **outputs: Any) -> dict[str, Any]:
    inner = called(INNER)
    return module(block("aws_vpc_endpoint.main", policy=refers(*references)), outputs=outputs, inner=inner)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (module(inner=called(INNER)), False),
        (module(inner=called(INNER), outputs={"keys": refers("module.inner.keys", "module.inner")}), False),
        (root_with("module.inner.keys", "module.inner"), True),
        (root_with("module.inner[0].keys", "module.inner[0]", "module.inner"), True),
        (root_with('module.inner["a"].keys', 'module.inner["a"]', "module.inner"), True),
        (root_with("module.inner"), True),
        (root_with("module.inner.name", "module.inner"), False),
        (root_with("module.inner[0].name", "module.inner[0]", "module.inner"), False),
        (root_with("module.other.keys", "module.other"), False),
        (module(inner=called(module(OWN, ENDPOINT))), True),
    ],
)
def test_a_document_of_a_module_is_taken_through_its_outputs(root: dict[str, Any], expected: bool) -> None:
    assert taken(root, within="module.inner") is expected


def test_outputs_are_followed_through_every_module_around() -> None:
    to_inner = refers("module.inner.keys", "module.inner")
    outer = module(inner=called(INNER), outputs={"again": to_inner})
    through = refers("module.outer.again", "module.outer")

    assert not taken(module(outer=called(outer)), within="module.outer.module.inner")
    assert taken(
        module(block("aws_vpc_endpoint.main", policy=through), outer=called(outer)), within="module.outer.module.inner"
    )


@pytest.mark.parametrize("escaped", [False, True])
def test_what_holds_its_text_has_taken_it_through_a_local_value(escaped: bool) -> None:
    root = module(OWN, block("aws_vpc_endpoint.main", policy=refers("local.policy")))

    assert taken(root, change("aws_vpc_endpoint.main", {"policy": TEXT}))
    assert not taken(root, change("aws_vpc_endpoint.main", {"policy": json.dumps({"Statement": []})}))


def test_terraform_writes_some_characters_of_json_as_escapes() -> None:
    root = module(OWN, block("aws_vpc_endpoint.main", policy=refers("local.policy")))
    written = json.dumps(change("aws_vpc_endpoint.main", {"policy": TEXT}))
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    content = json.dumps(
        {
            "format_version": "1.2",
            "configuration": {"root_module": root},
            "prior_state": {
                "values": {
                    "root_module": {
                        "resources": [
                            {
                                "address": DOCUMENT,
                                "mode": "data",
                                "type": "aws_iam_policy_document",
                                "name": "keys",
                                "values": {"json": TEXT},
                            }
                        ]
                    }
                }
            },
            "resource_changes": ["CHANGE"],
        }
    ).replace('"CHANGE"', written)
    scan = read_plan(content.encode(), "plan.json", lambda kind: "policy_document" in kind, Assumed())

    assert scan.taken == {DOCUMENT}
