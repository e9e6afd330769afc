"""Mutants of JSON documents: one that lacks a member, has it of another type, twice, or nested."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1e308,
    10**40,
    "",
    "*",
    "${x}",
    "\u0000",
    "é",
    [],
    {},
    [[]],
    [None],
    {"": {}},
)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every member and element, outer ones first."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from paths(item, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from paths(item, (*path, place))


def drop(holder: Any, at: Any, choose: random.Random) -> None:
    """Takes the member away."""
    del holder[at]


def retype(holder: Any, at: Any, choose: random.Random) -> None:
    """Puts something of another type in its place."""
    holder[at] = copy.deepcopy(choose.choice([own for own in STRANGE if type(own) is not type(holder[at])]))


def duplicate(holder: Any, at: Any, choose: random.Random) -> None:
    """Has it twice: an element beside itself, a member under another name as well."""
    if isinstance(holder, list):
        holder.insert(at, copy.deepcopy(holder[at]))
    else:
        holder[choose.choice([f"{at}x", str(at).upper(), *holder])] = copy.deepcopy(holder[at])


def nest(holder: Any, at: Any, choose: random.Random) -> None:
    """Puts it inside a list or an object."""
    holder[at] = choose.choice([[holder[at]], {"x": holder[at]}, [holder[at], holder[at]], [[holder[at]]]])


KINDS: tuple[Callable[[Any, Any, random.Random], None], ...] = (drop, retype, duplicate, nest)


def mutant(document: Any, path: Path, kind: Callable[[Any, Any, random.Random], None], choose: random.Random) -> Any:
    """The document with what stands at the path changed in one way; the document itself is left as it is."""
    *above, last = path
    made = holder = _apart(document, above)
    for step in above:
        holder = holder[step]
    kind(holder, last, choose)
    return made


def _apart(document: Any, path: list[str | int]) -> Any:
    """A copy of the document of which nothing on the path is shared with it."""
    made = holder = copy.copy(document)
    for step in path:
        holder[step] = copy.copy(holder[step])
        holder = holder[step]
    return made


def reshaped(content: bytes, seed: int) -> bytes:
    """A mutant of a JSON text, sometimes of a JSON text within it; other bytes as they are."""
    choose = random.Random(seed)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    for _ in range(choose.randint(1, 3)):
        every = list(paths(document)) if isinstance(document, dict | list) else []
        if not every:
            return json.dumps(document).encode()
        path = choose.choice(every)
        inner = document
        for step in path:
            inner = inner[step]
        if isinstance(inner, str) and inner.startswith("{") and choose.random() < 0.7:
            holder = document
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = reshaped(inner.encode("utf-8", "replace"), seed + 1).decode()
        else:
            document = mutant(document, path, choose.choice(KINDS), choose)
    return json.dumps(document).encode()
