"""Fetching what exports have written: by who asked for it, and nobody else."""

from dataclasses import dataclass
from pathlib import Path

from accounts.actor import Actor
from accounts.key_scopes import permissions_named
from accounts.roles import Area
from core.errors import Conflict, NotVisible
from core.files_out.storage import local_path
from core.models import Job, JobState
from leads.services.exports import CONTENT_TYPES, EXPORT


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A written export: where it lies, and what a browser is told."""

    path: Path
    filename: str
    content_type: str


def get_export(actor: Actor, job_id: int) -> Job:
    """Return the actor's own export. Its rows are what this actor may see, so that nobody else gets it.

    Raises:
        NotVisible: there is none of the actor's with this number.
    """
    job = Job.objects.filter(pk=job_id, kind=EXPORT).first()
    asked = job is not None and actor.user is not None and job.created_by_id == actor.user.pk
    if job is None or not asked or not _shows_no_more(actor, job):
        raise NotVisible("You have no export with this number.")
    return job


def _shows_no_more(actor: Actor, job: Job) -> bool:
    """Whether the export was written within what the actor is restricted to: a person's own may hold more."""
    if actor.scopes is None:
        return True
    within = permissions_named(job.parameters.get("scopes"))
    return within is not None and within <= actor.scopes


def export_file(actor: Actor, job_id: int) -> ExportFile:
    """Return the file of an export that is done.

    Raises:
        NotPermitted: the actor reads leads no longer.
        NotVisible: it is not the actor's, was sent at once, or its file was cleared away.
        Conflict: it is not done, or failed; the message says what to do.
    """
    actor.require(Area.LEADS, "read")
    job = get_export(actor, job_id)
    if not job.is_finished:
        raise Conflict("not_ready", "The export is still being written. Try again in a moment.")
    if job.state != JobState.DONE:
        raise Conflict("not_written", "The export was not written. Start it again.")
    result = job.result or {}
    path = local_path(result["file"]) if "file" in result else None
    if path is None or not path.is_file():
        raise NotVisible("The file is no longer there. Export the list again.")
    return ExportFile(path, result["filename"], CONTENT_TYPES[job.parameters["format"]])
