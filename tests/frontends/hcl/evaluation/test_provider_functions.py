"""Functions of the AWS provider, as its documentation has them."""

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, unknown, value
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.types import NUMBER


def test_an_arn_is_taken_apart() -> None:
    assert value('provider::aws::arn_parse("arn:aws:iam::444455556666:role/example")') == value(
        '{partition = "aws", service = "iam", region = "", account_id = "444455556666", resource = "role/example"}'
    )


def test_the_resource_of_an_arn_may_hold_colons() -> None:
    assert value('provider::aws::arn_parse("arn:aws:logs:eu-west-1:1:log-group:a:*").resource') == terms.Text(
        "log-group:a:*"
    )


def test_an_arn_is_put_together() -> None:
    assert value('provider::aws::arn_build("aws", "iam", "", "444455556666", "role/example")') == terms.Text(
        "arn:aws:iam::444455556666:role/example"
    )


def test_an_arn_with_a_hole_in_its_resource_is_taken_apart() -> None:
    found = value('provider::aws::arn_parse("arn:aws:iam::1:role/${u}")', u=unknown())

    assert isinstance(found, terms.Object)
    assert found.members["service"] == terms.Text("iam")
    assert found.members["resource"] == value('"role/${u}"', u=unknown())


def test_an_account_that_is_an_unknown_number_holds_no_colon() -> None:
    found = value('provider::aws::arn_parse("arn:aws:iam::${n}:role/x").resource', n=unknown("n", NUMBER))

    assert found == terms.Text("role/x")


def test_a_hole_before_the_resource_could_hold_a_colon() -> None:
    found = value('provider::aws::arn_parse("arn:aws:iam::${u}:role/x").resource', u=unknown())

    assert isinstance(found, terms.Unknown)


def test_the_path_of_a_role_is_left_out() -> None:
    assert value('provider::aws::trim_iam_role_path("arn:aws:iam::444455556666:role/with/path/example")') == terms.Text(
        "arn:aws:iam::444455556666:role/example"
    )


@pytest.mark.parametrize("text", ['arn_parse("x")', 'arn_parse("arn:aws:iam")', 'trim_iam_role_path("arn:aws:s3:::b")'])
def test_what_is_no_arn_is_an_error(text: str) -> None:
    assert len(messages(evaluation(f"provider::aws::{text}"))) == 1


def test_a_function_of_another_provider_is_unknown() -> None:
    found = value('provider::kubernetes::manifest_decode("x")')

    assert isinstance(found, terms.Unknown)
    assert found.hole.reason == "a function of a provider"
