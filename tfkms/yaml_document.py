"""A YAML document that has been read, with the places of what stands in it. Reading it is `strict_yaml`."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

SIZE_LIMIT = 4 * 1024 * 1024
"""No YAML is larger, in bytes; what is, is not read."""


class YamlDocument(Struct, frozen=True):
    """A document as plain Python values, with the place of each (line and column from 1) by its path.

    `names` are the places of the names of members.
    """

    content: Any
    places: Mapping[tuple[str | int, ...], tuple[int, int]]
    names: Mapping[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)

    def place(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """The place of the value at `path`, or of the nearest one around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def name(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """The place of the name of the member at `path`, or of the nearest value around it."""
        return self.names.get(path) or self.place(path)
