"""Who holds a job: taking, keeping, fencing and giving back its lease. All by the database's clock.

A worker takes a job for `LEASE_SECONDS` and renews the lease from a thread of its own. When it is killed or
stopped the lease runs out and another worker takes the job; the token it takes grows by one. Every write
of a run is fenced by the token: the statement that moves the cursor names the token it was given, and
matches no row once another worker has the job.
"""

import json
import os
import socket
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from core.jobs.errors import LeaseLost
from core.models import Job, JobState
from core.scope import system_scope

LEASE_SECONDS = 10
HEARTBEAT_SECONDS = 2.0
# A job that loses its worker this often without progress is what kills its workers.
MAXIMUM_LOSSES = 3
LOG_LINES = 200
LOG_LINE_CHARACTERS = 2000

_EXTENDED = (
    f"lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds', heartbeat_at = clock_timestamp()"
)
_LOGGED = f"""log = CASE WHEN %(lines)s::jsonb = '[]' THEN log ELSE (
    SELECT jsonb_agg(newest.line ORDER BY newest.position) FROM (
        SELECT entry.line, entry.position
          FROM jsonb_array_elements(log || %(lines)s::jsonb) WITH ORDINALITY AS entry (line, position)
         ORDER BY entry.position DESC LIMIT {LOG_LINES}) AS newest) END"""
_HELD = "id = %(id)s AND token = %(token)s AND state = 'running'"

ACQUIRE = f"""
UPDATE core_job SET
    token = token + 1, state = 'running', worker = %(worker)s, {_EXTENDED},
    started_at = COALESCE(started_at, clock_timestamp()),
    losses = CASE WHEN progress_at_start IS DISTINCT FROM jsonb_build_array(cursor, done) THEN 0
                  WHEN state = 'running' THEN losses + 1 ELSE losses END,
    progress_at_start = jsonb_build_array(cursor, done)
 WHERE id = %(id)s AND state IN ('queued', 'running')
   AND (lease_until IS NULL OR lease_until < clock_timestamp()
        OR (state = 'queued' AND worker = %(worker)s AND token = %(token)s))
RETURNING token
"""
RESERVE = f"""
UPDATE core_job SET token = token + 1, worker = %(worker)s, {_EXTENDED} WHERE id = %(id)s RETURNING token
"""
FENCE = f"""
UPDATE core_job SET cursor = %(cursor)s::jsonb, done = %(done)s, total = %(total)s, {_EXTENDED}, {_LOGGED}
 WHERE {_HELD} RETURNING cancel_requested, pause_requested
"""
RENEW = f"UPDATE core_job SET {_EXTENDED} WHERE {_HELD} RETURNING cancel_requested, pause_requested"
FINISH = f"""
UPDATE core_job SET state = %(state)s, result = %(result)s::jsonb, error = %(error)s, {_LOGGED},
    finished_at = clock_timestamp(), lease_until = NULL, pause_requested = false, paused_by_id = NULL
 WHERE {_HELD} RETURNING id
"""
# Queued again, and no wake-up on its way: the next worker continues at once.
RELEASE = f"""
UPDATE core_job SET state = 'queued', lease_until = NULL, woken_at = NULL, {_LOGGED}
 WHERE {_HELD} RETURNING id
"""
# Queued again where the pause was taken back, or overtaken by a cancel, before the run came to its end.
PAUSE = f"""
UPDATE core_job SET lease_until = NULL, woken_at = NULL, pause_requested = false, {_LOGGED},
    state = CASE WHEN pause_requested AND NOT cancel_requested THEN 'paused' ELSE 'queued' END,
    paused_at = CASE WHEN pause_requested AND NOT cancel_requested THEN clock_timestamp() END
 WHERE {_HELD} RETURNING state
"""
# Still running, and the lease over: whoever takes it counts a lost worker.
ABANDON = f"""
UPDATE core_job SET lease_until = clock_timestamp(), woken_at = NULL, {_LOGGED}
 WHERE {_HELD} RETURNING id
"""


def worker_name() -> str:
    """Name this process among all workers: host and process number."""
    return f"{socket.gethostname()}:{os.getpid()}"


def log_line(text: str, level: str = "info") -> dict[str, str]:
    """Return a line of a job's log, cut to what the log takes and free of what the database refuses."""
    return {"at": timezone.now().isoformat(timespec="milliseconds"), "level": level, "text": storable(text)}


def storable(text: str, limit: int = LOG_LINE_CHARACTERS) -> str:
    """Return `text` cut to `limit` characters, without NUL and lone surrogates, which PostgreSQL refuses."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")[:limit]


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a heartbeat found: whether another worker has the job, and whether somebody cancelled or paused it."""

    lost: bool
    cancel_requested: bool
    pause_requested: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody has asked of a running job."""

    cancel: bool
    pause: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run one job. Its writes raise LeaseLost once another worker has the job.

    Works in the organisation's scope of the job, except `take`, which comes before the job is known.
    """

    job_id: int
    token: int

    @property
    def label(self) -> str:
        """A name for threads and logs."""
        return f"job-{self.job_id}"

    def advance(
        self, *, cursor: dict[str, Any], done: int, total: int | None, lines: list[dict[str, str]]
    ) -> Asked:
        """Move cursor and progress, append to the log, extend the lease; return what was asked of the job.

        As the last statement of a transaction it is the fence: no row, and the transaction must roll back.
        """
        row = self._write(FENCE, cursor=_json(cursor), done=done, total=total, lines=_json(lines))
        return Asked(cancel=row[0], pause=row[1])

    def renew(self) -> Renewal:
        """Extend the lease. A job that cannot be seen from this connection yet is not taken for lost."""
        with connection.cursor() as cursor:
            cursor.execute(RENEW, {"id": self.job_id, "token": self.token})
            row = cursor.fetchone()
            if row:
                return Renewal(lost=False, cancel_requested=row[0], pause_requested=row[1])
            cursor.execute(
                "SELECT token <> %s OR state <> 'running' FROM core_job WHERE id = %s",
                [self.token, self.job_id],
            )
            other = cursor.fetchone()
        return Renewal(lost=bool(other and other[0]), cancel_requested=False)

    def finish(
        self,
        state: JobState,
        *,
        lines: list[dict[str, str]],
        result: dict[str, Any] | None = None,
        error: str = "",
    ) -> None:
        """End the job for good."""
        values = {"state": state.value, "result": None if result is None else _json(result)}
        self._write(FINISH, **values, error=storable(error), lines=_json(lines))

    def release(self, lines: list[dict[str, str]]) -> None:
        """Give the job back to the queue, to be continued by another worker at once."""
        self._write(RELEASE, lines=_json(lines))

    def pause(self, lines: list[dict[str, str]]) -> JobState:
        """Put the job aside until somebody resumes it; return its state, queued where nobody wants the pause now."""
        return JobState(self._write(PAUSE, lines=_json(lines))[0])

    def abandon(self, lines: list[dict[str, str]]) -> None:
        """Give the job back as one whose worker was lost: three times without progress end it."""
        self._write(ABANDON, lines=_json(lines))

    def _write(self, statement: str, **values: Any) -> tuple[Any, ...]:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"id": self.job_id, "token": self.token, **values})
            row = cursor.fetchone()
        if row is None:
            raise LeaseLost
        return tuple(row)


def take(job_id: int, *, reserved_token: int | None = None) -> tuple[Lease, Job] | None:
    """Take the lease of a job that nobody holds, and return both; None when there is nothing to take.

    `reserved_token` is the token of a job that this process reserved for itself (`reserve`).
    """
    values: dict[str, int | str | None] = {
        "id": job_id,
        "worker": worker_name(),
        "token": reserved_token,
    }
    with system_scope(reason="job lease"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ACQUIRE, values)
        row = cursor.fetchone()
        if row is None:
            return None
        return Lease(job_id, row[0]), Job.objects.get(pk=job_id)


def reserve(job_id: int) -> int:
    """Keep a job that was just created from every other process for one lease; return its token."""
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, {"id": job_id, "worker": worker_name()})
        return int(cursor.fetchone()[0])


def _json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder)
