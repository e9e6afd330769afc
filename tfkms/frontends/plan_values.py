"""What a plan knows, by address: for whoever evaluates the configuration that it was made from."""

from collections.abc import Mapping
from functools import cached_property

from tfkms.frontends.addresses import InstanceKey, module_address
from tfkms.frontends.plan_format import (
    ABSENT,
    Change,
    Document,
    ResourceChange,
    StateResource,
    decode,
    state_resources,
    values_of,
)
from tfkms.frontends.unknowns import overlaid
from tfkms.model import Mode
from tfkms.predicted import AFTER_APPLY
from tfkms.values import Hole, Value


class PlanValues:
    """The values of a plan, decoded when they are asked for.

    `variables` are those of the root module as far as the plan tells them.
    """

    def __init__(self, document: Document):
        self.document = document
        self.found: dict[str, Mapping[str, Value] | None] = {}

    @cached_property
    def variables(self) -> Mapping[str, Value]:
        """The values of the root module's variables."""
        return {
            name: values_of(variable.value, f"the variable `{name}`")
            for name, variable in self.document.variables.items()
            if bytes(variable.value) != bytes(ABSENT)
        }

    def after(self, address: str) -> Mapping[str, Value] | None:
        """The attributes of a resource as they will be, with `Unknown` for what the plan does not know.

        None for a resource that the plan does not have, or that will not be there.
        """
        if address not in self.found:
            entry = self._entries.get(address)
            self.found[address] = None if entry is None else _after(entry)
        return self.found[address]

    def makes(self, address: str) -> bool:
        """Whether the plan makes the resource anew."""
        entry = self._entries.get(address)
        if not isinstance(entry, ResourceChange):
            return False
        return "create" in decode(entry.change, Change, f"the change of `{address}`").actions

    def keys(self, module: str, block: str) -> list[InstanceKey] | None:
        """The keys of the instances of a block, by the address of its module and its own in it; None where there are
        none in the plan."""
        return self._keys.get((module, block))

    @cached_property
    def _entries(self) -> dict[str, ResourceChange | StateResource]:
        found: dict[str, ResourceChange | StateResource] = {}
        prior = self.document.prior_state.values if self.document.prior_state else None
        for resource in state_resources(prior):
            if resource.mode == Mode.DATA:
                found[resource.address] = resource
        found.update({own.address: own for own in self.document.resource_changes or () if not own.deposed})
        return found

    @cached_property
    def _keys(self) -> dict[tuple[str, str], list[InstanceKey]]:
        found: dict[tuple[str, str], list[InstanceKey]] = {}
        for entry in self._entries.values():
            kind = "data." if entry.mode == Mode.DATA else ""
            place = (module_address(entry.address), f"{kind}{entry.type}.{entry.name}")
            found.setdefault(place, []).append(entry.index)
        return found


def _after(entry: ResourceChange | StateResource) -> Mapping[str, Value] | None:
    what = f"a value of `{entry.address}`"
    if isinstance(entry, StateResource):
        values = values_of(entry.values, what)
        return values if isinstance(values, Mapping) else None
    change = decode(entry.change, Change, what)
    values = values_of(change.after, what)
    if not isinstance(values, Mapping):
        return None
    unknown = values_of(change.after_unknown, what)
    laid = overlaid(values, unknown, Hole(entry.address, "", AFTER_APPLY), "", None)
    return laid if isinstance(laid, Mapping) else None
