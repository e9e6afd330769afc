"""The names of condition operators: those of AWS, each with its prefixes and suffix, and no other."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tfkms.iam.document import Comparison, Family, Quantifier
from tfkms.iam.operators import operator

EQUALS = Comparison.EQUALS
PLAIN = {
    "StringEquals": (Family.STRING, EQUALS, False),
    "StringNotEquals": (Family.STRING, EQUALS, True),
    "StringEqualsIgnoreCase": (Family.STRING_IGNORE_CASE, EQUALS, False),
    "StringNotEqualsIgnoreCase": (Family.STRING_IGNORE_CASE, EQUALS, True),
    "StringLike": (Family.STRING_LIKE, EQUALS, False),
    "StringNotLike": (Family.STRING_LIKE, EQUALS, True),
    "NumericEquals": (Family.NUMERIC, EQUALS, False),
    "NumericNotEquals": (Family.NUMERIC, EQUALS, True),
    "NumericLessThan": (Family.NUMERIC, Comparison.LESS, False),
    "NumericLessThanEquals": (Family.NUMERIC, Comparison.LESS_EQUALS, False),
    "NumericGreaterThan": (Family.NUMERIC, Comparison.GREATER, False),
    "NumericGreaterThanEquals": (Family.NUMERIC, Comparison.GREATER_EQUALS, False),
    "DateEquals": (Family.DATE, EQUALS, False),
    "DateNotEquals": (Family.DATE, EQUALS, True),
    "DateLessThan": (Family.DATE, Comparison.LESS, False),
    "DateLessThanEquals": (Family.DATE, Comparison.LESS_EQUALS, False),
    "DateGreaterThan": (Family.DATE, Comparison.GREATER, False),
    "DateGreaterThanEquals": (Family.DATE, Comparison.GREATER_EQUALS, False),
    "Bool": (Family.BOOL, EQUALS, False),
    "BinaryEquals": (Family.BINARY, EQUALS, False),
    "IpAddress": (Family.IP_ADDRESS, EQUALS, False),
    "NotIpAddress": (Family.IP_ADDRESS, EQUALS, True),
    "ArnEquals": (Family.ARN, EQUALS, False),
    "ArnLike": (Family.ARN, EQUALS, False),
    "ArnNotEquals": (Family.ARN, EQUALS, True),
    "ArnNotLike": (Family.ARN, EQUALS, True),
    "Null": (Family.NULL, EQUALS, False),
}
"""The table of the IAM User Guide, reference_policies_elements_condition_operators, written out."""

PREFIXES = {"": Quantifier.ONE, "ForAnyValue:": Quantifier.ANY, "ForAllValues:": Quantifier.ALL}
SPELLINGS = {
    prefix + name + suffix: (quantifier, *meaning, bool(suffix))
    for name, meaning in PLAIN.items()
    for prefix, quantifier in PREFIXES.items()
    for suffix in ("", "IfExists")
    if not (name == "Null" and suffix)
}


def swapped(name: str, places: int) -> str:
    """`name` with the case of some letters turned round."""
    return "".join(char.swapcase() if places >> n & 1 else char for n, char in enumerate(name))


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_operator_is_taken_apart(name: str) -> None:
    found = operator(name)

    assert found is not None
    assert found.name == name
    read = (found.quantifier, found.family, found.comparison, found.negated, found.if_exists)
    assert read == SPELLINGS[name]


@given(st.sampled_from(sorted(SPELLINGS)), st.integers(min_value=0, max_value=2**48))
def test_case_means_nothing(name: str, places: int) -> None:
    found, plain = operator(swapped(name, places)), operator(name)

    assert found is not None
    assert plain is not None
    assert (found.quantifier, found.family, found.comparison, found.negated, found.if_exists) == (
        plain.quantifier,
        plain.family,
        plain.comparison,
        plain.negated,
        plain.if_exists,
    )


@pytest.mark.parametrize(
    "name",
    [
        "",
        "IfExists",
        "ForAnyValue:",
        "ForAllValues:IfExists",
        "NullIfExists",
        "ForAnyValue:NullIfExists",
        "StringEqualsIfExistsIfExists",
        "StringEquals:IfExists",
        "StringNotLikeIgnoreCase",
        "StringLikeIgnoreCase",
        "BoolNotEquals",
        "BinaryNotEquals",
        "BinaryLike",
        "NotBool",
        "NotNull",
        "IpAddressNotEquals",
        "NumericLike",
        "NumericNotLessThan",
        "DateBefore",
        "ForAnyValueStringEquals",
        "ForSomeValue:StringEquals",
        "ForAnyValue: StringEquals",
        " StringEquals",
        "StringEquals ",
        "String_Equals",
        "StringEqualsForAnyValue:",
        "Equals",
        "String",
    ],
)
def test_what_aws_does_not_have_is_no_operator(name: str) -> None:
    assert operator(name) is None


@pytest.mark.parametrize("name", ["ForAnyValue:ForAllValues:StringEquals"])
def test_two_set_operators_are_none(name: str) -> None:
    assert operator(name) is None


KNOWN = {name.lower() for name in SPELLINGS}
PIECES = st.lists(
    st.sampled_from(["ForAllValues:", "String", "Arn", "Numeric", "Not", "Equals", "Like", "Null", "Bool", "IfExists"]),
    max_size=5,
).map("".join)


@given(st.text(max_size=30) | PIECES)
def test_a_name_outside_the_table_is_no_operator(name: str) -> None:
    assume(name.isascii())

    assert (operator(name) is not None) == (name.lower() in KNOWN)
