"""The front end for `terraform show -json`: plans of Terraform 0.12 and later and of OpenTofu, and states.

Only resources of the types that are asked for are decoded; of the rest no more than the type is looked at.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Raw, Struct
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level, Refusal
from tfkms.finding import Input
from tfkms.frontends.accounts import Accounts, Assumed
from tfkms.frontends.addresses import ANY_KEY_WRITTEN, InstanceKey, module_address, module_path
from tfkms.frontends.consumers import Consumers
from tfkms.frontends.deferred import notices, settled
from tfkms.frontends.document_text import as_utf8
from tfkms.frontends.plan_format import (
    ABSENT,
    Change,
    Configuration,
    DeferredChange,
    Document,
    ResourceChange,
    StateResource,
    StateValues,
    decode,
    is_plan,
    recognise,
    state_resources,
    values_of,
)
from tfkms.frontends.references import References
from tfkms.frontends.unasked import Unasked
from tfkms.frontends.unknowns import with_unknowns
from tfkms.frontends.written import Written
from tfkms.model import Action, Mode, Resource, Scan, Source, block_type
from tfkms.values import Hole, Value

ACCOUNT_TYPES = frozenset(
    {"data.aws_caller_identity", "data.aws_partition", "data.aws_region", "data.aws_organizations_organization"}
)
"""Data sources that tell of the account; they are read whatever types are asked for."""

SAVED_PLAN = b"PK\x03\x04"
"""How a saved plan begins: it is an archive."""

POLICY_DOCUMENT = "aws_iam_policy_document"
_LASTING = frozenset({Action.CREATE, Action.READ, Action.UPDATE})
"""What is planned with one of these exists afterwards."""

Wanted = Callable[[str], bool]
"""Says of a type (`data.` before that of a data source) whether its resources are to be read."""


Mentions = Mapping[str, tuple[bytes, ...]]
"""Types of which only those resources are read whose change mentions one of the words."""


def read_plan(content: bytes, path: str, wanted: Wanted, assumed: Assumed, mentions: Mentions | None = None) -> Scan:
    """The plan, saved plan or state in `content`, with its resources of the types that `wanted` accepts.

    Of the types in `mentions` only those that mention one of the words: what uses keys need not be read where it uses
    none. `path` is how the input is called in reports. Values that the plan leaves unknown are `Unknown`, with the
    references that decide them. Raises Refusal for what is no plan or state, or one of a format that is not known.
    """
    return read_document(plan_document(content), path, wanted, assumed, mentions)


def plan_document(content: bytes) -> Document:
    """What a plan, a saved plan or a state says, with its large parts not decoded. Raises Refusal."""
    try:
        if content.startswith(SAVED_PLAN):
            from tfkms.frontends.saved_plan.archive import open_archive
            from tfkms.frontends.saved_plan.configuration import module_of
            from tfkms.frontends.saved_plan.read import read_saved_plan

            archive = open_archive(content)
            return read_saved_plan(archive, module_of(archive))
        return recognise(as_utf8(content))
    except RecursionError:
        raise Refusal("input-depth", "the input is nested too deeply") from None


def read_document(
    document: Document, path: str, wanted: Wanted, assumed: Assumed, mentions: Mentions | None = None
) -> Scan:
    """As `read_plan`, of a document that is at hand. Raises Refusal."""
    try:
        return _read(document, path, wanted, assumed, mentions or {})
    except RecursionError:
        raise Refusal("input-depth", "the input is nested too deeply") from None


def _read(document: Document, path: str, wanted: Wanted, assumed: Assumed, mentions: Mentions) -> Scan:
    def read(kind: str) -> bool:
        return kind in ACCOUNT_TYPES or wanted(kind)

    instances, count = _instances(document, read, mentions)
    unasked = Unasked(document, lambda entry: _is_wanted(entry, read, mentions))
    resources, diagnostics = _resources(document, instances, assumed, unasked)
    return Scan(
        input=Input(path, _kind(document), count),
        resources=tuple(resource for resource in resources if wanted(resource.block_type)),
        diagnostics=(*_state_of_the_plan(document), *diagnostics),
        taken=frozenset(_taken(document, instances)),
    )


def _kind(document: Document) -> str:
    if document.saved:
        return "saved_plan"
    return "plan" if is_plan(document) else "state"


def _taken(document: Document, instances: list["_Instance"]) -> Iterator[str]:
    """The addresses of the policy documents among the instances that something takes."""
    documents = [instance for instance in instances if instance.mode is Mode.DATA and instance.type == POLICY_DOCUMENT]
    if not documents:
        return
    read = {instance.address for instance in instances}
    changes = document.resource_changes or ()
    unread = (bytes(change.change) for change in changes if change.address not in read and not change.deposed)
    consumers = Consumers(document.configuration, tuple(change for change in unread if b"Statement" in change))
    for instance in documents:
        module = tuple(name for name, _ in module_path(module_address(instance.address)))
        if consumers.take(module, instance.block, (instance.after or {}).get("json")):
            yield instance.address


def _state_of_the_plan(document: Document) -> Iterator[Diagnostic]:
    if document.errored:
        message = "the plan ended with an error and is not whole; what is in it is judged"
        yield Diagnostic(Level.ERROR, "plan-errored", message, hint="mend the error that `terraform plan` shows")
    elif not document.complete:
        message = "the plan leaves changes out (made with -target, or with changes deferred); only its part is judged"
        yield Diagnostic(Level.WARNING, "plan-incomplete", message)


class _Instance(Struct, frozen=True):
    """One instance, as any of the document's lists gives it, before its configuration is looked up."""

    address: str
    type: str
    name: str
    mode: Mode
    index: InstanceKey
    provider: str
    source: Source
    actions: frozenset[Action]
    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None
    unknown: Value
    before_sensitive: Value
    after_sensitive: Value
    presence: Hole | None = None
    left_as: Mapping[str, Value] | None = None

    @property
    def block(self) -> str:
        """The address of its block within its module."""
        return f"{'data.' if self.mode is Mode.DATA else ''}{self.type}.{self.name}"


def _instances(document: Document, wanted: Wanted, mentions: Mentions) -> tuple[list[_Instance], int]:
    """The instances of the wanted types, and how many managed ones there are of any type."""
    if not is_plan(document):
        return _state_instances(document.values, Source.STATE, wanted)
    if document.resource_changes:
        current = [change for change in document.resource_changes if not change.deposed]
        instances = [_changed(change) for change in current if _is_wanted(change, wanted, mentions)]
        instances = _with_drift(instances, document.resource_drift)
        count = sum(change.mode == Mode.MANAGED for change in current)
    else:
        instances, count = _state_instances(document.planned_values, Source.PLAN, wanted)
    if not count:
        # A plan that only refreshes shows what there is in the state alone.
        standing, count = _state_instances(_prior(document), Source.PRIOR_STATE, wanted)
        instances += _with_drift([own for own in standing if own.mode is Mode.MANAGED], document.resource_drift)
    later = [change for change in document.deferred_changes if _is_wanted(change.resource_change, wanted, mentions)]
    instances += map(_deferred, later)
    count += len(later)
    known = {instance.address for instance in instances}
    fresh, _ = _state_instances(
        _prior(document), Source.PRIOR_STATE, lambda kind: kind.startswith("data.") and wanted(kind)
    )
    return instances + [instance for instance in fresh if instance.address not in known], count


def _state_instances(values: StateValues | None, source: Source, wanted: Wanted) -> tuple[list[_Instance], int]:
    found = list(state_resources(values))
    count = sum(resource.mode == Mode.MANAGED for resource in found)
    return [_stated(resource, source) for resource in found if wanted(_block_type(resource))], count


def _is_wanted(entry: ResourceChange | StateResource, wanted: Wanted, mentions: Mentions) -> bool:
    kind = _block_type(entry)
    if not wanted(kind):
        return False
    words = mentions.get(kind)
    return words is None or isinstance(entry, StateResource) or any(word in bytes(entry.change) for word in words)


def _block_type(entry: ResourceChange | StateResource) -> str:
    return block_type(_mode(entry.mode, entry.address), entry.type)


def _attributes(raw: Raw, what: str) -> Mapping[str, Value] | None:
    value = values_of(raw, what)
    if value is not None and not isinstance(value, Mapping):
        raise Refusal("plan-malformed", f"{what} is not an object")
    return value


_MODES: Mapping[str, Mode] = {mode.value: mode for mode in Mode}


def _mode(word: str, address: str) -> Mode:
    mode = _MODES.get(word)
    if mode is None:
        raise Refusal("plan-malformed", f"`{address}` has a mode that is not known")
    return mode


def _changed(entry: ResourceChange) -> _Instance:
    change = decode(entry.change, Change, f"the change of `{entry.address}`")
    mode = _mode(entry.mode, entry.address)
    try:
        actions = frozenset(map(Action, change.actions))
    except ValueError:
        raise Refusal("plan-malformed", f"`{entry.address}` has an action that is not known") from None
    what = f"a value of `{entry.address}`"
    before, after = _attributes(change.before, what), _attributes(change.after, what)
    unknown = values_of(change.after_unknown, what)
    if after is None and unknown is True:
        after = {}
    if actions == {Action.FORGET}:
        after, unknown = before, {}  # what Terraform no longer manages stays as it is
    if after is None and (actions & _LASTING or (actions == {Action.NO_OP} and before is not None)):
        raise Refusal("plan-malformed", f"the plan does not show `{entry.address}` as it will be")
    return _Instance(
        address=entry.address,
        type=entry.type,
        name=entry.name,
        mode=mode,
        index=entry.index,
        provider=entry.provider_name,
        source=Source.DEFERRED if mode is Mode.DATA else Source.PLAN,
        actions=actions,
        before=before,
        after=after,
        unknown=unknown,
        before_sensitive=values_of(change.before_sensitive, what),
        after_sensitive=values_of(change.after_sensitive, what),
    )


def _prior(document: Document) -> StateValues | None:
    return document.prior_state.values if document.prior_state else None


def _with_drift(instances: list[_Instance], drift: list[ResourceChange]) -> list[_Instance]:
    """The instances, those that were changed outside of Terraform with what they were like before."""
    if not drift:
        return instances
    found = {change.address: change for change in drift if change.mode == Mode.MANAGED and not change.deposed}
    return [
        replace(own, left_as=_changed(found[own.address]).before) if own.address in found else own for own in instances
    ]


_DEFERRED = {
    "instance_count_unknown": "how many instances there will be is not known yet",
    "resource_config_unknown": "its arguments are not known yet",
    "provider_config_unknown": "its provider's configuration is not known yet",
    "deferred_prereq": "something that it depends on is deferred",
    "absent_prereq": "something that it depends on is not there yet",
}


def _deferred(entry: DeferredChange) -> _Instance:
    """An instance that a later plan may make: it may be there afterwards, and may not."""
    change = entry.resource_change
    why = _DEFERRED.get(entry.reason, "Terraform does not say why")
    presence = Hole(change.address, "", f"its change is deferred: {why}")
    key = ANY_KEY_WRITTEN if change.index_unknown else ""
    address = f"{change.address.removesuffix(key)}{key}"
    return replace(_changed(change), address=address, presence=replace(presence, address=address))


def _stated(resource: StateResource, source: Source) -> _Instance:
    what = f"a value of `{resource.address}`"
    values = _attributes(resource.values, what) or {}
    sensitive = values_of(resource.sensitive_values, what)
    exists = source is not Source.PLAN
    return _Instance(
        address=resource.address,
        type=resource.type,
        name=resource.name,
        mode=_mode(resource.mode, resource.address),
        index=resource.index,
        provider=resource.provider_name,
        source=source,
        actions=frozenset({Action.NO_OP}),
        before=values if exists else None,
        after=values,
        unknown=None,
        before_sensitive=sensitive,
        after_sensitive=sensitive,
    )


def _resources(
    document: Document, instances: list[_Instance], assumed: Assumed, unasked: Unasked
) -> tuple[list[Resource], list[Diagnostic]]:
    """The instances with what the configuration says of them."""
    variables = {
        name: values_of(variable.value, f"the variable `{name}`")
        for name, variable in document.variables.items()
        if bytes(variable.value) != bytes(ABSENT)
    }
    configuration = document.configuration or Configuration()
    references = References(Written(configuration, variables), unasked.instances)
    accounts = Accounts(configuration, variables, assumed)
    modules = [module_address(instance.address) for instance in instances]
    keys: list[str] = []

    def provider(instance: _Instance, module: str) -> str:
        block = references.written.block(module_path(module), instance.block)
        written = block.config.provider_config_key if block else instance.provider.rpartition("/")[2]
        return accounts.block_key(written, module_path(module))

    for instance, module in zip(instances, modules, strict=True):
        references.add(instance.address, module, instance.block, instance.index)
        key = provider(instance, module)
        keys.append(key)
        if instance.mode is Mode.DATA and instance.source in (Source.PRIOR_STATE, Source.STATE):
            accounts.learn_data(key, instance.type, instance.after or {})
    for instance, key in zip(instances, keys, strict=True):
        if instance.before is not None and instance.mode is Mode.MANAGED:
            accounts.learn_arns(key, [instance.before.get("arn")])
    accounts.share()
    resources = [
        _resource(instance, module, key, references, accounts)
        for instance, module, key in zip(instances, modules, keys, strict=True)
    ]

    def unread(address: str) -> Resource | None:
        change = unasked.change(address)
        if change is None:
            return None
        instance, module = _changed(change), module_address(address)
        return _resource(instance, module, provider(instance, module), references, accounts)

    made, diagnostics = settled(resources, references, unasked.is_unknown, unread)
    return made, [*accounts.conflicts(), *notices(made), *diagnostics]


def _resource(
    instance: _Instance, module: str, key: str, references: References, accounts: Accounts
) -> Resource:  # fmt: skip
    path = module_path(module)
    block = references.written.block(path, instance.block)
    arguments = references.written.arguments(path, instance.block)
    resource = Resource(
        address=instance.address,
        type=instance.type,
        mode=instance.mode,
        module=module,
        index=instance.index,
        source=instance.source,
        account=accounts.of(key, (instance.before or {}).get("arn"), (instance.after or {}).get("region")),
        actions=instance.actions,
        before=instance.before,
        after=instance.after,
        before_sensitive=instance.before_sensitive,
        after_sensitive=instance.after_sensitive,
        arguments=arguments,
        links=references.links(path, instance.block),
        presence=instance.presence,
        left_as=instance.left_as,
    )
    if instance.after is None:
        return resource
    return replace(resource, after=with_unknowns(resource, instance.unknown, block.expressions if block else {}))
