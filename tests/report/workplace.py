"""A plan in which every way and extent of access, and every kind of change, occurs."""

from collections.abc import Mapping
from typing import Any

from tests.plan_builder import ACCOUNT, ROOT, block, change, plan, policy

_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"
_IDS = [f"{number}234abcd-12ab-34cd-56ef-1234567890ab" for number in (1, 2, 3)]


def role(name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _allow(sid: str, who: Mapping[str, Any], actions: list[str], **members: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": actions, "Resource": "*", **members}


def _via(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}


def _known(place: int) -> dict[str, str]:
    return {"arn": _KEY + _IDS[place], "key_id": _IDS[place], "id": _IDS[place]}


_ADMIN = ["kms:Put*", "kms:Disable*", "kms:ScheduleKeyDeletion", "kms:Enable*", "kms:TagResource"]
_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def workplace() -> dict[str, Any]:
    """One key whose policy changes, one that is new, one that is destroyed, and one of an unknown policy."""
    admin = _allow("Admin", {"AWS": role("KeyAdmin")}, _ADMIN)
    app = _allow("Use", {"AWS": role("app")}, ["kms:Decrypt"])
    before = policy(
        ROOT,
        admin,
        app,
        _allow("Legacy", {"AWS": role("legacy")}, ["kms:Decrypt"]),
        _allow("Worker", {"AWS": role("worker")}, ["kms:Decrypt"], Condition=_via("s3")),
    )
    after = policy(
        ROOT,
        admin,
        _allow("Use", {"AWS": role("app")}, ["kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:CreateGrant"]),
        _allow("Worker", {"AWS": role("worker")}, ["kms:Decrypt"]),
        _allow("Deploy", {"AWS": role("deploy/pipeline-of-a-rather-long-name")}, ["kms:PutKeyPolicy"], Condition=_MFA),
        _allow("Logs", {"Service": "logs.us-east-1.amazonaws.com"}, ["kms:Decrypt", "kms:Encrypt"]),
        _allow("Batch", {"AWS": role("batch")}, ["kms:*"], Condition=_via("sqs")),
    )
    operator = policy({"Effect": "Allow", "Action": ["kms:Disable*", "kms:Decrypt"], "Resource": "*"})
    return plan(
        change(
            "module.payments.aws_kms_key.main",
            {"policy": after} | _known(0),
            before={"policy": before} | _known(0),
            actions=("update",),
        ),
        change("aws_kms_key.ledger", {"policy": policy(ROOT, app)} | _known(1)),
        change("aws_kms_key.gone", None, before={"policy": policy(ROOT, app)} | _known(2), actions=("delete",)),
        change("aws_kms_key.fresh", {}, unknown={"policy": True, "arn": True, "key_id": True}),
        change("aws_iam_role.ops", {"name": "ops", "path": "/", "arn": role("ops"), "id": "ops"}),
        change("aws_iam_role_policy.ops", {"role": "ops", "name": "operator", "policy": operator}),
        change(
            "aws_kms_grant.worker",
            {"key_id": _IDS[1], "grantee_principal": role("worker"), "operations": ["Decrypt"], "name": "worker"},
        ),
        blocks=(
            block("aws_kms_key.fresh", policy={"references": ["data.aws_iam_policy_document.key.json"]}),
            block("aws_kms_key.ledger", policy={}),
        ),
    )
