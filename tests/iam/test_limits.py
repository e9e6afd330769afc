"""Questions that are too large: each ends after few steps, decided or given up. How long that takes, benchmarks say."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.iam.asking import ACCOUNT, case, document, possibly, role, statement, surely
from tfkms.iam.callers import CallerKind, anyone
from tfkms.iam.key_values import Reading
from tfkms.iam.pattern import glob
from tfkms.iam.search import BeyondLimitsError, find

BOUND = 6_000_000
"""Calls of functions, twice as many as the hardest question takes here: a second or two."""

ANYONE = anyone(CallerKind.ROLE, ACCOUNT, "aws")


class EndlessError(Exception):
    """A question took more calls than it may."""


def counted(ask: Callable[[], Any], bound: int = BOUND) -> tuple[Any, int]:
    """What comes of a question, and how many functions were called for it; stops it beyond the bound."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls > bound:
            raise EndlessError

    sys.setprofile(count)
    try:
        return ask(), calls
    except BeyondLimitsError:
        return BeyondLimitsError, calls
    finally:
        sys.setprofile(None)


def when(operator: str, *values: str, key: str = "aws:UserAgent") -> dict[str, Any]:
    return {operator: {key: list(values)}}


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        (
            [f"*{a}{b}{a}{b}*{a}{b}{a}{b}*{a}{b}{a}{b}*" for a, b in ("ab", "cd", "ef", "gh", "ij", "kl", "mn", "op")],
            [],
        ),
        (["*abab*abab*abab*"] * 8, []),
        (["*a*b*c*" * 4_000 + str(number) for number in range(2)], ["*c*b*a*" * 4_000]),
        (["*a?a?????????????b*" * 100], [f"*a*b*c*d{number}*" * 40 for number in range(80)]),
        (["*"], [f"*a*b*c*d{number}" * 40 for number in range(80)]),
    ],
)
def test_a_search_among_hard_patterns_ends(wanted: list[str], unwanted: list[str]) -> None:
    counted(lambda: find([[glob(one)] for one in wanted], [glob(one) for one in unwanted]))


def test_what_was_given_up_once_is_given_up_at_once() -> None:
    hard = [[glob("*" + one * 3 + "*" + one * 2 + "x*")] for one in "abcdefgh"]
    first, _ = counted(lambda: find(hard, []))
    second, calls = counted(lambda: find(hard, []))

    assert (first, second) == (BeyondLimitsError, BeyondLimitsError)
    assert calls < 100


def test_300_principals_are_decided() -> None:
    listed = [f"arn:aws:iam::{ACCOUNT}:role/team-{number}/app" for number in range(300)]
    guard = statement("Deny", "*", Condition=when("ArnNotLike", *listed, key="aws:PrincipalArn"))
    named, _ = counted(lambda: surely(case(document(statement(principal={"AWS": listed})), role("team-7/app"))))
    guarded, _ = counted(lambda: surely(case(document(statement(principal="*"), guard), ANYONE)))

    assert named is True
    assert guarded is True


def test_a_thousand_denies_that_each_spare_somebody_are_decided() -> None:
    names = [f"arn:aws:iam::{ACCOUNT}:role/team-{number}/*" for number in range(1_000)]
    denies = [statement("Deny", "*", Condition=when("ArnLike", name, key="aws:PrincipalArn")) for name in names]
    found, _ = counted(lambda: surely(case(document(statement(principal="*"), *denies), ANYONE)))

    assert found is True


def test_a_thousand_allows_that_are_each_denied_are_decided() -> None:
    allows = [statement(principal="*", Condition=when("StringEquals", f"agent-{number}")) for number in range(1_000)]
    deny = statement("Deny", "*", Condition=when("StringLike", "agent-*"))
    found, _ = counted(lambda: possibly(case(document(*allows, deny), ANYONE)))

    assert found is False


def test_a_thousand_statements_of_hard_patterns_are_given_up() -> None:
    patterns = [f"*{number}*a*{number}*b*c*" for number in range(1_000)]
    allows = [statement(principal="*", Condition=when("StringLike", one)) for one in patterns]
    denies = [statement("Deny", "*", Condition=when("StringLike", one)) for one in patterns]
    counted(lambda: case(document(*allows, *denies), ANYONE).granted(Reading.LOOSE))


def test_choices_without_end_are_given_up() -> None:
    keys = [f"kms:EncryptionContext:{number}" for number in range(40)]
    allow = statement(principal="*", action="kms:Decrypt", Condition=when("StringEquals", "x", key="aws:UserAgent"))
    denies = [
        statement(
            "Deny",
            "*",
            Condition={"StringEquals": {one: "a", other: "b", "aws:UserAgent": "x"}, "Null": {one: "false"}},
        )
        for one in keys
        for other in keys
        if one != other
    ]
    wants = [statement("Deny", "*", Condition={"Null": {one: "true"}}) for one in keys]
    counted(lambda: case(document(allow, *denies, *wants), ANYONE, "Decrypt").granted(Reading.LOOSE))
