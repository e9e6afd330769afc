"""The rows of a matrix as every form of it tells them: a principal after the plan and before it, column by column."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from tfkms.iam.actions import KmsAction
from tfkms.queries.access import Cell, Column, How, KeyAccess, Row, column_of, in_column
from tfkms.queries.can import Access
from tfkms.queries.people import Kind
from tfkms.report.can import in_words
from tfkms.report.sentences import need

HEADS = {
    Column.MATERIAL: "material",
    Column.DELETION: "delete",
    Column.DISABLE: "disable",
    Column.POLICY: "policy",
    Column.ROTATION: "rotation",
    Column.ADMIN: "other",
    Column.USE: "use",
    Column.GRANT: "grant",
}
WAYS = {Access.DIRECTLY: "direct", Access.BY_GRANT: "grant", Access.BY_IAM: "IAM"}
REMARKS = {Kind.ROOT: "root user", Kind.ACCOUNT: "the account"}
HIDDEN = "the key policy is sensitive: principals that only it names are left out"


class Line(Struct, frozen=True):
    """A row after the plan with the same principal's row before it; either may be missing."""

    after: Row | None
    before: Row | None
    compared: bool

    @property
    def row(self) -> Row:
        """The row that says who it is."""
        row = self.after or self.before
        assert row is not None
        return row

    @property
    def change(self) -> str | None:
        """`added`, `removed` or `changed`; None where nothing changes or there is nothing to compare."""
        if not self.compared or _same(self.after, self.before):
            return None
        if self.before is None or not self.before.cells:
            return "added"
        return "removed" if self.after is None or not self.after.cells else "changed"


def _same(one: Row | None, other: Row | None) -> bool:
    mine, theirs = (row.cells if row else {} for row in (one, other))
    return mine.keys() == theirs.keys() and all(
        (cell.how, cell.access, cell.services) == (theirs[name].how, theirs[name].access, theirs[name].services)
        for name, cell in mine.items()
    )


def lines(key: KeyAccess) -> Iterator[Line]:
    """The rows of a key's matrix, those that are no more last."""
    compared = key.after is not None and key.before is not None
    after, before = key.after or (), key.before or ()
    known = {(row.kind, str(row.principal)): row for row in before}
    for row in after:
        yield Line(row, known.pop((row.kind, str(row.principal)), None), compared)
    for row in known.values():
        if not compared or row.cells:
            yield Line(None, row, compared)


def state(key: KeyAccess) -> str:
    """`created`, `destroyed` or `kept`."""
    return "destroyed" if key.after is None else "created" if key.before is None else "kept"


def columns(row: Row | None, actions: Sequence[KmsAction]) -> dict[Column, Cell]:
    """What the row says in each column; nothing where there is no row."""
    own: Mapping[str, Cell] = row.cells if row else {}
    return {column: in_column(own, counted) for column, counted in _by_column(tuple(actions)).items()}


@lru_cache(maxsize=4)
def _by_column(actions: tuple[KmsAction, ...]) -> Mapping[Column, Sequence[KmsAction]]:
    return {column: [action for action in actions if column_of(action) is column] for column in Column}


def narrowing(cell: Cell) -> Iterator[str]:
    """What narrows the access of a cell, in words."""
    by = {Access.DIRECTLY: "by the key policy", Access.BY_IAM: "by IAM", Access.BY_GRANT: "by a grant", None: ""}
    match cell.how:
        case How.VIA:
            yield f"{by[cell.access]}, only via {' or '.join(cell.services) or 'a service'}"
        case How.CONDITIONS:
            example = "conditions of a sensitive policy" if cell.demands is None else in_words(cell.demands)
            yield f"{by[cell.access]}, for example {example}" if cell.demands else f"{by[cell.access]}, {example}"
        case How.UNKNOWN:
            yield from dict.fromkeys(f"needs {need(hole)}" for hole in cell.needs)
        case How.FREELY | How.NONE:
            return
