"""Guardrails of one's own: YAML files of the kinds that the catalogue has, and further places of policies.

They say what to ask and how to call it; no code is ever loaded from there.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from tfkms import catalogue
from tfkms.catalogue import Message, Remediation, Rule
from tfkms.diagnostics import Refusal, did_you_mean
from tfkms.documents import Site
from tfkms.finding import Severity

SITES = "sites.yaml"
_FILE_LIMIT = 500


class _RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)+$")]
    title: Annotated[str, Meta(min_length=1)]
    severity: Literal["low", "medium", "high", "critical"]
    kind: str
    parameters: dict[str, Any]
    enabled: bool = True
    text: str = ""
    rationale: str = ""
    remediation: Remediation | None = None
    messages: dict[str, Message] = {}


class OwnRules(Struct, frozen=True):
    """What a directory of one's own adds to the catalogue."""

    rules: tuple[Rule, ...] = ()
    sites: tuple[Site, ...] = ()


def read_own_rules(directory: Path, name: str) -> OwnRules:
    """The guardrails and sites in a directory; `name` is how messages call it. Raises Refusal."""
    files = sorted(directory.glob("*.yaml"))
    for path in files:
        if not (path.is_file() and path.resolve().is_relative_to(directory.resolve())):
            message = f"rules_dir: `{path.name}` is no file of that directory"
            raise Refusal("rules-outside", message, "put the file itself there, not a link", name)
    if len(files) > _FILE_LIMIT:
        raise Refusal("rules-limit", f"rules_dir: there are more than {_FILE_LIMIT} files", None, name)
    shipped = catalogue.rules()
    found: dict[str, Rule] = {}
    for path in files:
        if path.name == SITES:
            continue
        rule = _rule(path, shipped)
        if rule.id in found or any(rule.id == own.id for own in shipped):
            raise Refusal(
                "rules-malformed", f"there is a guardrail `{rule.id}` already", "give it an id of its own", path.name
            )
        found[rule.id] = rule
    sites = directory / SITES
    return OwnRules(tuple(found.values()), catalogue.read_sites(sites) if sites.is_file() else ())


def _rule(path: Path, shipped: Sequence[Rule]) -> Rule:
    """The guardrail in a file; what it leaves unsaid is as in the first one of its kind in the catalogue."""
    read = catalogue.load(path, _RuleFile)
    model = next((rule for rule in shipped if rule.kind == read.kind), None)
    if model is None:
        kinds = sorted({rule.kind for rule in shipped})
        hint = did_you_mean(read.kind, kinds) or f"known are {', '.join(kinds)}"
        raise Refusal("rules-malformed", f"kind: there is no kind `{read.kind}`", hint, path.name)
    _check_parameters(read, model, path)
    _check_messages(read.messages, model, path)
    return Rule(
        id=read.id,
        slug=read.id.lower(),
        title=read.title,
        severity=Severity[read.severity.upper()],
        kind=read.kind,
        enabled=read.enabled,
        documents=model.documents,
        parameters=read.parameters,
        since="",
        text=read.text or read.title,
        rationale=read.rationale,
        remediation=read.remediation,
        references=(),
        messages={**model.messages, **{cause: own.says for cause, own in read.messages.items()}},
        fixes={**model.fixes, **{cause: own.fix for cause, own in read.messages.items()}},
    )


def _check_parameters(read: _RuleFile, model: Rule, path: Path) -> None:
    try:
        msgspec.convert(read.parameters, model.check.Parameters)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        place = f"parameters{where.removesuffix('`')}"
        raise Refusal("rules-malformed", f"{place}: {message[:1].lower()}{message[1:]}", None, path.name) from None
    known = catalogue.actions()
    for action in read.parameters.get("actions", ()):
        name = action.partition(":")[2]
        if name not in known:
            near = did_you_mean(name, known)
            raise Refusal("rules-malformed", f"parameters: there is no action `{action}`", near, path.name)


def _check_messages(messages: Mapping[str, Message], model: Rule, path: Path) -> None:
    """A message may name the facts that the catalogue's own message of its cause names, and no others."""
    for cause, own in messages.items():
        if cause not in model.messages:
            hint = did_you_mean(cause, model.messages)
            raise Refusal("rules-malformed", f"messages: there is no cause `{cause}`", hint, path.name)
        for text, theirs in ((own.says, model.messages[cause]), (own.fix, model.fixes[cause])):
            odd = _fields(text, path) - _fields(theirs, path) - {"address"}
            if odd:
                message = f"messages.{cause}: there is no fact `{{{min(odd)}}}`"
                raise Refusal("rules-malformed", message, "write `{{` and `}}` for braces", path.name)


def _fields(text: str, path: Path) -> set[str]:
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        raise Refusal(
            "rules-malformed", "messages: a brace is not closed", "write `{{` for a brace", path.name
        ) from None
    return {name if re.fullmatch(r"[a-z_]+", name) else f"{name} " for name in names}
