"""What SECURITY.md says: its figures are those of the code, and the tests that it names are there."""

import re
from pathlib import Path

import pytest

from tfkms import yaml_document
from tfkms.cli.time_limit import timeout_option
from tfkms.frontends import document_text, plan_format
from tfkms.frontends.hcl import directory, faults, regex_syntax
from tfkms.frontends.saved_plan import archive
from tfkms.frontends.source import configuration, expansion, modules, read, variables
from tfkms.iam import parse

PROJECT = Path(__file__).parents[1]
TEXT = " ".join((PROJECT / "SECURITY.md").read_text(encoding="utf-8").split())
MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (document_text.INPUT_LIMIT, "an input of 1 GiB"),
        (directory.MAX_BYTES, "a file of configuration {mib} MiB"),
        (variables.FILE_LIMIT, "of variables {mib} MiB"),
        (yaml_document.SIZE_LIMIT, "settings {mib} MiB"),
        (archive.MEMBER_LIMIT, "a saved plan of {n:,} members"),
        (archive.BYTE_LIMIT, "that unpack to {mib} MiB"),
        (plan_format.DEPTH_LIMIT, "JSON values {n} deep"),
        (parse.TEXT_LIMIT, "a policy of {mib} MiB"),
        (parse.STATEMENT_LIMIT, "or {n:,} statements"),
        (modules.DEPTH_LIMIT, "modules called {n} deep"),
        (modules.CALL_LIMIT, "and {n:,} times"),
        (modules.SIZE_LIMIT, "of {mib} MiB together"),
        (expansion.INSTANCE_LIMIT, "{n:,} instances of one block"),
        (configuration.INSTANCES_LIMIT, "and {n:,} of all"),
        (read.PARTS_LIMIT, "with {millions} million elements in their arguments"),
        (faults.STEP_LIMIT, "expressions of {millions} million steps in all"),
        (faults.DEPTH_LIMIT, "in all, {n:,} deep"),
        (faults.SIZE_LIMIT, "values of {millions} million elements"),
        (faults.TEXT_LIMIT, "or {mib} MiB of text"),
        (faults.WEIGHT_LIMIT, "and {mib} MiB of all that a configuration makes"),
        (regex_syntax.PATTERN_LIMIT, "a regular expression of {n:,} letters"),
    ],
)
def test_its_limits_are_those_of_the_code(limit: int, words: str) -> None:
    million = {1: "a", 5: "five"}.get(limit // 1_000_000, "?")

    assert words.format(n=limit, mib=limit // MEBIBYTE, millions=million) in TEXT
    assert ("GiB" in words) == (limit == 1 << 30)


def test_the_time_is_that_of_the_option() -> None:
    def nothing() -> None:
        """Takes the option."""

    option = timeout_option(nothing).__click_params__[0]  # type: ignore[attr-defined]

    assert option.default == 600
    assert "ten minutes for reading and judging (`--timeout`" in TEXT


def test_the_tests_that_it_names_are_there() -> None:
    named = re.findall(r"`((?:tests|tools)/[^`]+)`", TEXT)

    assert len(named) > 20
    assert [path for path in named if not (PROJECT / path).exists()] == []
