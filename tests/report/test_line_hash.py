"""The hash of a line is the one that GitHub's own action computes."""

import pytest

from tfkms.report.line_hash import line_hashes

REPEATED = "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, "c129715d7a2bc9a3:1"),
        (REPEATED, 1, "e54938cc54b302f1:1"),
    ],
)
def test_the_hash_is_that_of_the_action(text: str, line: int, expected: str) -> None:
    assert line_hashes(text)[line - 1] == expected


def test_blanks_and_line_ends_do_not_count() -> None:
    assert line_hashes("a = 1\n  b\n") == line_hashes("a=1\r\n\tb\r\n") == line_hashes(" a =1\rb\r")


def test_a_line_that_stands_there_again_is_numbered() -> None:
    hashes = line_hashes("same\n" * 300)

    assert hashes[0].endswith(":1")
    assert hashes[1] == f"{hashes[0].removesuffix(':1')}:2"


def test_a_change_far_below_does_not_change_the_hash() -> None:
    above = "a long enough line of text to fill the block\n" * 4

    assert line_hashes(f"{above}x\n")[0] == line_hashes(f"{above}y\n")[0]
    assert line_hashes(f"{above}x\n")[-2] != line_hashes(f"{above}y\n")[-2]


def test_every_line_has_a_hash() -> None:
    assert len(line_hashes("a\n\n  \nb")) == 4
