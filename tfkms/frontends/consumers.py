"""What takes the value of a policy document: a block of the configuration, or a resource whose planned value holds it.

A document that something takes is a part of that, whether or not it is read; one that nothing takes, or only an output
of the root, stands for itself.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

import msgspec
from msgspec import Raw, Struct, field

from tfkms.frontends.addresses import longest, traversal
from tfkms.frontends.plan_format import ConfigModule, Configuration, decode
from tfkms.frontends.written import given

Names = tuple[str, ...]
"""The module calls from the root down."""

Meant = Callable[[Sequence[str]], bool]
"""Says whether references lead to what is asked about."""

_DEPTH_LIMIT = 64
_ESCAPED = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))
"""How Terraform writes these in JSON."""


class Consumers(Struct):
    """The blocks and values of one input. `values` are the resources that are not read, as they are planned.

    Without a configuration nothing tells what a document is for: it counts as taken.
    """

    configuration: Configuration | None
    values: tuple[bytes, ...]
    answers: dict[tuple[Names, str], bool] = field(default_factory=dict)

    def take(self, module: Names, block: str, text: object) -> bool:
        """Whether anything but an output of the root takes the document of that block, whose JSON is `text`."""
        key = (module, block)
        if key not in self.answers:
            self.answers[key] = self.configuration is None or self._refer(module, partial(_lead_to, block), block)
        return self.answers[key] or (isinstance(text, str) and self._hold(text))

    def _refer(self, names: Names, meant: Meant, word: str, depth: int = 0) -> bool:
        """Whether a block of the module refers to what is meant, or one that an output of it reaches does."""
        within = self._module(names)
        if within is None or depth > _DEPTH_LIMIT:
            return True
        blocks = [
            *((resource.expressions, resource.for_each_expression) for resource in within.resources),
            *((call.expressions, call.for_each_expression) for call in within.module_calls.values()),
        ]
        if any(_mentions(part, meant, word) for block in blocks for part in block):
            return True
        if not names:
            return False
        *outer, call = names
        outputs = [name for name, output in within.outputs.items() if _mentions(output.expression, meant, word)]
        return any(
            self._refer(tuple(outer), partial(_take_output, call, name, within.outputs), f"module.{call}", depth + 1)
            for name in outputs
        )

    def _hold(self, text: str) -> bool:
        """Whether a resource that is not read holds the text: it came there through a local value."""
        plain = msgspec.json.encode(text)
        escaped = plain
        for character, written in _ESCAPED:
            escaped = escaped.replace(character, written)
        return any(plain in value or escaped in value for value in self.values)

    def _module(self, names: Names) -> ConfigModule | None:
        module = self.configuration.root_module if self.configuration else None
        for name in names:
            call = module.module_calls.get(name) if module else None
            module = call.module if call else None
        return module


def _mentions(expressions: Raw, meant: Meant, word: str) -> bool:
    """Whether one of the expressions, each of which mentions the word where it is meant, refers to what is meant."""
    return word.encode() in bytes(expressions) and any(map(meant, _references(expressions)))


def _references(expressions: Raw) -> Iterator[Sequence[str]]:
    """The references of each expression below."""
    found: list[object] = [decode(expressions, object)] if given(expressions) else []
    while found:
        match found.pop():
            case {"references": list() as references}:
                yield longest([reference for reference in references if isinstance(reference, str)])
            case dict() as below:
                found += below.values()
            case list() as items:
                found += items
            case _:
                pass


def _lead_to(block: str, references: Sequence[str]) -> bool:
    return any(reference == block or reference.startswith((f"{block}.", f"{block}[")) for reference in references)


def _take_output(call: str, output: str, outputs: Collection[str], references: Sequence[str]) -> bool:
    """Whether a reference is to that output of the module call, or to the call as a whole."""
    steps = [traversal(reference) for reference in references]
    taken = [set(step[2:4]) for step in steps if step[:2] == ("module", call)]
    return any(output in step or not step & set(outputs) for step in taken)
