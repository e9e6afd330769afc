"""What the owner of the gate may decide: each value of each switch, and what it makes of a finding."""

from copy import deepcopy
from typing import Any

import pytest

from tests.judging import judged, notes, verdicts, violations
from tests.plan_builder import ACCOUNT, ROOT, block, change, key_plan, plan, policy
from tfkms.checks.authorized import Authorized
from tfkms.checks.stance import CheckStance, CountsAs, ServiceAccess, Stance, Unattached, in_force
from tfkms.finding import Severity, Verdict
from tfkms.frontends.accounts import Assumed
from tfkms.iam.parse import parse_policy
from tfkms.location import Origin

KEY = "aws_kms_key.main"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11112222-3333-4444-5555-666677778888"
APP, OPS, LINKED = (
    f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("app", "ops", "aws-service-role/autoscaling.amazonaws.com/AWS")
)
ONLY_APP = Authorized((APP,))


def allow(who: str, *actions: str, **members: Any) -> dict[str, Any]:
    """An Allow of a key policy."""
    return {
        "Sid": "Given",
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": list(actions),
        "Resource": "*",
    } | members


def key(*statements: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """An existing key with this policy besides root."""
    values = {"policy": policy(ROOT, *statements), "arn": KEY_ARN, "key_id": KEY_ARN.rpartition("/")[2], **attributes}
    return change(KEY, values, before=values, actions=("no-op",))


def identity(address: str, *actions: str, **attributes: Any) -> dict[str, Any]:
    """A policy of IAM principals."""
    text = policy({"Sid": "Given", "Effect": "Allow", "Action": list(actions), "Resource": "*"})
    return change(address, {"policy": text, "name": "given", **attributes})


DELETES = "kms:ScheduleKeyDeletion"
BUCKET = change(
    "aws_s3_bucket_server_side_encryption_configuration.main",
    {"rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": KEY_ARN}]}]},
)


# Authorized principals: a list for all, and in its place one for a guardrail


@pytest.mark.parametrize(
    ("stance", "authorized"),
    [
        (Stance(), False),
        (Stance(authorized=ONLY_APP), True),
        (Stance(authorized=ONLY_APP, checks={"IAM-KMS-3": CheckStance(authorized=Authorized((OPS,)))}), False),
        (Stance(authorized=ONLY_APP, checks={"IAM-KMS-3": CheckStance(authorized=Authorized())}), False),
        (Stance(checks={"IAM-KMS-3": CheckStance(authorized=ONLY_APP)}), True),
        (Stance(checks={"IAM-KMS-5": CheckStance(authorized=ONLY_APP)}), False),
        (Stance(checks={"IAM-KMS-3": CheckStance(authorized=Authorized((OPS,)))}).authorizing(ONLY_APP), True),
        (Stance(authorized=Authorized((OPS,))).authorizing(ONLY_APP), True),
    ],
)
def test_a_guardrail_goes_by_its_own_list_else_by_that_for_all(stance: Stance, authorized: bool) -> None:
    report = judged(plan(key(allow(APP, DELETES))), "IAM-KMS-3", stance=stance)

    assert verdicts(report) == {KEY: "pass_in_plan" if authorized else "violated"}


@pytest.mark.parametrize(
    ("stance", "warned"),
    [
        (Stance(), True),
        (Stance(authorized=ONLY_APP), False),
        (Stance(checks={"IAM-KMS-3": CheckStance(authorized=Authorized())}), True),
        (Stance(checks={f"IAM-KMS-{n}": CheckStance(authorized=Authorized()) for n in (2, 3, 4, 5, 7)}), False),
    ],
)
def test_an_empty_list_that_nobody_decided_on_is_said_once(stance: Stance, warned: bool) -> None:
    report = judged(plan(key()), stance=stance)

    assert [item.code for item in report.diagnostics] == (["authorized-empty"] if warned else [])


# Principals known by name


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/app", "pass"),
        (f"arn:aws:iam::{ACCOUNT}:role/team/app", "pass"),
        ("arn:aws:iam::*:role/a*", "pass"),
        ("arn:aws:iam::*:role/*", "pass"),
        (f"arn:aws:iam::{ACCOUNT}:role/admins/*", "undecided"),
        ("arn:aws:iam::*:role/admins/*", "undecided"),
        ("arn:aws:iam::999988887777:role/admins/*", "violated"),
        (f"arn:aws:iam::{ACCOUNT}:user/admins/*", "violated"),
        (f"arn:aws:iam::{ACCOUNT}:role/other", "violated"),
    ],
)
def test_a_role_known_by_name_is_undecided_where_its_path_alone_decides(entry: str, verdict: str) -> None:
    content = plan(key(), identity("aws_iam_role_policy.given", DELETES, role="app"))
    report = judged(content, "IAM-KMS-3", stance=Stance(authorized=Authorized((entry,))))

    assert verdicts(report)["aws_iam_role_policy.given"] == verdict
    if verdict == "undecided":
        assert "the path of role `app`" in report.findings[0].message


@pytest.mark.parametrize(("entry", "verdict"), [("role/admins/*", "undecided"), ("role/admins/app", "pass_in_plan")])
def test_a_session_is_undecided_where_the_path_of_its_role_alone_decides(entry: str, verdict: str) -> None:
    content = plan(key(allow(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/ci", DELETES)))
    report = judged(content, "IAM-KMS-3", stance=Stance(authorized=Authorized((f"arn:aws:iam::{ACCOUNT}:{entry}",))))

    assert verdicts(report) == {KEY: verdict}


# Severity and enablement of a guardrail


def test_a_guardrail_has_the_severity_that_is_decided() -> None:
    stance = Stance(checks={"IAM-KMS-3": CheckStance(severity=Severity.MEDIUM)})
    (finding,) = judged(plan(key(allow(APP, DELETES))), "IAM-KMS-3", stance=stance).findings

    assert finding.severity is Severity.MEDIUM


def test_a_guardrail_is_judged_where_that_is_decided() -> None:
    stance = Stance(checks={"IAM-KMS-9": CheckStance(enabled=True), "IAM-KMS-1": CheckStance(enabled=False)})

    assert judged(plan(key()), stance=stance).checks == tuple(f"IAM-KMS-{number}" for number in range(2, 10))
    assert judged(plan(key()), "IAM-KMS-1", stance=stance).checks == ("IAM-KMS-1",)


# Who may both administer and use


@pytest.mark.parametrize(
    ("exempt", "verdict"),
    [((), "violated"), ((OPS,), "violated"), ((APP,), "pass_in_plan"), (("arn:aws:iam::*:role/a*",), "pass_in_plan")],
)
def test_those_exempt_may_both_administer_and_use_keys(exempt: tuple[str, ...], verdict: str) -> None:
    content = plan(key(allow(APP, "kms:*")))
    report = judged(content, "IAM-KMS-8", stance=Stance(duties_exempt=Authorized(exempt)))

    assert verdicts(report) == {KEY: verdict}


@pytest.mark.parametrize(("exempt", "verdict"), [((), "violated"), (("arn:aws:iam::*:role/app",), "pass")])
def test_those_exempt_may_do_so_by_identity_policies(exempt: tuple[str, ...], verdict: str) -> None:
    content = plan(key(), identity("aws_iam_role_policy.given", "kms:*", role="app"))
    report = judged(content, "IAM-KMS-8", stance=Stance(duties_exempt=Authorized(exempt)))

    assert verdicts(report)["aws_iam_role_policy.given"] == verdict


def test_being_authorized_does_not_exempt() -> None:
    report = judged(plan(key(allow(APP, "kms:*"))), "IAM-KMS-8", stance=Stance(authorized=ONLY_APP))

    assert verdicts(report) == {KEY: "violated"}


# Principals that use a key beside the services


def access(counts_as: CountsAs = CountsAs.NOTE, *direct: str, identity: bool = False) -> Stance:
    return Stance(service_access=ServiceAccess(Authorized(direct), identity, counts_as))


@pytest.mark.parametrize(
    ("stance", "verdict", "told"),
    [
        (access(), "pass", ["direct_use"]),
        (access(CountsAs.VIOLATION), "violated", []),
        (access(CountsAs.NOTE, APP), "pass", []),
        (access(CountsAs.VIOLATION, APP), "pass", []),
        (access(CountsAs.VIOLATION, OPS), "violated", []),
        (access(CountsAs.VIOLATION, "arn:aws:iam::*:role/a*"), "pass", []),
    ],
)
def test_a_named_principal_beside_a_service(stance: Stance, verdict: str, told: list[str]) -> None:
    report = judged(plan(key(allow(APP, "kms:Decrypt")), BUCKET), "IAM-KMS-6", stance=stance)

    assert verdicts(report) == {KEY: verdict}
    assert notes(report) == told
    for finding in report.findings:
        assert (finding.principals, finding.keys) == ((APP,), (KEY,))
        assert finding.witnesses[0].action == "kms:Decrypt"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, "pass"),
        ({"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}, "pass"),
        ({"StringLike": {"kms:ViaService": "*.amazonaws.com"}}, "violated"),
        ({"StringEqualsIfExists": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, "violated"),
        ({"Null": {"kms:ViaService": "false"}}, "violated"),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, "pass"),
    ],
)
def test_what_confines_a_named_principal_to_services(condition: dict[str, Any], verdict: str) -> None:
    actions = ["kms:CreateGrant"] if "Bool" in condition else ["kms:Decrypt"]
    content = plan(key(allow(APP, *actions, Condition=condition)), BUCKET)

    assert verdicts(judged(content, "IAM-KMS-6", stance=access(CountsAs.VIOLATION))) == {KEY: verdict}


def test_without_a_service_that_uses_the_key_named_principals_are_its_users() -> None:
    report = judged(plan(key(allow(APP, "kms:Decrypt"))), "IAM-KMS-6", stance=access(CountsAs.VIOLATION))

    assert verdicts(report) == {KEY: "pass"}


def test_service_linked_roles_are_the_services() -> None:
    report = judged(plan(key(allow(LINKED, "kms:Decrypt")), BUCKET), "IAM-KMS-6", stance=access(CountsAs.VIOLATION))

    assert verdicts(report) == {KEY: "pass"}


@pytest.mark.parametrize(("role", "verdict"), [(APP, "pass"), (OPS, "violated")])
def test_a_role_that_a_service_works_by_is_the_services(role: str, verdict: str) -> None:
    build = change("aws_codebuild_project.main", {"encryption_key": KEY_ARN, "service_role": role})
    report = judged(plan(key(allow(APP, "kms:Decrypt")), build), "IAM-KMS-6", stance=access(CountsAs.VIOLATION))

    assert verdicts(report) == {KEY: verdict}


def test_a_role_that_a_service_refers_to_is_the_services() -> None:
    build = change("aws_codebuild_project.main", {"encryption_key": KEY_ARN}, unknown={"service_role": True})
    role = change("aws_iam_role.app", {"name": "app", "path": "/"}, unknown={"arn": True})
    blocks = (
        block("aws_codebuild_project.main", service_role={"references": ["aws_iam_role.app.arn", "aws_iam_role.app"]}),
        block("aws_iam_role.app"),
    )
    content = plan(key(allow(APP, "kms:Decrypt")), build, role, blocks=blocks)

    assert verdicts(judged(content, "IAM-KMS-6", stance=access(CountsAs.VIOLATION)))[KEY] == "pass"


@pytest.mark.parametrize(
    ("stance", "expected"),
    [
        (access(), {KEY: "pass"}),
        (access(identity=True), {KEY: "pass", "aws_iam_role_policy.given": "pass"}),
        (access(CountsAs.VIOLATION, identity=True), {KEY: "violated", "aws_iam_role_policy.given": "violated"}),
        (access(CountsAs.VIOLATION, APP, identity=True), {KEY: "pass", "aws_iam_role_policy.given": "pass"}),
    ],
)
def test_identity_policies_are_judged_with_the_services_where_asked(stance: Stance, expected: dict[str, str]) -> None:
    content = plan(key(), BUCKET, identity("aws_iam_role_policy.given", "kms:Decrypt", role="app"))
    report = judged(content, "IAM-KMS-6", stance=stance)

    assert verdicts(report) == expected
    assert notes(report) == (["direct_use"] if stance == access(identity=True) else [])


# Documents that are attached to nobody


@pytest.mark.parametrize(
    ("unattached", "verdict"),
    [
        (Unattached.VIOLATION, "violated"),
        (Unattached.UNDECIDED, "undecided"),
        (Unattached.IGNORE, "not_applicable"),
    ],
)
@pytest.mark.parametrize("check", ["IAM-KMS-3", "IAM-KMS-8"])
def test_a_document_on_nobody_counts_as_decided(unattached: Unattached, verdict: str, check: str) -> None:
    content = plan(key(), identity("aws_iam_policy.given", "kms:*"))
    report = judged(content, check, stance=Stance(unattached_policies=unattached))

    assert verdicts(report)["aws_iam_policy.given"] == verdict
    if unattached is Unattached.UNDECIDED:
        assert "nothing in view says whom it is attached to" in report.findings[0].message


@pytest.mark.parametrize(
    ("unattached", "verdict"), [(Unattached.UNDECIDED, "undecided"), (Unattached.IGNORE, "not_applicable")]
)
def test_a_group_without_members_is_nobody_either(unattached: Unattached, verdict: str) -> None:
    group = change("aws_iam_group.main", {"name": "main", "path": "/"})
    content = plan(key(), group, identity("aws_iam_group_policy.given", "kms:*", group="main"))
    report = judged(content, "IAM-KMS-3", stance=Stance(unattached_policies=unattached))

    assert verdicts(report)["aws_iam_group_policy.given"] == verdict


@pytest.mark.parametrize("unattached", Unattached)
def test_a_document_on_somebody_is_judged_whatever_is_decided_of_others(unattached: Unattached) -> None:
    content = plan(key(), identity("aws_iam_role_policy.given", "kms:*", role="app"))
    report = judged(content, "IAM-KMS-3", stance=Stance(unattached_policies=unattached))

    assert verdicts(report)["aws_iam_role_policy.given"] == "violated"


@pytest.mark.parametrize("unattached", [Unattached.VIOLATION, Unattached.UNDECIDED])
def test_what_a_document_on_nobody_denies_itself_it_does_not_grant(unattached: Unattached) -> None:
    deny = {"Effect": "Deny", "Action": DELETES, "Resource": "*"}
    given = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    content = plan(key(), change("aws_iam_policy.given", {"policy": policy(given, deny), "name": "given"}))
    report = judged(content, "IAM-KMS-3", stance=Stance(unattached_policies=unattached))

    assert verdicts(report)["aws_iam_policy.given"] == "pass"


# Grants that KMS does not honour


@pytest.mark.parametrize("check", ["IAM-KMS-3", "IAM-KMS-8"])
def test_an_inert_grant_is_a_violation_or_a_note(check: str) -> None:
    content = plan(key(allow("arn:aws:iam::999988887777:role/app", "kms:*")))
    violated = judged(content, check)
    noted = judged(content, check, stance=Stance(inert_grants=CountsAs.NOTE))

    assert [(finding.verdict, finding.severity) for finding in violated.findings] == [(Verdict.VIOLATED, Severity.LOW)]
    assert verdicts(noted)[KEY] == "pass_in_plan"
    assert [note.message for note in noted.notes] == [finding.message for finding in violated.findings]


def test_of_a_sensitive_policy_an_inert_grant_that_is_noted_says_nothing() -> None:
    entry = key(allow("arn:aws:iam::999988887777:role/hunter2", DELETES))
    entry["change"]["after_sensitive"] = {"policy": True}
    (note,) = judged(plan(entry), "IAM-KMS-3", stance=Stance(inert_grants=CountsAs.NOTE)).notes

    assert "hunter2" not in note.message
    assert note.message.startswith("a principal is granted kms:ScheduleKeyDeletion")


# What a plan does by itself


def test_what_a_plan_does_by_itself_is_a_note_or_a_violation() -> None:
    values = {"policy": policy(ROOT), "arn": KEY_ARN, "is_enabled": True, "enable_key_rotation": True}
    content = plan(change(KEY, None, before=values, actions=("delete",)))
    noted = judged(content, "IAM-KMS-3")
    violated = judged(content, "IAM-KMS-3", stance=Stance(plan_actions=CountsAs.VIOLATION))

    assert (notes(noted), verdicts(noted)) == (["plan_deletes_key"], {})
    assert (notes(violated), verdicts(violated)) == ([], {KEY: "violated"})
    (finding,) = violations(violated)
    assert (finding.message, finding.new, finding.severity) == ("this plan deletes the key", True, Severity.CRITICAL)


# Control policies kept elsewhere, and the organization


def control_policy(*statements: dict[str, Any]) -> Stance:
    content = {"Version": "2012-10-17", "Statement": tuple(statements)}
    parsed, _ = parse_policy(content, Origin("policies/scp.json", ""))
    return Stance(guards=(in_force(parsed),))


DENY = {"Effect": "Deny", "Action": DELETES, "Resource": "*"}
FOREIGN = allow("arn:aws:iam::999988887777:role/app", "kms:CreateGrant")


@pytest.mark.parametrize(
    ("stance", "verdict"),
    [
        (Stance(), "violated"),
        (control_policy(DENY), "pass"),
        (control_policy(DENY | {"Principal": "*"}), "pass"),
        (control_policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}), "violated"),
        (control_policy(DENY | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": APP}}}), "violated"),
    ],
)
def test_a_control_policy_in_force_binds_the_account(stance: Stance, verdict: str) -> None:
    report = judged(plan(key(allow(APP, DELETES))), "IAM-KMS-3", stance=stance)

    assert verdicts(report) == {KEY: verdict}


@pytest.mark.parametrize(
    ("principal", "verdict"), [({}, "violated"), ({"Principal": "*"}, "pass_in_plan")]
)  # fmt: skip
def test_a_service_control_policy_binds_no_principal_of_another_account(
    principal: dict[str, Any], verdict: str
) -> None:
    guard = {"Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*"} | principal
    stance = control_policy(guard)
    report = judged(plan(key(FOREIGN)), "IAM-KMS-9", stance=stance)

    assert verdicts(report) == {KEY: verdict}


@pytest.mark.parametrize(
    ("organization", "verdict"), [(None, "undecided"), ("o-example", "pass"), ("o-other", "violated")]
)
def test_an_organization_that_is_known_decides(organization: str | None, verdict: str) -> None:
    root = ROOT | {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-example"}}}
    report = judged(key_plan(policy(root)), "IAM-KMS-1", assumed=Assumed(organization=organization))

    assert verdicts(report) == {KEY: verdict}


@pytest.mark.parametrize("counts_as", CountsAs)
def test_whether_an_account_is_another_is_not_known_without_the_keys_own(counts_as: CountsAs) -> None:
    content = plan(key(), deepcopy(BUCKET))
    content["resource_changes"][0]["change"]["before"] = None
    for name in ("arn", "key_id"):
        del content["resource_changes"][0]["change"]["after"][name]
    content["prior_state"] = {}
    content["configuration"]["root_module"]["resources"] += [
        block(KEY, policy={}),
        block("aws_s3_bucket_server_side_encryption_configuration.main", rule=[{
            "apply_server_side_encryption_by_default": [{"kms_master_key_id": {"references": [f"{KEY}.arn", KEY]}}]
        }]),
    ]  # fmt: skip
    content["resource_changes"][1]["change"]["after"] = {"rule": [{"apply_server_side_encryption_by_default": [{}]}]}
    content["resource_changes"][1]["change"]["after_unknown"] = {
        "rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": True}]}]
    }
    report = judged(content, "IAM-KMS-6", stance=access(counts_as))

    assert verdicts(report) == {KEY: "pass" if counts_as is CountsAs.NOTE else "undecided"}
    assert notes(report) == []


def test_a_guard_on_grants_does_not_hide_that_a_key_is_used_directly() -> None:
    """The usual guard lets grants be made for AWS resources only; decrypting is direct all the same."""
    guard = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}},
    }
    content = plan(key(allow(APP, "kms:CreateGrant", "kms:Decrypt"), guard), BUCKET)
    report = judged(content, "IAM-KMS-6", stance=access(CountsAs.VIOLATION))

    assert verdicts(report) == {KEY: "violated"}
