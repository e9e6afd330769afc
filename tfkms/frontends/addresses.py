"""Terraform's addresses and references, taken apart."""

import json
import re
from typing import TypeAlias

from msgspec import Struct


class AnyKey(Struct, frozen=True):
    """Stands for every instance key: the one that is meant cannot be told."""


InstanceKey: TypeAlias = int | str | None
"""The key of one instance; None for a resource or module without `count` and `for_each`."""

ModulePath: TypeAlias = tuple[tuple[str, InstanceKey | AnyKey], ...]
"""The module calls from the root down, each with the key of its instance."""

ANY_KEY = AnyKey()
ANY_KEY_WRITTEN = "[*]"
"""Stands in the address of an instance whose key is not known."""

_KEY = r'\[(?P<key>\d+|"(?:[^"\\]|\\.)*")\]'
_MODULE = re.compile(rf"module\.(?P<name>[^.\[]+)(?:{_KEY}|(?P<any>\[\*\]))?\.?")
_STEP = re.compile(rf"\.?(?P<name>[^.\[\]]+)|{_KEY}")


def instance_key(written: str | None) -> InstanceKey:
    """The key in `[…]` as Terraform prints it."""
    if written is None:
        return None
    if not written.startswith('"'):
        return int(written)
    try:
        return str(json.loads(written.replace("$${", "${").replace("%%{", "%{")))
    except ValueError:
        return written[1:-1]


def written_key(key: int | str) -> str:
    """`[key]` as Terraform prints it."""
    if isinstance(key, int):
        return f"[{key}]"
    return "[" + json.dumps(key, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{") + "]"


def provider_source(written: str) -> str:
    """`HOST/NAMESPACE/TYPE` of a provider block's address, `module.a.provider["HOST/NAMESPACE/TYPE"].alias`."""
    return written.partition('["')[2].partition('"]')[0]


def module_path(address: str) -> ModulePath:
    """The module calls that a module's address (`module.a["x"].module.b`) names; () for the root.

    `[*]`, which no address of Terraform's has, stands for every key.
    """
    steps: list[tuple[str, InstanceKey | AnyKey]] = []
    place = 0
    while (found := _MODULE.match(address, place)) is not None:
        steps.append((found["name"], ANY_KEY if found["any"] else instance_key(found["key"])))
        place = found.end()
    return tuple(steps)


def module_address(resource_address: str) -> str:
    """The address of the module that a resource stands in, empty for the root."""
    place = 0
    while (found := _MODULE.match(resource_address, place)) is not None:
        place = found.end()
    return resource_address[:place].removesuffix(".")


def compatible(one: ModulePath, other: ModulePath) -> bool:
    """Whether two paths may be of the same module instance."""
    return len(one) == len(other) and all(
        name == other_name and (key == other_key or ANY_KEY in (key, other_key))
        for (name, key), (other_name, other_key) in zip(one, other, strict=True)
    )


def traversal(reference: str) -> tuple[str | int, ...]:
    """The steps of a reference: `aws_kms_key.this[0].arn` is ("aws_kms_key", "this", 0, "arn").

    A string key comes as `str` like a name; where the two must be told apart their place does it.
    """
    steps: list[str | int] = []
    for found in _STEP.finditer(reference):
        key = instance_key(found["key"])
        steps.append(found["name"] if key is None else key)
    return tuple(steps)


def longest(references: list[str]) -> tuple[str, ...]:
    """The references that are no prefix of another one, each once, in order."""
    distinct = tuple(dict.fromkeys(references))
    if len(distinct) < 2:
        return distinct
    kept: list[str] = []
    for own in distinct:
        longer = (f"{own}.", f"{own}[")
        if not any(other.startswith(longer) for other in distinct):
            kept.append(own)
    return tuple(kept)
