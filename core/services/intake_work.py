"""Stopping the work on an intake: pause, resume, cancel. What runs it is a job (`core.services.jobs`)."""

from django.db import transaction

from core.errors import Conflict
from core.intake.access import IntakeActor
from core.intake.importer import importer_for
from core.models import Intake, Job
from core.queries.intakes import get_intake
from core.services.jobs import cancel_job, pause_job, resume_job


@transaction.atomic
def pause_intake(*, actor: IntakeActor, intake_id: int) -> Intake:
    """Let a load or rollback rest after its running batch, until somebody resumes it.

    Raises Conflict where nothing is at work, it rests already, or only a check runs, which stores nothing.
    """
    intake, job = _at_work(actor, intake_id)
    intake.job = pause_job(job=job, actor=actor)
    return intake


@transaction.atomic
def resume_intake(*, actor: IntakeActor, intake_id: int) -> Intake:
    """Let a paused load or rollback go on behind the rows it has done. Raises Conflict where it is not paused."""
    intake, job = _at_work(actor, intake_id)
    intake.job = resume_job(job=job, actor=actor)
    return intake


@transaction.atomic
def cancel_intake(*, actor: IntakeActor, intake_id: int) -> Intake:
    """End the work on an intake after its running batch, at once where it is paused.

    What was loaded stays, until it is rolled back. Raises Conflict where nothing is at work.
    """
    intake, job = _at_work(actor, intake_id)
    intake.job = cancel_job(job=job, actor=actor)
    return intake


def _at_work(actor: IntakeActor, intake_id: int) -> tuple[Intake, Job]:
    intake = get_intake(actor, intake_id)
    actor.require(importer_for(intake).area, "write")
    if intake.job is None or intake.job.is_finished:
        raise Conflict("not_running", "Nothing is at work on this import. Look at its state.")
    return intake, intake.job
