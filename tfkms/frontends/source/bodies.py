"""The body of a block as terms: arguments by name, nested blocks as lists of objects, `dynamic` ones written out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.directory import Placed
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.json_syntax import dynamic_blocks, nested_blocks
from tfkms.frontends.hcl.scope import Deferred, Meaning, Scope
from tfkms.frontends.hcl.syntax import Argument, Block, Body, Expression, Name, Object, SourceText, Template, Tuple
from tfkms.frontends.hcl.terms import Place, Term, Unknown
from tfkms.frontends.hcl.types import DYNAMIC
from tfkms.frontends.hcl.unknowns import apart
from tfkms.frontends.source.meanings import Members
from tfkms.values import Hole, hole_name

Evaluate = Callable[[Expression, SourceText, Scope], Term]
Mean = Callable[[Expression, SourceText, Scope], Meaning]
Within = Callable[[Scope, Mapping[str, Meaning]], Scope]
"""A scope with some names more."""

NESTED_BLOCKS = frozenset(
    {
        "statement",
        "principals",
        "not_principals",
        "condition",
        "inline_policy",
        "constraints",
        "content",
        "assume_role",
        "assume_role_with_web_identity",
        "default_tags",
    }
)
"""What providers take as nested blocks, as far as something reads it: in JSON syntax these look like arguments."""


class Reader(Struct, frozen=True):
    """Makes terms of bodies; what an expression is worth, and what a name stands for, is handed in."""

    evaluate: Evaluate
    mean: Mean
    within: Within

    def members(self, items: Iterable[Placed], scope: Scope) -> dict[str, Term]:
        """The arguments and nested blocks of a body by name.

        A list of blocks of which not all are known has an `Unknown` in it, for any number of blocks: its members are
        those that each of them has.
        """
        found: dict[str, Term] = {}
        blocks: dict[str, list[Term]] = {}
        for placed in _as_blocks(items):
            match placed.item:
                case Argument(name=name, value=value):
                    found.setdefault(name, self.evaluate(value, placed.source, scope))
                case Block(type="dynamic", labels=(label, *_)) as block:
                    blocks.setdefault(label, []).extend(self.written_out(block, placed.source, scope))
                case Block(type=kind) as block:
                    blocks.setdefault(kind, []).append(self.object_of(block, placed.source, scope))
        return {**{kind: terms.Tuple(tuple(own)) for kind, own in blocks.items()}, **found}

    def object_of(self, block: Block, source: SourceText, scope: Scope) -> Term:
        """A nested block as an object."""
        members = self.members((Placed(item, source) for item in block.body.items), scope)
        return terms.Object(members, place=Place(source, block.start, block.end, scope.calls))

    def written_out(self, block: Block, source: SourceText, scope: Scope) -> Iterator[Term]:
        """The blocks that a `dynamic` block makes; an `Unknown` where it cannot be told how many."""
        arguments = block.body.arguments
        content = next(iter(nested_blocks(block.body, "content")), None)
        place = Place(source, block.start, block.end, scope.calls)
        if "for_each" not in arguments or content is None:
            yield _lost("a dynamic block needs `for_each` and `content`", block, place)
            return
        iterator = arguments.get("iterator")
        name = block.labels[0] if iterator is None else _word(iterator.value) or block.labels[0]
        elements = self.elements(arguments["for_each"].value, source, scope)
        if isinstance(elements, Unknown):
            yield self.any_number(Placed(content, source), elements, name, scope, place)
            return
        for key, value in elements:
            inner = self.within(scope, {name: Members({"key": key, "value": value}, name)})
            made = self.object_of(content, source, inner)
            yield terms.at(made, place) if made.place is None else made

    def any_number(self, content: Placed, unknown: Unknown, iterator: str, scope: Scope, place: Place) -> Unknown:
        """What stands for however many blocks are made of unknown elements."""
        decisive = tuple(name for name in unknown.hole.references if "(" not in name) or unknown.hole.references
        reason = f"decided by `{hole_name(replace(unknown.hole, references=decisive))}`, which is {unknown.hole.reason}"
        members = {
            word: apart(Unknown(DYNAMIC, Hole("", "", reason, (f"{iterator}.{word}",))), scope.budget.steps)
            for word in ("key", "value")
        }
        assert isinstance(content.item, Block)
        inner = self.within(scope, {iterator: Members(members, iterator)})
        given = self.members((Placed(item, content.source) for item in content.item.body.items), inner)
        hole = Hole("", "", f"{unknown.hole.reason}, and decides how many blocks there are", decisive)
        number = apart(Unknown(DYNAMIC, hole), scope.budget.steps)
        return replace(number, place=place, members=lambda name: given.get(name, terms.Null()))

    def elements(
        self, expression: Expression, source: SourceText, scope: Scope
    ) -> "Sequence[tuple[Term, Meaning]] | Unknown":
        """What `for_each` of a dynamic block runs over, or the unknown that tells."""
        try:
            meaning = self.mean(expression, source, scope)
            if isinstance(meaning, Deferred):
                found = meaning.elements()
                if found is not None:
                    return found
                meaning = meaning.term()
        except (Fault, Withheld):
            meaning = self.evaluate(expression, source, scope)
        match meaning:
            case terms.List() | terms.Set() | terms.Tuple() | terms.Map() | terms.Object():
                return list(terms.pairs(meaning))
            case Unknown():
                return meaning
            case _:
                hole = Hole("", "", "no collection", ("for_each",))
                return Unknown(DYNAMIC, hole)


def _word(expression: Expression) -> str | None:
    """The bare name that an expression is; JSON syntax puts it in quotes."""
    match expression:
        case Name(name=name):
            return name
        case Template() as text:
            return text.literal
        case _:
            return None


def _as_blocks(items: Iterable[Placed]) -> Iterator[Placed]:
    """The items with blocks for those that JSON syntax writes as arguments."""
    for placed in items:
        match placed.item:
            case Argument(name=name, value=Object() | Tuple()) if _is_block(name) and placed.source.file.endswith(
                ".json"
            ):
                if name == "dynamic":
                    yield from (Placed(block, placed.source) for block in dynamic_blocks(placed.item))
                else:
                    body = Body((placed.item,))
                    yield from (Placed(block, placed.source) for block in nested_blocks(body, name))
            case _:
                yield placed


def _is_block(name: str) -> bool:
    return name in NESTED_BLOCKS or name == "dynamic"


def _lost(reason: str, block: Block, place: Place) -> Unknown:
    return Unknown(DYNAMIC, Hole("", f"/{block.labels[0] if block.labels else ''}", reason), place=place)
