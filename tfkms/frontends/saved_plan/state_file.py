"""A state as Terraform stores it (format version 4), as the structures that its JSON output is read into."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from tfkms.diagnostics import Refusal
from tfkms.frontends.addresses import provider_source, written_key
from tfkms.frontends.plan_format import NOTHING, StateModule, StateResource, StateValues, decode
from tfkms.frontends.saved_plan.masks import mask_of

STATE_VERSION = 4


class _Instance(Struct, frozen=True):
    attributes: Raw = NOTHING
    index_key: int | str | None = None
    deposed: str = ""
    sensitive_attributes: list[list[dict[str, Any]]] | None = None


class _Resource(Struct, frozen=True):
    type: str
    name: str
    mode: str = "managed"
    module: str = ""
    provider: str = ""
    instances: list[_Instance] = []


class _State(Struct, frozen=True):
    version: int
    resources: list[_Resource] | None = None


def state_values(content: bytes) -> StateValues:
    """The objects in the state, all in one module (their addresses tell the real one); deposed ones are left out.

    Raises Refusal for another version and for what is no state.
    """
    state = decode(content, _State, "the state in the saved plan")
    if state.version != STATE_VERSION:
        raise Refusal("state-version", f"the state has format version {state.version}; only {STATE_VERSION} is known")
    found = [
        _stated(resource, instance)
        for resource in state.resources or ()
        for instance in resource.instances
        if not instance.deposed
    ]
    return StateValues(StateModule(resources=found))


def _stated(resource: _Resource, instance: _Instance) -> StateResource:
    address = f"{'data.' if resource.mode == 'data' else ''}{resource.type}.{resource.name}"
    if resource.module:
        address = f"{resource.module}.{address}"
    if instance.index_key is not None:
        address += written_key(instance.index_key)
    return StateResource(
        address=address,
        type=resource.type,
        name=resource.name,
        mode=resource.mode,
        index=instance.index_key,
        provider_name=provider_source(resource.provider),
        values=instance.attributes,
        sensitive_values=Raw(msgspec.json.encode(mask_of(map(_steps, instance.sensitive_attributes or ())))),
    )


def _steps(path: list[dict[str, Any]]) -> list[str | int]:
    """The steps of a path: `{"type": "get_attr", "value": NAME}` or `{"type": "index", "value": {"value": KEY, …}}`."""
    steps: list[str | int] = []
    for step in path:
        value = step.get("value")
        key = value.get("value") if isinstance(value, dict) else value
        if isinstance(key, bool) or not isinstance(key, str | int):
            break
        steps.append(key)
    return steps
