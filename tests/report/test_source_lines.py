"""Lines of the source: the stretches that a finding is about are underlined, nothing that stands there does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.report import made
from tfkms.finding import Element
from tfkms.location import Origin, Span
from tfkms.report.display import letters, shown
from tfkms.report.formats import text
from tfkms.report.source_lines import LINES_LIMIT, SPAN_LINES_LIMIT, excerpts, marked_lines

MAIN = "main.tf"


def span(line: int, start: int, end: int, end_line: int | None = None, file: str = MAIN) -> Span:
    return Span(file, line, start, end_line or line, end)


def drawn(written: str, *spans: Span, width: int = 88) -> list[str]:
    return [part for line in marked_lines(written, spans, width) for part in (line.text, line.underline)]


def test_what_stands_in_the_span_is_underlined() -> None:
    assert drawn('a = 1\nb = ["x", "y"]\n', span(2, 6, 9), span(2, 11, 14)) == [
        'b = ["x", "y"]',
        "     ^^^  ^^^",
    ]


def test_lines_come_in_order_and_each_once() -> None:
    lines = marked_lines("a\nb\nc\n", [span(3, 1, 2), span(1, 1, 2), span(3, 1, 2)])

    assert [line.number for line in lines] == [1, 3]


def test_a_tab_takes_four_columns_and_a_wide_letter_two() -> None:
    assert drawn('\tx = "漢" # é', span(1, 6, 9)) == ['    x = "漢" # é', "        ^^^^"]


def test_of_a_stretch_over_many_lines_the_first_are_marked_from_their_first_letter() -> None:
    written = "p = [\n  1,\n  2,\n  3,\n  4,\n]\n"

    assert drawn(written, span(1, 5, 2, end_line=6)) == ["p = [", "    ^", "  1,", "  ^^", "  2,", "  ^^"]
    assert len(marked_lines(written, [span(1, 5, 2, end_line=6)])) == SPAN_LINES_LIMIT


def test_a_long_line_is_cut_around_the_first_mark() -> None:
    written = "x" * 100 + '"mark"' + "y" * 100
    [line] = marked_lines(written, [span(1, 101, 107)], width=60)

    assert line.text.startswith("…x")
    assert line.text.endswith("y…")
    assert len(line.text) <= 60
    assert line.text[line.underline.index("^") : len(line.underline)] == '"mark"'


def test_a_mark_at_the_end_of_a_long_line_is_shown_with_what_stands_before_it() -> None:
    [line] = marked_lines("x" * 200 + "mark", [span(1, 201, 205)], width=60)

    assert line.text == "…" + "x" * 54 + "mark"
    assert line.underline == " " * 55 + "^^^^"


@pytest.mark.parametrize("place", [span(9, 1, 2), span(1, 7, 9), span(1, 3, 3), span(3, 1, 2)])
def test_a_span_that_the_text_does_not_have_is_left_out(place: Span) -> None:
    assert marked_lines("a = 1\n", [place]) == []


HOSTILE = 'x = "\x1b[31m\u202e##vso[task] ::error::" # \u200b\r'


def test_what_a_terminal_or_a_runner_would_act_on_is_made_harmless() -> None:
    [line] = marked_lines(HOSTILE, [span(1, 5, 28)])

    assert "\x1b" not in line.text
    assert "\u202e" not in line.text
    assert "##vso" not in line.text
    assert " ::error" not in line.text
    assert line.text == shown(HOSTILE.rstrip())
    assert line.underline.index("^") == 4


@given(st.text(st.characters(exclude_characters="\n"), max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_marks_stay_on_their_letters_whatever_the_letters_are(written: str, one: int, other: int) -> None:
    start, end = sorted((one, other))
    for line in marked_lines(written, [span(1, start + 1, end + 1)], width=1_000):
        kept = letters(written.rstrip())
        marked = "".join(piece for piece, is_marked in line.pieces if is_marked)
        assert marked == "".join(kept[start:end]).replace("\\t", "    ")


@given(st.text("#:[vso error\t\x1b", max_size=30))
def test_letter_by_letter_no_less_is_made_harmless_than_as_a_whole(written: str) -> None:
    told = "".join(letters(written))

    assert shown(told) == told


class TestOfAFinding:
    def evidence(self, *elements: Span) -> object:
        return tuple(Element(Origin("aws_kms_key.main", f"/policy/{n}", own)) for n, own in enumerate(elements))

    def test_without_elements_the_statement_is_marked(self) -> None:
        finding = made.finding()
        [excerpt] = excerpts(finding.evidence[0], made.report())

        assert excerpt.lines[0].underline.strip() == "^" * 51

    def test_elements_are_shown_file_by_file_the_first_one_first(self) -> None:
        elements = (span(2, 3, 9), span(1, 1, 9, file="infra/kms.tf"), span(1, 3, 9))
        report = replace(made.report(), sources={MAIN: "  a = 1 + 2\n  b = 1 + 2\n", "infra/kms.tf": made.SOURCE})
        finding = made.finding()
        found = excerpts(replace(finding.evidence[0], elements=self.evidence(*elements)), report)

        assert [(own.origin.span, [line.number for line in own.lines]) for own in found] == [
            (elements[0], [1, 2]),
            (elements[1], [1]),
        ]

    def test_more_lines_than_fit_are_counted(self) -> None:
        report = replace(made.report(), sources={MAIN: "x\n" * 20})
        finding = made.finding()
        elements = self.evidence(*(span(line, 1, 2) for line in range(1, 12)))
        [excerpt] = excerpts(replace(finding.evidence[0], elements=elements), report)

        assert (len(excerpt.lines), excerpt.left) == (LINES_LIMIT, 11 - LINES_LIMIT)

    def test_of_a_sensitive_statement_nothing_is_shown(self) -> None:
        finding = made.finding()
        hidden = replace(finding, evidence=(replace(finding.evidence[0], statement=None),))

        assert excerpts(hidden.evidence[0], made.report()) == []
        assert "Sid" not in text.render(replace(made.report(), findings=(hidden,)), made.view())

    def test_where_there_is_no_source_in_view_nothing_is_shown(self) -> None:
        finding = made.finding()

        assert excerpts(finding.evidence[0], replace(made.report(), sources={})) == []
