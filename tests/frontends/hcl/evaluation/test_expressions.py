"""Expressions evaluate as Terraform 1.11.4 does: the same value and type, or honestly unknown."""

import json

import pytest

from tests.frontends.hcl.evaluation.comparison import disagreement
from tests.frontends.hcl.evaluation.record import HERE, VARIABLES, expressions, read

RECORDED = sorted({path.stem for path in (HERE / "recorded").glob("*.json")} - set(VARIABLES))


def recorded(name: str) -> list[list[object]]:
    rows: list[list[object]] = json.loads((HERE / "recorded" / f"{name}.json").read_text(encoding="utf-8"))
    return rows


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{name}: {row[0]}") for name in RECORDED for row in recorded(name)]
)
def test_an_expression_has_the_value_that_terraform_gives_it(row: list[object]) -> None:
    expression, *answer, completions = row

    wrong = disagreement(expression, read(answer), [read(completion) for completion in completions])

    assert wrong is None


@pytest.mark.parametrize("name", RECORDED)
def test_what_is_recorded_is_what_is_asked(name: str) -> None:
    assert [row[0] for row in recorded(name)] == expressions(name)
