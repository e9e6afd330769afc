"""Statements as literals: what a request must be for one to match it."""

import re
from functools import lru_cache

from tfkms.iam.comparisons import FALSE, Doubtful, Ground, Like, passes
from tfkms.iam.conditions import Literal, NoValue, Variables, expanded, literals, no_variables
from tfkms.iam.document import Missing, Patterns, Statement
from tfkms.iam.letter_case import any_case, perhaps_any_case
from tfkms.iam.pattern import Symbol, Wild, glob, shape, wild_symbols
from tfkms.location import Origin
from tfkms.values import Hole, Text, text, text_parts

_PREFIX = Hole("", "", "AWS does not say what a wildcard before the colon of an action matches")
_LETTERS = Hole("", "", "AWS does not say what a letter beyond A to Z in an action matches")


@lru_cache(maxsize=65_536)
def covers_action(actions: Patterns | Missing, action: str) -> Ground:
    """Whether the element covers the action; case means nothing. A statement without one is void.

    Source: IAM User Guide, reference_policies_elements_action.
    """
    if isinstance(actions, Missing):
        return FALSE
    found = _covering(actions, action)
    return found.negated() if actions.negated else found


def _covering(actions: Patterns, action: str) -> Ground:
    start = action.lower()
    entries = [entry for entry in actions.texts if start.startswith(_beginning(entry))]
    known = tuple(any_case(glob(entry)) for entry in entries if not _odd_prefix(entry))
    doubtful = [Doubtful(any_case(glob(entry)), _PREFIX) for entry in entries if _odd_prefix(entry)]
    odd = [glob(entry) for entry in entries if not str(entry).isascii()]
    doubtful += [Doubtful(wider, _LETTERS) for wider in map(perhaps_any_case, odd) if wider is not None]
    return passes(Like(known, tuple(part.hole for part in actions.opaque), tuple(doubtful)), action)


@lru_cache(maxsize=16_384)
def _beginning(entry: Text) -> str:
    """How every action begins that the entry can match, in lower case: most entries match no action that is asked for,
    and that is told without a pattern."""
    if not isinstance(entry, str) or not entry.isascii():
        return ""
    return entry.lower().partition("*")[0].partition("?")[0]


def _odd_prefix(value: Text) -> bool:
    """Whether a wildcard stands before the colon; alone, as `*`, it is documented."""
    first = text_parts(value)[0]
    return isinstance(first, str) and value != "*" and bool(set("*?") & set(first.partition(":")[0]))


def covers_key(resources: Patterns | Missing, arn: Text) -> Ground:
    """Whether the Resource element of a key's own policy covers the key of that ARN.

    `*` is this key; a pattern counts if it matches the ARN; a statement without the element is void (AWS KMS Developer
    Guide, key-policy-overview). The id of a key that is still to be created matches wildcards and references to it,
    never an id that is written out.
    """
    if isinstance(resources, Missing):
        return FALSE
    covered = passes(resource_test(resources, Origin("", ""), None), arn)
    return covered.negated() if resources.negated else covered


_CROSSING = "AWS does not say that a star in the middle of a part of an ARN crosses colons"


def resource_test(resources: Patterns, place: Origin, variables: Variables | None) -> Like:
    """What an ARN passes that an entry covers; `variables` give the values of `${…}`, None where it is literal text.

    A wildcard stays inside its part of the ARN, unless it is a star at the part's end; of any other it is doubtful (IAM
    User Guide, reference_policies_elements_resource). Variables count behind the fifth colon only, and one without
    value makes the entry cover nothing (reference_policies_variables).
    """
    opaque = [part.hole for part in resources.opaque]
    patterns, doubtful = [], []
    for entry in resources.texts:
        head, tail = _halves(entry)
        filled = expanded(tail, variables, wild=True)
        if filled is NoValue.UNKNOWN:
            reason = f"the policy variable in `{entry}` has no known value"
            opaque.append(Hole(place.address, place.path, reason))
        elif not isinstance(filled, NoValue):  # an entry with a variable that has no value covers nothing
            symbols = [*wild_symbols(head), *filled]
            inside = _inside_parts(symbols)
            patterns.append(shape(inside))
            if inside != symbols:
                doubtful.append(Doubtful(shape(symbols), Hole(place.address, place.path, _CROSSING)))
    return Like(tuple(patterns), tuple(opaque), tuple(doubtful))


def _halves(value: Text) -> tuple[Text, Text]:
    """The ARN up to its fifth colon, where no policy variable counts, and the rest (IAM User Guide,
    reference_policies_variables: only in the resource portion)."""
    colons, head = 5, list[str | Hole]()
    parts = text_parts(value)
    for place, part in enumerate(parts):
        if isinstance(part, str) and part.count(":") >= colons:
            found = re.match(rf"(?:[^:]*:){{{colons}}}", part)
            assert found is not None
            return text(*head, found[0]), text(part[found.end() :], *parts[place + 1 :])
        colons -= part.count(":") if isinstance(part, str) else 0
        head.append(part)
    return value, ""


def _inside_parts(symbols: list[Symbol]) -> list[Symbol]:
    """The symbols with the wildcards kept inside their part, those at its end aside."""
    inside: list[Symbol] = []
    for symbol, follower in zip(symbols, [*symbols[1:], ":"], strict=False):
        if symbol is Wild.ONE:
            inside.append(Wild.PART_ONE)
        elif symbol is Wild.ANY and follower not in (":", Wild.ANY):
            inside.append(Wild.PART)
        else:
            inside.append(symbol)
    return inside


def condition_literals(statement: Statement, variables: Variables = no_variables) -> tuple[Literal, ...]:
    """All that the statement's conditions demand; `variables` give the values of policy variables."""
    return tuple(
        literal
        for condition in statement.conditions
        for literal in literals(condition, statement.origin, variables if statement.variables else None)
    )
