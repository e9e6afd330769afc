"""The syntax of Terraform's language, as a small tree: what a block says, before anything is evaluated.

Every node knows where it stands: `start` and `end` are offsets in code points into the text that it was parsed from,
the end exclusive. Equal texts give equal trees, whatever file they stand in; a `SourceText` turns offsets into lines.

Native syntax (`.tf`) and JSON syntax (`.tf.json`) give the same nodes. Templates come resolved: escapes are read, strip
markers (`~`) and the indentation of `<<-` are taken out, so that evaluating one means joining its parts.
"""

from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from tfkms.location import Span

LABELS: Mapping[str, int] = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "action": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "provider": 1,
    "check": 1,
    "locals": 0,
    "terraform": 0,
    "moved": 0,
    "import": 0,
    "removed": 0,
}
"""How many labels each type of block at the top of a file has."""


class Literal(Struct, frozen=True):
    """A number, `true`, `false` or `null`. Numbers are exact, as written."""

    start: int
    end: int
    value: Decimal | bool | None


class Name(Struct, frozen=True):
    """The beginning of a traversal, `var` or `aws_kms_key`, or a variable of a `for` or of a `dynamic` block."""

    start: int
    end: int
    name: str


class Attribute(Struct, frozen=True):
    """`base.name`."""

    start: int
    end: int
    base: "Expression"
    name: str


class Index(Struct, frozen=True):
    """`base[key]`; the legacy `base.0` too, with a literal number as key."""

    start: int
    end: int
    base: "Expression"
    key: "Expression"


class Splat(Struct, frozen=True):
    """`base[*]…` and `base.*…`: `each` is what is taken of every element, with an `Element` for the element itself.

    An attribute splat (`.*`) takes attributes only: an index after it stands around the splat, not in `each`. Splats in
    a row nest for each element: `a[*].b[*].c` has a splat in `each`.
    """

    start: int
    end: int
    base: "Expression"
    each: "Expression"


class Element(Struct, frozen=True):
    """Inside the `each` of a splat: the element at hand of the innermost splat around it. It stands behind the star."""

    start: int
    end: int


class Call(Struct, frozen=True):
    """A function call. `name` is as written (`provider::aws::arn_parse`); `expand`: the last argument ends in `...`."""

    start: int
    end: int
    name: str
    arguments: tuple["Expression", ...]
    expand: bool


class Unary(Struct, frozen=True):
    """`!operand` or `-operand`."""

    start: int
    end: int
    operator: str
    operand: "Expression"


class Binary(Struct, frozen=True):
    """`left operator right`, the operator one of `+ - * / % == != < > <= >= && ||`."""

    start: int
    end: int
    operator: str
    left: "Expression"
    right: "Expression"


class Conditional(Struct, frozen=True):
    """`condition ? then : otherwise`."""

    start: int
    end: int
    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


class Tuple(Struct, frozen=True):
    """`[…]`."""

    start: int
    end: int
    items: tuple["Expression", ...]


class ObjectItem(Struct, frozen=True):
    """`key = value`. A bare name as key is a template of that text; a key in parentheses is the expression in them.

    A reference without parentheses, `aws.west`, has no value as a key: it names a provider in `providers`.
    """

    key: "Expression"
    value: "Expression"


class Object(Struct, frozen=True):
    """`{…}`."""

    start: int
    end: int
    items: tuple[ObjectItem, ...]


class ForTuple(Struct, frozen=True):
    """`[for key, value in collection : result if condition]`; without `key` and `condition` those are None."""

    start: int
    end: int
    key: str | None
    value: str
    collection: "Expression"
    result: "Expression"
    condition: "Expression | None"


class ForObject(Struct, frozen=True):
    """`{for key, value in collection : result_key => result if condition}`; `grouped`: the result ends in `...`."""

    start: int
    end: int
    key: str | None
    value: str
    collection: "Expression"
    result_key: "Expression"
    result: "Expression"
    condition: "Expression | None"
    grouped: bool


class TextPart(Struct, frozen=True):
    """Literal text of a template, as it comes out: escapes read, strips and indentation applied."""

    start: int
    end: int
    text: str


class Interpolation(Struct, frozen=True):
    """`${expression}` in a template."""

    start: int
    end: int
    expression: "Expression"


class IfDirective(Struct, frozen=True):
    """`%{ if condition }…%{ else }…%{ endif }`."""

    start: int
    end: int
    condition: "Expression"
    then: tuple["TemplatePart", ...]
    otherwise: tuple["TemplatePart", ...]


class ForDirective(Struct, frozen=True):
    """`%{ for key, value in collection }…%{ endfor }`; without `key` that is None."""

    start: int
    end: int
    key: str | None
    value: str
    collection: "Expression"
    parts: tuple["TemplatePart", ...]


TemplatePart: TypeAlias = TextPart | Interpolation | IfDirective | ForDirective


class Template(Struct, frozen=True):
    """A quoted string, a heredoc, a template file or a string of JSON syntax.

    `passes_through` marks one that is a lone `${…}`, without even a newline after it: its value is that of the
    expression, whatever its type. It is the only thing that says so: `"${a ~} "` has one part too, and is a string.
    """

    start: int
    end: int
    parts: tuple[TemplatePart, ...]
    passes_through: bool = False

    @property
    def literal(self) -> str | None:
        """The text, if it is the same whatever the variables hold."""
        if all(isinstance(part, TextPart) for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, TextPart))
        return None


class Unreadable(Struct, frozen=True):
    """An expression that cannot be parsed. Its value is unknown; `message` is one lower-case line.

    `limited` says that Terraform may well read it, and we do not.
    """

    start: int
    end: int
    message: str
    limited: bool = False


Expression: TypeAlias = (
    Literal
    | Name
    | Attribute
    | Index
    | Splat
    | Element
    | Call
    | Unary
    | Binary
    | Conditional
    | Tuple
    | Object
    | ForTuple
    | ForObject
    | Template
    | Unreadable
)


class Comment(Struct, frozen=True):
    """A comment as written, its marks included. It annotates what begins or ends on its last line, or on the next."""

    start: int
    end: int
    text: str


class Argument(Struct, frozen=True):
    """`name = value`; `start` is that of the name, `end` that of the value."""

    start: int
    end: int
    name: str
    value: Expression


class Block(Struct, frozen=True):
    """`type "label"… { body }`; `dynamic` blocks are blocks like any other."""

    start: int
    end: int
    type: str
    labels: tuple[str, ...]
    body: "Body"


class Body(Struct, frozen=True):
    """What stands in a block, in source order.

    `comments` are those of the whole text, nested blocks included, and stand at the outermost body only. `unreadable`
    are the stretches that are neither an argument nor a block: they may have said anything.
    """

    items: tuple[Argument | Block, ...]
    comments: tuple[Comment, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def arguments(self) -> Mapping[str, Argument]:
        """The arguments by name; of two of one name the first."""
        found: dict[str, Argument] = {}
        for item in self.items:
            if isinstance(item, Argument):
                found.setdefault(item.name, item)
        return found

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks, in source order."""
        return tuple(item for item in self.items if isinstance(item, Block))


class SourceText(Struct, frozen=True, dict=True):
    """A piece of a file that is parsed by itself: offsets into `text` become places in `file`.

    `file` is relative to the scanned root, with `/` on every system. `line` and `column` are where the text begins.
    With `in_file` False it stands in no file, and `file` is what messages call it.
    """

    file: str
    text: str
    line: int = 1
    column: int = 1
    in_file: bool = True

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        starts = [0]
        place = self.text.find("\n")
        while place >= 0:
            starts.append(place + 1)
            place = self.text.find("\n", place + 1)
        return tuple(starts)

    def span(self, start: int, end: int) -> Span:
        """The stretch between two offsets."""
        return Span(self.file, *self._place(start), *self._place(end))

    def _place(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self._line_starts, offset) - 1
        column = offset - self._line_starts[row] + (self.column if row == 0 else 1)
        return self.line + row, column
