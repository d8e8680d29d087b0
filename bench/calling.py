"""Calls to a server from another process, and what they cost the server."""

import json
import subprocess
import sys
import urllib.request
from functools import partial
from os import getpid
from typing import Any

from bench.sample import LINE, values
from bench.stack import CPUWatch, postmaster_pid
from config.parent_process import end_with_parent
from tests.faults.live_stack import CHECKOUT

PASSWORD = "a quiet river at dawn"
# What is measured is the work, not the limit on it; calls are counted all the same.
UNLIMITED = {"API_CALLS_PER_MINUTE": "100000000"}


class Caller:
    """The process that calls."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=partial(end_with_parent, getpid()),
        )

    def call(
        self,
        address: str,
        path: str,
        *,
        server: int,
        seconds: float,
        connections: int,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        bodies: str = "",
        status: int = 200,
    ) -> dict[str, Any]:
        """Call for so many seconds; return calls (`rows`), seconds, and the processor time of server and database.

        Raises:
            RuntimeError: an answer had another status.
        """
        asked = {
            "address": address, "path": path, "method": method, "headers": headers or {}, "bodies": bodies,
            "seconds": seconds, "connections": connections,
        }  # fmt: skip
        web, database = CPUWatch(server), CPUWatch(postmaster_pid())
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        if set(found["statuses"]) != {str(status)}:
            raise RuntimeError(f"{method} {path} was answered {found['statuses']}, not {status} alone.")
        return {**found, "client_cpu": web.seconds(), "server_cpu": database.seconds()}

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


def token(address: str, email: str) -> str:
    """Sign in by the API; return the access token."""
    body = json.dumps({"email": email, "password": PASSWORD}).encode()
    asked = urllib.request.Request(f"{address}/api/v1/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return str(json.load(answer)["access"])


def lead_body(data: dict[str, str]) -> str:
    """The body of a call that creates a lead."""
    return json.dumps({"line": LINE, "data": data, "source": "Website"})


def batch_body(first: int, count: int) -> str:
    """The body of a call that creates so many leads."""
    items = [
        {"line": LINE, "data": values(number), "source": "Website"} for number in range(first, first + count)
    ]
    return json.dumps({"leads": items})
