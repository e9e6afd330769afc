"""The matrix of a key as it is drawn: a mark for each cell, and numbered notes below for what narrows it."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.finding import Input
from tfkms.iam.actions import KmsAction
from tfkms.queries.access import Cell, Column, How, KeyAccess, Row
from tfkms.queries.can import Access
from tfkms.queries.people import Kind
from tfkms.report import page, rows
from tfkms.report.rows import Line

Place = tuple[str, str, Column]
"""A cell of the matrices of one input: the key's address, the principal, the column."""

ANYONE = "*"
"""The principal of what is asked of everyone: of each row but the root user's, who is authorized."""

ROOM = 400
"""So many rows are open at first; the matrices after them show their counts until they are opened."""

ELSEWISE = "the plan changes which actions, or how"
_ADMINISTRATION = frozenset(Column) - {Column.USE, Column.GRANT}
_SHAPES = {Access.DIRECTLY: "direct", Access.BY_IAM: "iam", Access.BY_GRANT: "bygrant"}
_FILLS = {How.FREELY: "freely", How.VIA: "via", How.CONDITIONS: "if", How.UNKNOWN: "unknown", How.NONE: "none"}


class About(Struct, frozen=True):
    """The anchors of the findings about cells of one input: what violations prove, and what is left `asked`, which is
    about a cell only where the unknown decides."""

    proven: dict[Place, str] = field(default_factory=dict)
    asked: dict[Place, str] = field(default_factory=dict)

    def of(self, key: str, row: Row, column: Column, cell: Cell) -> str:
        """The anchor of the finding about a cell, empty where there is none."""
        place = (key, str(row.principal), column)
        found = self.proven.get(place, "")
        if not found and cell.how is How.UNKNOWN:
            found = self.asked.get(place, "")
            if not found and row.kind is not Kind.ROOT:
                found = self.asked.get((key, ANYONE, column), "")
        return found


class Mark(Struct, frozen=True):
    """What stands in a cell: `shape` and `fill` say by which way and how far, as `word` and `suffix` do.

    `notes` are the numbers of the notes that narrow it; `was` is the mark before the plan where that is another;
    `finding` the anchor of a finding about it, empty where there is none.
    """

    shape: str
    fill: str
    word: str
    suffix: str
    some: bool
    notes: tuple[int, ...] = ()
    was: "Mark | None" = None
    finding: str = ""


class Drawn(Struct, frozen=True):
    """A row: who it is, what the plan does to it, and its marks in the order of the columns."""

    principal: str
    remark: str
    address: str
    change: str
    notes: tuple[int, ...]
    marks: tuple[Mark, ...]


class Picture(Struct, frozen=True):
    """The matrix of a key. `holders` counts the principals of each of the three kinds of powers."""

    anchor: str
    input: int
    address: str
    state: str
    open: bool
    rows: tuple[Drawn, ...]
    notes: tuple[str, ...]
    holders: tuple[tuple[int, str], ...]
    changes: int
    findings: int


class _Notes(Struct):
    """The notes of a key in the order in which they are first needed, each once."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, texts: Iterable[str]) -> tuple[int, ...]:
        """The numbers of the texts."""
        return tuple([self.numbers.setdefault(text, len(self.numbers) + 1) for text in texts])


def pictures(
    keys: Sequence[Sequence[KeyAccess]], actions: Sequence[KmsAction], findings: Sequence[About] = ()
) -> list[Picture]:
    """The matrices of all inputs. `findings` are, for each input, those about its cells."""
    drawn: list[Picture] = []
    room = ROOM
    for place, own in enumerate(keys):
        for key in own:
            told = findings[place] if findings else About()
            drawn.append(_picture(key, place, f"k{len(drawn) + 1}", actions, told, is_open=room > 0))
            room -= len(drawn[-1].rows)
    return drawn


def all_open(drawn: Sequence[Picture]) -> bool:
    """Whether there are so few rows that all stand open."""
    return all(own.open for own in drawn)


def render(keys: Sequence[Sequence[KeyAccess]], actions: Sequence[KmsAction], inputs: Sequence[Input]) -> str:
    """The page of `tfkms access`."""
    drawn = pictures(keys, actions)
    columns = list(rows.HEADS.items())
    return page.render("access.html", pictures=drawn, inputs=inputs, columns=columns, many=not all_open(drawn))


def _picture(
    key: KeyAccess, place: int, anchor: str, actions: Sequence[KmsAction], told: About, *, is_open: bool
) -> Picture:
    notes = _Notes()
    drawn = tuple(_drawn(line, key, actions, notes, told) for line in rows.lines(key))
    return Picture(
        anchor=anchor,
        input=place,
        address=key.address,
        state=rows.state(key),
        open=is_open,
        rows=drawn,
        notes=(*notes.numbers, *([rows.HIDDEN] if key.hidden else [])),
        holders=tuple(_holders(drawn)),
        changes=sum(bool(row.change) for row in drawn),
        findings=len({mark.finding for row in drawn for mark in row.marks if mark.finding}),
    )


def _holders(drawn: Sequence[Drawn]) -> Iterable[tuple[int, str]]:
    for word, counted in (
        ("administered by", _ADMINISTRATION),
        ("used by", {Column.USE}),
        ("granted by", {Column.GRANT}),
    ):
        yield sum(_may(row, counted) for row in drawn), word


def _may(row: Drawn, counted: Iterable[Column]) -> bool:
    places = [place for place, column in enumerate(Column) if column in counted]
    return any(row.marks[place].fill != "none" for place in places)


def _drawn(line: Line, key: KeyAccess, actions: Sequence[KmsAction], notes: _Notes, told: About) -> Drawn:
    row, change = line.row, line.change
    now = rows.columns(line.after if line.compared or line.after else row, actions)
    then = rows.columns(line.before, actions) if change in ("changed", "removed") else now
    marks: list[Mark] = []
    for column, cell in now.items():
        finding = told.of(key.address, row, column, cell)
        was = _mark(then[column]) if then[column] is not cell else None
        mark = _mark(cell, notes.of(rows.narrowing(cell)), finding=finding)
        marks.append(mark if was is None or _alike(mark, was) else replace(mark, was=was))
    said = [row.note] if row.note else []
    if change == "changed" and not any(mark.was for mark in marks):
        said.append(ELSEWISE)
    return Drawn(
        principal=str(row.principal),
        remark=rows.REMARKS.get(row.kind, ""),
        address=row.address or "",
        change=change or "",
        notes=notes.of(said),
        marks=tuple(marks),
    )


def _alike(one: Mark, other: Mark) -> bool:
    """Whether the two say the same of the power itself."""
    return (one.shape, one.fill, one.some) == (other.shape, other.fill, other.some)


def _mark(cell: Cell, notes: tuple[int, ...] = (), finding: str = "") -> Mark:
    way = rows.WAYS[cell.access] if cell.access else ""
    word, suffix = {
        How.FREELY: (way, ""),
        How.VIA: (way, "via"),
        How.CONDITIONS: (way, "if"),
        How.UNKNOWN: ("?", ""),
        How.NONE: ("–", ""),
    }[cell.how]
    shape = _SHAPES[cell.access] if cell.access else ""
    return Mark(shape, _FILLS[cell.how], word, suffix, cell.some, notes, finding=finding)
