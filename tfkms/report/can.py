"""The answer of `tfkms can`: for people, and as JSON."""

import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from tfkms.finding import Evidence
from tfkms.queries.can import Access, Answer, Demand, Reason, Route, Word
from tfkms.report.display import shown
from tfkms.report.json_text import written
from tfkms.report.sentences import need
from tfkms.report.structure import EvidenceV1, NeedV1, evidence

WIDTH = 100
_LABEL = 14

_SAYS = {
    Reason.NOTHING_ALLOWS: "no statement in view allows it",
    Reason.NOT_DELEGATED: "the key policy does not leave it to IAM, so that identity policies count for nothing",
    Reason.BOUNDARY: "the permissions boundary does not allow it",
    Reason.DENIED: "it is denied explicitly",
    Reason.FOREIGN: "KMS refuses this operation to principals of other accounts, whatever policies say",
    Reason.OTHER_ACCOUNT: "the policies of the principal's own account must allow it too, and they are not in view",
    Reason.UNSEEN: "the key policy leaves it to IAM, and policies that are not in view decide",
    Reason.UNKNOWN: "what is not known decides",
    Reason.TWO_POLICIES: "the key has two policies in the input, which differ in this; which one counts is not known",
    Reason.DISAGREEMENT: "the two evaluators of tfkms disagree; this is a fault of tfkms, please report it",
    Reason.BEYOND_LIMITS: "the policies are too intricate to decide within the limits of tfkms",
}
_ACCESS = {Access.DIRECTLY: "directly", Access.BY_GRANT: "by a grant", Access.BY_IAM: "by IAM"}


class DemandV1(msgspec.Struct, frozen=True):
    """A condition key of the example request: its values, or null where it must be absent."""

    key: str
    values: list[str] | None


class RouteV1(msgspec.Struct, frozen=True):
    """A way in which the request is allowed, or may be; `demands` are null where a policy in play is sensitive."""

    access: str
    statement: EvidenceV1
    support: list[EvidenceV1]
    demands: list[DemandV1] | None


class ReasonV1(msgspec.Struct, frozen=True):
    """Why the answer is not a plain yes; `code` is stable."""

    code: str
    message: str


class CanV1(msgspec.Struct, frozen=True):
    """The answer. `answer` is yes, no or undecided; `open`: identity policies that are not in view could allow it."""

    version: int
    answer: str
    principal: str
    action: str
    key: str
    key_arn: str
    routes: list[RouteV1]
    reasons: list[ReasonV1]
    denied_by: list[EvidenceV1]
    needs: list[NeedV1]
    unseen: list[str]
    open: bool
    inert: str | None


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the answer."""
    described = msgspec.json.schema(CanV1)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "tfkms can, version 1", **described}


def render_json(answer: Answer) -> str:
    """The answer as JSON, ASCII only."""
    content = CanV1(
        version=1,
        answer=answer.word.value,
        principal=str(answer.principal),
        action=answer.action,
        key=answer.key.address,
        key_arn=str(answer.key.arn),
        routes=[_route(route) for route in answer.routes],
        reasons=[ReasonV1(reason.value, _SAYS[reason]) for reason in answer.reasons],
        denied_by=[evidence(item) for item in answer.denied_by],
        needs=[NeedV1(hole.address, hole.path, list(hole.references), hole.reason) for hole in answer.needs],
        unseen=list(answer.unseen),
        open=answer.open,
        inert=answer.inert,
    )
    return written(msgspec.to_builtins(content))


def _route(route: Route) -> RouteV1:
    return RouteV1(
        access=route.access.value,
        statement=evidence(route.statement),
        support=[evidence(item) for item in route.support],
        demands=None if route.demands is None else list(map(_demand, route.demands)),
    )


def _demand(demand: Demand) -> DemandV1:
    name, values = demand
    return DemandV1(name, None if values is None else list(map(str, values)))


def render_text(answer: Answer) -> str:
    """The answer for people; its first word is yes, no or undecided."""
    return "".join(f"{line}\n" for line in _lines(answer))


def _lines(answer: Answer) -> Iterator[str]:
    verb = {Word.YES: "may call", Word.NO: "may not call", Word.UNDECIDED: "may or may not call"}[answer.word]
    sentence = shown(f"{answer.principal} {verb} {answer.action} on {answer.key.address}")
    first, *others = textwrap.wrap(
        sentence, WIDTH - len("    "), break_on_hyphens=False, break_long_words=False
    )  # fmt: skip
    yield f"{answer.word.value}: {first}"
    yield from (f"    {line}" for line in others)
    for reason in answer.reasons:
        yield from _labelled("why", _SAYS[reason])
    for item in answer.denied_by:
        yield from _labelled("denied by", place(item))
    for route in answer.routes:
        perhaps = "perhaps " if answer.word is Word.UNDECIDED and Reason.OTHER_ACCOUNT not in answer.reasons else ""
        yield from _labelled(f"{perhaps}{_ACCESS[route.access]}", place(route.statement))
        for item in route.support:
            yield from _labelled("", f"as {place(item)} leaves it to IAM")
        if route.demands is None:
            yield from _labelled("", "under conditions of a sensitive policy, if any")
        elif route.demands:
            yield from _labelled("", f"for example {in_words(route.demands)}")
    for hole in answer.needs:
        yield from _labelled("needs", need(hole))
    for name in answer.unseen:
        yield from _labelled("not in view", name if ":policy/" in name else f"the identity policies of {name}")
    if answer.open:
        yield from _labelled(
            "but", "the key policy leaves it to IAM: an identity policy outside this input could allow it"
        )
    if answer.inert:
        yield from _labelled("note", f"it does nothing: {answer.inert}")


def place(item: Evidence) -> str:
    """Where a statement stands: address, pointer and Sid."""
    sid = f" `{item.sid}`" if item.sid is not None else ""
    return (
        f"{item.origin.address} {item.origin.path}{sid}" if item.origin.address else "a policy in force by the settings"
    )


def in_words(demands: tuple[Demand, ...]) -> str:
    """`with aws:MultiFactorAuthPresent = true, without kms:ViaService`."""
    present = [f"{name} = {' '.join(map(str, values))}" for name, values in demands if values is not None]
    absent = [name for name, values in demands if values is None]
    parts = [
        *([f"with {', '.join(present)}"] if present else []),
        *([f"without {', '.join(absent)}"] if absent else []),
    ]
    return ", ".join(parts)


def _labelled(label: str, text: str) -> Iterator[str]:
    indent = " " * (4 + _LABEL)
    wrapped = textwrap.wrap(shown(text), WIDTH - len(indent), break_on_hyphens=False, break_long_words=False) or [""]
    head = f"    {label:<{_LABEL}}" if len(label) < _LABEL else f"    {label} "
    yield f"{head}{wrapped[0]}"
    yield from (indent + line for line in wrapped[1:])
