"""What a configuration costs: with what its policies reach, and with what else lies around them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tfkms import catalogue
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.source.read import Setting, read_source
from tfkms.model import Scan

ASSUMED = Assumed("111122223333", "us-east-1", "aws")
KEYS = 20
KEY = """\
resource "aws_kms_key" "key_{n}" {{
  description = local.names[{n}]
  policy      = data.aws_iam_policy_document.key_{n}.json
}}

data "aws_iam_policy_document" "key_{n}" {{
  dynamic "statement" {{
    for_each = var.roles
    content {{
      sid       = title(statement.key)
      actions   = statement.value.actions
      resources = ["*"]
      principals {{
        type        = "AWS"
        identifiers = [for name in statement.value.names : "arn:aws:iam::${{local.account}}:role/${{name}}"]
      }}
    }}
  }}
}}

"""
NAMES = """\
locals {
  account = "111122223333"
  names   = [for n in range(1000) : "key-${n}"]
}

variable "roles" {
  type    = map(object({ actions = list(string), names = optional(list(string), ["root"]) }))
  default = {
    admin = { actions = ["kms:Create*", "kms:Put*"], names = ["admin", "break-glass"] }
    use   = { actions = ["kms:Decrypt", "kms:GenerateDataKey*"] }
  }
}

"""
OTHER = """\
resource "aws_security_group_rule" "rule_{n}" {{
  type              = "ingress"
  from_port         = {n}
  to_port           = lookup(local.ports, "p{n}", {n})
  protocol          = "tcp"
  cidr_blocks       = [for own in var.networks : cidrsubnet(own, 8, {n})]
  security_group_id = aws_security_group.main.id
}}

"""


@pytest.fixture(scope="module")
def wanted() -> Callable[[str], bool]:
    """The types that hold policies."""
    return {site.type for site in catalogue.sites()}.__contains__


def measured(benchmark: BenchmarkFixture, root: Path, wanted: Callable[[str], bool]) -> Scan:
    """The scan of a directory, with its size beside the time."""
    benchmark.extra_info["bytes"] = sum(path.stat().st_size for path in root.rglob("*.tf"))
    setting = Setting(root, assumed=ASSUMED)
    found: Scan = benchmark.pedantic(read_source, args=(".", ".", setting, wanted), rounds=3, warmup_rounds=1)
    return found


@pytest.mark.parametrize("keys", [KEYS, 5 * KEYS, 25 * KEYS])
def test_cost_follows_what_policies_reach(
    benchmark: BenchmarkFixture, tmp_path: Path, wanted: Callable[[str], bool], keys: int
) -> None:
    (tmp_path / "main.tf").write_text(NAMES + "".join(KEY.format(n=n) for n in range(keys)))

    assert len(measured(benchmark, tmp_path, wanted).resources) == 2 * keys


@pytest.mark.parametrize("others", [0, 1_000, 10_000])
def test_what_policies_do_not_reach_is_hardly_looked_at(
    benchmark: BenchmarkFixture, tmp_path: Path, wanted: Callable[[str], bool], others: int
) -> None:
    (tmp_path / "main.tf").write_text(NAMES + "".join(KEY.format(n=n) for n in range(KEYS)))
    for part in range(0, others, 500):
        (tmp_path / f"rules_{part}.tf").write_text("".join(OTHER.format(n=n) for n in range(part, part + 500)))

    assert len(measured(benchmark, tmp_path, wanted).resources) == 2 * KEYS
