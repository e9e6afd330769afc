"""Conditions: each rule of AWS for one key with its values, and what must hold whatever the operator."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tfkms.iam import simulate_conditions as oracle
from tfkms.iam.comparisons import FALSE, TRUE, Ground, number, seconds, unsure
from tfkms.iam.conditions import Atom, NoValue, Variables, expanded, holds, literals, no_variables
from tfkms.iam.document import Condition, Opaque
from tfkms.iam.operators import operator
from tfkms.iam.simulate_texts import Truth
from tfkms.location import Origin
from tfkms.values import Hole, Template, Text, text

PLACE = Origin("aws_kms_key.this", "/policy/Statement/0")
KEY = "aws:Some/Key"
H = Hole("aws_iam_role.this", "/arn", "known after apply")
G = Hole("aws_iam_role.other", "/arn", "known after apply")
ROLE = "arn:aws:iam::111122223333:role/team/app"


def condition(name: str, *wanted: Text, opaque: tuple[Opaque, ...] = ()) -> Condition:
    known = operator(name)
    assert known is not None
    return Condition(known, KEY, wanted, opaque)


def answer(asked: Condition, values: tuple[Text, ...] | None, variables: Variables | None = None) -> Ground:
    """Whether all that the condition demands holds for a key with these values; None is an absent key."""
    found = [
        literal if isinstance(literal, Ground) else holds(literal, values)
        for literal in literals(asked, PLACE, variables)
    ]
    certain, possible = all(one.certain for one in found), all(one.possible for one in found)
    return Ground(certain, possible, frozenset().union(*(one.holes for one in found)))


def says(name: str, wanted: Any, values: Any, variables: Variables | None = None) -> bool | None:
    """True, False, or None for a condition that may hold and may not."""
    listed = tuple(wanted) if isinstance(wanted, list) else (wanted,)
    given_values = None if values is None else tuple(values) if isinstance(values, list) else (values,)
    ground = answer(condition(name, *listed), given_values, variables)
    return None if ground.possible and not ground.certain else ground.certain


# One value against one


@pytest.mark.parametrize(
    ("name", "wanted", "value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringNotEquals", "a", "a", False),
        ("StringNotEquals", "a*", "ab", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringEqualsIgnoreCase", "a*", "ab", False),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "a*", "ab:c/d", True),
        ("StringLike", "a?", "ab", True),
        ("StringLike", "a?", "a", False),
        ("StringLike", "A*", "ab", False),
        ("StringLike", "*", "", True),
        ("StringNotLike", "a*", "ab", False),
        ("StringNotLike", "a*", "ba", True),
        ("ArnLike", ROLE, ROLE, True),
        ("ArnEquals", "arn:aws:iam::*:role/*", ROLE, True),
        ("ArnLike", "arn:aws:iam::111122223333:role/*", ROLE, True),
        ("ArnLike", "arn:aws:iam:*:role/*", ROLE, None),
        ("ArnLike", "arn:*:*:*:*:*", ROLE, True),
        ("ArnLike", "arn:aws:iam::*:user/*", ROLE, False),
        ("ArnLike", "arn:aws:iam:::role/*", ROLE, False),
        ("ArnLike", "arn:aws:*:111122223333:role/*:*", "arn:aws:iam::111122223333:role/a:b", False),
        ("ArnLike", "arn:aws:iam::111122223333:ROLE/team/app", ROLE, False),
        ("ArnNotLike", "arn:aws:iam::*:role/*", ROLE, False),
        ("ArnNotEquals", "arn:aws:iam::*:user/*", ROLE, True),
        ("ArnLike", "*", ROLE, None),
        ("ArnNotLike", "*", ROLE, None),
        ("Bool", "true", "true", True),
        ("Bool", "true", "false", False),
        ("Bool", "True", "true", None),
        ("Bool", "false", "FALSE", None),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "qmluYXJ5", False),
        ("NumericEquals", "7", "7", True),
        ("NumericEquals", "7", "7.0", True),
        ("NumericEquals", "7.5", "7.50", True),
        ("NumericNotEquals", "7", "7", False),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "7", "7", False),
        ("NumericLessThanEquals", "7", "7", True),
        ("NumericGreaterThan", "-1", "0", True),
        ("NumericGreaterThan", "7", "7", False),
        ("NumericGreaterThanEquals", "7", "7", True),
        ("NumericEquals", "seven", "7", None),
        ("NumericEquals", "NaN", "7", None),
        ("NumericEquals", "Infinity", "7", None),
        ("NumericLessThan", "7", "seven", None),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateNotEquals", "2026-01-01", "2026-01-01T00:00:00Z", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
        ("DateLessThan", "2026-01-01T00:00:00-08:00", "2026-01-01T07:59:59Z", True),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01T00:00:01Z", False),
        ("DateGreaterThan", "2026-01-01", "2026-01-01T00:00:01Z", True),
        ("DateGreaterThanEquals", "2026-01-01", "2025-12-31T23:59:59Z", False),
        ("DateEquals", "today", "2026-01-01", None),
        ("DateEquals", "2026-13-01", "2026-01-01", None),
        ("DateEquals", "2026-01-01", "today", None),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.77/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.8", False),
        ("IpAddress", "203.0.113.0/24", "2001:db8::1", False),
        ("IpAddress", "2001:db8:1::/48", "2001:DB8:1:2::3", True),
        ("IpAddress", "2001:db8::/64", "2001:db8:1::1", False),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", False),
        ("NotIpAddress", "203.0.113.0/24", "2001:db8::1", True),
        ("IpAddress", "office", "203.0.113.9", None),
        ("NotIpAddress", "office", "203.0.113.9", None),
        ("IpAddress", "203.0.113.0/24", "office", None),
    ],
)
def test_one_value(name: str, wanted: str, value: str, expected: bool | None) -> None:
    assert says(name, wanted, value) is expected


def test_the_name_of_a_key_means_the_same_in_any_case() -> None:
    (literal,) = literals(condition("StringEquals", "a"), PLACE, None)

    assert isinstance(literal, Atom)
    assert literal.key == KEY.lower()


# Several values


@pytest.mark.parametrize(
    ("name", "wanted", "value", "expected"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", ["a", "b"], "c", False),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotLike", ["a*", "*b"], "ab", False),
        ("ArnNotLike", ["arn:aws:iam::*:user/*", "arn:aws:iam::*:role/*"], ROLE, False),
        ("NumericNotEquals", ["1", "2"], "2", False),
        ("NumericGreaterThan", ["30", "5"], "7", True),
        ("DateNotEquals", ["2026-01-01", "2026-01-02"], "2026-01-02", False),
        ("NotIpAddress", ["10.0.0.0/8", "192.0.2.0/24"], "192.0.2.1", False),
        ("StringEquals", [], "a", False),
        ("StringNotEquals", [], "a", True),
    ],
)
def test_the_values_of_a_policy_are_alternatives_and_all_refused_by_a_negated_operator(
    name: str, wanted: list[str], value: str, expected: bool
) -> None:
    assert says(name, wanted, value) is expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("ForAnyValue:StringEquals", ["a", "x"], True),
        ("ForAnyValue:StringEquals", ["x", "y"], False),
        ("ForAnyValue:StringEquals", [], False),
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "x"], False),
        ("ForAllValues:StringEquals", [], True),
        ("ForAnyValue:StringNotEquals", ["a", "x"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("ForAllValues:StringNotEquals", ["x", "y"], True),
        ("ForAllValues:StringNotEquals", ["a", "x"], False),
        ("ForAnyValue:StringLike", ["x", "b"], True),
        ("ForAllValues:StringNotLike", ["x", "b"], False),
    ],
)
def test_set_operators_ask_of_some_or_of_every_value(name: str, values: list[str], expected: bool) -> None:
    assert says(name, ["a", "b"], values) is expected


# Absent keys

POSITIVE = [
    "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "Bool", "BinaryEquals",
    "NumericEquals", "NumericLessThan", "NumericGreaterThanEquals", "DateEquals", "DateLessThan", "IpAddress",
]  # fmt: skip
NEGATED = [
    "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike", "NumericNotEquals",
    "DateNotEquals", "NotIpAddress",
]  # fmt: skip


@pytest.mark.parametrize("name", POSITIVE)
def test_a_positive_operator_fails_for_an_absent_key(name: str) -> None:
    assert says(name, "1", None) is False
    assert says(f"ForAnyValue:{name}", "1", None) is False


@pytest.mark.parametrize("name", NEGATED)
def test_a_negated_operator_holds_for_an_absent_key(name: str) -> None:
    assert says(name, "1", None) is True


@pytest.mark.parametrize("name", POSITIVE + NEGATED)
def test_if_exists_holds_for_an_absent_key_and_changes_nothing_for_a_present_one(name: str) -> None:
    assert says(f"{name}IfExists", "1", None) is True
    assert says(f"ForAllValues:{name}IfExists", "1", None) is True
    for prefix in ("", "ForAnyValue:", "ForAllValues:"):
        assert says(f"{prefix}{name}IfExists", "1", "1") is says(f"{prefix}{name}", "1", "1")
        assert says(f"{prefix}{name}IfExists", "1", "2") is says(f"{prefix}{name}", "1", "2")


@pytest.mark.parametrize("name", POSITIVE + NEGATED)
def test_for_any_value_with_if_exists_leaves_an_absent_key_open(name: str) -> None:
    """One page says that IfExists makes the condition true, the other that ForAnyValue is false without the key."""
    assert says(f"ForAnyValue:{name}IfExists", "1", None) is None


@pytest.mark.parametrize("name", POSITIVE + NEGATED)
def test_for_all_values_holds_for_an_absent_key(name: str) -> None:
    assert says(f"ForAllValues:{name}", "1", None) is True


@pytest.mark.parametrize("name", NEGATED)
def test_for_any_value_fails_for_an_absent_key_even_negated(name: str) -> None:
    assert says(f"ForAnyValue:{name}", "1", None) is False


@pytest.mark.parametrize(
    ("wanted", "absent", "present"),
    [
        ("true", True, False),
        ("false", False, True),
        ("True", None, None),
        (["true", "true"], True, False),
        (["true", "false"], True, True),
        ("maybe", None, None),
        (["true", "maybe"], None, None),
        (Template((H,)), None, None),
    ],
)
def test_null_asks_whether_the_key_is_there(wanted: Any, absent: bool | None, present: bool | None) -> None:
    assert says("Null", wanted, None) is absent
    assert says("Null", wanted, "anything") is present


def test_null_with_no_values_is_met_by_nothing_for_sure() -> None:
    assert says("Null", [], "anything") is not True


# Case


@pytest.mark.parametrize("word", ["İ", "ΑΣ"])
def test_a_text_equals_itself_whatever_its_letters(word: str) -> None:
    assert says("StringEqualsIgnoreCase", word, word) is True


def test_a_value_with_holes_is_compared_whatever_the_case_too() -> None:
    assert says("StringEqualsIgnoreCase", "ABC", text("AB", H)) is None


# Policy variables

CALLER: dict[str, Text | NoValue] = {
    "aws:username": "ann",
    "aws:principaltag/team": NoValue.ABSENT,
    "aws:principalarn": text("arn:aws:iam::", H, ":root"),
    "aws:star": "a*",
}


def of_caller(name: str) -> Text | NoValue:
    return CALLER.get(name, NoValue.UNKNOWN)


@pytest.mark.parametrize(
    ("name", "wanted", "value", "expected"),
    [
        ("StringEquals", "${aws:username}", "ann", True),
        ("StringEquals", "${aws:UserName}", "ann", True),
        ("StringEquals", "x-${aws:username}-y", "x-ann-y", True),
        ("StringEquals", "${aws:username}", "bob", False),
        ("StringNotEquals", "${aws:username}", "ann", False),
        ("StringLike", "${aws:username}*", "anna", True),
        ("StringEquals", "${aws:username, 'bob'}", "ann", True),
        ("StringEquals", "${aws:PrincipalTag/team, 'red'}", "red", True),
        ("StringEquals", "${aws:PrincipalTag/team}", "red", False),
        ("StringNotEquals", "${aws:PrincipalTag/team}", "red", True),
        ("StringEquals", ["${aws:PrincipalTag/team}", "red"], "red", True),
        ("ArnEquals", "${aws:PrincipalArn}", text("arn:aws:iam::", H, ":root"), True),
        ("ArnEquals", "${aws:PrincipalArn}", "arn:aws:iam::111122223333:root", None),
        ("StringEquals", "${aws:else}", "a", None),
        ("StringNotEquals", "${aws:else}", "a", None),
        ("StringEquals", ["${aws:else}", "a"], "a", True),
        ("StringLike", "${aws:star}", "ab", None),
        ("StringEquals", "${aws:username", "a", None),
        ("StringEquals", "${$}{aws:username}", "${aws:username}", True),
        ("StringEquals", "a${$}b", "a$b", True),
        ("StringLike", "a${*}b", "a*b", True),
        ("StringLike", "a${*}b", "axb", False),
        ("StringLike", "a${?}b", "axb", False),
        ("StringEquals", "${*}", "*", True),
        ("StringEquals", "$a{b}", "$a{b}", True),
        ("NumericEquals", "${aws:MultiFactorAuthAge}", "7", None),
        ("IpAddress", "${aws:SourceIp}", "192.0.2.1", None),
    ],
)
def test_a_policy_variable_stands_for_the_callers_value(
    name: str, wanted: Any, value: Any, expected: bool | None
) -> None:
    assert says(name, wanted, value, of_caller) is expected


@pytest.mark.parametrize("name", ["StringEquals", "StringNotEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"])
def test_where_nothing_is_known_of_the_caller_a_variable_may_be_anything(name: str) -> None:
    assert says(name, "${aws:username}", "ann", no_variables) is None


def test_in_an_old_version_a_variable_is_a_text() -> None:
    assert says("StringEquals", "${aws:username}", "${aws:username}", None) is True
    assert says("StringEquals", "${aws:username}", "ann", None) is False
    assert says("StringLike", "${*}", "${anything}", None) is True


def test_a_hole_beside_a_variable_stays() -> None:
    assert expanded(text("a${$}", H), no_variables, wild=True) == ["a", "$", H]


# Readers


@pytest.mark.parametrize(("written", "value"), [("7", 7), ("-7.5", -7.5), ("+3", 3), ("007", 7), ("0.0", 0)])
def test_a_number_is_read(written: str, value: float) -> None:
    assert number(written) == value


@pytest.mark.parametrize("written", ["", "x", "NaN", "sNaN", "Infinity", "-inf", "1,5", "0x10", "1 2", "${x}"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert number(written) is None


@pytest.mark.parametrize("written", ["1_000", "٧", " 7", "7\n"])
def test_what_only_python_calls_a_number_is_none(written: str) -> None:
    assert number(written) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("10000", 10000),
        ("1767225600", 1767225600),
        ("2026-01", 1767225600),
        ("2026-01-01", 1767225600),
        ("2026-01-01T00:00Z", 1767225600),
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T00:00:00.000Z", 1767225600),
        ("2026-01-01T02:00:00+02:00", 1767225600),
        ("1969-12-31T23:59:59Z", -1),
        ("0001-01-01T00:00:00Z", -62135596800),
        ("9999-12-31T23:59:59Z", 253402300799),
    ],
)
def test_a_date_is_read(written: str, value: int) -> None:
    assert seconds(written) == value


@pytest.mark.parametrize("written", ["", "x", "2026-13-01", "2026-02-30", "0", "01/01/2026", "1e9", "-1"])
def test_what_is_no_date_that_can_be_read_is_none(written: str) -> None:
    assert seconds(written) is None


def test_dates_that_could_be_read_otherwise_are_not_taken_for_certain() -> None:
    assert seconds("2026") is None
    assert seconds("2026-01-01T00:00:00.5Z") != seconds("2026-01-01T00:00:00Z")


# Whatever the operator

NAMES = st.sampled_from(
    [
        f"{prefix}{name}{suffix}"
        for prefix in ("", "ForAnyValue:", "ForAllValues:")
        for name in [*POSITIVE, *NEGATED]
        for suffix in ("", "IfExists")
    ]
    + ["Null"]
)
WORDS = st.sampled_from(
    [
        "", "a", "A", "ab", "a*", "a?", "*", "true", "false", "True", "1", "7", "7.0", "-1", "2026-01-01",
        "2026-01-01T00:00:00Z", "1767225600", "10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "2001:db8::1", ROLE,
        "arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:ro*", "QUJD",
    ]
)  # fmt: skip
PIECED = st.lists(WORDS | st.sampled_from([H, G, "a", ":root", "arn:aws:iam::"]), min_size=1, max_size=3)
TEXTS: st.SearchStrategy[Text] = WORDS | PIECED.map(lambda parts: text(*parts))
PRESENT = st.lists(TEXTS, min_size=1, max_size=3).map(tuple)
CONDITIONS = st.builds(
    lambda name, wanted, hidden: condition(name, *wanted, opaque=(Opaque(G),) if hidden else ()),
    NAMES,
    st.lists(TEXTS, max_size=3),
    st.booleans(),
)
SPELLED = st.builds(lambda name, wanted: condition(name, *wanted), NAMES, st.lists(WORDS, max_size=3))


@given(CONDITIONS, st.none() | PRESENT, st.booleans())
def test_the_negated_literal_holds_exactly_when_the_literal_does_not(
    asked: Condition, values: tuple[Text, ...] | None, variables: bool
) -> None:
    for literal in literals(asked, PLACE, no_variables if variables else None):
        if isinstance(literal, Atom):
            assert holds(literal.negated(), values) == holds(literal, values).negated()
        assert literal.negated().negated() == literal


@given(CONDITIONS, st.none() | PRESENT)
def test_what_is_certain_is_possible_and_only_the_unsure_names_holes(
    asked: Condition, values: tuple[Text, ...] | None
) -> None:
    for literal in literals(asked, PLACE, None):
        found = literal if isinstance(literal, Ground) else holds(literal, values)
        assert found.possible or not found.certain
        assert not found.holes or (found.possible and not found.certain)


@example(condition("NumericEquals", "seven"), ("seven",))
@given(CONDITIONS, st.none() | PRESENT)
def test_what_is_unsure_says_on_what_it_hangs(asked: Condition, values: tuple[Text, ...] | None) -> None:
    for literal in literals(asked, PLACE, None):
        found = literal if isinstance(literal, Ground) else holds(literal, values)
        assert found.holes or found.certain == found.possible


def is_within(narrow: Ground, wide: Ground) -> None:
    """Whatever is sure of the one with less known is so of the one with more."""
    assert narrow.certain or not wide.certain
    assert wide.possible or not narrow.possible


def filled(value: Text, filling: dict[Hole, str]) -> str:
    parts = value.parts if isinstance(value, Template) else (value,)
    return "".join(filling[part] if isinstance(part, Hole) else part for part in parts)


@given(SPELLED, st.none() | st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.data())
def test_hiding_a_value_never_turns_a_sure_answer_round(
    asked: Condition, values: tuple[str, ...] | None, data: st.DataObject
) -> None:
    places = [*range(len(asked.values)), *(("value", n) for n in range(len(values or ())))]
    whole = answer(asked, values)
    for place in data.draw(st.lists(st.sampled_from(places), unique=True)) if places else ():
        if isinstance(place, int):
            hidden = tuple(Template((H,)) if n == place else value for n, value in enumerate(asked.values))
            is_within(whole, answer(Condition(asked.operator, KEY, hidden), values))
            rest = tuple(value for n, value in enumerate(asked.values) if n != place)
            is_within(whole, answer(Condition(asked.operator, KEY, rest, (Opaque(H),)), values))
        else:
            unknown = tuple(Template((H,)) if n == place[1] else value for n, value in enumerate(values or ()))
            is_within(whole, answer(asked, unknown))


def test_an_operator_that_cannot_be_read_may_hold_or_not() -> None:
    assert literals(Condition(Opaque(H), KEY, ("a",)), PLACE, None) == (unsure(H),)


COLONLESS = st.fixed_dictionaries(
    {H: st.sampled_from(["", "a", "1", "111122223333"]), G: st.sampled_from(["", "b", "7"])}
)


@given(
    NAMES,
    st.lists(st.sampled_from([H, G, text("a", H), text("arn:aws:iam::", H, ":root"), "a", "1", ROLE]), max_size=2),
    st.sampled_from([H, text("a", G), text("arn:aws:iam::", H, ":root"), "a", "ab", "1", ROLE]),
    COLONLESS,
)
def test_no_filling_of_the_holes_turns_a_sure_answer_round(
    name: str, wanted: list[Hole | Text], value: Hole | Text, filling: dict[Hole, str]
) -> None:
    known = [text(item) if isinstance(item, Hole) else item for item in wanted]
    own = text(value) if isinstance(value, Hole) else value

    is_within(
        answer(condition(name, *(filled(item, filling) for item in known)), (filled(own, filling),)),
        answer(condition(name, *known), (own,)),
    )


@given(SPELLED, st.none() | st.lists(WORDS.filter(bool), min_size=1, max_size=3).map(tuple))
def test_the_second_evaluator_never_says_the_opposite(asked: Condition, values: tuple[str, ...] | None) -> None:
    context = oracle.Context({KEY.lower(): values} if values else {})
    mine, theirs = answer(asked, values), oracle.holds(asked, context, False)

    assert mine.possible or theirs is not Truth.TRUE
    assert not mine.certain or theirs is not Truth.FALSE


def test_the_constants() -> None:
    assert TRUE.negated() == FALSE
    assert FALSE.negated() == TRUE
    assert unsure(H).negated() == unsure(H)
