"""Puts a question to a check about one subject, and says what all checks say alike."""

from types import ModuleType

from tfkms.checks.holders import HeldDocument
from tfkms.checks.question import KeyPolicySubject, Question, Subject
from tfkms.finding import Claim, Outcome, Undecided
from tfkms.iam.search import BeyondLimitsError

BEYOND_LIMITS = "beyond_limits"
"""The cause of a finding that would take more steps than the limits allow."""


def outcomes(check: ModuleType, subject: Subject, question: Question) -> list[Outcome]:
    """What the check says of the subject.

    That a document attached to nobody is not judged, where the settings say so, needs no check; one that would take
    more steps than the limits allow leaves the subject undecided as a whole.
    """
    match subject:
        case HeldDocument(ignored=ignored) if ignored is not None:
            return [ignored]
        case HeldDocument():
            keys: tuple[str, ...] = ()
        case KeyPolicySubject(key):
            keys = (key.address,)
    try:
        return list(check.judge(subject, question))
    except BeyondLimitsError:
        return [Undecided(subject.address, keys, Claim(BEYOND_LIMITS), (), ())]
