"""JSON syntax (`.tf.json`): the same nodes as native syntax gives.

Strings are templates, but for what Terraform takes as it is (the default of a variable) and for what it takes for an
expression in quotes (references in `depends_on`, types). Which nested properties are blocks only the provider's schema
says: those that Terraform itself knows become blocks, others stay arguments, and `nested_blocks` reads them as blocks.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from tfkms.frontends.hcl import grammar
from tfkms.frontends.hcl.json_scan import JsonArray, JsonLiteral, JsonObject, JsonString, JsonValue, read_json
from tfkms.frontends.hcl.nodes import without_doubles
from tfkms.frontends.hcl.scan import SyntaxProblem
from tfkms.frontends.hcl.syntax import (
    LABELS,
    Argument,
    Block,
    Body,
    Expression,
    Literal,
    Object,
    ObjectItem,
    Template,
    TextPart,
    Tuple,
    Unreadable,
)
from tfkms.frontends.hcl.template import composed
from tfkms.frontends.hcl.walk import relocated

_Parse: TypeAlias = Callable[[str, int, int], Expression]

_NESTED: Mapping[str, Mapping[str, int]] = {
    "resource": {"lifecycle": 0, "provisioner": 1, "connection": 0, "dynamic": 1},
    "data": {"lifecycle": 0, "dynamic": 1},
    "variable": {"validation": 0},
    "output": {"precondition": 0},
    "check": {"data": 2, "assert": 0},
    "lifecycle": {"precondition": 0, "postcondition": 0},
    "dynamic": {"content": 0},
    "content": {"dynamic": 1},
    "removed": {"lifecycle": 0, "provisioner": 1},
    "terraform": {"required_providers": 0, "backend": 1, "cloud": 0, "provider_meta": 1},
}
"""Blocks in blocks that do not depend on a provider, with the number of their labels."""
_REFERENCES = {
    "resource": {"depends_on", "provider"},
    "data": {"depends_on", "provider"},
    "module": {"depends_on", "providers"},
    "output": {"depends_on"},
    "variable": {"type"},
    "lifecycle": {"ignore_changes", "replace_triggered_by"},
    "dynamic": {"iterator"},
    "moved": {"from", "to"},
    "import": {"to", "provider"},
    "removed": {"from"},
}
_LITERAL = {"variable": {"default"}}


def json_blocks(text: str) -> tuple[list[Block], list[Unreadable]]:
    """The top-level blocks of a file, and what in it is none of them; raises `SyntaxProblem` if it is not JSON."""
    reader = _Reader(text)
    blocks: list[Block] = []
    lost: list[Unreadable] = []
    root = read_json(text)
    for place in reader.objects(root):
        for key, value in place.items:
            try:
                if key.text in LABELS:
                    blocks += reader.blocks(key, value, LABELS[key.text])
                elif key.text != "//":
                    lost.append(Unreadable(key.start, value.end, f"`{key.text}` is no block of Terraform's"))
            except SyntaxProblem as problem:
                lost.append(Unreadable(key.start, value.end, problem.message))
    return blocks, lost


def json_variables(text: str) -> Body:
    """The arguments of a `.tfvars.json` file: literal values, no templates; raises `SyntaxProblem` if it is none."""
    reader = _Reader(text)
    root = read_json(text)
    if not isinstance(root, JsonObject):
        raise SyntaxProblem(root.start, root.end, "values of variables are an object")
    items = [Argument(key.start, value.end, key.text, reader.literal(value)) for key, value in root.items]
    return Body(without_doubles(list(items)))


def nested_blocks(body: Body, kind: str) -> tuple[Block, ...]:
    """The blocks of a type in a body, an argument of that name whose value is an object or a list of objects included.

    That is how JSON syntax writes blocks, and native syntax those that a provider takes as attributes too. What it
    cannot tell, an argument of another shape, is not among them.
    """
    found: list[Block] = []
    for item in body.items:
        match item:
            case Block(type=name) if name == kind:
                found.append(item)
            case Argument(name=name, value=Object() as value) if name == kind:
                found.append(_as_block(kind, value))
            case Argument(name=name, value=Tuple(items=items)) if name == kind:
                found += (_as_block(kind, value) for value in items if isinstance(value, Object))
            case _:
                pass
    return tuple(found)


def dynamic_blocks(argument: Argument) -> tuple[Block, ...]:
    """The `dynamic` blocks that an argument of that name stands for: by label, one or a list of them each."""
    body = Body((argument,))
    return tuple(
        replace(block, type=argument.name, labels=(label,))
        for labelled in nested_blocks(body, argument.name)
        for label in labelled.body.arguments
        for block in nested_blocks(labelled.body, label)
    )


def _as_block(kind: str, value: Object) -> Block:
    items = tuple(
        Argument(item.key.start, item.value.end, name, item.value)
        for item in value.items
        if isinstance(item.key, Template) and (name := item.key.literal) is not None and name != "//"
    )
    lost = tuple(
        Unreadable(item.key.start, item.value.end, "the name of an argument is not known")
        for item in value.items
        if not isinstance(item.key, Template) or item.key.literal is None
    )
    return Block(value.start, value.end, kind, (), Body(without_doubles(list(items)), (), lost))


class _Reader:
    """JSON values of one text as nodes."""

    def __init__(self, text: str):
        self.text = text

    def objects(self, value: JsonValue) -> Iterator[JsonObject]:
        """An object, those of an array, or none for null: how a block may be written."""
        match value:
            case JsonObject():
                yield value
            case JsonArray(items=items):
                for item in items:
                    yield from self.objects(item)
            case JsonLiteral(value=None):
                return
            case _:
                raise SyntaxProblem(value.start, value.end, "a block is an object or a list of objects")

    def blocks(self, kind: JsonString, value: JsonValue, labels: int, given: tuple[str, ...] = ()) -> list[Block]:
        """The blocks of a type; each level of labels is an object with the labels as keys."""
        found: list[Block] = []
        for place in self.objects(value):
            if labels:
                for key, inner in place.items:
                    if key.text != "//":
                        found += self.blocks(kind, inner, labels - 1, (*given, key.text))
            else:
                found.append(Block(place.start, place.end, kind.text, given, self.body(kind.text, place)))
        return found

    def body(self, kind: str, place: JsonObject) -> Body:
        """The body of a block of a type."""
        nested = _NESTED.get(kind, {})
        items: list[Argument | Block] = []
        lost: list[Unreadable] = []
        for key, value in place.items:
            if key.text == "//":
                continue
            if key.text in nested:
                try:
                    items += self.blocks(key, value, nested[key.text])
                except SyntaxProblem as problem:
                    lost.append(Unreadable(key.start, value.end, problem.message))
                continue
            if key.text in _LITERAL.get(kind, ()):
                expression = self.literal(value)
            elif key.text in _REFERENCES.get(kind, ()):
                expression = self.reference(value)
            else:
                expression = self.expression(value)
            items.append(Argument(key.start, value.end, key.text, expression))
        return Body(without_doubles(items), (), tuple(lost))

    def expression(self, value: JsonValue) -> Expression:
        """A value as an expression, its strings as templates."""
        match value:
            case JsonString():
                return self.template(value)
            case JsonLiteral():
                return Literal(value.start, value.end, value.value)
            case JsonArray():
                return Tuple(value.start, value.end, tuple(self.expression(item) for item in value.items))
            case JsonObject():
                names = {key.text for key, _ in value.items}
                if len(names) < len(value.items):
                    return Unreadable(value.start, value.end, "an object has two members of one name")
                items = (ObjectItem(self.template(key), self.expression(inner)) for key, inner in value.items)
                return Object(value.start, value.end, tuple(items))

    def literal(self, value: JsonValue) -> Expression:
        """A value as it is, its strings as they are."""
        match value:
            case JsonString():
                parts = (TextPart(value.start + 1, value.end - 1, composed(value.text)),) if value.text else ()
                return Template(value.start, value.end, parts)
            case JsonArray():
                return Tuple(value.start, value.end, tuple(self.literal(item) for item in value.items))
            case JsonObject():
                items = (ObjectItem(self.literal(key), self.literal(inner)) for key, inner in value.items)
                return Object(value.start, value.end, tuple(items))
            case _:
                return self.expression(value)

    def reference(self, value: JsonValue) -> Expression:
        """A value whose strings are expressions."""
        match value:
            case JsonString():
                return self.parsed(value, grammar.expression_at)
            case JsonArray():
                return Tuple(value.start, value.end, tuple(self.reference(item) for item in value.items))
            case JsonObject():
                items = (ObjectItem(self.literal(key), self.reference(inner)) for key, inner in value.items)
                return Object(value.start, value.end, tuple(items))
            case _:
                return self.expression(value)

    def template(self, value: JsonString) -> Expression:
        """A string as a template; it begins and ends with its quotes."""
        if "${" not in value.text and "%{" not in value.text:
            return self.literal(value)
        found = self.parsed(value, grammar.template_at)
        return replace(found, start=value.start, end=value.end) if isinstance(found, Template) else found

    def parsed(self, value: JsonString, parse: _Parse) -> Expression:
        """What is in a string, with offsets into the file."""
        try:
            if value.places is None:
                return parse(self.text, value.start + 1, value.end - 1)
            places = value.places
            return relocated(parse(value.text, 0, len(value.text)), lambda offset: places[offset])
        except SyntaxProblem as problem:
            return Unreadable(value.start, value.end, problem.message)
