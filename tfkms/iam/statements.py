"""Statements as literals: what a request must be for one to match it."""

from dataclasses import replace
from functools import lru_cache

from tfkms.iam.conditions import FALSE, TRUE, Ground, Literal, Variables, literals, no_variables, unsure
from tfkms.iam.document import Missing, Opaque, Patterns, Statement
from tfkms.iam.pattern import glob, holes_of, matches, may_match
from tfkms.iam.principals import either
from tfkms.values import Hole, Template, Text, text_parts


@lru_cache(maxsize=65_536)
def covers_action(actions: Patterns | Missing, action: str) -> Ground:
    """Whether the element covers the action; case means nothing. A statement without one is void.

    Source: IAM User Guide, reference_policies_elements_action.
    """
    if isinstance(actions, Patterns) and any(map(_odd_prefix, actions.texts)):
        reason = "AWS does not say what a wildcard before the colon of an action matches"
        odd = tuple(
            text for text in actions.texts if _odd_prefix(text) and _matches(_lower(text), action.lower()).possible
        )
        plain = replace(actions, texts=tuple(text for text in actions.texts if not _odd_prefix(text)))
        opaque = (*plain.opaque, *(Opaque(Hole("", "", reason)) for _ in odd))
        return _covers(replace(plain, opaque=opaque), action.lower(), fold=True)
    return _covers(actions, action.lower(), fold=True)


def _odd_prefix(value: Text) -> bool:
    prefix, colon, _ = str(value).partition(":")
    wild = bool(set("*?") & set(prefix))
    return wild and (bool(colon) or value != "*") and not isinstance(value, Template)


def covers_key(resources: Patterns | Missing, arn: Text) -> Ground:
    """Whether the Resource element of a key's own policy covers the key of that ARN.

    `*` is this key; a pattern counts if it matches the ARN; a statement without the element is void (AWS KMS Developer
    Guide, key-policy-overview). The id of a key that is still to be created matches wildcards and references to it,
    never an id that is written out.
    """
    return _covers(resources, arn, fold=False)


def _covers(patterns: Patterns | Missing, value: Text, fold: bool) -> Ground:
    if isinstance(patterns, Missing):
        return FALSE
    found = [_matches(_lower(text) if fold else text, value) for text in patterns.texts]
    covered = either(*found, *(unsure(part.hole) for part in patterns.opaque))
    return covered.negated() if patterns.negated else covered


@lru_cache(maxsize=65_536)
def _matches(pattern_text: Text, value: Text) -> Ground:
    pattern = glob(pattern_text)
    if matches(pattern, value):
        return TRUE
    if not may_match(pattern, value):
        return FALSE
    return unsure(*holes_of(pattern), *(part for part in text_parts(value) if isinstance(part, Hole)))


def _lower(value: Text) -> Text:
    return (
        value.lower()
        if isinstance(value, str)
        else type(value)(tuple(part.lower() if isinstance(part, str) else part for part in value.parts))
    )


def condition_literals(statement: Statement, variables: Variables = no_variables) -> tuple[Literal, ...]:
    """All that the statement's conditions demand; `variables` give the values of policy variables."""
    return tuple(
        literal
        for condition in statement.conditions
        for literal in literals(condition, statement.origin, variables if statement.variables else None)
    )
