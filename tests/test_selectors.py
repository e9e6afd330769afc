"""Plain JSONPaths are walked directly, and find what jsonpath-ng finds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.ext.parser import parse

from tfkms.selectors import Selector, SelectorError, selector
from tfkms.values import Hole, Unknown, Value

NAMES = st.sampled_from(["a", "b", "c"])
PLAIN = st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=3).map(
    lambda steps: "$" + "".join(f".{name}{'[*]' if each else ''}" for name, each in steps)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=12,
)


@given(PLAIN, st.dictionaries(NAMES, VALUES, max_size=3))
def test_a_plain_path_finds_what_jsonpath_finds(path: str, value: dict[str, Value]) -> None:
    plain = selector(path)
    assert plain.steps is not None
    foreign = Selector(path, None, parse(path))

    # jsonpath-ng takes `[*]` of what is no list for the thing itself; documents never stand there
    expected = [found for found in foreign.find(value) if "*" not in path or len(found[0]) == len(plain.steps)]

    assert list(plain.find(value)) == expected


def test_a_way_that_ends_at_an_unknown_may_lead_anywhere() -> None:
    unknown = Unknown(Hole("aws_iam_role.a", "/inline_policy", "known after apply"))

    assert list(selector("$.inline_policy[*].policy").find({"inline_policy": unknown})) == [
        (("inline_policy",), unknown)
    ]


def test_any_jsonpath_is_taken() -> None:
    value: dict[str, Value] = {"rule": ({"kind": "x", "policy": "1"}, {"kind": "y", "policy": "2"})}

    assert list(selector("$.rule[?(@.kind == 'y')].policy").find(value)) == [(("rule", 1, "policy"), "2")]


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(SelectorError, match="is no JSONPath"):
        selector("$.[")
