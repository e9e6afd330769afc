"""The decision against trying every request of a small world: what is found is a request, and none is overlooked."""

import contextlib
import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfkms.iam import access
from tfkms.iam.access import Absent, Keys, KeyState, Known, Solution, Undetermined, solve
from tfkms.iam.automaton import matches
from tfkms.iam.comparisons import FALSE, TRUE, Ground, unsure
from tfkms.iam.conditions import Atom, Literal, holds, literals
from tfkms.iam.document import Condition, Opaque
from tfkms.iam.key_values import Free, Reading
from tfkms.iam.operators import operator
from tfkms.iam.pattern import glob, literal
from tfkms.iam.search import BeyondLimitsError
from tfkms.location import Origin
from tfkms.values import Hole, Template, Text, text

PLACE = Origin("aws_kms_key.this", "/policy/Statement/0")
H = Hole("aws_iam_role.this", "/arn", "known after apply")
G = Hole("aws_iam_role.other", "/arn", "known after apply")
STRICT, LOOSE = Reading.STRICT, Reading.LOOSE
BOOLEAN = (literal("true"), literal("false"))

Clause = Sequence[Literal]
Context = Mapping[str, tuple[Text, ...] | None]


def demands(key: str, name: str, *wanted: Text, opaque: tuple[Opaque, ...] = ()) -> tuple[Literal, ...]:
    known = operator(name)
    assert known is not None
    return literals(Condition(known, key, wanted, opaque), PLACE, None)


def atom(key: str, name: str, *wanted: Text, opaque: tuple[Opaque, ...] = ()) -> Literal:
    (found,) = demands(key, name, *wanted, opaque=opaque)
    return found


def keys(**states: KeyState) -> Keys:
    """The states of the keys named; every other is free."""
    return lambda name: states.get(name, Free())


def satisfies(clause: Clause, context: Context, known: Keys, reading: Reading) -> bool:
    """Whether a literal of the clause holds for the request, as the reading takes what is not known."""

    def truth(one: Literal) -> Ground:
        if isinstance(one, Ground):
            return one
        match known(one.key):
            case Undetermined(hole):
                return unsure(hole)
            case Known(values):
                return holds(one, values)
            case _:
                return holds(one, context.get(one.key))

    return any(truth(one).certain if reading is STRICT else truth(one).possible for one in clause)


def solved(
    clauses: Iterable[Clause], known: Keys, reading: Reading = STRICT
) -> dict[str, tuple[Text, ...] | None] | None:
    found = solve(list(clauses), known, reading)
    return None if found is None else dict(found.context)


# One question at a time


def test_without_clauses_any_request_will_do() -> None:
    assert solve([], keys(), STRICT) == Solution((), frozenset())


def test_an_empty_clause_is_satisfied_by_nothing() -> None:
    assert solve([()], keys(), LOOSE) is None


@pytest.mark.parametrize(
    ("ground", "strict", "loose"), [(TRUE, True, True), (FALSE, False, False), (unsure(H), False, True)]
)
def test_a_ground_literal_is_read_as_the_reading_says(ground: Ground, strict: bool, loose: bool) -> None:
    assert (solve([(ground,)], keys(), STRICT) is not None) is strict
    assert (solve([(ground,)], keys(), LOOSE) is not None) is loose


def test_a_solution_names_what_it_rests_on() -> None:
    found = solve([(unsure(H),), (unsure(G), TRUE)], keys(), LOOSE)

    assert found is not None
    assert found.holes == {H}


def test_the_absence_of_a_key_is_the_plainest_request() -> None:
    assert solved([[atom("k", "StringNotEquals", "a")]], keys()) == {"k": None}
    assert solved([[atom("k", "BoolIfExists", "true")]], keys()) == {"k": None}


def test_a_key_that_must_be_there_gets_a_value() -> None:
    found = solved([[atom("k", "StringNotEquals", "a")], [atom("k", "Null", "false")]], keys())

    assert found is not None
    assert found["k"] not in (None, ("a",))


def test_a_key_that_the_request_never_carries_is_absent() -> None:
    absent = keys(k=Absent())

    assert solve([[atom("k", "StringEquals", "a")]], absent, LOOSE) is None
    assert solve([[atom("k", "StringNotEquals", "a")]], absent, STRICT) is not None


def test_a_key_that_is_known_holds_its_values() -> None:
    known = keys(k=Known(("a", "b")))

    assert solved([[atom("k", "ForAllValues:StringEquals", "a", "b")]], known) == {"k": ("a", "b")}
    assert solve([[atom("k", "ForAllValues:StringEquals", "a")]], known, LOOSE) is None


def test_of_a_settled_but_unknown_key_everything_is_possible_and_nothing_certain() -> None:
    known = keys(k=Undetermined(H))

    for clause in ([atom("k", "StringEquals", "a")], [atom("k", "StringNotEquals", "a")], [atom("k", "Null", "true")]):
        assert solve([clause], known, STRICT) is None
        found = solve([clause], known, LOOSE)
        assert found is not None
        assert found.holes == {H}


def test_a_free_key_stays_within_its_domain() -> None:
    known = keys(k=Free(BOOLEAN))

    assert solved([[atom("k", "StringNotEquals", "true")], [atom("k", "Null", "false")]], known) == {"k": ("false",)}
    assert solve([[atom("k", "StringLike", "t*")], [atom("k", "StringNotLike", "*e")]], known, LOOSE) is None


def test_a_number_stays_within_the_domain_too() -> None:
    known = keys(k=Free(BOOLEAN))

    assert solve([[atom("k", "NumericEquals", "1")]], known, STRICT) is None
    found = solve([[atom("k", "NumericEquals", "1")]], known, LOOSE)
    assert found is not None  # no page says how "true" compares with a number
    assert dict(found.context) == {"k": ("true",)}


def test_a_key_that_is_always_there_is_never_absent() -> None:
    known = keys(k=Free(optional=False))

    assert solve([[atom("k", "Null", "true")]], known, LOOSE) is None
    found = solved([[atom("k", "StringNotEquals", "a")]], known)
    assert found is not None
    assert found["k"] is not None


def test_different_literals_of_a_clause_may_be_chosen_for_different_keys() -> None:
    clauses = [
        [atom("a", "StringEquals", "1"), atom("b", "StringEquals", "1")],
        [atom("a", "StringEquals", "2")],
    ]

    assert solved(clauses, keys()) == {"a": ("2",), "b": ("1",)}


def test_a_loose_literal_is_taken_only_where_no_free_key_will_do() -> None:
    first = solve([[unsure(H), atom("k", "StringEquals", "a")]], keys(), LOOSE)
    second = solve([[unsure(H), atom("k", "StringEquals", "a")], [atom("k", "StringEquals", "b")]], keys(), LOOSE)

    assert first is not None
    assert first.holes == frozenset()
    assert second is not None
    assert second.holes == {H}


def test_a_loose_literal_without_holes_is_as_good() -> None:
    assert solve([[unsure(), atom("k", "StringEquals", "a")], [atom("k", "StringEquals", "b")]], keys(), LOOSE)


def test_a_key_with_several_values_has_one_for_each_demand() -> None:
    known = keys(k=Free(multivalued=True))
    clauses = [
        [atom("k", "ForAnyValue:StringEquals", "a")],
        [atom("k", "ForAnyValue:StringEquals", "b")],
        [atom("k", "ForAllValues:StringLike", "a*", "b*")],
    ]
    found = solved(clauses, known)

    assert found is not None
    assert set(found["k"] or ()) == {"a", "b"}
    assert solve([*clauses, [atom("k", "ForAllValues:StringEquals", "a")]], known, LOOSE) is None


def test_a_value_with_an_unknown_part_is_the_same_unknown() -> None:
    wanted = atom("k", "StringEquals", text("a", H))

    assert solved([[wanted]], keys()) == {"k": (text("a", H),)}
    assert solve([[wanted], [atom("k", "StringNotLike", "a*")]], keys(), STRICT) is None


def test_an_unread_value_may_match_loosely_and_never_surely() -> None:
    positive = atom("k", "StringEquals", opaque=(Opaque(H),))
    negative = atom("k", "StringNotEquals", opaque=(Opaque(H),))
    present = atom("k", "Null", "false")

    assert solve([[positive]], keys(), STRICT) is None
    assert solve([[positive]], keys(), LOOSE) is not None
    assert solve([[negative], [present]], keys(), STRICT) is None
    assert solve([[negative], [present]], keys(), LOOSE) is not None


# Numbers, dates, addresses


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ([("NumericGreaterThan", "5"), ("NumericLessThan", "7")], True),
        ([("NumericGreaterThan", "5"), ("NumericLessThan", "5")], False),
        ([("NumericGreaterThanEquals", "5"), ("NumericLessThanEquals", "5")], True),
        ([("NumericGreaterThan", "5"), ("NumericNotEquals", "6"), ("NumericLessThan", "7")], True),
        ([("NumericEquals", "5"), ("NumericNotEquals", "5.0"), ("Null", "false")], False),
        ([("NumericGreaterThan", "0.1"), ("NumericLessThan", "0.2")], True),
        ([("NumericLessThan", "-1000000000000")], True),
        ([("DateGreaterThan", "2026-01-01"), ("DateLessThan", "2026-01-02")], True),
        ([("DateGreaterThan", "2026-01-02"), ("DateLessThan", "2026-01-01")], False),
        ([("DateEquals", "2026-01-01"), ("DateNotEquals", "2026-01-01T00:00:00Z"), ("Null", "false")], False),
        ([("IpAddress", "10.0.0.0/8"), ("NotIpAddress", "10.0.0.0/9")], True),
        ([("IpAddress", "10.0.0.0/9"), ("NotIpAddress", "10.0.0.0/8")], False),
        ([("IpAddress", "10.0.0.0/8", "192.0.2.0/24"), ("NotIpAddress", "10.0.0.0/8")], True),
        ([("IpAddress", "10.0.0.0/30"), ("NotIpAddress", "10.0.0.0/31", "10.0.0.2/31")], False),
        ([("IpAddress", "2001:db8::/32"), ("IpAddress", "10.0.0.0/8")], False),
        ([("NotIpAddress", "10.0.0.0/8"), ("Null", "false")], True),
        ([("DateGreaterThan", "2026-01-01"), ("StringLike", "2026-01-01T*")], True),
    ],
)
def test_ranges(clauses: list[tuple[str, ...]], expected: bool) -> None:
    asked = [demands("k", name, *wanted) for name, *wanted in clauses]
    found = solve(asked, keys(), STRICT)

    assert (found is not None) is expected
    if found is not None:
        assert all(satisfies(clause, dict(found.context), keys(), STRICT) for clause in asked)


@pytest.mark.parametrize(
    "clauses",
    [
        [("NumericGreaterThan", "1" + 30 * "0")],
        [("DateGreaterThan", "2026-01-01T00:00:00Z"), ("DateLessThan", "2026-01-01T00:00:01Z")],
        [("DateGreaterThan", "2026-01-01"), ("StringLike", "2026-06-*")],
        [("NumericGreaterThan", "5"), ("StringLike", "17*")],
        [("NotIpAddress", "0.0.0.0/0"), ("Null", "false")],
    ],
)
def test_what_only_an_unusual_value_satisfies_is_found_or_given_up(clauses: list[tuple[str, ...]]) -> None:
    with contextlib.suppress(BeyondLimitsError):
        assert solve([demands("k", name, *wanted) for name, *wanted in clauses], keys(), STRICT) is not None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("DateGreaterThan", "9999-12-31T23:59:59Z"),
        ("DateLessThanEquals", "9999-12-31T23:59:59Z"),
        ("DateGreaterThan", "0001-01-01T00:00:00Z"),
        ("DateNotEquals", "99999999999999"),
        ("NumericLessThan", "1e999999999"),
    ],
)
def test_bounds_at_the_end_of_the_world_are_no_trouble(name: str, wanted: str) -> None:
    solve([demands("k", name, wanted), demands("k", "Null", "false")], keys(), STRICT)


@pytest.mark.parametrize("wanted", ["ß", "ı", "ſ"])
def test_a_value_that_ignores_case_is_one_that_passes(wanted: str) -> None:
    clause = demands("k", "StringEqualsIgnoreCase", wanted)
    found = solve([clause], keys(), STRICT)

    assert found is not None
    assert satisfies(clause, dict(found.context), keys(), STRICT)


# Limits


def test_a_search_that_tries_too_much_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "QUESTION_LIMIT", 50)
    names = [f"k{number}" for number in range(8)]
    either = [[atom(name, "StringEquals", "a"), atom(name, "StringEquals", "b")] for name in names]
    never = [[atom(name, "StringEquals", "c") for name in names]]

    with pytest.raises(BeyondLimitsError):
        solve([*either, *never, *never], keys(), STRICT)


# Against trying everything

VALUES: dict[str, tuple[str, ...]] = {
    "a": ("a", "ab", "B", "true", "5"),
    "b": ("a", "ab", "B", "true", "5"),
    "n": ("4", "5", "5.5", "7"),
}
WANTED = st.sampled_from(["a", "a*", "?", "*b", "A", "true", "5", "6", "*"])
STRINGS = st.sampled_from(
    [
        f"{prefix}{name}{suffix}"
        for prefix in ("", "ForAnyValue:", "ForAllValues:")
        for name in (
            "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase", "Bool",
        )
        for suffix in ("", "IfExists")
    ]
)  # fmt: skip
NUMBERS = st.sampled_from(["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"])
NAMES = ("a", "b", "n")


@functools.cache
def atoms(hidden: bool) -> st.SearchStrategy[Literal]:
    """Literals on the keys of the small world, some with holes."""
    holed: st.SearchStrategy[Text] = WANTED | (st.sampled_from([Template((H,)), text("a", G)]) if hidden else WANTED)
    opaque = st.sampled_from([(), (), (Opaque(H),)]) if hidden else st.just(())
    names = STRINGS if hidden else STRINGS.filter(lambda name: not (name.startswith("ForAny") and "IfExists" in name))
    on_text = st.builds(
        lambda key, name, wanted, unread: atom(key, name, *wanted, opaque=unread),
        st.sampled_from(["a", "b"]),
        names,
        st.lists(holed, min_size=1, max_size=2),
        opaque,
    )
    on_number = st.builds(
        lambda name, wanted, unread: atom("n", name, wanted, opaque=unread),
        NUMBERS,
        st.sampled_from(["5", "6"]),
        opaque,
    )
    presence = st.builds(
        lambda key, wanted: atom(key, "Null", wanted), st.sampled_from(NAMES), st.sampled_from(["true", "false"])
    )
    found = on_text | on_number | presence
    return found | found.map(lambda one: one.negated())


def clauses(hidden: bool) -> st.SearchStrategy[list[list[Literal]]]:
    grounds = st.sampled_from([TRUE, FALSE, unsure(H)] if hidden else [FALSE])
    return st.lists(st.lists(atoms(hidden) | grounds, min_size=1, max_size=3), max_size=5)


STATES = st.fixed_dictionaries(
    {
        "a": st.sampled_from([Free(), Free(optional=False), Free(BOOLEAN), Free((glob("a*"), literal("5")))]),
        "b": st.sampled_from([Free(), Free(multivalued=True), Known(("a",)), Absent()]),
        "n": st.sampled_from([Free(), Free(optional=False), Known(("5",)), Absent()]),
    }
)


def choices(name: str, state: KeyState) -> list[tuple[str, ...] | None]:
    """What a key may hold in the small world."""
    match state:
        case Free(domain, optional, multivalued):
            allowed = [value for value in VALUES[name] if not domain or any(matches(one, value) for one in domain)]
            several = itertools.combinations(allowed, 2) if multivalued else ()
            return [*([None] if optional else []), *((value,) for value in allowed), *several]
        case Known(values):
            return [tuple(map(str, values))]
        case _:
            return [None]


def worlds(known: Keys) -> Iterable[Context]:
    """Every request of the small world."""
    for chosen in itertools.product(*(choices(name, known(name)) for name in NAMES)):
        yield dict(zip(NAMES, chosen, strict=True))


def is_request(context: Context, known: Keys) -> bool:
    """Whether a caller can make it: what it holds fits the state of every key."""
    return all(fits(values, known(name)) for name, values in context.items())


def fits(values: tuple[Text, ...] | None, state: KeyState) -> bool:
    match state:
        case Free(_, optional) if values is None:
            return optional
        case Free(domain, _, multivalued):
            allowed = (not domain or any(matches(one, value) for one in domain) for value in values or ())
            return (len(values or ()) == 1 or multivalued) and all(allowed)
        case Known(own):
            return values == own
        case _:
            return values is None


@given(clauses(hidden=False), STATES)
def test_what_is_found_is_a_request_that_satisfies_every_clause(
    asked: list[list[Literal]], states: dict[str, KeyState]
) -> None:
    known = keys(**states)
    found = solve(asked, known, STRICT)

    if found is not None:
        context = dict(found.context)
        assert is_request(context, known)
        assert all(satisfies(clause, context, known, STRICT) for clause in asked)
        assert found.holes == frozenset()
    else:
        assert not any(all(satisfies(clause, world, known, STRICT) for clause in asked) for world in worlds(known))


@given(clauses(hidden=False), STATES)
def test_where_all_is_known_both_readings_agree(asked: list[list[Literal]], states: dict[str, KeyState]) -> None:
    strictly, loosely = solve(asked, keys(**states), STRICT), solve(asked, keys(**states), LOOSE)

    assert strictly is None or loosely is not None
    assert strictly is not None or loosely is None or loosely.holes  # what AWS leaves open, or a key that is not known


@given(clauses(hidden=True), STATES, st.sampled_from([STRICT, LOOSE]))
def test_what_is_found_with_holes_satisfies_every_clause_as_read(
    asked: list[list[Literal]], states: dict[str, KeyState], reading: Reading
) -> None:
    known = keys(**states)
    found = solve(asked, known, reading)

    if found is not None:
        assert all(satisfies(clause, dict(found.context), known, reading) for clause in asked)
    else:
        assert not any(all(satisfies(clause, world, known, reading) for clause in asked) for world in worlds(known))


@given(clauses(hidden=True), STATES)
def test_a_sure_request_is_a_possible_one(asked: list[list[Literal]], states: dict[str, KeyState]) -> None:
    if solve(asked, keys(**states), STRICT) is not None:
        assert solve(asked, keys(**states), LOOSE) is not None


@given(clauses(hidden=True), STATES, st.randoms(use_true_random=False), st.sampled_from([STRICT, LOOSE]))
def test_the_order_of_clauses_and_literals_never_matters(
    asked: list[list[Literal]], states: dict[str, KeyState], random: object, reading: Reading
) -> None:
    shuffled = [list(clause) for clause in asked]
    for clause in (shuffled, *shuffled):
        random.shuffle(clause)  # type: ignore[attr-defined]

    assert (solve(asked, keys(**states), reading) is None) == (solve(shuffled, keys(**states), reading) is None)


@given(clauses(hidden=True), STATES, st.lists(atoms(hidden=True), max_size=2), st.sampled_from([STRICT, LOOSE]))
def test_a_further_clause_never_makes_a_request_possible(
    asked: list[list[Literal]], states: dict[str, KeyState], further: list[Literal], reading: Reading
) -> None:
    if solve(asked, keys(**states), reading) is None:
        assert solve([*asked, further], keys(**states), reading) is None


@given(clauses(hidden=True), STATES, st.sampled_from(NAMES))
def test_hiding_what_a_key_holds_makes_nothing_sure_and_nothing_impossible(
    asked: list[list[Literal]], states: dict[str, KeyState], name: str
) -> None:
    known, hidden = keys(**states), keys(**(states | {name: Undetermined(G)}))

    if solve(asked, hidden, STRICT) is not None:
        assert solve(asked, known, STRICT) is not None
    if solve(asked, known, LOOSE) is not None:
        assert solve(asked, hidden, LOOSE) is not None


def test_atoms_are_told_apart_by_all_they_say() -> None:
    first, second = atom("k", "StringEquals", "a"), atom("k", "StringNotEquals", "a")

    assert isinstance(first, Atom)
    assert first != second
    assert first == atom("K", "StringEquals", "a")
