"""What reports say of an outcome: its severity, its texts, and whether the plan brings it about."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from tfkms.catalogue import Rule
from tfkms.finding import Claim, Finding, Outcome, Remarked, Severity, Undecided, Verdict, Violated
from tfkms.fingerprint import fingerprint
from tfkms.predicted import AFTER_APPLY
from tfkms.values import Hole, hole_name


def finding(rule: Rule, outcome: Violated | Undecided, known: "Before") -> Finding:
    """The outcome as a finding, which tells nothing of a sensitive policy; `known` is what was so before the plan."""
    mark = fingerprint(rule.id, outcome)
    told = _redacted(outcome) if any(evidence.statement is None for evidence in outcome.evidence) else outcome
    facts = {"address": told.address}
    if isinstance(told, Undecided):
        facts["needs"] = "; ".join(dict.fromkeys(_need(hole) for hole in told.needs))
    return Finding(
        check=rule.id,
        verdict=Verdict.VIOLATED if isinstance(told, Violated) else Verdict.UNDECIDED,
        severity=_severity(rule, told),
        address=told.address,
        keys=told.keys,
        other_keys=told.other_keys,
        principals=told.principals,
        message=_message(rule, told, facts),
        new=not _reaches(outcome) <= known.reaches,
        witnesses=told.witnesses if isinstance(told, Violated) else (),
        evidence=told.evidence,
        needs=told.needs if isinstance(told, Undecided) else (),
        remedy=filled(rule.fixes, told.claim, facts),
        fingerprint=mark,
    )


def _message(rule: Rule, told: Violated | Undecided, facts: Mapping[str, str]) -> str:
    """What is claimed, and where that is supposed, under which condition."""
    said = filled(rule.messages, told.claim, facts)
    return f"{told.supposing}: {said}; {facts['needs']}" if isinstance(told, Undecided) and told.supposing else said


def _severity(rule: Rule, outcome: Violated | Undecided) -> Severity:
    """The rule's; low for a grant that KMS honours nowhere today."""
    return Severity.LOW if isinstance(outcome, Violated) and outcome.inert else rule.severity


_ELSEWHERE = "other keys"
_Reach = tuple[str, str, str]
"""A (verdict, principal, key) that a finding is about."""


def _reaches(outcome: Violated | Undecided) -> frozenset[_Reach]:
    kind = type(outcome).__name__
    keys = (*outcome.keys, *([_ELSEWHERE] if outcome.other_keys or not outcome.keys else []))
    return frozenset((kind, str(principal), key) for principal in outcome.principals or ("",) for key in keys)


class Before(Struct, frozen=True):
    """What the same guardrail said of the other side of the plan."""

    reaches: frozenset[_Reach]
    remarks: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], messages: Mapping[str, str]) -> "Before":
        """Whatever is violated counts as undecided too."""
        reaches: set[_Reach] = set()
        remarks: set[tuple[str, str]] = set()
        for outcome in outcomes:
            if isinstance(outcome, Violated | Undecided):
                reaches |= _reaches(outcome)
            if isinstance(outcome, Violated):
                reaches |= {(Undecided.__name__, principal, key) for _, principal, key in _reaches(outcome)}
            if isinstance(outcome, Remarked):
                remarks.add((outcome.address, filled(messages, outcome.claim, {"address": outcome.address})))
        return cls(frozenset(reaches), frozenset(remarks))


HIDDEN = "(sensitive)"


def _redacted(outcome: Violated | Undecided) -> Violated | Undecided:
    """The outcome without anything that a sensitive policy says."""
    claim = replace(outcome.claim, facts={**outcome.claim.facts, "who": "a principal", "service": "a service"})
    if isinstance(outcome, Undecided):
        needs = tuple(dict.fromkeys(replace(hole, reason=f"{HIDDEN} or not known") for hole in outcome.needs))
        return replace(outcome, claim=claim, principals=(HIDDEN,), needs=needs)
    proofs = tuple(replace(proof, principal=HIDDEN, context={}) for proof in outcome.witnesses)
    return replace(outcome, claim=claim, principals=(HIDDEN,), witnesses=proofs)


def filled(texts: Mapping[str, str], claim: Claim, facts: Mapping[str, str]) -> str:
    """The rule's text for the cause, with its facts filled in."""
    return " ".join(texts[claim.cause].format_map({**facts, **claim.facts}).split())


def _need(hole: Hole) -> str:
    named = hole.references or (hole.address and hole.reason.startswith(AFTER_APPLY))
    return f"`{hole_name(hole)}` is {hole.reason}" if named else hole.reason
