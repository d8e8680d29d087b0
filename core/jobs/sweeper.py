"""Finds jobs and messages whose wake-up was lost or whose worker died, and wakes a worker for them; starts
what the scheduler should have started.

A thread in the main process of every worker. Databases and brokers come and go; it stays, and tries again.
"""

import threading
import time

import structlog
from django.db import connection

from core.jobs.lease import worker_name
from core.jobs.wakeup import send_wake_up
from core.outbox.sweeping import wake_due_messages
from core.retention.scheduling import GRACE, start_retention
from core.schedule import start_registered_work
from core.scope import system_scope

log = structlog.get_logger("leadledger.jobs")

SWEEP_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 10.0
# How often the daily work is looked after; the scheduler looks by itself.
DAILY_WORK_SECONDS = 60.0
# A waiting job is woken this often at most, and only the oldest few: a busy queue must not fill the broker.
WAKE_AGAIN_SECONDS = 10
WOKEN_TOGETHER = 50

DUE = f"""
WITH oldest AS (
    SELECT id FROM core_job
     WHERE state IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < clock_timestamp())
     ORDER BY id LIMIT {WOKEN_TOGETHER})
UPDATE core_job SET woken_at = clock_timestamp() WHERE id IN (
    SELECT id FROM core_job WHERE id IN (SELECT id FROM oldest)
       AND (woken_at IS NULL OR woken_at < clock_timestamp() - interval '{WAKE_AGAIN_SECONDS} seconds')
       FOR UPDATE SKIP LOCKED)
RETURNING id
"""
NOT_WOKEN = "UPDATE core_job SET woken_at = NULL WHERE id = ANY(%s)"
BEAT = """
INSERT INTO core_workerheartbeat (worker, started_at, beat_at)
VALUES (%s, clock_timestamp(), clock_timestamp())
ON CONFLICT (worker) DO UPDATE SET beat_at = EXCLUDED.beat_at
"""
FORGET_OLD_WORKERS = "DELETE FROM core_workerheartbeat WHERE beat_at < clock_timestamp() - interval '1 day'"
FORGET_WORKER = "DELETE FROM core_workerheartbeat WHERE worker = %s"


def claim_due_jobs() -> list[int]:
    """Return the ids of jobs that a worker should be woken for now, and note that it is about to happen."""
    with system_scope(reason="job sweeper"), connection.cursor() as cursor:
        cursor.execute(DUE)
        return sorted(row[0] for row in cursor.fetchall())


def wake_due_jobs() -> int:
    """Send a wake-up for each due job; return how many the broker took."""
    due = claim_due_jobs()
    sent = 0
    while sent < len(due) and send_wake_up(due[sent]):
        sent += 1
    if sent < len(due):
        with system_scope(reason="job sweeper"), connection.cursor() as cursor:
            cursor.execute(NOT_WOKEN, [due[sent:]])
    return sent


def beat() -> None:
    """Note that this worker is alive, for `/readyz`."""
    with system_scope(reason="worker heartbeat"), connection.cursor() as cursor:
        cursor.execute(BEAT, [worker_name()])


class Sweeper:
    """The thread: sweeps every 2 s until stopped, more slowly while the database is away."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._looked_at_daily_work = float("-inf")
        self._thread = threading.Thread(target=self._sweep, name="job-sweeper", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End the thread, waiting up to `seconds` for the sweep it is in."""
        self._over.set()
        self._thread.join(timeout=seconds)

    def _sweep(self) -> None:
        pause = 0.0
        started = False
        while not self._over.wait(pause):
            try:
                if not started:
                    self._execute(FORGET_OLD_WORKERS)
                    started = True
                beat()
                wake_due_jobs()
                wake_due_messages()
                self._start_overdue_work()
                pause = SWEEP_SECONDS
            except Exception as error:
                # Whatever it is, the next jobs need this thread: begin anew with another connection.
                log.warning("job_sweep_failed", error=str(error))
                connection.close()
                pause = min(max(pause, SWEEP_SECONDS) * 2, LONGEST_PAUSE_SECONDS)
        self._leave()

    def _start_overdue_work(self) -> None:
        if time.monotonic() - self._looked_at_daily_work >= DAILY_WORK_SECONDS:
            self._looked_at_daily_work = time.monotonic()
            start_retention(late_by=GRACE)
            start_registered_work(late_by=GRACE)

    def _leave(self) -> None:
        try:
            self._execute(FORGET_WORKER, [worker_name()])
        except Exception as error:
            log.warning("job_sweep_failed", error=str(error))
        finally:
            connection.close()

    @staticmethod
    def _execute(statement: str, values: list[str] | None = None) -> None:
        with system_scope(reason="worker heartbeat"), connection.cursor() as cursor:
            cursor.execute(statement, values)
