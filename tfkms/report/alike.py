"""Findings that are alike but for the guardrail and its action, told together: one statement often breaks several."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.wording import listed
from tfkms.finding import Evidence, Finding, Note, Witness
from tfkms.report import sentences

_ACTION = re.compile(r"kms:[A-Za-z]+")


def alike(findings: Iterable[Finding]) -> list[Sequence[Finding]]:
    """The findings in groups that one text can tell, each where its first one stood."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_likeness(finding), []).append(finding)
    return list(groups.values())


def _likeness(finding: Finding) -> object:
    """What findings must have in common, the action aside, which each names once in a sentence."""
    return (
        finding.verdict,
        finding.input,
        finding.address,
        finding.keys,
        finding.other_keys,
        finding.principals,
        finding.new,
        finding.needs,
        tuple(evidence.origin for evidence in finding.evidence),
        _ACTION.sub("", finding.message),
        _ACTION.sub("", finding.remedy),
    )


def evidence(group: Sequence[Finding], place: int) -> Evidence:
    """One of the statements of the findings, with what makes any of them."""
    of_all = [element for finding in group for element in finding.evidence[place].elements]
    return replace(group[0].evidence[place], elements=tuple(dict.fromkeys(of_all)))


def notes(told: Iterable[Note]) -> list[Note]:
    """The notes, those that say the same of several resources as one: its address names two of them, and how many there
    are besides; all of them where it is about what the plan does to them."""
    groups: dict[object, list[Note]] = {}
    for note in told:
        groups.setdefault((note.check, note.code, note.message, note.new, note.input), []).append(note)
    return [replace(own[0], address=_whose(own)) for own in groups.values()]


def _whose(same: Sequence[Note]) -> str:
    names = list(dict.fromkeys(note.address for note in same))
    return listed(names, NAMED if len(names) > NAMED + 1 and not same[0].of_plan else len(names))


NAMED = 2
"""How many of those that are alike are called by their names."""


class Said(Struct, frozen=True):
    """A statement of a finding, the first at its `place`, with those elsewhere that say the same."""

    place: int
    evidence: Evidence
    again: tuple[Evidence, ...] = ()


def statements(finding: Finding) -> list[Said]:
    """The statements of the finding; those of other resources that read the same are one, as in many keys' policies."""
    found: dict[object, Said] = {}
    for place, own in enumerate(finding.evidence):
        told_alone = own.statement is None or own.assumed or own.origin.address == finding.address
        key = place if told_alone else repr((own.origin.path, own.statement))
        first = found.get(key)
        found[key] = Said(place, own) if first is None else replace(first, again=(*first.again, own))
    return list(found.values())


def message(group: Sequence[Finding]) -> str:
    """What the findings say, with the actions of all."""
    return _of_all([finding.message for finding in group])


def remedy(group: Sequence[Finding]) -> str:
    """What mends the findings, with the actions of all."""
    return _of_all([finding.remedy for finding in group])


def requests(group: Sequence[Finding]) -> list[Witness]:
    """The requests that prove the findings; of those that differ in the action only the first, with how many there are
    besides."""
    found: dict[object, Witness] = {}
    actions: dict[object, dict[str, None]] = {}
    for finding in group:
        for witness in sentences.requests(finding):
            key = (str(witness.principal), str(sorted(witness.context.items())), witness.inert)
            found.setdefault(key, witness)
            actions.setdefault(key, {})[witness.action] = None
    return [replace(own, action=_first(tuple(actions[key]))) for key, own in found.items()]


def _first(actions: Sequence[str]) -> str:
    """Two actions, or of more the first."""
    return " and ".join(actions) if len(actions) <= 2 else f"{actions[0]} and {len(actions) - 1} more"


def _of_all(texts: Sequence[str]) -> str:
    """The first text, with the actions that the texts name in place of its own."""
    first, *others = texts
    named = [found.group() for text in texts if (found := _ACTION.search(text)) is not None]
    if not others or len(named) < len(texts):
        return first
    *most, last = dict.fromkeys(named)
    return first.replace(named[0], f"{', '.join(most)} and {last}") if most else first
