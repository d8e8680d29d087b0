"""A browser that is watched: what its console, its policy or its network complains of fails the test."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Widths and heights of a phone and of a desk.
PHONE = (360, 740)
DESK = (1440, 900)
# The console repeats each status of 400 and more in these words; the response itself is judged.
REPEATED = re.compile(r"Failed to load resource: the server responded with a status of \d+")
# A page of which not all modules listen yet (static/js/early.js).
STARTING = "html.js:not(.listening)"
# How many times slower than this machine the pages run: for whoever looks for tests that are too fast for a page.
SLOWDOWN = float(os.environ.get("LEADLEDGER_BROWSER_SLOWDOWN", "1"))
# What leaving a page cuts off is no failure.
CUT_OFF = "net::ERR_ABORTED"


def chromium_path() -> str | None:
    """Where the system's Chromium is, if it has one."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@contextmanager
def launched_chromium() -> Iterator[Browser]:
    """Run the system's Chromium. Without one the test is skipped, and fails where CI=true."""
    path = chromium_path()
    if path is None:
        missing = "Chromium is missing (on Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


def act_when_listening(page: Page) -> None:
    """Let every action and expectation on this page wait until its modules listen, as a person would be too slow to hit
    the moment between; keys that are pressed without a locator do not wait (people.press_when_listening)."""
    page.add_locator_handler(page.locator(STARTING), lambda: None)
    if SLOWDOWN > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})


class Watch:
    """Opens pages and collects complaints. A test names the refusals it is after in `tolerated` (statuses)."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.tolerated: set[int] = set()
        self.complaints: list[str] = []
        self._browser = browser
        self._address = address
        self._contexts: list[BrowserContext] = []

    def open(self, size: tuple[int, int] = DESK, theme: str = "light", scripts: bool = True) -> Page:
        """Return an empty page of a browser that knows nobody; `page.goto("/path")` takes paths."""
        width, height = size
        context = self._browser.new_context(
            base_url=self._address,
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            has_touch=width < 640,
            java_script_enabled=scripts,
            locale="en-IN",
            timezone_id="Asia/Kolkata",
        )
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("response", self._note_response)
        context.on("requestfailed", self._note_failure)
        page = context.new_page()
        act_when_listening(page)
        return page

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not REPEATED.match(message.text):
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.tolerated:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def _note_failure(self, request: Request) -> None:
        if request.failure != CUT_OFF:
            self.complaints.append(f"{request.failure} {request.method} {request.url}")

    def close(self) -> None:
        """Close every window; raises AssertionError with what was complained of."""
        # What closing itself cuts off is no complaint.
        complaints = list(self.complaints)
        for context in self._contexts:
            context.close()
        assert complaints == []
