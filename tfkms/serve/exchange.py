"""What goes over the network: the plan comes in, the answer goes out, and the token goes to nobody but who gave it."""

import asyncio
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet

import httpx
from msgspec import Struct

from tfkms.serve.outcomes import Json
from tfkms.serve.run_task import Request, origin

MEDIA_TYPE = "application/vnd.api+json"
ATTEMPTS, ANSWER_ATTEMPTS = 4, 8
"""How often something is tried, after one, two, four and so on seconds: the answer, which all is for, for two minutes.
"""

_LATER = frozenset({204, 408, 425, 429, 500, 502, 503, 504})
"""Statuses after which it is worth asking again; 204 says that the plan is not ready."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({401, 404, 422})


class UnavailableError(Exception):
    """The plan cannot be had, or the answer not be delivered; the text says why, without any address."""


class _NotYetError(Exception):
    """It did not work this time."""


class Exchange(Struct, frozen=True):
    """A client, the origins that it may talk to, and its bounds: bytes of a plan, seconds between attempts."""

    client: httpx.AsyncClient
    origins: AbstractSet[str]
    plan_limit: int
    pause: float = 1.0

    async def plan(self, request: Request) -> bytes:
        """The JSON of the plan. Raises UnavailableError.

        The address that a request gives redirects to another, good for a minute, which gets no token; each attempt
        begins anew.
        """
        if request.plan_json_api_url is None:
            raise UnavailableError("the request has no address of a plan")
        url = request.plan_json_api_url
        return await self._again("the plan", lambda: self._download(url, request.access_token))

    async def tell(self, request: Request, document: Json, attempts: int = ATTEMPTS) -> None:
        """Delivers the body of a callback. Raises UnavailableError."""
        await self._again("the callback", lambda: self._patch(request, document), attempts)

    async def _again(self, what: str, attempt: "Callable[[], Awaitable[bytes]]", attempts: int = ATTEMPTS) -> bytes:
        why = ""
        for number in range(attempts):
            if number:
                await asyncio.sleep(self.pause * 2 ** (number - 1))
            try:
                return await attempt()
            except _NotYetError as error:
                why = str(error)
            except httpx.HTTPError as error:
                why = f"the connection failed ({type(error).__name__})"
            except httpx.InvalidURL:
                raise UnavailableError(f"{what} has no valid address") from None
        raise UnavailableError(f"{what} could not be reached: {why}")

    async def _download(self, url: str, token: str) -> bytes:
        headers = {"authorization": f"Bearer {token}", "content-type": MEDIA_TYPE}
        async with self.client.stream("GET", url, headers=headers, follow_redirects=False) as first:
            if first.status_code not in _REDIRECTS:
                return await self._content(first)
            target = str(first.next_request.url) if first.next_request else ""
        if origin(target) not in self.origins:
            raise UnavailableError("the plan is kept at a place that is not allowed; allow its origin with --allow")
        async with self.client.stream("GET", target, follow_redirects=False) as second:
            return await self._content(second)

    async def _content(self, response: httpx.Response) -> bytes:
        _expect(response, "the plan")
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self.plan_limit:
                raise UnavailableError(f"the plan is larger than {self.plan_limit:,} bytes")
            parts.append(part)
        return b"".join(parts)

    async def _patch(self, request: Request, document: Json) -> bytes:
        headers = {"authorization": f"Bearer {request.access_token}", "content-type": MEDIA_TYPE}
        response = await self.client.patch(
            request.task_result_callback_url, json=document, headers=headers, follow_redirects=False
        )
        _expect(response, "the callback")
        return b""


def _expect(response: httpx.Response, what: str) -> None:
    """Raises unless the response is the one that is wanted."""
    status = response.status_code
    if status in _LATER and not (status == 204 and what == "the callback"):
        raise _NotYetError("it is not ready" if status == 204 else f"the answer was {status}")
    if status in _GONE:
        raise UnavailableError(f"{what} was refused with {status}")
    if not response.is_success:
        raise UnavailableError(f"{what} was answered with {status}")
