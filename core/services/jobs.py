"""Asking for long tasks, and cancelling them. How they run is `core.jobs`."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import NotPermitted
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
    if not reaches_job(actor, job, "write"):
        raise NotPermitted
    with transaction.atomic():
        found = Job.objects.select_for_update().get(pk=job.pk)
        if found.state == JobState.QUEUED and found.lease_until is None:
            found.state = JobState.CANCELLED
            found.finished_at = timezone.now()
            found.log = [*found.log, log_line("Cancelled before it began.", "warning")]
            found.save(update_fields=["state", "finished_at", "log"])
        elif found.state in UNFINISHED:
            found.cancel_requested = True
            found.save(update_fields=["cancel_requested"])
    return found


def _create(kind: str, title: str, parameters: dict[str, Any] | None, actor: JobActor | None) -> Job:
    find_kind(kind)
    return Job.objects.create(
        kind=kind, title=title[:300], parameters=parameters or {}, created_by=actor.user if actor else None
    )
