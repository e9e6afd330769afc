"""What tells a finding from others for as long as it is about the same grant, wherever and however that is written."""

import hashlib
import json
from collections.abc import Mapping

from tfkms.finding import Evidence, Undecided, Violated
from tfkms.values import Value, plain

_PRINCIPALS = frozenset({"Principal", "NotPrincipal"})
_RESOURCES = frozenset({"Resource", "NotResource"})
_ACTIONS = frozenset({"Action", "NotAction"})
_CONDITION = "Condition"


def fingerprint(check: str, found: Violated | Undecided) -> str:
    """32 hexadecimal digits: the same when lines move, and when statements, members and lists are put in another order
    or written in another way; others when a statement grants something else.

    Whom and which keys a finding names is no part of it, for the finding tells that apart; where it names nobody, or
    reaches keys that it cannot name, what the statement says of them is. So is whom and what a statement leaves out.
    """
    described = frozenset(
        name
        for name, told in (("Principal", found.principals), ("Resource", found.keys and not found.other_keys))
        if told
    )
    parts = {
        "check": check,
        "address": found.address,
        "cause": found.claim.cause,
        "statements": sorted({_text(evidence, described) for evidence in found.evidence}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _text(evidence: Evidence, described: frozenset[str]) -> str:
    """The statement without what the finding itself tells of it, written in one way only."""
    statement = evidence.statement
    if not isinstance(statement, Mapping):
        return _written(statement)
    members = {name: _member(name, value) for name, value in statement.items() if name not in described}
    return json.dumps(members, sort_keys=True)


def _member(name: str, value: Value) -> object:
    if name in _ACTIONS:
        return sorted({item.lower() for item in _listed(value)})
    if name in _RESOURCES:
        return _listed(value)
    if name in _PRINCIPALS:
        return {kind: _listed(own) for kind, own in value.items()} if isinstance(value, Mapping) else _listed(value)
    if name == _CONDITION and isinstance(value, Mapping):
        return [[operator.lower(), key, own] for operator, key, own in _comparisons(value)]
    return _written(value)


def _comparisons(condition: Mapping[str, Value]) -> list[tuple[str, str, list[str]]]:
    """The operators, keys and values of a condition. Names of keys are the same in either case."""
    return sorted(
        (operator, key.lower(), _listed(value)) if isinstance(keys, Mapping) else (operator, "", _listed(keys))
        for operator, keys in condition.items()
        for key, value in (keys.items() if isinstance(keys, Mapping) else [("", keys)])
    )


def _listed(value: Value) -> list[str]:
    """The texts of a list, or of the one text that stands for a list of one, each once."""
    return sorted({_written(item) for item in (value if isinstance(value, tuple) else (value,))})


def _written(value: Value) -> str:
    """A value as text; a policy may write numbers and booleans as texts, and means the same."""
    return value if isinstance(value, str) else json.dumps(plain(value), sort_keys=True)
