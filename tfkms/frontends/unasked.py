"""Resources of types that nobody asked for: they are looked at only where a reference leads to them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct

from tfkms.frontends.addresses import module_address, module_path
from tfkms.frontends.plan_format import (
    Change,
    Document,
    ResourceChange,
    StateResource,
    decode,
    state_resources,
    values_of,
)
from tfkms.frontends.references import Instance
from tfkms.model import Mode
from tfkms.values import Value


class Unasked(Struct, dict=True):
    """The instances of the plan that `wanted` does not take, found on demand."""

    document: Document
    wanted: Callable[[ResourceChange | StateResource], bool]

    def instances(self, module: tuple[str, ...], block: str) -> Iterable[Instance]:
        """The instances of a block, by the names of its module and its address in it."""
        return self._by_block.get((module, block), ())

    def change(self, address: str) -> ResourceChange | None:
        """What the plan does to the instance; None where the plan does nothing to it, or has none there."""
        return self._changes.get(address)

    def is_unknown(self, address: str, attribute: str) -> bool:
        """Whether the attribute is known after apply only. One that the plan does not have is not known either."""
        change = self.change(address)
        if change is None:
            return False  # a data source that was read
        unknown = self._unknown(change)
        if unknown is True or not isinstance(unknown, Mapping):
            return unknown is True
        return bool(unknown) if not attribute else unknown.get(attribute, False) not in (False, {}, ())

    @staticmethod
    def _unknown(change: ResourceChange) -> Value:
        what = f"a value of `{change.address}`"
        return values_of(decode(change.change, Change, what).after_unknown, what)

    @cached_property
    def _changes(self) -> dict[str, ResourceChange]:
        changes = self.document.resource_changes or []
        return {change.address: change for change in changes if not change.deposed and not self.wanted(change)}

    @cached_property
    def _by_block(self) -> dict[tuple[tuple[str, ...], str], list[Instance]]:
        found: dict[tuple[tuple[str, ...], str], list[Instance]] = {}
        for entry in self._entries():
            path = module_path(module_address(entry.address))
            kind = "data." if entry.mode == Mode.DATA else ""
            key = (tuple(name for name, _ in path), f"{kind}{entry.type}.{entry.name}")
            found.setdefault(key, []).append(Instance(entry.address, path, entry.index))
        return found

    def _entries(self) -> Iterator[ResourceChange | StateResource]:
        yield from self._changes.values()
        prior = self.document.prior_state.values if self.document.prior_state else None
        for resource in state_resources(prior):
            if resource.mode == Mode.DATA and resource.address not in self._changes and not self.wanted(resource):
                yield resource
