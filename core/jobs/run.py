"""What a handler of jobs is given: where to resume, batches that commit with their cursor, progress, log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from core.jobs import shutdown
from core.jobs.errors import CancelRequested, LeaseLost, PauseRequested, WorkerStopping
from core.jobs.heartbeat import Heartbeat
from core.jobs.lease import Asked, Lease, log_line
from core.models import Job

Progress = Callable[[int, int | None], None]

# A worker that was stopped in a batch holds locks that its successor needs: the database ends its session.
IDLE_IN_BATCH = "15s"


class JobRun:
    """One worker's work on one job, from taking it to finishing it or losing it.

    The handler runs in the scope of the job's organisation, as who asked for the job.
    """

    def __init__(
        self, job: Job, lease: Lease, heartbeat: Heartbeat, progress: Progress | None = None
    ) -> None:
        self.job = job
        self.parameters: dict[str, Any] = job.parameters
        # What the last committed batch said; {} at the start.
        self.cursor: dict[str, Any] = job.cursor
        self.done = job.done
        self.total = job.total
        self.lease = lease
        self._heartbeat = heartbeat
        self._progress = progress
        self._lines: list[dict[str, str]] = []
        self._asked = Asked(cancel=job.cancel_requested, pause=job.pause_requested)
        self._batch: dict[str, Any] | None = None

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled the job; the next batch will not begin."""
        return self._asked.cancel or self._heartbeat.cancel_requested

    @property
    def paused(self) -> bool:
        """Whether somebody paused the job; the next batch will not begin."""
        return self._asked.pause or self._heartbeat.pause_requested

    def check(self) -> None:
        """Stop the run here if it must stop. Long work between batches calls this every second or so.

        Raises:
            RunEnded: cancelled or paused, or the worker shuts down, or another worker has the job. Let it pass.
        """
        if self._heartbeat.lost:
            raise LeaseLost
        if self.cancelled:
            raise CancelRequested
        if self.paused:
            raise PauseRequested
        if shutdown.requested():
            raise WorkerStopping

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One transaction that ends with the fence: all of it commits with the cursor, or none of it.

        Within the block `advance` says where the next batch begins. Keep a batch to a few seconds:
        cancelling, pausing and shutting down wait for its end, and 15 s without a statement end its transaction.

        Raises:
            RunEnded: as `check` does before the batch; LeaseLost at its end rolls it back.
        """
        if self._batch is not None:
            raise RuntimeError("A batch cannot be opened within a batch: its cursor would commit too early.")
        self.check()
        self._batch = {}
        try:
            outermost = not connection.in_atomic_block
            with transaction.atomic(durable=True):
                if outermost:
                    limit_idle_time()
                yield
                moved = {"cursor": self.cursor, "done": self.done, "total": self.total, **self._batch}
                written = len(self._lines)
                asked = self.lease.advance(**moved, lines=self._lines)
        finally:
            self._batch = None
        self._moved(moved, written, asked)

    def advance(
        self,
        *,
        cursor: dict[str, Any] | None = None,
        done: int | None = None,
        total: int | None = None,
    ) -> None:
        """Say how far the job is. What is left out stays as it was.

        In a batch it commits with the batch; outside it is written at once.

        Args:
            cursor: JSON that the handler needs to resume after what is committed then.
            done: units of work finished so far, in all.
            total: units of work there are.
        """
        said = {"cursor": cursor, "done": done, "total": total}
        moved = {name: value for name, value in said.items() if value is not None}
        if self._batch is not None:
            self._batch.update(moved)
            return
        self._write({"cursor": self.cursor, "done": self.done, "total": self.total, **moved})

    def log(self, text: str, level: str = "info") -> None:
        """Add a line to the job's log (the last 200 are kept). `level`: info, warning or error.

        In a batch it is written with the batch's end, even when the batch fails; outside at once.
        No personal data: the log is shown on pages and kept.
        """
        self._lines.append(log_line(text, level))
        if self._batch is None:
            self._write({"cursor": self.cursor, "done": self.done, "total": self.total})

    def take_lines(self) -> list[dict[str, str]]:
        """Return the lines that are not written yet; who takes them writes them."""
        lines, self._lines = self._lines, []
        return lines

    def _write(self, moved: dict[str, Any]) -> None:
        written = len(self._lines)
        self._moved(moved, written, self.lease.advance(**moved, lines=self._lines))

    def _moved(self, moved: dict[str, Any], written: int, asked: Asked) -> None:
        self.cursor, self.done, self.total = moved["cursor"], moved["done"], moved["total"]
        del self._lines[:written]
        self._asked = asked
        if self._progress:
            self._progress(self.done, self.total)


def limit_idle_time() -> None:
    """Let the database end this transaction when nothing is heard of it for 15 s."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [IDLE_IN_BATCH])
