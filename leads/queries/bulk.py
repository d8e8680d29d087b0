"""Reading how changes of many leads went: by who asked for them, and nobody else."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actor import Actor
from core.errors import NotVisible
from core.models import Job, JobState
from leads.models import BulkChange, BulkChangedLead, Lead, Undone
from leads.queries.leads import visible_leads

BULK, UNDO = "leads.bulk", "leads.bulk_undo"
# So many leads that stayed as they are stand on the page.
MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class UndoState:
    """Whether a change can be taken back, until when (None for ever), and the job that does or did so."""

    is_offered: bool
    until: dt.datetime | None = None
    job_id: int | None = None


def get_bulk_change(actor: Actor, job_id: int) -> Job:
    """Return the actor's own change of many leads, or what takes one back. Raises NotVisible."""
    job = Job.objects.filter(pk=job_id, kind__in=(BULK, UNDO)).first()
    if job is None or actor.user is None or job.created_by_id != actor.user.pk:
        raise NotVisible("You have no change with this number.")
    return job


def undo_until(job: Job) -> dt.datetime | None:
    """Return until when a change that has ended can be taken back; None for ever."""
    days = settings.RETENTION_BULK_CHANGES_DAYS
    return (job.finished_at or job.created_at) + dt.timedelta(days=days) if days > 0 else None


def read_undo(job: Job) -> UndoState:
    """Return whether a change can be taken back now, or what has become of that."""
    change = BulkChange.objects.filter(job=job.pk).first() if job.kind == BULK and job.is_finished else None
    if change is None:
        return UndoState(False)
    earlier = Job.objects.filter(pk=change.undo_job).first() if change.undo_job else None
    until = undo_until(job)
    can_begin = earlier is None or earlier.state in (JobState.FAILED, JobState.CANCELLED)
    is_in_time = until is None or timezone.now() <= until
    left = (
        BulkChangedLead.objects.filter(job=job.pk, undone="").exists() if can_begin and is_in_time else False
    )
    return UndoState(left, until, earlier.pk if earlier else None)


def leads_changed_since(actor: Actor, undo: Job) -> list[Lead]:
    """Return the leads that an undo has left because somebody changed them since, of those that the actor sees."""
    rows = BulkChangedLead.objects.filter(
        job=undo.parameters["change"], undone=Undone.CHANGED_SINCE, lead_id=OuterRef("pk")
    )
    leads = visible_leads(actor).filter(Exists(rows)).select_related("line")
    return list(leads.order_by("-pk")[:MOST_NAMED])
