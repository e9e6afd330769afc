"""References of the configuration are followed to the instances that they lead to."""

import json
from typing import Any

import pytest

from tests.plan_builder import block, change, plan
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.addresses import instance_key, longest, module_address, module_path, traversal
from tfkms.frontends.plan import read_plan


def links(content: dict[str, Any], address: str, argument: str = "key_id") -> tuple[list[tuple[str, str]], bool]:
    scan = read_plan(json.dumps(content).encode(), "plan.json", lambda _: True, Assumed())
    (resource,) = [resource for resource in scan.resources if resource.address == address]
    found = resource.links[argument]
    return [(link.address, link.attribute) for link in found.links], found.complete


def test_a_reference_in_the_same_module() -> None:
    content = plan(
        change("aws_kms_key.a", {}),
        change("aws_kms_key_policy.p", {}),
        blocks=(
            block("aws_kms_key.a"),
            block("aws_kms_key_policy.p", key_id={"references": ["aws_kms_key.a.key_id", "aws_kms_key.a"]}),
        ),
    )

    assert links(content, "aws_kms_key_policy.p") == ([("aws_kms_key.a", "key_id")], True)


@pytest.mark.parametrize("attribute", ["target_key_id", "target_key_arn"])
def test_an_alias_passes_on_the_key_that_it_is_of(attribute: str) -> None:
    content = plan(
        change("aws_kms_key.a", {}),
        change("aws_kms_alias.a", {}),
        change("aws_kms_grant.g", {}),
        blocks=(
            block("aws_kms_key.a"),
            block("aws_kms_alias.a", target_key_id={"references": ["aws_kms_key.a.key_id", "aws_kms_key.a"]}),
            block("aws_kms_grant.g", key_id={"references": [f"aws_kms_alias.a.{attribute}", "aws_kms_alias.a"]}),
        ),
    )

    assert links(content, "aws_kms_grant.g") == ([("aws_kms_key.a", "key_id")], True)


def test_an_attachment_passes_on_the_policy_that_it_attaches() -> None:
    leads = {"references": ["aws_iam_role_policy_attachment.a.policy_arn", "aws_iam_role_policy_attachment.a"]}
    content = plan(
        change("aws_iam_policy.p", {}),
        change("aws_iam_role_policy_attachment.a", {}),
        change("aws_iam_role_policy_attachment.b", {}),
        blocks=(
            block("aws_iam_policy.p"),
            block("aws_iam_role_policy_attachment.a", policy_arn={"references": ["aws_iam_policy.p.arn"]}),
            block("aws_iam_role_policy_attachment.b", policy_arn=leads),
        ),
    )

    assert links(content, "aws_iam_role_policy_attachment.b", "policy_arn") == ([("aws_iam_policy.p", "arn")], True)


def test_another_attribute_of_an_alias_leads_to_the_alias() -> None:
    content = plan(
        change("aws_kms_key.a", {}),
        change("aws_kms_alias.a", {}),
        change("aws_kms_grant.g", {}),
        blocks=(
            block("aws_kms_key.a"),
            block("aws_kms_alias.a", target_key_id={"references": ["aws_kms_key.a.key_id"]}),
            block("aws_kms_grant.g", key_id={"references": ["aws_kms_alias.a.arn", "aws_kms_alias.a"]}),
        ),
    )

    assert links(content, "aws_kms_grant.g") == ([("aws_kms_alias.a", "arn")], True)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (["aws_kms_key.a[0].id", "aws_kms_key.a[0]", "aws_kms_key.a"], ["aws_kms_key.a[0]"]),
        (["aws_kms_key.a", "count.index"], ["aws_kms_key.a[0]", "aws_kms_key.a[1]"]),
        (["aws_kms_key.a"], ["aws_kms_key.a[0]", "aws_kms_key.a[1]"]),
    ],
)
def test_an_instance_is_told_by_a_key_that_is_written_alone(references: Any, expected: list[str]) -> None:
    """A plan lists the same references for `a[count.index]` and for `a[1 - count.index]`."""
    content = plan(
        change("aws_kms_key.a[0]", {}),
        change("aws_kms_key.a[1]", {}),
        change("aws_kms_key_policy.p[1]", {}),
        blocks=(block("aws_kms_key.a"), block("aws_kms_key_policy.p", key_id={"references": references})),
    )

    assert [address for address, _ in links(content, "aws_kms_key_policy.p[1]")[0]] == expected


def test_each_value_leads_through_for_each_to_every_instance() -> None:
    """`for_each = { for k, v in a : other(k) => v }` has the references of `for_each = a`."""
    content = plan(
        change('aws_kms_key.a["x"]', {}),
        change('aws_kms_key.a["y"]', {}),
        change('aws_kms_key_policy.p["y"]', {}),
        blocks=(
            block("aws_kms_key.a"),
            block("aws_kms_key_policy.p", key_id={"references": ["each.value.key_id", "each.value"]})
            | {"for_each_expression": {"references": ["aws_kms_key.a"]}},
        ),
    )

    found, complete = links(content, 'aws_kms_key_policy.p["y"]')

    assert found == [('aws_kms_key.a["x"]', "key_id"), ('aws_kms_key.a["y"]', "key_id")]
    assert complete


def test_a_reference_goes_through_module_inputs_and_outputs() -> None:
    content = plan(change("module.keys.aws_kms_key.a", {}), change("module.policy.aws_kms_key_policy.p", {}))
    content["configuration"]["root_module"]["module_calls"] = {
        "keys": {
            "module": {
                "resources": [block("aws_kms_key.a")],
                "outputs": {"id": {"expression": {"references": ["aws_kms_key.a.key_id", "aws_kms_key.a"]}}},
            }
        },
        "policy": {
            "expressions": {"key": {"references": ["module.keys.id", "module.keys"]}},
            "module": {"resources": [block("aws_kms_key_policy.p", key_id={"references": ["var.key"]})]},
        },
    }

    found = links(content, "module.policy.aws_kms_key_policy.p")

    assert found == ([("module.keys.aws_kms_key.a", "key_id")], True)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (["module.keys", "each.key"], ["a", "b"]),
        (["module.keys"], ["a", "b"]),
        (['module.keys["a"].id', 'module.keys["a"]', "module.keys"], ["a"]),
    ],
)
def test_an_instance_of_a_module_is_told_as_one_of_a_resource_is(references: list[str], expected: list[str]) -> None:
    """Of `module.keys[each.key].id` a plan lists neither the output nor, where it is constant, the `for_each`."""
    content = plan(
        change('module.keys["a"].aws_kms_key.k', {}),
        change('module.keys["b"].aws_kms_key.k', {}),
        change('aws_kms_key_policy.p["b"]', {}),
        blocks=(block("aws_kms_key_policy.p", key_id={"references": references}),),
    )
    outputs = {
        "id": {"expression": {"references": ["aws_kms_key.k.key_id", "aws_kms_key.k"]}},
        "name": {"expression": {"constant_value": "keys"}},
    }
    content["configuration"]["root_module"]["module_calls"] = {
        "keys": {"module": {"resources": [block("aws_kms_key.k")], "outputs": outputs}}
    }

    found, complete = links(content, 'aws_kms_key_policy.p["b"]')

    assert found == [(f'module.keys["{key}"].aws_kms_key.k', "key_id") for key in expected]
    assert complete


def test_a_local_value_is_a_dead_end_and_says_so() -> None:
    content = plan(
        change("aws_kms_key_policy.p", {}),
        blocks=(block("aws_kms_key_policy.p", key_id={"references": ["local.id"]}),),
    )

    assert links(content, "aws_kms_key_policy.p") == ([], False)


def test_modules_that_refer_to_each_other_do_no_harm() -> None:
    content = plan(change("module.a.aws_kms_key_policy.p", {}))
    content["configuration"]["root_module"]["module_calls"] = {
        "a": {
            "expressions": {"key": {"references": ["module.a.id", "module.a"]}},
            "module": {
                "resources": [block("aws_kms_key_policy.p", key_id={"references": ["var.key"]})],
                "outputs": {"id": {"expression": {"references": ["var.key"]}}},
            },
        }
    }

    assert links(content, "module.a.aws_kms_key_policy.p") == ([], False)


def test_nested_blocks_are_named_by_their_dotted_path() -> None:
    content = plan(
        change("aws_kms_key.a", {}),
        change("aws_s3_thing.s", {}),
        blocks=(
            block("aws_kms_key.a"),
            block(
                "aws_s3_thing.s", rule=[{"default": [{"key": {"references": ["aws_kms_key.a.arn", "aws_kms_key.a"]}}]}]
            ),
        ),
    )

    assert links(content, "aws_s3_thing.s", "rule.default.key") == ([("aws_kms_key.a", "arn")], True)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("aws_kms_key.a", ""),
        ("module.a.aws_kms_key.a", "module.a"),
        ('module.a["x.y"].module.b[0].data.aws_x.y["module.z"]', 'module.a["x.y"].module.b[0]'),
        ('module.a["q\\"]."].aws_kms_key.a[0]', 'module.a["q\\"]."]'),
    ],
)
def test_the_module_of_an_address(address: str, expected: str) -> None:
    assert module_address(address) == expected


def test_the_parts_of_addresses_and_references() -> None:
    assert module_path('module.a["x.y"].module.b[0].module.c') == (("a", "x.y"), ("b", 0), ("c", None))
    assert traversal('aws_kms_key.this["a.b"].arn') == ("aws_kms_key", "this", "a.b", "arn")
    assert instance_key('"$${x}"') == "${x}"
    assert longest(["a.b.c", "a.b", "a.b.c", "a.bc", "x[0].y", "x[0]", "x"]) == ("a.b.c", "a.bc", "x[0].y")
