"""`aws_iam_policy_document`: byte for byte as the provider writes it, and with holes where its arguments have them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfkms.frontends.plan_format import freeze
from tfkms.frontends.policy_document import Rendered, render
from tfkms.values import Hole, Template, Unknown, Value, plain, text

PLAN = Path(__file__).parent.parent / "fixtures" / "plans" / "policy-documents" / "plan.json"
ADDRESS = "data.aws_iam_policy_document.d"
HOLE = Hole(ADDRESS, "/x", "known after apply", ("aws_iam_role.app.arn",))
UNKNOWN = Unknown(HOLE)
SHOWN = {"$unknown": "${aws_iam_role.app.arn}"}


def recorded() -> list[Any]:
    read = json.loads(PLAN.read_text(encoding="utf-8"))["prior_state"]["values"]["root_module"]["resources"]
    return [pytest.param(resource["values"], id=resource["name"]) for resource in read]


def rendered(**arguments: Any) -> Rendered:
    return render({name: value_of(item) for name, item in arguments.items()}, ADDRESS)


def value_of(item: Any) -> Value:
    """Lists as tuples, unknowns kept."""
    match item:
        case dict():
            return {key: value_of(part) for key, part in item.items()}
        case list() | tuple():
            return tuple(map(value_of, item))
        case _:
            return item  # type: ignore[no-any-return]


def statements(found: Rendered) -> Any:
    assert isinstance(found.document, Mapping), found.diagnostics
    return plain(found.document.get("Statement", ()))


def allow(sid: str | None = None, action: Any = "kms:Decrypt", effect: str = "Allow") -> dict[str, Any]:
    return ({} if sid is None else {"Sid": sid}) | {"Effect": effect, "Action": action, "Resource": "*"}


def condition(variable: str, *values: Any) -> dict[str, Any]:
    return {"test": "Bool", "variable": variable, "values": list(values)}


def block(sid: Any = None, actions: Any = ("kms:Decrypt",), **more: Any) -> dict[str, Any]:
    return {"sid": sid, "actions": actions, "resources": ["*"], **more}


def document(*members: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": members})


@pytest.mark.parametrize("values", recorded())
def test_a_document_that_is_known_has_the_text_that_the_plan_shows(values: dict[str, Any]) -> None:
    arguments = freeze({name: item for name, item in values.items() if name not in ("json", "minified_json")})
    assert isinstance(arguments, Mapping)

    found = render(arguments, ADDRESS)

    assert found.json == values["json"]
    assert found.minified_json == values["minified_json"]


def test_defaults_are_applied_where_a_deferred_read_shows_null() -> None:
    found = rendered(version=None, statement=[block(effect=None)])

    assert found.minified_json == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}'
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"statement": [block("A"), block("A")]}, "two of its statements have the Sid `A`"),
        (
            {"source_policy_documents": [document(allow("A")), document(allow("A"))]},
            "source documents have the Sid `A`",
        ),
        ({"source_policy_documents": [document(allow("A"), allow("A"))]}, "source documents have the Sid `A`"),
        ({"source_policy_documents": ["{"]}, "it is not JSON (at /source_policy_documents/0)"),
        ({"source_policy_documents": ["NaN"]}, "it is not JSON"),
        ({"override_policy_documents": ["[]"]}, "it is no JSON object (at /override_policy_documents/0)"),
        ({"source_policy_documents": ['{"Statement": {}}']}, "its Statement is no list"),
        ({"source_policy_documents": ['{"Statement": [null]}']}, "a statement is no JSON object"),
        ({"source_policy_documents": ['{"Statement": [{"Effect": 1}]}']}, "a Effect is no string"),
        ({"source_policy_documents": ['{"Version": 1}']}, "a Version is no string"),
        ({"source_policy_documents": ['{"Statement": [{"Principal": null}]}']}, "neither a string nor an object"),
        ({"source_policy_documents": ['{"Statement": [{"Principal": {"AWS": 1}}]}']}, "neither a string nor a list"),
        ({"source_policy_documents": ['{"Statement": [{"Principal": {"AWS": [1]}}]}']}, "holds what is no string"),
        (
            {"source_policy_documents": ['{"Statement": [{"Condition": {"Bool": {"k": [true]}}}]}']},
            "a list in a Condition holds what is no string",
        ),
        (
            {"override_policy_documents": ['{"Statement": [{"Condition": {"Bool": {"k": ["a", null]}}}]}']},
            "a list in a Condition holds what is no string",
        ),
        ({"statement": [block(condition=[condition("k", "a", None)])]}, "a value in `values` is null"),
        ({"statement": [block(actions=("kms:Decrypt", None))]}, "a value in `actions` is null"),
        ({"source_policy_documents": ['{"Statement": [{"Condition": 1}]}']}, "a Condition is no object"),
        ({"version": "2008-10-17", "statement": [block(resources=["a/&{aws:username}"])]}, "of version 2008-10-17"),
        ({"version": "2012-10-18"}, "its version is none of"),
        ({"statement": [block(effect="allow")]}, "its effect is none of"),
    ],
)
def test_where_the_provider_stops_there_is_no_document_but_an_error(arguments: dict[str, Any], words: str) -> None:
    found = rendered(**arguments)

    assert isinstance(found.document, Unknown)
    assert [(item.level.value, item.code, item.address) for item in found.diagnostics] == [
        ("error", "policy-document-refused", ADDRESS)
    ]
    assert words in found.diagnostics[0].message


@pytest.mark.parametrize("value", [3600, None, {"a": "b"}])
def test_a_condition_that_the_provider_drops_is_said(value: Any) -> None:
    condition = {"NumericLessThan": {"aws:MultiFactorAuthAge": value}, "Bool": {"aws:SecureTransport": True}}
    found = rendered(source_policy_documents=[document(allow() | {"Condition": condition})])

    assert statements(found) == [allow() | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}]
    assert [item.code for item in found.diagnostics] == ["condition-dropped"]
    assert "/source_policy_documents/0/Statement/0/Condition/NumericLessThan" in found.diagnostics[0].message


def test_each_statement_tells_where_it_came_from_and_what_it_replaced() -> None:
    found = rendered(
        source_policy_documents=[document(allow("A"), allow()), document(allow("B"))],
        statement=[block("B"), block("C")],
        override_policy_documents=[document(allow("B")), document(allow("D"), allow("B"))],
    )

    assert [(came.path, came.over) for came in found.came] == [
        ("/source_policy_documents/0/Statement/0", ()),
        ("/source_policy_documents/0/Statement/1", ()),
        (
            "/override_policy_documents/1/Statement/1",
            ("/source_policy_documents/1/Statement/0", "/statement/0", "/override_policy_documents/0/Statement/0"),
        ),
        ("/statement/1", ()),
        ("/override_policy_documents/1/Statement/0", ()),
    ]


def test_an_allow_in_the_place_of_a_deny_is_said() -> None:
    guard = document(allow("Guard", "kms:*", "Deny"))
    replaced = rendered(source_policy_documents=[guard], statement=[block("Guard")])
    kept = rendered(source_policy_documents=[guard], statement=[block("Guard", effect="Deny")])

    assert [item.code for item in replaced.diagnostics] == ["deny-replaced"]
    assert kept.diagnostics == ()


def test_the_arguments_of_old_providers_are_the_first_source_and_the_last_override() -> None:
    found = rendered(
        source_json=document(allow("A", "a:base"), allow("B", "a:base")),
        statement=[block("A", ["a:own"])],
        override_policy_documents=[document(allow("A", "a:over"))],
        override_json=document(allow("A", "a:last")),
    )

    assert statements(found) == [allow("A", "a:last"), allow("B", "a:base")]


def test_numbers_and_booleans_become_texts_as_terraform_converts_them() -> None:
    found = rendered(
        statement=[
            block(
                condition=[condition("aws:SecureTransport", True, 7)],
                principals=[{"type": "AWS", "identifiers": [111122223333]}],
            )
        ]
    )

    assert statements(found) == [
        allow() | {"Principal": {"AWS": "111122223333"}, "Condition": {"Bool": {"aws:SecureTransport": ["true", "7"]}}}
    ]


# What is not known


def principals(*blocks: tuple[Any, Any]) -> dict[str, Any]:
    return {"principals": [{"type": kind, "identifiers": identifiers} for kind, identifiers in blocks]}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (principals(("AWS", [UNKNOWN])), {"Principal": {"AWS": SHOWN}}),
        (principals(("AWS", ["a", UNKNOWN])), {"Principal": {"AWS": ["a", SHOWN]}}),
        (principals(("AWS", UNKNOWN)), {"Principal": {"AWS": SHOWN}}),
        (principals(("AWS", ["a", "b"]), ("AWS", UNKNOWN)), {"Principal": {"AWS": ["b", "a"], "AWS (more)": SHOWN}}),
        (principals((UNKNOWN, ["a"])), {"Principal": {"${aws_iam_role.app.arn}": SHOWN}}),
        ({"principals": [UNKNOWN]}, {"Principal": {"${aws_iam_role.app.arn}": SHOWN}}),
        ({"principals": UNKNOWN}, {"Principal": SHOWN}),
        ({"condition": UNKNOWN}, {"Condition": SHOWN}),
        ({"condition": [UNKNOWN]}, {"Condition": {"${aws_iam_role.app.arn}": SHOWN}}),
        ({"sid": UNKNOWN}, {"Sid": SHOWN}),
        ({"effect": UNKNOWN}, {"Effect": SHOWN}),
        ({"actions": ["kms:Encrypt", UNKNOWN]}, {"Action": ["kms:Encrypt", SHOWN]}),
        ({"actions": UNKNOWN}, {"Action": SHOWN}),
        (
            {"resources": [text("a/&{aws:username}/", HOLE)]},
            {"Resource": {"$unknown": "a/${aws:username}/${aws_iam_role.app.arn}"}},
        ),
    ],
)
def test_what_is_not_known_is_a_hole_where_it_stands(more: dict[str, Any], expected: dict[str, Any]) -> None:
    found = rendered(statement=[block(**more) if "actions" not in more else block(None, **more)])

    (statement,) = statements(found)
    assert {name: statement[name] for name in expected} == expected
    assert found.json is None


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([("StringEquals", "k", ["a", UNKNOWN])], {"StringEquals": {"k": ["a", SHOWN]}}),
        ([("StringEquals", "k", UNKNOWN)], {"StringEquals": {"k": SHOWN}}),
        ([("StringEquals", "k", ["a"]), ("StringEquals", "k", UNKNOWN)], {"StringEquals": {"k": SHOWN}}),
        ([("StringEquals", "k", UNKNOWN), ("StringEquals", "k", ["a"])], {"StringEquals": {"k": SHOWN}}),
        ([(UNKNOWN, "k", ["a"])], {"${aws_iam_role.app.arn}": SHOWN}),
        ([("StringEquals", UNKNOWN, ["a"])], {"${aws_iam_role.app.arn}": SHOWN}),
        (
            [(UNKNOWN, "k", ["a"]), ("StringEquals", "k", ["a"]), ("StringEquals", "l", ["a"])],
            {"${aws_iam_role.app.arn}": SHOWN, "StringEquals": {"k": SHOWN, "l": "a"}},
        ),
        (
            [("StringEquals", "k", ["a"]), ("StringLike", "k", ["a"]), ("StringEquals", UNKNOWN, ["a"])],
            {"${aws_iam_role.app.arn}": SHOWN, "StringEquals": {"k": SHOWN}, "StringLike": {"k": "a"}},
        ),
    ],
)
def test_a_condition_keeps_what_is_known_of_it(conditions: list[Any], expected: dict[str, Any]) -> None:
    blocks = [{"test": test, "variable": variable, "values": values} for test, variable, values in conditions]

    assert statements(rendered(statement=[block(condition=blocks)]))[0]["Condition"] == expected


def test_an_unknown_effect_is_neither_allow_nor_deny() -> None:
    found = rendered(statement=[block(effect=UNKNOWN)])

    assert isinstance(found.document, Mapping)
    assert found.document["Statement"] == (allow() | {"Effect": Template((HOLE,))},)


def test_an_unknown_source_may_say_anything_but_replaces_nothing() -> None:
    found = rendered(source_policy_documents=[document(allow("A")), UNKNOWN], statement=[block("B"), block()])

    assert statements(found) == [allow("A"), SHOWN, allow("B"), allow()]


def test_an_unknown_override_may_replace_whatever_has_a_sid_until_another_override_settles_it() -> None:
    found = rendered(
        source_policy_documents=[document(allow("A"))],
        statement=[block("B"), block()],
        override_policy_documents=[UNKNOWN, document(allow("B", "a:settled"))],
    )

    assert statements(found) == [SHOWN, allow("B", "a:settled"), allow(), SHOWN]


def test_unknown_statement_blocks_may_replace_what_a_source_says_with_a_sid() -> None:
    found = rendered(source_policy_documents=[document(allow("A"), allow())], statement=UNKNOWN)

    assert statements(found) == [SHOWN, allow(), SHOWN]


def test_an_unknown_sid_may_be_one_of_the_sources_but_never_one_of_the_other_blocks() -> None:
    found = rendered(
        source_policy_documents=[document(allow("A"), allow("B"))],
        statement=[block(UNKNOWN, ["a:b"]), block("B", ["a:own"]), block("C")],
    )

    assert statements(found) == [SHOWN, allow("B", "a:own"), allow(None, "a:b") | {"Sid": SHOWN}, allow("C")]


def test_an_override_may_take_the_place_of_a_statement_with_an_unknown_sid() -> None:
    found = rendered(statement=[block(UNKNOWN, ["a:b"])], override_policy_documents=[document(allow("A"))])

    assert statements(found) == [SHOWN, allow("A")]


def test_of_a_sid_that_is_known_in_part_the_known_part_counts() -> None:
    sid = text("App", HOLE)
    found = rendered(source_policy_documents=[document(allow("Root"), allow("App1"))], statement=[block(sid)])

    assert statements(found)[:2] == [allow("Root"), SHOWN]


def test_a_source_may_be_a_document_with_holes() -> None:
    source = {"Version": "2012-10-17", "Statement": [allow("A") | {"Principal": {"AWS": ["z", UNKNOWN, "a"]}}]}
    found = rendered(source_policy_documents=[source])

    assert statements(found) == [allow("A") | {"Principal": {"AWS": ["z", "a", SHOWN]}}]


def test_a_version_that_is_not_known_is_settled_by_the_greatest_that_aws_knows() -> None:
    settled = rendered(version=UNKNOWN, source_policy_documents=[document()])
    unsettled = rendered(version=UNKNOWN)

    assert plain(settled.document) == {"Version": "2012-10-17"}
    assert plain(unsettled.document) == {"Version": SHOWN}


# The law: hiding a part of the arguments hides parts of the document, and never says anything else.

SIDS = st.sampled_from([None, "A", "B", "C"])
TEXTS = st.lists(st.sampled_from(["a", "b", "*", "x/&{y}"]), max_size=2)
BLOCKS = st.lists(
    st.fixed_dictionaries(
        {
            "sid": SIDS,
            "effect": st.sampled_from([None, "Allow", "Deny"]),
            "actions": TEXTS,
            "principals": st.lists(
                st.fixed_dictionaries({"type": st.sampled_from(["AWS", "*"]), "identifiers": TEXTS}), max_size=2
            ),
            "condition": st.lists(
                st.fixed_dictionaries({"test": st.sampled_from(["T", "U"]), "variable": st.just("v"), "values": TEXTS}),
                max_size=2,
            ),
        }
    ),
    max_size=3,
)
SOURCES = st.lists(
    st.lists(st.builds(allow, SIDS, TEXTS, st.sampled_from(["Allow", "Deny"])), max_size=2).map(
        lambda members: document(*members)
    ),
    max_size=2,
)
ARGUMENTS = st.fixed_dictionaries(
    {"statement": BLOCKS, "source_policy_documents": SOURCES, "override_policy_documents": SOURCES}
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the arguments, those of whole lists and blocks included."""
    match value:
        case dict():
            below = [place for key, item in value.items() for place in places(item, (*path, key))]
        case list():
            below = [place for n, item in enumerate(value) for place in places(item, (*path, n))]
        case _:
            below = []
    return ([path] if path else []) + below


def hidden(value: Any, path: tuple[Any, ...]) -> Any:
    """The arguments with an unknown at the place."""
    if not path:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: hidden(item, path[1:]) if key == path[0] else item for key, item in value.items()}
    return [hidden(item, path[1:]) if n == path[0] else item for n, item in enumerate(value)]


def covers(general: Any, particular: Any, more: bool = False) -> bool:
    """Whether the known thing is one that the thing with holes may be; with `more` it may hold more besides."""
    if general == SHOWN:
        return True
    if isinstance(general, dict):
        particular = {"*": "*"} if particular == "*" else particular
        hole = SHOWN in general.values()
        sure = {key: item for key, item in general.items() if item != SHOWN}
        return (hole or set(particular) <= set(general)) and all(
            key in particular and covers(item, particular[key], hole) for key, item in sure.items()
        )
    one, other = ([item] if not isinstance(item, list) else item for item in (general, particular))
    if more or SHOWN in one:
        return all(item in other for item in one if item != SHOWN)
    return bool(one == other)


@given(ARGUMENTS, st.data())
def test_hiding_an_argument_leaves_holes_and_nothing_else(arguments: dict[str, Any], data: st.DataObject) -> None:
    whole = rendered(**arguments)
    path = data.draw(st.sampled_from(places(arguments)))
    part = rendered(**hidden(arguments, path))
    if isinstance(whole.document, Unknown):
        return  # where the provider stops nothing needs to hold

    before, after = statements(whole), statements(part)
    known = [item for item in after if item != SHOWN]
    assert all(any(covers(item, other) for other in before) for item in known)
    assert all(any(covers(item, other) for item in after) for other in before)
