"""What HCP Terraform asks a run task: its signature, its form, and whether we may call where it says.

https://developer.hashicorp.com/terraform/cloud-docs/integrations/run-tasks#run-tasks-integration
"""

import hashlib
import hmac
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

SIGNATURE_HEADER = "x-tfc-task-signature"
BODY_LIMIT = 1_048_576
"""In bytes; a request has some kilobytes."""

PLANNED = frozenset({"post_plan", "pre_apply", "post_apply"})
"""The stages at which there is a plan."""

_TEST_TOKEN = "test-token"  # noqa: S105 - what the request that tries out a new run task has in place of a token
_UNAUTHORIZED, _WRONG = 401, 400


class Request(msgspec.Struct, frozen=True):
    """The parts of a request that matter here; one of a member that is null has an empty text."""

    payload_version: int
    stage: str
    access_token: str
    task_result_id: str
    task_result_callback_url: str
    plan_json_api_url: str | None = None
    run_id: str | None = None
    workspace_name: str | None = None
    organization_name: str | None = None

    @property
    def is_test(self) -> bool:
        """Whether it only tries out whether somebody answers."""
        return self.access_token == _TEST_TOKEN

    @property
    def name(self) -> str:
        """What reports and the log call the run."""
        return self.run_id or self.task_result_id


class Refused(Struct, frozen=True):
    """Why a request is not taken, and the status that says so."""

    status: int
    reason: str


def read(body: bytes, signature: str, key: bytes | None, origins: AbstractSet[str]) -> Request | Refused:
    """The request in `body`, if it is signed with the key and names no places but those of the `origins`.

    `signature` is the header, empty where there is none; without a `key` there must be none.
    """
    if key is None and signature:
        return Refused(_WRONG, "the request is signed, but no key is set here")
    if key is not None and not signed(body, signature, key):
        return Refused(_UNAUTHORIZED, "the signature is missing or wrong")
    try:
        request = msgspec.json.decode(body, type=Request)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Refused(_WRONG, "this is not the request of a run task")
    if request.payload_version != 1:
        return Refused(_WRONG, "this version of the payload is not known; version 1 is")
    if request.is_test:
        return request
    if not (request.access_token.isascii() and request.access_token.isprintable()):
        return Refused(_WRONG, "the token of the request is none")
    for url in (request.task_result_callback_url, request.plan_json_api_url):
        if url is not None and origin(url) not in origins:
            return Refused(_WRONG, "the request names a place that is not allowed; allow its origin with --allow")
    return request


def signed(body: bytes, signature: str, key: bytes) -> bool:
    """Whether the signature is that of the body: the HMAC with SHA-512 in hexadecimal. Takes as long either way."""
    expected = hmac.new(key, body, hashlib.sha512).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def origin(url: str) -> str:
    """Scheme, host and port of a URL as they are compared; empty for what has none, or a name and password besides."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        return ""
    usual = 443 if parts.scheme == "https" else 80
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, usual) else f":{port}")
