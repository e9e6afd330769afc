"""Patterns against a matcher that tries everything: what matches, what may match, and what can be found."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tfkms.iam import search as module
from tfkms.iam.automaton import matches, may_match
from tfkms.iam.letter_case import any_case, perhaps_any_case
from tfkms.iam.pattern import OneOf, Pattern, Run, Symbol, Wild, arn_glob, glob, holes_of, literal, shape, widened
from tfkms.iam.search import BeyondLimitsError, find, find_possibly
from tfkms.values import Hole, Template, Text, text, text_parts

H = Hole("aws_iam_role.this", "/name", "known after apply")
G = Hole("aws_iam_role.other", "/name", "known after apply")
NEW = Hole("aws_kms_key.this", "/key_id", "known after apply", fresh=True)
ID = Hole("aws_kms_key.this", "/key_id", "known after apply", unique=True)
OTHER_ID = Hole("aws_kms_key.other", "/key_id", "known after apply", unique=True)


# The reference


def units(value: Text) -> tuple[str | Hole, ...]:
    """The characters and holes of a text."""
    return tuple(
        unit for part in text_parts(value) for unit in ((part,) if isinstance(part, Hole) else tuple(part))
    )  # fmt: skip


def fits(symbols: Sequence[Symbol], value: Sequence[str | Hole]) -> bool:
    """Whether the value matches, by trying every way to split it; a hole is a letter that only stars take."""
    if not symbols:
        return not value
    first, rest = symbols[0], symbols[1:]
    if star := refused_by_star(first):
        ends = itertools.takewhile(lambda end: not any(star(unit) for unit in value[:end]), range(len(value) + 1))
        return any(fits(rest, value[end:]) for end in ends)
    return bool(value) and takes(first, value[0]) and fits(rest, value[1:])


def refused_by_star(symbol: Symbol):  # type: ignore[no-untyped-def]
    """What a star does not take, as a test; None for what is no star."""
    match symbol:
        case Wild.ANY:
            return lambda _unit: False
        case Wild.PART:
            return lambda unit: unit == ":"
        case Run(characters):
            return lambda unit: unit not in characters
        case _:
            return None


def takes(symbol: Symbol, unit: str | Hole) -> bool:
    match symbol:
        case Wild.ONE:
            return isinstance(unit, str)
        case Wild.PART_ONE:
            return isinstance(unit, str) and unit != ":"
        case OneOf(characters):
            return unit in characters
        case _:
            return symbol == unit


def filled(value: Text, filling: Mapping[Hole, str]) -> str:
    """The text with its holes filled."""
    return "".join(filling[part] if isinstance(part, Hole) else part for part in text_parts(value))


def texts_up_to(length: int, alphabet: Iterable[str | Hole]) -> list[tuple[str | Hole, ...]]:
    letters = tuple(alphabet)
    return [unit for size in range(length + 1) for unit in itertools.product(letters, repeat=size)]


# What is drawn

WRITTEN = st.text("ab:*?", max_size=6)
PLAIN = st.text("ab:", max_size=6)


def with_holes(pieces: st.SearchStrategy[str], *unknown: Hole) -> st.SearchStrategy[Text]:
    return st.lists(pieces | st.sampled_from(unknown), max_size=4).map(lambda parts: text(*parts))


ARN_PART = st.text("ab*?", max_size=2)
ARN = st.tuples(*[ARN_PART] * 5, st.text("ab*?:", max_size=3)).map(":".join)
PLAIN_ARN = st.tuples(*[st.text("ab", max_size=2)] * 5, st.text("ab:", max_size=3)).map(":".join)
SYMBOLS = st.lists(
    st.sampled_from(["a", "b", ":", *Wild, OneOf(frozenset("ab")), Run(frozenset("ab")), H]), max_size=5
)  # fmt: skip
PATTERNS = SYMBOLS.map(shape)


# Matching


@given(WRITTEN, PLAIN)
def test_a_glob_matches_what_trying_everything_matches(written: str, value: str) -> None:
    symbols = [{"*": Wild.ANY, "?": Wild.ONE}.get(char, char) for char in written]

    assert matches(glob(written), value) == fits(symbols, value)


@given(WRITTEN, WRITTEN)
def test_a_literal_matches_itself_alone(written: str, value: str) -> None:
    assert matches(literal(written), value) == (written == value)
    assert matches(literal(written), written)


@given(ARN, PLAIN_ARN | PLAIN)
def test_an_arn_pattern_matches_part_by_part(written: str, value: str) -> None:
    found = arn_glob(written)

    assert found is not None
    mine, theirs = written.split(":", 5), value.split(":", 5)
    expected = len(theirs) == 6 and all(
        matches(glob(part), other) for part, other in zip(mine, theirs, strict=True)
    )  # fmt: skip
    assert matches(found, value) == expected


@given(WRITTEN)
def test_a_text_of_fewer_than_six_parts_is_no_arn_pattern(written: str) -> None:
    assume(written.count(":") < 5)

    assert arn_glob(written) is None


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("arn:aws:iam::*:root", "arn:aws:iam::111122223333:root", True),
        ("arn:*:root", "arn:aws:iam::111122223333:root", None),  # the star stays inside its part
        ("arn:aws:iam::*", "arn:aws:iam::111122223333:root", None),
        ("arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/team/app", True),
        ("arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:role:odd", True),
        ("arn:aws:iam::1111*3333:root", "arn:aws:iam::111122223333:root", True),
        ("arn:aws:iam::????????????:root", "arn:aws:iam::111122223333:root", True),
        ("arn:aws:*:*:role/*", "arn:aws:iam::111122223333:role/app", None),
        ("arn:aws:*:*:*:role/*", "arn:aws:iam::111122223333:role/app", True),
        ("arn:aws:iam::111122223333:ROOT", "arn:aws:iam::111122223333:root", False),
    ],
)
def test_arn_patterns_as_people_write_them(written: str, value: str, expected: bool | None) -> None:
    found = arn_glob(written)

    assert (None if found is None else matches(found, value)) is expected


@given(PATTERNS, with_holes(PLAIN, H, G))
def test_a_text_matches_a_pattern_as_trying_everything_does(pattern: Pattern, value: Text) -> None:
    assert matches(pattern, value) == fits(pattern.symbols, units(value))


@given(SYMBOLS, with_holes(PLAIN, H))
def test_stars_in_a_row_are_one_star(symbols: list[Symbol], value: Text) -> None:
    assert fits(symbols, units(value)) == matches(shape(symbols), value)


@given(st.text("abAB:*?", max_size=5), st.text("abAB:", max_size=5))
def test_a_pattern_of_any_case_matches_what_matches_whatever_the_case(written: str, value: str) -> None:
    assert matches(any_case(glob(written)), value) == matches(glob(written.lower()), value.lower())


def test_no_page_says_whether_case_is_ignored_in_other_letters() -> None:
    assert not matches(any_case(literal("É")), "é")
    assert matches(any_case(literal("É")), "É")
    wider = perhaps_any_case(literal("É"))
    assert wider is not None
    assert matches(wider, "é")
    assert perhaps_any_case(literal("abc-1")) is None


def test_a_pattern_is_fixed_when_it_has_no_wildcard() -> None:
    assert literal("a*?").fixed
    assert literal(text("a", H)).fixed
    assert not glob("a*").fixed
    assert not glob("a?").fixed
    assert not shape([OneOf(frozenset("a"))]).fixed


# Holes


def test_a_hole_equals_itself_and_no_other() -> None:
    assert matches(literal(text("a", H)), text("a", H))
    assert not matches(literal(text("a", H)), text("a", G))
    assert may_match(literal(text("a", H)), text("a", G))
    assert not matches(literal(text("a", H)), "ab")
    assert may_match(literal(text("a", H)), "ab")
    assert may_match(literal("ab"), text("a", H))
    assert not may_match(literal(text("a", H)), "b")


def test_equal_holes_are_equal_wherever_they_were_made() -> None:
    again = Hole(H.address, H.path, H.reason)

    assert matches(literal(text("x", H)), text("x", again))


def test_a_star_covers_a_hole_and_a_question_mark_does_not_surely() -> None:
    assert matches(glob("a*"), text("a", H))
    assert not matches(glob("a?"), text("a", H))


def test_a_question_mark_may_cover_a_hole() -> None:
    assert may_match(glob("a?"), text("a", H))
    assert may_match(glob("key/?*"), text("key/", NEW))


def test_an_id_that_is_made_on_apply_is_no_text_that_is_written_out() -> None:
    made = text("key/", NEW)

    assert not may_match(literal("key/1234abcd"), made)
    assert not may_match(literal(made), "key/1234abcd")
    assert matches(literal(made), made)
    assert matches(glob("key/*"), made)
    assert matches(glob("*"), made)


def test_two_ids_that_are_made_on_apply_are_different() -> None:
    other = Hole("aws_kms_key.other", "/key_id", "known after apply", fresh=True)

    assert not may_match(literal(text("key/", NEW)), text("key/", other))
    assert not may_match(glob(text("*", NEW)), text("key/", other))
    assert may_match(glob(text("*", NEW)), text("key/", other, H))
    assert may_match(glob(text("*", H)), text("key/", other))


def test_two_ids_that_may_have_been_made_up_already_are_different() -> None:
    assert matches(literal(text("key/", ID)), text("key/", ID))
    assert not may_match(literal(text("key/", ID)), text("key/", OTHER_ID))
    assert not may_match(glob(text("*/", ID)), text("key/", OTHER_ID))
    assert may_match(glob(text("*/", ID, "*")), text("key/", OTHER_ID))
    assert may_match(literal(text("key/", H)), text("key/", OTHER_ID))
    assert may_match(literal(text("key/", ID)), text("key/", H))


def test_an_id_that_may_have_been_made_up_already_may_be_one_that_is_written_out() -> None:
    assert may_match(literal("key/1234-abcd"), text("key/", ID))
    assert may_match(literal(text("key/", ID)), "key/1234-abcd")
    assert not may_match(literal("key/12/34"), text("key/", ID))
    assert not may_match(literal("alias/1234"), text("key/", ID))
    assert not matches(literal("key/1234-abcd"), text("key/", ID))


IDS = st.lists(st.text("ab-", min_size=3, max_size=3), min_size=2, max_size=2, unique=True)


@given(st.lists(st.sampled_from(["a", "b", "-", "*", "?", ID, OTHER_ID]), max_size=4), IDS, st.booleans())
def test_no_ids_that_are_made_up_turn_the_answer_round(end: list[str | Hole], ids: list[str], written: bool) -> None:
    """Two ids are of one length, and stand for themselves: nothing is written beside them."""
    if any(isinstance(part, Hole) for part in end):
        end = [part for part in end if isinstance(part, Hole)][:1]
    named = dict(zip((ID, OTHER_ID), ids, strict=True))
    filled = "".join(named[part] if isinstance(part, Hole) else part for part in end)
    value = text("key/", ids[0]) if written else text("key/", ID)

    matched = matches(glob(f"key/{filled}"), f"key/{ids[0]}")
    assert may_match(glob(text("key/", *end)), value) or not matched
    assert matched or not matches(glob(text("key/", *end)), value)


@pytest.mark.parametrize("written", ["key/mrk-*", "key/*-*", "key/1*", "key/????????-*"])
def test_an_id_that_is_made_on_apply_may_match_a_pattern_with_wildcards(written: str) -> None:
    assert may_match(glob(written), text("key/", NEW))


def test_the_holes_of_a_pattern() -> None:
    assert holes_of(glob(text("a*", H, G))) == {H, G}
    assert holes_of(widened(glob(text("a*", H, G)))) == frozenset()
    assert holes_of(widened(glob(text("a", NEW)))) == {NEW}


FILLINGS = st.fixed_dictionaries({H: PLAIN, G: PLAIN})
COLONLESS = st.fixed_dictionaries({H: st.text("ab", max_size=3), G: st.text("ab", max_size=3)})


def is_sandwiched(pattern: Pattern | None, value: Text, filled_pattern: Pattern | None, filled_value: str) -> None:
    """What surely matches matches when filled; what matches when filled may match."""
    assert pattern is not None
    assert filled_pattern is not None
    matched = matches(filled_pattern, filled_value)
    assert matched or not matches(pattern, value)
    assert may_match(pattern, value) or not matched


@given(with_holes(st.text("ab:*", max_size=3), H, G), PLAIN, FILLINGS)
def test_no_filling_of_a_globs_holes_turns_the_answer_round(
    written: Text, value: str, filling: dict[Hole, str]
) -> None:
    # What fills a hole is taken as it is, not as a pattern.
    symbols = [
        unit
        for part in text_parts(written)
        for unit in (filling[part] if isinstance(part, Hole) else glob(part).symbols)
    ]

    is_sandwiched(glob(written), value, shape(symbols), value)


@given(with_holes(st.text("ab:*", max_size=3), H), with_holes(PLAIN, H, G), FILLINGS)
def test_no_filling_of_holes_on_both_sides_turns_the_answer_round(
    written: Text, value: Text, filling: dict[Hole, str]
) -> None:
    symbols = [
        unit
        for part in text_parts(written)
        for unit in (filling[part] if isinstance(part, Hole) else glob(part).symbols)
    ]

    is_sandwiched(glob(written), value, shape(symbols), filled(value, filling))


@given(st.lists(st.text("ab*", max_size=2) | st.just(H), min_size=6, max_size=6), PLAIN_ARN, COLONLESS)
def test_no_filling_of_an_arn_patterns_holes_turns_the_answer_round(
    parts: list[str | Hole], value: str, filling: dict[Hole, str]
) -> None:
    written = text(*(piece for part in parts for piece in (":", part)))
    written = text(*(written[1:] if isinstance(written, str) else strip_first(written)))

    is_sandwiched(arn_glob(written), value, arn_glob(filled(written, filling)), value)


def strip_first(value: Template) -> list[str | Hole]:
    first, *rest = value.parts
    assert isinstance(first, str)
    return [first[1:], *rest]


ROLE_ARN = "arn:aws:logs:us-east-1:111122223333:log-group:app"


def test_a_star_behind_a_hole_that_is_a_whole_arn_may_cross_colons() -> None:
    whole = arn_glob(text(H, "/*"))
    known = arn_glob(f"{ROLE_ARN}/*")
    value = f"{ROLE_ARN}/stream:one"

    assert known is not None
    assert matches(known, value)
    assert whole is not None
    assert may_match(whole, value)


@given(with_holes(st.text("ab:*?", max_size=3), H, G), with_holes(PLAIN, H, G))
def test_what_surely_matches_may_match(written: Text, value: Text) -> None:
    assert may_match(glob(written), value) or not matches(glob(written), value)


# Finding

GROUPS = st.lists(st.lists(st.text("ab*?", max_size=4).map(glob), min_size=1, max_size=2), max_size=3)
REFUSED = st.lists(st.text("ab*?", max_size=4).map(glob), max_size=3)
EVERY_TEXT = texts_up_to(4, "abx")


def answers(value: Sequence[str | Hole], wanted: Sequence[Sequence[Pattern]], unwanted: Sequence[Pattern]) -> bool:
    return all(any(fits(one.symbols, value) for one in group) for group in wanted) and not any(
        fits(one.symbols, value) for one in unwanted
    )


@given(GROUPS, REFUSED)
def test_what_is_found_matches_and_nothing_shorter_does(wanted: list[list[Pattern]], unwanted: list[Pattern]) -> None:
    found = find(wanted, unwanted)
    known = next((value for value in EVERY_TEXT if answers(value, wanted, unwanted)), None)

    if found is None:
        assert known is None
    else:
        assert answers(units(found), wanted, unwanted)
        assert known is None or len(units(found)) == len(known)


@given(st.lists(PATTERNS, min_size=1, max_size=2), st.lists(PATTERNS, max_size=2))
def test_what_is_found_matches_with_holes_and_the_wildcards_of_arns(
    wanted: list[Pattern], unwanted: list[Pattern]
) -> None:
    groups = [[one] for one in wanted]
    found = find(groups, unwanted)
    known = next((value for value in texts_up_to(3, ["a", "b", ":", "x", H]) if answers(value, groups, unwanted)), None)

    if found is None:
        assert known is None
    else:
        assert answers(units(found), groups, unwanted)


@given(st.permutations(["*a*", "a?*", "*b"]), st.permutations(["ab", "*bb*", "a"]))
def test_the_order_of_patterns_never_matters(wanted: list[str], unwanted: list[str]) -> None:
    found = find([[glob(one)] for one in wanted], [glob(one) for one in unwanted])

    assert found == find([[glob("*a*")], [glob("a?*")], [glob("*b")]], [glob("ab"), glob("*bb*"), glob("a")])


@pytest.mark.parametrize(
    ("wanted", "unwanted", "found"),
    [
        ([], [], ""),
        ([["*"]], ["*"], None),
        ([["*"]], ["?*"], ""),
        ([["*"]], [""], "x"),
        ([["x"]], [""], "x"),
        ([["a*", "b*"], ["*c"]], ["a*"], "bc"),
        ([["a"], ["b"]], [], None),
        ([["a"]], ["b"], "a"),
        ([[]], [], None),
    ],
)
def test_finding(wanted: list[list[str]], unwanted: list[str], found: str | None) -> None:
    assert find([[glob(one) for one in group] for group in wanted], [glob(one) for one in unwanted]) == found


def test_a_role_outside_the_listed_patterns_is_found() -> None:
    anyone = [[glob("arn:aws:iam::111122223333:role/*")]]
    listed = [glob("arn:aws:iam::*:role/KeyAdmin*"), glob("arn:aws:iam::111122223333:role/")]
    found = find(anyone, listed)

    assert isinstance(found, str)
    assert found.startswith("arn:aws:iam::111122223333:role/")
    assert not matches(listed[0], found)


def test_a_text_with_a_hole_is_found_where_no_other_will_do() -> None:
    assert find([[literal(text("a", H))]], []) == text("a", H)
    assert find([[literal(text("a", H))]], [glob("a*")]) is None
    assert find([[literal(text("a", H))], [glob("*")]], [literal(text("b", G))]) == text("a", H)


def test_two_holes_may_be_the_same_text() -> None:
    assert find([[literal(text("a", H))]], [literal(text("a", G))]) is None
    assert find([[literal(text("a", H))]], [literal("ab")]) is None
    assert find_possibly([[literal(text("a", H))]], [], [literal(text("a", G))]) == text("a", H)
    assert find_possibly([[literal(text("a", H))]], [[literal("ab")]], []) == text("a", H)


def test_one_hole_is_the_same_text_wherever_it_stands() -> None:
    assert find_possibly([[literal(text("a", H))]], [], [literal(text("a", H))]) is None
    assert find_possibly([], [[literal(text("a", H))]], [literal(text("a", H))]) is not None


def one_of(characters: str) -> Pattern:
    return shape([OneOf(frozenset(characters))])


def test_classes_of_characters_are_searched() -> None:
    assert find([[one_of("ab")]], [literal("a")]) == "b"
    assert find([[one_of("ab")]], [literal("a"), literal("b")]) is None
    assert find([[shape([Run(frozenset("ab")), "c"])]], [literal("c")]) == "ac"


@pytest.mark.parametrize(
    ("wanted", "unwanted", "found"), [(["xb", "yb"], [], "b"), (["xy"], ["x"], "y"), (["xy"], ["xz"], "y")]
)
def test_classes_that_overlap_are_told_apart(wanted: list[str], unwanted: list[str], found: str) -> None:
    assert find([[one_of(one)] for one in wanted], [one_of(one) for one in unwanted]) == found


def test_a_letter_that_no_pattern_has_is_found_even_where_all_plain_ones_are_taken() -> None:
    plain = [literal(char) for char in map(chr, range(0x20, 0x7F))]
    found = find([[glob("?")]], plain)

    assert isinstance(found, str)
    assert len(found) == 1
    assert not any(matches(one, found) for one in plain)


# Limits


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        ([f"*{char}{char}*{char}x*{char}y*" for char in "abcdefgh"], []),
        (["*a" + "?" * 25], ["*b" + "?" * 24, "ax*"]),
        ([f"*{number:03}*" for number in range(100, 130)], []),
    ],
)
def test_a_question_beyond_the_limits_says_so(
    wanted: list[str], unwanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORK_LIMIT", 2_000)

    with pytest.raises(BeyondLimitsError):
        find([[glob(one)] for one in wanted], [glob(one) for one in unwanted])


def test_many_patterns_of_policies_are_no_trouble() -> None:
    listed = [glob(f"arn:aws:iam::111122223333:role/team-{number}/*") for number in range(200)]

    found = find([[glob("arn:aws:iam::111122223333:role/*")], [glob("*admin*")]], listed)

    assert isinstance(found, str)
    assert "admin" in found
