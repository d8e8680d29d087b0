"""What leads know about an import."""

from pathlib import PurePath

from django.db.models import F

from core.intake.access import IntakeActor
from core.models import Intake
from core.queries.intakes import get_intake
from leads.models import Lead


def rollback_preview(actor: IntakeActor, intake: Intake) -> dict[str, int]:
    """Return what a rollback would withdraw, restore and, since it was edited, keep. Two counts."""
    get_intake(actor, intake.pk)
    if intake.corrects_id is not None:
        return {"withdrawn": intake.accepted - intake.updated, "restored": intake.updated, "kept_edited": 0}
    made = Lead.objects.filter(intake_id=intake.pk)
    untouched = made.filter(updated_at=F("created_at")).count()
    return {"withdrawn": untouched, "restored": intake.updated, "kept_edited": made.count() - untouched}


def error_file_name(intake: Intake) -> str:
    """Return what the error workbook of an import is called; control characters are left out."""
    stem = PurePath(intake.filename).stem
    return f"{''.join(filter(str.isprintable, stem))} – to correct.xlsx"
