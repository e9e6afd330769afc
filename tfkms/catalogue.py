"""The catalogue: the guardrails and the facts in `rules/`, read here and nowhere else."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NoReturn, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.stance import CheckStance
from tfkms.diagnostics import Refusal
from tfkms.documents import Kind, Site
from tfkms.finding import Severity
from tfkms.iam.actions import ActionClass, Actions, KmsAction
from tfkms.key_uses import Mode, Service, Services
from tfkms.selectors import SelectorError, selector
from tfkms.values import Value
from tfkms.yaml_document import SIZE_LIMIT

T = TypeVar("T")


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page to read on."""

    title: str
    url: str


class Remediation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to mend a violation: in words, and as HCL before and after."""

    text: str
    before: str
    after: str


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a finding of one cause says, and the change that mends it."""

    says: str
    fix: str


class _RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The members of a rule's YAML."""

    id: str
    slug: str
    title: str
    severity: Literal["low", "medium", "high", "critical"]
    kind: str
    enabled: bool
    documents: list[Literal["key_policy", "identity"]]
    parameters: dict[str, Any]
    since: str
    text: str
    rationale: str
    remediation: Remediation
    references: list[Reference]
    messages: dict[str, Message]


class Rule(Struct, frozen=True):
    """A guardrail: what it demands, why, and how to mend a violation; `kind` is the module of `checks` that judges it.

    `messages` and `fixes` are the texts of findings by cause, with `{facts}` to fill in. `remediation` is None where a
    guardrail of one's own has none.
    """

    id: str
    slug: str
    title: str
    severity: Severity
    kind: str
    enabled: bool
    documents: tuple[str, ...]
    parameters: Mapping[str, Any]
    since: str
    text: str
    rationale: str
    remediation: Remediation | None
    references: tuple[Reference, ...]
    messages: Mapping[str, str]
    fixes: Mapping[str, str]

    @property
    def judged(self) -> bool:
        """Whether this version has the check that the rule asks for."""
        return find_spec(f"tfkms.checks.{self.kind}") is not None

    @property
    def check(self) -> ModuleType:
        """The module that judges rules of this kind."""
        return import_module(f"tfkms.checks.{self.kind}")


class _ActionLine(msgspec.Struct, frozen=True):
    action_class: str = msgspec.field(name="class")
    cross_account: bool | None = None
    grantable: bool = False
    keys: list[str] = []
    request_alias: bool = False


class _ActionFile(msgspec.Struct, frozen=True):
    actions: dict[str, _ActionLine]


class _ServiceLine(msgspec.Struct, frozen=True):
    mode: str
    via: str | None = None
    service_principals: list[str] = []
    scope: list[str] = []
    encryption_context: str | None = None


class _UseLine(msgspec.Struct, frozen=True):
    service: str
    arguments: list[str]


class _ServiceFile(msgspec.Struct, frozen=True):
    known_via_labels: list[str]
    services: dict[str, _ServiceLine]
    terraform: dict[str, _UseLine]


class _ManagedPolicy(msgspec.Struct, frozen=True):
    statements: list[dict[str, Any]]


class _SiteLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    path: str
    kind: Literal["key_policy", "identity", "document", "guard"]
    key: str | None = None
    when: dict[str, list[str]] = {}


class _SiteFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sites: list[_SiteLine]


def rules_directory() -> Path:
    """Where `rules/` is: inside the installed package, or beside it in a clone and an editable install."""
    package = Path(__file__).resolve().parent
    installed = package / "_rules"
    return installed if installed.is_dir() else package.parent / "rules"


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Every guardrail, by the number in its id. Raises Refusal."""
    found = [_rule(path) for path in sorted(rules_directory().glob("*.yaml"))]
    return tuple(sorted(found, key=lambda rule: _natural(rule.id)))


def decided(rule: Rule, stance: CheckStance) -> Rule:
    """The rule with the severity and the enablement that the settings give it."""
    return replace(
        rule,
        severity=rule.severity if stance.severity is None else stance.severity,
        enabled=rule.enabled if stance.enabled is None else stance.enabled,
    )


def _rule(path: Path) -> Rule:
    read = _load(path, _RuleFile)
    return Rule(
        id=read.id,
        slug=read.slug,
        title=read.title,
        severity=Severity[read.severity.upper()],
        kind=read.kind,
        enabled=read.enabled,
        documents=tuple(read.documents),
        parameters=read.parameters,
        since=read.since,
        text=read.text,
        rationale=read.rationale,
        remediation=read.remediation,
        references=tuple(read.references),
        messages={cause: message.says for cause, message in read.messages.items()},
        fixes={cause: message.fix for cause, message in read.messages.items()},
    )


@lru_cache(maxsize=1)
def sites() -> tuple[Site, ...]:
    """The places where resources hold policy documents. Raises Refusal."""
    path = rules_directory() / "data" / "sites.yaml"
    return _sites(_load(path, _SiteFile), path)


def read_sites(path: Path) -> tuple[Site, ...]:
    """The sites in a file that is not the catalogue's own. Raises Refusal."""
    return _sites(load(path, _SiteFile), path)


def _sites(file: _SiteFile, path: Path) -> tuple[Site, ...]:
    return tuple(_site(line, place, path) for place, line in enumerate(file.sites))


def _site(line: _SiteLine, place: int, path: Path) -> Site:
    try:
        when = tuple((selector(condition), tuple(values)) for condition, values in line.when.items())
        return Site(line.type, selector(line.path), Kind(line.kind), line.key, when)
    except SelectorError as error:
        refuse(str(error), ("sites", place, "path"), path.read_text(encoding="utf-8"), path.name)


@lru_cache(maxsize=1)
def _managed_policies() -> dict[str, list[dict[str, Any]]]:
    path = rules_directory() / "data" / "aws-managed-kms.yaml"
    return {name: policy.statements for name, policy in _load(path, dict[str, _ManagedPolicy]).items()}


def managed_policy(name: str) -> Value | None:
    """The KMS statements of the AWS managed policy of that name, as a document; None for one that has none.

    Raises Refusal.
    """
    statements = _managed_policies().get(name)
    if statements is None:
        return None
    return {"Version": "2012-10-17", "Statement": tuple(map(_as_value, statements))}


@lru_cache(maxsize=1)
def _managed_paths() -> dict[str, str]:
    names = _load(rules_directory() / "data" / "aws-managed-paths.yaml", dict[str, str])
    return {name: path for path, listed in names.items() for name in listed.split()}


def managed_policy_path(name: str) -> str | None:
    """The path (from `/` to `/`) in the ARN of the AWS managed policy of that name; None for a name that AWS did not
    list on the table's day.

    Raises Refusal.
    """
    return _managed_paths().get(name)


def _as_value(item: Any) -> Value:
    match item:
        case dict():
            return {str(key): _as_value(value) for key, value in item.items()}
        case list():
            return tuple(map(_as_value, item))
        case _:
            return item if isinstance(item, bool | int | float | str | None) else str(item)


_NAMED_POLICY = ("GetKeyPolicy", "PutKeyPolicy")
"""The operations whose requests name a key's policy, by the condition key kms:PolicyName."""


@lru_cache(maxsize=1)
def actions() -> Actions:
    """All KMS permissions, by name. Raises Refusal."""
    path = rules_directory() / "data" / "kms-actions.yaml"
    read = _load(path, _ActionFile)
    return {
        name: KmsAction(
            name=name,
            action_class=ActionClass(line.action_class),
            cross_account=bool(line.cross_account),
            grantable=line.grantable,
            keys=(
                *(key.partition("${")[0].lower() for key in line.keys),
                *(["kms:requestalias"] if line.request_alias else []),
                *(["kms:policyname"] if name in _NAMED_POLICY else []),
            ),
        )
        for name, line in read.actions.items()
    }


@lru_cache(maxsize=1)
def services() -> Services:
    """How AWS services use keys, and by which resources and arguments. Raises Refusal."""
    path = rules_directory() / "data" / "kms-services.yaml"
    read = _load(path, _ServiceFile)
    by_name = {
        name: Service(
            name=name,
            via=line.via,
            mode=Mode(line.mode),
            principals=tuple(line.service_principals),
            scope=tuple(line.scope),
            context=line.encryption_context,
        )
        for name, line in read.services.items()
    }
    arguments = {kind: (by_name[use.service], tuple(use.arguments)) for kind, use in read.terraform.items()}
    return Services(by_name, arguments, frozenset(read.known_via_labels))


def _load(path: Path, kind: type[T]) -> T:
    """A file of the catalogue, from the JSON that the wheel has beside it (`hatch_build.py`), else from its YAML."""
    made = path.with_suffix(".json")
    try:
        return msgspec.json.decode(made.read_bytes(), type=kind)
    except FileNotFoundError:
        return _from_yaml(path, kind)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        hint = "reinstall tfkms: pip install --force-reinstall tfkms"
        raise Refusal("catalogue-malformed", "the file cannot be read", hint, made.name) from None


def _from_yaml(path: Path, kind: type[T]) -> T:
    """A file of the catalogue; one that is malformed is read once more, slowly, to say where."""
    import yaml

    from tfkms.strict_yaml import load_trusted, read_yaml

    text = _text(path)
    try:
        return msgspec.convert(load_trusted(text), kind)
    except yaml.YAMLError:
        read_yaml(text, path.name)
        raise
    except msgspec.ValidationError as error:
        _refuse_form(error, text, path)


def load(path: Path, kind: type[T]) -> T:
    """A file in the form of the catalogue's that is not the catalogue's own, as `kind`. Raises Refusal."""
    from tfkms.strict_yaml import read_yaml

    text = _text(path)
    try:
        return msgspec.convert(read_yaml(text, path.name).content, kind)
    except msgspec.ValidationError as error:
        _refuse_form(error, text, path)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise Refusal("catalogue-malformed", f"the file is larger than {SIZE_LIMIT // 1024} KiB", None, path.name)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Refusal("catalogue-missing", f"the catalogue's `{path.name}` cannot be read", None, path.name) from None


def _refuse_form(error: msgspec.ValidationError, text: str, path: Path) -> NoReturn:
    message, _, where = str(error).partition(" - at `")
    refuse(message[:1].lower() + message[1:], _steps(where.removesuffix("`")), text, path.name)


def refuse(message: str, path: Sequence[str | int], text: str, file: str) -> NoReturn:
    """Refuses a file for what stands at a path in it, with the line."""
    from tfkms.strict_yaml import read_yaml

    line, column = read_yaml(text, file).place(tuple(path))
    where = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path).removeprefix(".")
    raise Refusal("catalogue-malformed", f"{where or 'the file'}: {message} (column {column})", None, file, line)


def _steps(where: str) -> tuple[str | int, ...]:
    """The steps of the path that msgspec writes: `$.sites[0].kind`."""
    found = re.findall(r"\.([^.\[]+)|\[(\d+)\]", where)
    return tuple(name or int(place) for name, place in found)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text))
