"""A real Chromium, driven by Playwright, for the tests in this folder; where either is missing they are skipped."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser. As root it runs without its sandbox, which root cannot have."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[browser]'")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("Chromium is not installed")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *(["--no-sandbox"] if root else [])])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address, as wide and in the colours that are asked for, and gives its page.

    In the end the page must have written nothing to the console, thrown nothing and asked for nothing but itself.
    """
    told: list[str] = []
    with ExitStack() as closing:

        def visit(url: str, width: int = 1280, scheme: str = "light", **members: Any) -> Any:
            view = {"width": width, "height": 900}
            context = chromium.new_context(viewport=view, color_scheme=scheme, **members)
            closing.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: told.append(str(error)))
            page.on(
                "request", lambda request: told.append(request.url) if request.url != url.partition("#")[0] else None
            )
            page.goto(url)
            return page

        yield visit
    assert [line for line in told if not line.startswith("data:,")] == []
