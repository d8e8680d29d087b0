"""Fixtures for tests with real processes."""

from collections.abc import Iterator

import pytest

from config import embedded
from tests.faults.live_stack import LiveStack, create_database, drop_database


@pytest.fixture(scope="session")
def migrated_database() -> Iterator[str]:
    """The name of a database with all tables and no rows, to be copied; nobody stays connected to it."""
    embedded.ensure_running()
    name = create_database()
    stack = LiveStack(name)
    try:
        stack.manage("migrate", "--verbosity", "0")
        yield name
    finally:
        stack.close()
        drop_database(name)


@pytest.fixture
def live_stack(migrated_database: str) -> Iterator[LiveStack]:
    """A fresh database and a running Redis. The test starts its workers, and may kill any of it."""
    name = create_database(template=migrated_database)
    stack = LiveStack(name)
    try:
        stack.start_redis()
        yield stack
    finally:
        stack.close()
        drop_database(name)
