"""Identity documents are joined to the principals that hold them, whatever way the plan says so."""

import json
from typing import Any

import pytest

from tests.plan_builder import ACCOUNT, block, change, plan, policy
from tfkms import catalogue
from tfkms.documents import Moment
from tfkms.extract import extract
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.identities import RESOURCE_TYPES, Identities, Identity, IdentityKind, identities

EVERYTHING = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
STORAGE = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
SET = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
OTHER = "999988887777"


def joined(*changes: Any, blocks: Any = (), moment: Moment = Moment.AFTER, **members: Any) -> Identities:
    content = plan(*changes, blocks=tuple(blocks), **members)
    wanted = {site.type for site in catalogue.sites()} | RESOURCE_TYPES
    scan = read_plan(json.dumps(content).encode(), "plan.json", wanted.__contains__, Assumed())
    return identities(scan, extract(scan, catalogue.sites(), moment), moment, catalogue.managed_policy)


def held(found: Identities) -> dict[str, list[str]]:
    """The addresses of the documents by the ARN of their holder; `*` is whoever a document will be attached to."""
    return {str(own.arn): [attachment.address for attachment in own.policies] for own in found.identities}


def only(found: Identities) -> Identity:
    (identity,) = found.identities
    return identity


def arn(resource: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{resource}"


def refers(*references: str) -> dict[str, list[str]]:
    """An expression with these references, written as a plan does: each before its resource."""
    return {"references": [part for reference in references for part in (reference, reference.rpartition(".")[0])]}


def role(name: str = "app", **values: Any) -> dict[str, Any]:
    return change(f"aws_iam_role.{name}", {"name": name, "path": "/"} | values, unknown={"arn": True, "id": True})


def user(name: str, **values: Any) -> dict[str, Any]:
    return change(f"aws_iam_user.{name}", {"name": name, "path": "/"} | values, unknown={"arn": True, "id": True})


def group(name: str = "ops") -> dict[str, Any]:
    return change(f"aws_iam_group.{name}", {"name": name, "path": "/"}, unknown={"arn": True})


def managed(name: str = "keys", statement: Any = EVERYTHING, known: bool = False) -> dict[str, Any]:
    values = {"name": name, "path": "/", "policy": policy(statement)}
    values |= {"arn": arn(f"policy/{name}")} if known else {}
    return change(f"aws_iam_policy.{name}", values, unknown={} if known else {"arn": True})


def attached(policy_arn: str = ADMINISTRATOR, kind: str = "role", name: str = "app") -> dict[str, Any]:
    return change(f"aws_iam_{kind}_policy_attachment.a", {kind: name, "policy_arn": policy_arn})


def test_the_arn_of_a_role_to_be_created_is_predicted() -> None:
    found = joined(role(path="/team/"), attached())

    assert only(found).arn == arn("role/team/app")
    assert (only(found).kind, only(found).address) == (IdentityKind.ROLE, "aws_iam_role.app")


def test_the_part_of_a_name_that_is_made_up_on_apply_is_a_fresh_hole() -> None:
    made = change("aws_iam_role.app", {"name_prefix": "app-", "path": "/"}, unknown={"arn": True, "name": True})
    own = change("aws_iam_role_policy.p", {"policy": policy(EVERYTHING)}, unknown={"role": True})
    blocks = (
        block("aws_iam_role.app", name_prefix={}),
        block("aws_iam_role_policy.p", role=refers("aws_iam_role.app.id")),
    )
    parts = only(joined(made, own, blocks=blocks)).arn.parts  # type: ignore[union-attr]

    assert parts[0] == arn("role/app-")
    assert parts[1].fresh


def test_an_inline_policy_is_reported_at_the_resource_that_holds_it() -> None:
    own = change("aws_iam_role_policy.p", {"role": "app", "policy": policy(EVERYTHING)})
    blocks = role("both", inline_policy=[{"name": "x", "policy": policy(EVERYTHING)}])

    assert held(joined(role(), own, blocks)) == {
        arn("role/app"): ["aws_iam_role_policy.p"],
        arn("role/both"): ["aws_iam_role.both"],
    }


def test_a_policy_by_reference_is_on_the_role_by_reference() -> None:
    by_reference = change("aws_iam_role_policy_attachment.a", {"role": "app"}, unknown={"policy_arn": True})
    blocks = (
        block("aws_iam_policy.keys"),
        block("aws_iam_role_policy_attachment.a", policy_arn=refers("aws_iam_policy.keys.arn")),
    )

    assert held(joined(role(), managed(), by_reference, blocks=blocks)) == {arn("role/app"): ["aws_iam_policy.keys"]}


@pytest.mark.parametrize("known", [True, False])
def test_a_policy_is_known_by_its_arn_even_before_it_is_created(known: bool) -> None:
    found = joined(role(), managed(known=known), attached(arn("policy/keys")))

    assert held(found) == {arn("role/app"): ["aws_iam_policy.keys"]}


def test_an_aws_managed_policy_is_reported_at_the_attaching_resource() -> None:
    assert held(joined(role(), attached())) == {arn("role/app"): ["aws_iam_role_policy_attachment.a"]}


def test_an_aws_managed_policy_is_found_behind_a_path() -> None:
    found = joined(role(), attached("arn:aws:iam::aws:policy/job-function/SystemAdministrator"))

    assert held(found) == {arn("role/app"): ["aws_iam_role_policy_attachment.a"]}


@pytest.mark.parametrize("policy_arn", ["arn:aws:iam::aws:policy/AmazonS3FullAccess", arn("policy/storage")])
def test_a_document_without_kms_permissions_is_left_out(policy_arn: str) -> None:
    assert not joined(role(), managed("storage", STORAGE, known=True), attached(policy_arn)).identities


def test_managed_policy_arns_of_a_role_are_attached() -> None:
    found = joined(role(managed_policy_arns=[ADMINISTRATOR, arn("policy/keys")]), managed(known=True))

    assert sorted(held(found)[arn("role/app")]) == ["aws_iam_policy.keys", "aws_iam_role.app"]


def test_a_policy_whose_document_is_not_in_view_is_named() -> None:
    found = joined(
        role(),
        attached(),
        change("aws_iam_role_policy_attachment.b", {"role": "app", "policy_arn": arn("policy/gone")}),
    )

    assert only(found).unseen == (arn("policy/gone"),)


def test_a_role_that_is_not_in_view_is_known_by_its_name() -> None:
    found = only(joined(attached(name="elsewhere")))

    assert (found.address, found.name, found.path) == (None, "elsewhere", None)


def test_a_policy_attachment_reaches_roles_users_and_the_members_of_groups() -> None:
    many = change(
        "aws_iam_policy_attachment.a",
        {"name": "a", "policy_arn": ADMINISTRATOR, "roles": ["app"], "users": ["ann"], "groups": ["ops"]},
    )
    member = change("aws_iam_group_membership.m", {"name": "m", "group": "ops", "users": ["bob"]})

    assert set(held(joined(role(), user("ann"), user("bob"), group(), many, member))) == {
        arn("role/app"), arn("user/ann"), arn("user/bob"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["aws_iam_group_membership", "aws_iam_user_group_membership"])
@pytest.mark.parametrize("in_view", [True, False])
def test_a_member_of_a_group_holds_its_policies(kind: str, in_view: bool) -> None:
    one = kind == "aws_iam_group_membership"
    values: dict[str, Any] = {"group": "ops", "users": ["ann"]} if one else {"user": "ann", "groups": ["ops"]}
    own = change("aws_iam_group_policy.p", {"group": "ops", "policy": policy(EVERYTHING)})
    principals = (group(), user("ann")) if in_view else ()

    assert held(joined(*principals, own, change(f"{kind}.m", values))) == {arn("user/ann"): ["aws_iam_group_policy.p"]}


def test_a_group_without_members_stands_for_a_user_to_come() -> None:
    found = only(joined(group(), attached(kind="group", name="ops")))

    assert (found.kind, found.to_come) == (IdentityKind.USER, True)


def test_a_user_holds_its_own_policies() -> None:
    own = change("aws_iam_user_policy.p", {"user": "ann", "policy": policy(EVERYTHING)})

    assert held(joined(user("ann"), own)) == {arn("user/ann"): ["aws_iam_user_policy.p"]}


def test_a_boundary_in_view_is_on_the_role_and_no_policy_of_its_own() -> None:
    found = only(joined(role(permissions_boundary=arn("policy/keys")), managed(known=True), attached()))

    assert [boundary.address for boundary in found.boundaries] == ["aws_iam_policy.keys"]
    assert [own.address for own in found.policies] == ["aws_iam_role_policy_attachment.a"]


def test_a_boundary_that_is_not_in_view_only_bounds() -> None:
    found = only(joined(role(permissions_boundary=arn("policy/gone")), attached()))

    assert (found.bounded, found.boundaries) == (True, ())


def test_an_aws_managed_boundary_without_kms_permissions_allows_nothing() -> None:
    found = only(joined(role(permissions_boundary="arn:aws:iam::aws:policy/AmazonS3FullAccess"), attached()))

    assert [list(boundary.document.policy) for boundary in found.boundaries] == [[]]


def test_a_document_on_nobody_stands_for_whoever_it_will_be_attached_to() -> None:
    found = only(joined(managed()))

    assert (found.kind, found.to_come) == (IdentityKind.ANYONE, True)
    assert [own.address for own in found.policies] == ["aws_iam_policy.keys"]


def test_of_several_instances_each_may_be_the_one_that_is_attached() -> None:
    changes: list[Any] = []
    for key, statement in (("a", EVERYTHING), ("b", STORAGE)):
        changes += [
            change(f'aws_iam_role.each["{key}"]', {"name": key, "path": "/"}, unknown={"arn": True}),
            change(f'aws_iam_policy.each["{key}"]', {"name": key, "policy": policy(statement)}, unknown={"arn": True}),
            change(f'aws_iam_role_policy_attachment.each["{key}"]', {"role": key}, unknown={"policy_arn": True}),
        ]  # fmt: skip
    each = {"for_each_expression": refers("var.names")}
    blocks = [
        block("aws_iam_role.each") | each,
        block("aws_iam_policy.each") | each,
        block("aws_iam_role_policy_attachment.each", policy_arn={"references": ["aws_iam_policy.each", "each.key"]})
        | each,
    ]

    found = held(joined(*changes, blocks=blocks))

    assert {who for who in found if "$" not in who} == {arn("role/a"), arn("role/b")}
    assert found.keys() - {arn("role/a"), arn("role/b")} == {arn("role/${aws_iam_policy.each}")}


def test_a_reference_is_followed_into_a_module() -> None:
    inside = change(
        "module.m.aws_iam_policy.keys",
        {"name": "keys", "path": "/", "policy": policy(EVERYTHING)},
        unknown={"arn": True},
    )
    outside = change("aws_iam_role_policy_attachment.a", {"role": "app"}, unknown={"policy_arn": True})
    content = plan(
        role(), inside, outside, blocks=(block("aws_iam_role_policy_attachment.a", policy_arn=refers("module.m.arn")),)
    )
    content["configuration"]["root_module"]["module_calls"] = {
        "m": {
            "module": {
                "outputs": {"arn": {"expression": refers("aws_iam_policy.keys.arn")}},
                "resources": [block("aws_iam_policy.keys")],
            }
        }
    }
    found = joined(role(), inside, outside, configuration=content["configuration"])

    assert held(found) == {arn("role/app"): ["module.m.aws_iam_policy.keys"]}


def test_what_is_destroyed_is_held_before_and_not_after() -> None:
    values = {"name": "app", "path": "/", "arn": arn("role/app")}
    own = {"name": "p", "role": "app", "policy": policy(EVERYTHING)}
    changes = (
        change("aws_iam_role.app", values, before=values, actions=("no-op",)),
        change("aws_iam_role_policy.p", None, before=own, actions=("delete",)),
    )

    assert held(joined(*changes, moment=Moment.BEFORE)) == {arn("role/app"): ["aws_iam_role_policy.p"]}
    assert held(joined(*changes)) == {}


def test_a_permission_set_stands_for_its_role_where_it_is_assigned() -> None:
    found = only(
        joined(
            change("aws_ssoadmin_permission_set.s", {"name": "Sec", "arn": SET}),
            change(
                "aws_ssoadmin_managed_policy_attachment.a",
                {"permission_set_arn": SET, "managed_policy_arn": ADMINISTRATOR},
            ),
            change("aws_ssoadmin_account_assignment.x", {"permission_set_arn": SET, "target_id": ACCOUNT}),
        )
    )

    assert found.arn_pattern == arn("role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Sec_*")


def test_a_control_policy_is_told_with_its_targets() -> None:
    (guard,) = joined(
        change(
            "aws_organizations_policy.p",
            {"id": "p-1", "content": policy(EVERYTHING | {"Effect": "Deny"}), "type": "SERVICE_CONTROL_POLICY"},
        ),
        change("aws_organizations_policy_attachment.a", {"policy_id": "p-1", "target_id": "ou-1"}),
    ).guards

    assert (guard.kind, guard.targets) == ("scp", ("ou-1",))


def test_a_grant_is_an_allow_of_its_operations() -> None:
    (grant,) = joined(
        change("aws_kms_grant.g", {"key_id": "k-1", "grantee_principal": arn("role/app"), "operations": ["Decrypt"]})
    ).grants

    assert grant.keys == {"k-1"}
    assert grant.statement.actions.texts == ("kms:Decrypt",)  # type: ignore[union-attr]


@pytest.mark.parametrize("word", ["role", "user", "group"])
def test_an_exclusive_list_of_attachments_attaches(word: str) -> None:
    listed = change(
        f"aws_iam_{word}_policy_attachments_exclusive.x", {f"{word}_name": "n", "policy_arns": [ADMINISTRATOR]}
    )

    assert [own.address for own in only(joined(listed)).policies] == [listed["address"]]
