"""Several inputs in one scan: each judged by itself, in one report, by one process or several."""

import json
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import PROJECT, run, start
from tests.plan_builder import ACCOUNT, ROOT, key_plan, policy
from tfkms.cli import progress

GRANT = {
    "Sid": "Destroy",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/a"},
    "Action": "kms:ScheduleKeyDeletion",
    "Resource": "*",
}
WORDS = ("--format", "json", "--check", "IAM-KMS-3")


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Three plans, of which the second is violated, one that is broken, and settings with a waiver of no use."""
    plans: dict[str, Any] = {
        "a": key_plan(policy(ROOT)),
        "b": key_plan(policy(ROOT, GRANT)),
        "d": key_plan(policy(ROOT)),
    }
    for name, plan in plans.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")
    (tmp_path / "c.json").write_text("{", encoding="utf-8")
    (tmp_path / ".tfkms.yaml").write_text(
        "waivers:\n- {check: IAM-KMS-3, address: gone, reason: r}\n", encoding="utf-8"
    )
    return tmp_path


def test_each_is_judged_by_itself_in_one_report(estate: Path) -> None:
    result = run("scan", "a.json", "b.json", "d.json", *WORDS, cwd=estate)

    assert [item["path"] for item in result.report["inputs"]] == ["a.json", "b.json", "d.json"]
    assert [(item["verdict"], item["input"]) for item in result.report["verdicts"]] == [
        ("pass_in_plan", 0),
        ("violated", 1),
        ("pass_in_plan", 2),
    ]
    assert [finding["input"] for finding in result.report["findings"]] == [1]
    assert result.code == 1


def test_one_that_cannot_be_read_does_not_stop_the_others(estate: Path) -> None:
    result = run("scan", "c.json", "b.json", "none.json", *WORDS, cwd=estate)

    assert [item["path"] for item in result.report["inputs"]] == ["b.json"]
    assert len(result.report["findings"]) == 1
    errors = [item["file"] for item in result.report["diagnostics"] if item["level"] == "error"]
    assert errors == ["c.json", "none.json"]
    assert result.code == 2


def test_one_that_makes_tfkms_crash_does_not_stop_the_others(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfkms import engine

    judged = engine.judged

    def crashing(scan: Any, *others: Any) -> Any:
        if scan.input.path == "a.json":
            raise KeyError("a secret")
        return judged(scan, *others)

    monkeypatch.setattr(engine, "judged", crashing)
    result = run("scan", "a.json", "b.json", *WORDS, cwd=estate)

    assert "a.json: tfkms crashed (KeyError)" in result.err
    assert "a secret" not in result.err + result.out
    assert len(result.report["findings"]) == 1
    assert result.code == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_several_processes_say_the_same(estate: Path, form: str) -> None:
    saved = PROJECT / "tests/fixtures/saved-plans/annotated/plan.tfplan"
    (estate / "e.tfplan").write_bytes(saved.read_bytes())
    words = ("scan", "a.json", "b.json", "-", "c.json", "d.json", "e.tfplan", "--format", form)
    content = (estate / "b.json").read_bytes()

    one = start(*words, cwd=estate, content=content)
    several = start(*words, "--jobs", "3", cwd=estate, content=content)

    assert several == one
    assert one.code == 2


def test_a_process_that_ends_fails_its_inputs_and_the_gate(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfkms.cli import judging

    monkeypatch.setattr(judging, "_take", os._exit)  # takes no task: the process ends
    result = run("scan", "a.json", "b.json", *WORDS, "--jobs", "2", cwd=estate)

    errors = [(item["code"], item["file"]) for item in result.report["diagnostics"] if item["level"] == "error"]
    assert errors == [("crashed", "a.json"), ("crashed", "b.json")]
    assert result.code == 2


def test_what_a_source_says_can_be_sent_between_processes() -> None:
    from tfkms.cli import judging  # says how
    from tfkms.frontends.hcl import export, terms

    value = export.to_value(terms.Object({"a": terms.Text("b")}))

    assert judging.Task
    assert pickle.loads(pickle.dumps(value)) == value


class TestProgress:
    def test_none_is_shown_where_standard_error_is_no_terminal(self, estate: Path) -> None:
        result = start("scan", "a.json", *WORDS, "--quiet", cwd=estate)

        assert result.err == ""

    @pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
    @pytest.mark.parametrize(("wanted", "patience"), [(True, 0.01), (True, 600), (False, 0.01)])
    def test_on_a_terminal_it_is_shown_once_patience_is_at_an_end(
        self, wanted: bool, patience: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import pty

        ours, theirs = pty.openpty()
        with open(theirs, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a descriptor
            monkeypatch.setattr(progress, "PATIENCE", patience)
            monkeypatch.setattr(sys, "stderr", terminal)
            monkeypatch.setenv("TERM", "xterm")
            with progress.Progress(3, wanted) as showing:
                showing.advance("a.json")
                expected = wanted and patience < 1
                waited = time.monotonic() + (60 if expected else 0.2)
                while showing.status is None and time.monotonic() < waited:
                    time.sleep(0.01)
            terminal.write("end")
            terminal.flush()
            shown = ""
            while not shown.endswith("end"):
                shown += os.read(ours, 100_000).decode()

        assert ("judging: 1 of 3 inputs done" in shown) is expected
