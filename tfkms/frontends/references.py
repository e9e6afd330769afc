"""Follows the references of a plan's `configuration` to the resource instances that they lead to.

The plan lists, for each argument, the references in its expression but not the expression. So a reference is followed
through module inputs and outputs, and where the instance that is meant cannot be told, to all of them: a plan lists the
same for `k[each.key]` as for `k[other(each.key)]`, and for `k[count.index]` as for `k[1 - count.index]`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Raw, Struct, field
from msgspec.structs import replace

from tfkms.frontends.addresses import (
    ANY_KEY,
    AnyKey,
    InstanceKey,
    ModulePath,
    compatible,
    longest,
    module_path,
    traversal,
)
from tfkms.frontends.plan_format import NOTHING
from tfkms.frontends.written import Written, expression_of, expressions_of, given, module_names, references_of
from tfkms.model import Link, Links

_NOWHERE = ("path", "terraform", "tofu", "self")
_DEPTH_LIMIT = 64
_ATTACHING = {"role": "role", "user": "user", "group": "group", "policy_arn": "policy_arn"}
_PASSING = {
    "aws_kms_alias": {"target_key_id": "target_key_id", "target_key_arn": "target_key_id"},
    "aws_kms_key_policy": {"key_id": "key_id", "id": "key_id"},
    "aws_kms_grant": {"key_id": "key_id"},
    "data.aws_kms_key": {"key_id": "key_id", "id": "key_id", "arn": "key_id"},
    **{f"aws_iam_{word}_policy_attachment": _ATTACHING for word in ("role", "user", "group")},
}
"""Attributes that name the same thing as an argument of their block does, by block type."""


class Instance(Struct, frozen=True):
    """A resource instance that references may lead to."""

    address: str
    module: ModulePath
    index: InstanceKey


class Trail(Struct):
    """Where references lead: to `links`, each once, in order; with `complete` False also out of what is in view.

    `others` are the references that lead to no resource, with the module that they stand in.
    """

    links: dict[Link, None] = field(default_factory=dict)
    complete: bool = True
    others: list[tuple[ModulePath, str]] = field(default_factory=list)


Unread = Callable[[tuple[str, ...], str], Iterable[Instance]]
"""The instances of a block, by the names of its module and its address in it, that were not asked for."""


_ByModule = dict[ModulePath, dict[InstanceKey, Instance]]


def _no_others(_module: tuple[str, ...], _block: str) -> Iterable[Instance]:
    return ()


class References:
    """The configuration of one plan, with the instances that it leads to.

    `unread` tells of instances that were not asked for.
    """

    def __init__(self, written: Written, unread: Unread = _no_others):
        self.written = written
        self.unread = unread
        self.instances: dict[tuple[tuple[str, ...], str], _ByModule] = {}
        self.calls: dict[tuple[str, ...], set[InstanceKey | AnyKey]] = {}

    def add(self, address: str, module: str, block: str, index: InstanceKey) -> None:
        """Makes an instance known; `block` is its address in its module, without a key."""
        path = module_path(module)
        by_module = self.instances.setdefault((module_names(path), block), {})
        by_module.setdefault(path, {})[index] = Instance(address, path, index)
        for depth in range(1, len(path) + 1):
            self.calls.setdefault(module_names(path[:depth]), set()).add(path[depth - 1][1])

    def links(self, module: ModulePath, address: str) -> Mapping[str, Links]:
        """Where each argument of an instance of a block leads, by dotted path."""
        block = self.written.block(module, address)
        if block is None:
            return {}
        found: dict[str, Trail] = {}
        for path, references in _references_below(block.expressions, ""):
            trail = found.setdefault(path, Trail())
            self.follow(references, _Place(module, block.config.for_each_expression), trail)
        return {path: Links(tuple(trail.links), trail.complete) for path, trail in found.items()}

    def trail(self, references: Sequence[str], module: ModulePath, address: str) -> Trail:
        """Where references in the block at `address` lead, resources that were not asked for included."""
        block = self.written.block(module, address)
        for_each = block.config.for_each_expression if block else NOTHING
        trail = Trail()
        self.follow(list(references), _Place(module, for_each, everywhere=True), trail)
        return trail

    def follow(self, references: list[str], place: "_Place", trail: Trail) -> None:
        """Adds to `trail` where the references of one expression lead."""
        if place.depth > _DEPTH_LIMIT:
            trail.complete = False
            return
        for reference in longest(references):
            steps = traversal(reference)
            match steps:
                case ("var", str() as name, *more):
                    if not self.follow_variable(name, place.taking(more), trail):
                        trail.others.append((place.module, reference))
                case ("module", str() as name, *more):
                    self.follow_output(name, more, place, trail)
                case ("each", "value", *more):
                    inside = replace(place.taking(more), for_each=NOTHING, depth=place.depth + 1)
                    self.follow(references_of(place.for_each), inside, trail)
                case ("each" | "count", *_):
                    pass
                case (str() as first, *_) if first in _NOWHERE:
                    trail.others.append((place.module, reference))
                case ("data", str() as kind, str() as name, *more):
                    self.reach(f"data.{kind}.{name}", place.taking(more), trail)
                case ("local", *_):
                    trail.complete = False
                case (str() as kind, str() as name, *more):
                    self.reach(f"{kind}.{name}", place.taking(more), trail)
                case _:
                    trail.complete = False

    def follow_variable(self, name: str, place: "_Place", trail: Trail) -> bool:
        """Follows a variable to the argument of the call that gives it; False where it leads no further.

        A variable of the root is a known value.
        """
        if not place.module:
            return False
        call = self.written.call(place.module)
        if call is None:
            trail.complete = False
            return False
        expression = expression_of(expressions_of(call.expressions).get(name))
        if expression is None or not expression.references:
            return False
        outside = replace(
            place,
            module=place.module[:-1],
            for_each=call.for_each_expression,
            depth=place.depth + 1,
            key=None,
        )
        self.follow(expression.references, outside, trail)
        return True

    def follow_output(self, name: str, more: list[str | int], place: "_Place", trail: Trail) -> None:
        """An output of a called module, of the instance that the reference names or of all.

        `module.m[each.key].x` is listed as `module.m` and `each.key`: any output of any instance.
        """
        parent = self.written.module(place.module)
        call = parent.module_calls.get(name) if parent else None
        below = call.module if call else None
        if call is None or below is None:
            trail.complete = False
            return
        key: InstanceKey | AnyKey = None
        keys = self.calls.get((*module_names(place.module), name), set()) - {None}
        if keys or given(call.count_expression) or given(call.for_each_expression):
            key, more = (more[0], more[1:]) if more else (ANY_KEY, more)
        outputs = [below.outputs.get(str(more[0]))] if more else list(below.outputs.values())
        if None in outputs:
            trail.complete = False
        below_place = replace(
            place,
            module=(*place.module, (name, key)),
            for_each=NOTHING,
            depth=place.depth + 1,
            key=None,
        )
        for output in outputs:
            if output is not None:
                self.follow(references_of(output.expression), below_place.taking(more[1:]), trail)

    def reach(self, block: str, place: "_Place", trail: Trail) -> None:
        """The instances of a block: the one whose key is written, or all."""
        groups = list(self.groups(block, place))
        attribute = place.rest
        key: InstanceKey | AnyKey = ANY_KEY
        if place.key is not None and any(place.key in group for group in groups):
            key = place.key
            attribute = "" if attribute == key else attribute
        for group in groups:
            found = group.values() if isinstance(key, AnyKey) else [group[key]] if key in group else []
            for instance in found:
                if not self.passes(block, instance, attribute, place, trail):
                    trail.links[Link(instance.address, attribute)] = None

    def passes(self, block: str, instance: Instance, attribute: str, place: "_Place", trail: Trail) -> bool:
        """Follows an attribute that names what an argument of its block refers to; False where it is another one."""
        argument = _PASSING.get(block.rpartition(".")[0], {}).get(attribute)
        if argument is None:
            return False
        written = self.written.block(instance.module, block)
        expression = expression_of(written.expressions.get(argument)) if written else None
        if written is None or expression is None or not expression.references:
            return False
        for_each = written.config.for_each_expression
        inside = _Place(instance.module, for_each, depth=place.depth + 1, everywhere=place.everywhere)
        self.follow(expression.references, inside, trail)
        return True

    def groups(self, block: str, place: "_Place") -> Iterator[Mapping[InstanceKey, Instance]]:
        """The instances of a block by their keys, for each instance of the module that may be meant."""
        names = module_names(place.module)
        known = self.instances.get((names, block))
        if known is None and place.everywhere:
            known = {}
            for instance in self.unread(names, block):
                known.setdefault(instance.module, {})[instance.index] = instance
        if known is None:
            return
        if place.module in known:
            yield known[place.module]
        elif any(isinstance(key, AnyKey) for _, key in place.module):
            yield from (group for module, group in known.items() if compatible(module, place.module))


class _Place(Struct, frozen=True):
    """Where an expression stands, and what is taken of its value.

    `for_each` is of the block around it. Of what it leads to, `rest` is the attribute that is taken and `key` the
    instance key that is written, None for none. `depth` counts the steps of the way. `everywhere`: resources that were
    not asked for count too.
    """

    module: ModulePath
    for_each: Raw
    rest: str = ""
    depth: int = 0
    key: InstanceKey = None
    everywhere: bool = False

    def taking(self, steps: list[str | int]) -> "_Place":
        """The place with these further steps of a reference; the steps nearest to the resource win."""
        if not steps:
            return replace(self, key=None)
        return replace(self, rest=_attribute(steps) or self.rest, key=steps[0])


def _attribute(steps: list[str | int]) -> str:
    """The last step: the attribute, whatever keys stand before it."""
    return steps[-1] if steps and isinstance(steps[-1], str) else ""


def _references_below(value: Any, path: str) -> Iterable[tuple[str, list[str]]]:
    """The references of each argument below, by dotted path; of a map that is given by parts, by its own path."""
    expression = expression_of(value) if path else None
    if expression is not None:
        if expression.references:
            yield path, expression.references
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _references_below(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from _references_below(item, path)
