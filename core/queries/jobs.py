"""Reading long tasks."""

from core.errors import NotVisible
from core.jobs.access import JobActor, reaches_job
from core.models import Job


def visible_job(actor: JobActor, job_id: int) -> Job:
    """Return the job if the actor may see it: who asked for it, and who reads its whole area.

    Raises:
        NotVisible: it is not there, or not theirs.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not reaches_job(actor, job, "read"):
        raise NotVisible
    return job
