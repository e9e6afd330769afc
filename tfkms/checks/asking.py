"""Puts a question to a check about one subject, and says what all checks say alike."""

from types import ModuleType

from tfkms.checks.holders import HeldDocument
from tfkms.checks.question import KeyPolicySubject, Question, Subject
from tfkms.finding import Claim, Outcome, Undecided, Violated
from tfkms.iam.search import BeyondLimitsError
from tfkms.values import Hole

BEYOND_LIMITS = "beyond_limits"
"""The cause of a finding that would take more steps than the limits allow."""


def outcomes(check: ModuleType, subject: Subject, question: Question) -> list[Outcome]:
    """What the check says of the subject.

    That a document attached to nobody is not judged, where the settings say so, needs no check; one that would take
    more steps than the limits allow leaves the subject undecided as a whole.
    """
    doubt: Hole | None = None
    match subject:
        case HeldDocument(ignored=ignored) if ignored is not None:
            return [ignored]
        case HeldDocument():
            keys: tuple[str, ...] = ()
        case KeyPolicySubject(key, _, doubt):
            keys = (key.address,)
    try:
        found = list(check.judge(subject, question))
        return found if doubt is None else [_supposed(outcome, keys[0], doubt) for outcome in found]
    except BeyondLimitsError:
        return [Undecided(subject.address, keys, Claim(BEYOND_LIMITS), (), ())]


def _supposed(outcome: Outcome, key: str, doubt: Hole) -> Outcome:
    """What was said of a policy that may be the key's, and may be that of another one."""
    match outcome:
        case Violated(address, keys, claim, _, evidence, principals, other_keys):
            supposing = f"if this is the policy of `{key}`"
            return Undecided(address, keys, claim, (doubt,), evidence, principals, other_keys, supposing)
        case _:
            return outcome
