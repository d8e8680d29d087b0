"""A real browser that is shown rendered templates: no server, no database, no network.

Chromium asks for pages of one made-up host; the answers come from a dictionary of rendered pages and from the
static files, under the same content security policy as in production.
"""

import mimetypes
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, Route, expect

from core.middleware import PAGES_POLICY
from tests.browser.watching import act_when_listening, launched_chromium
from tests.core.templates.samples import rendered_pages, rendered_parts

ORIGIN = "http://pages.test"
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, for as long as one module of tests: its event loop must not outlive it."""
    with launched_chromium() as browser:
        yield browser


def answer(route: Route) -> None:
    """A rendered page or a static file; anything else is refused."""
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        found = finders.find(path.removeprefix("/static/"))
        assert isinstance(found, str), f"{path} is no static file"
        kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        route.fulfill(body=Path(found).read_bytes(), content_type=kind)
        return
    pages = rendered_parts() if "hx-request" in route.request.headers else rendered_pages()
    page = pages.get(path.strip("/"))
    route.fulfill(
        status=200 if page else 404,
        body=page or "",
        headers={"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": PAGES_POLICY},
    )


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Return `open_page(name, width=…, theme=…, scripts=…)`; what the console complains of fails the test."""
    opened = []
    complaints: list[str] = []

    def open_it(name: str, width: int = 1440, theme: str = "light", scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 640 else 740},
            color_scheme=theme,
            java_script_enabled=scripts,
        )
        opened.append(context)
        context.route("**/*", answer)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        act_when_listening(page)
        page.goto(f"{ORIGIN}/{name}")
        if scripts:
            expect(page.locator("html.listening")).to_be_attached()
        return page

    yield open_it
    for context in opened:
        context.close()
    assert complaints == []
