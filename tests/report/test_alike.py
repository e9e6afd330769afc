"""Findings that differ in the guardrail and its action only are told together, and no others."""

from typing import Any

import pytest
from msgspec.structs import replace

from tfkms.finding import Evidence, Finding, Note, Severity, Verdict, Witness
from tfkms.location import Origin
from tfkms.report import alike, sentences


def finding(check: str, action: str, **others: Any) -> Finding:
    own = Finding(
        check=check,
        verdict=Verdict.VIOLATED,
        severity=Severity.HIGH,
        address="aws_kms_key.main",
        keys=("aws_kms_key.main",),
        other_keys=False,
        principals=("app",),
        message=f"app may call {action} through `App`",
        new=True,
        witnesses=(Witness("app", action, "key", {}),),
        evidence=(Evidence(Origin("aws_kms_key.main", "/policy/Statement/1"), "App", {}),),
        needs=(),
        remedy=f"take {action} out of `App`",
        fingerprint=check,
    )
    return replace(own, **others)


DELETE = finding("IAM-KMS-3", "kms:ScheduleKeyDeletion")
PUT = finding("IAM-KMS-5", "kms:PutKeyPolicy")
DISABLE = finding("IAM-KMS-4", "kms:DisableKey")


def test_one_text_tells_findings_that_differ_in_the_action() -> None:
    (group,) = alike.alike([DELETE, PUT, DISABLE])

    assert alike.message(group) == (
        "app may call kms:ScheduleKeyDeletion, kms:PutKeyPolicy and kms:DisableKey through `App`"
    )
    assert alike.remedy(group) == "take kms:ScheduleKeyDeletion, kms:PutKeyPolicy and kms:DisableKey out of `App`"
    assert [request.action for request in alike.requests(group)] == ["kms:ScheduleKeyDeletion and 2 more"]


@pytest.mark.parametrize(
    "others",
    [
        {"address": "aws_kms_key.other"},
        {"principals": ("ops",)},
        {"keys": ("aws_kms_key.main", "aws_kms_key.other")},
        {"other_keys": True},
        {"new": False},
        {"input": 1},
        {"verdict": Verdict.UNDECIDED},
        {"message": "app is granted kms:PutKeyPolicy through `App`, though to no effect today"},
        {"remedy": "take kms:PutKeyPolicy away"},
        {"evidence": (Evidence(Origin("aws_kms_key.main", "/policy/Statement/2"), "App", {}),)},
    ],
)
def test_findings_that_differ_otherwise_stay_apart(others: dict[str, Any]) -> None:
    assert alike.alike([DELETE, replace(PUT, **others)]) == [[DELETE], [replace(PUT, **others)]]


def test_a_group_stands_where_its_first_finding_stood() -> None:
    other = replace(PUT, address="aws_kms_key.other")

    assert alike.alike([DELETE, other, DISABLE]) == [[DELETE, DISABLE], [other]]


def test_requests_with_other_conditions_are_told_apart() -> None:
    mfa = Witness("app", "kms:PutKeyPolicy", "key", {"aws:MultiFactorAuthPresent": ("true",)})
    (group,) = alike.alike([DELETE, replace(PUT, witnesses=(mfa,))])

    assert [(request.action, bool(request.context)) for request in alike.requests(group)] == [
        ("kms:ScheduleKeyDeletion", False),
        ("kms:PutKeyPolicy", True),
    ]


def test_a_finding_alone_is_told_as_it_is() -> None:
    (group,) = alike.alike([DELETE])

    assert (alike.message(group), alike.remedy(group)) == (DELETE.message, DELETE.remedy)
    assert alike.requests(group) == list(DELETE.witnesses)


def standing(address: str, statement: Any, place: int = 0) -> Evidence:
    return Evidence(Origin(address, f"/policy/Statement/{place}"), "Account", statement)


def test_what_other_policies_say_alike_is_one_statement() -> None:
    account, narrower = {"Effect": "Allow", "Action": "kms:*"}, {"Effect": "Allow", "Action": "kms:Get*"}
    evidence = (
        standing("aws_kms_key.main", account),
        *(standing(f"aws_kms_key.k{number}", account) for number in range(4)),
        standing("aws_kms_key.k4", narrower),
        standing("aws_kms_key.k5", account, 1),
        standing("aws_kms_key.hidden", None),
        standing("aws_kms_key.veiled", None),
    )
    told = alike.statements(replace(DELETE, evidence=evidence))

    assert [(own.place, own.evidence.origin.address) for own in told] == [
        (0, "aws_kms_key.main"),
        (1, "aws_kms_key.k0"),
        (5, "aws_kms_key.k4"),
        (6, "aws_kms_key.k5"),
        (7, "aws_kms_key.hidden"),
        (8, "aws_kms_key.veiled"),
    ]
    assert [sentences.likewise(own.again) for own in told][:3] == [
        "",
        ", the same in aws_kms_key.k1, aws_kms_key.k2 and 1 more",
        "",
    ]
    assert sentences.likewise(evidence[1:3]) == ", the same in aws_kms_key.k0 and aws_kms_key.k1"


def test_notes_that_say_the_same_are_one_and_name_all_that_the_plan_touches() -> None:
    def told(code: str, *numbers: int) -> list[str]:
        notes = [Note("IAM-KMS-8", f"aws_kms_key.k{number}", code, "the same") for number in numbers]
        return [note.address for note in alike.notes([*notes, Note("IAM-KMS-8", "aws_kms_key.z", code, "another")])]

    assert told("can_grant_itself", 0) == ["aws_kms_key.k0", "aws_kms_key.z"]
    assert told("can_grant_itself", 0, 1, 2)[0] == "aws_kms_key.k0, aws_kms_key.k1 and aws_kms_key.k2"
    assert told("can_grant_itself", *range(5))[0] == "aws_kms_key.k0, aws_kms_key.k1 and 3 more"
    assert told("plan_deletes", *range(5))[0].count("aws_kms_key") == 5
