"""What a check says of key policies, each kind of which is judged once.

What it says of the first holds of all that are like it, under their own names: no verdict of one is told of another in
the first one's words, and no witness of one stands for another before the second evaluator has seen it with that key.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.likeness import Likeness
from tfkms.checks.question import KeyPolicySubject
from tfkms.checks.second_opinion import Opinions
from tfkms.documents import Document
from tfkms.extract import Key
from tfkms.finding import Evidence, NotApplicable, Outcome, Passed, Remarked, Undecided, Violated, Witness
from tfkms.values import text_parts


class Once:
    """The outcomes of one check on one side of a plan."""

    def __init__(self, likeness: Likeness, opinions: Opinions):
        self.likeness, self.opinions = likeness, opinions
        self.first: dict[Hashable, _Judged] = {}

    def outcomes(self, subject: Any, judge: Callable[[], list[Outcome]]) -> list[Outcome]:
        """What `judge` says of the subject, which is not asked where that is known already."""
        match subject:
            case Key(documents=(document,)):
                key = subject
            case KeyPolicySubject(key=key, document=document):
                pass
            case _:
                return judge()
        like = self.likeness.of(key, document)
        if like is None:
            return judge()
        first = self.first.get(like)
        if first is None:
            first = self.first[like] = _Judged(key, document, tuple(judge()))
            return list(first.outcomes)
        told = first.of(key, document, self.opinions) if first.can_be_told_of_others else None
        return judge() if told is None else told


class _Judged(Struct, frozen=True, dict=True):
    """The first policy of a kind, and what the check says of it."""

    key: Key
    document: Document
    outcomes: tuple[Outcome, ...]

    @cached_property
    def can_be_told_of_others(self) -> bool:
        """Whether nothing names the first but what is a name of it."""
        arns = [part for part in text_parts(self.key.arn) if isinstance(part, str)]
        names = {self.key.address, self.document.address, *arns, arns[-1].rpartition("/")[2]} - {""}
        return not any(name in told for outcome in self.outcomes for told in self.texts(outcome) for name in names)

    def texts(self, outcome: Outcome) -> list[str]:
        """All that is told in words, the names of the first in places that are for them left out."""
        told: list[object] = []
        match outcome:
            case Passed(reason=reason) | NotApplicable(reason=reason):
                told = [reason]
            case Remarked(claim=claim):
                told = [*claim.facts.values()]
            case Violated(claim=claim, principals=principals, witnesses=witnesses):
                told = [*claim.facts.values(), *principals]
                for proof in witnesses:
                    told += [proof.principal, proof.inert, *proof.context.values()]
                    told += [] if proof.resource == self.key.arn else [proof.resource]
            case Undecided(claim=claim, principals=principals, needs=needs):
                told = [*claim.facts.values(), *principals, *(hole.reason for hole in needs)]
                others = {hole.address for hole in needs} - {""}
                told += others if len(others) > 1 else others - {self.key.address, self.document.address}
                told += [reference for hole in needs for reference in hole.references]
            case _:
                assert_never(outcome)
        return [str(text) for text in told if text is not None]

    @cached_property
    def places(self) -> dict[int, int]:
        """For the evidence of outcomes (by `id`) the statement of the policy that it is."""
        statements = [self.document.evidence(own) for own in self.document.policy]
        evidence = [own for outcome in self.outcomes for own in _evidence(outcome)]
        return {id(own): statements.index(own) for own in evidence if own in statements}

    def of(self, key: Key, document: Document, opinions: Opinions) -> list[Outcome] | None:
        """The outcomes as they are for another key with such a policy; None if the second evaluator says otherwise."""
        own = _Move(self, key, document)
        moved = [own.outcome(outcome) for outcome in self.outcomes]
        pairs = zip(moved, self.outcomes, strict=True)
        proofs = (pair for one, other in pairs for pair in zip(_witnesses(one), _witnesses(other), strict=True))
        return moved if all(opinions.agrees_on_like(proof, like) for proof, like in proofs) else None


def _evidence(outcome: Outcome) -> tuple[Evidence, ...]:
    return outcome.evidence if isinstance(outcome, Violated | Undecided) else ()


def _witnesses(outcome: Outcome) -> tuple[Witness, ...]:
    return outcome.witnesses if isinstance(outcome, Violated) else ()


class _Move(Struct, frozen=True):
    """From what is told of the first to what is told of another."""

    first: _Judged
    key: Key
    document: Document

    def outcome(self, outcome: Outcome) -> Outcome:
        match outcome:
            case Passed() | NotApplicable():
                return replace(outcome, address=self.address(outcome.address), keys=self.keys(outcome.keys))
            case Remarked():
                return replace(outcome, address=self.address(outcome.address))
            case Violated():
                return replace(
                    outcome,
                    address=self.address(outcome.address),
                    keys=self.keys(outcome.keys),
                    witnesses=tuple(map(self.witness, outcome.witnesses)),
                    evidence=self.evidence(outcome.evidence),
                )
            case Undecided():
                return replace(
                    outcome,
                    address=self.address(outcome.address),
                    keys=self.keys(outcome.keys),
                    needs=tuple(replace(hole, address=self.address(hole.address)) for hole in outcome.needs),
                    evidence=self.evidence(outcome.evidence),
                )
        assert_never(outcome)

    def address(self, address: str) -> str:
        if address == self.first.document.address:
            return self.document.address
        return self.key.address if address == self.first.key.address else address

    def keys(self, keys: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self.address, keys))

    def witness(self, proof: Witness) -> Witness:
        return replace(proof, resource=self.key.arn)

    def evidence(self, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        own, places = self.document.policy.statements, self.first.places
        return tuple(self.document.evidence(own[places[id(e)]]) if id(e) in places else e for e in evidence)
