"""Reading the JSON of plans and states."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plan_builder import ACCOUNT, ROOT, block, change, key_plan, plan, policy
from tfkms.diagnostics import Refusal
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.model import Action, Given, Mode, Omitted, Resource, Scan, Source, Unseen
from tfkms.values import Hole, Template, Unknown, text

FIXTURES = Path(__file__).parent.parent / "fixtures" / "plans"


def read(content: dict[str, Any], assumed: Assumed = Assumed()) -> Scan:  # noqa: B008 - immutable
    return read_plan(json.dumps(content).encode(), "plan.json", lambda kind: "kms" in kind or "iam" in kind, assumed)


def only(scan: Scan, address: str) -> Resource:
    (found,) = [resource for resource in scan.resources if resource.address == address]
    return found


def test_only_resources_of_wanted_types_are_read() -> None:
    scan = read(plan(change("aws_kms_key.a", {}), change("aws_s3_bucket.b", {})))

    assert [resource.address for resource in scan.resources] == ["aws_kms_key.a"]
    assert scan.input.resources == 2


def test_the_public_kms_module_is_read_whole() -> None:
    content = (FIXTURES / "terraform-aws-kms-complete.json").read_bytes()
    scan = read_plan(content, "plan.json", lambda kind: "kms_" in kind and "key" in kind, Assumed())

    assert scan.input.resources == 21
    assert len(scan.resources) == 8
    assert {resource.account.id for resource in scan.resources} == {ACCOUNT}
    assert {resource.account.region for resource in scan.resources} == {"us-east-1", "eu-west-1"}


def test_what_is_known_after_apply_is_unknown_with_its_references() -> None:
    scan = read(
        plan(
            change("aws_kms_key.a", {"tags": {"k": "v"}}, unknown={"policy": True, "tags": {"u": True}}),
            blocks=(block("aws_kms_key.a", policy={"references": ["aws_iam_role.x.arn", "aws_iam_role.x"]}),),
        )
    )
    after = only(scan, "aws_kms_key.a").after
    assert after is not None

    assert isinstance(after["policy"], Unknown)
    assert after["policy"].hole.references == ("aws_iam_role.x.arn",)
    assert isinstance(after["tags"], dict)
    assert after["tags"]["k"] == "v"
    assert isinstance(after["tags"]["u"], Unknown)


def test_an_unknown_element_of_a_list_is_told_from_a_null() -> None:
    scan = read(plan(change("aws_kms_key.a", {"x": ["a", None, None]}, unknown={"x": [False, True, False]})))
    after = only(scan, "aws_kms_key.a").after
    assert after is not None

    first, second, third = after["x"]  # type: ignore[misc]
    assert (first, third) == ("a", None)
    assert isinstance(second, Unknown)
    assert second.hole.path == "/x/1"


def test_planned_values_alone_leave_what_they_do_not_show_unknown() -> None:
    resource = {"address": "aws_kms_key.a", "mode": "managed", "type": "aws_kms_key", "name": "a", "values": {"x": 1}}
    content = plan(blocks=(block("aws_kms_key.a", policy={"references": ["local.p"]}),))
    del content["resource_changes"]
    after = only(read(content | {"planned_values": {"root_module": {"resources": [resource]}}}), "aws_kms_key.a").after
    assert after is not None

    assert after["x"] == 1
    assert isinstance(after["policy"], Unknown)


@pytest.mark.parametrize(
    "mask", [{}, {"policy": False}, {"policy": None}, {"policy": {}}, {"policy": "x"}, False, None]
)
def test_an_argument_of_which_a_change_shows_nothing_at_all_is_unknown(mask: Any) -> None:
    change_ = change("aws_kms_key.a", {"x": 1})
    change_["change"]["after_unknown"] = mask
    after = only(
        read(plan(change_, blocks=(block("aws_kms_key.a", policy={"references": ["local.p"]}),))), "aws_kms_key.a"
    ).after
    assert after is not None

    assert after["x"] == 1
    assert isinstance(after["policy"], Unknown)


def test_an_ephemeral_resource_which_opentofu_lists_is_no_change() -> None:
    opened = change("aws_kms_secrets.e", None, actions=("open",), mode="ephemeral")
    later = {"reason": "resource_config_unknown", "resource_change": opened}
    scan = read(plan(change("aws_kms_key.a", {}), opened) | {"deferred_changes": [later]})

    assert [resource.address for resource in scan.resources] == ["aws_kms_key.a"]
    assert scan.input.resources == 1


def test_modules_of_planned_values_are_read_however_deep() -> None:
    inner = {"address": "module.a.module.b.aws_kms_key.k", "type": "aws_kms_key", "name": "k", "values": {}}
    content: dict[str, Any] = {
        "format_version": "0.1",
        "planned_values": {
            "root_module": {"child_modules": [{"address": "module.a", "child_modules": [{"resources": [inner]}]}]}
        },
    }

    assert only(read(content), "module.a.module.b.aws_kms_key.k").module == "module.a.module.b"


def test_the_json_of_a_state_is_read() -> None:
    resource = {
        "address": "aws_kms_key.a",
        "mode": "managed",
        "type": "aws_kms_key",
        "name": "a",
        "values": {"policy": policy(ROOT), "arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"},
    }
    scan = read({"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}})
    found = only(scan, "aws_kms_key.a")

    assert scan.input.kind == "state"
    assert (found.source, found.account.id, found.argument("policy")) == (Source.STATE, ACCOUNT, Unseen())


def test_an_object_that_is_deposed_is_left_out() -> None:
    scan = read(plan(change("aws_kms_key.a", {}), change("aws_kms_key.a", None, before={}, deposed="1a2b3c4d")))

    assert len(scan.resources) == 1


def test_an_object_that_a_state_has_deposed_is_left_out() -> None:
    resource = {"address": "aws_kms_key.a", "mode": "managed", "type": "aws_kms_key", "name": "a", "values": {}}
    resources = [resource, {**resource, "deposed_key": "1a2b3c4d"}]
    scan = read({"format_version": "1.0", "values": {"root_module": {"resources": resources}}})

    assert len(scan.resources) == 1


def test_a_deferred_data_source_is_known_as_such() -> None:
    scan = read(plan(change("data.aws_iam_policy_document.d", {}, unknown={"json": True}, actions=("read",))))
    found = only(scan, "data.aws_iam_policy_document.d")

    assert (found.mode, found.source, found.actions) == (Mode.DATA, Source.DEFERRED, {Action.READ})
    assert found.block_type == "data.aws_iam_policy_document"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (None, Omitted()),
        ({"constant_value": None}, Omitted()),
        ({"constant_value": "x"}, Given(())),
        ({}, Given(())),
        ({"references": ["var.none"]}, Omitted()),
        ({"references": ["var.some"]}, Given(("var.some",))),
        ({"references": ["var.none", "data.x.y.json", "data.x.y"]}, Given(("var.none", "data.x.y.json"))),
        ({"references": ["local.p"]}, Given(("local.p",))),
        ({"constant_value": "${count.index}", "references": ["count.index"]}, Given(("count.index",))),
    ],
)
def test_an_argument_is_told_by_the_configuration(expression: Any, expected: object) -> None:
    arguments = {} if expression is None else {"policy": expression}
    content = plan(
        change("aws_kms_key.a", {}, unknown={"policy": True}),
        blocks=(block("aws_kms_key.a", **arguments),),
        variables={"none": {"value": None}, "some": {"value": "x"}},
    )

    assert only(read(content), "aws_kms_key.a").argument("policy") == expected


@pytest.mark.parametrize(
    ("call", "default", "expected"),
    [
        ({}, None, Omitted()),
        ({}, "x", Given(("var.policy",))),
        ({"policy": {"constant_value": None}}, "x", Omitted()),
        ({"policy": {"references": ["var.none"]}}, "x", Omitted()),
        ({"policy": {"references": ["var.some"]}}, None, Given(("var.policy",))),
    ],
)
def test_a_null_is_followed_through_module_calls(call: Any, default: Any, expected: object) -> None:
    content = plan(
        change("module.k.aws_kms_key.a", {}, unknown={"policy": True}),
        variables={"none": {"value": None}, "some": {"value": "x"}},
    )
    content["configuration"]["root_module"]["module_calls"] = {
        "k": {
            "expressions": call,
            "module": {
                "resources": [block("aws_kms_key.a", policy={"references": ["var.policy"]})],
                "variables": {"policy": {"default": default}},
            },
        }
    }

    assert only(read(content), "module.k.aws_kms_key.a").argument("policy") == expected


def test_the_account_is_that_of_the_resources_own_provider_block() -> None:
    other = block("aws_kms_key.b") | {"provider_config_key": "aws.other"}
    content = plan(change("aws_kms_key.a", {}), change("aws_kms_key.b", {}), blocks=(block("aws_kms_key.a"), other))
    content["configuration"]["provider_config"]["aws.other"] = {
        "name": "aws",
        "alias": "other",
        "expressions": {
            "region": {"constant_value": "cn-north-1"},
            "assume_role": [{"role_arn": {"constant_value": "arn:aws-cn:iam::444455556666:role/deploy"}}],
        },
    }
    scan = read(content)

    assert only(scan, "aws_kms_key.a").account.id == ACCOUNT
    account = only(scan, "aws_kms_key.b").account
    assert (account.id, account.partition, account.region) == ("444455556666", "aws-cn", "cn-north-1")


def test_a_block_that_differs_in_its_region_alone_is_of_the_same_account() -> None:
    other = block("aws_kms_key.b") | {"provider_config_key": "aws.west"}
    content = plan(change("aws_kms_key.b", {}), blocks=(other,))
    content["configuration"]["provider_config"]["aws.west"] = {
        "name": "aws",
        "expressions": {"region": {"constant_value": "us-west-2"}},
    }

    assert only(read(content), "aws_kms_key.b").account.id == ACCOUNT


@pytest.mark.parametrize(
    ("expressions", "arn", "account", "said"),
    [
        ({"allowed_account_ids": {"constant_value": ["444455556666"]}}, None, "444455556666", 0),
        ({"allowed_account_ids": {"constant_value": ["444455556666", "777788889999"]}}, None, None, 0),
        ({}, "arn:aws:kms:us-east-1:444455556666:key/1", "444455556666", 0),
        (
            {
                "assume_role": [{"role_arn": {"constant_value": "arn:aws:iam::444455556666:role/deploy"}}],
                "allowed_account_ids": {"constant_value": ["777788889999"]},
            },
            None,
            "444455556666",
            1,
        ),
    ],
)
def test_a_provider_block_tells_its_account_the_best_evidence_first(
    expressions: Any, arn: str | None, account: str | None, said: int
) -> None:
    existing = change("aws_kms_key.old", {"arn": arn}, before={"arn": arn}, actions=("no-op",))
    content = plan(*([existing] if arn else []), change("aws_kms_key.new", {}))
    del content["prior_state"]
    content["configuration"]["provider_config"]["aws"]["expressions"] = expressions
    scan = read(content)
    found = only(scan, "aws_kms_key.new").account.id

    assert (found if isinstance(found, str) else None) == account
    assert [item.code for item in scan.diagnostics] == ["account-conflict"] * said


def test_the_caller_identity_that_was_read_counts_more_than_the_role_and_a_conflict_is_said() -> None:
    content = plan(change("aws_kms_key.a", {}))
    role = [{"role_arn": {"constant_value": "arn:aws:iam::444455556666:role/deploy"}}]
    content["configuration"]["provider_config"]["aws"]["expressions"]["assume_role"] = role
    scan = read(content)
    (said,) = scan.diagnostics

    assert only(scan, "aws_kms_key.a").account.id == ACCOUNT
    assert ACCOUNT in said.message
    assert "444455556666" in said.message


def test_each_provider_block_of_a_true_plan_has_its_own_account() -> None:
    path = FIXTURES / "accounts-of-providers" / "plan.json"
    scan = read_plan(path.read_bytes(), "plan.json", {"aws_kms_key"}.__contains__, Assumed())
    told = {
        resource.address.partition(".")[2]: (resource.account.id, resource.account.region)
        for resource in scan.resources
    }

    assert told.pop("untold") == (
        text(Hole("provider aws.untold", "/account_id", "the account is not known; pass --account-id")),
        "us-east-1",
    )
    assert told == {
        "own": ("111122223333", "us-east-1"),
        "deployed": ("222233334444", "eu-west-1"),
        "in_another": ("222233334444", "eu-west-1"),
        "only": ("333344445555", "us-east-1"),
        "conflicting": ("444455556666", "us-east-1"),
    }
    (conflict,) = scan.diagnostics
    assert (conflict.code, "aws.conflicting" in conflict.message) == ("account-conflict", True)


def test_an_unknown_account_is_one_hole_wherever_it_occurs() -> None:
    content = plan(change("aws_kms_key.a", {}), change("aws_kms_key.b", {}))
    del content["prior_state"]
    scan = read(content)
    first, second = (resource.account.id for resource in scan.resources)

    assert isinstance(first, Template)
    assert first == second


def test_the_command_line_tells_an_account_that_the_plan_does_not() -> None:
    content = plan(change("aws_kms_key.a", {}))
    del content["prior_state"]

    assert only(read(content, Assumed(account="999988887777")), "aws_kms_key.a").account.id == "999988887777"


def test_a_plan_cut_off_anywhere_is_refused() -> None:
    content = json.dumps(key_plan(policy(ROOT))).encode()

    for length in range(len(content)):
        with pytest.raises(Refusal):
            read_plan(content[:length], "plan.json", lambda _: True, Assumed())
