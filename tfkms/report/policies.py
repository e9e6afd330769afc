"""Every policy document as it was resolved, for `tfkms policies`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tfkms.documents import Document
from tfkms.model import Source
from tfkms.report.display import shown
from tfkms.report.json_text import written
from tfkms.values import Template, holes, plain


class HoleV1(msgspec.Struct, frozen=True):
    """An unknown leaf of a document; `path` is a JSON pointer from the resource."""

    path: str
    text: str
    reason: str
    references: list[str]


class AssumedV1(msgspec.Struct, frozen=True):
    """References that were taken for values of the statement at `path`, which no plan shows."""

    path: str
    references: list[str]


class PolicyV1(msgspec.Struct, frozen=True):
    """A policy document. `document` is null where it is sensitive or cannot be read.

    `file` and `line` are where it is written, null where the input does not say; `assumed` what it rests on besides.
    """

    address: str
    attribute: str
    kind: str
    state: str
    document: Any
    sensitive: bool
    holes: list[HoleV1]
    evidence: str
    file: str | None
    line: int | None
    assumed: list[AssumedV1]


def structure(documents: Iterable[Document]) -> list[PolicyV1]:
    """The documents in the JSON form of `tfkms policies`."""
    return [_policy(document) for document in documents]


def _policy(document: Document) -> PolicyV1:
    hidden = document.sensitive or document.state.value in ("invalid", "unknown")
    found = [] if document.sensitive else list(holes(document.content))
    place = document.resource.origin(document.attribute).span
    return PolicyV1(
        address=document.address,
        attribute=document.attribute,
        kind=document.kind.value,
        state=document.state.value,
        document=None if hidden else plain(document.content),
        sensitive=document.sensitive,
        holes=[
            HoleV1(
                path=document.attribute + path,
                text=str(leaf) if isinstance(leaf, str | Template) else str(Template((hole,))),
                reason=hole.reason,
                references=list(hole.references),
            )
            for path, leaf, hole in found
        ],
        evidence=(Source.DEFERRED if document.is_assembled else document.resource.source).value,
        file=place.file if place is not None else None,
        line=place.line if place is not None else None,
        assumed=[
            AssumedV1(statement.origin.path, list(references))
            for statement in document.policy
            if (references := document.assumed(statement))
        ],
    )


def render_json(documents: Iterable[Document]) -> str:
    """The documents as JSON, ASCII only."""
    return written(msgspec.to_builtins(structure(documents)))


def render_text(documents: Iterable[Document]) -> str:
    """One block for each document: where it stands, how much of it is known, and its statements."""
    return "".join(f"{line}\n" for document in documents for line in _text(document))


def _text(document: Document) -> Iterator[str]:
    count = len(document.policy.statements)
    size = "" if document.state.value in ("unknown", "invalid") else f", {count} statement{'' if count == 1 else 's'}"
    kind = document.kind.value.replace("_", " ")
    yield f"{shown(document.address)} {shown(document.attribute)}: {kind}, {document.state.value}{size}"
    if document.sensitive:
        yield "    (sensitive)"
        return
    for _, _, hole in holes(document.content):
        because = f" because of {', '.join(hole.references)}" if hole.references else ""
        yield f"    {shown(hole.reason + because)}"
    for reference in dict.fromkeys(own for statement in document.policy for own in document.assumed(statement)):
        yield f"    assumed: {shown(reference)} is used unaltered, which no plan shows"
    if document.state.value not in ("unknown", "invalid"):
        for line in json.dumps(plain(document.content), indent=2).split("\n"):
            yield f"    {shown(line)}"
