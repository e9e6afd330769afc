"""Comments that are addressed to tfkms, and what they are about: `# tfkms:…`, in JSON syntax the key `"//"`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec.structs import replace

from tfkms.frontends.hcl.index import ANNOTATION
from tfkms.frontends.hcl.json_scan import JsonArray, JsonObject, JsonString, JsonValue, read_json
from tfkms.frontends.hcl.parse import parse_body
from tfkms.frontends.hcl.scan import SyntaxProblem
from tfkms.frontends.hcl.syntax import Block, Body, Comment, ObjectItem, SourceText
from tfkms.frontends.hcl.walk import children
from tfkms.frontends.source.modules import Module
from tfkms.model import Annotation

_WRITTEN = re.compile(rf"(?:#|//|/\*)\s*{ANNOTATION}(.*?)\s*(?:\*/)?", re.DOTALL)
_LABELLED: Mapping[str, int] = {"resource": 3, "data": 3, "module": 2}
"""How many keys lead to a block of JSON syntax; to one of another type one does."""

_COMMENT_KEY = "//"
_Stretch: TypeAlias = tuple[int, int, bool]
"""Where something begins and ends, and whether it is a module call."""


def annotations(module: Module) -> Iterator[Annotation]:
    """Those of the module and of all below it, each file once."""
    pending, seen = [module], set()
    while pending:
        here = pending.pop()
        if id(here.index) in seen:
            continue
        seen.add(id(here.index))
        pending += [called for called in here.calls.values() if isinstance(called, Module)]
        for file in here.index.files:
            if file.annotated is not None:
                yield from _of_json(file.annotated) if file.file.endswith(".json") else _of_native(file.annotated)


def called(found: Iterable[Annotation], shown: Callable[[str], str]) -> Iterator[Annotation]:
    """The annotations with their files called as reports call them."""
    for own in found:
        file = shown(own.span.file)
        about = None if own.about is None else replace(own.about, file=file)
        yield replace(own, span=replace(own.span, file=file), about=about)


def _of_native(source: SourceText) -> Iterator[Annotation]:
    body = parse_body(source.text)
    beginning = _beginnings(body, source)
    above = {source.span(comment.start, comment.end).line for comment in body.comments}
    for comment in body.comments:
        written = _WRITTEN.fullmatch(comment.text)
        if written is not None:
            span = source.span(comment.start, comment.end)
            line = span.end_line
            if _is_alone(comment, source):
                while line not in beginning and (line == span.end_line or line in above):
                    line += 1
            yield _annotation(written[1], (comment.start, comment.end), beginning.get(line), source)


def _is_alone(comment: Comment, source: SourceText) -> bool:
    """Whether nothing stands before the comment on its line."""
    return not source.text[source.text.rfind("\n", 0, comment.start) + 1 : comment.start].strip()


def _beginnings(body: Body, source: SourceText) -> dict[int, _Stretch]:
    """The outermost thing that begins on each line."""
    found: dict[int, _Stretch] = {}
    pending: list[Any] = list(reversed(body.items))
    while pending:
        node = pending.pop()
        start, end = (node.key.start, node.value.end) if isinstance(node, ObjectItem) else _place(node)
        if start < end:
            call = isinstance(node, Block) and node.type == "module"
            found.setdefault(source.span(start, start).line, (start, end, call))
        pending.extend(reversed(list(children(node))))
    return found


def _place(node: Any) -> tuple[int, int]:
    """Where a node begins and ends; nowhere for a body."""
    return getattr(node, "start", 0), getattr(node, "end", 0)


def _of_json(source: SourceText) -> Iterator[Annotation]:
    try:
        pending: list[tuple[JsonValue, tuple[str, ...]]] = [(read_json(source.text), ())]
    except SyntaxProblem:  # the index tells of it
        return
    while pending:
        value, path = pending.pop()
        match value:
            case JsonArray(items=items):
                pending += [(item, path) for item in reversed(items)]
            case JsonObject(items=members):
                pending += [(member, (*path, key.text)) for key, member in reversed(members)]
                whole = bool(path) and len(path) >= _LABELLED.get(path[0], 1)
                about = (value.start, value.end, path[:1] == ("module",) and len(path) == 2) if whole else None
                for key, member in members:
                    if key.text == _COMMENT_KEY:
                        yield from _in_key(member, about, source)
            case _:
                pass


def _in_key(value: JsonValue, about: _Stretch | None, source: SourceText) -> Iterator[Annotation]:
    """The annotations in a key for comments: a text, or a list of texts."""
    for item in value.items if isinstance(value, JsonArray) else (value,):
        if isinstance(item, JsonString) and item.text.lstrip().startswith(ANNOTATION):
            text = item.text.strip().removeprefix(ANNOTATION)
            yield _annotation(text, (item.start, item.end), about, source)


def _annotation(text: str, place: tuple[int, int], about: _Stretch | None, source: SourceText) -> Annotation:
    if about is None:
        return Annotation(text, source.span(*place), None)
    start, end, call = about
    return Annotation(text, source.span(*place), source.span(start, end), call)
