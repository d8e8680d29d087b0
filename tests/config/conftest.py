"""Checkouts of their own for the tests of what a checkout starts."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.config.checkout import Checkout

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def python_for_nobody() -> Sequence[str]:
    """The beginning of a command line that runs Python, with our packages, as an ordinary user.

    Our own interpreter may stand in a home that is closed to others: then the system's of the same version.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = f"PYTHONPATH={sysconfig.get_path('platlib')}"
    for interpreter in (sys.executable, f"/usr/bin/{version}"):
        command = [*AS_NOBODY, "env", packages, interpreter]
        tried = subprocess.run(
            [*command, "-c", "import sys, psycopg, psutil; print(sys.version)"], capture_output=True, cwd="/"
        )
        if tried.returncode == 0:
            return command
    pytest.skip(f"no {version} is within reach of an ordinary user")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A checkout in a folder of its own, run by whoever runs the tests."""
    made = Checkout(tmp_path / "checkout")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout for tests that only look; its servers run all the time."""
    made = Checkout(tmp_path_factory.mktemp("shared") / "checkout")
    with made.user():
        yield made
    made.remove()


@pytest.fixture
def checkout_of_nobody() -> Iterator[Checkout]:
    """Where root runs the tests: a checkout in the closed home of an ordinary user, run by that user."""
    if os.geteuid() != 0:
        pytest.skip("runs as an ordinary user already")
    home = Path(tempfile.mkdtemp(prefix="home-of-nobody-"))
    made = Checkout(home / "checkout", python_for_nobody())
    for path in (home, *home.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    yield made
    made.remove()
    shutil.rmtree(home)
