"""What a plan does to keys by itself, whatever policies say: the harm that a guardrail is there to prevent.

A rule's actions decide which remarks are its own: the deletion of a key belongs to the rule on ScheduleKeyDeletion.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tfkms.extract import Site, is_key
from tfkms.finding import Claim, Remarked
from tfkms.model import Action, Resource, Scan
from tfkms.values import Value

ROOT_PRESENT = "root_present"


def remarks(scan: Scan, sites: tuple[Site, ...], kind: str, parameters: Mapping[str, Any]) -> Iterator[Remarked]:
    """A remark for each thing that the plan does directly and that the rule of this kind is about."""
    types = {site.type for site in sites if is_key(site)}
    holders = {site.type for site in sites if is_key(site) or site.key is not None}
    actions = parameters.get("actions", ())
    for resource in scan.resources:
        if resource.block_type in types and "kms:ScheduleKeyDeletion" in actions:
            yield from _deletion(resource)
        if resource.block_type in types and "kms:DisableKey" in actions:
            yield from _turned(resource, ("is_enabled", "enabled"), "plan_disables_key")
        if resource.block_type in types and "kms:DisableKeyRotation" in actions:
            yield from _turned(resource, ("enable_key_rotation",), "plan_stops_rotation")
        if resource.block_type in holders and kind == ROOT_PRESENT:
            yield from _bypass(resource)


def _deletion(resource: Resource) -> Iterator[Remarked]:
    if Action.DELETE in resource.actions:
        cause = "plan_replaces_key" if Action.CREATE in resource.actions else "plan_deletes_key"
        yield Remarked(resource.address, Claim(cause))


def _turned(resource: Resource, names: tuple[str, ...], cause: str) -> Iterator[Remarked]:
    """A switch of an existing key that the plan turns off."""
    if resource.after is None or resource.before is None:
        return
    for name in names:
        if resource.before.get(name) is True and resource.after.get(name) is False:
            yield Remarked(resource.address, Claim(cause))


def _bypass(resource: Resource) -> Iterator[Remarked]:
    name = "bypass_policy_lockout_safety_check"
    before: Value = (resource.before or {}).get(name)
    if (resource.after or {}).get(name) is True and before is not True:
        yield Remarked(resource.address, Claim("plan_bypasses_lockout_check"))
