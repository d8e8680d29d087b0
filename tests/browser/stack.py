"""A whole LeadLedger for browser tests: a live stack with a web server and a process that prepares organisations.

The tests themselves never touch a database: what they need is made by `preparing.py` in a process of its own,
through the services, and what they check they read off the pages.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from os import getpid
from typing import Any

from config.parent_process import end_with_parent
from tests.faults.live_stack import CHECKOUT, LiveStack, Process

# Generous, because starting takes as long as a busy machine needs.
START_SECONDS = 90.0
RUNNING = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")
PASSWORD = "a quiet river at dawn"


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    name: str
    email: str


@dataclass(frozen=True)
class Prepared:
    """An organisation made for one test, its people by the names the test gave them."""

    slug: str
    people: dict[str, Person]


class BrowserStack(LiveStack):
    """A live stack that serves pages."""

    web: Process
    worker: Process
    _maker: subprocess.Popen[str] | None = None

    def __init__(self, database: str) -> None:
        super().__init__(database)
        # All visitors of all tests come from one address.
        self.environment["FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS"] = "1000"
        watched = self.folder / "watched"
        watched.mkdir()
        self.environment["WATCHED_ROOT"] = str(watched)

    def start_web(self) -> str:
        """Start a web server on a free port and return its address once it answers."""
        command = ["-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", "0"]
        self.web = self.start("web", *command, "--lifespan", "off", "--no-server-header")
        return self.wait_for(partial(self._address_of, self.web), START_SECONDS, "the web server answers")

    def start_worker(self, *include: str, concurrency: int = 1) -> Process:
        """Start a worker as `LiveStack` does, and remember it."""
        self.worker = super().start_worker(*include, concurrency=concurrency)
        return self.worker

    def printed_by_worker(self) -> str:
        """What the worker's tasks have printed, mails for one; Celery puts each piece into a line of its log."""
        entries = [json.loads(line) for line in self.worker.log_text().splitlines() if line.startswith("{")]
        return "\n".join(entry["event"] for entry in entries if entry.get("logger") == "celery.redirected")

    @staticmethod
    def _address_of(web: Process) -> str:
        found = RUNNING.search(web.log_text())
        return found[1] if found else ""

    def prepare(self, function: str, **arguments: Any) -> Any:
        """Call a function of `preparing.py` with JSON arguments and return what it returned.

        Raises:
            AssertionError: it raised; the text carries the traceback.
        """
        if self._maker is None:
            self._maker = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.preparing"],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=partial(end_with_parent, getpid()),
            )
        assert self._maker.stdin and self._maker.stdout
        self._maker.stdin.write(json.dumps([function, arguments]) + "\n")
        self._maker.stdin.flush()
        answer = json.loads(self._maker.stdout.readline())
        assert "raised" not in answer, answer.get("raised")
        return answer["returned"]

    def make_organization(self, **people: str | dict[str, Any]) -> Prepared:
        """Make an organisation with these people: a role each, or {role, manager, …}. See `preparing.py`."""
        made = self.prepare("make_organization", people=people, password=PASSWORD)
        return Prepared(made["slug"], {key: Person(**person) for key, person in made["people"].items()})

    def close(self) -> None:
        """End every process and remove the files."""
        if self._maker is not None and self._maker.stdin:
            self._maker.stdin.close()
            self._maker.wait(10)
        super().close()
