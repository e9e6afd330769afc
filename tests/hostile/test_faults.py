"""A fault of tfkms in any one place: told once, in one line, the gate fails, and the other results stand."""

import json
import multiprocessing
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, run
from tests.plan_builder import ROOT, key_plan, policy
from tests.report.workplace import workplace
from tfkms import catalogue
from tfkms.cli.commands.serve import _judge
from tfkms.report import formats
from tfkms.serve.judging import _run
from tfkms.serve.outcomes import Answer

SECRET = "hunter2-9f8e"
REPORT_IT = "this is a fault of tfkms, please report it"
RULES = [rule for rule in catalogue.rules() if rule.enabled]
KINDS = sorted({rule.kind for rule in RULES})
SAVED = Path(__file__).parents[1] / "fixtures" / "ways" / "jsonencode-known" / "plan.tfplan"


def crash(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError(SECRET)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A plan in which everything occurs, one that passes, a saved plan, and a configuration."""
    (tmp_path / "plan.json").write_text(json.dumps(workplace()), encoding="utf-8")
    (tmp_path / "good.json").write_text(json.dumps(key_plan(policy(ROOT))), encoding="utf-8")
    (tmp_path / "tfplan").write_bytes(SAVED.read_bytes())
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "main.tf").write_text('resource "aws_kms_key" "k" {}\n', encoding="utf-8")
    return tmp_path


def assert_told_once(result: Run, what: str = "") -> None:
    """The gate fails by one error that asks for a report, and nothing of the exception's text is told."""
    errors = [line for line in result.err.splitlines() if line.startswith("tfkms: error: ")]
    assert result.code == 2
    assert len(errors) == 1, errors
    assert errors[0].endswith(REPORT_IT)
    assert "ZeroDivisionError" in errors[0]
    assert what in errors[0]
    for text in ("Traceback", SECRET):
        assert text not in result.out + result.err


def judged(result: Run, *left_out: str) -> list[Any]:
    return [item for item in result.report["verdicts"] if item["check"] not in left_out]


@pytest.mark.parametrize("function", ["subjects", "judge"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_in_a_check_leaves_the_other_guardrails(
    kind: str, function: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [rule for rule in RULES if rule.kind == kind]
    whole = run("scan", "plan.json", "--format", "json", cwd=work)
    monkeypatch.setattr(rules[0].check, function, crash)
    result = run("scan", "plan.json", "--format", "json", cwd=work)

    crashed = {rule.id for rule in rules}
    errors = [item for item in result.report["diagnostics"] if item["level"] == "error"]
    assert result.code == 2
    assert {item["message"].split()[0] for item in errors} == crashed
    assert all(item["message"].endswith(REPORT_IT) for item in errors)
    assert len({(item["message"], item.get("address")) for item in errors}) == len(errors)
    assert judged(result, *crashed) == judged(whole, *crashed)
    assert SECRET not in result.out + result.err


FRONT_ENDS = {
    "plans": ("tfkms.frontends.plan.read_plan", "plan.json"),
    "decoding": ("tfkms.frontends.plan.plan_document", "plan.json"),
    "saved plans": ("tfkms.frontends.saved_plan.archive._members", "tfplan"),
    "the configuration of saved plans": ("tfkms.cli.saved_plans.module_of", "tfplan"),
    "joining": ("tfkms.frontends.join.join", "tfplan"),
    "configurations": ("tfkms.frontends.source.read.read_source", "stack"),
    "blocks": ("tfkms.frontends.hcl.directory.index_file", "stack"),
}


@pytest.mark.parametrize(("place", "name"), FRONT_ENDS.values(), ids=FRONT_ENDS)
def test_a_crash_in_a_front_end_leaves_the_other_inputs(
    place: str, name: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = {"plan.json", "tfplan", "stack"}
    (work / "plan.json").write_text(json.dumps(key_plan(policy(ROOT))), encoding="utf-8")
    monkeypatch.setattr(place, crash)
    result = run("scan", "plan.json", "tfplan", "stack", "--format", "json", "-q", cwd=work)

    read = {item["path"] for item in result.report["inputs"]}
    assert_told_once(result, name)
    assert read == every - {name}


@pytest.mark.parametrize("stage", ["extract", "identities", "key_uses", "aliases", "holders"])
def test_a_crash_before_any_check_is_told_once(stage: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"tfkms.engine.{stage}", crash)

    assert_told_once(run("scan", "good.json", "-q", cwd=work), "good.json")


@pytest.mark.parametrize("form", formats.names())
@pytest.mark.parametrize("where", ["file", "standard output"])
def test_a_crash_in_a_form_of_the_report_leaves_the_others(
    form: str, where: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [other for other in ("json", "text", "junit") if other != form]
    to = ["--format", form] if where == "standard output" else ["--output", f"{form}=crashed", "--format", others[0]]
    outputs = [word for other in others for word in ("--output", f"{other}={other}.out")]
    monkeypatch.setattr(f"tfkms.report.formats.{form}.render", crash)
    result = run("scan", "good.json", "-q", *to, *outputs, cwd=work)

    assert_told_once(result, f"the {form} report")
    assert not (work / "crashed").exists()
    assert where == "file" or result.out == ""
    for other in others:
        assert (work / f"{other}.out").stat().st_size > 0


def test_a_crash_in_the_summary_of_a_job_leaves_the_report(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(work / "summary.md"))
    monkeypatch.setattr("tfkms.report.formats.github.summary", crash)
    result = run("scan", "good.json", "-q", "--format", "github", "--output", "json=out.json", cwd=work)

    assert_told_once(result, "the summary of the job")
    assert json.loads((work / "out.json").read_text(encoding="utf-8"))["verdicts"]


def test_a_crash_in_the_matrices_leaves_the_verdicts(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfkms.queries.access.matrices", crash)
    result = run("scan", "good.json", "-q", "--format", "json", "--output", "html=page.html", cwd=work)

    assert_told_once(result, "good.json")
    assert result.report["verdicts"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("tfkms.settings.load.read_settings", ("scan", "good.json")),
        ("tfkms.settings.load.first_fault", ("scan", "good.json")),
        ("tfkms.settings.decisions.stance", ("scan", "good.json")),
        ("tfkms.settings.decisions.waivers", ("scan", "good.json")),
        ("tfkms.extract.extract", ("policies", "good.json")),
        ("tfkms.queries.access.matrices", ("access", "good.json")),
        ("tfkms.report.access.render_text", ("access", "good.json")),
        ("tfkms.queries.can.can", ("can", "arn:aws:iam::111122223333:role/x", "Decrypt", "aws_kms_key.main", "good.json")),
        ("tfkms.report.guardrails.explain", ("explain", "IAM-KMS-1")),
        ("tfkms.settings.prose.starter", ("init",)),
    ],
)  # fmt: skip
def test_a_crash_anywhere_else_is_one_line(
    place: str, words: tuple[str, ...], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "settings.yaml").write_text("{}\n", encoding="utf-8")
    config = ("--config", "settings.yaml") if words[0] == "scan" else ()
    monkeypatch.setattr(place, crash)
    result = run(*words, *config, cwd=work)

    assert_told_once(result)
    assert result.out == ""


@pytest.mark.parametrize("words", [("scan", "good.json"), ("policies", "good.json"), ("access", "good.json")])
def test_want_of_memory_is_told_as_what_it_is(
    words: tuple[str, ...], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_memory(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("tfkms.frontends.plan.read_plan", without_memory)
    result = run(*words, cwd=work)

    assert result.code == 2
    assert result.err.endswith("there is not enough memory for it\n")


SERVED = {
    "reading": "tfkms.frontends.plan.read_plan",
    "judging": "tfkms.engine.extract",
    "a report": "tfkms.engine.report",
    "an answer": "tfkms.serve.outcomes.answer",
    "its details": "tfkms.report.formats.markdown.details",
}


def served(content: bytes) -> Answer:
    """What a process that judges for the service answers."""
    ours, theirs = multiprocessing.Pipe()
    ours.send((content, "plan.json"))
    working = threading.Thread(target=_run, args=(theirs, _judge(None, (), None, None, new_only=False)), daemon=True)
    working.start()
    assert ours.poll(60)
    answer: Answer = ours.recv()
    ours.close()
    working.join(10)
    theirs.close()
    assert not working.is_alive()
    return answer


@pytest.mark.parametrize("error", [ZeroDivisionError, MemoryError, RecursionError])
@pytest.mark.parametrize("place", SERVED.values(), ids=SERVED)
def test_a_crash_in_what_the_service_judges_by_fails_the_run_task(
    place: str, error: type[Exception], work: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fault(*_: Any, **__: Any) -> Any:
        raise error(SECRET)

    monkeypatch.chdir(work)
    monkeypatch.setattr(place, fault)
    answer = served((work / "plan.json").read_bytes())

    told = "".join(capfd.readouterr())
    assert not answer.passed
    assert answer.message == f"tfkms could not judge the plan: tfkms crashed ({error.__name__}); {REPORT_IT}"
    assert answer.outcomes == ()
    assert "Traceback" not in told
    assert SECRET not in told


@pytest.mark.parametrize("function", ["subjects", "judge"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_in_a_check_of_the_service_fails_the_run_task_and_leaves_the_others(
    kind: str, function: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [rule for rule in RULES if rule.kind == kind]
    monkeypatch.chdir(work)
    monkeypatch.setattr(rules[0].check, function, crash)
    answer = served((work / "good.json").read_bytes())

    told = json.dumps(answer.outcomes)
    assert not answer.passed
    assert answer.message == "tfkms could not read everything"
    assert REPORT_IT in told
    assert SECRET not in told
