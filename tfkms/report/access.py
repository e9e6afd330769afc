"""The matrix of `tfkms access`: for people, and as JSON."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tfkms.finding import Input
from tfkms.iam.actions import KmsAction
from tfkms.queries.access import NOTHING, Cell, Column, How, KeyAccess, column_of
from tfkms.report import rows
from tfkms.report.can import DemandV1
from tfkms.report.display import shown
from tfkms.report.json_text import written
from tfkms.report.rows import Line
from tfkms.report.structure import InputV1, NeedV1

WIDTH = 100
_CELL = 9

_HOW = {How.CONDITIONS: "if", How.VIA: "via", How.UNKNOWN: "?", How.NONE: "-"}

_COLUMNS = (
    "material, delete, disable, policy, rotation: kms:DeleteImportedKeyMaterial, ScheduleKeyDeletion, DisableKey, "
    "PutKeyPolicy, DisableKeyRotation; other: the rest of administration; use: cryptographic operations; grant: making "
    "and ending grants"
)
_CELLS = (
    "direct: by the key policy; grant: by a grant; IAM: by identity policies; via: only through a service; if: under "
    "conditions; ?: what is not known decides; ~: some of the actions only"
)


class CellV1(msgspec.Struct, frozen=True):
    """How something is allowed: `how` is freely, conditions, via, unknown or none.

    `access` is directly, by_grant or by_iam, null with none; `services` are those through which alone; `demands` an
    example of what the request holds, null where a policy in play is sensitive; `some`: not all actions of the column.
    """

    how: str
    access: str | None
    services: list[str]
    demands: list[DemandV1] | None
    needs: list[NeedV1]
    some: bool


class PermissionV1(msgspec.Struct, frozen=True):
    """One action: how it is allowed after the plan, and before it (null where there was no key)."""

    action: str
    column: str
    after: CellV1
    before: CellV1 | None


class PrincipalV1(msgspec.Struct, frozen=True):
    """A row: `columns` has an entry for each column, `permissions` one for each action that is or was allowed."""

    principal: str
    kind: str
    address: str | None
    note: str | None
    change: str | None
    columns: dict[str, CellV1]
    permissions: list[PermissionV1]


class KeyV1(msgspec.Struct, frozen=True):
    """The matrix of a key; `state` is kept, created or destroyed. `hidden`: its policy is sensitive."""

    input: int
    address: str
    arn: str
    state: str
    hidden: bool
    principals: list[PrincipalV1]


class AccessV1(msgspec.Struct, frozen=True):
    """All matrices. `version` is 1."""

    version: int
    inputs: list[InputV1]
    keys: list[KeyV1]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the matrices."""
    described = msgspec.json.schema(AccessV1)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "tfkms access, version 1", **described}


def render_json(inputs: Sequence[Input], keys: Sequence[Sequence[KeyAccess]], actions: Sequence[KmsAction]) -> str:
    """The matrices of each input as JSON, ASCII only."""
    content = AccessV1(
        version=1,
        inputs=[InputV1(item.path, item.kind) for item in inputs],
        keys=[_key(place, key, actions) for place, own in enumerate(keys) for key in own],
    )
    return written(msgspec.to_builtins(content))


def _key(place: int, key: KeyAccess, actions: Sequence[KmsAction]) -> KeyV1:
    principals = [_principal(line, actions) for line in rows.lines(key)]
    return KeyV1(place, key.address, str(key.arn), rows.state(key), key.hidden, principals)


def _principal(line: Line, actions: Sequence[KmsAction]) -> PrincipalV1:
    now = line.after.cells if line.after else {}
    then = line.before.cells if line.before else {}
    permissions = [
        PermissionV1(
            f"kms:{action.name}",
            column.value,
            _cell(now.get(action.name, NOTHING)),
            _cell(then.get(action.name, NOTHING)) if line.compared else None,
        )
        for action in actions
        if (column := column_of(action)) is not None and (action.name in now or (line.compared and action.name in then))
    ]
    row = line.row
    columns = {column.value: _cell(cell) for column, cell in rows.columns(line.after, actions).items()}
    return PrincipalV1(str(row.principal), row.kind.value, row.address, row.note, line.change, columns, permissions)


def _cell(cell: Cell) -> CellV1:
    demands = cell.demands
    return CellV1(
        how=cell.how.value,
        access=None if cell.access is None else cell.access.value,
        services=list(cell.services),
        demands=None
        if demands is None
        else [DemandV1(name, None if own is None else list(map(str, own))) for name, own in demands],
        needs=[NeedV1(hole.address, hole.path, list(hole.references), hole.reason) for hole in cell.needs],
        some=cell.some,
    )


def render_text(keys: Sequence[KeyAccess], actions: Sequence[KmsAction]) -> str:
    """The matrices for people: a table for each key, with what narrows or changes below each row."""
    if not keys:
        return "there are no keys in the input\n"
    tables = ["".join(f"{line}\n" for line in _table(key, actions)) for key in keys]
    legend = "".join(
        f"{line}\n" for text in (_COLUMNS, _CELLS) for line in textwrap.wrap(text, WIDTH, subsequent_indent="  ")
    )
    return "\n".join([*tables, legend])


def _table(key: KeyAccess, actions: Sequence[KmsAction]) -> Iterator[str]:
    state = {"created": " (created by the plan)", "destroyed": " (destroyed by the plan)", "kept": ""}[rows.state(key)]
    yield f"{shown(key.address)}{state}"
    if key.after is None:
        return
    yield "  " + "".join(f"{rows.HEADS[column]:<{_CELL}}" for column in Column) + "principal"
    for line in rows.lines(key):
        now = rows.columns(line.after, actions)
        mark = {"added": "+", "removed": "-", "changed": "~", None: " "}[line.change]
        remark = f" ({rows.REMARKS[line.row.kind]})" if line.row.kind in rows.REMARKS else ""
        words = "".join(f"{_word(now[column]):<{_CELL}}" for column in Column)
        yield f"{mark} {words}{shown(str(line.row.principal))}{remark}"
        yield from _details(line, now, rows.columns(line.before, actions))
    if key.hidden:
        yield from _told(rows.HIDDEN)


def _word(cell: Cell) -> str:
    word = _HOW.get(cell.how) or (rows.WAYS[cell.access] if cell.access else "?")
    return word + ("~" if cell.some else "")


def _details(line: Line, now: Mapping[Column, Cell], then: Mapping[Column, Cell]) -> Iterator[str]:
    if line.row.note:
        yield from _told(line.row.note)
    if line.after is not None:
        said: dict[str, list[str]] = {}
        for column, cell in now.items():
            for words in rows.narrowing(cell):
                said.setdefault(words, []).append(rows.HEADS[column])
        for words, heads in said.items():
            yield from _told(f"{', '.join(heads)}: {words}")
    if line.change == "changed":
        changes = [
            f"{rows.HEADS[column]} {_word(then[column])} → {_word(now[column])}"
            for column in Column
            if _word(then[column]) != _word(now[column])
        ]
        yield from _told(f"changes: {', '.join(changes) or 'which actions, or how'}")
    elif line.change == "removed":
        had = [f"{rows.HEADS[column]} {_word(cell)}" for column, cell in then.items() if cell.how is not How.NONE]
        yield from _told(f"had: {', '.join(had)}")


def _told(text: str) -> Iterator[str]:
    indent = " " * 6
    yield from textwrap.wrap(
        shown(text), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip
