"""Asking for long tasks, pausing, resuming and cancelling them. How they run is `core.jobs`."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import Conflict, NotPermitted
from core.jobs.access import JobActor, reaches_job
from core.jobs.lease import log_line, reserve
from core.jobs.registry import find_kind
from core.jobs.wakeup import send_wake_up
from core.models import UNFINISHED, Job, JobState


def enqueue_job(
    *, kind: str, title: str, parameters: dict[str, Any] | None = None, actor: JobActor | None = None
) -> Job:
    """Create a job in the organisation in force, to be run by a worker once the transaction has committed.

    Args:
        kind: a registered kind (`core.jobs.job_kind`).
        title: one line for people, such as “Import of leads.xlsx”.
        parameters: JSON for the handler.
        actor: who asks; the job's writes carry that user in their history.

    Raises:
        UnknownKind: no app registers the kind.
    """
    job = _create(kind, title, parameters, actor)
    transaction.on_commit(partial(send_wake_up, job.pk))
    return job


def reserve_job(
    *, kind: str, title: str, parameters: dict[str, Any] | None = None, actor: JobActor | None = None
) -> Job:
    """Create a job for this very process, which runs it at once by `run_job_inline`. See `enqueue_job`.

    No wake-up is sent. Should this process be lost, a worker takes the job over when its lease has run out.
    """
    with transaction.atomic():
        job = _create(kind, title, parameters, actor)
        job.token = reserve(job.pk)
    return job


def cancel_job(*, job: Job, actor: JobActor) -> Job:
    """Ask for a job to end: at once where nobody runs it, else after the running batch.

    What its batches have written stays. A finished job is left as it is.

    Raises:
        NotPermitted: the job is another's, and the actor may not write its whole area.
    """
    with transaction.atomic():
        found = _locked(job, actor)
        if _is_held_by_nobody(found):
            found.state = JobState.CANCELLED
            found.finished_at = timezone.now()
            begun = "Cancelled." if found.started_at else "Cancelled before it began."
            found.log = [*found.log, log_line(begun, "warning")]
            found.save(update_fields=["state", "finished_at", "log"])
        elif found.state in UNFINISHED:
            found.cancel_requested = True
            found.save(update_fields=["cancel_requested"])
    return found


def pause_job(*, job: Job, actor: JobActor) -> Job:
    """Ask for a job to rest: at once where nobody runs it, else after the running batch.

    It keeps its cursor, holds no lease, and waits until somebody resumes or cancels it.

    Raises:
        NotPermitted: as `cancel_job`.
        Conflict: it has ended, ends, or is paused already; or its kind cannot go on where it stopped.
    """
    with transaction.atomic():
        found = _locked(job, actor)
        if found.is_finished:
            raise Conflict("job_ended", "It has ended meanwhile, so there is nothing to pause.")
        if found.cancel_requested:
            raise Conflict("job_ending", "It was cancelled already and ends after its current batch.")
        if found.state == JobState.PAUSED or found.pause_requested:
            raise Conflict("already_paused", "It was paused already. Resume it when it should go on.")
        if not find_kind(found.kind).can_pause:
            raise Conflict(
                "cannot_pause",
                "This work cannot go on where it stopped. Cancel it, and start it again later.",
            )
        found.paused_by = actor.user
        if _is_held_by_nobody(found):
            found.state = JobState.PAUSED
            found.paused_at = timezone.now()
        else:
            found.pause_requested = True
        found.log = [*found.log, log_line("Somebody asks for a pause.")]
        found.save(update_fields=["state", "paused_at", "paused_by", "pause_requested", "log"])
    return found


def resume_job(*, job: Job, actor: JobActor) -> Job:
    """Let a paused job go on at its cursor; a pause that has not taken effect yet is taken back.

    Raises:
        NotPermitted: as `cancel_job`.
        Conflict: it has ended, or it is not paused.
    """
    with transaction.atomic():
        found = _locked(job, actor)
        if found.is_finished:
            raise Conflict("job_ended", "It has ended meanwhile, so there is nothing to resume.")
        if found.state != JobState.PAUSED and not found.pause_requested:
            raise Conflict("not_paused", "It is not paused: it goes on already.")
        if found.state == JobState.PAUSED:
            found.state = JobState.QUEUED
            found.woken_at = None
            transaction.on_commit(partial(send_wake_up, found.pk))
        found.pause_requested, found.paused_at, found.paused_by = False, None, None
        found.log = [*found.log, log_line("Resumed.")]
        found.save(update_fields=["state", "woken_at", "paused_at", "paused_by", "pause_requested", "log"])
    return found


def _locked(job: Job, actor: JobActor) -> Job:
    """Return the job held against its worker and everybody else who presses a button now."""
    if not reaches_job(actor, job, "write"):
        raise NotPermitted
    return Job.objects.select_for_update().get(pk=job.pk)


def _is_held_by_nobody(job: Job) -> bool:
    return job.state == JobState.PAUSED or (job.state == JobState.QUEUED and job.lease_until is None)


def _create(kind: str, title: str, parameters: dict[str, Any] | None, actor: JobActor | None) -> Job:
    find_kind(kind)
    return Job.objects.create(
        kind=kind, title=title[:300], parameters=parameters or {}, created_by=actor.user if actor else None
    )
