"""References in expressions are those that Terraform's plans list."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tfkms.frontends.addresses import longest
from tfkms.frontends.hcl.parse import parse_body, parse_expression
from tfkms.frontends.hcl.syntax import Argument, Body
from tfkms.frontends.hcl.traversals import references

FIXTURES = Path(__file__).parents[2] / "fixtures"
EVALUATED = FIXTURES / "source"
"""Configurations that other files than `main.tf` change too."""

CONFIGURATIONS = [
    path
    for path in sorted(FIXTURES.rglob("main.tf"))
    if (path.parent / "plan.json").is_file()
    and not path.is_relative_to(EVALUATED)
    and not any(path.parent.glob("*.tf.json"))
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aws_iam_role.app.arn", ["aws_iam_role.app.arn"]),
        ("data.aws_iam_policy_document.key[0].json", ["data.aws_iam_policy_document.key[0].json"]),
        ('module.keys["a b"].arns', ['module.keys["a b"].arns']),
        ("aws_kms_key.k[var.which].arn", ["aws_kms_key.k", "var.which"]),
        ("aws_kms_key.k[*].arn", ["aws_kms_key.k"]),
        ("aws_kms_key.k.*.arn[0]", ["aws_kms_key.k"]),
        ("[for k in aws_kms_key.all : k.arn if k.enabled && var.on]", ["aws_kms_key.all", "var.on"]),
        ("{for k, v in var.m : k => merge(v, local.d)...}", ["var.m", "local.d"]),
        (
            '"arn:${var.p}:iam::${data.aws_caller_identity.me.account_id}:root"',
            ["var.p", "data.aws_caller_identity.me.account_id"],
        ),
        ('"%{ for p in var.all }${p}${local.x}%{ endfor }"', ["var.all", "local.x"]),
        ('"%{ if var.a }${var.b}%{ else }${var.c}%{ endif }"', ["var.a", "var.b", "var.c"]),
        ("var.a ? var.b : try(var.c, null)", ["var.a", "var.b", "var.c"]),
        ("{ (var.k) = var.v, plain = 1 }", ["var.k", "var.v"]),
        ("-var.a + !var.b", ["var.a", "var.b"]),
        ("f(var.a).x[var.b]", ["var.a", "var.b"]),
        ("each.value.policy", ["each.value.policy"]),
        ("1 + 2", []),
    ],
)
def test_what_an_expression_refers_to(text: str, expected: list[str]) -> None:
    assert list(references(parse_expression(text))) == expected


def test_a_long_chain_is_no_trouble() -> None:
    assert references(parse_expression(" + ".join(f"var.v{n}" for n in range(400)))) == tuple(
        f"var.v{n}" for n in range(400)
    )


def listed(expressions: Any) -> Iterator[tuple[str, set[str]]]:
    """The references of each top-level argument of a block, in a plan's configuration."""
    for name, value in expressions.items():
        if isinstance(value, dict) and "references" in value:
            yield name, set(longest(value["references"]))


def arguments(body: Body) -> dict[str, set[str]]:
    return {item.name: set(longest(list(references(item.value)))) for item in body.items if isinstance(item, Argument)}


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.parent.relative_to(FIXTURES).as_posix())
def test_they_are_those_that_a_plan_lists(path: Path) -> None:
    blocks = {block.labels: block.body for block in parse_body(path.read_text(encoding="utf-8")).blocks if block.labels}
    configuration = json.loads((path.parent / "plan.json").read_text(encoding="utf-8"))["configuration"]

    for resource in configuration["root_module"].get("resources", ()):
        found = arguments(blocks[resource["type"], resource["name"]])
        for name, expected in listed(resource.get("expressions", {})):
            assert found[name] == expected, (resource["address"], name)
