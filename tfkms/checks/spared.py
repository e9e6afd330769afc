"""What Denies leave beside that which they spare by name.

Equal access has an equal verdict: a Deny of everything but calls through `s3.*.amazonaws.com` confines what it leaves
as a condition of the Allow would, and one of everything but calls through any service does not. So the question is put
to the decision with one more condition: that the request be none of those which a Deny spares in full.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial

from msgspec.structs import replace

from tfkms.checks.confinement import CONTEXTS_OF_SERVICES, GRANT_SCOPE, SPELLING, VIA, is_scope
from tfkms.checks.spelling import Spelling, anything, label, principal, source
from tfkms.iam.document import (
    Comparison,
    Condition,
    Effect,
    Family,
    Opaque,
    Operator,
    Policy,
    Principals,
    PrincipalType,
    Quantifier,
    Statement,
)
from tfkms.iam.naming import PRINCIPAL_ARN
from tfkms.values import Text, text, text_parts

_IS_NOT = Operator("StringNotLike", Quantifier.ONE, Family.STRING_LIKE, Comparison.EQUALS, True, False)


@lru_cache(maxsize=16_384)
def beside_services(policies: tuple[Policy, ...]) -> tuple[Condition, ...]:
    """That a request comes through no service whose label a Deny of the policies spares."""
    return tuple(_beside(policies, lambda key: label if key == VIA else None))


@lru_cache(maxsize=16_384)
def beside_contexts(policies: tuple[Policy, ...]) -> tuple[Condition, ...]:
    """That a request carries no encryption context of a service which a Deny of the policies spares."""
    return tuple(_beside(policies, lambda key: anything if key.startswith(CONTEXTS_OF_SERVICES) else None))


def beside_names(policies: Iterable[Policy], account: Text) -> tuple[Condition, ...]:
    """That a request is by nobody whom a Deny of the policies spares by name and account.

    `account` is that of the key, which need not be known.
    """
    full = partial(principal, account=account)
    by_condition = _beside(policies, lambda key: full if key == PRINCIPAL_ARN else None)
    return (*by_condition, *_beside_not_principals(policies, full))


def beside_sources(policies: Iterable[Policy], contexts: frozenset[str], account: Text) -> tuple[Condition, ...]:
    """That a service acts for no resource, account or organization that a Deny of the policies spares.

    `contexts` are the encryption context keys (lower case) of the services that use the key; `account` is that of the
    key, which need not be known.
    """
    spelling = partial(source, account=account)
    spared = _beside(policies, lambda key: spelling if is_scope(key, contexts) else None)
    return (*spared, Condition(_IS_NOT, GRANT_SCOPE, ("true",)))


def _beside(policies: Iterable[Policy], spelling_of: Callable[[str], Spelling | None]) -> Iterator[Condition]:
    """The negated conditions of Denies that spell what they spare, each with those of its values that do."""
    for deny in _denies(policies):
        for condition in deny.conditions:
            spelling, operator = spelling_of(condition.key.lower()), condition.operator
            if spelling is None or not isinstance(operator, Operator):
                continue
            if not operator.negated or operator.family not in SPELLING:
                continue
            values, unsure = _spelled(condition.values, spelling)
            if values or unsure or condition.opaque:
                alone = replace(operator, quantifier=Quantifier.ONE, if_exists=False)
                if operator.family is Family.STRING_IGNORE_CASE:
                    alone, values = _IS_NOT, tuple(map(_of_any_letters, values))
                yield replace(condition, operator=alone, values=values, opaque=(*condition.opaque, *unsure))


def _of_any_letters(value: Text) -> Text:
    """A pattern for the value in letters of any case, and more: whatever the Deny spares is among it."""
    parts = (re.sub("[A-Za-z]", "?", part) if isinstance(part, str) else part for part in text_parts(value))
    return text(*parts)


def _beside_not_principals(policies: Iterable[Policy], spelling: Spelling) -> Iterator[Condition]:
    """The same of Denies with NotPrincipal."""
    for deny in _denies(policies):
        if isinstance(deny.principals, Principals) and deny.principals.negated:
            names = [name.value for name in deny.principals.names if name.type is PrincipalType.AWS]
            values, unsure = _spelled(names, spelling)
            opaque = (*deny.principals.opaque, *unsure)
            if values or opaque:
                yield Condition(_IS_NOT, PRINCIPAL_ARN, values, opaque)


def _spelled(values: Sequence[Text], spelling: Spelling) -> tuple[tuple[Text, ...], tuple[Opaque, ...]]:
    """Those of the values that surely spell something in full, and what decides whether others do."""
    known = {value: spelling(value) for value in values}
    sure = tuple(value for value, spelled in known.items() if spelled.certain)
    holes = {hole for spelled in known.values() if not spelled.certain for hole in spelled.holes}
    return sure, tuple(Opaque(hole) for hole in sorted(holes, key=repr))


def _denies(policies: Iterable[Policy]) -> Iterator[Statement]:
    for policy in policies:
        yield from (own for own in policy if isinstance(own, Statement) and own.effect is Effect.DENY)
