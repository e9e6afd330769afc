"""Variables made up at random: a type constraint with defaults, a default of the variable's own, and what is given."""

from random import Random

from tests.frontends.hcl.evaluation.oracle import Variable

_NAMES = ["a", "b", "c"]
_PRIMITIVES = ["string", "number", "bool", "any"]
_LEAVES = ['"x"', '"5"', "5", "1.5", "true", '"true"', "null", "null", "[]", "{}", '""']
_OPEN = ["local.s", "local.n", "local.b", "local.l", "local.m", "local.d", "local.w", "local.v", "[local.s]"]


class _Writer:
    def __init__(self, random: Random):
        self.random = random

    def kind(self, depth: int) -> str:
        chance = self.random.random()
        if depth <= 0 or chance < 0.2:
            return self.random.choice(_PRIMITIVES)
        if chance < 0.5:
            return f"{self.random.choice(['list', 'set', 'map'])}({self.kind(depth - 1)})"
        if chance < 0.6:
            return f"tuple([{', '.join(self.kind(depth - 1) for _ in range(self.random.randint(0, 2)))}])"
        attributes = [f"{name} = {self.attribute(depth - 1)}" for name in self.some()]
        return f"object({{{', '.join(attributes)}}})"

    def some(self) -> list[str]:
        return [name for name in _NAMES if self.random.random() < 0.6]

    def attribute(self, depth: int) -> str:
        kind = self.kind(depth)
        if self.random.random() < 0.25:
            return kind
        if self.random.random() < 0.35:
            return f"optional({kind})"
        return f"optional({kind}, {self.value(kind, known=True)})"

    def value(self, kind: str, *, known: bool) -> str:
        """A value for a constraint: mostly one that fits."""
        chance = self.random.random()
        if chance < 0.08:
            return self.random.choice(_LEAVES)
        if chance < 0.16 and not known:
            return self.random.choice(_OPEN)
        if chance < 0.24:
            return "null"
        word, inner = _parted(kind)
        match word:
            case "list" | "set":
                items = [self.value(inner, known=known) for _ in range(self.random.randint(0, 2))]
                return f"[{', '.join(items)}]"
            case "map":
                keys = self.some()
                return f"{{{', '.join(f'{key} = {self.value(inner, known=known)}' for key in keys)}}}"
            case "tuple":
                return f"[{', '.join(self.value(each, known=known) for each in _split(inner))}]"
            case "object":
                members = [
                    f"{name} = {self.value(_wanted(each), known=known)}"
                    for name, each in (own.split(" = ", 1) for own in _split(inner))
                    if self.random.random() < 0.6 or not each.startswith("optional")
                ]
                extra = [f"z = {self.random.choice(_LEAVES)}"] if self.random.random() < 0.1 else []
                return f"{{{', '.join([*members, *extra])}}}"
            case _:
                return self.random.choice(_LEAVES if known else [*_LEAVES, "local.s", "local.n"])


def _parted(kind: str) -> tuple[str, str]:
    """The word of a constraint and what stands in its brackets: `("list", "string")`."""
    word, _, inner = kind.partition("(")
    return word, inner[1:-2] if word in ("tuple", "object") else inner[:-1]


def _wanted(kind: str) -> str:
    """The type of an attribute: the first argument of `optional`."""
    return _split(kind.removeprefix("optional(")[:-1])[0] if kind.startswith("optional(") else kind


def _split(text: str) -> list[str]:
    """What commas outside of brackets part."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            found.append(text[start:place].strip())
            start = place + 1
    return [each for each in [*found, text[start:].strip()] if each]


def variable(random: Random) -> Variable:
    """A variable that is called with something, or has a default, or both."""
    writer = _Writer(random)
    kind = writer.kind(4)
    given = writer.value(kind, known=False) if random.random() < 0.85 else None
    default = writer.value(kind, known=True) if given is None or random.random() < 0.3 else None
    return Variable(kind, given, default, nullable=random.random() < 0.75)
