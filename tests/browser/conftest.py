"""Fixtures for tests in a browser: one running stack for all of them, an organisation of its own for each."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.stack import BrowserStack
from tests.browser.watching import Watch, launched_chromium
from tests.databases import migrated_database
from tests.faults.live_stack import create_database, drop_database


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of this folder. One worker runs them all (tests/scheduling.py): they share the stack."""
    item.add_marker(pytest.mark.browser)


# The event loop inside playwright must not outlive this folder's tests, hence "package".
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def stack(chromium: Browser) -> Iterator[BrowserStack]:
    """Database, Redis, worker and preparing process; the web server is `address`."""
    name = create_database(migrated_database())
    stack = BrowserStack(name)
    try:
        stack.start_redis()
        stack.start_worker()
        yield stack
    finally:
        stack.close()
        drop_database(name)


@pytest.fixture(scope="package")
def address(stack: BrowserStack) -> str:
    """Where the pages are served."""
    return stack.start_web()


@pytest.fixture
def watch(chromium: Browser, address: str) -> Iterator[Watch]:
    """Opens pages, and fails the test for what they complain of."""
    watch = Watch(chromium, address)
    yield watch
    watch.close()
