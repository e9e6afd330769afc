"""What is on a principal counts in whichever way a key policy names it."""

from pathlib import Path
from typing import Any

import pytest

from tests.frontends.source.reading import scan
from tests.judging import judged, verdicts
from tests.plan_builder import ACCOUNT, ROOT, block, change, plan, policy
from tfkms import catalogue
from tfkms.documents import Moment
from tfkms.extract import extract
from tfkms.frontends.accounts import Assumed
from tfkms.iam.document import Opaque
from tfkms.identities import identities

KEY = "aws_kms_key.main"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11112222-3333-4444-5555-666677778888"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/deploy"
TRUST = {"assume_role_policy": policy()}
IN_VIEW = change("aws_iam_role.app", {"name": "app", "path": "/", "arn": ROLE, **TRUST})
IN_A_PATH = change(
    "aws_iam_role.app", {"name": "app", "path": "/team/", "arn": ROLE.replace("app", "team/app"), **TRUST}
)


def key(who: str, action: str) -> dict[str, Any]:
    """An existing key whose policy gives somebody an action, besides root."""
    given = {"Sid": "Given", "Effect": "Allow", "Principal": {"AWS": who}, "Action": action, "Resource": "*"}
    values = {"policy": policy(ROOT, given), "arn": KEY_ARN, "key_id": KEY_ARN.rpartition("/")[2]}
    return change(KEY, values, before=values, actions=("no-op",))


def on_app(effect: str, *actions: str, role: str = "app") -> dict[str, Any]:
    """An inline policy of the role."""
    text = policy({"Sid": "Held", "Effect": effect, "Action": list(actions), "Resource": "*"})
    return change("aws_iam_role_policy.app", {"name": "app", "role": role, "policy": text})


@pytest.mark.parametrize("roles", [(), (IN_VIEW,), (IN_A_PATH,)], ids=["by name only", "in view", "in a path"])
def test_a_session_has_what_its_role_is_given(roles: tuple[dict[str, Any], ...]) -> None:
    content = plan(key(SESSION, "kms:PutKeyPolicy"), *roles, on_app("Allow", "kms:Decrypt"))

    assert verdicts(judged(content, "IAM-KMS-8"))[KEY] == "violated"


@pytest.mark.parametrize("roles", [(), (IN_VIEW,), (IN_A_PATH,)], ids=["by name only", "in view", "in a path"])
def test_a_session_is_denied_what_its_role_is_denied(roles: tuple[dict[str, Any], ...]) -> None:
    content = plan(key(SESSION, "kms:ScheduleKeyDeletion"), *roles, on_app("Deny", "kms:*"))

    assert verdicts(judged(content, "IAM-KMS-3"))[KEY] == "pass_in_plan"


def test_a_session_of_another_role_has_nothing_of_it() -> None:
    content = plan(key(SESSION, "kms:ScheduleKeyDeletion"), on_app("Deny", "kms:*", role="other"))

    assert verdicts(judged(content, "IAM-KMS-3"))[KEY] == "violated"


@pytest.mark.parametrize(("who", "verdict"), [("app", "pass_in_plan"), ("team/app", "pass_in_plan"), ("b", "violated")])
def test_a_role_that_is_known_by_name_is_the_one_of_that_name_in_any_path(who: str, verdict: str) -> None:
    content = plan(key(ROLE.replace("app", who), "kms:ScheduleKeyDeletion"), on_app("Deny", "kms:*"))

    assert verdicts(judged(content, "IAM-KMS-3"))[KEY] == verdict


def test_a_role_that_is_known_by_name_too_is_told_of_once() -> None:
    content = plan(key(ROLE, "kms:PutKeyPolicy"), on_app("Allow", "kms:Decrypt"))
    (finding,) = judged(content, "IAM-KMS-8").findings

    assert finding.principals == (ROLE,)


def test_the_role_of_a_permission_set_has_what_the_set_is_given() -> None:
    name = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0123456789abcdef"
    arn = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
    content = plan(
        key(ROLE.replace("app", name), "kms:ScheduleKeyDeletion"),
        change("aws_ssoadmin_permission_set.ops", {"name": "Ops", "arn": arn}),
        change(
            "aws_ssoadmin_permission_set_inline_policy.ops",
            {
                "permission_set_arn": arn,
                "inline_policy": policy({"Effect": "Deny", "Action": "kms:*", "Resource": "*"}),
            },
        ),
    )

    assert verdicts(judged(content, "IAM-KMS-3"))[KEY] == "pass_in_plan"


@pytest.mark.parametrize(("account", "verdict"), [(ACCOUNT, "pass"), (None, "undecided")])
def test_a_role_of_an_account_that_is_not_known_may_be_that_of_a_session(account: str | None, verdict: str) -> None:
    given = {"Effect": "Allow", "Principal": {"AWS": SESSION}, "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
    content = plan(change(KEY, {"policy": policy(given)}), on_app("Deny", "kms:*"), prior_state=None)

    assert verdicts(judged(content, "IAM-KMS-3", assumed=Assumed(account=account)))[KEY] == verdict


def test_everyone_is_not_told_of_where_a_statement_spells_out_who_it_is() -> None:
    decrypts = {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    given = {"Sid": "Given", "Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:Put*", "Resource": "*"}
    report = judged(plan(change(KEY, {"policy": policy(ROOT, decrypts, given)})), "IAM-KMS-8")
    (finding,) = report.findings

    assert (finding.principals, report.notes) == ((ROLE,), ())


# One of several principals, which one a plan does not tell


def one_of_two(kind: str, *others: dict[str, Any]) -> dict[str, Any]:
    """Two users or roles, and an Allow on one of them."""
    values = TRUST if kind == "role" else {}
    return plan(
        *(
            change(f"aws_iam_{kind}.app[{n}]", {"name": f"app-{n}", "path": "/", **values}, unknown={"arn": True})
            for n in (0, 1)
        ),
        change(
            f"aws_iam_{kind}_policy.app",
            {
                "name": "app",
                "policy": policy({"Effect": "Allow", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}),
            },
            unknown={kind: True},
        ),
        *others,
        blocks=(
            block(f"aws_iam_{kind}.app", name={"references": ["count.index"]}),
            block(f"aws_iam_{kind}_policy.app", **{kind: {"references": [f"aws_iam_{kind}.app", "local.index"]}}),
        ),
    )


def test_nothing_binds_either_of_two_roles() -> None:
    assert verdicts(judged(one_of_two("role"), "IAM-KMS-3"))["aws_iam_role_policy.app"] == "violated"


def test_a_policy_that_is_not_known_may_deny_what_one_of_two_roles_is_given() -> None:
    hidden = change("aws_iam_role_policy.hidden", {"name": "hidden", "role": "app-0"}, unknown={"policy": True})
    report = judged(one_of_two("role", hidden), "IAM-KMS-3")

    assert verdicts(report)["aws_iam_role_policy.app"] == "undecided"


def test_a_policy_of_the_group_may_deny_what_one_of_two_users_is_given() -> None:
    group = (
        change("aws_iam_group.g", {"name": "g", "path": "/"}),
        change("aws_iam_group_membership.g", {"name": "g", "group": "g", "users": ["app-0"]}),
        change(
            "aws_iam_group_policy.g",
            {"name": "g", "group": "g", "policy": policy({"Effect": "Deny", "Action": "kms:*", "Resource": "*"})},
        ),
    )
    report = judged(one_of_two("user", *group), "IAM-KMS-3")

    assert verdicts(report)["aws_iam_user_policy.app"] == "undecided"


# Grants


@pytest.mark.parametrize(
    ("leads", "verdict"),
    [
        ("random_pet.p.id", "undecided"),
        ("aws_kms_alias.other.arn", "undecided"),
        (f"{KEY}.key_id", "violated"),
        ("aws_kms_alias.main.target_key_id", "violated"),
    ],
)
def test_a_grant_by_a_reference_that_leads_to_no_key_may_be_on_any(leads: str, verdict: str) -> None:
    content = plan(
        key(ROLE, "kms:PutKeyPolicy"),
        change("aws_kms_alias.main", {"name": "alias/main"}, unknown={"target_key_id": True}),
        change("aws_kms_alias.other", {"name": "alias/other", "target_key_id": "x"}, unknown={"arn": True}),
        change("random_pet.p", {}, unknown={"id": True}),
        change("aws_kms_grant.g", {"grantee_principal": ROLE, "operations": ["Decrypt"]}, unknown={"key_id": True}),
        blocks=(
            block(KEY),
            block("aws_kms_alias.main", target_key_id={"references": [f"{KEY}.key_id"]}),
            block("aws_kms_alias.other", target_key_id={"constant_value": "x"}),
            block("random_pet.p"),
            block("aws_kms_grant.g", key_id={"references": [leads]}),
        ),
    )

    assert verdicts(judged(content, "IAM-KMS-8"))[KEY] == verdict


def test_a_grant_by_a_name_that_is_no_key_of_a_source_may_be_on_any(tmp_path: Path) -> None:
    text = f"""
        resource "random_pet" "p" {{}}
        resource "aws_kms_key" "main" {{}}
        resource "aws_kms_grant" "g" {{
          key_id            = random_pet.p.id
          grantee_principal = "{ROLE}"
          operations        = ["Decrypt"]
        }}
    """
    found = scan(tmp_path, {"main.tf": text})
    estate = extract(found, catalogue.sites(), Moment.AFTER)
    (grant,) = identities(found, estate, Moment.AFTER, lambda _: None).grants

    assert grant.keys >= {KEY}
    assert [isinstance(condition.operator, Opaque) for condition in grant.statement.conditions] == [True]
