"""Counting calls in Redis; in the process alone while Redis is away.

A log of the calls that passed within the last minute (or more), per subject: the one algorithm under which no minute,
wherever it begins, holds more than the limit. Windows that begin at a fixed moment let twice as many pass around
it, and so does a bucket that fills up again while it is emptied (GCRA). It costs a number per call, of which
there are as many as the limit at most. One script in Redis looks, counts and tells, in one round trip, by the
clock of Redis: processes and machines agree.
"""

import math
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

WINDOW_SECONDS = 60
# A Redis that does not answer at once holds up a call no longer than this, and is left alone for a while.
PATIENCE_SECONDS = 0.25
PAUSE_SECONDS = 2.0
# Subjects that a process remembers by itself while Redis is away; the one that called longest ago goes first.
SUBJECTS_MEANWHILE = 10_000
SCRIPT = (Path(__file__).parent / "log.lua").read_text()
log = structlog.get_logger("leadledger.rate_limit")


@dataclass(frozen=True, slots=True)
class Count:
    """What became of a call: whether it passes, of how many a minute (or more), how many more would pass now.

    `reset`: whole seconds until the next place is free, from 1.
    """

    passes: bool
    limit: int
    remaining: int
    reset: int


def count_call(subject: str, limit: int, within: int = WINDOW_SECONDS) -> Count:
    """Count one call of `subject`, of which `limit` pass `within` any so many seconds; others cost nothing."""
    if _pause.is_over():
        try:
            passes, remaining, microseconds = _script(settings.CACHES["default"]["LOCATION"])(
                keys=[f"{settings.CACHES['default']['KEY_PREFIX']}:calls:{subject}"],
                args=[limit, within * 1_000_000],
            )
            return _count(bool(passes), limit, remaining, microseconds / 1_000_000, within)
        except RedisError as error:
            _pause.begin()
            log.warning("rate_limit_counts_per_process", error=str(error))
    return _meanwhile.count(subject, limit, within)


class Meanwhile:
    """The same log, in the memory of this process: as many times wider as there are processes, and never gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, subject: str, limit: int, within: int = WINDOW_SECONDS) -> Count:
        """Count one call, by the clock of this process."""
        with self._lock:
            now = time.monotonic()
            passed = self._passed.setdefault(subject, deque())
            self._passed.move_to_end(subject)
            if len(self._passed) > SUBJECTS_MEANWHILE:
                self._passed.popitem(last=False)
            while passed and passed[0] <= now - within:
                passed.popleft()
            if len(passed) >= limit:
                return _count(False, limit, 0, passed[-limit] + within - now, within)
            passed.append(now)
            return _count(True, limit, limit - len(passed), passed[0] + within - now, within)

    def forget(self) -> None:
        """Forget every call."""
        with self._lock:
            self._passed.clear()


class Pause:
    """How long Redis is left alone once it did not answer."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        """Leave it alone from now on."""
        self._until = time.monotonic() + PAUSE_SECONDS

    def is_over(self) -> bool:
        """Whether it may be asked."""
        return time.monotonic() >= self._until

    def end(self) -> None:
        """Ask it again at once."""
        self._until = 0.0


_meanwhile = Meanwhile()
_pause = Pause()


@lru_cache(maxsize=4)
def _script(location: str) -> Script:
    client = redis.Redis.from_url(
        location,
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        # Asked twice, it could count twice; and the caller waits.
        retry=Retry(NoBackoff(), 0),
    )
    return client.register_script(SCRIPT)


def _count(passes: bool, limit: int, remaining: int, seconds: float, within: int) -> Count:
    return Count(passes, limit, remaining, min(max(math.ceil(seconds), 1), within))
