"""Where arguments lead whose value is not known, by what the source evaluates them to."""

from collections.abc import Mapping

from tfkms.model import Link, Links
from tfkms.values import Unknown, Value


def told_links(address: str, attributes: Mapping[str, Value]) -> dict[str, Links]:
    """For each argument of the resource at `address` that is nothing but attributes of others, which ones these are.

    References alone do not tell that of `k[1 - count.index].arn`; the hole that it is evaluated to does.
    """
    found: dict[str, Links] = {}
    for name, value in attributes.items():
        items = value if isinstance(value, tuple) else (value,)
        holes = [item.hole for item in items if isinstance(item, Unknown)]
        if holes and all(hole.address not in ("", address) and hole.path.count("/") == 1 for hole in holes):
            links = (Link(hole.address, hole.path.removeprefix("/")) for hole in holes)
            found[name] = Links(tuple(dict.fromkeys(links)), complete=True)
    return found
