"""Applies waivers to what a check found: takes their principals out and asks the question again."""

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.asking import outcomes
from tfkms.checks.authorized import Authorized
from tfkms.checks.question import Question, Subject
from tfkms.checks.wording import who
from tfkms.elements import Found, Locating
from tfkms.finding import Outcome, Undecided, Violated, Waiver
from tfkms.location import Origin
from tfkms.values import Text
from tfkms.waivers import Waivers, Waiving, named


class Asked(Struct, frozen=True):
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


class Part(Struct, frozen=True):
    """A finding, or the part of it that a waiver takes out; `waiver` is None for what counts."""

    found: Found
    waiver: Waiver | None


def parts(
    check: str, found: Found, asked: Asked | None, waivers: Waivers, *, locating: Locating, block: Origin | None = None
) -> Iterator[Part]:
    """The finding in the parts that waivers take out of it and the one that is left, if any is.

    `asked` is None for a finding that is about no principals; `block` is where the block of its resource stands, None
    where that is not known. What a statement rests on is no place of the finding: only the first one is. Waivers beside
    elements of that one come last.

    A waiver is for whoever is as its principals are, and for those that the statement names so: an account as a whole
    is nobody in particular, but what is granted to it can be waived.
    """
    excused = Authorized()
    by_name: set[Text] = set()
    places = [*(own.origin for own in found.evidence[:1]), *([block] if block is not None else [])]
    for waiving in waivers.covering(check, found.address, places):
        if waiving.scope.principals is None:
            yield Part(found, waivers.use(waiving))
            return
        if asked is None:
            continue
        excused |= waiving.scope.principals
        by_name.update(own for own in found.principals if named([own], waiving.scope.principals))
        rest = asked.without(found, excused)
        left = () if rest is None else tuple(own for own in rest.principals if own not in by_name)
        if rest is None or (rest.principals and not left):
            yield Part(found, waivers.use(waiving))
            return
        gone = tuple(principal for principal in found.principals if principal not in left)
        if gone:
            yield Part(_about(found, gone), waivers.use(waiving))
            found = _about(rest, left) if left != rest.principals else rest
    beside = waivers.beside(check, found.address, places) if found.evidence else []
    yield from _by_element(found, waivers, beside, locating) if beside else [Part(found, None)]


def _by_element(found: Found, waivers: Waivers, beside: Sequence[Waiving], locating: Locating) -> Iterator[Part]:
    """The finding in the parts that waivers beside elements of its statement take out of it.

    One of a condition's value is for the finding, and so is one of every action that makes it; one of a principal is
    for that principal.
    """
    evidence = locating.located(found).evidence[0]
    by_member: dict[str, list[Origin]] = {}
    by_principal: dict[Text, list[Origin]] = {}
    for element in evidence.elements:
        if element.principal is None:
            member = element.origin.path.removeprefix(evidence.origin.path).split("/")[1]
            by_member.setdefault(member, []).append(element.origin)
        else:
            by_principal.setdefault(element.principal, []).append(element.origin)
    places = (*([origin] for origin in locating.conditions(evidence)), *by_member.values())
    everyone = [own for own in beside if _is_for(own, found.principals)]
    whole = next(filter(None, (_holders(origins, everyone) for origins in places)), ())
    if whole:
        yield Part(found, waivers.use(*whole))
        return
    gone: dict[Text, Waiver] = {}
    for principal in found.principals:
        own = _holders(by_principal.get(principal, ()), [each for each in beside if _is_for(each, [principal])])
        if own:
            gone[principal] = waivers.use(*own)
    for waiver in dict.fromkeys(gone.values()):
        yield Part(_about(found, tuple(own for own in gone if gone[own] == waiver)), waiver)
    left = tuple(own for own in found.principals if own not in gone)
    if left or not gone:
        yield Part(_about(found, left) if gone else found, None)


def _holders(origins: Sequence[Origin], beside: Sequence[Waiving]) -> tuple[Waiving, ...]:
    """Waivers that each of the places lies in one of; none where one of the places lies in none."""
    found: dict[Waiving, None] = {}
    for origin in origins:
        own = next((own for own in beside if own.scope.stretch and own.scope.stretch.holds(origin)), None)
        if own is None:
            return ()
        found[own] = None
    return tuple(found)


def _is_for(waiving: Waiving, principals: Sequence[Text]) -> bool:
    """Whether a waiver is for all of these principals."""
    return waiving.scope.principals is None or named(principals, waiving.scope.principals)


def _about(found: Found, principals: tuple[Any, ...]) -> Found:
    """The part of a finding that is about these of its principals."""
    facts = {**found.claim.facts, **({"who": who(principals)} if "who" in found.claim.facts else {})}
    told = replace(found, principals=principals, claim=replace(found.claim, facts=facts))
    if isinstance(told, Violated):
        proofs = tuple(proof for proof in told.witnesses if proof.principal in principals)
        return replace(told, witnesses=proofs or told.witnesses)
    return told
