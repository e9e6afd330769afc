"""Which parts of a statement make a finding: the principals and actions that it names, and what is not known of it.

They are told by their places in the statement as it was written, so that a source can show them.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from tfkms.finding import Element, Evidence, Undecided, Violated
from tfkms.iam.actions import Actions
from tfkms.iam.document import Patterns
from tfkms.iam.statements import covers_action
from tfkms.location import Origin
from tfkms.values import Template, Text, Unknown, Value, holes, pointer_step

Found: TypeAlias = Violated | Undecided
OriginOf = Callable[[Evidence, str], Origin]
"""Where the resource that a statement is of has what stands at a JSON pointer."""

_EVERYONE = "*"
_PRINCIPALS = ("Principal", "NotPrincipal")
_ACTIONS = ("Action", "NotAction")
_ACCOUNT = re.compile(r"(?:arn:([a-z-]+):iam::)?([0-9]{12})(?::root)?")


def guarded(parameters: Mapping[str, Any], actions: Actions) -> tuple[str, ...]:
    """The actions (`kms:Decrypt`) that a rule with these parameters is about: named one by one, or by their classes."""
    named = parameters.get("actions", ())
    classes = {*parameters.get("classes", ()), parameters.get("admin"), parameters.get("crypto")}
    of_classes = (f"kms:{name}" for name, action in actions.items() if action.action_class.value in classes)
    return tuple(dict.fromkeys((*named, *of_classes)))


class Locating(Struct, frozen=True):
    """How the elements of statements are found: `about` are the actions that the guardrail is about, none where the
    requests of a finding tell them; `origin_of` says where a part of a statement stands."""

    about: tuple[str, ...]
    origin_of: OriginOf

    def located(self, found: Found) -> Found:
        """The finding with the elements of each of its statements that make it.

        Of a sensitive statement, and of one that is not in force after the plan, none are told.
        """
        witnesses = found.witnesses if isinstance(found, Violated) else ()
        asked = self.about or tuple(dict.fromkeys(own.action for own in witnesses))
        evidence = tuple(replace(own, elements=tuple(self._elements(own, found, asked))) for own in found.evidence)
        return replace(found, evidence=evidence)

    def _elements(self, evidence: Evidence, found: Found, asked: tuple[str, ...]) -> Iterator[Element]:
        """The elements of one statement: what is not known, then whom it names, then what it allows."""
        statement = evidence.statement
        if not isinstance(statement, Mapping) or not evidence.origin.address:
            return
        needs = frozenset(found.needs) if isinstance(found, Undecided) else frozenset()
        parts: dict[str, Text | None] = {path: None for path, _, hole in holes(statement) if hole in needs}
        parts |= dict(_principals(statement, found.principals))
        parts |= dict.fromkeys(_actions(statement, asked))
        for path, principal in parts.items():
            yield Element(self.origin_of(evidence, evidence.origin.path + path), principal)

    def conditions(self, evidence: Evidence) -> Iterator[Origin]:
        """Where the values of a statement's conditions stand."""
        statement = evidence.statement
        if isinstance(statement, Mapping) and evidence.origin.address:
            for path in _texts(statement.get("Condition"), "/Condition"):
                yield self.origin_of(evidence, evidence.origin.path + path)


def _principals(statement: Mapping[str, Value], principals: Collection[Text]) -> Iterator[tuple[str, Text]]:
    """The places of the entries that name one of the principals, each with the principal."""
    entries = list(principal_entries(statement))
    for principal in principals:
        named = [path for path, entry in entries if _is(entry, principal)]
        yield from (
            (path, principal) for path in named or [path for path, entry in entries if _covers(entry, principal)]
        )


def principal_entries(statement: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """The entries of a Principal element with their places; a NotPrincipal is one, for everyone."""
    match statement.get("Principal"):
        case Mapping() as by_type:
            for kind, entries in by_type.items():
                path = f"/Principal/{pointer_step(kind)}"
                if isinstance(entries, tuple):
                    yield from ((f"{path}/{place}", entry) for place, entry in enumerate(entries))
                else:
                    yield path, entries
        case None:
            pass
        case whole:
            yield "/Principal", whole
    if "NotPrincipal" in statement:
        yield "/NotPrincipal", _EVERYONE


def _is(entry: Value, principal: Text) -> bool:
    """Whether a finding calls an entry by this name; `*` is also whoever an entry that is not known may name."""
    return entry == principal or (principal == _EVERYONE and isinstance(entry, Unknown | Template))


def _covers(entry: Value, principal: Text) -> bool:
    """Whether an entry that has another name stands for the principal too: everyone, or its account."""
    account = _ACCOUNT.fullmatch(entry) if isinstance(entry, str) else None
    return entry == _EVERYONE or (
        account is not None and str(principal).startswith(f"arn:{account[1] or 'aws'}:iam::{account[2]}:")
    )


def _actions(statement: Mapping[str, Value], about: tuple[str, ...]) -> Iterator[str]:
    """The places of the entries that may allow one of the actions; a NotAction is one."""
    if "NotAction" in statement:
        yield "/NotAction"
    value = statement.get("Action")
    for place, entry in enumerate(value if isinstance(value, tuple) else (value,)):
        path = f"/Action/{place}" if isinstance(value, tuple) else "/Action"
        if isinstance(entry, Unknown) or (isinstance(entry, str | Template) and _allows(entry, about)):
            yield path


@lru_cache(maxsize=4_096)
def _allows(entry: Text, about: tuple[str, ...]) -> bool:
    return any(covers_action(Patterns(False, (entry,)), action).possible for action in about)


def _texts(value: Value, pointer: str) -> Iterator[str]:
    """The places of everything in a value that is no list and no object."""
    match value:
        case Mapping():
            for name, item in value.items():
                yield from _texts(item, f"{pointer}/{pointer_step(name)}")
        case tuple():
            for place, item in enumerate(value):
                yield from _texts(item, f"{pointer}/{place}")
        case None:
            return
        case _:
            yield pointer
