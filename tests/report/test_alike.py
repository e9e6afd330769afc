"""Findings that differ in the guardrail and its action only are told together, and no others."""

from typing import Any

import pytest
from msgspec.structs import replace

from tfkms.finding import Evidence, Finding, Severity, Verdict, Witness
from tfkms.location import Origin
from tfkms.report import alike


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
