"""The plan in a saved plan, as the structures that the JSON of `terraform show -json` is read into.

Source: hashicorp/terraform:internal/plans/planproto/planfile.proto and internal/plans/planfile/tfplan.go, format
version 3, which OpenTofu shares; what `terraform show -json` makes of it: internal/command/jsonplan/plan.go.
"""

import msgspec
from msgspec import Raw

from tfkms.diagnostics import Refusal
from tfkms.frontends.addresses import (
    ANY_KEY_WRITTEN,
    AnyKey,
    InstanceKey,
    module_address,
    module_path,
    provider_source,
    traversal,
)
from tfkms.frontends.plan_format import (
    EPHEMERAL,
    NOTHING,
    DeferredChange,
    Document,
    PriorState,
    ResourceChange,
    VariableValue,
)
from tfkms.frontends.saved_plan.archive import Archive
from tfkms.frontends.saved_plan.dynamic_values import dynamic_value, known, path_steps, unknown_mask
from tfkms.frontends.saved_plan.masks import mask_of
from tfkms.frontends.saved_plan.protobuf import Message, WireError, messages, number, parse, string
from tfkms.frontends.saved_plan.state_file import state_values

FORMAT_VERSION = 3
_JSON = msgspec.json.Encoder(decimal_format="number")
_ACTIONS = {
    0: ("no-op",),
    1: ("create",),
    2: ("read",),
    3: ("update",),
    5: ("delete",),
    6: ("delete", "create"),
    7: ("create", "delete"),
    8: ("forget",),
    9: ("create", "forget"),
    10: ("forget", "create"),
}
_TERRAFORM_VERSION = 14
_CREATE, _DELETE, _FORGET = 1, 5, 8
_REASONS = {
    1: "instance_count_unknown",
    2: "resource_config_unknown",
    3: "provider_config_unknown",
    4: "absent_prereq",
    5: "deferred_prereq",
}


def plan_document(archive: Archive) -> Document:
    """The plan and the state before it. Raises Refusal for another format version and for damaged bytes.

    It has no `configuration` of its own; that is in the archive's files. Attributes that a provider's schema marks as
    sensitive are not marked in a saved plan, only what the configuration makes sensitive is.
    """
    try:
        message = parse(archive.plan)
        version = number(message, 1)
        if version != FORMAT_VERSION:
            raise Refusal(
                "saved-plan-version",
                f"the saved plan has format version {version}; only version {FORMAT_VERSION} is known",
                "hand over its JSON instead: `terraform show -json FILE > plan.json`",
            )
        return _document(message, archive)
    except WireError:
        hint = "make it again with `terraform plan -out FILE`"
        raise Refusal("saved-plan-damaged", "the saved plan is damaged: its `tfplan` cannot be read", hint) from None


def _document(message: Message, archive: Archive) -> Document:
    if not string(message, _TERRAFORM_VERSION):  # Terraform always writes it, behind the changes: the plan is cut short
        raise WireError
    return Document(
        format_version="1.2",
        terraform_version=string(message, _TERRAFORM_VERSION),
        resource_changes=sorted(
            [_resource_change(entry) for entry in messages(message, 3) if not _is_no_change(entry)], key=_order
        ),
        resource_drift=[_resource_change(entry) for entry in messages(message, 18) if not _is_no_change(entry)],
        deferred_changes=[
            _deferred_change(entry)
            for entry in messages(message, 27)
            if not _is_no_change(next(messages(entry, 2), {}))
        ],
        prior_state=PriorState(state_values(archive.state)) if archive.state is not None else None,
        variables=_variables(message),
        errored=bool(number(message, 20)),
        workspace=string(next(messages(message, 13), {}), 3) or None,
        complete=bool(number(message, 26)) or not _tells_completeness(message),
    )


def _order(change: ResourceChange) -> tuple[object, ...]:
    """What `terraform show -json` sorts changes by: the archive has them in no order."""
    modules = module_path(change.module_address)
    return (
        len(modules),
        [(name, _key_order(key)) for name, key in modules],
        change.mode != "data",
        change.type,
        change.name,
        _key_order(change.index),
        change.deposed,
    )


def _key_order(key: InstanceKey | AnyKey) -> tuple[int, int, str]:
    match key:
        case None:
            return 0, 0, ""
        case int():
            return 1, key, ""
        case str():
            return 2, 0, key
        case AnyKey():
            return 3, 0, ""


def _tells_completeness(message: Message) -> bool:
    """Whether the plan says if it is complete: Terraform before 1.8 and OpenTofu do not, and leave both fields out."""
    return 25 in message or 26 in message


def _variables(message: Message) -> dict[str, VariableValue]:
    found = {}
    for entry in messages(message, 2):
        value = dynamic_value(next(messages(entry, 2), {}))
        found[string(entry, 1)] = VariableValue(_raw(known(value)))
    return found


def _is_no_change(entry: Message) -> bool:
    """Whether the entry changes nothing: it drops a data source from the state, which the JSON of a plan does not list
    either, or is an ephemeral resource, which OpenTofu keeps among the changes.
    """
    address = string(entry, 13)
    kind = address.removeprefix(module_address(address)).lstrip(".").partition(".")[0]
    if kind == "data":
        return number(next(messages(entry, 9), {}), 1) == _DELETE
    return kind == EPHEMERAL


def _deferred_change(entry: Message) -> DeferredChange:
    reason = number(next(messages(entry, 1), {}), 1)
    return DeferredChange(_resource_change(next(messages(entry, 2), {})), _REASONS.get(reason, "unknown"))


def _resource_change(entry: Message) -> ResourceChange:
    address = string(entry, 13)
    module = module_address(address)
    steps = traversal(address.removeprefix(module).removeprefix("."))
    mode, any_key = "managed", address.endswith(ANY_KEY_WRITTEN)
    if steps[:1] == ("data",):
        mode, steps = "data", steps[1:]
    match steps:
        case (str() as kind, str() as name):
            index: int | str | None = None
        case (str() as kind, str() as name, "*") if any_key:
            index = None
        case (str() as kind, str() as name, index):
            pass
        case _:
            raise WireError
    return ResourceChange(
        address=address,
        type=kind,
        name=name,
        mode=mode,
        module_address=module,
        index=index,
        index_unknown=any_key,
        provider_name=provider_source(string(entry, 8)),
        deposed=string(entry, 7),
        change=_change(next(messages(entry, 9), {})),
    )


def _change(change: Message) -> Raw:
    action = number(change, 1)
    if action not in _ACTIONS:
        raise WireError
    values = [dynamic_value(value) for value in messages(change, 2)]
    before, after = None, None
    match values:
        case [only]:
            before = None if action == _CREATE else only
            after = None if action in (_DELETE, _FORGET) else only
        case [before, after]:
            pass
        case _:
            raise WireError
    return _raw(
        {
            "actions": _ACTIONS[action],
            "before": known(before),
            "after": known(after),
            "after_unknown": unknown_mask(after) or {},
            "before_sensitive": mask_of(map(path_steps, messages(change, 3))),
            "after_sensitive": mask_of(map(path_steps, messages(change, 4))),
        }
    )


def _raw(value: object) -> Raw:
    return Raw(_JSON.encode(value)) if value is not None else NOTHING
