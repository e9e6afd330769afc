"""`tfkms serve` as a process, asked by a stand-in of HCP Terraform: every run task is answered, once, and closed."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.plan_builder import ROOT, key_plan, policy
from tests.serve.service import KEY, TOKEN, Service, post, service
from tfkms.report.json_text import written

CLEAN = written(key_plan(policy(ROOT))).encode()
EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
VIOLATING = written(key_plan(policy(ROOT, EVERYONE))).encode()
LISTENING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@dataclass
class Served:
    """A running `tfkms serve`, and what it says."""

    process: subprocess.Popen[str]
    url: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def health(self) -> dict[str, Any]:
        content: dict[str, Any] = httpx.get(f"{self.url}/health").json()
        return content

    def stop(self) -> int:
        """Asks it to stop, and waits; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def tfkms_serve(state: Service, folder: Path, *words: str) -> Iterator[Served]:
    (folder / "key").write_text(f"{KEY}\n", encoding="utf-8")
    allowed = ["--allow", state.url, "--allow", state.archive]
    command = [sys.executable, "-m", "tfkms", "serve", "--port", "0", "--key-file", "key", *allowed, *words]
    process = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    served = Served(process)

    def listen() -> None:
        assert process.stderr
        for line in process.stderr:
            served.lines.append(line)
            found = LISTENING.search(line)
            if found:
                served.url = found[1]

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not served.url and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert served.url, "".join(served.lines)
    try:
        yield served
    finally:
        process.kill()
        process.wait()
        thread.join(10)
        process.stderr.close() if process.stderr else None


@pytest.fixture(scope="module")
def state() -> Iterator[Service]:
    with service() as state:
        yield state


@pytest.fixture(scope="module")
def served(state: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tfkms_serve(state, tmp_path_factory.mktemp("serve"), "--max-plan", "1", "--queue", "20") as served:
        yield served


def ask(state: Service, served: Served, run: str, plan: bytes, **members: Any) -> dict[str, Any]:
    """The answer to the run task on that plan."""
    state.plans[run] = plan
    assert post(served.url, state.request(run, **members)).status_code == 200
    (answer,) = state.wait_for(run)
    attributes: dict[str, Any] = answer["data"]["attributes"]
    return attributes | {"outcomes": answer["data"].get("relationships", {}).get("outcomes", {}).get("data", [])}


def test_a_violating_plan_fails_with_an_outcome_for_each_finding(state: Service, served: Served) -> None:
    answer = ask(state, served, "violating", VIOLATING)

    assert answer["status"] == "failed"
    assert re.fullmatch(r"\d+ violated, .*", answer["message"])
    assert len(answer["outcomes"]) == int(answer["message"].split()[0])
    assert answer["outcomes"][0]["attributes"]["description"].startswith("IAM-KMS-3: aws_kms_key.main: ")
    assert "tfkms explain IAM-KMS-3" in answer["outcomes"][0]["attributes"]["body"]


def test_a_clean_plan_passes_after_it_was_said_to_run(state: Service, served: Served) -> None:
    assert ask(state, served, "clean", CLEAN)["status"] == "passed"
    assert [said["data"]["attributes"]["status"] for said in state.heard["clean"]] == ["running", "passed"]


def test_the_token_goes_to_nobody_but_who_gave_it(state: Service, served: Served) -> None:
    ask(state, served, "token", CLEAN)

    assert set(state.tokens) == {f"Bearer {TOKEN}"}
    assert state.tokens_at_archive == []
    assert TOKEN not in "".join(served.lines)


def test_the_request_that_tries_it_out_is_answered_at_once(state: Service, served: Served) -> None:
    answered = post(served.url, state.request("test", access_token="test-token"))

    assert answered.status_code == 200
    assert state.heard["test"] == []


@pytest.mark.parametrize("key", ["another key", None])
def test_a_request_that_is_not_signed_right_does_nothing(state: Service, served: Served, key: str | None) -> None:
    assert post(served.url, state.request("forged"), key).status_code == 401
    assert state.heard["forged"] == []


def test_a_request_that_is_too_large_is_refused(state: Service, served: Served) -> None:
    assert post(served.url, state.request("large", run_message="x" * 2_000_000)).status_code == 413


def test_a_plan_that_is_not_ready_yet_is_asked_for_again(state: Service, served: Served) -> None:
    state.not_ready["late"] = 2

    assert ask(state, served, "late", CLEAN)["status"] == "passed"


def test_a_slow_download_is_waited_for(state: Service, served: Served) -> None:
    state.slow["slow"] = 2

    assert ask(state, served, "slow", CLEAN)["status"] == "passed"


def test_a_plan_without_end_is_given_up(state: Service, served: Served) -> None:
    state.endless.add("endless")
    answer = ask(state, served, "endless", CLEAN)

    assert answer["status"] == "failed"
    assert answer["message"] == "tfkms could not judge the plan: the plan is larger than 1,048,576 bytes"


def test_a_request_that_is_asked_again_before_it_is_answered_is_answered_once(state: Service, served: Served) -> None:
    state.plans["again"] = CLEAN
    state.slow["again"] = 1
    for _ in range(3):
        assert post(served.url, state.request("again")).status_code == 200

    assert state.wait_for("again")
    assert ask(state, served, "after-again", CLEAN)["status"] == "passed"
    assert state.final("again")


@pytest.mark.parametrize(
    ("run", "place", "why"),
    [
        ("metadata", "http://169.254.169.254/latest/meta-data", "at a place that is not allowed"),
        ("file", "file:///etc/passwd", "at a place that is not allowed"),
        ("userinfo", "{archive}@evil.example/x", "at a place that is not allowed"),
        ("broken", "http://[", "at a place that is not allowed"),
        ("chain", "{archive}/moved/chain", "the plan was answered with 307"),
    ],
)
def test_a_plan_is_fetched_from_no_other_place(state: Service, served: Served, run: str, place: str, why: str) -> None:
    state.elsewhere[run] = place.format(archive=state.archive)

    answer = ask(state, served, run, CLEAN)

    assert answer["status"] == "failed"
    assert why in answer["message"]


@pytest.mark.parametrize("status", [401, 404, 422])
def test_an_answer_that_is_refused_is_not_repeated_and_the_next_one_is_given(
    state: Service, served: Served, status: int
) -> None:
    state.plans[f"refused-{status}"] = CLEAN
    state.refusing[f"refused-{status}"] = status
    assert post(served.url, state.request(f"refused-{status}")).status_code == 200

    assert ask(state, served, f"after-{status}", CLEAN)["status"] == "passed"
    until = time.monotonic() + 30
    while state.refused.count(f"refused-{status}") < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert state.refused.count(f"refused-{status}") == 2, "what is said first, and the answer"


def test_a_token_that_no_header_can_hold_is_refused(state: Service, served: Served) -> None:
    for token in ("tøken", "to\nken", "to\x00ken"):
        assert post(served.url, state.request("token", access_token=token)).status_code == 400


@pytest.mark.parametrize("content", [b"<html>", b"{}", CLEAN[:200]], ids=["a page", "an object", "cut off"])
def test_what_is_no_plan_fails(state: Service, served: Served, content: bytes) -> None:
    answer = ask(state, served, f"broken-{len(content)}", content)

    assert answer["status"] == "failed"
    assert answer["message"].startswith("tfkms could not judge the plan: ")


def test_a_stage_without_a_plan_fails_and_says_where_to_attach_it(state: Service, served: Served) -> None:
    answer = ask(state, served, "early", CLEAN, stage="pre_plan", plan_json_api_url=None)

    assert answer["status"] == "failed"
    assert answer["message"].endswith("there is no plan at this stage; attach the run task after the plan")


def test_a_callback_that_is_not_heard_at_first_is_repeated(state: Service, served: Served) -> None:
    state.deaf["deaf"] = 2

    assert ask(state, served, "deaf", CLEAN)["status"] == "passed"


def test_of_a_burst_none_is_lost(state: Service, served: Served) -> None:
    """The queue holds twenty; what does not fit is asked again, as HCP Terraform does."""
    runs = [f"burst-{number}" for number in range(200)]
    state.plans |= {run: VIOLATING if number % 2 else CLEAN for number, run in enumerate(runs)}
    put_off = []

    def until_taken(run: str) -> None:
        while True:
            answered = post(served.url, state.request(run))
            if answered.status_code == 200:
                return
            assert answered.status_code == 503
            put_off.append(run)
            time.sleep(0.2)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(until_taken, runs))
    answers = state.wait_for(*runs, seconds=300)

    assert put_off
    statuses = [answer["data"]["attributes"]["status"] for answer in answers]
    assert statuses == ["failed" if number % 2 else "passed" for number in range(200)]
    assert served.health == {"status": "ok", "waiting": 0, "judging": 0}


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_what_is_at_work_is_finished_before_it_stops(state: Service, tmp_path: Path) -> None:
    with tfkms_serve(state, tmp_path) as served:
        state.plans["last"] = CLEAN
        state.slow["last"] = 1
        assert post(served.url, state.request("last")).status_code == 200

        assert served.stop() in (0, -signal.SIGTERM)

    assert state.wait_for("last", seconds=1)[0]["data"]["attributes"]["status"] == "passed"


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_what_cannot_be_finished_is_failed_and_can_be_run_again(state: Service, tmp_path: Path) -> None:
    runs = ["stopped-1", "stopped-2", "stopped-3"]
    state.plans |= dict.fromkeys(runs, CLEAN)
    state.slow |= dict.fromkeys(runs, 30)
    with tfkms_serve(state, tmp_path, "--grace", "0", "--workers", "1") as served:
        for run in runs:
            assert post(served.url, state.request(run)).status_code == 200
        served.stop()
    for answer in state.wait_for(*runs, seconds=1):
        assert answer["data"]["attributes"]["status"] == "failed"
        assert answer["data"]["attributes"]["message"].endswith("run it again")

    state.slow |= dict.fromkeys(runs, 0)
    state.heard.pop("stopped-1")
    with tfkms_serve(state, tmp_path) as again:
        assert ask(state, again, "stopped-1", CLEAN)["status"] == "passed"


def test_a_plan_that_arrives_drop_by_drop_fails(state: Service, tmp_path: Path) -> None:
    state.dripping.add("drops")
    with tfkms_serve(state, tmp_path, "--max-wait", "1", "--workers", "1") as served:
        answer = ask(state, served, "drops", CLEAN)

        assert answer["message"] == "tfkms could not judge the plan: the plan took longer than 1 s to arrive"
        assert ask(state, served, "after-drops", CLEAN)["status"] == "passed"
    state.dripping.clear()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_a_request_that_never_comes_in_whole_keeps_nobody_from_stopping(state: Service, tmp_path: Path) -> None:
    state.plans["open"] = CLEAN
    state.slow["open"] = 1
    with tfkms_serve(state, tmp_path) as served:
        url = httpx.URL(served.url)
        with socket.create_connection((url.host, url.port or 80)) as slow:
            slow.sendall(b"POST /run-task HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
            assert post(served.url, state.request("open")).status_code == 200

            assert served.stop() in (0, -signal.SIGTERM)

    assert state.wait_for("open", seconds=1)[0]["data"]["attributes"]["status"] == "passed"


def test_a_plan_that_takes_too_long_fails(state: Service, tmp_path: Path) -> None:
    """A worker judges in a second at most; a policy for this is hard to find, so the plan is long instead."""
    statements = [{**EVERYONE, "Sid": f"S{number}", "Action": [f"kms:*{number}*"]} for number in range(8_000)]
    state.plans["heavy"] = written(key_plan(policy(ROOT, *statements))).encode()
    with tfkms_serve(state, tmp_path, "--timeout", "1") as served:
        answer = ask(state, served, "heavy", state.plans["heavy"])

        assert answer["message"] == "tfkms could not judge the plan: it took longer than 1 s"
        assert ask(state, served, "after", CLEAN)["status"] in ("passed", "failed")
