"""What cannot be told in a join widens what is judged: nothing that may be attached, or may not, makes a pass."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.plan_builder import ACCOUNT, block, change, plan
from tests.test_identities import (
    ADMINISTRATOR,
    EVERYTHING,
    OTHER,
    SET,
    STORAGE,
    arn,
    attached,
    group,
    held,
    joined,
    managed,
    only,
    policy,
    refers,
    role,
    user,
)
from tfkms.iam.document import Opaque, OpaqueStatement, Principals, Statement
from tfkms.iam.parse import parse_policy
from tfkms.identities import Attachment, Identity
from tfkms.identities.relevance import concerns_kms
from tfkms.location import Origin
from tfkms.values import Hole, Template, Value, text


def doubtful(attachment: Attachment) -> bool:
    """Whether every statement of the document holds only if something unknown turns out so."""
    return all(
        isinstance(own, OpaqueStatement)
        or (isinstance(own, Statement) and any(isinstance(each.operator, Opaque) for each in own.conditions))
        for own in attachment.document.policy
    )


def sure(attachments: Sequence[Attachment]) -> list[str]:
    return [attachment.address for attachment in attachments if not doubtful(attachment)]


def by_arn(found: Any) -> dict[str, Identity]:
    return {str(own.arn): own for own in found.identities}


def through(reference: str | None, argument: str = "role") -> tuple[Any, ...]:
    """An attachment of AdministratorAccess to what an unknown expression leads to."""
    attachment = change("aws_iam_role_policy_attachment.a", {"policy_arn": ADMINISTRATOR}, unknown={argument: True})
    expression = refers(*([reference] if reference else []))
    return attachment, block("aws_iam_role_policy_attachment.a", policy_arn={}, **{argument: expression})


def test_a_role_that_cannot_be_told_is_a_role_of_unknown_name() -> None:
    attachment, configured = through("random_pet.name.id")
    found = only(joined(attachment, blocks=[configured]))

    assert isinstance(found.name, Template)
    assert sure(found.policies) == ["aws_iam_role_policy_attachment.a"]


def test_through_a_local_value_it_may_be_any_role_in_view() -> None:
    attachment, configured = through("local.name")
    found = by_arn(joined(role(), attachment, blocks=[block("aws_iam_role.app"), configured]))

    assert [doubtful(own) for own in found[arn("role/app")].policies] == [True]
    assert len(found) == 2


def test_of_two_roles_that_a_reference_leads_to_neither_surely_holds_the_policy() -> None:
    attachment, configured = through(None)
    configured["expressions"]["role"] = refers("aws_iam_role.a.id", "aws_iam_role.b.id")
    blocks = [block("aws_iam_role.a"), block("aws_iam_role.b"), configured]
    found = by_arn(joined(role("a"), role("b"), attachment, blocks=blocks))

    assert not sure(found[arn("role/a")].policies)
    assert not sure(found[arn("role/b")].policies)


def test_of_two_policies_neither_is_surely_attached() -> None:
    attachment = change("aws_iam_role_policy_attachment.a", {"role": "app"}, unknown={"policy_arn": True})
    expression = refers("aws_iam_policy.a.arn", "aws_iam_policy.b.arn")
    blocks = [
        block("aws_iam_policy.a"),
        block("aws_iam_policy.b"),
        block("aws_iam_role_policy_attachment.a", policy_arn=expression),
    ]
    every = by_arn(
        joined(role(), managed("a"), managed("b", EVERYTHING | {"Effect": "Deny"}), attachment, blocks=blocks)
    )
    found = every[arn("role/app")]

    assert [own.address for own in found.policies] == ["aws_iam_policy.a", "aws_iam_policy.b"]
    assert not sure(found.policies)


def test_as_many_references_as_unknown_parts_are_all_meant() -> None:
    both = change(
        "aws_iam_role.app",
        {"name": "app", "path": "/", "managed_policy_arns": [None, None]},
        unknown={"managed_policy_arns": [True, True]},
    )
    expression = refers("aws_iam_policy.a.arn", "aws_iam_policy.b.arn")
    blocks = [
        block("aws_iam_policy.a"), block("aws_iam_policy.b"), block("aws_iam_role.app", managed_policy_arns=expression),
    ]  # fmt: skip
    found = only(joined(both, managed("a"), managed("b"), blocks=blocks))

    assert sure(found.policies) == ["aws_iam_policy.a", "aws_iam_policy.b"]


def test_a_boundary_that_may_be_one_of_two_surely_allows_nothing() -> None:
    bounded = change("aws_iam_role.app", {"name": "app", "path": "/"}, unknown={"permissions_boundary": True})
    expression = refers("aws_iam_policy.a.arn", "aws_iam_policy.b.arn")
    blocks = [
        block("aws_iam_policy.a"),
        block("aws_iam_policy.b"),
        block("aws_iam_role.app", permissions_boundary=expression),
    ]
    found = only(joined(bounded, managed("a"), managed("b", STORAGE), attached(), blocks=blocks))

    assert len(found.boundaries) == 2
    assert not sure(found.boundaries)


def test_a_member_that_is_not_known_holds_what_the_group_does() -> None:
    member = change(
        "aws_iam_group_membership.m", {"group": "ops", "users": ["ann", None]}, unknown={"users": [False, True]}
    )
    found = joined(group(), attached(kind="group", name="ops"), member).identities

    assert [isinstance(own.name, Template) for own in found] == [False, True]
    assert not any(own.to_come for own in found)


def test_a_group_that_is_not_known_may_be_any_in_view() -> None:
    member = change("aws_iam_user_group_membership.m", {"user": "ann"}, unknown={"groups": True})
    found = by_arn(joined(group(), user("ann"), attached(kind="group", name="ops"), member))

    assert [doubtful(own) for own in found[arn("user/ann")].policies] == [True]


def test_an_attachment_to_nobody_leaves_the_policy_unattached() -> None:
    nobody = change("aws_iam_policy_attachment.a", {"name": "a", "policy_arn": arn("policy/keys"), "roles": []})

    assert only(joined(managed(known=True), nobody)).to_come


@pytest.mark.parametrize(
    ("action", "expected"),
    [((), True), (("kms:",), True), (("*",), True), (("s3:",), False)],
)
def test_an_action_of_which_part_is_not_known_may_be_of_kms(action: tuple[str, ...], expected: bool) -> None:
    written = text(*action, Hole("aws_iam_policy.keys", "/policy", "known after apply"))
    content: Value = {"Statement": ({"Effect": "Allow", "Action": written, "Resource": "*"},)}
    read, _ = parse_policy(content, Origin("aws_iam_policy.keys", "/policy"))

    assert concerns_kms(read) is expected


def test_a_tag_whose_value_is_not_known_is_there() -> None:
    tagged = change(
        "aws_iam_user.ann",
        {"name": "ann", "path": "/", "tags_all": {"team": None, "stage": ""}},
        unknown={"tags_all": {"team": True}},
    )
    own = change("aws_iam_user_policy.p", {"user": "ann", "policy": policy(EVERYTHING)})
    tags = only(joined(tagged, own)).tags

    assert tags is not None
    assert isinstance(tags["team"], Template)
    assert tags["stage"] == ""


def test_a_grant_whose_key_cannot_be_told_may_be_on_any() -> None:
    values = {"grantee_principal": arn("role/app"), "operations": ["Decrypt"]}
    grant = change("aws_kms_grant.g", values, unknown={"key_id": True})
    keys = [change(f"aws_kms_key.{name}", {}, unknown={"policy": True, "arn": True}) for name in ("a", "b")]
    (found,) = joined(*keys, grant, blocks=[block("aws_kms_grant.g", key_id=refers("local.key"))]).grants

    assert found.keys == {"aws_kms_key.a", "aws_kms_key.b"}
    assert found.statement.conditions


def test_a_grantee_that_is_one_of_two_is_neither_of_them_for_sure() -> None:
    grant = change("aws_kms_grant.g", {"operations": ["Decrypt"], "key_id": "1"}, unknown={"grantee_principal": True})
    expression = refers("aws_iam_role.app-a.arn", "aws_iam_role.app-b.arn")
    blocks = [
        block("aws_iam_role.app-a"),
        block("aws_iam_role.app-b"),
        block("aws_kms_grant.g", grantee_principal=expression),
    ]
    (found,) = joined(role("app-a"), role("app-b"), grant, blocks=blocks).grants
    assert isinstance(found.statement.principals, Principals)
    (grantee,) = found.statement.principals.names

    assert str(grantee.value).startswith(f"arn:aws:iam::{ACCOUNT}:role/app-${{")


LISTED = {
    "name": "app",
    "path": "/",
    "arn": arn("role/app"),
    "inline_policy": [{"name": "p", "policy": policy(EVERYTHING)}],
    "managed_policy_arns": [ADMINISTRATOR],
}
INLINE = {"name": "p", "role": "app", "policy": policy(EVERYTHING)}
ATTACHED = {"role": "app", "policy_arn": ADMINISTRATOR}


def as_read(*changes: Any) -> dict[str, list[str]]:
    """What is held where the role's attributes are as the last refresh left them."""
    listed = change("aws_iam_role.app", LISTED, before=LISTED, actions=("no-op",))
    return held(joined(listed, *changes, blocks=[block("aws_iam_role.app", name={})]))


def test_what_a_role_lists_of_itself_is_held() -> None:
    assert as_read() == {arn("role/app"): ["aws_iam_role.app", "aws_iam_role.app"]}


@pytest.mark.parametrize("after", [None, INLINE | {"policy": policy(STORAGE)}])
def test_what_is_removed_by_its_own_resource_is_gone_though_the_role_still_lists_it(after: Any) -> None:
    assert (
        as_read(
            change("aws_iam_role_policy.p", after, before=INLINE, actions=("update" if after else "delete",)),
            change("aws_iam_role_policy_attachment.a", None, before=ATTACHED, actions=("delete",)),
        )
        == {}
    )


def test_what_has_its_own_resource_is_held_once() -> None:
    found = as_read(
        change("aws_iam_role_policy.p", INLINE, before=INLINE, actions=("no-op",)),
        change("aws_iam_role_policy_attachment.a", ATTACHED, before=ATTACHED, actions=("no-op",)),
    )

    assert found == {arn("role/app"): ["aws_iam_role_policy.p", "aws_iam_role_policy_attachment.a"]}


def test_exclusive_lists_take_away_what_they_do_not_name() -> None:
    found = as_read(
        change("aws_iam_role_policies_exclusive.x", {"role_name": "app", "policy_names": ["other"]}),
        change("aws_iam_role_policy_attachments_exclusive.x", {"role_name": "app", "policy_arns": []}),
    )

    assert found == {}


PERMISSION_SET = change("aws_ssoadmin_permission_set.s", {"name": "Sec", "arn": SET})
MANAGED = change(
    "aws_ssoadmin_managed_policy_attachment.a", {"permission_set_arn": SET, "managed_policy_arn": ADMINISTRATOR}
)


def assigned(account: str | None) -> dict[str, Any]:
    values = {"permission_set_arn": SET} | ({"target_id": account} if account else {})
    return change("aws_ssoadmin_account_assignment.x", values, unknown={} if account else {"target_id": True})


def customer_managed(name: str) -> dict[str, Any]:
    reference = [{"name": name, "path": "/"}]
    values = {"permission_set_arn": SET, "customer_managed_policy_reference": reference}
    return change("aws_ssoadmin_customer_managed_policy_attachment.c", values)


def test_a_customer_managed_policy_is_on_the_permission_set_by_its_name() -> None:
    found = joined(PERMISSION_SET, assigned(ACCOUNT), managed(), customer_managed("keys"))

    assert [[own.address for own in identity.policies] for identity in found.identities] == [["aws_iam_policy.keys"]]


def test_a_customer_managed_policy_that_is_not_in_view_is_named() -> None:
    found = only(joined(PERMISSION_SET, MANAGED, assigned(ACCOUNT), customer_managed("gone")))

    assert found.unseen == (arn("policy/gone"),)


@pytest.mark.parametrize(
    "boundary",
    [
        {"managed_policy_arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess", "customer_managed_policy_reference": []},
        {"managed_policy_arn": None, "customer_managed_policy_reference": [{"name": "storage", "path": "/"}]},
    ],
)
def test_a_permission_set_has_a_boundary(boundary: Any) -> None:
    values = {"permission_set_arn": SET, "permissions_boundary": [boundary]}
    attachment = change("aws_ssoadmin_permissions_boundary_attachment.b", values)
    found = only(joined(PERMISSION_SET, MANAGED, assigned(ACCOUNT), managed("storage", STORAGE), attachment))

    assert (found.bounded, len(found.boundaries)) == (True, 1)


def test_a_permission_set_in_an_account_that_is_not_known_may_be_in_this_one() -> None:
    found = only(joined(PERMISSION_SET, MANAGED, assigned(None)))

    assert found.account.id == ACCOUNT
    assert not sure(found.policies)


def test_a_permission_set_of_an_account_that_the_plan_does_not_work_in_is_left_out() -> None:
    assert not joined(PERMISSION_SET, MANAGED, assigned(OTHER)).identities


def test_a_permission_set_of_another_account_that_the_plan_works_in_is_held_there() -> None:
    there = {"policy": "", "arn": f"arn:aws:kms:us-east-1:{OTHER}:key/1", "key_id": "1"}
    elsewhere = change("aws_kms_key.there", there, before=there, actions=("no-op",))
    found = only(joined(PERMISSION_SET, MANAGED, assigned(OTHER), elsewhere))

    assert found.account.id == OTHER


def test_of_two_permission_sets_that_a_policy_may_be_of_neither_surely_has_it() -> None:
    sets = [
        change(f"aws_ssoadmin_permission_set.{name}", {"name": name}, unknown={"arn": True}) for name in ("One", "Two")
    ]
    inline = change(
        "aws_ssoadmin_permission_set_inline_policy.p",
        {"inline_policy": policy(EVERYTHING)},
        unknown={"permission_set_arn": True},
    )
    blocks = [
        block("aws_ssoadmin_permission_set.One"),
        block("aws_ssoadmin_permission_set.Two"),
        block("aws_ssoadmin_permission_set_inline_policy.p", permission_set_arn=refers("local.set")),
    ]
    found = joined(*sets, inline, blocks=blocks).identities

    assert len(found) == 2
    assert not any(sure(own.policies) for own in found)


@pytest.mark.parametrize(
    "references", [("local.policy",), ("aws_organizations_policy.a.id", "aws_organizations_policy.b.id")]
)
def test_a_control_policy_that_may_be_attached_is_not_surely_in_force(references: tuple[str, ...]) -> None:
    policies = [
        change(
            f"aws_organizations_policy.{name}",
            {"content": policy(EVERYTHING | {"Effect": "Deny"})},
            unknown={"id": True},
        )
        for name in ("a", "b")
    ]
    attachment = change("aws_organizations_policy_attachment.x", {"target_id": ACCOUNT}, unknown={"policy_id": True})
    blocks = [
        block("aws_organizations_policy.a"),
        block("aws_organizations_policy.b"),
        block("aws_organizations_policy_attachment.x", policy_id=refers(*references)),
    ]
    found = joined(*policies, attachment, blocks=blocks).guards

    assert [guard.document.address for guard in found] == ["aws_organizations_policy.a", "aws_organizations_policy.b"]
    assert all(isinstance(target, Template) for guard in found for target in guard.targets)


# What data sources tell of principals and policies


def read(address: str, **values: Any) -> dict[str, Any]:
    """A data source that was read."""
    kind, _, name = address.removeprefix("data.").partition(".")
    return {"address": address, "mode": "data", "type": kind, "name": name, "values": values}


def with_data(*sources: Any, changes: Any) -> Any:
    own = plan()["prior_state"]["values"]["root_module"]["resources"]
    return joined(*changes, prior_state={"values": {"root_module": {"resources": [*own, *sources]}}})


def test_a_policy_that_is_read_is_on_whom_it_is_attached_to_by_its_arn() -> None:
    kept = read("data.aws_iam_policy.keys", arn=arn("policy/keys"), name="keys", policy=policy(EVERYTHING))
    found = with_data(kept, changes=[attached(arn("policy/keys"))])

    assert held(found) == {arn("role/app"): ["data.aws_iam_policy.keys"]}
    assert only(found).unseen == ()


def test_a_policy_that_is_only_read_is_nobody_s_concern() -> None:
    kept = read("data.aws_iam_policy.keys", arn=arn("policy/keys"), name="keys", policy=policy(EVERYTHING))

    assert with_data(kept, changes=[role()]).identities == ()


def test_of_a_policy_that_is_read_and_managed_the_managed_one_stands() -> None:
    kept = read("data.aws_iam_policy.keys", arn=arn("policy/keys"), name="keys", policy=policy(EVERYTHING))
    found = with_data(kept, changes=[managed(known=True), attached(arn("policy/keys"))])

    assert held(found) == {arn("role/app"): ["aws_iam_policy.keys"]}


def test_an_aws_managed_policy_that_is_read_is_as_read_and_reported_where_it_is_attached() -> None:
    kept = read("data.aws_iam_policy.a", arn=ADMINISTRATOR, name="AdministratorAccess", policy=policy(EVERYTHING))
    found = with_data(kept, changes=[attached()])

    assert held(found) == {arn("role/app"): ["aws_iam_role_policy_attachment.a"]}
    assert only(found).policies[0].document.address == "data.aws_iam_policy.a"


def test_the_path_and_the_boundary_of_a_role_that_is_read_are_known() -> None:
    app = read(
        "data.aws_iam_role.app",
        name="app",
        path="/team/",
        arn=arn("role/team/app"),
        permissions_boundary=arn("policy/b"),
    )
    found = with_data(app, changes=[attached()])

    assert (only(found).arn, only(found).path, only(found).bounded) == (arn("role/team/app"), "/team/", True)


def test_a_user_that_is_read_is_known_by_its_user_name() -> None:
    ops = read("data.aws_iam_user.ops", user_name="ops", path="/team/", arn=arn("user/team/ops"))

    assert held(with_data(ops, changes=[attached(kind="user", name="ops")])) == {
        arn("user/team/ops"): ["aws_iam_user_policy_attachment.a"]
    }
