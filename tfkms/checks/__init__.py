"""The kinds of check. Each module judges every guardrail of its kind; a rule names the module and its parameters.

A kind is a module with `subjects(question)`, what it judges one by one, and `judge(subject, question)`, the outcomes
for one of them. A check sees policies and the decision, never a file; it names causes and facts, never a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfkms.checks.parties import Authorized
from tfkms.extract import Estate
from tfkms.iam.actions import Actions
from tfkms.key_uses import KeyUse

DISAGREEMENT = "evaluators_disagree"
"""The cause of a finding whose proof the second evaluator does not confirm: a fault of tfkms."""

BEYOND_LIMITS = "beyond_limits"
"""The cause of a finding that would take more steps than the limits allow."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a check is asked: the estate around the subject, the rule's parameters, and the facts to judge by."""

    estate: Estate
    parameters: Mapping[str, Any]
    actions: Actions
    authorized: Authorized
    uses: Mapping[str, tuple[KeyUse, ...]]

    @property
    def cross_account(self) -> frozenset[str]:
        """The actions that work across accounts."""
        return frozenset(f"kms:{name}" for name, action in self.actions.items() if action.cross_account)
