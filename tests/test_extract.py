"""Documents are found by the sites, and policies joined to their keys."""

import json
from typing import Any

import pytest

from tests.plan_builder import ACCOUNT, ROOT, block, change, key_plan, plan, policy
from tfkms import catalogue
from tfkms.documents import Kind, Moment, Site, State
from tfkms.extract import Estate, extract
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.selectors import selector


def estate(content: dict[str, Any], moment: Moment = Moment.AFTER, sites: Any = None) -> Estate:
    scan = read_plan(json.dumps(content).encode(), "plan.json", lambda _: True, Assumed())
    return extract(scan, sites or catalogue.sites(), moment)


def states(content: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key.address, document.state.value) for key in estate(content).keys for document in key.documents]


@pytest.mark.parametrize("text", ["", None])
def test_a_key_without_a_policy_has_the_default_one(text: str | None) -> None:
    assert states(key_plan(text)) == [("aws_kms_key.main", "default")]


def test_an_unknown_policy_is_the_default_one_only_where_the_configuration_gives_none() -> None:
    unknown = {"policy": True, "arn": True}
    given = block("aws_kms_key.given", policy={"references": ["aws_iam_role.x.arn", "aws_iam_role.x"]})
    content = plan(
        change("aws_kms_key.given", {}, unknown=unknown),
        change("aws_kms_key.none", {}, unknown=unknown),
        blocks=(given, block("aws_kms_key.none")),
    )

    assert states(content) == [("aws_kms_key.given", "unknown"), ("aws_kms_key.none", "default")]


def test_without_a_configuration_an_unknown_policy_stays_unknown() -> None:
    content = plan(change("aws_kms_key.a", {}, unknown={"policy": True}))
    del content["configuration"]

    assert states(content) == [("aws_kms_key.a", "unknown")]


def test_a_key_policy_resource_takes_the_place_of_the_default_policy() -> None:
    content = plan(
        change("aws_kms_key.a", {}, unknown={"policy": True, "key_id": True}),
        change("aws_kms_key_policy.p", {"policy": policy(ROOT)}, unknown={"key_id": True}),
        blocks=(
            block("aws_kms_key.a"),
            block("aws_kms_key_policy.p", key_id={"references": ["aws_kms_key.a.key_id", "aws_kms_key.a"]}),
        ),
    )
    (key,) = estate(content).keys

    assert [(document.address, document.state) for document in key.documents] == [("aws_kms_key_policy.p", State.KNOWN)]


def test_a_key_policy_is_for_a_key_of_its_own_region() -> None:
    """A replica and its primary key have one id; which of them a policy is for its provider's Region tells."""
    keys = [
        change(
            f"aws_kms_{kind}.k",
            {"key_id": "mrk-1", "policy": policy(ROOT), "region": region},
            before={"key_id": "mrk-1"},
        )
        for kind, region in (("key", "us-east-1"), ("replica_key", "eu-west-1"))
    ]
    own = change("aws_kms_key_policy.p", {"key_id": "mrk-1", "policy": policy(), "region": "eu-west-1"})
    primary, replica = estate(plan(*keys, own)).keys

    assert [document.address for document in primary.documents] == ["aws_kms_key.k"]
    assert [document.address for document in replica.documents] == ["aws_kms_key_policy.p"]


def test_a_key_policy_of_one_of_several_keys_is_a_possible_policy_of_each_and_stands_for_itself() -> None:
    content = plan(
        change("aws_kms_key.a", {}, unknown={"policy": True, "key_id": True}),
        change("aws_kms_key.b", {}, unknown={"policy": True, "key_id": True}),
        change("aws_kms_key_policy.p", {"policy": policy(ROOT)}, unknown={"key_id": True}),
        blocks=(
            block("aws_kms_key.a"),
            block("aws_kms_key.b"),
            block("aws_kms_key_policy.p", key_id={"references": ["local.key"]}),
        ),
    )
    a, b, alone = estate(content).keys

    assert [[document.address for document, _ in key.possible] for key in (a, b)] == [
        ["aws_kms_key.a", "aws_kms_key_policy.p"],
        ["aws_kms_key.b", "aws_kms_key_policy.p"],
    ]
    assert (alone.address, alone.possible) == ("aws_kms_key_policy.p", ())


def test_the_only_key_that_a_policy_can_be_for_is_its_key() -> None:
    content = plan(
        change("aws_kms_key.a", {}, unknown={"policy": True, "key_id": True}),
        change("aws_kms_key_policy.p", {"policy": policy(ROOT)}, unknown={"key_id": True}),
        blocks=(block("aws_kms_key.a"), block("aws_kms_key_policy.p", key_id={"references": ["local.key"]})),
    )
    (key,) = estate(content).keys

    assert ([document.address for document in key.documents], key.possible) == (["aws_kms_key_policy.p"], ())


def test_a_policy_given_in_both_places_is_judged_twice_and_said_once() -> None:
    content = plan(
        change("aws_kms_key.a", {"policy": policy(ROOT)}, unknown={"key_id": True}),
        change("aws_kms_key_policy.p", {"policy": policy(ROOT)}, unknown={"key_id": True}),
        blocks=(
            block("aws_kms_key.a", policy={}),
            block("aws_kms_key_policy.p", key_id={"references": ["aws_kms_key.a.key_id", "aws_kms_key.a"]}),
        ),
    )
    found = estate(content)

    assert [document.address for document in found.keys[0].documents] == ["aws_kms_key.a", "aws_kms_key_policy.p"]
    assert [diagnostic.code for diagnostic in found.diagnostics] == ["policy-set-twice"]


def test_a_key_policy_whose_key_is_not_in_view_stands_for_a_key() -> None:
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    (key,) = estate(plan(change("aws_kms_key_policy.p", {"policy": policy(ROOT), "key_id": arn}))).keys

    assert (key.address, key.arn) == ("aws_kms_key_policy.p", arn)


def test_a_destroyed_key_is_there_before_and_not_after() -> None:
    content = plan(change("aws_kms_key.a", None, before={"policy": policy(ROOT)}, actions=("delete",)))

    assert [key.address for key in estate(content, Moment.BEFORE).keys] == ["aws_kms_key.a"]
    assert estate(content).keys == ()


def test_a_destroyed_key_policy_brings_the_default_policy_back() -> None:
    content = plan(
        change(
            "aws_kms_key.a",
            {"policy": policy(), "key_id": "1"},
            before={"policy": policy(), "key_id": "1"},
            actions=("no-op",),
        ),
        change("aws_kms_key_policy.p", None, before={"policy": policy(), "key_id": "1"}, actions=("delete",)),
        blocks=(block("aws_kms_key.a"),),
    )

    assert states(content) == [("aws_kms_key.a", "default")]


def test_a_data_source_is_no_key() -> None:
    assert estate(plan(change("data.aws_kms_key.a", {"policy": policy()}, actions=("read",)))).keys == ()


def test_every_kind_of_document_of_the_catalogue_is_found() -> None:
    content = plan(
        change("aws_iam_policy.a", {"policy": policy(ROOT)}),
        change("aws_iam_role.b", {"inline_policy": [{"policy": policy(ROOT)}, {"policy": ""}]}),
        change("aws_organizations_policy.c", {"content": policy(ROOT), "type": "SERVICE_CONTROL_POLICY"}),
        change("aws_organizations_policy.d", {"content": "{}", "type": "TAG_POLICY"}),
        change("aws_ssoadmin_permission_set_inline_policy.e", {"inline_policy": policy(ROOT)}),
        change("data.aws_iam_policy_document.f", {"json": policy(ROOT)}, actions=("read",)),
    )
    found = [(document.address, document.attribute, document.kind) for document in estate(content).documents]

    assert found == [
        ("aws_iam_policy.a", "/policy", Kind.IDENTITY),
        ("aws_iam_role.b", "/inline_policy/0/policy", Kind.IDENTITY),
        ("aws_organizations_policy.c", "/content", Kind.GUARD),
        ("aws_ssoadmin_permission_set_inline_policy.e", "/inline_policy", Kind.IDENTITY),
        ("data.aws_iam_policy_document.f", "/json", Kind.DOCUMENT),
    ]


def test_a_further_resource_type_is_one_site() -> None:
    site = Site("acme_key", selector("$.spec.policy"), Kind.KEY_POLICY)
    content = plan(change("acme_key.a", {"spec": {"policy": policy(ROOT)}}) | {"type": "acme_key", "name": "a"})

    assert [key.address for key in estate(content, sites=[site]).keys] == ["acme_key.a"]


def test_of_a_sensitive_policy_nothing_is_told() -> None:
    secret = policy(ROOT | {"Sid": "hunter2", "Oops": "hunter2"})
    content = plan(change("aws_kms_key.a", {"policy": secret}, sensitive={"policy": True}))
    found = estate(content)
    (document,) = found.documents

    assert document.sensitive
    assert document.evidence(document.policy.statements[0]).statement is None
    assert "hunter2" not in "".join(diagnostic.message for diagnostic in found.diagnostics)


@pytest.mark.parametrize("known", [True, False])
def test_a_replica_has_the_id_of_its_primary_key(known: bool) -> None:
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/mrk-1"
    primary = change(
        "aws_kms_key.a",
        {"arn": arn} if known else {},
        before={"arn": arn, "key_id": "mrk-1"} if known else None,
        unknown={} if known else {"arn": True, "key_id": True},
        actions=("no-op",) if known else ("create",),
    )
    replica = change(
        "aws_kms_replica_key.r",
        {"primary_key_arn": arn} if known else {},
        unknown={"arn": True, "key_id": True} | ({} if known else {"primary_key_arn": True}),
    )
    reference = {"references": ["aws_kms_key.a.arn", "aws_kms_key.a"]}
    blocks = (block("aws_kms_key.a"), block("aws_kms_replica_key.r", primary_key_arn=reference))
    one, other = estate(plan(primary, replica, blocks=blocks)).keys

    assert str(one.arn).rpartition("/")[2] == str(other.arn).rpartition("/")[2]
    assert "us-east-1" in str(other.arn)


def test_a_key_that_another_replaces_has_another_arn() -> None:
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    replaced = change("aws_kms_key.a", {}, before={"arn": arn}, unknown={"arn": True}, actions=("delete", "create"))
    content = plan(replaced, blocks=(block("aws_kms_key.a"),))

    assert [str(estate(content, moment).keys[0].arn) == arn for moment in Moment] == [True, False]


def test_the_policy_of_a_key_that_exists_is_not_the_default_one_only_because_it_is_unknown() -> None:
    exists = change("aws_kms_key.a", {}, before={"policy": policy(ROOT)}, unknown={"policy": True}, actions=("update",))
    made = change("aws_kms_key.b", {}, unknown={"policy": True})
    content = plan(exists, made, blocks=(block("aws_kms_key.a"), block("aws_kms_key.b")))

    assert states(content) == [("aws_kms_key.a", "unknown"), ("aws_kms_key.b", "default")]
