"""How a hole is called: by the reference that most likely decides it."""

import pytest

from tfkms.values import Hole, hole_name


@pytest.mark.parametrize(
    ("references", "name"),
    [
        ((), "aws_iam_policy.app.policy"),
        (("path.module", "aws_dynamodb_table.main.arn"), "aws_dynamodb_table.main.arn"),
        (("data.aws_partition.current.partition", "aws_s3_bucket.main.arn"), "aws_s3_bucket.main.arn"),
        (("var.name", "module.key.arn", "local.name"), "module.key.arn"),
        (("var.name", "each.value", "data.aws_iam_role.app.arn"), "data.aws_iam_role.app.arn"),
        (("aws_kms_key.b.arn", "aws_kms_key.a.arn"), "aws_kms_key.b.arn"),
        (("path.module",), "path.module"),
    ],
)
def test_a_hole_is_called_by_what_most_likely_decides_it(references: tuple[str, ...], name: str) -> None:
    assert hole_name(Hole("aws_iam_policy.app", "/policy", "known after apply", references)) == name
