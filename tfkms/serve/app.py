"""The web application: one address for run tasks, one that says whether it is well."""

import asyncio
import logging
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Received
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tfkms.serve.exchange import Exchange
from tfkms.serve.judging import Judge
from tfkms.serve.run_task import BODY_LIMIT, SIGNATURE_HEADER, Refused, read
from tfkms.serve.work import Limits, Work

log = logging.getLogger("tfkms.serve")

DEFAULT_ORIGINS = frozenset({"https://app.terraform.io", "https://archivist.terraform.io"})
CONNECT_SECONDS, READ_SECONDS = 10, 30
RETRY_SECONDS = 10


def application(
    judge: Judge,
    key: bytes | None,
    origins: AbstractSet[str] = DEFAULT_ORIGINS,
    plan_limit: int = 268_435_456,
    limits: Limits | None = None,
) -> Starlette:
    """The application. `key` verifies requests, None where none is agreed; `plan_limit` is in bytes."""
    limits = limits or Limits()

    @asynccontextmanager
    async def at_work(app: Starlette) -> AsyncIterator[None]:
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, trust_env=True) as client:
            app.state.work = Work(Exchange(client, origins, plan_limit), judge, limits)
            app.state.work.start()
            yield
            await app.state.work.stop()

    async def run_task(received: Received) -> Response:
        try:
            async with asyncio.timeout(limits.receiving):
                body = await _body(received)
        except TimeoutError:
            return PlainTextResponse("the request came in too slowly\n", 408, {"connection": "close"})
        if body is None:
            return PlainTextResponse("the request is too large\n", 413)
        request = read(body, received.headers.get(SIGNATURE_HEADER, ""), key, origins)
        if isinstance(request, Refused):
            log.warning("refused: %s", request.reason)
            return PlainTextResponse(f"{request.reason}\n", request.status)
        if request.is_test or received.app.state.work.take(request):
            return Response(status_code=200)
        log.warning("%s: put off, too many wait", request.name)
        return PlainTextResponse("too many wait\n", 503, {"retry-after": str(RETRY_SECONDS)})

    async def health(received: Received) -> Response:
        waiting, judging = received.app.state.work.counts
        return JSONResponse({"status": "ok", "waiting": waiting, "judging": judging})

    routes = [
        Route("/run-task", run_task, methods=["POST"]),
        Route("/health", health, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=at_work)


async def _body(received: Received) -> bytes | None:
    """The body of the request, None if it is too large; no more than the limit is kept."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in received.stream():
            size += len(part)
            if size > BODY_LIMIT:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)
