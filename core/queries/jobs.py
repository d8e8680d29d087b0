"""Reading long tasks."""

from django.db.models import Q, QuerySet

from core.errors import NotVisible
from core.jobs.access import JobActor, reaches_job
from core.jobs.registry import registered_kinds
from core.models import Job


def visible_jobs(actor: JobActor) -> QuerySet[Job]:
    """Return the jobs that the actor may see: their own, and all of the areas that they read without limits."""
    kinds = [kind.name for kind in registered_kinds() if actor.level(kind.area, "read") == "all"]
    reached = Q(kind__in=kinds)
    return Job.objects.filter(reached if actor.user is None else reached | Q(created_by=actor.user))


def visible_job(actor: JobActor, job_id: int) -> Job:
    """Return the job if the actor may see it: who asked for it, and who reads its whole area.

    Raises:
        NotVisible: it is not there, or not theirs.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not reaches_job(actor, job, "read"):
        raise NotVisible
    return job
