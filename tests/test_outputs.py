"""One scan, many reports: each where it is wanted, whole or not at all."""

import json
import os
import pkgutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.command_line import assert_refused, run, start
from tests.plan_builder import ROOT, change, key_plan, plan, policy
from tfkms.cli import commands
from tfkms.report import formats
from tfkms.report.line_hash import line_hashes

posix = pytest.mark.skipif(os.name == "nt", reason="there are no pipes and devices with paths on Windows")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a plan that violates nothing, outside any job of a CI system."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "plan.json").write_text(json.dumps(key_plan(policy(ROOT))), encoding="utf-8")
    return tmp_path


SCAN = ("scan", "plan.json", "--check", "IAM-KMS-1")


def test_every_form_is_written_by_one_scan(work: Path) -> None:
    outputs = [word for form in formats.names() for word in ("--output", f"{form}={form}.out")]

    result = run(*SCAN, *outputs, cwd=work)

    assert result.code == 0
    for form in formats.names():
        alone = run(*SCAN, "--format", form, cwd=work)
        assert (work / f"{form}.out").read_text(encoding="utf-8") == alone.out
    assert result.out == run(*SCAN, cwd=work).out


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "spacelift"])
def test_a_machine_format_stands_alone_on_standard_output(work: Path, form: str) -> None:
    json.loads(start(*SCAN, "--format", form, "--output", "text=report.txt", cwd=work).out)


@pytest.mark.parametrize("form", [form for form in formats.names() if form != "text"])
def test_an_input_that_cannot_be_read_is_in_every_report_of_a_machine(work: Path, form: str) -> None:
    (work / "plan.json").write_text("{", encoding="utf-8")

    result = run(*SCAN, "--format", form, "--output", f"{form}=report", cwd=work)

    assert result.code == 2
    assert "not valid JSON" in result.out
    assert (work / "report").read_text(encoding="utf-8") == result.out


@pytest.mark.parametrize("value", ["yaml=x", "json", "json=", "=x", "x.json"])
def test_an_output_that_is_no_format_and_file_is_refused(work: Path, value: str) -> None:
    result = run(*SCAN, "--output", value, cwd=work)

    assert result.code == 2
    assert "FORMAT=FILE" in result.err
    assert result.out == ""


def test_two_reports_do_not_go_to_one_file(work: Path) -> None:
    result = run(*SCAN, "--output", "json=x", "--output", "text=x", cwd=work)

    assert result.code == 2
    assert "`x` is named twice" in result.err


def test_a_file_is_replaced_and_keeps_its_mode(work: Path) -> None:
    report = work / "report.json"
    report.write_text("x" * 100_000, encoding="utf-8")
    report.chmod(0o640)
    before = report.stat().st_ino

    assert run(*SCAN, "--output", "json=report.json", cwd=work).code == 0
    json.loads(report.read_text(encoding="utf-8"))
    assert report.stat().st_ino != before
    assert os.name == "nt" or stat.S_IMODE(report.stat().st_mode) == 0o640
    assert sorted(path.name for path in work.iterdir()) == ["plan.json", "report.json"]


@posix
def test_a_new_file_has_the_mode_that_files_have_here(work: Path) -> None:
    (work / "other").touch()

    run(*SCAN, "--output", "json=report.json", cwd=work)

    assert (work / "report.json").stat().st_mode == (work / "other").stat().st_mode


@posix
def test_a_link_stays_and_what_it_leads_to_is_replaced(work: Path) -> None:
    (work / "real.json").write_text("old", encoding="utf-8")
    (work / "link.json").symlink_to("real.json")

    run(*SCAN, "--output", "json=link.json", cwd=work)

    assert (work / "link.json").is_symlink()
    json.loads((work / "real.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ["missing/report.json", "."])
def test_a_file_that_cannot_be_written_is_an_error_in_one_line(work: Path, path: str) -> None:
    result = run(*SCAN, "--exit-zero", "--output", f"json={path}", cwd=work)

    assert_refused(result, "the report cannot be written")
    assert "1 pass" in result.out


def test_the_other_reports_are_written_all_the_same(work: Path) -> None:
    result = run(*SCAN, "--output", "json=missing/a.json", "--output", "sarif=b.sarif", cwd=work)

    assert result.code == 2
    json.loads((work / "b.sarif").read_text(encoding="utf-8"))


@pytest.mark.parametrize("target", ["stdout", "file"])
def test_atlantis_reads_no_pass_where_another_report_could_not_be_written(work: Path, target: str) -> None:
    where = ["--format", "atlantis"] if target == "stdout" else ["--output", "atlantis=verdict.txt"]

    result = run(*SCAN, *where, "--output", "json=missing/a.json", "--exit-zero", cwd=work)
    text = result.out if target == "stdout" else (work / "verdict.txt").read_text(encoding="utf-8")

    assert result.code == 2
    assert text == "FAIL - tfkms - missing/a.json: the report cannot be written: no such file or directory\n"
    assert result.err.count("the report cannot be written") == 1


def test_spacelift_is_told_that_another_report_could_not_be_written(work: Path) -> None:
    run(*SCAN, "--output", "spacelift=tfkms.json", "--output", "junit=missing/a.xml", cwd=work)

    found = json.loads((work / "tfkms.json").read_text(encoding="utf-8"))
    assert (found["complete"], found["blocking"]) == (False, True)
    assert found["errors"] == ["missing/a.xml: the report cannot be written: no such file or directory"]


def many_keys(number: int) -> dict[str, object]:
    grant = ROOT | {"Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}}
    changes = [change(f"aws_kms_key.k{place}", {"policy": policy(ROOT, grant)}) for place in range(number)]
    return plan(*changes)


@pytest.mark.parametrize(
    ("form", "limit", "what"),
    [("sarif", "sarif.RESULTS_LIMIT", "4 results"), ("spacelift", "spacelift.LIMIT", "4 findings")],
)
def test_what_a_report_leaves_out_is_told(
    work: Path, monkeypatch: pytest.MonkeyPatch, form: str, limit: str, what: str
) -> None:
    monkeypatch.setattr(f"tfkms.report.formats.{limit}", 3)
    (work / "plan.json").write_text(json.dumps(many_keys(7)), encoding="utf-8")

    result = run("scan", "plan.json", "--check", "IAM-KMS-3", "--output", f"{form}=report", cwd=work)
    whole = run("scan", "plan.json", "--check", "IAM-KMS-3", "--output", "json=report", cwd=work)

    line = f"tfkms: warning: the {form} report leaves out {what}, for its reader takes no more; the json report holds"
    assert line in result.err
    assert "leaves out" not in whole.err


@posix
def test_a_full_device_is_an_error_in_one_line(work: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")

    assert_refused(run(*SCAN, "--output", "json=/dev/full", cwd=work), "no space left on device")
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "tfkms", *SCAN],
            cwd=work,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr.decode() == "tfkms: error: standard output cannot be written: no space left on device\n"


@posix
def test_a_pipe_is_written_to_as_it_is(work: Path) -> None:
    os.mkfifo(work / "pipe")
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append((work / "pipe").read_text(encoding="utf-8")))
    reader.start()

    assert run(*SCAN, "--output", "json=pipe", cwd=work).code == 0
    reader.join(timeout=10)
    json.loads(heard[0])
    assert stat.S_ISFIFO((work / "pipe").stat().st_mode)


@posix
def test_our_own_standard_output_may_be_named(work: Path) -> None:
    if not Path("/dev/stdout").exists():
        pytest.skip("this system has no /dev/stdout")
    with (work / "log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", "tfkms", *SCAN, "--output", "github=/dev/stdout"],
            cwd=work,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            stdout=log,
            check=True,
        )

    said = (work / "log").read_text(encoding="utf-8").splitlines()
    assert said[0].startswith("tfkms: 0 violated")
    assert said[-1].startswith("0 violated")


def test_github_appends_to_the_summary_of_the_job(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = work / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    run(*SCAN, "--format", "github", cwd=work)
    run(*SCAN, "--output", "github=commands.txt", cwd=work)
    run(*SCAN, "--format", "json", cwd=work)

    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- tfkms:plan.json -->\n")
    assert text.count("### tfkms: nothing violated") == 2


def test_whatever_goes_to_the_summary_of_the_job_is_appended(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = work / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    run(*SCAN, "--output", f"markdown={summary}", cwd=work)

    assert summary.read_text(encoding="utf-8").startswith("before\n<!-- tfkms")


def test_without_a_summary_file_there_is_none(work: Path) -> None:
    assert run(*SCAN, "--format", "github", cwd=work).code == 0
    assert [path.name for path in work.iterdir()] == ["plan.json"]


def uri(work: Path) -> str:
    content = key_plan(policy(ROOT | {"Principal": {"AWS": "*"}, "Action": "kms:Decrypt"}))
    (work / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    found = json.loads(run(*SCAN, "--format", "sarif", cwd=work).out)["runs"][0]["results"][0]
    return str(found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def test_paths_begin_where_the_repository_does(work: Path) -> None:
    inside = work / "stacks" / "eu"
    inside.mkdir(parents=True)

    without = uri(inside)
    (work / ".git").mkdir()

    assert without == "plan.json"
    assert uri(inside) == "stacks/eu/plan.json"
    assert uri(work) == "plan.json"


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY"])
def test_the_checkout_that_a_ci_system_names_is_the_repository(
    work: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (work / "stacks").mkdir()
    monkeypatch.setenv(variable, str(work))

    assert uri(work / "stacks") == "stacks/plan.json"


def test_sarif_has_the_hash_of_the_line_in_the_source(work: Path) -> None:
    (work / "keys").mkdir()
    source = """resource "aws_kms_key" "main" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:role/app" }, Action = "kms:*", Resource = "*" },
    ]
  })
}
"""
    (work / "keys" / "main.tf").write_text(source, encoding="utf-8", newline="\n")

    scanned = run("scan", "keys", "--account-id", "111122223333", "--check", "IAM-KMS-4", "--format", "sarif", cwd=work)
    (result,) = json.loads(scanned.out)["runs"][0]["results"]

    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "keys/main.tf"
    hashes = line_hashes(source)
    assert place["region"]["startLine"] == 5
    assert result["partialFingerprints"]["primaryLocationLineHash"] == hashes[place["region"]["startLine"] - 1]


def test_a_scan_of_a_plan_imports_neither_the_parser_of_configuration_nor_what_others_need(work: Path) -> None:
    code = (
        "import sys; from tfkms.cli import main; main(['scan', 'plan.json'], standalone_mode=False);"
        " print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=work)
    modules = result.stderr.splitlines()[-1].split()

    assert "tfkms.frontends.plan" in modules
    heavy = (
        "tfkms.frontends.hcl",
        "hcl2",
        "lark",
        "rich",
        "jinja2",
        "httpx",
        "starlette",
        "jsonpath_ng",
        "concurrent",
    )
    assert not [module for module in modules if module.startswith(heavy)]


def test_the_help_tells_of_every_command(tmp_path: Path) -> None:
    there = [module.name for module in pkgutil.iter_modules(commands.__path__)]

    assert list(commands.SUMMARIES) == sorted(there)
    told = run("--help", cwd=tmp_path).out.splitlines()
    for name, summary in commands.SUMMARIES.items():
        assert f"  {name}".ljust(14) + summary in told


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["scan", "--help"]], ids=" ".join)
def test_help_imports_nothing_that_judges_or_reports(words: list[str]) -> None:
    code = f"import sys; from tfkms.cli import main; main({words}, standalone_mode=False); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = result.stdout.splitlines()[-1].split()

    assert "tfkms.cli.group" in modules
    heavy = (
        "tfkms.report.formats.",
        "tfkms.engine",
        "tfkms.catalogue",
        "msgspec",
        "yaml",
        "rich",
        "jsonpath_ng",
        "xml",
    )
    assert not [module for module in modules if module.startswith(heavy)]
