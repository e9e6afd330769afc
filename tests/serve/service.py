"""Stands in for HCP Terraform on loopback: asks run tasks, keeps plans, hears what is called back."""

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

KEY = "a key that both sides have"
CLIENT = httpx.Client(verify=False)  # on loopback there is nothing to verify, and a client takes long to make
TOKEN = "token-that-nobody-else-may-see"


@dataclass
class Service:
    """What it serves, by run, and what it saw. `archive` is the other origin, where plans are kept."""

    url: str = ""
    archive: str = ""
    plans: dict[str, bytes] = field(default_factory=dict)
    not_ready: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    slow: dict[str, float] = field(default_factory=dict)
    endless: set[str] = field(default_factory=set)
    dripping: set[str] = field(default_factory=set)
    elsewhere: dict[str, str] = field(default_factory=dict)
    refusing: dict[str, int] = field(default_factory=dict)
    deaf: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    heard: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)
    tokens_at_archive: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def request(self, run: str, **members: Any) -> dict[str, Any]:
        """The body of a request for that run."""
        usual = {
            "payload_version": 1,
            "stage": "post_plan",
            "access_token": TOKEN,
            "capabilities": {"outcomes": True},
            "is_speculative": False,
            "organization_name": "example",
            "run_id": run,
            "task_result_id": f"taskrs-{run}",
            "task_result_callback_url": f"{self.url}/api/v2/task-results/{run}/callback",
            "task_result_enforcement_level": "mandatory",
            "plan_json_api_url": f"{self.url}/api/v2/plans/{run}/json-output",
            "configuration_version_download_url": None,
            "vcs_repo_url": None,
            "workspace_name": "main",
        }
        return usual | members

    def final(self, run: str) -> dict[str, Any] | None:
        """What was called back in the end, None as long as the run task goes on."""
        done = [said for said in self.heard[run] if said["data"]["attributes"]["status"] in ("passed", "failed")]
        assert len(done) <= 1, "a run task is answered once"
        assert not done or self.heard[run][-1] is done[0], "nothing is said after the answer"
        return done[0] if done else None

    def wait_for(self, *runs: str, seconds: float = 60) -> list[dict[str, Any]]:
        """The answers, once all are there."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answers = [self.final(run) for run in runs]
            if all(answers):
                return [answer for answer in answers if answer]
            time.sleep(0.05)
        missing = [run for run in runs if not self.final(run)]
        raise AssertionError(f"not answered: {missing}")

    async def redirect(self, request: Request) -> Response:
        run = request.path_params["run"]
        self.tokens.append(request.headers.get("authorization", ""))
        if self.not_ready[run] > 0:
            self.not_ready[run] -= 1
            return Response(status_code=204)
        if run in self.elsewhere:
            return Response(status_code=307, headers={"location": self.elsewhere[run]})
        return RedirectResponse(f"{self.archive}/object/{run}?secret=once", 307)

    async def callback(self, request: Request) -> Response:
        run = request.path_params["run"]
        if self.deaf[run] > 0:
            self.deaf[run] -= 1
            return Response(status_code=503)
        if run in self.refusing:
            self.refused.append(run)
            return Response(status_code=self.refusing[run])
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["content-type"] == "application/vnd.api+json"
        self.heard[run].append(await request.json())
        return Response(status_code=200)

    async def stored(self, request: Request) -> Response:
        run = request.path_params["run"]
        self.tokens_at_archive += [request.headers[name] for name in ("authorization",) if name in request.headers]
        content = self.plans[run]

        async def parts() -> Any:
            yield content[:1]
            await asyncio.sleep(self.slow.get(run, 0))
            yield content[1:]
            while run in self.dripping:
                yield b" "
                await asyncio.sleep(0.1)
            for _ in range(1_000 if run in self.endless else 0):
                yield b" " * 65_536
                await asyncio.sleep(0)

        return StreamingResponse(parts())

    def apps(self) -> tuple[Starlette, Starlette]:
        """The service and its archive."""
        service = [
            Route("/api/v2/plans/{run}/json-output", self.redirect),
            Route("/api/v2/task-results/{run}/callback", self.callback, methods=["PATCH"]),
        ]
        archive = [
            Route("/object/{run}", self.stored),
            Route("/moved/{run}", lambda request: RedirectResponse(f"/object/{request.path_params['run']}")),
        ]
        return Starlette(routes=service), Starlette(routes=archive)


@contextmanager
def serving(app: Starlette, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """The application on a port of loopback; its origin."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan=lifespan))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    server.force_exit = True
    thread.join(20)


@contextmanager
def service() -> Iterator[Service]:
    """The service and its archive, each at an origin of its own."""
    state = Service()
    front, archive = state.apps()
    with serving(front) as state.url, serving(archive) as state.archive:
        yield state


def signature(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def post(url: str, content: Mapping[str, Any], key: str | None = KEY, **headers: str) -> httpx.Response:
    """Asks the run task at `url` as HCP Terraform does, with the signature by `key`; an empty one for None."""
    body = json.dumps(content).encode()
    signed = {"x-tfc-task-signature": "" if key is None else signature(body, key)}
    usual = {"content-type": "application/json", "user-agent": "TFC/1.0 (+https://app.terraform.io; TFC)"}
    return CLIENT.post(f"{url}/run-task", content=body, headers={**usual, **signed, **headers}, timeout=30)
