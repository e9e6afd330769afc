"""The Denies that an answer names: without them it would be another, with any of them left it is not."""

from collections.abc import Iterator

import pytest

from tests.oracle import comparing
from tests.oracle.generator import Generator
from tfkms.iam.case import Case
from tfkms.iam.key_values import Reading
from tfkms.queries.can import deciding, without


def denied() -> Iterator[Case]:
    """Made-up cases that something denies which would else be allowed."""
    for seed in range(400):
        documents = comparing.decidable(Generator(seed).documents())
        for action in comparing.actions(documents.caller):
            case = comparing.case(documents, action)
            if not case.granted(Reading.LOOSE) and deciding(case):
                yield case


CASES = list(denied())


def test_there_are_such_cases() -> None:
    assert len(CASES) > 30
    assert any(len(deciding(case)) > 1 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_each_of_the_denies_is_needed_and_together_they_suffice(case: Case) -> None:
    named = {id(statement) for statement in deciding(case)}

    assert without(case, named).granted(Reading.LOOSE)
    for one in named:
        assert not without(case, named - {one}).granted(Reading.LOOSE)


def test_where_nothing_allows_it_no_deny_decides() -> None:
    for seed in range(60):
        documents = comparing.decidable(Generator(seed).documents())
        case = comparing.case(documents, comparing.actions(documents.caller)[0])
        everything = {id(statement) for policy in case.bundle.identity for statement in policy}
        everything |= {id(statement) for statement in case.key_policy}

        assert deciding(without(case, everything)) == ()
