"""How long evaluation takes, parsing left out: `pytest benchmarks` (needs the extra `bench`)."""

from collections.abc import Callable
from typing import Any

import pytest

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.evaluate import evaluate
from tfkms.frontends.hcl.export import document, to_value
from tfkms.frontends.hcl.files import NoFiles
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.scope import Budget, Names
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.types import STRING
from tfkms.values import Hole

STATEMENT = """{
    Sid       = "S%d"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
    Principal = { AWS = ["arn:aws:iam::${account}:root", arn, format("arn:aws:iam::%%s:role/%%s", account, "r%d")] }
    Resource  = "*"
    Condition = { StringEquals = { "kms:ViaService" = "s3.${region}.amazonaws.com" } }
  }"""
POLICY = 'jsonencode({{\n  Version = "2012-10-17"\n  Statement = [{}]\n}})'.format(
    ",".join(STATEMENT % (number, number) for number in range(100))
)
MERGED = """merge(
  { for name in names : name => { policy = try(settings[name].policy, "default"), enabled = name != "r3" } },
  { for k, v in settings : "${upper(k)}-x" => merge(v, { tags = coalesce(lookup(v, "tags", null), {}) }) if v.on },
)"""
LINE = '  {"Sid": "S%d", "Action": ["kms:*"], "Principal": {"AWS": "arn:aws:iam::${account}:role/r"}}'
LINES = ",\n".join([LINE.replace("%d", str(number)) for number in range(200)])
HEREDOC = f'<<EOT\n{{"Statement": [\n{LINES}\n]}}\nEOT\n'


def names() -> dict[str, terms.Term]:
    """What the expressions refer to; the account and an ARN are not known."""
    settings = {
        f"r{number}": terms.Object({"on": terms.Bool(number % 2 == 0), "policy": terms.Text(f"p{number}")})
        for number in range(200)
    }
    return {
        "account": terms.Unknown(STRING, Hole("", "/account", "not given", ("account",)), True, True),
        "arn": terms.Unknown(STRING, Hole("aws_iam_role.r", "/arn", "known after apply", ("arn",)), True, True),
        "region": terms.Text("eu-central-1"),
        "names": terms.Tuple(tuple([terms.Text(name) for name in settings])),
        "settings": terms.Object(dict(settings)),
    }


def evaluated(text: str) -> Callable[[], terms.Term]:
    """A call that evaluates `text`, which is parsed beforehand."""
    node, source, bound = parse_expression(text), SourceText("main.tf", text), names()

    def call() -> terms.Term:
        found = evaluate(node, source, Names(dict(bound), NoFiles("are not there"), Budget()))
        assert found.diagnostics == ()
        return found.term

    return call


@pytest.mark.parametrize("text", [POLICY, MERGED, HEREDOC], ids=["jsonencode", "merge and for", "heredoc"])
def test_an_expression(benchmark: Any, text: str) -> None:
    benchmark.extra_info["bytes"] = len(text)
    benchmark(evaluated(text))


@pytest.mark.parametrize("text", [POLICY, HEREDOC], ids=["jsonencode", "heredoc"])
def test_reading_a_document_back(benchmark: Any, text: str) -> None:
    encoded = evaluated(text)()
    benchmark.extra_info["bytes"] = len(text)
    benchmark(lambda: to_value(document(encoded)))


def test_converting_a_list_of_objects(benchmark: Any) -> None:
    benchmark(evaluated("tolist([for k, v in settings : merge(v, {name = k})])"))
