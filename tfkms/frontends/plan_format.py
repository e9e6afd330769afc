"""The JSON of `terraform show -json`, typed, with the parts that are read on demand left raw.

Source: the "JSON Output Format" page of Terraform's internals documentation; OpenTofu writes the same.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from tfkms.diagnostics import Refusal
from tfkms.frontends.document_text import PLAN_HINT
from tfkms.values import Value

NOTHING = Raw(b"null")
ABSENT = Raw(b"")
DEPTH_LIMIT = 100
_KNOWN_FORMAT = re.compile(r"0\.[12]|1\.[0-9]+")
_SPACE = re.compile(rb"\s*")
_LOG_LINE = re.compile(rb'\s*\{\s*"@level"')
_WRAPPED = re.compile(rb"\s*(?:\[command\]|::[a-z-]+[ :])")
"""What hashicorp/setup-terraform's wrapper before version 3 writes ahead of the output, and any version on failure."""


EPHEMERAL = "ephemeral"
"""The mode of what is opened for one run of Terraform, and closed after it."""


class ResourceChange(Struct, frozen=True, gc=False):
    """An entry of `resource_changes`; `change` stays raw until its type is asked for."""

    address: str
    type: str
    change: Raw
    name: str = ""
    mode: str = "managed"
    module_address: str = ""
    index: int | str | None = None
    provider_name: str = ""
    deposed: str = ""
    index_unknown: bool = False


class DeferredChange(Struct, frozen=True):
    """An entry of `deferred_changes`: what a later plan may do, and why this one does not."""

    resource_change: ResourceChange
    reason: str = "unknown"


class Change(Struct, frozen=True):
    """What a plan does with one object. An absent member is null."""

    actions: list[str]
    before: Raw = NOTHING
    after: Raw = NOTHING
    after_unknown: Raw = NOTHING
    before_sensitive: Raw = NOTHING
    after_sensitive: Raw = NOTHING


class StateResource(Struct, frozen=True, gc=False):
    """A resource of `planned_values` or of a state."""

    address: str
    type: str
    name: str = ""
    mode: str = "managed"
    index: int | str | None = None
    provider_name: str = ""
    values: Raw = NOTHING
    sensitive_values: Raw = NOTHING
    deposed_key: str = ""


class StateModule(Struct, frozen=True):
    """A module of `planned_values` or of a state, with those below it."""

    address: str = ""
    resources: list[StateResource] = []
    child_modules: list["StateModule"] = []


class StateValues(Struct, frozen=True):
    """The `values` of a state, or `planned_values`."""

    root_module: StateModule = StateModule()


class PriorState(Struct, frozen=True):
    """The member `prior_state`."""

    values: StateValues | None = None


class Expression(Struct, frozen=True):
    """How the configuration gives an argument: a constant, by references, or (with neither) by function calls alone."""

    constant_value: Any = UNSET
    references: list[str] = []


class ConfigResource(Struct, frozen=True, gc=False):
    """A resource block, not yet expanded by `count` or `for_each`; its address is relative to its module."""

    address: str
    type: str
    mode: str = "managed"
    provider_config_key: str = ""
    expressions: Raw = NOTHING
    count_expression: Raw = NOTHING
    for_each_expression: Raw = NOTHING


class ConfigOutput(Struct, frozen=True):
    """An output of a module."""

    expression: Raw = NOTHING


class ConfigVariable(Struct, frozen=True):
    """A variable of a module; `default` is UNSET for a required one."""

    default: Any = UNSET


class ModuleCall(Struct, frozen=True):
    """A `module` block and the module that it calls."""

    expressions: Raw = NOTHING
    count_expression: Raw = NOTHING
    for_each_expression: Raw = NOTHING
    module: "ConfigModule | None" = None


class ConfigModule(Struct, frozen=True):
    """A module's configuration."""

    resources: list[ConfigResource] = []
    module_calls: dict[str, ModuleCall] = {}
    outputs: dict[str, ConfigOutput] = {}
    variables: dict[str, ConfigVariable] = {}


class ProviderConfig(Struct, frozen=True):
    """A provider block, by the key that resources name."""

    name: str = ""
    alias: str = ""
    module_address: str = ""
    expressions: Raw = NOTHING


class Configuration(Struct, frozen=True):
    """The member `configuration`."""

    provider_config: dict[str, ProviderConfig] = {}
    root_module: ConfigModule = ConfigModule()


class VariableValue(Struct, frozen=True):
    """The value of a root variable, ABSENT where the plan keeps it to itself."""

    value: Raw = ABSENT


class Document(Struct, frozen=True):
    """A plan or a state; and what tells other documents from them.

    `workspace` is the one that the plan was made in; only a saved plan tells it.
    """

    format_version: str | UnsetType = UNSET
    terraform_version: str = ""
    planned_values: StateValues | None = None
    resource_changes: list[ResourceChange] | None = None
    resource_drift: list[ResourceChange] = []
    deferred_changes: list[DeferredChange] = []
    prior_state: PriorState | None = None
    configuration: Configuration | None = None
    variables: dict[str, VariableValue] = {}
    values: StateValues | None = None
    errored: bool = False
    complete: bool = True
    saved: bool = False
    workspace: str | None = None
    plan_format_version: Any = UNSET
    remote_plan_format: Any = UNSET
    encrypted_data: Any = UNSET
    encryption_version: Any = UNSET


T = TypeVar("T")


def decode(content: bytes | Raw, kind: type[T], what: str = "the input") -> T:
    """`content` as `kind`. Raises Refusal, which names the member that has the wrong type."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise Refusal("plan-malformed", f"{what} is no plan: {_plainly(error)}", PLAN_HINT) from None
    except RecursionError:
        raise Refusal("input-depth", f"{what} is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refusal("input-json", f"{what} is not valid JSON: {_plainly(error)}", PLAN_HINT) from None


def _plainly(error: Exception) -> str:
    text = str(error)
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]


def values_of(raw: Raw, what: str) -> Value:
    """The value in a raw part, frozen: lists as tuples. Raises Refusal, also for one nested beyond all reason."""
    try:
        return freeze(decode(raw, object, what))
    except RecursionError:
        raise Refusal("input-depth", f"{what} is nested too deeply") from None


def freeze(value: object, depth: int = 0) -> Value:
    """Decoded JSON as a `Value`. Raises RecursionError where it is nested beyond DEPTH_LIMIT."""
    if depth > DEPTH_LIMIT:
        raise RecursionError
    match value:
        case str():
            return value
        case dict():
            return {key: freeze(item, depth + 1) for key, item in value.items()}
        case list():
            return tuple([freeze(item, depth + 1) for item in value])
        case None | bool() | int() | float():
            return value
        case _:
            raise AssertionError(f"JSON holds no {type(value).__name__}")


def recognise(content: bytes) -> Document:
    """The document in `content`, if it is a plan or a state of a format that is known; else raises Refusal.

    Each kind of wrong input has its own line.
    """
    _refuse_other_kinds(content)
    document = decode(content, Document)
    if document.plan_format_version is not UNSET:
        raise Refusal(
            "plan-redacted",
            "this is the redacted plan of HCP Terraform, in which policies are left out",
            "download the plan's JSON output instead, with a token that may read it",
        )
    if document.remote_plan_format is not UNSET:
        raise Refusal("plan-bookmark", "this is the bookmark of a plan kept by HCP Terraform, not the plan", PLAN_HINT)
    if document.encrypted_data is not UNSET or document.encryption_version is not UNSET:
        raise Refusal(
            "plan-encrypted",
            "this plan or state is encrypted by OpenTofu",
            "show it with `tofu show -json` and its key",
        )
    if isinstance(document.format_version, UnsetType):
        raise Refusal("plan-unrecognised", "this JSON is no plan: it has no format_version", PLAN_HINT)
    if not _KNOWN_FORMAT.fullmatch(document.format_version):
        version = document.format_version[:20]
        raise Refusal("plan-format", f"plan format {version!r} is not known; formats 0.1, 0.2 and 1.x are", None)
    if not is_plan(document) and document.values is None:
        raise Refusal(
            "plan-bare", "there is nothing in this plan or state but its version: nothing to judge", PLAN_HINT
        )
    return _lasting(document)


def _lasting(document: Document) -> Document:
    """The document without ephemeral resources, which OpenTofu lists with what it changes: they make nothing.

    Source: opentofu/opentofu:internal/command/jsonplan/plan.go; Terraform's own lists none.
    """
    changes, later = document.resource_changes, document.deferred_changes
    if changes and any(entry.mode == EPHEMERAL for entry in changes):
        document = replace(document, resource_changes=[entry for entry in changes if entry.mode != EPHEMERAL])
    lasting = [entry for entry in later if entry.resource_change.mode != EPHEMERAL]
    return document if len(lasting) == len(later) else replace(document, deferred_changes=lasting)


def is_plan(document: Document) -> bool:
    """Whether the document says what is planned; of the others, those with `values` are states."""
    return document.resource_changes is not None or document.planned_values is not None


def state_resources(values: StateValues | None) -> Iterator[StateResource]:
    """Every resource of a state or of `planned_values`, module by module, but for what only waits to be destroyed."""
    modules = [values.root_module] if values else []
    while modules:
        module = modules.pop()
        yield from (resource for resource in module.resources if not resource.deposed_key)
        modules += reversed(module.child_modules)


def _refuse_other_kinds(content: bytes) -> None:
    space = _SPACE.match(content)
    start = content[space.end() : space.end() + 1] if space else b""
    if content.startswith(b"PK\x03\x04"):
        raise Refusal(
            "plan-saved", "this is a saved plan, not its JSON", "show it: `terraform show -json FILE > plan.json`"
        )
    if b"\x00" in content[:1024]:
        raise Refusal("input-binary", "this is binary, not the JSON of a plan", PLAN_HINT)
    if _WRAPPED.match(content) or content[-1024:].rstrip().rpartition(b"\n")[2].startswith(b"::"):
        raise Refusal(
            "plan-wrapped",
            "around this plan stand lines of the wrapper that hashicorp/setup-terraform puts around terraform",
            "set `terraform_wrapper: false` there, or scan the saved plan itself",
        )
    if start == b"[":
        raise Refusal("plan-unrecognised", "this JSON is a list, not a plan", PLAN_HINT)
    if _LOG_LINE.match(content):
        raise Refusal("plan-log", "this is the log of `terraform plan -json`, not a plan", PLAN_HINT)
    if start != b"{":
        raise Refusal(
            "input-json",
            "this is not the JSON of a plan: it does not begin with `{`",
            "only the output of `terraform show -json` belongs in the file, no message before it",
        )
