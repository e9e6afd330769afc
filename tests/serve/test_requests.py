"""What is taken for the request of a run task, and what is not."""

import json
from typing import Any

import pytest

from tests.serve.service import KEY, Service, signature
from tfkms.serve.run_task import Refused, Request, origin, read

ORIGINS = frozenset({"https://app.terraform.io"})
SERVICE = Service(url="https://app.terraform.io")


def body(**members: Any) -> bytes:
    return json.dumps(SERVICE.request("run-1", **members)).encode()


def signed(content: bytes, key: str = KEY) -> Request | Refused:
    return read(content, signature(content, key), KEY.encode(), ORIGINS)


def status(outcome: Request | Refused) -> int:
    assert isinstance(outcome, Refused)
    return outcome.status


def test_a_signed_request_is_read() -> None:
    request = signed(body())

    assert isinstance(request, Request)
    assert (request.name, request.stage, request.is_test) == ("run-1", "post_plan", False)


def test_the_one_that_tries_it_out_names_nothing_that_is_called() -> None:
    request = signed(body(access_token="test-token", task_result_callback_url="https://example.com", run_id=None))

    assert isinstance(request, Request)
    assert request.is_test
    assert request.name == "taskrs-run-1"


@pytest.mark.parametrize("wrong", ["", "0" * 128, signature(b"another body"), "é", signature(body()).upper()])
def test_a_signature_that_is_missing_or_wrong_is_refused(wrong: str) -> None:
    assert status(read(body(), wrong, KEY.encode(), ORIGINS)) == 401


def test_a_signature_by_another_key_is_refused() -> None:
    assert status(signed(body(), "another key")) == 401


def test_a_signature_where_no_key_is_agreed_is_refused() -> None:
    content = body()

    assert status(read(content, signature(content), None, ORIGINS)) == 400
    assert isinstance(read(content, "", None, ORIGINS), Request)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, body(payload_version=2), body(access_token=7), body()[:-1]],
    ids=["empty", "an object", "a list", "no text", "deep", "a later version", "a wrong type", "cut off"],
)
def test_what_is_no_request_is_refused(content: bytes) -> None:
    assert status(signed(content)) == 400


@pytest.mark.parametrize(
    "url",
    [
        "http://app.terraform.io/x",
        "https://app.terraform.io:8443/x",
        "https://app.terraform.io@evil.example/x",
        "https://app.terraform.io.evil.example/x",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//app.terraform.io/x",
        "https://[::1",
        "",
    ],
)
@pytest.mark.parametrize("member", ["task_result_callback_url", "plan_json_api_url"])
def test_a_place_that_is_not_allowed_is_never_called(member: str, url: str) -> None:
    assert status(signed(body(**{member: url}))) == 400


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://App.Terraform.io/x?y", "https://app.terraform.io"),
        ("https://app.terraform.io:443", "https://app.terraform.io"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("http://[::1]:8080/a", "http://[::1]:8080"),
        ("https://a:99999/", ""),
    ],
)
def test_origins_are_compared_in_one_form(url: str, expected: str) -> None:
    assert origin(url) == expected
