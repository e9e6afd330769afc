"""Where the parts of a policy document were written, which say the same in another order.

The provider sorts, joins and drops while it makes statements of `statement` blocks and of source documents, so a part
is found again by what it says: an action among the actions, an identifier among those of its type of principal, a
value among those of its condition.
"""

from collections.abc import Iterator, Mapping, Sequence

from tfkms.frontends.hcl.terms import Place
from tfkms.values import Template, Value, pointer_step, text, text_parts

ARGUMENTS = {
    "Sid": "sid",
    "Effect": "effect",
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
    "Principal": "principals",
    "NotPrincipal": "not_principals",
    "Condition": "condition",
}
"""The argument of a `statement` block that makes each member of a statement."""

_DEPTHS = {"Principal": 2, "NotPrincipal": 2, "Condition": 3}
"""How many names lead to the texts of a member: one where there is no more than a list of them."""

Names = tuple[str, ...]
"""What leads to texts of a statement: `("Action",)`, `("Principal", "AWS")`, `("Condition", "Bool", "aws:Via")`."""

_Leaf = tuple[Value, str]
"""A text of a member and the pointer to it."""


class StatementPlaces:
    """Finds the places of a document's parts.

    `written` are the places of what it was made of by JSON pointer, below a text that is JSON those of its document;
    `statements` are the pointers there of what its statements were made of, with what stands at these.
    """

    def __init__(self, written: Mapping[str, Place], statements: Sequence[tuple[str, Value]]):
        self.written = written
        self.statements = statements
        self.known: dict[int, _Leaves] = {}

    def __call__(self, pointer: str, value: Value) -> Place | None:
        """Where the part at a pointer into the document was written, which is this value; None for what no part of the
        source tells."""
        steps = pointer.split("/")[1:]
        if len(steps) < 2 or not steps[1].isdecimal() or int(steps[1]) >= len(self.statements):
            return nearest(self.written, pointer)
        number = int(steps[1])
        came, statement = self.statements[number]
        if len(steps) == 2:
            return nearest(self.written, came)
        leaves = self.known.get(number)
        if leaves is None:
            leaves = self.known[number] = _Leaves(came, statement)
        names = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps[2 : 2 + _DEPTHS.get(steps[2], 1)])
        return nearest(self.written, leaves.pointer(names, value))


class _Leaves:
    """The texts of one statement as it was written, by the members of the statement that they make."""

    def __init__(self, came: str, statement: Value):
        self.came = came
        self.texts: dict[Names, dict[Value, str]] = {}
        self.above: dict[Names, str] = {}
        if isinstance(statement, Mapping):
            found = _of_block(came, statement) if came.startswith("/statement/") else _of_json(came, statement)
            for names, leaf in found:
                self.add(names, leaf)

    def add(self, names: Names, leaf: _Leaf) -> None:
        """Takes in a text; of several that say the same the first counts."""
        value, pointer = leaf
        if isinstance(value, str | Template):
            self.texts.setdefault(names, {}).setdefault(value, pointer)
        for length in range(1, len(names) + 1):
            present = self.above.get(names[:length])
            self.above[names[:length]] = pointer if present is None else _common(present, pointer)

    def pointer(self, names: Names, value: Value) -> str:
        """Where a text of a member stands, or the member as a whole."""
        if isinstance(value, str | Template):
            found = self.texts.get(names, {}).get(value)
            if found is not None:
                return found
        return self.above.get(names, self.came)


def nearest(written: Mapping[str, Place], pointer: str) -> Place | None:
    """The place of a pointer, or of the nearest one above it that has one."""
    while pointer:
        if pointer in written:
            return written[pointer]
        pointer = pointer.rpartition("/")[0]
    return None


def _common(one: str, other: str) -> str:
    """The pointer to what holds both."""
    if one == other:
        return one
    steps: list[str] = []
    for mine, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if mine != theirs:
            break
        steps.append(mine)
    return "/".join(steps)


def _of_block(came: str, block: Mapping[str, Value]) -> Iterator[tuple[Names, _Leaf]]:
    """The texts of a `statement` block."""
    for member, argument in ARGUMENTS.items():
        value, pointer = block.get(argument), f"{came}/{argument}"
        if value is None:
            continue
        match member:
            case "Principal" | "NotPrincipal":
                for below, part in _items(value, pointer):
                    yield from _of_principals(member, below, part)
            case "Condition":
                for below, part in _items(value, pointer):
                    yield from _of_condition(below, part)
            case _:
                for below, part in _items(value, pointer):
                    yield (member,), (_with_variables(part), below)


def _of_principals(member: str, pointer: str, block: Value) -> Iterator[tuple[Names, _Leaf]]:
    kind = block.get("type") if isinstance(block, Mapping) else None
    if not isinstance(block, Mapping) or not isinstance(kind, str):
        yield (member,), (block, pointer)
        return
    for below, identifier in _items(block.get("identifiers"), f"{pointer}/identifiers"):
        yield (member, kind), (_with_variables(identifier), below)
        if kind == "*":
            yield (member,), (identifier, below)


def _of_condition(pointer: str, block: Value) -> Iterator[tuple[Names, _Leaf]]:
    names = (block.get("test"), block.get("variable")) if isinstance(block, Mapping) else (None, None)
    test, variable = names
    if not isinstance(block, Mapping) or not isinstance(test, str) or not isinstance(variable, str):
        yield ("Condition",), (block, pointer)
        return
    for below, value in _items(block.get("values"), f"{pointer}/values"):
        yield ("Condition", test, variable), (_with_variables(value), below)


def _of_json(came: str, statement: Mapping[str, Value]) -> Iterator[tuple[Names, _Leaf]]:
    """The texts of a statement in JSON; the provider takes the names of members whatever their case."""
    spelled = {name.lower(): name for name in ARGUMENTS}
    for written, value in statement.items():
        member = spelled.get(written.lower())
        if member is not None:
            yield from _below((member,), f"{came}/{pointer_step(written)}", value)


def _below(names: Names, pointer: str, value: Value) -> Iterator[tuple[Names, _Leaf]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _below((*names, name), f"{pointer}/{pointer_step(name)}", item)
        return
    for below, item in _items(value, pointer):
        yield names, ("true" if item is True else "false" if item is False else item, below)


def _items(value: Value, pointer: str) -> Iterator[tuple[str, Value]]:
    """The members of a list with their pointers; what is no list is one."""
    if isinstance(value, tuple):
        yield from ((f"{pointer}/{place}", item) for place, item in enumerate(value))
    elif value is not None:
        yield pointer, value


def _with_variables(value: Value) -> Value:
    """A text as the provider writes it, `&{` as `${`."""
    if not isinstance(value, str | Template):
        return value
    return text(*(part.replace("&{", "${") if isinstance(part, str) else part for part in text_parts(value)))
