"""Proposals that a person adjusts: the file is kept, a job looks at it, and what it found waits to be published.

A proposal is the job that made it: technical, its asker's alone, and gone with the job's retention.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict
from core.intake.cells import storable
from core.intake.matching import normalized_name
from core.intake.storage import discard_file, local_path, store_file
from core.jobs import JobRun, job_kind
from core.models import Intake, Job, JobState, Organization
from core.retention.files import media_folder
from core.services.intakes import check_intake, receive_file
from core.services.jobs import enqueue_job
from leads.models import BusinessLine
from leads.services.proposing import AppliedProposal, apply_proposal, look_at_file, names_of_fields

PROPOSE = "leads.propose"
FOLDER = "proposals"
LONGEST_NAME = 255
CHUNK = 1024 * 1024

__all__ = ["import_proposed", "publish_proposed", "receive_proposed"]


def receive_proposed(
    *, actor: Actor, filename: str, chunks: Iterable[bytes], line_code: str = "", line_name: str = ""
) -> Job:
    """Keep a file and have a job look at it.

    Args:
        line_code: the line that the fields are for; it need not be there yet.
        line_name: what a new line will be called.

    Raises:
        NotPermitted: the actor may not configure lines.
        TooLarge: the file is; nothing of it stays.
    """
    actor.require(Area.CONFIGURATION, "write")
    filename = storable(filename)[-LONGEST_NAME:]
    stored = store_file(chunks, folder=FOLDER)
    try:
        with transaction.atomic():
            return enqueue_job(
                kind=PROPOSE,
                title=f"Look at {filename}",
                parameters={
                    "path": stored.path,
                    "filename": filename,
                    "size": stored.size,
                    "line": line_code,
                    "name": line_name,
                },
                actor=actor,
            )
    except BaseException:
        discard_file(stored.path)
        raise


@job_kind(PROPOSE, area="configuration", has_private_result=True)
def look(run: JobRun) -> dict[str, Any]:
    """Look at a kept file. A run that was interrupted begins again: nothing was written."""
    organization = Organization.objects.get(pk=run.job.organization_id)

    def progress(done: int, total: int) -> None:
        run.check()
        run.advance(done=done, total=total)

    facts = look_at_file(
        actor=Actor.system(organization),
        path=local_path(run.parameters["path"]),
        filename=run.parameters["filename"],
        progress=progress,
    )
    return {"facts": facts.written()}


def publish_proposed(
    *,
    actor: Actor,
    job: Job,
    line_code: str,
    definitions: Sequence[Mapping[str, Any]],
    duplicate_match: Sequence[str] = (),
    name: str = "",
) -> AppliedProposal:
    """Publish a line with the fields that somebody has settled on, and note on the proposal which line it was.

    Raises: as `apply_proposal`.
    """
    with transaction.atomic():
        applied = apply_proposal(
            actor=actor,
            line_code=line_code,
            definitions=definitions,
            duplicate_match=duplicate_match,
            name=name,
            reason=f"fields from {job.parameters['filename']}"[:500],
        )
        found = Job.objects.select_for_update().get(pk=job.pk)
        found.result = {**(found.result or {}), "line": line_code}
        found.save(update_fields=["result"])
    return applied


def import_proposed(*, actor: Actor, job: Job) -> Intake:
    """Bring the very file of a published proposal in, and start checking it.

    A column that the line has a field for and that was not matched to it is left to whoever looks at the
    columns: then nothing is checked yet.

    Raises:
        NotPermitted: the actor may not load files.
        Conflict: the line is not published yet, or the file is gone or loaded.
    """
    line = (job.result or {}).get("line")
    path = local_path(job.parameters["path"])
    if job.state != JobState.DONE or not line:
        raise Conflict("not_published", "Publish the fields first; then the file can be brought in.")
    if not path.is_file():
        raise Conflict("file_gone", "The file was cleared away since. Bring it in once more at Imports.")
    intake = receive_file(
        actor=actor,
        importer="leads",
        target=line,
        filename=job.parameters["filename"],
        chunks=_chunks(path),
    )
    if not _unmatched(intake):
        check_intake(actor=actor, intake_id=intake.pk)
    return intake


def _unmatched(intake: Intake) -> list[str]:
    """The columns of the file that the line knows by name and that fill nothing."""
    known = names_of_fields(BusinessLine.objects.get(code=intake.target))
    return [
        header
        for header, target in zip(intake.header, intake.mapping, strict=True)
        if not target and normalized_name(header) in known
    ]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


@media_folder(FOLDER)
def known_proposal_files(names: list[str]) -> set[str]:
    """Files of proposals whose jobs are still there."""
    return set(
        Job.objects.filter(kind=PROPOSE, parameters__path__in=names).values_list(
            "parameters__path", flat=True
        )
    )
