"""Reading how changes of many leads went: by who asked for them, and nobody else."""

from accounts.actor import Actor
from core.errors import NotVisible
from core.models import Job
from leads.services.bulk import BULK


def get_bulk_change(actor: Actor, job_id: int) -> Job:
    """Return the actor's own change of many leads. Raises NotVisible."""
    job = Job.objects.filter(pk=job_id, kind=BULK).first()
    if job is None or actor.user is None or job.created_by_id != actor.user.pk:
        raise NotVisible("You have no change with this number.")
    return job
