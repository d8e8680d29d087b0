"""Removing what is old: a job per organisation and day, in batches that commit with its cursor."""

import time
import uuid
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from core.errors import ApplicationError
from core.jobs import JobRun, job_kind
from core.models import PurgeRecord
from core.retention.registry import Purge, registered_purges

log = structlog.get_logger("leadledger.retention")

RETENTION = "core.retention"
TITLE = "Removal of what is old"
BATCH = 1_000
# One purge takes this long at most in one run; what is left goes the next day.
LONGEST_SECONDS = 600.0


@job_kind(RETENTION, area="configuration")
def remove_old_rows(run: JobRun) -> dict[str, dict[str, int]]:
    """Run every purge for one organisation. One that fails does not keep the others from running.

    The cursor is {"finished": [names], "rows": {name: rows removed}}.
    """
    purges = registered_purges()
    finished: list[str] = run.cursor.get("finished", [])
    failed = []
    for purge in purges:
        if purge.name in finished:
            continue
        try:
            _remove(run, purge)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            failed.append(purge.name)
            _note_failure(run, purge, error)
        finished = [*finished, purge.name]
        run.advance(cursor={**run.cursor, "finished": finished}, done=len(finished), total=len(purges))
    if failed:
        raise ApplicationError(
            "purge_failed", f"Not all was removed: {', '.join(failed)} failed, see the log."
        )
    return {"rows": run.cursor.get("rows", {})}


def _remove(run: JobRun, purge: Purge) -> None:
    before = purge.before
    until = time.monotonic() + LONGEST_SECONDS
    # A run that was interrupted goes on counting.
    removed = run.cursor.get("rows", {}).get(purge.name, 0)
    _begin_record(purge)
    while before is not None and time.monotonic() < until:
        with run.batch():
            with purge.scope():
                rows = purge.delete(before, BATCH)
            removed += rows
            _record(purge, rows=None if purge.whole_installation else removed)
            run.advance(cursor={**run.cursor, "rows": {**run.cursor.get("rows", {}), purge.name: removed}})
        if rows == 0:
            break
    _record(purge, finished_at=timezone.now())
    if removed:
        run.log(f"{purge.name}: {removed:,} removed.")
        log.info("purge_done", purge=purge.name, rows=removed)


def _begin_record(purge: Purge) -> None:
    begun = {"started_at": timezone.now(), "finished_at": None, "rows": None, "error": ""}
    PurgeRecord.objects.update_or_create(purge=purge.name, defaults=begun)


def _record(purge: Purge, **values: Any) -> None:
    PurgeRecord.objects.filter(purge=purge.name).update(**values)


def _note_failure(run: JobRun, purge: Purge, error: Exception) -> None:
    error_id = uuid.uuid4().hex[:12]
    log.exception("purge_failed", purge=purge.name, error_id=error_id)
    told = error.message if isinstance(error, ApplicationError) else f"It failed; error id {error_id}."
    _record(purge, error=told)
    run.log(f"{purge.name}: {told}", "error")
