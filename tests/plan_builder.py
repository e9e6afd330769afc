"""Small plans for tests, as Terraform would print them."""

import json
from collections.abc import Mapping
from typing import Any

ACCOUNT = "111122223333"
ROOT = {
    "Sid": "Root",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def policy(*statements: Mapping[str, Any]) -> str:
    """The text of a policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def change(
    address: str,
    after: Mapping[str, Any] | None,
    *,
    before: Mapping[str, Any] | None = None,
    unknown: Any = None,
    sensitive: Any = None,
    actions: tuple[str, ...] = ("create",),
    **members: Any,
) -> dict[str, Any]:
    """An entry of resource_changes; type, name, module and index are read off the address."""
    module, _, rest = address.rpartition("module.") if "module." in address else ("", "", address)
    if module or address.startswith("module."):
        head, _, rest = address.partition(".aws_")
        module, rest = head, f"aws_{rest}"
    kind, _, name = rest.removeprefix("data.").partition(".")
    entry: dict[str, Any] = {
        "address": address,
        "mode": "data" if rest.startswith("data.") else "managed",
        "type": kind,
        "name": name.partition("[")[0],
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": unknown or {},
            "before_sensitive": {},
            "after_sensitive": sensitive or {},
        },
    }
    if module:
        entry["module_address"] = module
    if "[" in name:
        entry["index"] = json.loads(name.partition("[")[2].removesuffix("]"))
    return entry | members


def block(address: str, **arguments: Any) -> dict[str, Any]:
    """A resource of the configuration; an argument is an expression as the plan prints it."""
    kind, _, name = address.partition(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": "aws",
        "expressions": arguments,
    }


def plan(*changes: Mapping[str, Any], blocks: tuple[Mapping[str, Any], ...] = (), **members: Any) -> dict[str, Any]:
    """A plan whose account is known by a caller identity."""
    identity = {
        "address": "data.aws_caller_identity.current",
        "mode": "data",
        "type": "aws_caller_identity",
        "name": "current",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "values": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/deployer", "id": ACCOUNT},
    }
    configured = {
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "us-east-1"}}}},
        "root_module": {
            "resources": [
                *blocks,
                {
                    "address": "data.aws_caller_identity.current",
                    "mode": "data",
                    "type": "aws_caller_identity",
                    "name": "current",
                    "provider_config_key": "aws",
                },
            ]
        },
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(changes),
        "prior_state": {"format_version": "1.0", "values": {"root_module": {"resources": [identity]}}},
        "configuration": configured,
    } | members


def key_plan(text: Any, **members: Any) -> dict[str, Any]:
    """A plan of one key with this policy."""
    return plan(
        change("aws_kms_key.main", {"policy": text}, unknown={"arn": True, "key_id": True, "id": True}),
        blocks=(block("aws_kms_key.main", policy={}),),
        **members,
    )


def later(reason: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of deferred_changes, by the shape that Terraform documents; no plan of ours has any."""
    return {"reason": reason, "resource_change": entry}
