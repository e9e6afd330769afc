"""Applies waivers to what a check found: takes their principals out and asks the question again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeAlias

from tfkms.checks.asking import outcomes
from tfkms.checks.authorized import Authorized
from tfkms.checks.question import Question, Subject
from tfkms.checks.wording import who
from tfkms.finding import Outcome, Undecided, Violated, Waiver
from tfkms.location import Origin
from tfkms.waivers import Waivers, named

Found: TypeAlias = Violated | Undecided


@dataclass(frozen=True, slots=True)
class Asked:
    """One subject of a check, with the question that it was judged by."""

    check: ModuleType
    subject: Subject
    question: Question

    def outcomes(self) -> list[Outcome]:
        """What the check says of the subject."""
        return outcomes(self.check, self.subject, self.question)

    def without(self, found: Found, principals: Authorized) -> Found | None:
        """What is left of a finding when the principals may do what the guardrail guards; None for nothing.

        A check that asks nothing of single principals is not asked again: there the finding goes if it is about nobody
        but them.
        """
        excusing: Callable[[Question, Authorized], Question] | None = getattr(self.check, "excusing", None)
        if excusing is None:
            return None if named(found.principals, principals) else found
        again = replace(self, question=excusing(self.question, principals)).outcomes()
        same = [own for own in again if isinstance(own, Violated | Undecided) and _place(own) == _place(found)]
        return min(same, key=lambda own: isinstance(own, Undecided), default=None)


def _place(found: Found) -> object:
    """What tells a finding from the others of its subject: the statement that it is about."""
    return (found.address, found.evidence[0].origin if found.evidence else found.claim.cause)


@dataclass(frozen=True, slots=True)
class Part:
    """A finding, or the part of it that a waiver takes out; `waiver` is None for what counts."""

    found: Found
    waiver: Waiver | None


def parts(
    check: str, found: Found, asked: Asked | None, waivers: Waivers, block: Origin | None = None
) -> Iterator[Part]:
    """The finding in the parts that waivers take out of it and the one that is left, if any is.

    `asked` is None for a finding that is about no principals; `block` is where the block of its resource stands, None
    where that is not known. What a statement rests on is no place of the finding: only the first one is.
    """
    excused = Authorized()
    places = [*(own.origin for own in found.evidence[:1]), *([block] if block is not None else [])]
    for waiving in waivers.covering(check, found.address, places):
        if waiving.scope.principals is None:
            yield Part(found, waivers.use(waiving))
            return
        if asked is None:
            continue
        excused |= waiving.scope.principals
        left = asked.without(found, excused)
        if left is None:
            yield Part(found, waivers.use(waiving))
            return
        gone = tuple(principal for principal in found.principals if principal not in left.principals)
        if gone:
            yield Part(_about(found, gone), waivers.use(waiving))
            found = left
    yield Part(found, None)


def _about(found: Found, principals: tuple[Any, ...]) -> Found:
    """The part of a finding that is about these of its principals."""
    facts = {**found.claim.facts, **({"who": who(principals)} if "who" in found.claim.facts else {})}
    told = replace(found, principals=principals, claim=replace(found.claim, facts=facts))
    if isinstance(told, Violated):
        proofs = tuple(proof for proof in told.witnesses if proof.principal in principals)
        return replace(told, witnesses=proofs or told.witnesses)
    return told
