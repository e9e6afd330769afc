"""Key policies that read alike are judged once, and nothing is told of a key that is not so of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.estates import Estate
from tests.iam.policies import openly
from tests.judging import judged
from tests.plan_builder import ACCOUNT, ROOT, change, plan, policy
from tfkms import catalogue
from tfkms.checks import second_opinion
from tfkms.checks.likeness import Likeness
from tfkms.finding import Report

APP = f"arn:aws:iam::{ACCOUNT}:role/app"


def arn(number: int) -> str:
    return f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-4000-8000-{number:012}"


def key(number: int, text: str, **attributes: Any) -> dict[str, Any]:
    """An existing key."""
    values = {"policy": text, "arn": arn(number), "key_id": arn(number).rpartition("/")[2], "tags": {}, **attributes}
    return change(f"aws_kms_key.k{number}", values, before=values, actions=("no-op",))


def held(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    """A role with an inline policy."""
    role = {"name": "app", "path": "/", "arn": APP, "id": "app"}
    inline = {"role": "app", "name": "own", "policy": policy(*statements)}
    return [
        change(address, values, before=values, actions=("no-op",))
        for address, values in (("aws_iam_role.app", role), ("aws_iam_role_policy.app", inline))
    ]


def allow(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "kms:*", "Resource": "*"} | members


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of the subjects that a check of one kind has judged, each guardrail's in its turn."""
    addresses: list[str] = []
    (check,) = {rule.check for rule in catalogue.rules() if rule.kind == "separation_of_duties"}
    judge = check.judge

    def counted(subject: Any, question: Any) -> Any:
        addresses.append(subject.address)
        return judge(subject, question)

    monkeypatch.setattr(check, "judge", counted)
    return addresses


def apart(content: dict[str, Any]) -> Report:
    """The report where every subject is judged by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Likeness, "of", lambda *_: None)
        return judged(content)


EVERYONE = policy(ROOT, allow(Principal="*", Sid="Open"))


def test_equal_policies_are_decided_once(asked: list[str]) -> None:
    content = plan(*(key(number, EVERYONE, description=f"key {number}") for number in range(5)))
    report = judged(content, "IAM-KMS-8")

    assert asked == ["aws_kms_key.k0"]
    assert [finding.address for finding in report.findings] == [f"aws_kms_key.k{number}" for number in range(5)]
    for number, finding in enumerate(report.findings):
        assert finding.keys == (f"aws_kms_key.k{number}",)
        assert {proof.resource for proof in finding.witnesses} == {arn(number)}
        assert {evidence.origin.address for evidence in finding.evidence} == {f"aws_kms_key.k{number}"}


BY_TAG = policy(ROOT, allow(Principal="*", Condition={"StringEquals": {"aws:ResourceTag/open": "yes"}}))
ONE, TWO = {"open": "yes"}, {"open": "no"}


@pytest.mark.parametrize(
    ("first", "second", "others"),
    [
        (key(1, BY_TAG, tags=ONE, tags_all=ONE), key(2, BY_TAG, tags=TWO, tags_all=TWO), []),
        (key(1, EVERYONE), key(2, policy(ROOT)), []),
        (key(1, EVERYONE), key(2, EVERYONE), held(allow(Resource=arn(2)))),
        (key(1, EVERYONE), key(2, EVERYONE), held(allow(Resource=f"{arn(2)[:-2]}?2"))),
        (key(1, EVERYONE), key(2, EVERYONE), held(allow(Resource="arn:aws:kms:*:*:key/*1", Effect="Deny"))),
        (key(1, EVERYONE), key(2, EVERYONE), held(allow(Resource="arn:aws:kms:*:*:key/${aws:PrincipalTag/key}"))),
        (key(1, EVERYONE), key(2, EVERYONE, customer_master_key_spec="RSA_2048"), []),
        (key(1, EVERYONE), key(2, EVERYONE, custom_key_store_id="cks-1"), []),
    ],
)
def test_what_tells_keys_apart(
    first: dict[str, Any], second: dict[str, Any], others: list[dict[str, Any]], asked: list[str]
) -> None:
    content = plan(first, second, *others)
    report = judged(content)

    assert [address for address in asked if "kms_key" in address] == ["aws_kms_key.k1", "aws_kms_key.k2"]
    assert report == apart(content)


@pytest.mark.parametrize(
    "others",
    [
        [change("aws_kms_grant.g", {"key_id": arn(2), "grantee_principal": APP, "operations": ["Decrypt"]})],
        [change("aws_s3_bucket_server_side_encryption_configuration.b", {
            "rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": arn(2)}]}]
        })],
        [change("aws_kms_alias.a", {"name": "alias/a", "target_key_id": arn(2)})],
        [change("aws_kms_key_policy.p", {"key_id": arn(2), "policy": EVERYONE})],
        held(allow(Resource="arn:aws:kms:*:*:key/*")),
        held(allow(Effect="Deny", Resource="arn:aws:s3:::x")),
    ],
)  # fmt: skip
def test_what_stands_around_one_of_two_keys_is_told_of_it_alone(others: list[dict[str, Any]]) -> None:
    by_alias = allow(Principal="*", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}})
    for text in (EVERYONE, policy(ROOT, by_alias), policy(allow(Principal={"AWS": APP}))):
        content = plan(key(1, text), key(2, text), key(3, text), *others)

        assert judged(content) == apart(content)


def test_policies_of_their_own_resources_are_told_by_their_own_names() -> None:
    own = {"key_id": None, "policy": EVERYONE}
    policies = [change(f"aws_kms_key_policy.p{number}", own | {"key_id": arn(number)}) for number in range(3)]
    content = plan(*(key(number, EVERYONE) for number in range(3)), *policies)

    assert judged(content) == apart(content)


@pytest.mark.parametrize("estate", [Estate(4, 3), Estate(4, 2, alike=True), Estate(3, 2, existing=False, alike=True)])
def test_the_estates_of_the_benchmarks_are_told_as_if_each_key_were_judged(estate: Estate) -> None:
    content = json.loads(estate.plan())

    assert judged(content) == apart(content)


TAGS = st.sampled_from([{}, {"team": "a"}, {"team": "b"}, {"other": "a"}])
RESOURCES = st.sampled_from(
    ["*", arn(1), f"{arn(0)[:-1]}?", "arn:aws:kms:*:*:key/*", arn(2)[:-3] + "*", "arn:aws:s3:::*"]
)


@given(st.lists(openly(), min_size=1, max_size=2), openly(identity=True), RESOURCES, st.data())
def test_judging_once_and_each_by_itself_come_to_the_same(
    texts: list[list[dict[str, Any]]], identity: list[dict[str, Any]], resource: str, data: st.DataObject
) -> None:
    keys = []
    for number in range(3):
        tags = data.draw(TAGS)
        keys.append(key(number, policy(ROOT, *data.draw(st.sampled_from(texts))), tags=tags, tags_all=tags))
    content = plan(*keys, *held(*identity, allow(Resource=resource, Action=["kms:Decrypt", "kms:DisableKey"])))

    assert judged(content) == apart(content)


def test_no_witness_is_told_of_a_key_before_the_second_evaluator_has_seen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    evaluate = second_opinion.simulate

    def noted(request: Any, *rest: Any) -> Any:
        asked.append(request)
        return evaluate(request, *rest)

    monkeypatch.setattr(second_opinion, "simulate", noted)
    report = judged(plan(*(key(number, EVERYONE) for number in range(3))))

    seen = {(request.principal, request.action, request.resource) for request in asked}
    shown = {(own.principal, own.action, own.resource) for finding in report.findings for own in finding.witnesses}
    assert {resource for _, _, resource in shown} == {arn(number) for number in range(3)}
    assert shown <= seen


def test_where_the_second_evaluator_says_otherwise_of_a_key_it_is_judged_by_itself(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    monkeypatch.setattr(second_opinion.Opinions, "agrees_on_like", lambda *_: False)

    judged(plan(*(key(number, EVERYONE) for number in range(3))), "IAM-KMS-8")

    assert asked == [f"aws_kms_key.k{number}" for number in range(3)]
