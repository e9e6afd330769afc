"""tfkms against an independent simulator of IAM: the literal evaluator, and the decision with its witnesses.

Most tests here measure tfkms against answers that are kept; those marked `network` ask the simulator anew, about
policies that nobody has seen if `TFKMS_ORACLE_SEED` is set to a number.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.oracle import comparing, recorded, simulator
from tests.oracle.gaps import GAPS, Case, expected
from tests.oracle.generator import APP, CONDITION_KEYS, OPS, Generator, named_keys
from tests.oracle.recorded import Answered, Line
from tfkms.iam.simulate import Answer

LINES = list(recorded.lines())
DECIDED = [line for line in LINES if line.decided]
ANSWERS = [answer for line in LINES for answer in line.answers]
SETS = 600
"""How many sets of documents the kept answers are from."""


def shown(case: Case) -> str:
    """The case, for a test that fails."""
    return f"{case.request}\n{case.documents}"


def literal_differs(answered: Answered) -> bool:
    """Whether the literal evaluator surely says something else than AWS documents by the simulator."""
    said = comparing.simulated(answered.case.documents, answered.case.request)
    return said is not Answer.UNSURE and (said is Answer.ALLOWED) is not expected(answered.case, answered.allowed)


# Against the answers that are kept


def test_there_are_thousands_of_answers_of_both_kinds_in_a_small_file() -> None:
    count = Counter(answer.allowed for answer in ANSWERS)

    assert count[True] > 500
    assert count[False] > 2_000
    assert recorded.FILE.stat().st_size < 1_500_000


def test_the_policies_name_every_condition_key() -> None:
    assert set().union(*(named_keys(line.documents) for line in LINES)) == set(CONDITION_KEYS)


def test_the_literal_evaluator_says_what_the_simulator_says() -> None:
    assert [shown(answer.case) for answer in ANSWERS if literal_differs(answer)] == []


def test_the_literal_evaluator_is_seldom_unsure() -> None:
    unsure = sum(comparing.simulated(answer.case.documents, answer.case.request) is Answer.UNSURE for answer in ANSWERS)

    assert unsure < len(ANSWERS) / 50


@pytest.mark.parametrize("line", DECIDED, ids=range(len(DECIDED)))
def test_where_the_simulator_allows_a_request_the_decision_does_not_say_none(line: Line) -> None:
    for answer in line.answers:
        if expected(answer.case, answer.allowed):
            asked = comparing.case(line.documents, answer.case.request.action)
            assert not comparing.refuses(asked), shown(answer.case)


@pytest.mark.parametrize("line", DECIDED, ids=range(len(DECIDED)))
def test_the_simulator_does_not_refuse_a_witness(line: Line) -> None:
    said = {_key(answer.case): expected(answer.case, answer.allowed) for answer in line.answers}
    for action in comparing.actions(line.documents.caller):
        for request in comparing.witnesses(comparing.case(line.documents, action)):
            case = Case(line.documents, request)
            assert said.get(_key(case), True), shown(case)
            assert comparing.simulated(line.documents, request) is Answer.ALLOWED, shown(case)


def _key(case: Case) -> tuple[str, str, frozenset[tuple[str, tuple[str, ...]]]]:
    return case.request.principal, case.request.action, frozenset(case.request.chosen.items())


def test_every_gap_names_its_document() -> None:
    assert all(gap.simulator and gap.documented and gap.source for gap in GAPS)
    assert len(GAPS) == len({gap.simulator for gap in GAPS})


def test_gaps_leave_few_cases_out() -> None:
    made = [Case(documents, request) for seed in range(400) for documents, request in _made(seed)]
    left_out = sum(gap.excludes(case) for gap in GAPS for case in made)

    assert left_out < len(made) / 50


def _made(seed: int) -> list[tuple[comparing.Documents, comparing.Request]]:
    generator = Generator(seed)
    documents = generator.documents()
    return [(documents, request) for request in generator.requests(documents, 5)]


# Against the simulator itself

SEED = int(os.environ.get("TFKMS_ORACLE_SEED", "1")) * 1_000_000


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the simulator is installed in."""
    if not simulator.PRESENT:
        pytest.skip("Node and npm are not here")
    directory = tmp_path_factory.mktemp("simulator")
    if not simulator.install(directory):
        pytest.skip("npm cannot install the simulator")
    return directory


@pytest.mark.network
def test_the_answers_that_are_kept_are_those_of_the_simulator(installed: Path, request: pytest.FixtureRequest) -> None:
    """With `--update-golden` they are made anew, with the witnesses that the decision finds now."""
    if request.config.getoption("--update-golden"):
        recorded.FILE.write_text(recorded.record(installed, SETS), encoding="utf-8", newline="\n")
    kept = [answer for line in recorded.lines() for answer in line.answers]

    said = list(recorded.answers(installed, [answer.case for answer in kept]))

    assert [answer.allowed for answer in said] == [answer.allowed for answer in kept]


@pytest.mark.network
def test_the_literal_evaluator_says_what_the_simulator_says_of_new_policies(installed: Path) -> None:
    cases = [case for seed in range(1_500) for case in recorded.asked(SEED + seed, decided=False, requests=5)]
    said = list(recorded.answers(installed, cases))

    assert len(said) > 7_000
    assert [shown(answer.case) for answer in said if literal_differs(answer)] == []


@pytest.mark.network
def test_the_simulator_allows_each_witness_and_nothing_where_the_decision_says_none(installed: Path) -> None:
    proven: list[Case] = []
    ruled_out: list[Case] = []
    for seed in range(SEED, SEED + 200):
        generator = Generator(seed)
        documents = comparing.decidable(generator.documents())
        for anyone in (False, True) if documents.caller in (APP, OPS) else (False,):
            requests = list(generator.requests(documents, 10, comparing.ANYONE if anyone else ()))
            for action in comparing.actions(documents.caller):
                asked = comparing.case(documents, action, anyone=anyone)
                proven += [Case(documents, request) for request in comparing.witnesses(asked)]
                if comparing.refuses(asked):
                    ruled_out += [Case(documents, comparing.turned(request, action)) for request in requests]

    assert len(proven) > 100
    assert len(ruled_out) > 5_000
    assert [shown(own.case) for own in recorded.answers(installed, proven) if not expected(own.case, own.allowed)] == []
    assert [shown(own.case) for own in recorded.answers(installed, ruled_out) if expected(own.case, own.allowed)] == []
