"""The condition operators of the policy language, by name.

Source: IAM User Guide, reference_policies_elements_condition_operators. Names are read whatever their case: a spelling
that AWS does not take keeps the whole policy from being accepted, so reading it anyway can hide nothing.
"""

from tfkms.iam.document import Comparison, Family, Operator, Quantifier

_EQUALS = Comparison.EQUALS

_PLAIN: dict[str, tuple[Family, Comparison, bool]] = {
    "StringEquals": (Family.STRING, _EQUALS, False),
    "StringNotEquals": (Family.STRING, _EQUALS, True),
    "StringEqualsIgnoreCase": (Family.STRING_IGNORE_CASE, _EQUALS, False),
    "StringNotEqualsIgnoreCase": (Family.STRING_IGNORE_CASE, _EQUALS, True),
    "StringLike": (Family.STRING_LIKE, _EQUALS, False),
    "StringNotLike": (Family.STRING_LIKE, _EQUALS, True),
    "ArnEquals": (Family.ARN, _EQUALS, False),
    "ArnLike": (Family.ARN, _EQUALS, False),
    "ArnNotEquals": (Family.ARN, _EQUALS, True),
    "ArnNotLike": (Family.ARN, _EQUALS, True),
    "Bool": (Family.BOOL, _EQUALS, False),
    "BinaryEquals": (Family.BINARY, _EQUALS, False),
    "IpAddress": (Family.IP_ADDRESS, _EQUALS, False),
    "NotIpAddress": (Family.IP_ADDRESS, _EQUALS, True),
    "Null": (Family.NULL, _EQUALS, False),
} | {
    f"{family.value}{word}": (family, comparison, negated)
    for family in (Family.NUMERIC, Family.DATE)
    for word, comparison, negated in (
        *((comparison.value, comparison, False) for comparison in Comparison),
        ("NotEquals", _EQUALS, True),
    )
}

_BY_LOWER = {name.lower(): entry for name, entry in _PLAIN.items()}
_PREFIXES = {"foranyvalue:": Quantifier.ANY, "forallvalues:": Quantifier.ALL}
_IF_EXISTS = "ifexists"


def operator(name: str) -> Operator | None:
    """The operator called `name`, taken apart; None where AWS has no such operator."""
    rest, quantifier = name.lower(), Quantifier.ONE
    for prefix, meaning in _PREFIXES.items():
        if name.lower().startswith(prefix):
            rest, quantifier = rest.removeprefix(prefix), meaning
    if_exists = rest.endswith(_IF_EXISTS)
    entry = _BY_LOWER.get(rest.removesuffix(_IF_EXISTS))
    if entry is None or (if_exists and entry[0] is Family.NULL):
        return None
    family, comparison, negated = entry
    return Operator(name, quantifier, family, comparison, negated, if_exists)
