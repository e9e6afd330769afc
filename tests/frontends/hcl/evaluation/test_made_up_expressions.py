"""Made-up expressions agree with the real Terraform, where there is one to ask; and never crash the evaluator."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.frontends.hcl.evaluation import oracle
from tests.frontends.hcl.evaluation.comparison import evaluated, shown
from tests.frontends.hcl.evaluation.explore import disagreements, disagreements_on_variables
from tests.frontends.hcl.evaluation.generated import expression, hidden
from tests.frontends.hcl.evaluation.generated_texts import call
from tests.frontends.hcl.evaluation.generated_types import variable
from tfkms.frontends.hcl.export import to_value


@pytest.mark.skipif(not oracle.available(), reason="terraform is not there to be asked")
@settings(max_examples=2, deadline=None)
@given(st.randoms(use_true_random=False))
def test_terraform_agrees_with_made_up_expressions(random: Random) -> None:
    assert disagreements([random.choice((expression, call, hidden))(random) for _ in range(60)]) == []


@pytest.mark.skipif(not oracle.available(), reason="terraform is not there to be asked")
@settings(max_examples=1, deadline=None)
@given(st.randoms(use_true_random=False))
def test_terraform_agrees_with_made_up_variables(random: Random) -> None:
    assert disagreements_on_variables([variable(random) for _ in range(40)]) == []


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_expression_has_a_value_or_an_error(random: Random) -> None:
    text = random.choice((expression, call, hidden))(random)

    found = evaluated(text)

    to_value(found.term)
    assert found.errors or shown(found.term)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_evaluating_twice_gives_the_same(random: Random) -> None:
    text = expression(random)

    assert evaluated(text) == evaluated(text)
