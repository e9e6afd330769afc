"""Statements: which actions and which keys they cover, and what their conditions demand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.iam.asking import KEY, document, statement
from tfkms.iam import simulate_conditions as oracle
from tfkms.iam.comparisons import FALSE, TRUE, Ground, passes
from tfkms.iam.conditions import Atom, no_variables
from tfkms.iam.document import Missing, Opaque, Patterns, Statement
from tfkms.iam.simulate_texts import Truth
from tfkms.iam.statements import condition_literals, covers_action, covers_key, resource_test
from tfkms.values import Hole, Text, text

H = Hole("aws_kms_key.other", "/arn", "known after apply")
NEW = Hole("aws_kms_key.main", "/key_id", "known after apply", fresh=True)
NEW_KEY = text("arn:aws:kms:us-east-1:111122223333:key/", NEW)
KEY_ID = KEY.rpartition("/")[2]


def listed(*texts: Text, negated: bool = False, opaque: tuple[Opaque, ...] = ()) -> Patterns:
    return Patterns(negated, texts, opaque)


def says(ground: Ground) -> bool | None:
    """True, False, or None for what may be and may not."""
    return None if ground.possible and not ground.certain else ground.certain


# Actions


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("*", True),
        ("kms:*", True),
        ("kms:PutKeyPolicy", True),
        ("KMS:PUTKEYPOLICY", True),
        ("kms:putkeypolicy", True),
        ("kms:Put*", True),
        ("kms:*Policy", True),
        ("kms:P*K*P*", True),
        ("kms:?utKeyPolicy", True),
        ("kms:PutKeyPolic?", True),
        ("kms:PutKeyPolicy?", False),
        ("kms:Put?KeyPolicy", False),
        ("kms:PutKey", False),
        ("kms:GetKeyPolicy", False),
        ("s3:*", False),
        ("s3:PutKeyPolicy", False),
        ("PutKeyPolicy", False),
        ("", False),
        ("kms:PutKeyPolicy ", False),
        (text("kms:", H), None),
        (text(H), None),
        (text("s3:", H), False),
        (text("kms:Put", H, "*"), None),
        (text("kms:PutKeyPolicy", H), None),
    ],
)
def test_an_entry_covers_an_action(entry: Text, expected: bool | None) -> None:
    assert says(covers_action(listed(entry), "kms:PutKeyPolicy")) is expected
    opposite = None if expected is None else not expected
    assert says(covers_action(listed(entry, negated=True), "kms:PutKeyPolicy")) is opposite


@pytest.mark.parametrize("entry", ["k*:PutKeyPolicy", "*:*", "?ms:*", "*ms:PutKeyPolicy"])
def test_what_a_wildcard_in_the_service_prefix_covers_is_not_documented(entry: str) -> None:
    assert says(covers_action(listed(entry), "kms:PutKeyPolicy")) is None
    assert says(covers_action(listed(entry, "kms:*"), "kms:PutKeyPolicy")) is True
    assert says(covers_action(listed(entry, negated=True), "kms:PutKeyPolicy")) is None


@pytest.mark.parametrize("entry", ["s*:PutKeyPolicy", "*:GetKeyPolicy", "?:*"])
def test_a_wildcard_in_the_service_prefix_covers_nothing_that_it_could_not_match(entry: str) -> None:
    assert says(covers_action(listed(entry), "kms:PutKeyPolicy")) is False


@pytest.mark.parametrize("entry", ["kms*", "k*y", "?*"])
def test_an_action_without_a_colon_is_all_prefix(entry: str) -> None:
    assert says(covers_action(listed(entry), "kms:PutKeyPolicy")) is None


def test_several_entries_are_alternatives() -> None:
    assert says(covers_action(listed("s3:*", "kms:Put*"), "kms:PutKeyPolicy")) is True
    assert says(covers_action(listed("s3:*", "kms:Put*", negated=True), "kms:PutKeyPolicy")) is False
    assert says(covers_action(listed("s3:*", "kms:Get*", negated=True), "kms:PutKeyPolicy")) is True
    assert says(covers_action(listed(), "kms:PutKeyPolicy")) is False


def test_what_cannot_be_read_may_cover_and_may_not() -> None:
    unread = (Opaque(H),)

    assert covers_action(listed("s3:*", opaque=unread), "kms:PutKeyPolicy").holes == {H}
    assert says(covers_action(listed("s3:*", opaque=unread), "kms:PutKeyPolicy")) is None
    assert says(covers_action(listed("kms:*", opaque=unread), "kms:PutKeyPolicy")) is True
    assert says(covers_action(listed("s3:*", opaque=unread, negated=True), "kms:PutKeyPolicy")) is None
    assert says(covers_action(listed("kms:*", opaque=unread, negated=True), "kms:PutKeyPolicy")) is False


def test_a_statement_without_the_element_covers_nothing() -> None:
    assert covers_action(Missing(), "kms:PutKeyPolicy") == FALSE
    assert covers_key(Missing(), KEY) == FALSE


# Keys


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("*", True),
        (KEY, True),
        ("arn:aws:kms:us-east-1:111122223333:key/*", True),
        ("arn:aws:kms:*:111122223333:key/*", True),
        ("arn:aws:kms:*:*:*", True),
        ("arn:aws:kms:us-east-1:111122223333:key/1234abcd-????-34cd-56ef-1234567890ab", True),
        (KEY.upper(), False),
        (KEY_ID, False),
        (f"key/{KEY_ID}", False),
        ("arn:aws:kms:us-east-1:111122223333:alias/app", False),
        ("arn:aws:kms:us-west-2:111122223333:key/*", False),
        ("arn:aws:kms:us-east-1:444455556666:key/*", False),
        (text("arn:aws:kms:us-east-1:111122223333:key/", H), None),
        (text(H), None),
        (text("arn:aws:s3:", H), False),
        ("", False),
    ],
)
def test_an_entry_covers_a_key(entry: Text, expected: bool | None) -> None:
    assert says(covers_key(listed(entry), KEY)) is expected
    opposite = None if expected is None else not expected
    assert says(covers_key(listed(entry, negated=True), KEY)) is opposite


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("*", True),
        (NEW_KEY, True),
        ("arn:aws:kms:us-east-1:111122223333:key/*", True),
        (KEY, False),
        ("arn:aws:kms:us-west-2:111122223333:key/*", False),
        (text("arn:aws:kms:us-east-1:111122223333:key/", H), None),
        ("arn:aws:kms:us-east-1:111122223333:key/mrk-*", None),
        ("arn:aws:kms:us-east-1:111122223333:key/?*", None),
    ],
)
def test_an_entry_covers_a_key_that_is_still_to_be_created(entry: Text, expected: bool | None) -> None:
    assert says(covers_key(listed(entry), NEW_KEY)) is expected


@pytest.mark.parametrize(
    "entry",
    [
        "arn:aws:kms:us-east-1:111122223333:key/${aws:PrincipalTag/key}",
        f"arn:aws:kms:us-east-1:111122223333:key/${{aws:PrincipalTag/key, '{KEY_ID}'}}",
    ],
)
def test_a_policy_variable_in_a_resource_may_cover_the_key(entry: str) -> None:
    (found,) = document(statement(principal="*", Resource=entry))

    assert isinstance(found, Statement)
    assert isinstance(found.resources, Patterns)
    assert says(passes(resource_test(found.resources, found.origin, no_variables), KEY)) is None
    assert says(passes(resource_test(found.resources, found.origin, None), KEY)) is False


@pytest.mark.parametrize("entry", ["arn:aws:k*3:key/*", "arn:*1:111122223333:key/*"])
def test_only_a_star_at_the_end_of_a_part_crosses_colons(entry: str) -> None:
    assert says(covers_key(listed(entry), KEY)) is None


# Against the second evaluator

ENTRIES = st.lists(
    st.sampled_from(["kms:", "Put", "KEY", "Policy", "*", "?", "k", "s3:", "e"]), max_size=5
).map("".join)  # fmt: skip
ARNS = st.lists(
    st.sampled_from(["arn:aws:kms", ":", "us-east-1", "111122223333", ":key/", KEY_ID, "*", "?", "1"]), max_size=8
).map("".join)
KEY_PARTS = st.tuples(
    st.sampled_from(["arn", "*"]),
    st.sampled_from(["aws", "aws*", "?ws", "aws-cn"]),
    st.sampled_from(["kms", "*", "k?s", "s3"]),
    st.sampled_from(["us-east-1", "*", "us-*", "eu-*", "us-east-?"]),
    st.sampled_from(["111122223333", "*", "1111*", "444455556666"]),
    st.sampled_from([f"key/{KEY_ID}", "key/*", "*", "alias/*", "key/1234*", "key/????"]),
).map(":".join)


def is_never_the_opposite(ground: Ground, truth: Truth) -> None:
    assert ground.possible or truth is not Truth.TRUE
    assert not ground.certain or truth is not Truth.FALSE


@given(ENTRIES)
def test_the_second_evaluator_never_says_the_opposite_of_an_action(entry: str) -> None:
    found = covers_action(listed(entry), "kms:PutKeyPolicy")

    is_never_the_opposite(found, oracle.action_matches(entry, "kms:PutKeyPolicy"))


@given(KEY_PARTS)
def test_the_second_evaluator_never_says_the_opposite_of_a_key(entry: str) -> None:
    found = covers_key(listed(entry), KEY)

    is_never_the_opposite(found, oracle.resource_matches(entry, KEY, oracle.Context({}), False))


@given(st.lists(ENTRIES, max_size=3), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_entries_never_matters(entries: list[str], negated: bool, random: object) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = covers_action(listed(*entries, negated=negated), "kms:PutKeyPolicy")

    assert says(one) is says(covers_action(listed(*shuffled, negated=negated), "kms:PutKeyPolicy"))


@given(st.lists(KEY_PARTS | ARNS, min_size=1, max_size=3), st.booleans())
def test_hiding_an_entry_makes_nothing_sure_that_was_not(entries: list[str], negated: bool) -> None:
    whole = covers_key(listed(*entries, negated=negated), KEY)
    hidden = covers_key(listed(text(H), *entries[1:], negated=negated), KEY)

    assert whole.certain or not hidden.certain
    assert hidden.possible or not whole.possible


# Conditions


def test_all_conditions_of_a_statement_are_demanded() -> None:
    block = {"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}}
    (found,) = document(statement(principal="*", Condition=block))

    assert isinstance(found, Statement)
    assert [one.key for one in condition_literals(found) if isinstance(one, Atom)] == ["aws:a", "aws:b", "aws:c"]


def test_a_statement_without_conditions_demands_nothing() -> None:
    (found,) = document(statement(principal="*"))

    assert isinstance(found, Statement)
    assert condition_literals(found) == ()


def test_a_policy_variable_is_one_only_where_the_version_says_so() -> None:
    block = {"StringEquals": {"aws:a": "${aws:username}"}}
    (new,) = document(statement(principal="*", Condition=block))
    (old,) = document(statement(principal="*", Condition=block), version="2008-10-17")

    assert isinstance(new, Statement)
    assert isinstance(old, Statement)
    (first,), (second,) = (condition_literals(one, lambda _name: "ann") for one in (new, old))
    assert first != second


def test_the_constants_of_coverage() -> None:
    assert covers_key(listed("*"), KEY) == TRUE
    assert covers_key(listed(), KEY) == FALSE
