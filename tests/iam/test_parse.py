"""Reading policies: what AWS takes is read, what is odd is said and widens, and nothing makes the reader stumble."""

import json
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tfkms.diagnostics import Diagnostic, Level
from tfkms.iam.document import (
    Effect,
    Missing,
    Opaque,
    OpaqueStatement,
    Patterns,
    Policy,
    PrincipalName,
    Principals,
    PrincipalType,
    Statement,
)
from tfkms.iam.parse import NotJsonError, parse_policy, read_policy_text
from tfkms.location import Origin, Span
from tfkms.values import Hole, Template, Unknown, Value, holes, plain, text

PLACE = Origin("aws_kms_key.this", "/policy")
H = Hole("aws_iam_role.app", "/arn", "known after apply", ("aws_iam_role.app.arn",))
ROOT = "arn:aws:iam::111122223333:root"
ALLOW = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}


def frozen(value: object) -> Value:
    """`value` with the lists of JSON as tuples."""
    match value:
        case list() | tuple():
            return tuple(frozen(item) for item in value)
        case dict():
            return {key: frozen(item) for key, item in value.items()}
        case _:
            return value  # type: ignore[return-value] # a leaf


def parse(value: object) -> tuple[Policy, tuple[Diagnostic, ...]]:
    return parse_policy(frozen(value), PLACE)


def policy_of(*statements: object, **members: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements), **members}


def one(value: object) -> tuple[Statement, tuple[Diagnostic, ...]]:
    """The one statement, read, with what was said of it."""
    policy, said = parse(policy_of(value))
    (statement,) = policy
    assert isinstance(statement, Statement)
    return statement, said


def silent(value: object) -> Statement:
    statement, said = one(value)
    assert said == ()
    return statement


def opaque(value: object) -> tuple[OpaqueStatement, tuple[Diagnostic, ...]]:
    policy, said = parse(policy_of(value))
    (statement,) = policy
    assert isinstance(statement, OpaqueStatement)
    return statement, said


def is_said(said: tuple[Diagnostic, ...], words: str, path: str) -> None:
    """One warning, at that place."""
    (diagnostic,) = said
    assert diagnostic.level is Level.WARNING
    assert diagnostic.code == "policy-unreadable"
    assert diagnostic.message == f"{words} (at {path}): taken to allow anything and to guard nothing"
    assert diagnostic.address == PLACE.address


def unread(element: Patterns | Principals | Missing) -> list[Hole]:
    assert not isinstance(element, Missing)
    return [part.hole for part in element.opaque]


# What AWS takes


def test_a_policy_is_read_member_by_member() -> None:
    policy, said = parse(policy_of(ALLOW | {"Sid": "Root"}, ALLOW | {"Effect": "Deny"}, Id="key-default-1"))
    first, second = policy

    assert said == ()
    assert (policy.version, policy.id) == ("2012-10-17", "key-default-1")
    assert isinstance(first, Statement)
    assert isinstance(second, Statement)
    assert (first.sid, second.sid) == ("Root", None)
    assert (first.effect, second.effect) == (Effect.ALLOW, Effect.DENY)
    assert first.principals == Principals(False, (PrincipalName(PrincipalType.AWS, ROOT),))
    assert first.actions == Patterns(False, ("kms:*",))
    assert first.resources == Patterns(False, ("*",))
    assert first.conditions == ()
    assert first.source == frozen(ALLOW | {"Sid": "Root"})
    assert [statement.origin.path for statement in policy] == ["/policy/Statement/0", "/policy/Statement/1"]


def test_a_single_object_is_a_list_of_one() -> None:
    alone, said = parse({"Version": "2012-10-17", "Statement": ALLOW})
    listed, _ = parse(policy_of(ALLOW))
    (first,), (second,) = alone, listed

    assert said == ()
    assert isinstance(first, Statement)
    assert isinstance(second, Statement)
    assert (first.effect, first.principals, first.actions) == (second.effect, second.principals, second.actions)
    assert first.origin.path == "/policy/Statement"


@pytest.mark.parametrize("member", ["Action", "NotAction", "Resource", "NotResource"])
def test_an_element_is_a_text_or_a_list(member: str) -> None:
    rest = {"Effect": "Allow", "Principal": "*"}
    alone, listed = silent(rest | {member: "x"}), silent(rest | {member: ["x", "y"]})
    name = "actions" if member.endswith("Action") else "resources"

    assert getattr(alone, name) == Patterns(member.startswith("Not"), ("x",))
    assert getattr(listed, name) == Patterns(member.startswith("Not"), ("x", "y"))


def test_everyone_has_two_spellings() -> None:
    assert silent(ALLOW | {"Principal": "*"}).principals == silent(ALLOW | {"Principal": {"AWS": "*"}}).principals


@pytest.mark.parametrize("word", ["AWS", "Service", "Federated"])
def test_every_type_of_principal_is_read(word: str) -> None:
    expected = (PrincipalName(PrincipalType(word), "a"), PrincipalName(PrincipalType(word), "b"))

    assert silent(ALLOW | {"Principal": {word: ["a", "b"]}}).principals == Principals(False, expected)


def test_several_types_of_principal_are_one_list() -> None:
    found = silent({"Effect": "Deny", "NotPrincipal": {"AWS": ROOT, "Service": ["x", "y"]}, "Action": "*"}).principals

    assert isinstance(found, Principals)
    assert found.negated
    assert [name.value for name in found.names] == [ROOT, "x", "y"]


def test_what_a_statement_lacks_is_missing() -> None:
    found = silent({"Effect": "Allow"})

    assert isinstance(found.principals, Missing)
    assert isinstance(found.actions, Missing)
    assert isinstance(found.resources, Missing)


def test_an_empty_list_is_no_missing_element() -> None:
    found = silent({"Effect": "Allow", "Principal": {"AWS": []}, "Action": [], "NotResource": []})

    assert found.principals == Principals(False, ())
    assert found.actions == Patterns(False, ())
    assert found.resources == Patterns(True, ())


@pytest.mark.parametrize("document", [{}, {"Statement": []}, {"Version": "2012-10-17"}])
def test_a_policy_without_statements_says_nothing(document: object) -> None:
    assert parse(document)[0].statements == ()


def test_two_statements_with_one_sid_both_count() -> None:
    policy, _ = parse(policy_of(ALLOW | {"Sid": "A"}, ALLOW | {"Sid": "A", "Effect": "Deny"}))

    assert [statement.effect for statement in policy if isinstance(statement, Statement)] == ["Allow", "Deny"]


@pytest.mark.parametrize(
    ("version", "expected"), [("2012-10-17", True), ("2008-10-17", False), (None, False), ("2012-10-18", False)]
)
def test_only_one_version_has_policy_variables(version: str | None, expected: bool) -> None:
    ((statement),) = parse({"Version": version, "Statement": ALLOW})[0]

    assert isinstance(statement, Statement)
    assert statement.variables is expected


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        (True, ("true",)),
        (False, ("false",)),
        ([True, "false"], ("true", "false")),
        (7, ("7",)),
        (-7, ("-7",)),
        ([7, 8.5], ("7", "8.5")),
        (10**20, ("100000000000000000000",)),
        ("", ("",)),
    ],
)
def test_numbers_and_booleans_in_conditions_are_texts(written: object, texts: tuple[str, ...]) -> None:
    (condition,) = silent(ALLOW | {"Condition": {"StringEquals": {"aws:x": written}}}).conditions

    assert condition.values == texts
    assert condition.opaque == ()


def test_every_operator_and_every_key_of_it_is_a_condition() -> None:
    block = {"StringEquals": {"aws:a": "1", "AWS:A": "2"}, "Bool": {"aws:b": "true"}}
    found = silent(ALLOW | {"Condition": block}).conditions

    assert [(getattr(item.operator, "name", None), item.key, item.values) for item in found] == [
        ("StringEquals", "aws:a", ("1",)),
        ("StringEquals", "AWS:A", ("2",)),
        ("Bool", "aws:b", ("true",)),
    ]


@pytest.mark.parametrize("empty", [{}, {"StringEquals": {}}])
def test_an_empty_condition_demands_nothing(empty: object) -> None:
    assert silent(ALLOW | {"Condition": empty}).conditions == ()


# What AWS does not take


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "the policy is a JSON null, not an object"),
        (True, "the policy is a JSON boolean, not an object"),
        (7, "the policy is a JSON number, not an object"),
        (7.5, "the policy is a JSON number, not an object"),
        ("{}", "the policy is a JSON string, not an object"),
        ([ALLOW], "the policy is a JSON list, not an object"),
        ({"statement": [ALLOW]}, "`statement` is not spelled as AWS spells `Statement`"),
        (policy_of(ALLOW, Comment="x"), "AWS knows no member `Comment` here"),
        (policy_of(ALLOW, VERSION="2012-10-17"), "`VERSION` is not spelled as AWS spells `Version`"),
    ],
)
def test_what_is_no_policy_may_do_anything(document: object, words: str) -> None:
    policy, said = parse(document)
    (statement,) = policy

    assert isinstance(statement, OpaqueStatement)
    assert statement.hole.reason == words
    is_said(said, words, "/policy")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (None, "a statement is a JSON null, not an object"),
        ("Allow", "a statement is a JSON string, not an object"),
        ([ALLOW], "a statement is a JSON list, not an object"),
        (3, "a statement is a JSON number, not an object"),
        ({}, "a statement's Effect is neither `Allow` nor `Deny`"),
        (ALLOW | {"Effect": "allow"}, "a statement's Effect is neither `Allow` nor `Deny`"),
        (ALLOW | {"Effect": None}, "a statement's Effect is neither `Allow` nor `Deny`"),
        (ALLOW | {"Effect": ["Allow"]}, "a statement's Effect is neither `Allow` nor `Deny`"),
        (ALLOW | {"Effect": {"Allow": 1}}, "a statement's Effect is neither `Allow` nor `Deny`"),
        (ALLOW | {"action": "x"}, "`action` is not spelled as AWS spells `Action`"),
        (ALLOW | {"NOTACTION": "x"}, "`NOTACTION` is not spelled as AWS spells `NotAction`"),
        (ALLOW | {"Conditions": {}}, "AWS knows no member `Conditions` here"),
        (ALLOW | {"NotAction": "x"}, "a statement has both Action and NotAction"),
        (ALLOW | {"NotPrincipal": "*"}, "a statement has both Principal and NotPrincipal"),
        (ALLOW | {"NotResource": []}, "a statement has both Resource and NotResource"),
    ],
)
def test_a_statement_that_aws_does_not_take_may_do_anything(statement: object, words: str) -> None:
    found, said = opaque(statement)

    assert found.hole.reason == words
    assert found.source == frozen(statement)
    is_said(said, words, "/policy/Statement/0")


def test_an_unreadable_statement_leaves_the_others_as_they_are() -> None:
    policy, said = parse(policy_of(ALLOW, None, ALLOW | {"Effect": "Deny"}))

    assert [type(statement) for statement in policy] == [Statement, OpaqueStatement, Statement]
    assert len(said) == 1


@pytest.mark.parametrize("member", ["Action", "Resource"])
@pytest.mark.parametrize(
    ("value", "kind"), [(None, "null"), (3, "number"), (True, "boolean"), ({"a": "b"}, "object"), ([["x"]], "list")]
)
def test_an_element_that_is_no_text_may_be_anything(member: str, value: object, kind: str) -> None:
    statement, said = one(ALLOW | {member: value})
    element = statement.actions if member == "Action" else statement.resources

    assert isinstance(element, Patterns)
    assert element.texts == ()
    assert len(unread(element)) == 1
    is_said(said, f"{member} holds a JSON {kind}, not a string", f"/policy/Statement/0/{member}")


def test_beside_an_entry_that_is_no_text_the_others_are_read() -> None:
    statement, said = one(ALLOW | {"Action": ["kms:Get*", None, "kms:List*"]})

    assert isinstance(statement.actions, Patterns)
    assert statement.actions.texts == ("kms:Get*", "kms:List*")
    assert len(unread(statement.actions)) == len(said) == 1


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        (ROOT, "Principal is another text than `*`"),
        ("", "Principal is another text than `*`"),
        (None, "Principal is a JSON null"),
        (["*"], "Principal is a JSON list"),
        (7, "Principal is a JSON number"),
    ],
)
def test_a_principal_element_that_is_no_object_may_be_anyone(principal: object, words: str) -> None:
    statement, said = one(ALLOW | {"Principal": principal})

    assert statement.principals == Principals(False, (), tuple(map(Opaque, unread(statement.principals))))
    assert len(unread(statement.principals)) == 1
    is_said(said, words, "/policy/Statement/0/Principal")


@pytest.mark.parametrize("word", ["aws", "Aws", "AWS ", "service", "Role", "*"])
def test_an_unknown_type_of_principal_may_be_anyone(word: str) -> None:
    statement, said = one(ALLOW | {"Principal": {word: "x", "AWS": ROOT}})

    assert isinstance(statement.principals, Principals)
    assert [name.value for name in statement.principals.names] == [ROOT]
    assert len(unread(statement.principals)) == 1
    is_said(said, f"`{word}` is no type of principal", "/policy/Statement/0/Principal")


@pytest.mark.parametrize("value", [None, 7, {"a": "b"}, [None]])
def test_a_name_that_is_no_text_may_be_anyone(value: object) -> None:
    statement, said = one(ALLOW | {"Principal": {"AWS": value}})

    assert len(unread(statement.principals)) == len(said) == 1


@pytest.mark.parametrize(
    ("condition", "words", "path"),
    [
        (None, "Condition is a JSON null", ""),
        ([], "Condition is a JSON list", ""),
        ("x", "Condition is a JSON string", ""),
        ({"StringEquals": None}, "the condition `StringEquals` is a JSON null", "/StringEquals"),
        ({"StringEquals": ["a"]}, "the condition `StringEquals` is a JSON list", "/StringEquals"),
        ({"Bool": True}, "the condition `Bool` is a JSON boolean", "/Bool"),
        ({"StringSame": {"aws:x": "y"}}, "`StringSame` is no condition operator", ""),
        ({"NullIfExists": {"aws:x": "true"}}, "`NullIfExists` is no condition operator", ""),
        ({"Bool": {"aws:x": None}}, "a condition holds a JSON null, not a string", "/Bool/aws:x"),
        ({"Bool": {"aws:x": ["true", {}]}}, "a condition holds a JSON object, not a string", "/Bool/aws:x"),
        ({"Bool": {"aws:T/a~b": [[]]}}, "a condition holds a JSON list, not a string", "/Bool/aws:T~1a~0b"),
    ],
)
def test_a_condition_that_cannot_be_read_is_one_that_may_hold_or_not(condition: object, words: str, path: str) -> None:
    statement, said = one(ALLOW | {"Condition": condition})
    (found,) = statement.conditions

    assert isinstance(found.operator, Opaque) or len(found.opaque) == 1
    is_said(said, words, f"/policy/Statement/0/Condition{path}")


def test_an_unknown_operator_without_keys_still_may_hold_or_not() -> None:
    statement, said = one(ALLOW | {"Condition": {"StringSame": {}}})

    assert len(said) == 1
    assert len(statement.conditions) == 1


@pytest.mark.parametrize(
    "document",
    [
        policy_of(ALLOW, Version=5),
        policy_of(ALLOW, Version="2020-01-01"),
        policy_of(ALLOW, Version=None),
        policy_of(ALLOW, Id=["x"]),
        policy_of(ALLOW | {"Sid": 5}),
        policy_of(ALLOW | {"Sid": None}),
    ],
)
def test_a_member_of_the_wrong_kind_is_said(document: object) -> None:
    assert parse(document)[1]


def test_the_place_of_a_strange_principal_is_a_json_pointer() -> None:
    _, said = one(ALLOW | {"Principal": {"a/b": None}})

    assert any("/Principal/a~1b" in diagnostic.message for diagnostic in said)


def test_a_huge_number_in_a_condition_is_no_trouble() -> None:
    one(ALLOW | {"Condition": {"NumericEquals": {"aws:x": 10**5000}}})


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 1e308, 5e-324, 10**4000])
def test_strange_numbers_are_no_trouble(number: float) -> None:
    (condition,) = one(ALLOW | {"Condition": {"NumericEquals": {"aws:x": number}}})[0].conditions

    assert len(condition.values) == 1


def test_a_diagnostic_has_the_place_of_its_source() -> None:
    origin = Origin("aws_kms_key.this", "/policy", Span("main.tf", 3, 1, 9, 2))
    _, (diagnostic,) = parse_policy(None, origin)

    assert (diagnostic.file, diagnostic.line) == ("main.tf", 3)


# What is not known


def test_an_unknown_policy_may_do_anything_and_is_no_oddity() -> None:
    policy, said = parse_policy(Unknown(H), PLACE)

    assert said == ()
    (statement,) = policy
    assert isinstance(statement, OpaqueStatement)
    assert (statement.origin, statement.hole, statement.source) == (PLACE, H, Unknown(H))


def test_unknown_statements_may_do_anything() -> None:
    (whole,) = parse({"Statement": Unknown(H)})[0]
    first, second = parse(policy_of(Unknown(H), ALLOW))[0]

    assert isinstance(whole, OpaqueStatement)
    assert whole.hole == H
    assert isinstance(first, OpaqueStatement)
    assert first.hole == H
    assert isinstance(second, Statement)


@pytest.mark.parametrize("effect", [Unknown(H), Template((H,))])
def test_with_an_unknown_effect_a_statement_may_do_anything(effect: Value) -> None:
    statement, said = opaque(ALLOW | {"Effect": effect, "Sid": "A"})

    assert said == ()
    assert statement.hole == H
    assert statement.sid == "A"


def test_an_effect_that_is_known_in_part_cannot_be_read() -> None:
    _, said = opaque(ALLOW | {"Effect": text("Al", H)})

    assert len(said) == 1


@pytest.mark.parametrize("member", ["Action", "Resource"])
def test_an_unknown_element_is_kept_as_unknown(member: str) -> None:
    name = {"Action": "actions", "Resource": "resources"}[member]

    assert getattr(silent(ALLOW | {member: Unknown(H)}), name) == Patterns(False, (), (Opaque(H),))
    assert getattr(silent(ALLOW | {member: ["x", Unknown(H)]}), name) == Patterns(False, ("x", Template((H,))))
    assert getattr(silent(ALLOW | {member: text("kms:", H)}), name) == Patterns(False, (text("kms:", H),))


@pytest.mark.parametrize("principal", [Unknown(H), Template((H,))])
def test_an_unknown_principal_element_may_be_anyone(principal: Value) -> None:
    assert silent(ALLOW | {"Principal": principal}).principals == Principals(False, (), (Opaque(H),))


def test_unknown_names_are_kept_with_their_type() -> None:
    assert silent(ALLOW | {"Principal": {"AWS": Unknown(H)}}).principals == Principals(False, (), (Opaque(H),))
    assert silent(ALLOW | {"Principal": {"Service": [Unknown(H)]}}).principals == Principals(
        False, (PrincipalName(PrincipalType.SERVICE, Template((H,))),)
    )


def test_unknown_names_of_an_unknown_type_may_be_anyone_and_are_no_oddity() -> None:
    statement = silent({**ALLOW, "Principal": {"AWS": ROOT, "${var.kind}": Unknown(H)}})

    assert statement.principals == Principals(False, (PrincipalName(PrincipalType.AWS, ROOT),), (Opaque(H),))


def test_unknown_conditions_may_hold_or_not() -> None:
    (whole,) = silent(ALLOW | {"Condition": Unknown(H)}).conditions
    (block,) = silent(ALLOW | {"Condition": {"StringEquals": Unknown(H)}}).conditions
    (values,) = silent(ALLOW | {"Condition": {"StringEquals": {"aws:x": Unknown(H)}}}).conditions
    (entry,) = silent(ALLOW | {"Condition": {"StringEquals": {"aws:x": ["a", Unknown(H)]}}}).conditions

    assert whole.operator == block.operator == Opaque(H)
    assert values.opaque == (Opaque(H),)
    assert entry.values == ("a", Template((H,)))


def test_an_unknown_sid_or_id_keeps_the_policy_readable() -> None:
    policy, said = parse(policy_of(ALLOW | {"Sid": Unknown(H)}, Id=Unknown(H)))
    (statement,) = policy

    assert said == ()
    assert isinstance(statement, Statement)
    assert statement.sid == policy.id == Template((H,))


VARIABLE = ALLOW | {"Condition": {"StringEquals": {"aws:PrincipalArn": "${aws:PrincipalArn}"}}}


def test_an_unknown_version_leaves_open_what_a_variable_means() -> None:
    first, second = parse(policy_of(VARIABLE, ALLOW, Version=Unknown(H)))[0]

    assert isinstance(first, OpaqueStatement)
    assert isinstance(second, Statement)


def test_a_version_that_is_known_in_part_leaves_open_what_a_variable_means() -> None:
    (statement,) = parse(policy_of(VARIABLE, Version=text("2012-10-", H)))[0]

    assert isinstance(statement, OpaqueStatement)


# JSON texts


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "expecting value at line 1, column 1"),
        ("{", "expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"a": 1,\n ]', None),
        ("{} {}", "extra data at line 1, column 4"),
        ('{"a": NaN}', None),
        ("[Infinity]", None),
        ("-Infinity", None),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        ('"\x01"', None),
        ("{'a': 1}", None),
        ("\ufeff{}", None),
    ],
)
def test_what_is_no_json_says_so_in_one_line(written: str, words: str | None) -> None:
    with pytest.raises(NotJsonError) as raised:
        read_policy_text(written, PLACE)

    message = str(raised.value)
    assert words is None or message == words
    assert message.splitlines() == [message]
    assert message[0] == message[0].lower()
    assert len(message) < 200


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_named_as_written(word: str) -> None:
    with pytest.raises(NotJsonError, match=f"^`{word}` is no JSON value$"):
        read_policy_text(word, PLACE)


def test_a_message_never_quotes_the_policy() -> None:
    with pytest.raises(NotJsonError) as raised:
        read_policy_text('{"Secret": "hush" "more"}', PLACE)

    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("written", "member"),
    [
        ('{"Statement": [], "Statement": []}', "Statement"),
        ('{"Statement": [{"Effect": "Deny", "Effect": "Allow"}]}', "Effect"),
        ('{"Statement": {"Condition": {"Bool": {"a": "b", "a": "c"}}}}', "a"),
    ],
)
def test_an_object_with_a_member_twice_is_not_known(written: str, member: str) -> None:
    value, (said,) = read_policy_text(written, PLACE)

    assert f"the member `{member}` stands twice in one object" in said.message
    ((_, leaf, _),) = holes(value)
    assert isinstance(leaf, Unknown)


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "1" * 5000, "1e999", "-1e99999"])
def test_a_number_beyond_all_measure_is_not_known_and_the_rest_stays(number: str) -> None:
    value, (said,) = read_policy_text(f'{{"Version": "2012-10-17", "Id": {number}}}', PLACE)

    assert said.message.startswith("a number is beyond all measure (at ")
    ((pointer, leaf, _),) = holes(value)
    assert pointer == "/Id"
    assert isinstance(leaf, Unknown)


def test_a_member_twice_widens_only_its_object() -> None:
    written = '{"Statement": [%s, {"Effect": "Deny", "Effect": "Allow"}]}' % json.dumps(ALLOW)  # noqa: UP031
    first, second = parse_policy(read_policy_text(written, PLACE)[0], PLACE)[0]

    assert isinstance(first, Statement)
    assert isinstance(second, OpaqueStatement)


def test_half_a_surrogate_pair_is_a_character_like_any() -> None:
    value, said = read_policy_text('{"Statement": {"Effect": "Allow", "Sid": "\\ud800", "\\ud800": 1}}', PLACE)
    policy, more = parse_policy(value, PLACE)

    assert said == ()
    assert [type(statement) for statement in policy] == [OpaqueStatement]
    assert len(more) == 1


@pytest.mark.parametrize("depth", [10, 100, 300, 450])
def test_what_nests_deeply_and_can_be_read_can_be_handled(depth: int) -> None:
    written = '{"Statement": {"Effect": "Allow", "Action": ' + "[" * depth + "]" * depth + "}}"
    value, _ = read_policy_text(written, PLACE)
    policy, _ = parse_policy(value, PLACE)

    assert list(holes(value)) == []
    assert plain(value) == json.loads(written)
    assert len(policy.statements) == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["Allow", "Deny", "*", "kms:*", ROOT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(
                ["Statement", "Effect", "Principal", "AWS", "Action", "Condition", "Bool", "Resource", "Sid"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_a_text_is_read_as_what_it_says(value: Any) -> None:
    read, said = read_policy_text(json.dumps(value), PLACE)

    assert said == ()
    assert plain(read) == value


@given(st.text(max_size=40) | st.text('{}[]":,0ae-.tfn\\u ', max_size=30))
def test_any_text_is_read_or_refused(written: str) -> None:
    try:
        value, _ = read_policy_text(written, PLACE)
    except NotJsonError:
        with pytest.raises(ValueError):
            json.loads(written, parse_constant=int)
    else:
        parse_policy(value, PLACE)


@given(JSON)
def test_no_json_value_is_too_odd(value: Any) -> None:
    policy, said = parse(value)

    assert all(diagnostic.level is Level.WARNING for diagnostic in said)
    assert all(diagnostic.message[0] != " " and "\n" not in repr(diagnostic.address) for diagnostic in said)
    assert len(policy.statements) >= (not isinstance(value, Mapping))


# Real policies, with one thing changed

REAL: tuple[dict[str, Any], ...] = (
    policy_of(ALLOW | {"Sid": "Enable IAM User Permissions"}, Id="key-default-1"),
    policy_of(
        ALLOW,
        {
            "Sid": "Guard",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"],
            "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": [ROOT, "arn:aws:iam::111122223333:role/KeyAdmin*"]}},
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.amazonaws.com", "AWS": ["444455556666"]},
            "NotAction": "kms:Delete*",
            "Resource": ["*"],
            "Condition": {
                "Bool": {"aws:SecureTransport": True},
                "NumericLessThan": {"aws:MultiFactorAuthAge": 300},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"},
            },
        },
    ),
)


def places(value: Value, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in the value, itself included."""
    yield path
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from places(item, (*path, name))


def replaced(value: Value, path: tuple[str | int, ...], new: Value) -> Value:
    """The value with another one at the place."""
    if not path:
        return new
    step, *rest = path
    if isinstance(value, tuple):
        return tuple(replaced(item, tuple(rest), new) if n == step else item for n, item in enumerate(value))
    assert isinstance(value, Mapping)
    return {name: replaced(item, tuple(rest), new) if name == step else item for name, item in value.items()}


CHANGES = st.sampled_from(REAL).flatmap(
    lambda document: st.tuples(st.just(frozen(document)), st.sampled_from(list(places(frozen(document)))))
)


def unknowns(policy: Policy) -> set[Hole]:
    """The holes that the policy rests on, wherever they stand."""
    found: set[Hole] = set()

    def add(value: object) -> None:
        match value:
            case Hole():
                found.add(value)
            case Unknown(hole):
                found.add(hole)
            case Template(parts):
                found.update(part for part in parts if isinstance(part, Hole))
            case Opaque(hole) | OpaqueStatement(hole=hole):
                found.add(hole)

    for statement in policy:
        add(statement)
        if isinstance(statement, Statement):
            for element in (statement.principals, statement.actions, statement.resources):
                if not isinstance(element, Missing):
                    for item in (*element.opaque, *getattr(element, "texts", ())):
                        add(item)
                    for name in getattr(element, "names", ()):
                        add(name.value)
            for condition in statement.conditions:
                for item in (condition.operator, *condition.values, *condition.opaque):
                    add(item)
            add(statement.sid)
    for item in (policy.version, policy.id):
        add(item)
    return found


@given(CHANGES)
def test_an_unknown_anywhere_stays_and_is_no_oddity(change: tuple[Value, tuple[str | int, ...]]) -> None:
    document, place = change
    policy, said = parse_policy(replaced(document, place, Unknown(H)), PLACE)

    assert said == ()
    assert unknowns(policy) == {H}


@given(CHANGES, JSON)
def test_an_oddity_anywhere_is_said_or_read(change: tuple[Value, tuple[str | int, ...]], new: Any) -> None:
    """What is not said is in the policy: its source is the document as it was given."""
    document, place = change
    policy, said = parse_policy(replaced(document, place, frozen(new)), PLACE)

    assert len(unknowns(policy)) <= len(said)
    for hole in unknowns(policy):
        assert any(hole.reason in diagnostic.message for diagnostic in said)


@given(CHANGES)
def test_a_null_anywhere_but_beside_the_statements_is_said(change: tuple[Value, tuple[str | int, ...]]) -> None:
    document, place = change
    assume(place[-1:] not in [("Sid",), ("Id",), ("Version",)])

    assert parse_policy(replaced(document, place, None), PLACE)[1]


@given(CHANGES, st.booleans())
def test_a_read_only_mapping_is_as_good_as_a_dict(change: tuple[Value, tuple[str | int, ...]], hide: bool) -> None:
    document, place = change
    value = replaced(document, place, Unknown(H)) if hide else document

    def proxied(item: Value) -> Value:
        match item:
            case Mapping():
                return MappingProxyType({name: proxied(inner) for name, inner in item.items()})
            case tuple():
                return tuple(map(proxied, item))
            case _:
                return item

    assert shown(parse_policy(proxied(value), PLACE)[0]) == shown(parse_policy(value, PLACE)[0])


def shown(policy: Policy) -> list[object]:
    return [
        (item.effect, item.principals, item.actions, item.resources, item.conditions)
        if isinstance(item, Statement)
        else item.hole
        for item in policy
    ]
