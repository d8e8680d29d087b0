"""Reading the proposals that a person has asked for."""

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict, NotVisible
from core.models import Job, JobState
from leads.proposals.facts import FileFacts
from leads.services.stored_proposals import PROPOSE


def get_proposal_job(actor: Actor, job_id: int) -> Job:
    """Return the actor's own proposal: it quotes a file that others may not have seen.

    Raises:
        NotPermitted: the actor may not configure lines.
        NotVisible: there is none of the actor's with this number.
    """
    actor.require(Area.CONFIGURATION, "write")
    job = Job.objects.filter(pk=job_id, kind=PROPOSE).first()
    if job is None or actor.user is None or job.created_by_id != actor.user.pk:
        raise NotVisible("You have no proposal with this number. Upload the file again.")
    return job


def facts_of(job: Job) -> FileFacts:
    """Return what the job has found; raise Conflict while it has not, or where it failed."""
    if not job.is_finished:
        raise Conflict("not_ready", "The file is still being looked at. Try again in a moment.")
    if job.state != JobState.DONE or not job.result:
        raise Conflict("not_looked_at", job.error or "The file was not looked at. Upload it again.")
    return FileFacts.read(job.result["facts"])
