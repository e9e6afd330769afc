"""What a front end hands on: the resources of a configuration, before and after, and what else the input tells."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic
from tfkms.finding import Input
from tfkms.location import Origin, Span
from tfkms.values import Hole, Text, Value


class Mode(StrEnum):
    """Whether Terraform manages the object or only reads it."""

    MANAGED = "managed"
    DATA = "data"


class Action(StrEnum):
    """What the plan does with a resource; a replacement is a delete and a create."""

    NO_OP = "no-op"
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    FORGET = "forget"


class Source(StrEnum):
    """Where the values of a resource come from."""

    PLAN = "plan"
    PRIOR_STATE = "prior_state"
    DEFERRED = "deferred"
    STATE = "state"
    SOURCE = "source"


class Omitted(Struct, frozen=True):
    """The configuration does not give the argument, or gives null."""


class Given(Struct, frozen=True):
    """The configuration gives the argument by an expression; `references` are its references, each in full once."""

    references: tuple[str, ...]


class Unseen(Struct, frozen=True):
    """The input holds no configuration for the resource."""


Argument: TypeAlias = Omitted | Given | Unseen


class Link(Struct, frozen=True):
    """A reference followed to resources in the input.

    `address` is one instance, `attribute` the attribute of it that is referred to (dotted; empty for the whole).
    """

    address: str
    attribute: str


class Links(Struct, frozen=True):
    """Where the references of one argument lead. With `complete` False some lead out of what is in view."""

    links: tuple[Link, ...]
    complete: bool


class Account(Struct, frozen=True):
    """The account, partition and Region of a provider block. An unknown account or Region is one hole for all of it.

    `organization` is the id of the organization that the account is known to belong to, None if none is known.
    """

    id: Text
    partition: str
    region: Text
    organization: str | None = None


class Assembled(Struct, frozen=True):
    """A policy document that the plan does not show, put together from what it does.

    A plan shows what an expression refers to, and never the expression. `references` are those of which the document
    was taken to be the value, from the outside in; `statements` are further ones for each statement, whose values were
    taken for parts of it. `sensitive`: some of what it is made of is.
    """

    references: tuple[str, ...]
    statements: tuple[tuple[str, ...], ...]
    sensitive: bool = False

    def of(self, statement: int) -> tuple[str, ...]:
        """Every reference that a statement rests on."""
        return (*self.references, *(self.statements[statement] if statement < len(self.statements) else ()))


def block_type(mode: Mode, kind: str) -> str:
    """A resource type as sites name it: with `data.` before that of a data source."""
    return f"data.{kind}" if mode is Mode.DATA else kind


class Resource(Struct, frozen=True):
    """One instance of a resource or data source.

    `before` and `after` are its attributes, None where it does not exist then; `after` holds `Unknown` for what is
    known after apply. The masks are those of Terraform: `True` covers everything below. `arguments` is None where the
    input holds no configuration for the resource; `links` are by dotted argument path (block indices left out).
    `assembled` tells, by JSON pointer, of the documents in `after` that were put together from references;
    `origins`, by JSON pointer too, where the source says what: empty where there is none. `presence` says why it may
    not be there afterwards, None where it surely is. `left_as` are the attributes as Terraform left them, where a
    refresh found others (`before`); None where it found none.
    """

    address: str
    type: str
    mode: Mode
    module: str
    index: int | str | None
    source: Source
    account: Account
    actions: frozenset[Action]
    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None
    before_sensitive: Value
    after_sensitive: Value
    arguments: Mapping[str, Argument] | None
    links: Mapping[str, Links]
    assembled: Mapping[str, Assembled] = field(default_factory=dict)
    presence: Hole | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)
    left_as: Mapping[str, Value] | None = None

    def origin(self, path: str) -> Origin:
        """Where what stands at a JSON pointer was written, as near as the source tells."""
        nearest = path
        while nearest and nearest not in self.origins:
            nearest = nearest.rpartition("/")[0]
        found = self.origins.get(nearest)
        return Origin(self.address, path) if found is None else replace(found, path=path)

    @property
    def block_type(self) -> str:
        """The type, with `data.` before that of a data source: the two share names."""
        return block_type(self.mode, self.type)

    @property
    def is_made(self) -> bool:
        """Whether the plan makes it; what exists keeps what the configuration does not give."""
        return self.before is None or Action.CREATE in self.actions

    def argument(self, name: str) -> Argument:
        """How the configuration gives a top-level argument."""
        return Unseen() if self.arguments is None else self.arguments.get(name, Omitted())


class Annotation(Struct, frozen=True):
    """A comment in the source that is addressed to tfkms.

    `text` is what it says behind `tfkms:`, `span` where it stands. `about` is the block, argument or element that it
    is on or above, None where there is none; with `call` that is a module call.
    """

    text: str
    span: Span
    about: Span | None
    call: bool = False


def no_text(_file: str) -> None:
    """There is no source in view."""
    return


class Scan(Struct, frozen=True):
    """One input, read. `resources` are those of the types that were asked for, in the input's order.

    `taken` are the addresses of the data sources among them whose value something takes, be it read or not.
    `annotations` are those of its source, where it has one. `named` are the files that the user asked about, None for
    all of them: what stands in others, and is not called from these, is read but not reported. `source_text` gives what
    stands in a file of the source, by the name that spans use; None where that cannot be had.
    """

    input: Input
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]
    taken: frozenset[str] = frozenset()
    annotations: tuple[Annotation, ...] = ()
    named: frozenset[str] | None = None
    source_text: Callable[[str], str | None] = no_text

    def asks_about(self, origins: Iterable[Origin]) -> bool:
        """Whether any of these places is in a file that was named, or called from there."""
        return self.named is None or any(not self.named.isdisjoint(origin.files) for origin in origins)

    def reported(self) -> frozenset[str] | None:
        """The addresses of the resources whose blocks are asked about; None for all."""
        if self.named is None:
            return None
        blocks = ((own.address, own.origins.get("")) for own in self.resources)
        return frozenset(address for address, origin in blocks if origin is not None and self.asks_about([origin]))


def masked(mask: Value, path: tuple[str | int, ...]) -> bool:
    """Whether a sensitivity mask covers the value at `path` or anything in it."""
    for step in path:
        if mask is True:
            return True
        match mask:
            case Mapping():
                mask = mask.get(str(step), False)
            case tuple() if isinstance(step, int) and step < len(mask):
                mask = mask[step]
            case _:
                return False
    return _any_marked(mask)


def _any_marked(mask: Value) -> bool:
    match mask:
        case bool():
            return mask
        case Mapping():
            return any(map(_any_marked, mask.values()))
        case tuple():
            return any(map(_any_marked, mask))
        case _:
            return False
