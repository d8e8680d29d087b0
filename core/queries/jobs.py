"""Reading long tasks."""

from django.db.models import Q, QuerySet

from core.errors import NotVisible
from core.jobs.access import JobActor, reaches_job
from core.jobs.registry import registered_kinds
from core.models import Job


def visible_jobs(actor: JobActor) -> QuerySet[Job]:
    """Return the jobs that the actor may see: their own, and all of the areas that they read without limits."""
    levels = {kind.name: actor.level(kind.area, "read") for kind in registered_kinds()}
    reached = Q(kind__in=[name for name, level in levels.items() if level == "all"])
    if actor.user is None:
        return Job.objects.filter(reached)
    own = Q(created_by=actor.user)
    if actor.is_restricted:
        own &= Q(kind__in=[name for name, level in levels.items() if level != "none"])
    return Job.objects.filter(reached | own)


def visible_job(actor: JobActor, job_id: int) -> Job:
    """Return the job if the actor may see it: who asked for it, and who reads its whole area.

    Raises:
        NotVisible: it is not there, or not theirs.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not reaches_job(actor, job, "read"):
        raise NotVisible
    return job
