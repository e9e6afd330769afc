"""What a plan does to keys by itself, whatever policies say: the harm that a guardrail is there to prevent.

A rule's actions decide which of them are its own: the deletion of a key belongs to the rule on ScheduleKeyDeletion.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from tfkms.checks.stance import CountsAs
from tfkms.documents import Site, is_key
from tfkms.finding import Claim, Evidence, Remarked, Violated
from tfkms.identities import RESOURCE_TYPES
from tfkms.model import Action, Resource, Scan
from tfkms.values import Value

ROOT_PRESENT = "root_present"


class PlanAction(Struct, frozen=True):
    """Something that the plan does to the resource at `address`; the claim's cause says what."""

    address: str
    claim: Claim
    evidence: tuple[Evidence, ...] = ()

    def counted(self, counts_as: CountsAs) -> Remarked | Violated:
        """The action as the settings take it; a violation has no request to show, for the plan itself is the proof."""
        if counts_as is CountsAs.NOTE:
            return Remarked(self.address, self.claim)
        return Violated(self.address, (self.address,), self.claim, (), self.evidence)


def plan_actions(
    scan: Scan, sites: tuple[Site, ...], kind: str, parameters: Mapping[str, Any]
) -> Iterator[PlanAction]:  # fmt: skip
    """Each thing that the plan does directly and that the rule of this kind is about."""
    if not scan.resources:
        return
    types = {site.type for site in sites if is_key(site)}
    holders = {site.type for site in sites if is_key(site) or site.key is not None}
    actions = parameters.get("actions", ())
    for resource in scan.resources:
        if resource.block_type in types and "kms:ScheduleKeyDeletion" in actions:
            yield from _deletion(resource)
        if resource.block_type in types and "kms:DisableKey" in actions:
            yield from _turned(resource, ("is_enabled", "enabled"), "plan_disables_key", "drift_disables_key")
        if resource.block_type in types and "kms:DisableKeyRotation" in actions:
            yield from _turned(resource, ("enable_key_rotation",), "plan_stops_rotation", "drift_stops_rotation")
        if resource.block_type in holders and kind == ROOT_PRESENT:
            yield from _bypass(resource)


def changes_guards(scan: Scan, sites: tuple[Site, ...]) -> bool:
    """Whether the plan changes anything that exists and may hold a policy or attach one."""
    types = {site.type for site in sites} | RESOURCE_TYPES
    return any(
        resource.block_type in types and resource.before is not None and resource.before != resource.after
        for resource in scan.resources
    )


def _deletion(resource: Resource) -> Iterator[PlanAction]:
    if Action.DELETE in resource.actions:
        cause = "plan_replaces_key" if Action.CREATE in resource.actions else "plan_deletes_key"
        yield PlanAction(resource.address, Claim(cause))


def _turned(resource: Resource, names: tuple[str, ...], planned: str, drifted: str) -> Iterator[PlanAction]:
    """A switch of an existing key that the plan turns off, or that somebody turned off and the plan leaves so."""
    if resource.after is None or resource.before is None:
        return
    for name in names:
        if resource.after.get(name) is not False:
            continue
        if resource.before.get(name) is True:
            yield PlanAction(resource.address, Claim(planned))
        elif (resource.left_as or {}).get(name) is True:
            yield PlanAction(resource.address, Claim(drifted))


def _bypass(resource: Resource) -> Iterator[PlanAction]:
    name = "bypass_policy_lockout_safety_check"
    before: Value = (resource.before or {}).get(name)
    if (resource.after or {}).get(name) is True and before is not True:
        yield PlanAction(resource.address, Claim("plan_bypasses_lockout_check"))
