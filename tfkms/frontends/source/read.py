"""The front end for a configuration without a plan: its resources as a plan that creates them would show them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Refusal
from tfkms.finding import Input
from tfkms.frontends.accounts import Accounts, Assumed
from tfkms.frontends.addresses import module_path
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.export import to_value
from tfkms.frontends.hcl.files import DirectoryFiles, Files
from tfkms.frontends.hcl.parse import uncollected
from tfkms.frontends.hcl.plan_configuration import ModuleBlocks, configuration
from tfkms.frontends.hcl.terms import HoledText, Term
from tfkms.frontends.plan_format import Configuration
from tfkms.frontends.plan_values import PlanValues
from tfkms.frontends.references import References
from tfkms.frontends.source.annotations import annotations, called
from tfkms.frontends.source.blocks import Consumers, declares, module_blocks
from tfkms.frontends.source.computed import DEFAULTS, OF_AN_ACCOUNT, POLICY_DOCUMENT, Computation, ManagedPath
from tfkms.frontends.source.configuration import ModuleInstance, Resource, World
from tfkms.frontends.source.documents import as_document, term_of
from tfkms.frontends.source.lifecycle import ALL, ignored
from tfkms.frontends.source.links import told_links
from tfkms.frontends.source.modules import Module, absences, load
from tfkms.frontends.source.origins import Naming, Origins, written_parts
from tfkms.frontends.source.providers import evaluated_providers
from tfkms.frontends.source.texts import SourceTexts
from tfkms.frontends.source.variables import Given, as_planned
from tfkms.frontends.written import Written
from tfkms.model import Account, Argument, Mode, Omitted, Scan, block_type
from tfkms.model import Resource as Read
from tfkms.predicted import AFTER_APPLY, PRIMARY
from tfkms.values import Hole, Unknown, Value, is_known

ALWAYS_COMPUTED = ("arn", "id")
COMPUTED: Mapping[str, tuple[str, ...]] = {
    "aws_kms_key": ("key_id", "policy", "multi_region", "rotation_period_in_days"),
    "aws_kms_external_key": ("key_id", "policy", "multi_region", "key_state"),
    "aws_kms_replica_key": ("key_id", "policy", "key_rotation_enabled", "key_spec", "key_usage"),
    "aws_kms_replica_external_key": ("key_id", "policy", "key_usage"),
    "aws_kms_alias": ("name", "target_key_arn", "target_key_id"),
    "aws_iam_role": ("name", "unique_id", "inline_policy", "managed_policy_arns"),
    "aws_iam_policy": ("name", "policy_id"),
    "aws_iam_user": ("unique_id",),
    "aws_iam_group": ("unique_id",),
}
"""Attributes that the provider makes up where no argument gives them, as far as something asks for them."""

Wanted = Callable[[str], bool]
Mentions = Mapping[str, tuple[bytes, ...]]


def _no_path(_name: str) -> None:
    return


PARTS_LIMIT = 5_000_000
"""How many elements the arguments of all resources may have; what many instances share is there for each of them."""


class Setting(Struct, frozen=True):
    """What a configuration is evaluated with besides its files.

    `root` is the directory that nothing is read outside of, `here` what `path.cwd` tells; it and `workspace` are None
    where they are not known. `shown` says how reports call a file of which the path from the root is given, `content`
    what it holds, None where it lies below the root;
    `managed_path` where policies are that AWS manages.
    """

    root: Path
    given: Given = field(default_factory=Given)
    workspace: str | None = "default"
    here: str | None = "."
    assumed: Assumed = field(default_factory=Assumed)
    shown: Callable[[str], str] = str
    content: Callable[[str], bytes] | None = None
    managed_path: ManagedPath = _no_path


def read_source(
    directory: str, path: str, setting: Setting, wanted: Wanted, mentions: Mentions | None = None
) -> Scan:  # fmt: skip
    """The resources of the wanted types of the root module in `directory` (relative to the root) and of all below it.

    `path` is how the input is called in reports. Raises Refusal for a directory without configuration.
    """
    with uncollected():
        module = load(setting.root, directory)
        if not module.index.files:
            hint = "name a directory with .tf files, or a plan"
            raise Refusal("source-empty", "there is no configuration in this directory", hint)
        return _Reading(module, setting, wanted, mentions or {}).scan(path)


class Beside(Struct, frozen=True):
    """A plan of the configuration, what it says of resources, and the files that functions may read: None for those
    below the root."""

    plan: PlanValues
    planned: Sequence[Read] = ()
    files: Files | None = None


def read_beside(module: Module, setting: Setting, wanted: Wanted, beside: Beside) -> Scan:
    """The resources of a configuration of which a plan is at hand: what the plan knows is used to evaluate it."""
    return _Reading(module, setting, wanted, {}, beside).scan("")


class _Reading:
    def __init__(
        self, module: Module, setting: Setting, wanted: Wanted, mentions: Mentions, beside: Beside | None = None
    ):  # fmt: skip
        directory = module.directory
        self.plan = beside.plan if beside is not None else None
        self.placed_by_plan = {own.address: own.account for own in beside.planned} if beside is not None else {}
        self.setting = setting
        self.wanted = wanted
        self.mentions = mentions
        self.module = module
        self.naming = Naming(setting.shown)
        self.parts = 0
        self.computation = Computation(self.account, self.caller, setting.managed_path, self.plan)
        self.world = World(
            files=(beside.files if beside is not None else None) or DirectoryFiles(setting.root, directory),
            workspace=setting.workspace,
            here=setting.here,
            start=directory,
            computed=self.computation.attribute,
        )
        if self.plan is not None:
            self.world.told, self.world.keys = self.told, self.plan.keys
            root = setting.root if setting.content is None else None
            self.values = as_planned(self.plan.variables, root, module.index)
        else:
            self.values = setting.given.values(setting.root, directory, module.index)
        self.root = ModuleInstance(self.world, module, (), self.values.get)
        # Nothing is followed through a configuration that declares nothing of what is asked for.
        asked_for = declares(module, self.is_wanted)
        written: Configuration = configuration(module_blocks(module, self.is_placed) if asked_for else ModuleBlocks(()))
        known = {name: to_value(term) for name, term in self.values.items()}
        self.references = References(Written(written, known))
        self.accounts = Accounts(written, known, setting.assumed)
        evaluated = evaluated_providers(written, self.root)
        written = msgspec.structs.replace(written, provider_config=evaluated)
        self.accounts = Accounts(written, known, setting.assumed)
        for own in beside.planned if beside is not None else ():
            block = own.address.removeprefix(f"{own.module}.").partition("[")[0]
            self.accounts.learn_planned(self.provider_of(own.module, block, own.type), own.account)
        self.accounts.share()

    def told(self, resource: Resource, name: str) -> Term | None:
        """An attribute as the plan knows it; None where it does not."""
        values = self.plan.after(resource.address) if self.plan is not None else None
        if values is None or values.get(name) is None or not is_known(values[name]):
            return None
        return term_of(values[name])

    def is_wanted(self, mode: Mode, kind: str) -> bool:
        """Whether resources of a type are read."""
        return self.wanted(block_type(mode, kind))

    def is_placed(self, mode: Mode, kind: str) -> bool:
        """Whether it matters in which account and Region a resource of the type is, be it read or not."""
        return self.is_wanted(mode, kind) or (mode is Mode.DATA and kind in OF_AN_ACCOUNT)

    def account(self, resource: Resource) -> Account:
        """The account and Region of a resource: where the plan says it is, if there is one."""
        planned = self.placed_by_plan.get(resource.address)
        if planned is not None:
            return planned
        region = to_value(resource.module.given_by_block(resource, "region"))
        return self.accounts.of(self.provider(resource), None, region)

    def caller(self, resource: Resource) -> str | None:
        """Who Terraform runs as where the resource is."""
        return self.accounts.caller(self.provider(resource))

    def provider(self, resource: Resource) -> str:
        """The key of a resource's provider block."""
        address = f"{'data.' if resource.mode is Mode.DATA else ''}{resource.type}.{resource.name}"
        return self.provider_of(resource.module.address, address, resource.type)

    def provider_of(self, module: str, address: str, kind: str) -> str:
        """The key of the provider block of the block at `address` in a module."""
        path = module_path(module)
        block = self.references.written.block(path, address)
        written = block.config.provider_config_key if block else kind.partition("_")[0]
        return self.accounts.block_key(written, path)

    def scan(self, path: str) -> Scan:
        """Everything that is asked for; `path` is how the input is called."""
        found = [own for own in self.root.resources(self.is_wanted) if self.is_mentioned(own)]
        for resource in found:
            key = resource.instance.key
            block = resource.local_address.removesuffix(resource.instance.suffix)
            self.references.add(
                resource.address, resource.module.address, block, key if isinstance(key, int | str) else None
            )
        resources = tuple(self.resource(own) for own in found)
        consumers = Consumers(self.module)
        return Scan(
            input=Input(path, "hcl", sum(own.mode is Mode.MANAGED for own in resources)),
            resources=resources,
            diagnostics=tuple(self.diagnostics(found)),
            taken=frozenset(
                own.address
                for own in found
                if own.mode is Mode.DATA and own.type == POLICY_DOCUMENT and consumers.has(own)
            ),
            annotations=tuple(called(annotations(self.module), self.setting.shown)),
            source_text=SourceTexts(self.naming.files, self.setting.content or DirectoryFiles(self.setting.root).read),
        )

    def is_mentioned(self, resource: Resource) -> bool:
        """Whether a resource that is only read for a word says it."""
        words = self.mentions.get(block_type(resource.mode, resource.type))
        text = resource.declaration.base.source.text
        return words is None or any(word.decode().strip('"') in text for word in words)

    def diagnostics(self, found: list[Resource]) -> Iterator[Diagnostic]:
        """What went wrong: files and blocks that cannot be read, expressions in error, modules that are missing."""
        told: dict[tuple[object, ...], Diagnostic] = {}
        blocks = [own for resource in found for own in resource.declaration.diagnostics]
        unread = {(own.file, own.line) for own in blocks}
        documents = (own for made, _ in self.computation.documents.values() for own in made.diagnostics)
        for diagnostic in (
            *self.setting.given.diagnostics,
            *_files(self.module),
            *blocks,
            *(own for own in self.world.errors.values() if (own.file, own.line) not in unread),
            *documents,
            *absences(self.module),
        ):
            told.setdefault((diagnostic.code, diagnostic.file, diagnostic.line, diagnostic.message), diagnostic)
        for diagnostic in told.values():
            file = diagnostic.file
            yield diagnostic if file is None else diagnostic._replace(file=self.setting.shown(file))

    def resource(self, own: Resource) -> Read:
        """A resource as a plan that creates it would show it."""
        attributes = own.module.attributes(own)
        if self.plan is not None and own.mode is Mode.MANAGED and not self.plan.makes(own.address):
            kept = ignored(own.declaration)
            attributes = {name: term for name, term in attributes.items() if kept.isdisjoint((name, ALL))}
        after = {name: value_of(term, name) for name, term in attributes.items()}
        for name, default in DEFAULTS.get(own.type, {}).items() if own.mode is Mode.MANAGED else ():
            if after.get(name) is None:
                after[name] = default
        for name in (*ALWAYS_COMPUTED, *COMPUTED.get(own.type, ())) if own.mode is Mode.MANAGED else ():
            if after.get(name) is None:
                hole = Hole(own.address, f"/{name}", AFTER_APPLY, (f"{own.local_address}.{name}",))
                after[name] = Unknown(hole)
        self.parts += sum([written_parts(term) for term in attributes.values()])
        if self.parts > PARTS_LIMIT:
            message = f"the arguments of all resources have more than {PARTS_LIMIT:,} parts"
            raise Refusal("parts-limit", message, "scan a plan of it, or its modules one by one")
        sensitive = {name: _mask(term) for name, term in attributes.items() if term.marked}
        read: Mapping[str, Term] = {}
        if own.mode is Mode.DATA:
            read = self.read(own, after, sensitive)
        path = module_path(own.module.address)
        block = own.local_address.removesuffix(own.instance.suffix)
        planned = self.computation.planned(own, after)
        return replace(
            planned,
            after_sensitive=sensitive,
            arguments=_arguments(self.references.written.arguments(path, block), attributes),
            links={**self.references.links(path, block), **told_links(own.address, planned.after or {})},
            origins=Origins(own.address, own.place, (*attributes.items(), *read.items()), self.naming),
        )

    def read(self, own: Resource, after: dict[str, Value], sensitive: dict[str, Value]) -> Mapping[str, Term]:
        """Adds what a data source reads, which comes back."""
        read: dict[str, Term] = {}
        names = {
            POLICY_DOCUMENT: ("json",),
            "aws_caller_identity": ("account_id",),
            "aws_partition": ("partition",),
            "aws_region": ("name",),
            "aws_iam_policy": ("arn", "policy", "name"),
            "aws_iam_role": ("arn",),
            "aws_iam_user": ("arn",),
        }.get(own.type, ())
        for name in names:
            if name == "policy" and ":iam::aws:policy/" in str(after.get("arn")):
                continue  # what AWS manages is known by its ARN
            if after.get(name) is None:
                term = read[name] = own.module.attribute(own, name)
                after[name] = value_of(term, name)
                sensitive[name] = _mask(term)
        return read


def _files(module: Module) -> Iterator[Diagnostic]:
    """What cannot be read of the files of a module and of those below it."""
    pending = [module]
    seen: set[str] = set()
    while pending:
        here = pending.pop()
        if here.directory in seen:
            continue
        seen.add(here.directory)
        yield from here.index.diagnostics
        pending += (called for called in here.calls.values() if isinstance(called, Module))


def _arguments(written: Mapping[str, Argument] | None, attributes: Mapping[str, Term]) -> Mapping[str, Argument]:
    """How the arguments are given; one that is null, whatever it refers to, is left out."""
    return {
        name: Omitted() if name in attributes and terms.is_null(attributes[name]) else given
        for name, given in (written or {}).items()
    }


def value_of(term: Term, name: str = "") -> Value:
    """A term as the value that a plan would show of the argument `name`.

    A text with holes that is JSON is the document that it encodes. Any other is unknown, as it is in a plan, so that
    what names something else is found by its references; only names keep their known parts.
    """
    match term:
        case HoledText(prefix=prefix) if prefix.lstrip()[:1] in ("{", "["):
            return as_document(term)
        case HoledText():
            value = to_value(term)
            hole = terms.first_hole(term)
            return value if name in _NAMES or hole is None else Unknown(hole)
        case terms.List() | terms.Set() | terms.Tuple():
            return tuple(value_of(item, name) for item in term.items)
        case terms.Map(members=members) | terms.Object(members=members):
            return {own: value_of(member, own) for own, member in members.items()}
        case _:
            return to_value(term)


_NAMES = frozenset({"name", "name_prefix", "path", "description", PRIMARY})
"""Arguments that say how something is called, and name nothing else; a replica is called by its primary key's id."""


def _mask(term: Term) -> Value:
    """What of a term is sensitive."""
    if not term.marked:
        return False
    match term:
        case terms.List() | terms.Set() | terms.Tuple() if not term.sensitive:
            return tuple(_mask(item) for item in term.items)
        case terms.Map(members=members) | terms.Object(members=members) if not term.sensitive:
            return {name: _mask(member) for name, member in members.items()}
        case _:
            return True
