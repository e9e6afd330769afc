"""The requests that one statement allows, or may allow, for any of several actions."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.iam.access import Solution
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import Caller
from tfkms.iam.case import Case
from tfkms.iam.document import AnyStatement, Condition, Policy, Statement
from tfkms.iam.key_values import Reading


class AllowedRequest(Struct, frozen=True):
    """A request that a statement allows; without `sure` one that it may allow."""

    caller: Caller
    action: KmsAction
    solution: Solution
    case: Case
    sure: bool


def allowed_requests(
    asked: Sequence[tuple[Case, AnyStatement]], actions: Sequence[KmsAction]
) -> Iterator[AllowedRequest]:  # fmt: skip
    """Requests for one of the actions that, in one of the cases, the statement beside it allows; sure ones first.

    The action of the cases does not matter. Raises BeyondLimitsError.
    """
    about = [(case, (id(own),)) for whole, own in asked for case in whole.about(actions, (id(own),))]
    for reading in Reading:
        for case, by in about:
            for granted in case.granted(reading, by):
                yield AllowedRequest(case.caller, case.action, granted.solution, case, reading is Reading.STRICT)


def narrowed(statement: Statement, *conditions: Condition) -> Statement:
    """The statement under further conditions."""
    return replace(statement, conditions=(*statement.conditions, *conditions)) if conditions else statement


def in_place(policy: Policy, statement: AnyStatement, asked: AnyStatement) -> Policy:
    """The policy with `asked` in place of the statement; itself where it has no such statement."""
    if statement is asked or statement not in policy.statements:
        return policy
    return replace(policy, statements=tuple(asked if own is statement else own for own in policy))
