"""A plan and the configuration that it was made from: the plan's values, the source's lines and what it knows besides.

Each value takes the plan's word; what the plan does not know takes the source's, evaluated with what the plan knows.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.hcl.files import DirectoryFiles, Files, NoFiles
from tfkms.frontends.hcl.plan_configuration import configuration as configuration_of
from tfkms.frontends.literals import COMPARED, other_literal
from tfkms.frontends.plan import Wanted
from tfkms.frontends.plan_format import Document, freeze
from tfkms.frontends.plan_values import PlanValues
from tfkms.frontends.policy_texts import is_equivalent, is_policy, is_same
from tfkms.frontends.saved_plan.archive import Archive
from tfkms.frontends.saved_plan.configuration import difference
from tfkms.frontends.saved_plan.names import Names
from tfkms.frontends.source.blocks import module_blocks
from tfkms.frontends.source.links import told_links
from tfkms.frontends.source.modules import Module
from tfkms.frontends.source.read import Beside, Setting, read_beside
from tfkms.location import Origin
from tfkms.model import Action, Assembled, Mode, Resource, Scan, Source
from tfkms.predicted import AFTER_APPLY, KEY_ID, WITH_SOURCE
from tfkms.values import Hole, Template, Unknown, Value, pointer_step

_NOT_ARCHIVED = "is not in the saved plan; name its directory with --source"


class Configuration(Struct, frozen=True):
    """The configuration beside a plan: its root module, and the files that functions may read, None for those below
    the root.

    `names` are those of the files of a saved plan, None where the files lie in a directory; `diagnostics` is what is to
    be told of it.
    """

    module: Module
    setting: Setting
    files: Files | None = None
    names: Names | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class Place(Struct, frozen=True):
    """A directory in which a configuration lies: its path from `root`, outside of which nothing is read."""

    root: Path
    directory: str

    @property
    def path(self) -> Path:
        """The directory itself."""
        return self.root / self.directory


def archived(archive: Archive, module: Module, names: Names, setting: Setting, source: Place | None) -> Configuration:
    """The configuration that comes with a saved plan; `module` is its root module.

    In `source` lies, perhaps, the same one with the files that functions read, which a saved plan does not hold; then
    `setting` says how these are called. Where it is another one the configuration does without, and tells so.
    """
    differs = difference(archive, source.path) if source is not None else None
    here = None if source is None or differs else source
    names = names if here is None else Names(archive, names.plan, here.path)
    beside = NoFiles(_NOT_ARCHIVED) if here is None else DirectoryFiles(here.root)

    def shown(file: str) -> str:
        return names.shown(file) if file in archive.configuration else setting.shown(file)

    def content(file: str) -> bytes:
        return archive.configuration[file] if file in archive.configuration else beside.read(file)

    return Configuration(
        module=module,
        setting=replace(setting, root=here.root if here else Path(), shown=shown, content=content),
        files=NoFiles(_NOT_ARCHIVED) if here is None else DirectoryFiles(here.root, here.directory),
        names=names,
        diagnostics=(*map(_lacks, archive.lacks), *((differs,) if differs else ())),
    )


def _lacks(part: str) -> Diagnostic:
    message = f"the saved plan does not hold {part}: it is judged without"
    return Diagnostic(
        Level.WARNING, "saved-plan-incomplete", message, hint="make it again with `terraform plan -out FILE`"
    )


def join(document: Document, scan: Scan, configuration: Configuration, wanted: Wanted) -> Scan:
    """The scan of a plan joined with the configuration that the plan was made from.

    Where the configuration is another one there is a warning, and the plan alone stands.
    """
    beside = Beside(PlanValues(document), scan.resources, configuration.files)
    source = read_beside(configuration.module, configuration.setting, wanted, beside)
    other = _another_literal(document, configuration)
    found = joined(scan, source) if other is None else _alone(scan, source, [other])
    return replace(found, diagnostics=(*configuration.diagnostics, *found.diagnostics))


def joined(scan: Scan, source: Scan) -> Scan:
    """The resources of the plan, with what the source says of those that it has too."""
    written = {resource.address: resource for resource in source.resources}
    different = list(_differences(scan, written))
    if different:
        return _alone(scan, source, different)
    resources = tuple(_joined(own, written.get(own.address)) for own in scan.resources)
    diagnostics = (*scan.diagnostics, *source.diagnostics)
    return replace(
        scan,
        resources=resources,
        diagnostics=diagnostics,
        annotations=source.annotations,
        source_text=source.source_text,
    )


def _alone(scan: Scan, source: Scan, different: Iterable[Diagnostic]) -> Scan:
    """The plan by itself, with what tells that the configuration is not its own."""
    told = [own._replace(hint=f"{own.hint}{_no_waivers(source)}") for own in different]
    return replace(scan, diagnostics=(*scan.diagnostics, *told))


def _no_waivers(source: Scan) -> str:
    """That the waivers of a configuration that is not the plan's are left out, if it has some."""
    count = len(source.annotations)
    return f", and {count} {'waiver' if count == 1 else 'waivers'} in the source left out" if count else ""


def _joined(planned: Resource, written: Resource | None) -> Resource:
    if written is None or planned.after is None or written.after is None:
        return planned
    made = dict(planned.assembled)
    after = {name: _settled(value, written.after.get(name), f"/{name}", made) for name, value in planned.after.items()}
    if planned.mode is Mode.DATA and planned.source is Source.DEFERRED and "json" in written.after:
        after.setdefault("json", written.after["json"])
    told = told_links(planned.address, {name: (written.after or {}).get(name) for name in planned.after})
    links = {**planned.links, **{name: own for name, own in told.items() if name in planned.links}}
    return replace(planned, after=after, links=links, origins=_origins(after, written), assembled=made)


def _origins(settled: Mapping[str, Value], written: Resource) -> Mapping[str, Origin]:
    """Where things are written. A policy of other wording than the source's has no more than a place as a whole."""
    told = written.after or {}
    reworded = [
        f"/{name}/"
        for name, value in settled.items()
        if is_policy(value) and is_policy(told.get(name)) and not is_same(str(value), str(told[name]))
    ]
    return {pointer: origin for pointer, origin in written.origins.items() if not pointer.startswith(tuple(reworded))}


def _settled(planned: Value, written: Value, path: str, made: dict[str, Assembled]) -> Value:
    """The plan's word, and where it knows less than the source, the source's.

    `made` are the documents that were put together from the plan's references, by JSON pointer: the source's takes the
    place of one as a whole, unless less of it is known. Those that are left stand.
    """
    if path in made and isinstance(planned, str | Mapping) and isinstance(written, str | Mapping):
        if _knowledge(written) < _knowledge(planned):
            return planned
        del made[path]
        return written
    match planned, written:
        case Unknown(hole), Unknown(other):
            names_a_key = other.path == KEY_ID and other.address != hole.address
            return written if names_a_key else Unknown(_for_both_reasons(hole, other))
        case _, None | Unknown():
            return planned
        case ((Unknown() | Template()), _):
            return written
        case Mapping(), Mapping() if _agree(planned, written):
            members = {
                name: _settled(own, written.get(name), f"{path}/{pointer_step(name)}", made)
                for name, own in planned.items()
            }
            return {**planned, **members}
        case tuple(), tuple() if len(planned) == len(written) and _agree(planned, written):
            pairs = enumerate(zip(planned, written, strict=True))
            return tuple(_settled(own, other, f"{path}/{n}", made) for n, (own, other) in pairs)
        case Mapping(), Mapping() if _knowledge(written) > _knowledge(planned):
            return written
        case _:
            return planned


def _for_both_reasons(planned: Hole, written: Hole) -> Hole:
    """What neither the plan nor the source knows."""
    told = planned.reason.replace(WITH_SOURCE, "")
    if written.reason in told or written.reason == AFTER_APPLY:
        return replace(planned, reason=told)
    return replace(planned, reason=f"{told}; {written.reason}")


def _knowledge(document: Value) -> tuple[int, int]:
    """How much of a document is known, to compare it with another of the same thing: known leaves, and no holes."""
    match document:
        case str() if is_policy(document):
            return _knowledge(_decoded(document))
        case Mapping():
            below = list(map(_knowledge, document.values()))
        case tuple() | list():
            below = list(map(_knowledge, document))
        case Unknown() | Template():
            return 0, -1
        case _:
            return int(document is not None), 0
    return sum(known for known, _ in below), sum(unknown for _, unknown in below)


def _decoded(text: str) -> Value:
    try:
        return freeze(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _agree(planned: Value, written: Value) -> bool:
    """Whether both may be the same value: wherever both are known they are equal."""
    match planned, written:
        case ((Unknown() | Template() | None), _):
            return True
        case _, (Unknown() | Template() | None):
            return True
        case Mapping(), Mapping():
            return all(_agree(own, written[name]) for name, own in planned.items() if name in written)
        case tuple(), tuple():
            return len(planned) == len(written) and all(map(_agree, planned, written))
        case _:
            return planned == written or str(planned) == str(written)


def _differences(scan: Scan, written: Mapping[str, Resource]) -> Iterator[Diagnostic]:
    """A warning where the configuration is not the one that the plan was made from: it lacks resources that the plan
    makes, or says other policies or literals of keys and principals. The first of each."""
    made = [own for own in scan.resources if own.mode is Mode.MANAGED and own.after is not None and _is_configured(own)]
    missing = next((own for own in made if own.address not in written), None)
    if missing is not None:
        message = f"the source does not have `{missing.address}`: it is not the configuration of the plan"
        yield Diagnostic(Level.WARNING, "source-differs", message, missing.address, hint=_ALONE)
        return
    for own in made:
        other = written[own.address].after or {}
        for name, value in (own.after or {}).items():
            if _contradicts(value, other.get(name), own):
                message = f"the source says another `{name}`: it is not the configuration of the plan"
                yield Diagnostic(Level.WARNING, "source-differs", message, own.address, hint=_ALONE)
                return


def _is_configured(own: Resource) -> bool:
    """Whether the configuration must have a block for the resource."""
    return own.arguments is not None and bool(own.actions & {Action.CREATE, Action.UPDATE, Action.NO_OP})


def _another_literal(document: Document, configuration: Configuration) -> Diagnostic | None:
    """A warning where a directory says other literals than the plan's configuration; a saved plan brings its own."""
    if configuration.names is not None or document.configuration is None:
        return None
    blocks = module_blocks(configuration.module, lambda _, kind: kind.startswith(COMPARED))
    other = other_literal(document.configuration.root_module, configuration_of(blocks).root_module)
    if other is None:
        return None
    address, name = other
    message = f"the source says another `{name}`: it is not the configuration of the plan"
    return Diagnostic(Level.WARNING, "source-differs", message, address, hint=_ALONE)


_ALONE = "scan with the configuration that the plan was made from; the plan alone is judged"
_LITERALS = (str, bool, int, float)


def _contradicts(planned: Value, written: Value, own: Resource) -> bool:
    """Whether the configuration cannot have given what is planned."""
    if is_policy(planned) and is_policy(written):
        return not is_equivalent(str(planned), str(written))
    # The provider plans the literals of other types in a form of its own (a hash, lower case).
    if not own.type.startswith(COMPARED) or not isinstance(written, _LITERALS):
        return False
    if planned is None:  # an empty argument may be none to the provider, one that says something is not
        return bool(written) and Action.CREATE in own.actions
    same = planned == written or str(planned).lower() == str(written).lower()  # `true` and "true" are one to Terraform
    return isinstance(planned, _LITERALS) and not same
