"""Fixtures for tests with real processes."""

from collections.abc import Iterator

import pytest

from tests.databases import migrated_database
from tests.faults.live_stack import LiveStack, create_database, drop_database


@pytest.fixture
def live_stack() -> Iterator[LiveStack]:
    """A fresh database and a running Redis. The test starts its workers, and may kill any of it."""
    name = create_database(migrated_database())
    stack = LiveStack(name)
    try:
        stack.start_redis()
        yield stack
    finally:
        stack.close()
        drop_database(name)
