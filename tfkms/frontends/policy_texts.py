"""Policies as texts, compared: in a plan stands what AWS made of a policy, not always what somebody wrote.

The AWS provider plans nothing where the policy that is there means the same, and then keeps its wording. Source:
hashicorp/awspolicyequivalence, by which the provider compares.
"""

import json
import re
from typing import Any

from tfkms.values import Value

_ACCOUNT = re.compile(r"[0-9]{12}")


def is_policy(value: Value) -> bool:
    """Whether the value looks like a policy document as text."""
    return isinstance(value, str) and value.lstrip().startswith("{")


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same JSON."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except (ValueError, RecursionError):
        return one == other


def is_equivalent(one: str, other: str) -> bool:
    """Whether two texts are the same policy: order, lists of one element and the forms of an account do not count."""
    try:
        return bool(_normal(json.loads(one)) == _normal(json.loads(other)))
    except (ValueError, RecursionError):
        return one == other


def _normal(value: Any) -> Any:
    match value:
        case dict():
            return {name: _normal(item) for name, item in value.items() if item != "" or name != "Sid"}
        case list():
            items = {json.dumps(_normal(item), sort_keys=True): _normal(item) for item in value}
            return [items[key] for key in sorted(items)] if len(items) != 1 else next(iter(items.values()))
        case str() if _ACCOUNT.fullmatch(value):
            return f"arn:aws:iam::{value}:root"
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            return value
