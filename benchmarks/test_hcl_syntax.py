"""How fast configuration is indexed and parsed, for the bytes that it has. Run it with `pytest benchmarks`."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tfkms.frontends.hcl import grammar
from tfkms.frontends.hcl.directory import DirectoryIndex, index_directory
from tfkms.frontends.hcl.index import index_file

STACK = """\
# Key {n} of the service, with what may use it.
resource "aws_kms_key" "key_{n}" {{
  description             = "Key {n} of ${{var.service}}"
  deletion_window_in_days = 7
  enable_key_rotation     = true
  tags                    = merge(local.tags, {{ Name = "${{var.service}}-{n}", Tier = "data" }})
  policy                  = data.aws_iam_policy_document.key_{n}.json
}}

data "aws_iam_policy_document" "key_{n}" {{
  statement {{
    sid       = "Administration"
    actions   = ["kms:Create*", "kms:Describe*", "kms:Put*", "kms:ScheduleKeyDeletion"]
    resources = ["*"]

    principals {{
      type        = "AWS"
      identifiers = [for name in var.administrators : "arn:aws:iam::${{local.account_id}}:role/${{name}}" if name != ""]
    }}

    condition {{
      test     = "Bool"
      variable = "aws:MultiFactorAuthPresent"
      values   = [var.mfa ? "true" : "false"]
    }}
  }}
}}

resource "aws_iam_role_policy" "use_{n}" {{
  role   = aws_iam_role.use.id
  policy = <<-EOT
    {{
      "Version": "2012-10-17",
      "Statement": [{{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "${{aws_kms_key.key_{n}.arn}}"}}]
    }}
  EOT
}}

"""


@pytest.fixture(scope="module")
def stack() -> str:
    """A megabyte of configuration as people write it."""
    return "".join(STACK.format(n=n) for n in range(800))


def test_indexing_a_file(benchmark: BenchmarkFixture, stack: str) -> None:
    content = stack.encode()
    benchmark.extra_info["bytes"] = len(content)

    index = benchmark(index_file, "main.tf", content)

    assert len(index.blocks) == 2400


def test_parsing_every_block_of_a_file(benchmark: BenchmarkFixture, stack: str) -> None:
    benchmark.extra_info["bytes"] = len(stack.encode())

    body = benchmark.pedantic(grammar.body_at, args=(stack, 0, len(stack)), rounds=3, warmup_rounds=1)

    assert len(body.items) == 2400


def test_indexing_many_small_directories(benchmark: BenchmarkFixture, tmp_path: Path, stack: str) -> None:
    lines = stack[: len(stack) // 20]
    for number in range(100):
        (tmp_path / f"d{number}").mkdir()
        for name in ("main.tf", "variables.tf", "outputs.tf"):
            (tmp_path / f"d{number}" / name).write_text(lines[:2000].rsplit("\n\n", 1)[0] + "\n", encoding="utf-8")

    def run() -> list[DirectoryIndex]:
        return [index_directory(tmp_path, f"d{number}") for number in range(100)]

    assert all(len(index.files) == 3 for index in benchmark.pedantic(run, rounds=3, warmup_rounds=1))


def test_the_first_parse_of_a_process(benchmark: BenchmarkFixture) -> None:
    code = "from tfkms.frontends.hcl.parse import parse_body; parse_body('a = 1')"

    benchmark.pedantic(subprocess.run, args=([sys.executable, "-c", code],), kwargs={"check": True}, rounds=5)
