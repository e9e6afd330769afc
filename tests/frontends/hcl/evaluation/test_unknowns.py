"""What is certain of unknown values is kept, and equal holes stand for equal values only."""

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, unknown, value
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, ListType, MapType
from tfkms.values import Hole

A = unknown("a")
B = unknown("b")
FLAG = unknown("flag", BOOL)


def hole(term: Term) -> Hole:
    found = terms.first_hole(term)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("upper(a)", "lower(a)"),
        ("lower(a)", "lower(b)"),
        ('trimprefix(a, "x")', 'trimprefix(a, "y")'),
        ('contains(split(",", a), "x")', 'contains(split(",", b), "x")'),
        ("a == b", "a != b"),
        ("{x = [1, 2]}[a]", "{x = [1, 3]}[a]"),
        ("m[a]", "m[b]"),
        ("m.x", "m.y"),
        ("l[0]", "l[1]"),
        ("flag ? 1 : 2", "flag ? 1 : 3"),
        ("uuid()", "uuid()"),
        ("[for x in l : x]", "[for x in l : x]"),
        ('try(l[0], "x")', 'try(l[0], "y")'),
        ("{(a) = 1, (b) = 2}", "{(b) = 1, (a) = 2}"),
        ("sha1(a)", "sha256(a)"),
        ('file("../x")', 'file("../y")'),
        ("nosuch(a)", "nosuch(b)"),
    ],
)
def test_different_values_have_different_holes(one: str, other: str) -> None:
    names = {"a": A, "b": B, "flag": FLAG, "m": unknown("m", MapType(STRING)), "l": unknown("l", ListType(STRING))}

    first, second = evaluate_pair(one, other, names)

    assert hole(first) != hole(second)


def evaluate_any(text: str, names: dict[str, terms.Unknown]) -> Term:
    return evaluation(text, **names).term


def evaluate_pair(one: str, other: str, names: dict[str, terms.Unknown]) -> tuple[Term, Term]:
    found = evaluate_any(f"[{one}, {other}]", names)
    assert isinstance(found, terms.Tuple)
    return found.items[0], found.items[1]


@pytest.mark.parametrize("text", ["lower(a)", "m.x", 'format("%5s", a)', "a == b", "flag ? a : b"])
def test_the_same_expression_has_the_same_hole(text: str) -> None:
    names = {"a": A, "b": B, "flag": FLAG, "m": unknown("m", MapType(STRING))}

    assert hole(evaluate_any(text, names)) == hole(evaluate_any(text, names))


def test_a_derived_unknown_says_what_it_was_made_of_and_why() -> None:
    found = hole(value("lower(a)", a=A))

    assert found.reason == "known after apply"
    assert found.references == ("lower(a)", "a")


def test_both_branches_of_an_unknown_condition_keep_what_they_agree_on() -> None:
    found = value('flag ? {a = "x", b = ["1", "2"]} : {a = "x", b = ["1", "3"]}', flag=FLAG)

    assert isinstance(found, terms.Object)
    assert found.members["a"] == terms.Text("x")
    assert isinstance(found.members["b"], terms.Tuple)
    assert found.members["b"].items[0] == terms.Text("1")
    assert not found.members["b"].items[1].whole


def test_equal_branches_need_no_condition() -> None:
    assert value('flag ? "p" : "p"', flag=FLAG) == terms.Text("p")


def test_texts_of_both_branches_keep_their_ends() -> None:
    found = value('flag ? "arn:a:x" : "arn:bb:x"', flag=FLAG)

    assert isinstance(found, terms.HoledText)
    assert (found.prefix, found.suffix) == ("arn:", ":x")


def test_try_keeps_the_structure_of_what_cannot_fail() -> None:
    found = value('try({s = [{p = a}], m = merge({x = a}, {y = 1})}, "none")', a=A)

    assert isinstance(found, terms.Object)


@pytest.mark.parametrize(
    "text",
    [
        "d.x",
        "l[0]",
        "m.x",
        "tonumber(a)",
        "d + 1",
        "jsondecode(a).x",
        "[for x in d : x]",
        'join(",", l)',
        "sort(l)",
        'replace("x", a, "y")',
        "chunklist([1], length(a))",
        'indent(length(a), "x")',
        '"${l}!"',
        "upper(d)",
    ],
)
def test_try_is_unknown_where_an_unknown_could_make_it_fail(text: str) -> None:
    names = {"a": A, "d": unknown("d", DYNAMIC, not_null=False), "l": unknown("l", ListType(STRING))}

    found = value(f'try({text}, "none")', m=unknown("m", MapType(STRING)), **names)

    assert isinstance(found, terms.Unknown)
    assert found.type is DYNAMIC


def test_what_could_fail_in_a_branch_not_taken_raises_no_doubt() -> None:
    found = value('try(false ? d.x : "y", "none")', d=unknown("d", DYNAMIC, not_null=False))

    assert found.whole


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sha256(a)", True),
        ("base64encode(a)", True),
        ("lower(p)", True),
        ("lower(a)", False),
        ('replace(p, "x", "y")', True),
        ('replace(p, "x", "\\"")', False),
        ("tostring(n)", True),
        ('flag ? p : "x"', True),
        ('flag ? p : "\\""', False),
    ],
)
def test_texts_that_cannot_hold_a_quote_are_known_as_such(text: str, plain: bool) -> None:
    found = value(text, a=A, p=unknown("p", plain=True), n=unknown("n", NUMBER), flag=FLAG)

    assert all(part.plain for part in terms.text_parts(found) if isinstance(part, terms.Part)) is plain


@pytest.mark.parametrize("text", ['trimprefix(a, sensitive("hunter2"))', 'm[sensitive("hunter2")]'])
def test_a_secret_is_not_shown_in_the_name_of_what_is_made_of_it(text: str) -> None:
    found = value(text, a=A, m=unknown("m", MapType(STRING)))

    assert "hunter2" not in repr(hole(found))
    assert found.sensitive


@pytest.mark.parametrize(
    "text", ['format("%d", "x", a)', 'format("%s", [a])', 'index(["b"], "x${a}")', 'contains("x", a)']
)
def test_what_terraform_calls_only_after_apply_is_in_error_only_then(text: str) -> None:
    found = value(text, a=A)

    assert hole(found).reason.startswith("known after apply, and in error then: ")
    assert value(f"length([{text}])", a=A) == terms.Number(1)
    assert not value(f"can(length([{text}]))", a=A).whole


def test_an_error_does_not_show_what_is_sensitive() -> None:
    for text in (
        'cidrhost(sensitive("hunter2"), 1)',
        '{a = 1}[sensitive("hunter2")]',
        'jsondecode(sensitive("hunter2"))',
    ):
        [diagnostic] = evaluation(text).diagnostics
        assert "hunter2" not in f"{diagnostic.message} {diagnostic.hint}"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("null != null && null.x", terms.Bool(False)),
        ("true || null.x", terms.Bool(True)),
        ("try(null != null && null.x, false)", terms.Bool(False)),
    ],
)
def test_a_side_that_decides_forgives_an_error_on_the_other(text: str, result: Term) -> None:
    assert value(text) == result


@pytest.mark.parametrize("text", ['try(false && null.x, "fallback")', "can(false && null.x)"])
def test_what_versions_of_terraform_differ_on_is_unknown(text: str) -> None:
    assert isinstance(value(text), terms.Unknown)


@pytest.mark.parametrize("text", ['cidrcontains("10.0.0.0/8", "10.1.1.1")', "convert(1, string)", 'urldecode("a")'])
def test_functions_of_opentofu_and_of_newer_versions_are_unknown(text: str) -> None:
    assert hole(value(text)).reason == "a function that Terraform 1.11 does not have"
