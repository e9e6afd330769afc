"""Policies that somebody changed outside of Terraform, and that the plan leaves as they are now.

Source: the "JSON Output Format" page of Terraform's internals documentation (`resource_drift`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tfkms.checks.plan_actions import PlanAction
from tfkms.documents import Document, Kind
from tfkms.extract import Estate
from tfkms.finding import Claim
from tfkms.frontends.policy_texts import is_equivalent
from tfkms.iam.actions import Actions
from tfkms.iam.coverage import coverage
from tfkms.values import plain

REPLACES_POLICIES = "kms:PutKeyPolicy"


def kept_policies(estate: Estate, parameters: Mapping[str, Any], actions: Actions) -> Iterator[PlanAction]:
    """Each policy of a key, and each policy of others that may allow anything in KMS, of which this holds.

    They belong to the rule on those who may replace a key's policy. A key's own policy counts where no other resource
    sets it: a refresh finds there what the other one set.
    """
    if REPLACES_POLICIES not in parameters.get("actions", ()):
        return
    of_keys = (document for key in estate.keys for document in key.documents if _is_kept(document))
    of_others = (
        document
        for document in estate.documents
        if document.kind is Kind.IDENTITY and _is_kept(document) and coverage(document.policy, tuple(actions)).allowed
    )
    for document in (*of_keys, *of_others):
        yield PlanAction(document.address, Claim("drift_of_policy"))


def _is_kept(document: Document) -> bool:
    """Whether the policy was another one when Terraform left it, and is after the plan what the refresh found."""
    name = document.attribute.removeprefix("/")
    left_as, found = document.resource.left_as, document.resource.before
    if left_as is None or found is None:
        return False
    before, now = left_as.get(name) or "", found.get(name)
    if not isinstance(before, str) or not isinstance(now, str) or is_equivalent(before, now):
        return False
    return _decoded(now) == plain(document.content)


def _decoded(policy: str) -> object:
    try:
        return json.loads(policy)
    except (ValueError, RecursionError):
        return policy
