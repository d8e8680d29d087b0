"""Runs jobs, in a worker or in the process that waits for them: the same lease, fence and endings in both."""

import time
import uuid
from dataclasses import dataclass

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from core.errors import ApplicationError, Contested
from core.jobs.errors import CancelRequested, JobFailed, LeaseLost, PauseRequested, WorkerStopping
from core.jobs.heartbeat import Heartbeat
from core.jobs.lease import MAXIMUM_LOSSES, Lease, log_line, take, worker_name
from core.jobs.registry import find_kind
from core.jobs.run import JobRun, Progress
from core.jobs.wakeup import send_wake_up
from core.models import Job, JobState
from core.scope import Scope, entered

log = structlog.get_logger("leadledger.jobs")

FOLLOW_SECONDS = 0.3
# Marks the line of a log by which a run ended itself, for another try: its worker was not lost.
GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: the job's new state (None: it is not finished), and what made it fail."""

    state: JobState | None
    error: Exception | None = None


def run_job(job_id: int) -> bool:
    """Run a job in this process if nobody else holds it; return whether it was ours.

    What the worker task calls. Whatever happens to the job is in its row and in the log: nothing is raised
    but what ends the process.
    """
    taken = take(job_id)
    if taken is None:
        return False
    _run(*taken)
    return True


def run_job_inline(job: Job, *, progress: Progress | None = None) -> Job:
    """Run a job here and now, for a command or a test, and return it done, with its result.

    Should another process hold the job, its progress is followed until it ends, or taken over when that
    process is lost. A job that somebody pauses is waited for. Ctrl-C cancels the job.

    Args:
        job: created by `enqueue_job` or `reserve_job`.
        progress: called with (done, total or None) after each step.

    Raises:
        ApplicationError: what the handler raised, or JobFailed with the job's own words.
    """
    ending: Ending | None = None
    with entered(_scope_of(job)):
        try:
            while ending is None or ending.state is None:
                taken = take(job.pk, reserved_token=job.token)
                ending = _run(*taken, progress=progress) if taken else _look_at(job, progress)
        except KeyboardInterrupt:
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
            # Nobody holds a paused job who could end it.
            resting = Job.objects.filter(pk=job.pk, state=JobState.PAUSED)
            resting.update(state=JobState.CANCELLED, finished_at=timezone.now())
            raise
        job.refresh_from_db()
    if isinstance(ending.error, ApplicationError):
        raise ending.error
    if job.state == JobState.CANCELLED:
        raise JobFailed("job_cancelled", "The job was cancelled. What it had finished until then stays.")
    if job.state == JobState.FAILED:
        raise JobFailed("job_failed", job.error) from ending.error
    return job


def _look_at(job: Job, progress: Progress | None) -> Ending:
    """Wait a moment for the process that holds the job, and report how far it is."""
    time.sleep(FOLLOW_SECONDS)
    job.refresh_from_db()
    if progress:
        progress(job.done, job.total)
    return Ending(JobState(job.state) if job.is_finished else None)


def _scope_of(job: Job) -> Scope:
    return Scope(
        organization_id=job.organization_id,
        actor_id=job.created_by_id,
        request_id=job.request_id,
        reason=job.kind,
        job_id=job.pk,
    )


def _run(lease: Lease, job: Job, progress: Progress | None = None) -> Ending:
    scope = _scope_of(job)
    with (
        structlog.contextvars.bound_contextvars(job_id=job.pk, job_kind=job.kind, request_id=job.request_id),
        entered(scope),
        Heartbeat(lease, scope) as heartbeat,
    ):
        run = JobRun(job, lease, heartbeat, progress)
        try:
            return _handle(run)
        except LeaseLost:
            log.warning("job_lease_lost")
        except (OperationalError, InterfaceError) as error:
            # The end of the job could not be written. Its lease runs out, and it is taken up again.
            log.warning("job_database_unreachable", error=str(error))
            _drop_broken_connection()
        return Ending(None)


def _handle(run: JobRun) -> Ending:
    """Call the handler and write how it ended; LeaseLost passes."""
    job = run.job
    if job.losses >= MAXIMUM_LOSSES:
        return _fail_for_losses(run)
    try:
        run.check()
        run.log(_first_line(run))
        log.info("job_started", losses=job.losses)
        result = find_kind(job.kind).handler(run)
        run.lease.finish(JobState.DONE, result=result, lines=run.take_lines())
    except CancelRequested:
        run.lease.finish(JobState.CANCELLED, lines=[*run.take_lines(), log_line("Cancelled.", "warning")])
        log.info("job_cancelled")
        return Ending(JobState.CANCELLED)
    except PauseRequested:
        _pause(run)
        return Ending(None)
    except (WorkerStopping, SystemExit) as stop:
        _release(run)
        if isinstance(stop, SystemExit):
            raise
        return Ending(None)
    except KeyboardInterrupt:
        run.lease.finish(JobState.CANCELLED, lines=[*run.take_lines(), log_line("Interrupted.", "warning")])
        raise
    except (OperationalError, InterfaceError) as error:
        _abandon(run, error, f"The database failed: {error}")
        return Ending(None)
    except Contested as error:
        _abandon(run, error, error.message)
        return Ending(None)
    except ApplicationError as error:
        return _fail(run, error, error.message)
    except Exception as error:
        return _fail_unexpectedly(run, error)
    log.info("job_done")
    return Ending(JobState.DONE)


def _first_line(run: JobRun) -> str:
    if losses := run.job.losses:
        return f"{worker_name()} continues; without progress, {losses} of {MAXIMUM_LOSSES} workers were lost."
    return f"{worker_name()} {'begins' if run.lease.token == 1 else 'continues'}."


def _fail(run: JobRun, error: Exception | None, message: str) -> Ending:
    run.lease.finish(JobState.FAILED, error=message, lines=[*run.take_lines(), log_line(message, "error")])
    log.info("job_failed", code=getattr(error, "code", ""))
    return Ending(JobState.FAILED, error)


def _fail_unexpectedly(run: JobRun, error: Exception) -> Ending:
    error_id = uuid.uuid4().hex[:12]
    log.exception("job_crashed", error_id=error_id)
    message = (
        "Something went wrong that is not your doing. Start it again; if it fails again, "
        f"tell support the error id {error_id}."
    )
    return _fail(run, error, message)


def _fail_for_losses(run: JobRun) -> Ending:
    log.error("job_loses_workers", losses=run.job.losses)
    return _fail(run, None, _why_it_stopped(run.job))


def _why_it_stopped(job: Job) -> str:
    """What kept ending the runs: the trouble that the last one wrote down, else a worker that was lost."""
    last = job.latest_log or {}
    if GIVEN_UP in last:
        return (
            f"It was tried {job.losses} times at the same place, and each time something kept it from going on. "
            f"The last time: {last['text']} What it had finished until then stays. Start it again a little later."
        )
    return (
        f"The worker was lost {job.losses} times at the same place, so the job was stopped. "
        "What it had finished until then stays; the log shows the last step. Check the input at that place."
    )


def _pause(run: JobRun) -> None:
    state = run.lease.pause([*run.take_lines(), log_line("It stops here, because it was paused.")])
    log.info("job_paused", state=state)
    if state == JobState.QUEUED:
        send_wake_up(run.job.pk)


def _release(run: JobRun) -> None:
    run.lease.release([*run.take_lines(), log_line("The worker shuts down; another one continues.")])
    log.info("job_released")
    send_wake_up(run.job.pk)


def _abandon(run: JobRun, error: Exception, told: str) -> None:
    """The database failed under the job, or others were quicker: passing trouble, tried again, and counted if
    nothing moves."""
    log.warning("job_abandoned", error=str(error))
    _drop_broken_connection()
    run.lease.abandon([*run.take_lines(), log_line(told, "error") | {GIVEN_UP: "yes"}])


def _drop_broken_connection() -> None:
    """Let the next statement open a new connection, unless a transaction around us is still in order."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
