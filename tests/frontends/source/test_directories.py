"""Directories on the command line: which are root modules, what is said of them, and where findings stand."""

import json
from pathlib import Path
from typing import Any

from tests.command_line import Run, run
from tfkms.frontends.source.roots import roots

OPEN = """
resource "aws_kms_key" "k" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [
      { Sid = "Root", Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "kms:*", Resource = "*" },
      { Sid = "App", Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:role/app" }, Action = "kms:Disable*", Resource = "*" },
    ]
  })
}
"""


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def scan(root: Path, *words: str) -> Run:
    return run("scan", *words, "--format", "json", "--check", "IAM-KMS-4", "--account-id", "111122223333", cwd=root)


def addresses(result: Run) -> list[tuple[str, str]]:
    inputs = [item["path"] for item in result.report["inputs"]]
    return [(inputs[item["input"]], item["address"]) for item in result.report["findings"]]


def evidence(result: Run) -> Any:
    [finding] = result.report["findings"]
    return finding["evidence"][0]


def test_a_directory_is_one_root_module(tmp_path: Path) -> None:
    result = scan(written(tmp_path, {"main.tf": OPEN, "other/main.tf": OPEN}), ".")

    assert result.code == 1
    assert result.report["inputs"] == [{"path": ".", "kind": "hcl"}]
    assert addresses(result) == [(".", "aws_kms_key.k")]


def test_no_input_is_the_current_directory(tmp_path: Path) -> None:
    assert addresses(scan(written(tmp_path, {"main.tf": OPEN}))) == [(".", "aws_kms_key.k")]


def test_a_finding_stands_on_its_line(tmp_path: Path) -> None:
    found = evidence(scan(written(tmp_path, {"live/main.tf": OPEN}), "live"))

    assert (found["file"], found["line"], found["sid"]) == ("live/main.tf", 7, "App")


def test_files_are_called_from_the_current_directory(tmp_path: Path) -> None:
    written(tmp_path, {"repo/live/main.tf": 'module "m" { source = "../modules/m" }', "repo/modules/m/main.tf": OPEN})
    (tmp_path / "repo" / ".git").mkdir()

    found = evidence(scan(tmp_path / "repo" / "live", "."))
    assert (found["file"], found["via"]) == ("../modules/m/main.tf", ["main.tf:1"])

    found = evidence(scan(tmp_path, str(tmp_path / "repo" / "live")))
    assert (found["file"], found["via"]) == ("repo/modules/m/main.tf", ["repo/live/main.tf:1"])


def test_without_configuration_of_its_own_the_roots_below_are_taken(tmp_path: Path) -> None:
    files = {
        "a/main.tf": 'module "m" { source = "../modules/m" }',
        "b/main.tf": OPEN,
        "modules/m/main.tf": OPEN,
        ".terraform/modules/x/main.tf": OPEN,
        ".hidden/main.tf": OPEN,
    }
    result = scan(written(tmp_path, files), ".")

    assert sorted(addresses(result)) == [("a", "module.m.aws_kms_key.k"), ("b", "aws_kms_key.k")]


def test_recursive_takes_those_below_too(tmp_path: Path) -> None:
    result = scan(written(tmp_path, {"main.tf": OPEN, "b/main.tf": OPEN}), ".", "--recursive")

    assert addresses(result) == [(".", "aws_kms_key.k"), ("b", "aws_kms_key.k")]


def test_a_module_beside_the_scanned_directory_is_read_by_the_scan_that_the_hint_names(tmp_path: Path) -> None:
    files = {"examples/x/main.tf": 'module "m" { source = "../.." }', "main.tf": OPEN}
    missing = scan(written(tmp_path, files) / "examples" / "x")
    found = scan(tmp_path, "--recursive")

    assert "the module lies outside of the scanned directory" in missing.err
    assert "scan a directory that holds both, with --recursive" in missing.err
    assert "lies outside" not in found.err
    assert addresses(found) == [("examples/x", "module.m.aws_kms_key.k")]


def test_a_call_in_a_comment_hides_no_root(tmp_path: Path) -> None:
    written(tmp_path, {"a/main.tf": '# module "m" { source = "../b" }\n', "b/main.tf": OPEN})

    assert roots(tmp_path, ".") == ["a", "b"]


def test_plans_that_lie_in_a_directory_are_ignored(tmp_path: Path) -> None:
    written(tmp_path, {"main.tf": OPEN, "plan.json": "{"})

    assert scan(tmp_path, ".").code == 1


def test_a_directory_with_nothing_to_judge_passes_and_says_so(tmp_path: Path) -> None:
    result = run("scan", ".", cwd=written(tmp_path, {"main.tf": 'resource "null_resource" "x" {}'}))

    assert result.code == 0
    assert "nothing" in result.out


def test_variables_keep_their_order(tmp_path: Path) -> None:
    text = 'variable "d" {}\nresource "aws_iam_policy" "p" {\n name = "p"\n policy = jsonencode({ Statement = [{ Sid = var.d }] })\n}'
    written(tmp_path, {"main.tf": text, "x.tfvars": 'd = "file"'})

    def sid(*words: str) -> str:
        [document] = json.loads(run("policies", ".", *words, cwd=tmp_path).out)
        return str(document["document"]["Statement"][0]["Sid"])

    assert sid("--var", "d=word", "--var-file", "x.tfvars") == "file"
    assert sid("--var-file", "x.tfvars", "--var", "d=word") == "word"


def test_wrong_options_are_refused_in_one_line(tmp_path: Path) -> None:
    written(tmp_path, {"main.tf": OPEN})

    assert "--var takes NAME=VALUE, not `x`" in scan(tmp_path, ".", "--var", "x").err
    result = scan(tmp_path, ".", "--var-file", "missing.tfvars")
    assert (result.code, "missing.tfvars: the variables cannot be read" in result.err) == (2, True)


def test_who_holds_a_policy_is_found_though_its_name_is_made_up(tmp_path: Path) -> None:
    text = """
    resource "aws_iam_role" "r" {
      name_prefix        = "admin-"
      assume_role_policy = "{}"
    }
    resource "aws_iam_role_policy_attachment" "a" {
      role       = aws_iam_role.r.name
      policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    }
    """
    result = scan(written(tmp_path, {"main.tf": text}), ".")

    assert addresses(result) == [(".", "aws_iam_role_policy_attachment.a")]


FILES = {"a.tf": OPEN, "b.tf": OPEN.replace('"k"', '"b"'), "c.tf": "locals {}\n"}


class TestFiles:
    """A file stands for its directory, and only what stands in it is reported."""

    def test_only_what_stands_in_the_file_is_reported(self, tmp_path: Path) -> None:
        result = scan(written(tmp_path, FILES), "a.tf")

        assert result.code == 1
        assert addresses(result) == [("a.tf", "aws_kms_key.k")]
        assert {item["address"] for item in result.report["verdicts"]} == {"aws_kms_key.k"}

    def test_a_file_with_nothing_to_judge_passes(self, tmp_path: Path) -> None:
        result = scan(written(tmp_path, FILES), "c.tf")

        assert (result.code, result.report["findings"]) == (0, [])

    def test_files_of_one_directory_are_one_input(self, tmp_path: Path) -> None:
        result = scan(
            written(tmp_path, {f"live/{name}": text for name, text in FILES.items()}), "live/a.tf", "live/b.tf"
        )

        assert addresses(result) == [("live", "aws_kms_key.b"), ("live", "aws_kms_key.k")]

    def test_the_rest_of_the_directory_counts_for_what_stands_in_the_file(self, tmp_path: Path) -> None:
        files = {
            "key.tf": 'resource "aws_kms_key" "k" {\n policy = data.aws_iam_policy_document.d.json\n}\n',
            "document.tf": """
            data "aws_iam_policy_document" "d" {
              statement {
                sid       = "Open"
                actions   = ["kms:*"]
                resources = ["*"]
                principals {
                  type        = "AWS"
                  identifiers = ["arn:aws:iam::111122223333:role/app"]
                }
              }
            }
            """,
        }
        written(tmp_path, files)

        for name in files:
            assert addresses(scan(tmp_path, name)) == [(name, "aws_kms_key.k")]

    def test_what_a_named_call_makes_is_reported(self, tmp_path: Path) -> None:
        files = {"main.tf": 'module "m" {\n source = "./m"\n}\n', "other.tf": OPEN, "m/main.tf": OPEN}
        result = scan(written(tmp_path, files), "main.tf")

        assert addresses(result) == [("main.tf", "module.m.aws_kms_key.k")]

    def test_errors_of_other_files_are_theirs(self, tmp_path: Path) -> None:
        files = {"a.tf": OPEN, "broken.tf": 'resource "aws_kms_key" "x" {\n policy = \n'}

        assert scan(written(tmp_path, files), "a.tf").code == 1
        assert scan(tmp_path, "a.tf", "broken.tf").code == 2

    def test_policies_of_the_file_alone_are_listed(self, tmp_path: Path) -> None:
        written(tmp_path, FILES)
        result = run("policies", "b.tf", cwd=tmp_path)

        assert [item["address"] for item in json.loads(result.out)] == ["aws_kms_key.b"]


def test_a_policy_has_the_place_where_it_is_written(tmp_path: Path) -> None:
    written(tmp_path, {"live/main.tf": 'module "m" {\n source = "../m"\n}\n', "m/key.tf": "\n" + OPEN, ".git/x": ""})
    [found] = json.loads(run("policies", "live", cwd=tmp_path).out)

    assert (found["address"], found["evidence"]) == ("module.m.aws_kms_key.k", "source")
    assert (found["file"], found["line"]) == ("m/key.tf", 4)


def test_what_aws_manages_is_judged_by_what_it_is_known_to_hold(tmp_path: Path) -> None:
    text = """
    data "aws_iam_policy" "p" {
      %s
    }
    resource "aws_iam_role" "r" {
      name               = "r"
      assume_role_policy = "{}"
    }
    resource "aws_iam_role_policy_attachment" "a" {
      role       = aws_iam_role.r.name
      policy_arn = data.aws_iam_policy.p.arn
    }
    """
    reading = scan(written(tmp_path, {"main.tf": text % 'name = "ReadOnlyAccess"'}), ".")
    everything = scan(written(tmp_path, {"main.tf": text % 'name = "AdministratorAccess"'}), ".")

    assert addresses(reading) == []
    assert [item["verdict"] for item in everything.report["findings"]] == ["violated"]
