"""The second opinion: every witness goes through the literal evaluator before it is reported."""

from tfkms.checks.question import Question
from tfkms.finding import Witness
from tfkms.iam.case import Case
from tfkms.iam.document import Policy
from tfkms.iam.grants import EVERYTHING
from tfkms.iam.simulate import Answer, Documents


def is_foreign(case: Case) -> bool:
    """Whether the caller is known to be of another account than the key."""
    return bool(case.caller.account) and case.caller.account != case.target.account


def confirmed(case: Case, proof: Witness, question: Question) -> bool:
    """Whether the second evaluator allows the request too.

    Of a principal of another account it is asked as if that account granted everything, and as if KMS honoured the
    action across accounts: the refusal that makes such a witness inert is set aside.
    """
    bundle = case.bundle
    foreign = is_foreign(case)
    sure = [guard for guard in bundle.guards if guard.sure]
    documents = Documents(
        key_policy=case.key_policy,
        identity=(EVERYTHING,) if foreign else bundle.identity,
        boundary=_joined(bundle.boundaries),
        guards=tuple((guard.policy, EVERYTHING) for guard in sure if not guard.on_resources),
        resource_guards=tuple(guard.policy for guard in sure if guard.on_resources),
    )
    crossing = frozenset({proof.action}) if foreign else question.cross_account
    return question.opinions.agrees(proof, documents, crossing, Answer.ALLOWED)


def _joined(boundaries: tuple[Policy, ...]) -> Policy | None:
    """The documents of a boundary as one: a principal has one boundary, whose document may be known twice."""
    if not boundaries:
        return None
    statements = tuple(statement for policy in boundaries for statement in policy)
    return Policy(boundaries[0].version, None, statements)
