"""Short ways to ask about a policy in tests."""

import json
from collections.abc import Mapping
from typing import Any

from tfkms import catalogue
from tfkms.iam import callers
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.case import Case
from tfkms.iam.document import Policy
from tfkms.iam.grants import Bundle
from tfkms.iam.key_values import Reading
from tfkms.iam.parse import parse_policy, read_policy_text
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.location import Origin

ACCOUNT, OTHER = "111122223333", "444455556666"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TARGET = Target("aws_kms_key.main", KEY, ACCOUNT, "us-east-1", "aws", None, {})
CROSSING = frozenset(f"kms:{name}" for name, action in catalogue.actions().items() if action.cross_account)


def document(*statements: Mapping[str, Any], version: str | None = "2012-10-17") -> Policy:
    """The policy of these statements."""
    content: dict[str, Any] = {"Statement": list(statements)}
    if version is not None:
        content["Version"] = version
    value, _ = read_policy_text(json.dumps(content), Origin("aws_kms_key.main", "/policy"))
    return parse_policy(value, Origin("aws_kms_key.main", "/policy"))[0]


def statement(effect: str = "Allow", principal: Any = None, action: Any = "kms:*", **members: Any) -> dict[str, Any]:
    """A statement on every resource; `principal` None leaves the element out."""
    found: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": "*"}
    if principal is not None:
        found["Principal"] = principal
    return {name: value for name, value in (found | members).items() if value is not None}


def role(name: str = "app", account: str = ACCOUNT, bounded: bool = False) -> Caller:
    """The role of that name."""
    return callers.named(CallerKind.ROLE, f"arn:aws:iam::{account}:role/{name}", account, "aws", bounded)


def user(name: str = "ann") -> Caller:
    """The user of that name."""
    return callers.named(CallerKind.USER, f"arn:aws:iam::{ACCOUNT}:user/{name}", ACCOUNT, "aws")


def case(policy: Policy, caller: Caller, action: str = "DisableKey", bundle: Bundle = Bundle()) -> Case:  # noqa: B008
    """The question whether the caller may do the action."""
    return Case(policy, bundle, caller, TARGET, catalogue.actions()[action])


def surely(asked: Case) -> bool:
    """Whether a request exists whatever is not known."""
    return bool(asked.granted(Reading.STRICT))


def possibly(asked: Case) -> bool:
    """Whether a request may exist."""
    return bool(asked.granted(Reading.LOOSE))


def simulated(asked: Case, context: Mapping[str, tuple[str, ...]]) -> Answer:
    """What the second evaluator says of one request of a known caller."""
    assert asked.caller.name is not None
    request = Request(asked.caller.name, f"kms:{asked.action.name}", KEY, context)
    boundary = asked.bundle.boundaries[0] if asked.bundle.boundaries else None
    return simulate(request, Documents(asked.key_policy, asked.bundle.identity, boundary), CROSSING)
