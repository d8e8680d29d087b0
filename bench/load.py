"""Calls from a process of its own: asked in JSON, one piece of work a line, it answers what it took.

A piece: {address, path, method, headers, bodies, seconds, connections}. Each connection is kept alive and sends
the next call when it has the answer to the last. `bodies` names a file of one body a line; each is sent once.
"""

import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class Piece:
    """One piece of work, shared by its connections."""

    def __init__(self, asked: dict[str, Any], bodies: Iterator[bytes]) -> None:
        self.asked = asked
        self._bodies = bodies
        self._lock = threading.Lock()
        self.milliseconds: list[float] = []
        self.statuses: dict[int, int] = {}
        self.sizes: list[int] = []
        self.ends_at = 0.0

    def next_body(self) -> bytes | None:
        """The next body, None when there is none left."""
        with self._lock:
            return next(self._bodies, None)

    def call_until_the_end(self) -> None:
        """Send calls over one connection until the time is over."""
        place = urlsplit(self.asked["address"])
        assert place.hostname
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        connection.connect()
        while time.perf_counter() < self.ends_at and (body := self.next_body()) is not None:
            began = time.perf_counter()
            connection.request(
                self.asked.get("method", "GET"), self.asked["path"], body or None, self.asked["headers"]
            )
            answer = connection.getresponse()
            size = len(answer.read())
            took = (time.perf_counter() - began) * 1_000
            with self._lock:
                self.milliseconds.append(took)
                self.sizes.append(size)
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        connection.close()

    def run(self) -> dict[str, Any]:
        """Send calls over all connections; return how many, in what time, and how long each took."""
        began = time.perf_counter()
        self.ends_at = began + self.asked["seconds"]
        threads = [
            threading.Thread(target=self.call_until_the_end) for _number in range(self.asked["connections"])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = sorted(self.milliseconds)
        return {
            "rows": len(taken),
            "seconds": time.perf_counter() - began,
            "statuses": self.statuses,
            "bytes": max(self.sizes, default=0),
            "p50": taken[len(taken) // 2],
            "p95": taken[len(taken) * 95 // 100],
        }


def main() -> int:
    """Answer until the caller closes the pipe; returns the exit status."""
    files: dict[str, Iterator[bytes]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        name = asked.get("bodies")
        if name and name not in files:
            files[name] = iter(Path(name).read_bytes().splitlines())
        found = Piece(asked, files[name] if name else repeat(b"")).run()
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
