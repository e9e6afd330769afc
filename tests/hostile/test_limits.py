"""Inputs that ask for too much: each is refused in one line, or judged with what is beyond the limit not left out."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.command_line import Run, assert_refused, run, scan
from tests.plan_builder import ACCOUNT, ROOT, change, key_plan, plan, policy
from tfkms.frontends import document_text
from tfkms.frontends.source import configuration, expansion, modules, read

PROJECT = Path(__file__).parents[2]
OPEN = """jsonencode({ Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "*", Principal = "*" }] })"""
SAFE = """jsonencode({ Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "*",
             Principal = { AWS = "arn:aws:iam::111122223333:root" } }] })"""
MEBIBYTE = 1 << 20


def scanned(folder: Path, files: Mapping[str, str], *words: str) -> Run:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return run("scan", ".", "-q", "--account-id", ACCOUNT, "--check", "IAM-KMS-3", *words, cwd=folder)


def test_an_input_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_text, "INPUT_LIMIT", MEBIBYTE)
    monkeypatch.setattr(document_text.read_file, "__defaults__", (MEBIBYTE,))
    large = json.dumps(key_plan(policy(ROOT), x="x" * MEBIBYTE)).encode()

    assert_refused(scan(large, tmp_path), "plan.json: the file is larger than 1 MiB")
    assert_refused(run("scan", "-", "-q", cwd=tmp_path, content=large), "standard input is larger than 1 MiB")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device that never ends")
def test_a_device_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_text.read_file, "__defaults__", (MEBIBYTE,))

    assert_refused(run("scan", "/dev/zero", "-q", cwd=tmp_path), "the file is larger than 1 MiB")
    assert_refused(
        run("scan", ".", "--var-file", "/dev/zero", "-q", cwd=tmp_path),
        "the variables cannot be read: larger than 8 MiB",
    )


@pytest.mark.parametrize(
    "repeated",
    ["count = 40\n  policy = count.index == 39 ?", 'for_each = toset([for n in range(40) : "k${n}"])\n  policy = each.key == "k9" ?'],
)  # fmt: skip
def test_instances_beyond_the_limit_are_not_left_out(
    repeated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"main.tf": f'resource "aws_kms_key" "k" {{\n  {repeated} {OPEN} : {SAFE}\n}}\n'}
    whole = scanned(tmp_path, files)
    monkeypatch.setattr(expansion, "INSTANCE_LIMIT", 30)
    cut = scanned(tmp_path, files, "--format", "json")

    assert whole.code == 1
    assert cut.code in (1, 3)
    assert "aws_kms_key.k[*]" in {item["address"] for item in cut.report["verdicts"]}


def test_a_count_of_a_thousand_million_is_judged_as_one_beyond_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "INSTANCE_LIMIT", 30)
    found = scanned(
        tmp_path, {"main.tf": 'resource "aws_kms_key" "k" {\n  count = 1000000000\n}\n'}, "--format", "json"
    )

    assert len(found.report["verdicts"]) == 31


def test_modules_that_multiply_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "CALL_LIMIT", 100)
    twice = 'module "a" { source = "../m%d" }\nmodule "b" { source = "../m%d" }\n'
    files = {f"m{n}/main.tf": twice % (n + 1, n + 1) for n in range(12)}
    found = scanned(tmp_path, files | {"main.tf": 'module "a" { source = "./m0" }\n', "m12/main.tf": ""})

    assert_refused(found, "the configuration calls more than 100 modules")


def test_instances_of_modules_that_multiply_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "INSTANCES_LIMIT", 1_000)
    call = 'module "a" {{\n  source = "{}"\n  count = 100\n}}\n'
    files = {
        "main.tf": call.format("./m"),
        "m/main.tf": call.format("../n"),
        "n/main.tf": 'resource "aws_kms_key" "k" {}\n',
    }
    found = scanned(tmp_path, files)

    assert_refused(found, "the configuration makes more than 1,000 instances")


def test_what_many_instances_share_is_counted_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "PARTS_LIMIT", 20_000)
    shared = """locals { tags = { for n in range(1000) : "k${n}" => n } }
        resource "aws_kms_key" "k" {
          count = %d
          tags  = local.tags
        }
    """
    assert scanned(tmp_path, {"main.tf": shared % 10}).code == 0
    found = scanned(tmp_path, {"main.tf": shared % 40})

    assert_refused(found, "the arguments of all resources have more than 20,000 parts")


def test_links_to_one_large_directory_are_not_read_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "SIZE_LIMIT", MEBIBYTE)
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "main.tf").write_text("# " + "x" * (MEBIBYTE // 4), encoding="utf-8")
    for n in range(8):
        (tmp_path / f"l{n}").symlink_to("large", target_is_directory=True)
    files = {"main.tf": "".join(f'module "m{n}" {{ source = "./l{n}" }}\n' for n in range(8))}

    assert_refused(scanned(tmp_path, files), "the modules are larger than 1 MiB together")


def test_modules_nested_too_deeply_fail_the_gate(tmp_path: Path) -> None:
    files = {f"m{n}/main.tf": f'module "a" {{ source = "../m{n + 1}" }}\n' for n in range(40)}
    found = scanned(tmp_path, files | {"main.tf": 'module "a" { source = "./m0" }\n', "m40/main.tf": ""})

    assert found.code == 2
    assert "modules call each other more than 32 deep" in found.err


def test_a_policy_of_more_statements_than_aws_takes_never_passes(tmp_path: Path) -> None:
    many = policy(*[ROOT] * 5_001)

    found = scan(key_plan(many), tmp_path)
    assert found.code == 3
    assert "more than 5,000 statements" in found.err


def test_a_policy_longer_than_aws_takes_never_passes(tmp_path: Path) -> None:
    found = scan(key_plan(policy(ROOT) + " " * MEBIBYTE), tmp_path)

    assert found.code == 2
    assert "longer than 1 MiB" in found.err


# A process begins with the memory of the one that starts it, which a run of the tests has much of.
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def peak(folder: Path, name: str, *words: str) -> tuple[int, int]:
    """The exit code of a scan in a process of its own, and the most memory that it took, in MiB."""
    scan = [sys.executable, "-m", "tfkms", "scan", name, "-q", *words]
    measured = subprocess.run(
        [sys.executable, "-I", "-c", MEASURED, *scan],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, most = map(int, measured.stdout.split())
    return code, most // (1024 if sys.platform != "darwin" else MEBIBYTE)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no peak of memory this way")
def test_memory_is_in_proportion_to_a_plan(tmp_path: Path) -> None:
    foreign = [change(f"aws_s3_bucket.b{n}", {"bucket": "x" * 400, "n": list(range(60))}) for n in range(14_000)]
    (tmp_path / "plan.json").write_text(json.dumps(plan(*foreign)), encoding="utf-8")
    size = (tmp_path / "plan.json").stat().st_size // MEBIBYTE

    assert size > 10
    assert peak(tmp_path, "plan.json")[1] < 80 + 4 * size
