"""Fixtures for tests of the deployment. What they need of the system is installed by deploy/local/servers.sh."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.servers import SystemServers, missing_programs


@pytest.fixture(scope="session")
def programs() -> None:
    """PostgreSQL 15, Redis and nginx of the system; the test is skipped, and says so, without them."""
    if missing := missing_programs():
        pytest.skip(f"not installed: {' '.join(missing)} (sh deploy/local/servers.sh)")


@pytest.fixture(scope="session")
def servers(programs: None) -> Iterator[SystemServers]:
    """A running PostgreSQL 15 and Redis."""
    with SystemServers() as running:
        yield running


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that the users of servers may pass; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="leadledger-deploy-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
