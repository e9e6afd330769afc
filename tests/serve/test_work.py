"""What is taken on is answered in time, also where others take theirs; and what comes in too slowly is let go."""

import asyncio
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.serve.service import Service, serving
from tfkms.serve import work
from tfkms.serve.app import application
from tfkms.serve.exchange import UnavailableError
from tfkms.serve.outcomes import Answer, Json
from tfkms.serve.run_task import Request
from tfkms.serve.work import Limits, Work

SERVICE = Service(url="https://app.terraform.io")


def request(run: str) -> Request:
    """The request for a plan of that run."""
    url = f"{SERVICE.url}/{run}"
    return Request(1, "post_plan", "token", f"taskrs-{run}", url, url, run)


def no_judge(content: bytes, name: str) -> Answer:
    raise AssertionError("there is no plan to judge")


class Line:
    """An exchange in which a plan takes its time and then cannot be had, unless it breaks at once."""

    def __init__(self, seconds: float = 0, fault: Exception | None = None, deaf: str = ""):
        self.seconds, self.fault, self.deaf = seconds, fault, deaf
        self.order: list[str] = []
        self.heard: dict[str, list[tuple[str, str]]] = {}

    async def plan(self, request: Request) -> bytes:
        await asyncio.sleep(self.seconds)
        raise self.fault or UnavailableError("there is none")

    async def tell(self, request: Request, document: Json, attempts: int = 1) -> None:
        said = document["data"]["attributes"]
        if said["status"] != "running":
            await asyncio.sleep(0.5 if request.name == self.deaf else 0)
            self.order.append(request.name)
        self.heard.setdefault(request.name, []).append((said["status"], said["message"]))


async def worked(line: Any, limits: Limits, *runs: str) -> None:
    """Takes the runs on and works them off."""
    own = Work(line, no_judge, limits)
    own.start()
    for run in runs:
        assert own.take(request(run))
    await own.stop()


def in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    """Runs it in a thread: a browser that other tests drive from this one leaves a loop of events running in it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def test_what_waits_for_longer_than_anybody_listens_is_failed_without_a_look_at_its_plan() -> None:
    line = Line(seconds=0.3)
    in_a_thread(worked(line, Limits(workers=1, total=0.1), "first", "second"))

    assert line.heard["first"][-1][0] == "failed"
    ((status, message),) = line.heard["second"]
    assert status == "failed"
    assert "it waited too long for its turn" in message


def test_what_waits_is_heard_of_before_ten_minutes_are_over() -> None:
    line = Line(seconds=0.5)
    in_a_thread(worked(line, Limits(workers=1, heartbeat=0.1), "first", "second"))

    running = [status for status, _ in line.heard["second"]]
    assert running.count("running") > 2
    assert running[-1] == "failed"
    usual = Limits()
    assert usual.heartbeat < 600 / 2
    assert usual.total < 3_600


def test_a_fault_nobody_thought_of_is_an_answer_and_the_next_plan_is_judged() -> None:
    line = Line(fault=ValueError("secret"))
    in_a_thread(worked(line, Limits(workers=1), "first", "second"))

    for run in ("first", "second"):
        status, message = line.heard[run][-1]
        assert status == "failed"
        assert message == "tfkms could not judge the plan: something went wrong (ValueError)"


def test_an_answer_that_is_not_heard_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_HEARING_SECONDS", 0.05)
    line = Line(deaf="first")
    in_a_thread(worked(line, Limits(workers=1), "first", "second"))

    assert line.order == ["second", "first"]


def test_the_body_of_a_request_that_comes_in_drop_by_drop_is_not_waited_for() -> None:
    with serving(application(no_judge, b"key", limits=Limits(receiving=0.3)), "on") as url:
        where = httpx.URL(url)
        with socket.create_connection((where.host, where.port or 80), 30) as slow:
            slow.sendall(b"POST /run-task HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
            answered = slow.makefile("rb").read()

    assert answered.startswith(b"HTTP/1.1 408 ")
    assert answered.endswith(b"too slowly\n")
