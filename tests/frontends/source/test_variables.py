"""The values of variables, in Terraform's order, and what is said of values that cannot be read."""

from pathlib import Path

import pytest

from tests.frontends.source.reading import after, errors, scan, shown
from tfkms.frontends.source.variables import Assigned, FromFile, Given

TEXT = 'variable "v" {}\nresource "aws_kms_key" "k" { description = var.v }\n'
ORDER = [
    ("environment", "a"),
    ("terraform.tfvars", 'v = "b"'),
    ("terraform.tfvars.json", '{"v": "c"}'),
    ("a.auto.tfvars", 'v = "d"'),
    ("b.auto.tfvars.json", '{"v": "e"}'),
]


@pytest.mark.parametrize("count", range(1, len(ORDER) + 1))
def test_of_several_sources_the_later_wins(tmp_path: Path, count: int) -> None:
    given = Given({"v": "a"})
    files = {"main.tf": TEXT, **{name: text for name, text in ORDER[1:count] if name != "environment"}}

    assert after(scan(tmp_path, files, given=given), "aws_kms_key.k")["description"] == "abcde"[count - 1]


def test_options_win_and_the_last_one_of_them(tmp_path: Path) -> None:
    options = (Assigned("v", "first"), FromFile("x.tfvars", b'v = "file"'), Assigned("v", "last"))
    files = {"main.tf": TEXT, "z.auto.tfvars": 'v = "auto"'}

    assert after(scan(tmp_path, files, given=Given({}, options)), "aws_kms_key.k")["description"] == "last"
    assert after(scan(tmp_path, files, given=Given({}, options[:2])), "aws_kms_key.k")["description"] == "file"


def test_a_simple_variable_takes_the_words_as_they_are(tmp_path: Path) -> None:
    for kind in ("", "type = string"):
        text = TEXT.replace("{}", f"{{\n {kind}\n}}", 1)
        found = scan(tmp_path, {"main.tf": text}, given=Given({}, (Assigned("v", '["a", ${x}'),)))

        assert after(found, "aws_kms_key.k")["description"] == '["a", ${x}'


def test_any_other_variable_takes_an_expression(tmp_path: Path) -> None:
    text = 'variable "v" { type = list(string) }\nresource "aws_kms_key" "k" { description = join("-", var.v) }\n'
    found = scan(tmp_path, {"main.tf": text}, given=Given({"v": '["a", "b"]'}))

    assert after(found, "aws_kms_key.k")["description"] == "a-b"


def test_a_variable_of_any_type_takes_an_expression_too(tmp_path: Path) -> None:
    text = 'variable "v" { type = any }\nresource "aws_kms_key" "k" { description = var.v.d }\n'

    assert (
        after(scan(tmp_path, {"main.tf": text}, given=Given({"v": '{ d = "x" }'})), "aws_kms_key.k")["description"]
        == "x"
    )


def test_an_object_with_defaults_takes_an_expression_too(tmp_path: Path) -> None:
    kind = 'object({ d = string, e = optional(list(string), ["y"]) })'
    text = f'variable "v" {{ type = {kind} }}\nresource "aws_kms_key" "k" {{ description = "${{var.v.d}}${{var.v.e[0]}}" }}\n'

    assert (
        after(scan(tmp_path, {"main.tf": text}, given=Given({"v": '{ "d": "x" }'})), "aws_kms_key.k")["description"]
        == "xy"
    )


def test_of_a_broken_json_file_the_line_is_told(tmp_path: Path) -> None:
    found = scan(tmp_path, {"main.tf": TEXT, "terraform.tfvars.json": '{\n  "v": "a",\n  oops\n}\n'})

    [error] = [item for item in found.diagnostics if item.level.value == "error"]
    assert (error.file, error.line) == ("terraform.tfvars.json", 3)


def test_a_value_that_does_not_fit_its_type_is_an_error(tmp_path: Path) -> None:
    text = 'variable "v" { type = number }\nresource "aws_kms_key" "k" { description = var.v }\n'
    found = scan(tmp_path, {"main.tf": text}, given=Given({"v": "many"}))

    assert "the value of variable `v` does not fit its type" in errors(found)[0]
    assert "$unknown" in shown(after(found, "aws_kms_key.k")["description"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("terraform.tfvars", "v = = 1"),
        ("terraform.tfvars", "block {}"),
        ("terraform.tfvars", "v = upper(var.x)"),
        ("terraform.tfvars.json", "{"),
        ("terraform.tfvars.json", "[]"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_file(tmp_path: Path, name: str, text: str) -> None:
    found = scan(tmp_path, {"main.tf": TEXT, name: text})

    assert [item.file for item in found.diagnostics if item.level.value == "error"] == [name]


def test_a_value_for_no_variable_is_an_error_where_it_is_an_option(tmp_path: Path) -> None:
    assert errors(scan(tmp_path, {"main.tf": TEXT}, given=Given({}, (Assigned("w", "x"),)))) == [
        "--var: the root module has no variable `w`"
    ]
    assert errors(scan(tmp_path, {"main.tf": TEXT}, given=Given({"w": "x"}))) == []
