"""Who may do what with each key, and by which way: the matrix of principals and permissions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from tfkms.extract import Key
from tfkms.iam.actions import ActionClass, KmsAction
from tfkms.iam.callers import CallerKind
from tfkms.iam.case import Case, Granted
from tfkms.iam.coverage import coverage
from tfkms.iam.document import Policy, Statement
from tfkms.iam.grants import has_variables
from tfkms.iam.key_values import Free, Reading
from tfkms.iam.naming import PRINCIPAL_ARN, Way
from tfkms.iam.search import BeyondLimitsError
from tfkms.queries.can import Access, Demand, bundle_of, demands, statements
from tfkms.queries.names import Asker
from tfkms.queries.people import Kind, People
from tfkms.queries.sight import Sight
from tfkms.values import Hole, Text, plain

VIA = "kms:viaservice"
GUARDED = ("DeleteImportedKeyMaterial", "ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "DisableKeyRotation")
"""The five actions that guardrails 2, 3, 4, 5 and 7 guard."""


class Column(StrEnum):
    """A column of the matrix: one of the five guarded actions, or a class of actions."""

    MATERIAL = "delete_material"
    DELETION = "schedule_deletion"
    DISABLE = "disable"
    POLICY = "put_policy"
    ROTATION = "disable_rotation"
    ADMIN = "other_administration"
    USE = "use"
    GRANT = "grant"


_GUARDED = dict(zip(GUARDED, Column, strict=False))
_CLASSES = {ActionClass.ADMIN: Column.ADMIN, ActionClass.CRYPTO: Column.USE, ActionClass.GRANT: Column.GRANT}


def column_of(action: KmsAction) -> Column | None:
    """The column that the action counts in; None for one that is neither administration nor use."""
    return _GUARDED.get(action.name) or _CLASSES.get(action.action_class)


class How(StrEnum):
    """How far an action is allowed, the most first.

    `FREELY`: a plain request suffices. `VIA`: only a request that a service makes on the principal's behalf is allowed.
    `CONDITIONS`: only one that meets conditions. `UNKNOWN`: what is not known decides.
    """

    FREELY = "freely"
    CONDITIONS = "conditions"
    VIA = "via"
    UNKNOWN = "unknown"
    NONE = "none"


_RANK = {how: place for place, how in enumerate(How)}


class Cell(Struct, frozen=True):
    """How an action, or a class of actions, is allowed to one principal.

    `access` is by which way; `services` are those through which alone; `demands` is what an allowed request holds, None
    where a policy in play is sensitive; `needs` what is not known; `some`: not all actions of the class are allowed.
    """

    how: How
    access: Access | None = None
    services: tuple[str, ...] = ()
    demands: tuple[Demand, ...] | None = ()
    needs: tuple[Hole, ...] = ()
    some: bool = False

    @property
    def rank(self) -> int:
        """The less, the more is allowed."""
        return _RANK[self.how]


NOTHING = Cell(How.NONE)


class Row(Struct, frozen=True):
    """A principal, or a kind of principals, with what it may do, by the names of actions.

    `address` is its own resource, or for WHOEVER that of the document. `note` says why a NOBODY is nobody, and of a
    principal of another account that both accounts decide.
    """

    principal: Text
    kind: Kind
    cells: Mapping[str, Cell]
    address: str | None = None
    note: str | None = None


class KeyAccess(Struct, frozen=True):
    """The matrix of one key, after the plan and before it.

    `before` is None where the key does not exist then, `after` where the plan destroys it. `hidden`: its policy is
    sensitive, and principals that only it names are left out.
    """

    address: str
    arn: Text
    after: tuple[Row, ...] | None
    before: tuple[Row, ...] | None
    hidden: bool = False


BOTH_ACCOUNTS = "its own account must allow it too"


def matrices(after: Sight, before: Sight) -> Iterator[KeyAccess]:
    """The matrix of every key of the input, in the input's order. Where both sides of the plan are one sight, once."""
    for address in dict.fromkeys((*after.keys, *before.keys)):
        key = after.keys.get(address) or before.keys[address]
        now = tuple(_matrix(after, after.keys[address]).rows()) if address in after.keys else None
        then = now
        if before is not after:
            then = tuple(_matrix(before, before.keys[address]).rows()) if address in before.keys else None
        yield KeyAccess(address, key.arn, now, then, hidden=any(document.sensitive for document in key.documents))


def in_column(cells: Mapping[str, Cell], actions: Sequence[KmsAction]) -> Cell:
    """What a row says of the actions of a column: the most that any is allowed, and whether only some of them are."""
    own = [cell for action in actions if (cell := cells.get(action.name)) is not None and cell.how is not How.NONE]
    if not own:
        return NOTHING
    best = min(own, key=lambda cell: cell.rank)
    return best if len(own) == len(actions) else replace(best, some=True)


def _matrix(sight: Sight, key: Key) -> "_Matrix":
    actions = [action for action in sight.question.actions.values() if column_of(action)]
    return _Matrix(sight, key, sight.policies(key), actions)


class _Matrix(Struct):
    sight: Sight
    key: Key
    policies: list[Policy]
    actions: list[KmsAction]

    def rows(self) -> Iterator[Row]:
        """Everybody who is named or holds documents; kinds of principals only where they may do anything."""
        people = People(self.sight, self.key, self.policies, self.actions[0])
        found = [Row(p.shown, p.kind, self.cells(p.askers), p.address, self.note(p.askers)) for p in people]
        optional = (Kind.ANYONE, Kind.ANYONE_ELSEWHERE, Kind.ANY_SERVICE, Kind.WHOEVER)
        kept = [row for row in found if row.kind not in optional or row.cells]
        nobodies = [Row(shown, Kind.NOBODY, {}, note=why) for shown, why in people.nobodies().items()]
        order = list(Kind)
        yield from sorted((*kept, *nobodies), key=lambda row: (order.index(row.kind), str(row.principal)))

    def note(self, askers: tuple[Asker, ...]) -> str | None:
        """What else decides for these askers."""
        decides = (own.caller.kind is not CallerKind.ROOT and self.is_foreign(own) for own in askers)
        return BOTH_ACCOUNTS if any(decides) else None

    def is_foreign(self, asker: Asker) -> bool:
        """Whether the asker is known to be of another account than the key."""
        own, home = asker.caller.account, self.key.resource.account.id
        return isinstance(own, str) and isinstance(home, str) and bool(own) and own != home

    def cells(self, askers: tuple[Asker, ...]) -> dict[str, Cell]:
        """The most that any of the askers may do, by action; nothing for what they may not.

        Where the key has two policies that differ in an action, which one counts is not known.
        """
        found: dict[str, Cell] = {}
        for asker in askers:
            by_policy = [dict(self.of(policy, asker)) for policy in self.policies]
            for name in dict.fromkeys(name for cells in by_policy for name in cells):
                own = [cells.get(name, NOTHING) for cells in by_policy]
                cell = min(own, key=lambda one: one.rank)
                cell = Cell(How.UNKNOWN, cell.access) if any(one.how is How.NONE for one in own) else cell
                if cell.rank < found.get(name, NOTHING).rank:
                    found[name] = cell
        return found

    def of(self, policy: Policy, asker: Asker) -> Iterator[tuple[str, Cell]]:
        """What one policy of the key lets the asker do, by action."""
        bundle = bundle_of(asker, self.key, self.sight)
        case = Case(policy, bundle, asker.caller, self.sight.question.target(self.key), self.actions[0])
        foreign = self.is_foreign(asker)
        named = _named(case)
        for alike in _alike(case, [action for action in self.actions if action.cross_account or not foreign], named):
            cell = self.cell(replace(case, action=alike[0]), named)
            yield from ((action.name, cell) for action in alike if cell.how is not How.NONE)

    def cell(self, case: Case, named: frozenset[str]) -> Cell:
        """What the case's action is allowed; `named` are the condition keys that the policies name."""
        keys = case.keys()
        chosen = frozenset(name for name in named if isinstance(state := keys(name), Free) and state.optional)
        try:
            freely = replace(case, without=chosen).granted(Reading.STRICT)
            freely = [own for own in freely if PRINCIPAL_ARN not in dict(own.solution.context) or case.caller.name]
            if freely:
                best = min(freely, key=lambda own: own.grant.way is Way.ACCOUNT)
                return Cell(How.FREELY, self.access(best))
            direct = replace(case, without=frozenset({VIA})).granted(Reading.STRICT)
            granted = direct or (case.granted(Reading.STRICT) if VIA in named else [])
            if not granted:
                return self.perhaps(case)
        except BeyondLimitsError:
            return Cell(How.UNKNOWN)
        best = min(granted, key=lambda own: own.grant.way is Way.ACCOUNT)
        hidden = any(map(self.sight.is_sensitive, (best.grant.statement, *best.grant.support)))
        told = None if hidden else demands(case, best)
        if direct:
            return Cell(How.CONDITIONS, self.access(best), demands=told)
        return Cell(How.VIA, self.access(best), () if hidden else _services(granted), told)

    def perhaps(self, case: Case) -> Cell:
        loose = case.granted(Reading.LOOSE)
        holes = {hole for granted in loose for hole in granted.solution.holes}
        if not loose:
            return NOTHING
        best = min(loose, key=lambda own: own.grant.way is Way.ACCOUNT)
        return Cell(How.UNKNOWN, self.access(best), needs=tuple(sorted(holes, key=repr)))

    def access(self, granted: Granted) -> Access:
        """By which way the statement grants."""
        if granted.grant.way is Way.ACCOUNT:
            return Access.BY_IAM
        by_grant = any(own is granted.grant.statement for own in self.sight.question.granted_on(self.key))
        return Access.BY_GRANT if by_grant else Access.DIRECTLY


def _alike(case: Case, actions: Sequence[KmsAction], named: frozenset[str]) -> list[list[KmsAction]]:
    """The actions that the documents may allow the caller, those that they treat alike together.

    Of the condition keys of their requests those count that the policies name.
    """
    names = tuple(action.name for action in actions)
    granting = (case.key_policy, *case.bundle.identity)
    others = (*case.bundle.boundaries, *(guard.policy for guard in case.bundle.guards))
    numbers = [coverage(policy, names).alike for policy in (*granting, *others)]
    groups: dict[tuple[object, ...], list[KmsAction]] = {}
    for place in sorted(case.reach(names)):
        carried = frozenset(key for key in named if key.startswith(actions[place].keys))
        groups.setdefault((*(column[place] for column in numbers), carried), []).append(actions[place])
    return list(groups.values())


_VARIABLE = re.compile(r"\$\{([^},]+)")


def _named(case: Case) -> frozenset[str]:
    """The condition keys that the case's policies and their variables name, in lower case."""
    return frozenset().union(*(_named_by(own) for own in statements(case) if isinstance(own, Statement)))


@lru_cache(maxsize=16_384)
def _named_by(statement: Statement) -> frozenset[str]:
    named = {condition.key.lower() for condition in statement.conditions}
    if has_variables(statement):
        named |= {key.strip().lower() for key in _VARIABLE.findall(str(plain(statement.source)))}
    return frozenset(named)


def _services(granted: Sequence[Granted]) -> tuple[str, ...]:
    """The services through which alone the statements grant: as their conditions name them, else an example."""
    found: dict[str, None] = {}
    for own in granted:
        written = [
            str(value)
            for statement in (own.grant.statement, *own.grant.support)
            if isinstance(statement, Statement)
            for condition in statement.conditions
            if condition.key.lower() == VIA
            for value in condition.values
        ]
        example = dict(own.solution.context).get(VIA) or ()
        found |= dict.fromkeys(written or map(str, example))
    return tuple(found)
