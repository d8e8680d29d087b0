"""What is measured: a LeadLedger of its own, with a database of its own, its processes apart from who measures.

The parent never touches a database. It asks a process inside the stack, one call a line (`inside.py`).
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from os import getpid
from typing import Any

import psutil

from config.parent_process import end_with_parent
from tests.databases import migrated_database
from tests.faults.live_stack import (
    CHECKOUT,
    LiveStack,
    Process,
    create_database,
    drop_database,
)

START_SECONDS = 120.0
RUNNING = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")


class Inside:
    """A process in the stack with Django set up; called function by function."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.inside"],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=partial(end_with_parent, getpid()),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, function: str, **arguments: Any) -> Any:
        """Call `module:function` of this package with JSON arguments and return what it returned.

        Raises:
            RuntimeError: it raised; the text carries the traceback.
        """
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps([function, arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{function} ended its process.")
        answer = json.loads(line)
        if "raised" in answer:
            raise RuntimeError(answer["raised"])
        return answer["returned"]

    def close(self) -> None:
        """Let the process end."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(30)


class BenchStack(LiveStack):
    """A live stack with processes that are measured."""

    def __init__(self, database: str) -> None:
        super().__init__(database)
        self._inside: list[Inside] = []
        # Where its web server answers, once it was started.
        self.address = ""
        # As in production: files compressed once, kept by browsers.
        self.environment["STATIC_ROOT"] = str(self.folder / "static")
        self.main = self.inside()

    def inside(self) -> Inside:
        """Start another process to call."""
        self._inside.append(Inside(self.environment))
        return self._inside[-1]

    def call(self, function: str, **arguments: Any) -> Any:
        """See `Inside.call`."""
        return self.main.call(function, **arguments)

    @property
    def redis_pid(self) -> int:
        """Its Redis, which must run."""
        assert self._redis is not None
        return self._redis.pid

    def collect_static(self) -> None:
        """Write the files that pages fetch, as `make run` does, before a web server is started."""
        self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def start_web(
        self, application: str = "config.asgi:application", **environment: str
    ) -> tuple[Process, str]:
        """Start a web server as `make run` does; return its process and its address."""
        kept = self.environment
        self.environment = {**kept, **environment}
        command = ["-m", "uvicorn", application, "--host", "127.0.0.1", "--port", "0", "--lifespan", "off"]
        try:
            web = self.start("web", *command, "--no-server-header", "--no-access-log")
        finally:
            self.environment = kept
        address = self.wait_for(partial(_address_of, web), START_SECONDS, "the web server answers")
        return web, address

    def close(self) -> None:
        """End every process and remove the files."""
        for inside in self._inside:
            inside.close()
        super().close()


def _address_of(web: Process) -> str:
    found = RUNNING.search(web.log_text())
    return found[1] if found else ""


@contextmanager
def bench_stack() -> Iterator[BenchStack]:
    """A stack with an empty, migrated database, removed after the block."""
    database = create_database(migrated_database())
    stack = BenchStack(database)
    try:
        stack.start_redis()
        yield stack
    except Exception as error:
        error.add_note(stack.logs())
        raise
    finally:
        stack.close()
        drop_database(database)


class CPUWatch:
    """Seconds of processor that processes and all they have started use from here on."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._wall = time.perf_counter()
        self._before = self._now()

    def _now(self) -> float:
        total = 0.0
        for pid in self._pids:
            try:
                process = psutil.Process(pid)
                for each in (process, *process.children(recursive=True)):
                    used = each.cpu_times()
                    total += used.user + used.system
            except psutil.NoSuchProcess:
                continue
        return total

    def seconds(self) -> float:
        """Of the processor, since the watch began."""
        return self._now() - self._before


def postmaster_pid() -> int:
    """The embedded PostgreSQL's first process: all backends are its children."""
    from config.embedded.postgresql import PostgreSQL

    found = PostgreSQL().find_running()
    assert found is not None, "The bench runs on the embedded server."
    return found.pid
