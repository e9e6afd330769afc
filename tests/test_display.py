"""Nothing from outside reaches a terminal or a CI runner as more than text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfkms.report.display import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ünïcode 日本", "plain ünïcode 日本"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("::error::x", "\\x3a:error::x"),
        ("  ::add-mask::x", "  \\x3a:add-mask::x"),
        ("##[error]x", "#\\x23[error]x"),
        ("##vso[task.x]", "#\\x23vso[task.x]"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_could_act_is_escaped(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(st.text())
def test_whatever_is_shown_is_one_harmless_line(text: str) -> None:
    harmless = shown(text)

    assert harmless.isprintable()
    assert not harmless.lstrip().startswith("::")
    assert "##[" not in harmless
    assert shown(harmless) == harmless


def test_what_is_cut_says_so() -> None:
    assert shown("x" * 30, limit=10) == "x" * 10 + "… (20 more characters)"
