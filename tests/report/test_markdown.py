"""Markdown: as much as a comment takes, the worst first, and nothing cut in the middle."""

import re

import pytest
from msgspec.structs import replace

from tests.report import made
from tfkms.diagnostics import OUTPUT_UNWRITABLE, REPORT_CRASHED, Diagnostic, Level
from tfkms.finding import Finding, Report, Severity
from tfkms.gate import Gate
from tfkms.report import formats
from tfkms.report.formats import markdown
from tfkms.report.markup import code, fenced, link, prose


def many(number: int, *, size: int = 10) -> Report:
    """A report of so many findings, half of them critical and half low, in the order of a scan."""
    findings = [
        made.finding(f"k{index}{'x' * size}", severity=Severity.CRITICAL if index < number // 2 else Severity.LOW)
        for index in range(number)
    ]
    return replace(made.report(errors=False), findings=tuple(findings))


def shown_and_left(text: str) -> tuple[int, int]:
    shown = len(re.findall(r"^(?:<details>|- \*\*IAM-KMS-3\*\*)", text, re.MULTILINE))
    left = [int(number) for number in re.findall(r"(\d+) violated \(\w+\)", "".join(re.findall("no room.*", text)))]
    return shown, sum(left)


@pytest.mark.parametrize("number", [1, 20, 40, 100, 1_000, 5_000])
@pytest.mark.parametrize("limit", [5_000, markdown.COMMENT_LIMIT, 1_000_000])
def test_every_finding_is_there_or_counted(number: int, limit: int) -> None:
    text = markdown.document(many(number), made.view(), limit)

    shown, left = shown_and_left(text)

    assert len(text.encode()) <= limit
    assert shown + left == number
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0


def test_where_there_is_no_room_the_worst_are_in_full_and_more_are_in_one_line() -> None:
    text = formats.render("markdown", many(60), made.view())

    full, short = text.index("<details>"), text.index("- **IAM-KMS-3** violated")
    assert text.count("In one line each from here on, for want of room. More: `tfkms explain ID`\n") == 1
    assert full < short
    assert "<details>" not in text[short:]
    assert "violated (critical)" in text[full:short]


@pytest.mark.parametrize("number", [30, 60, 90])
def test_a_line_for_each_goes_before_the_details_of_one(number: int) -> None:
    report = many(number)
    report = replace(report, findings=(*report.findings, made.waived()), notes=report.notes * 5)

    text = formats.render("markdown", report, made.view())

    assert shown_and_left(text) == (number, 0)
    assert text.count("<details>") > 5
    assert "no room" not in text


def test_what_is_left_out_is_counted_by_severity() -> None:
    assert re.search(
        r"Left out, for there is no room: \d+ violated \(critical\), 2500 violated \(low\)\.",
        markdown.document(many(5_000), made.view(), 20_000),
    )


@pytest.mark.parametrize("letter", ["x", "é", "日", "😀"])
def test_the_limit_holds_in_bytes_whatever_the_letters(letter: str) -> None:
    report = many(200)
    wide = tuple(replace(item, message=letter * 300) for item in report.findings)

    assert len(formats.render("markdown", replace(report, findings=wide), made.view()).encode()) <= 32_768


def test_the_limit_holds_with_as_many_errors_notes_and_waivers() -> None:
    report = made.report()
    full = replace(
        report,
        findings=tuple(item for item in report.findings for _ in range(300)),
        notes=report.notes * 300,
        diagnostics=report.diagnostics * 300,
    )

    text = formats.render("markdown", full, made.view())

    assert len(text.encode()) <= markdown.COMMENT_LIMIT
    for heading in ("What went wrong", "Waived", "Notes", "Warnings"):
        assert f"#### {heading}" in text


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (made.report(), "tfkms could not read everything"),
        (made.report(errors=False), "tfkms: 1 violated"),
        (made.clean(), "tfkms: nothing violated"),
        (replace(made.clean(), verdicts=()), "tfkms: nothing to judge"),
        (replace(made.report(errors=False), verdicts=made.report().verdicts[3:]), "tfkms: 2 undecided"),
    ],
)
def test_the_title_says_the_worst(report: Report, title: str) -> None:
    assert formats.render("markdown", report, made.view()).splitlines()[1] == f"### {title}"


@pytest.mark.parametrize("code", [OUTPUT_UNWRITABLE, REPORT_CRASHED])
def test_a_report_that_could_not_be_written_is_not_taken_for_one_that_could_not_be_read(code: str) -> None:
    unwritten = Diagnostic(Level.ERROR, code, "the report cannot be written: is a directory", file="out")
    text = formats.render("markdown", replace(made.clean(), diagnostics=(unwritten,)), made.view())

    assert text.splitlines()[1] == "### tfkms could not write every report"
    assert "The gate stops this: the job could not be done (exit code 2)." in text
    assert "#### What went wrong\n\n- out: the report cannot be written" in text


def test_what_stops_the_gate_stands_first_and_what_does_not_says_so() -> None:
    report = made.report(errors=False)
    lenient = made.view(Gate(undecided_fails=False))
    passing, stopping = made.undecided("soft", severity=Severity.CRITICAL), made.finding("hard", severity=Severity.LOW)

    text = formats.render("markdown", replace(report, findings=(passing, stopping)), lenient)

    assert "The gate stops this (exit code 1)." in text
    assert text.index("hard") < text.index("soft")
    assert text.count("the gate lets it pass") == 1
    assert "undecided (critical, not new, the gate lets it pass)" in text
    assert "the gate lets it pass" not in formats.render("markdown", report, made.view())


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        (Gate(), "The gate stops this (exit code 1)."),
        (Gate(exit_zero=True), "The gate lets this pass (exit code 0)."),
        (Gate(fail_on=Severity.CRITICAL, new_only=True), "The gate stops this (exit code 1)."),
    ],
)
def test_the_head_says_what_the_gate_does(gate: Gate, says: str) -> None:
    assert says in formats.render("markdown", made.report(errors=False), made.view(gate))


def test_a_comment_is_known_again_by_its_first_line() -> None:
    first, *_ = formats.render("markdown", made.report(), made.view()).splitlines()

    assert first == "<!-- tfkms:plan.json_infra -->"


def test_a_finding_links_the_page_of_its_guardrail() -> None:
    aws = formats.render("markdown", made.report(), made.view())
    ours = formats.render("markdown", made.report(), made.view(pages=made.PAGES))

    assert "[Delete an AWS KMS key](https://docs.aws.amazon.com/" in aws
    assert "`tfkms explain IAM-KMS-3`" in aws
    assert "[IAM-KMS-3](https://wiki.example.com/guardrails/IAM-KMS-3.html)" in ours


def test_a_sensitive_statement_is_not_shown() -> None:
    hidden: Finding = made.undecided()
    text = formats.render("markdown", replace(made.report(), findings=(hidden,)), made.view())

    assert "(sensitive)" in text
    assert "```" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``", "``` `` ```"),
        (" a ", "`  a  `"),
        ("", "`  `"),
    ],
)
def test_code_holds_any_backticks(text: str, expected: str) -> None:
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("root may not, and (so far) will not", "root may not, and (so far) will not"),
        ("it's and/or 1.5 of well-known", "it's and/or 1.5 of well-known"),
        ("kms:Decrypt through `Use`, not x_y.", "`kms:Decrypt` through `Use`, not `x_y`."),
        ("ask @admin about #12", "ask `@admin` about `#12`"),
        ("see www.example.com", "see `www.example.com`"),
        ("1. one", "`1.` one"),
        ("a `b``c` d", "a `b` `c` d"),
    ],
)
def test_a_sentence_keeps_its_words_and_hides_its_signs(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_a_fence_is_longer_than_any_in_it() -> None:
    assert fenced(["```", "````"], "json") == "`````json\n```\n````\n`````"


def test_a_link_ends_where_it_should() -> None:
    assert link("a ] b", "https://x.example/(a) b") == "[a `]` b](https://x.example/%28a%29%20b)"
