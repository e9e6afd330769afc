"""Deny guards of key policies that a plan takes back: somebody whom one stopped could be given the action again."""

from collections.abc import Iterator

from tfkms.checks.plan_actions import PlanAction
from tfkms.checks.question import Question
from tfkms.extract import Document, Key
from tfkms.finding import Claim
from tfkms.iam import callers
from tfkms.iam.actions import KmsAction
from tfkms.iam.callers import CallerKind
from tfkms.iam.case import Case
from tfkms.iam.conditions import no_variables
from tfkms.iam.document import Effect, Missing, Statement
from tfkms.iam.grants import EVERYTHING, Bundle, Conjunction, conditions_of
from tfkms.iam.key_values import Reading
from tfkms.iam.naming import denied
from tfkms.iam.search import BeyondLimitsError
from tfkms.values import plain


def removed_guards(before: Question, after: Question) -> Iterator[PlanAction]:
    """A plan action for each Deny that a key's policy had, if an IAM policy could now give one of the rule's actions to
    somebody whom it denied it, and who is not authorized. Which statement stands in its place does not matter."""
    actions = [before.actions[name.partition(":")[2]] for name in before.parameters.get("actions", ())]
    kept = {key.address: key for key in after.estate.keys}
    for old in before.estate.keys:
        new = kept.get(old.address)
        if new is None:
            continue
        same = {str(plain(own.source)) for document in new.documents for own in document.policy}
        for document in old.documents:
            for statement in document.policy:
                if not isinstance(statement, Statement) or statement.effect is not Effect.DENY:
                    continue
                if str(plain(statement.source)) in same:
                    continue
                freed = next((action for action in actions if _frees(statement, new, action, after)), None)
                if freed is not None:
                    yield _told(old, document, statement, freed)


def _told(key: Key, document: Document, statement: Statement, action: KmsAction) -> PlanAction:
    facts = {"statement": document.label(statement), "action": f"kms:{action.name}"}
    return PlanAction(key.address, Claim("plan_removes_guard", facts), (document.evidence(statement),))


def _frees(guard: Statement, key: Key, action: KmsAction, question: Question) -> bool:
    """Whether a role or user whom the guard would stop could be given the action by an identity policy."""
    account = key.resource.account
    target = question.target(key)
    bundle = Bundle(identity=(EVERYTHING,), guards=question.guards(account))
    for kind in (CallerKind.ROLE, CallerKind.USER):
        caller = callers.anyone(kind, account.id, account.partition)
        apart = question.authorized.barring(caller, account.id)
        for stopped in _stopped(guard, action, caller):
            for document in key.documents:
                case = Case(document.policy, bundle, caller, target, action, (*(apart or ()), *stopped))
                try:
                    if case.granted(Reading.STRICT):
                        return True
                except BeyondLimitsError:
                    continue
    return False


def _stopped(guard: Statement, action: KmsAction, caller: callers.Caller) -> Iterator[tuple[Conjunction, ...]]:
    """The ways in which the guard stops the caller, as the clauses of a request that it stops."""
    matched = conditions_of(guard, action, in_key_policy=True, variables=no_variables)
    if matched is None or isinstance(guard.principals, Missing):
        return
    for naming in denied(guard.principals, caller):
        yield tuple((literal,) for literal in (*naming, *matched))
