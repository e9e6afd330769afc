"""How findings call principals, keys and actions: few by name, of many the first few."""

from collections.abc import Sequence

from tfkms.values import Text

_LIMIT = 3
_ELSEWHERE = "other keys of the account whose policy delegates to IAM"


def listed(names: Sequence[str], limit: int = _LIMIT) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`; beyond `limit` names only how many more there are."""
    shown = [*names] if len(names) <= limit else [*names[:limit], f"{len(names) - limit} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part) if shown else ""


def who(principals: Sequence[Text]) -> str:
    """The principals."""
    return listed(["everyone" if principal == "*" else str(principal) for principal in principals])


def keys_in_words(keys: Sequence[str], elsewhere: bool) -> str:
    """The keys of the plan, and with `elsewhere` those outside it."""
    shown = [f"`{key}`" for key in keys[:_LIMIT]]
    more = len(keys) - len(shown)
    names = [*shown, *([f"{more} more keys"] if more else []), *([_ELSEWHERE] if elsewhere else [])]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
