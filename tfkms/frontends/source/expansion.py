"""The instances of a block by its `count` or `for_each`; one that stands for all where they are not known.

Source: hashicorp/terraform:internal/terraform (the evaluation of `count` and `for_each`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.frontends.addresses import AnyKey, written_key
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.scope import Meaning
from tfkms.frontends.hcl.terms import Term, Text, Unknown
from tfkms.frontends.hcl.types import DYNAMIC, NUMBER
from tfkms.frontends.source.meanings import Members, nameless
from tfkms.values import Hole, hole_name

Key: TypeAlias = int | str | AnyKey | None
"""The key of an instance; `AnyKey` where the instances are not known, None for one without a key."""

INSTANCE_LIMIT = 10_000
"""How many instances of one block are written out; one more stands for all the others."""


class Instance(Struct, frozen=True):
    """One instance of a block: its key, and what `each` or `count` stand for in it."""

    key: Key = None
    names: Mapping[str, Meaning] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """What stands after the block's address."""
        match self.key:
            case None:
                return ""
            case AnyKey():
                return "[*]"
            case key:
                return written_key(key)


def counted(value: Term) -> Iterator[Instance]:
    """The instances of a block whose `count` has the value."""
    try:
        number = convert(value, NUMBER)
    except CannotConvert:
        number = nameless("count", "no number")
    if isinstance(number, terms.Number) and isinstance(number.value, int) and number.value >= 0:
        for place in range(min(number.value, INSTANCE_LIMIT)):
            yield Instance(place, {"count": Members({"index": terms.Number(place)}, "count")})
        if number.value > INSTANCE_LIMIT:
            yield any_instance(_others("count"), "count")
        return
    hole = terms.first_hole(number) or Hole("", "", "no number", ("count",))
    yield any_instance(Unknown(NUMBER, hole), "count")


def each(elements: Sequence[tuple[Term, Meaning]] | Unknown) -> Iterator[Instance]:
    """The instances of a block whose `for_each` has the elements; one that stands for those of unknown key."""
    if isinstance(elements, Unknown):
        yield any_instance(elements)
        return
    unsure: Unknown | None = None
    for key, value in elements[:INSTANCE_LIMIT]:
        match key:
            case Text(value=name):
                yield Instance(name, {"each": Members({"key": key, "value": value}, "each")})
            case terms.Unknown():
                unsure = unsure or key
            case _:
                unsure = unsure or nameless("each.key", "no text")
    if len(elements) > INSTANCE_LIMIT:
        unsure = unsure or _others("for_each")
    if unsure is not None:
        yield any_instance(unsure)


def _others(word: str) -> Unknown:
    """What the instances beyond the limit depend on."""
    return Unknown(DYNAMIC, Hole("", "", f"more than {INSTANCE_LIMIT:,}", (word,)))


def keyed(instance: Instance, key: int | str) -> Instance:
    """The instance that stands for any as the one with this key."""
    if isinstance(key, int):
        return Instance(key, {"count": Members({"index": terms.Number(key)}, "count")})
    each = instance.names.get("each")
    value = each.attribute("value") if isinstance(each, Members) else Text(key)
    return Instance(key, {"each": Members({"key": Text(key), "value": value}, "each")})


def any_instance(unknown: Unknown, word: str = "each") -> Instance:
    """The instance that stands for however many there are."""
    reason = f"decided by `{hole_name(unknown.hole)}`, which is {unknown.hole.reason}"
    if word == "count":
        hole = replace(unknown.hole, reason=reason, references=("count.index",))
        return Instance(AnyKey(), {"count": Members({"index": Unknown(NUMBER, hole, not_null=True)}, "count")})
    members = {
        name: Unknown(DYNAMIC, replace(unknown.hole, reason=reason, references=(f"each.{name}",)))
        for name in ("key", "value")
    }
    return Instance(AnyKey(), {"each": Members(members, "each")})
