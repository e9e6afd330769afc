"""Which documents concern KMS at all."""

from tfkms.iam.document import Missing, OpaqueStatement, Patterns, Policy, Statement
from tfkms.iam.pattern import glob
from tfkms.iam.search import find_possibly
from tfkms.values import Text, text, text_parts


def concerns_kms(policy: Policy) -> bool:
    """Whether a statement of the policy can cover a permission of KMS."""
    return any(isinstance(own, OpaqueStatement) or _can_cover_kms(own.actions) for own in policy)


_KMS = "kms:*"


def _can_cover_kms(actions: Patterns | Missing) -> bool:
    if isinstance(actions, Missing):
        return False
    patterns = [glob(_lower(action)) for action in actions.texts]
    if actions.opaque:
        return True
    if actions.negated:
        return find_possibly((), [[glob(_KMS)]], patterns) is not None
    return bool(patterns) and find_possibly((), [[glob(_KMS)], patterns], ()) is not None


def _lower(action: Text) -> Text:
    return text(*(part.lower() if isinstance(part, str) else part for part in text_parts(action)))


def writes_kms(statement: Statement) -> bool:
    """Whether an action of the statement is written `kms:…`."""
    return isinstance(statement.actions, Patterns) and any(
        str(action).lower().startswith("kms:") for action in statement.actions.texts
    )
