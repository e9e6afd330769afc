"""Plans of any size to measure on: estates of keys and roles, and large plans of which little is about KMS."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import run

ACCOUNT = "111122223333"
REGION = "us-east-1"
_PROVIDER = "registry.terraform.io/hashicorp/aws"

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Estate:
    """Keys with policies of their own, and roles that may use some of them.

    `bystanders` is the number of further roles, whose policies say nothing of KMS, `statements` that of the statements
    of a key policy besides the usual seven. With `alike` all keys have one and the same policy. The plan leaves
    `existing` keys as they are; others are still to be made, so that their ARNs are not known.
    """

    keys: int
    roles: int
    statements: int = 0
    alike: bool = False
    existing: bool = True
    bystanders: int = 0

    def plan(self) -> bytes:
        """The plan as `terraform show -json` would print it."""
        return _plan(self.resources())

    def resources(self) -> list[Entry]:
        """The entries of its resource_changes."""
        roles = (entry for number in range(self.roles + self.bystanders) for entry in self._role(number))
        return [*map(self._key, range(self.keys)), *roles]

    def _key(self, number: int) -> Entry:
        attributes = {
            "description": f"key {number}",
            "key_usage": "ENCRYPT_DECRYPT",
            "customer_master_key_spec": "SYMMETRIC_DEFAULT",
            "multi_region": False,
            "tags": {"team": f"team-{number % 7}"},
            "tags_all": {"team": f"team-{number % 7}"},
            "policy": _text(self._key_statements(0 if self.alike else number)),
        }
        known = {"arn": _key_arn(number), "key_id": _key_id(number), "id": _key_id(number)}
        return _entry("aws_kms_key", f"key_{number}", attributes, known, self.existing)

    def _key_statements(self, number: int) -> list[Entry]:
        users = sorted({_role_arn((number + step) % max(self.roles, 1)) for step in (0, 3, 11)})
        usage = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
        statements = [
            _allow("Account", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*"),
            _allow("Administration", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/KeyAdmin"}, _ADMINISTRATION),
            _allow("Use", {"AWS": users}, usage),
            _allow(
                "Grants", {"AWS": users}, ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
                {"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
            _allow(
                "Logs", {"Service": f"logs.{REGION}.amazonaws.com"}, usage,
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{_LOG_GROUPS}{number}*"}},
            ),
            _allow(
                "Queues", {"AWS": "*"}, usage,
                {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"sqs.{REGION}.amazonaws.com"}},
            ),
            {
                "Sid": "WithMfa", "Effect": "Deny", "Principal": {"AWS": "*"}, "Resource": "*",
                "Action": ["kms:ScheduleKeyDeletion", "kms:DisableKey"],
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            },
        ]  # fmt: skip
        for step in range(self.statements):
            who = {"AWS": _role_arn((number + 5 * step) % max(self.roles, 1))}
            condition = {"StringEquals": {"kms:EncryptionContext:app": f"app-{step}"}}
            statements.append(_allow(f"More{step}", who, ["kms:Decrypt", "kms:GenerateDataKey"], condition))
        return statements

    def _role(self, number: int) -> list[Entry]:
        name = f"role-{number}"
        trust = _text([_allow("", {"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")])
        known = {"arn": _role_arn(number), "unique_id": f"AROAEXAMPLE{number:010}", "id": name}
        attributes = {"name": name, "path": "/", "assume_role_policy": trust, "permissions_boundary": ""}
        role = _entry("aws_iam_role", f"role_{number}", attributes, known, self.existing)
        arns = [_key_arn((number + step) % max(self.keys, 1)) for step in (0, 1, 2)]
        statements = [
            {"Sid": "Store", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::app-{number}/*"},
        ]
        if number < self.roles:
            usage = ["kms:Decrypt", "kms:DescribeKey"]
            statements.append({"Sid": "Keys", "Effect": "Allow", "Action": usage, "Resource": arns})
        if number < self.roles and number % 10 == 0:
            rotation = ["kms:EnableKeyRotation", "kms:DisableKeyRotation"]
            statements.append({"Sid": "Rotation", "Effect": "Allow", "Action": rotation, "Resource": "*"})
        policy = {"name": "own", "role": name, "policy": _text(statements)}
        return [role, _entry("aws_iam_role_policy", f"role_{number}", policy, {"id": f"{name}:own"}, self.existing)]


def large_plan(resources: int, estate: Estate) -> bytes:
    """The plan of an estate among so many resources, nearly three kilobytes for each."""
    managed = estate.resources()
    managed += map(_instance, range(resources - len(managed)))
    return _plan(managed)


def write_plan(resources: int, estate: Estate, plan: Path) -> None:
    """Writes a plan of so many resources at least.

    Another process does it: what this one holds would count as the peak of those that it starts.
    """
    run(["-c", f"from benchmarks.estates import *; open({str(plan)!r}, 'wb').write(large_plan({resources}, {estate}))"])


def few(_resources: int) -> Estate:
    """The estate of a plan that is about other things."""
    return Estate(keys=5, roles=5)


def ordinary(resources: int) -> Estate:
    """The estate of a plan of so many resources, in shares as one finds them.

    Four of a thousand are keys with one module's policy, as many are roles that may use three of them, and sixteen are
    other roles; every role has an inline policy.
    """
    share = max(resources // 250, 1)
    return Estate(keys=share, roles=share, bystanders=4 * share, alike=True)


def _instance(number: int) -> Entry:
    kind = ("aws_instance", "aws_security_group_rule", "aws_s3_bucket", "aws_route53_record")[number % 4]
    attributes = {
        "ami": "ami-0123456789abcdef0",
        "description": "x" * 90,
        "availability_zone": f"{REGION}a",
        "cidr_blocks": [f"10.{number % 256}.0.0/16"],
        "ebs_block_device": [{"device_name": "/dev/sda1", "encrypted": True, "volume_size": 100, "tags": {}}],
        "tags": {"Name": f"thing-{number}", "team": "platform"},
    }
    return _entry(kind, f"thing_{number}", attributes, {"id": f"i-{number:017x}"}, existing=True)


_ADMINISTRATION = [
    f"kms:{word}*"
    for word in ("Create", "Describe", "Enable", "List", "Put", "Update", "Revoke", "Disable", "Get", "Delete")
] + ["kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"]


_LOG_GROUPS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app/"


def _allow(sid: str, principal: Entry, action: str | list[str], condition: Entry | None = None) -> Entry:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return statement | ({"Condition": condition} if condition else {})


def _text(statements: list[Entry]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _key_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{_key_id(number)}"


def _role_arn(number: int) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/role-{number}"


def _entry(kind: str, name: str, given: Mapping[str, Any], computed: Mapping[str, Any], existing: bool) -> Entry:
    """An entry of resource_changes: of a resource that stays as it is, or of one that is still to be made."""
    whole = {**given, **computed}
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": _PROVIDER,
        "change": {
            "actions": ["no-op"] if existing else ["create"],
            "before": whole if existing else None,
            "after": whole if existing else dict(given),
            "after_unknown": {} if existing else dict.fromkeys(computed, True),
            "before_sensitive": {} if existing else False,
            "after_sensitive": {},
        },
    }


def _plan(managed: Iterable[Entry]) -> bytes:
    """The plan with these changes, whose account a data source tells."""
    changes = list(managed)
    caller = {
        "address": "data.aws_caller_identity.current",
        "mode": "data",
        "type": "aws_caller_identity",
        "name": "current",
        "provider_name": _PROVIDER,
        "values": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/deployer", "id": ACCOUNT},
    }
    planned = [
        {
            "address": entry["address"],
            "mode": "managed",
            "type": entry["type"],
            "name": entry["name"],
            "provider_name": _PROVIDER,
            "schema_version": 0,
            "values": entry["change"]["after"],
            "sensitive_values": {},
        }
        for entry in changes
    ]
    blocks = [
        {
            "address": entry["address"],
            "mode": "managed",
            "type": entry["type"],
            "name": entry["name"],
            "provider_config_key": "aws",
            "expressions": {name: {"constant_value": value} for name, value in entry["change"]["after"].items()
                            if not isinstance(value, list | dict) and name not in _COMPUTED},
            "schema_version": 0,
        }
        for entry in changes
    ]  # fmt: skip
    provider = {"name": "aws", "full_name": _PROVIDER, "expressions": {"region": {"constant_value": REGION}}}
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [*planned, caller]}}},
        "configuration": {"provider_config": {"aws": provider}, "root_module": {"resources": blocks}},
    }
    return json.dumps(document, separators=(",", ":")).encode()


_COMPUTED = frozenset({"arn", "key_id", "id", "unique_id"})
