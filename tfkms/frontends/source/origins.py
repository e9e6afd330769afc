"""Where the parts of a resource were written, worked out when somebody asks: of most resources nobody does."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.frontends.hcl.export import span
from tfkms.frontends.hcl.terms import (
    HoledText,
    List,
    Map,
    Object,
    Place,
    Set,
    Term,
    Text,
    Tuple,
    items,
    text_parts,
)
from tfkms.frontends.source.documents import written_places
from tfkms.location import Origin, Span


class Naming(Struct, frozen=True):
    """How reports call files; `files` are those that were called so, by these names."""

    shown: Callable[[str], str]
    files: dict[str, str] = field(default_factory=dict)

    def origin(self, address: str, pointer: str, place: Place) -> Origin:
        """The origin of what stands at a JSON pointer into a resource."""
        lines = [self.lines(call) for call in place.calls]
        through = tuple(f"{call.file}:{call.line}" for call in lines)
        return Origin(address, pointer, self.lines(place), through)

    def lines(self, place: Place) -> Span:
        """The lines of a place in a file that is called as reports call it."""
        lines = span(place)
        file = self.shown(lines.file)
        self.files.setdefault(file, lines.file)
        return lines if file == lines.file else replace(lines, file=file)


class Origins(Mapping[str, Origin]):
    """The origins of a block, at the empty JSON pointer, and of the parts of its attributes.

    Of two terms for one attribute the places of the later one count.
    """

    def __init__(self, address: str, block: Place, attributes: Iterable[tuple[str, Term]], naming: Naming):
        self.address = address
        self.block = block
        self.attributes = tuple(attributes)
        self.naming = naming

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """The places of all parts, by JSON pointer."""
        found = {"": self.block}
        for name, term in self.attributes:
            found.update({f"/{name}{path}": place for path, place in written_places(term).items()})
        return found

    def __getitem__(self, pointer: str) -> Origin:
        return self.naming.origin(self.address, pointer, self.places[pointer] if pointer else self.block)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, pointer: object) -> bool:
        return pointer in self.places

    def __bool__(self) -> bool:
        return True


def written_parts(term: Term) -> int:
    """How many parts of a value have a place at most, the documents in its texts counted by what tells elements apart.

    Nothing is decoded for it.
    """
    count = 0
    pending: list[Term] = [term]
    while pending:
        part = pending.pop()
        count += 1
        match part:
            case Text() | HoledText() if part.document is not None:
                pending.append(part.document)
            case Text(value=text) | HoledText(prefix=text) if text.lstrip()[:1] in ("{", "["):
                written = [own for own in text_parts(part) if isinstance(own, str)]
                count += sum([own.count(mark) for own in written for mark in "{[,"])
            case List() | Set() | Tuple() | Map() | Object():
                pending += items(part)
            case _:
                pass
    return count
