"""Who a Principal element names, asked for one caller.

Source: IAM User Guide, reference_policies_elements_principal and reference_policies_elements_notprincipal.
"""

from typing import assert_never

from msgspec import Struct

from tfkms.iam.automaton import matches, may_match
from tfkms.iam.comparisons import FALSE, TRUE, Ground, unsure
from tfkms.iam.document import Missing, PrincipalName, Principals, PrincipalType
from tfkms.iam.pattern import literal
from tfkms.values import Hole, Text, text, text_parts

EVERYONE = "*"


class RootUser(Struct, frozen=True):
    """The root user of an account. `account` is its id, `partition` that of its ARNs."""

    account: Text
    partition: str

    @property
    def arn(self) -> Text:
        """The ARN of the root user, which is also how a policy names the whole account."""
        return text(f"arn:{self.partition}:iam::", *text_parts(self.account), ":root")

    def is_named_by(self, value: Text) -> bool:
        """Whether an AWS principal surely names the account: by the ARN of its root user or by its bare id."""
        return value in (self.arn, self.account)


def either(*grounds: Ground) -> Ground:
    """True where one of them is."""
    certain = any(ground.certain for ground in grounds)
    possible = any(ground.possible for ground in grounds)
    holes = frozenset[Hole]().union(*(ground.holes for ground in grounds)) if possible and not certain else frozenset()
    return Ground(certain, possible, holes)


def equal(one: Text, other: Text) -> Ground:
    """Whether two texts are the same; equal holes are."""
    if isinstance(one, str) and isinstance(other, str):
        return TRUE if one == other else FALSE
    if matches(literal(one), other):
        return TRUE
    if not may_match(literal(one), other):
        return FALSE
    return unsure(*(part for side in (one, other) for part in text_parts(side) if isinstance(part, Hole)))


def names_root(name: PrincipalName, root: RootUser) -> Ground:
    """Whether the entry names the root user: its ARN, the bare account id, or everyone."""
    match name.type:
        case PrincipalType.AWS:
            if name.value == EVERYONE:
                return TRUE
            by_arn = equal(name.value, root.arn)
            return either(by_arn, equal(name.value, root.account)) if could_be_account_id(name.value) else by_arn
        case PrincipalType.SERVICE | PrincipalType.FEDERATED:
            return FALSE
    assert_never(name.type)


def matches_root(principals: Principals | Missing, root: RootUser) -> Ground:
    """Whether a statement with these principals is about the root user.

    NotPrincipal is about everyone but the named; naming the account spares its root user.
    """
    match principals:
        case Missing():
            return FALSE
        case Principals(negated, names, opaque):
            named = either(*(names_root(name, root) for name in names), *(unsure(part.hole) for part in opaque))
            return named.negated() if negated else named
    assert_never(principals)


ARN_PARTS = 6


def arn_parts(value: Text) -> tuple[Text, ...] | None:
    """The six parts of an ARN, of which some may not be known; None where fewer are written.

    A hole is taken to stand inside one part.
    """
    if isinstance(value, str):
        parts = tuple(value.split(":", ARN_PARTS - 1))
        return parts if len(parts) == ARN_PARTS else None
    pieces: list[list[str | Hole]] = [[]]
    for part in text_parts(value):
        if isinstance(part, Hole):
            pieces[-1].append(part)
            continue
        first, *others = part.split(":", ARN_PARTS - len(pieces))
        pieces[-1].append(first)
        pieces += [[other] for other in others]
    return tuple(text(*piece) for piece in pieces) if len(pieces) == ARN_PARTS else None


def account_of(value: Text) -> str | None:
    """The account id in the name of an AWS principal, None where none is written out in full."""
    if not isinstance(value, str):
        return None
    if len(value) == ACCOUNT_DIGITS and value.isdecimal():
        return value
    parts = value.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and len(parts[4]) == ACCOUNT_DIGITS and parts[4].isdecimal():
        return parts[4]
    return None


def could_be_account_id(value: Text) -> bool:
    """Whether the text is an account id or, for all that is known of it, may be one."""
    if isinstance(value, str):
        return account_of(value) == value
    written = "".join(part for part in text_parts(value) if isinstance(part, str))
    return len(written) <= ACCOUNT_DIGITS and (not written or written.isdecimal())


ACCOUNT_DIGITS = 12
