"""A stack of two web processes and a worker, none of which is ever started again."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.browser.stack import BrowserStack
from tests.databases import migrated_database
from tests.faults.live_stack import create_database, drop_database


@dataclass(frozen=True)
class TwoWebs:
    """The stack, and the addresses of its two web processes."""

    stack: BrowserStack
    first: str
    second: str


@pytest.fixture(scope="module")
def webs() -> Iterator[TwoWebs]:
    """Two web processes and one worker on one database."""
    name = create_database(migrated_database())
    stack = BrowserStack(name)
    try:
        stack.start_redis()
        stack.start_worker()
        yield TwoWebs(stack, stack.start_web(), stack.start_web())
    finally:
        stack.close()
        drop_database(name)
