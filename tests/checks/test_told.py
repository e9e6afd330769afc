"""What a check has said already is not said again in doubt."""

from tfkms.checks.told import Told
from tfkms.finding import Claim, Evidence, Undecided, Violated
from tfkms.location import Origin
from tfkms.values import Hole, Text, text

CLAIM = Claim("granted")
HOLE = Hole("aws_iam_role_policy.p", "/role", "known after apply")
ONE_OF_THE_APPS = text("arn:aws:iam::111122223333:role/app-", HOLE)
APP, OTHER = "arn:aws:iam::111122223333:role/app-x", "arn:aws:iam::111122223333:role/other"


def evidence(path: str = "/policy/Statement/0") -> tuple[Evidence, ...]:
    return (Evidence(Origin("aws_iam_role_policy.p", path), None, {}),)


def surely(who: Text, *keys: str) -> Violated:
    return Violated("aws_iam_role_policy.p", keys, CLAIM, (), evidence(), (who,))


def perhaps(who: Text, *keys: str, supposing: str = "", path: str = "/policy/Statement/0") -> Undecided:
    return Undecided("aws_iam_role_policy.p", keys, CLAIM, (HOLE,), evidence(path), (who,), supposing=supposing)


def test_that_each_of_several_may_be_the_one_who_surely_is_adds_nothing() -> None:
    told = Told()

    assert told.is_news(surely(ONE_OF_THE_APPS, "a"))
    assert not told.is_news(perhaps(APP, "a"))


def test_anybody_else_any_other_key_and_any_other_statement_do() -> None:
    told = Told()
    told.is_news(surely(ONE_OF_THE_APPS, "a"))

    assert told.is_news(perhaps(OTHER, "a"))
    assert told.is_news(perhaps(APP, "a", "b"))
    assert told.is_news(perhaps(APP, "a", path="/policy/Statement/1"))


def test_of_a_principal_that_is_known_nobody_else_is_a_part() -> None:
    told = Told()
    told.is_news(surely(OTHER, "a"))

    assert told.is_news(perhaps(APP, "a"))


def test_of_the_policies_that_a_key_may_have_the_first_wrong_one_is_enough() -> None:
    told = Told()

    assert told.is_news(perhaps(APP, "a", supposing="if this is the policy of `a`"))
    assert not told.is_news(perhaps(APP, "a", supposing="if this is the policy of `a`"))
    assert told.is_news(perhaps(APP, "b", supposing="if this is the policy of `b`"))
