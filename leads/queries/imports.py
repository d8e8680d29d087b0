"""What leads know about an import."""

from collections.abc import Iterable
from pathlib import PurePath

from django.db.models import Exists, F, OuterRef, Q

from accounts.actor import Actor
from core.intake.access import IntakeActor
from core.models import Intake
from core.queries.intakes import get_intake
from leads.models import FollowUp, Lead, Note
from leads.queries.leads import visible_leads


def rollback_preview(actor: IntakeActor, intake: Intake) -> dict[str, int]:
    """Return what a rollback would withdraw, restore and, since it was worked on, keep. Two counts."""
    get_intake(actor, intake.pk)
    if intake.corrects_id is not None:
        return {"withdrawn": intake.accepted - intake.updated, "restored": intake.updated, "kept_edited": 0}
    made = Lead.objects.filter(intake_id=intake.pk).order_by()
    worked_on = Q(Exists(Note.objects.filter(lead=OuterRef("pk")))) | Q(
        Exists(FollowUp.objects.filter(lead=OuterRef("pk")))
    )
    untouched = made.filter(~worked_on, updated_at=F("created_at")).count()
    return {"withdrawn": untouched, "restored": intake.updated, "kept_edited": made.count() - untouched}


def leads_worked_on(lead_ids: Iterable[int]) -> set[int]:
    """Return which of the leads somebody has written a note about, or planned a follow-up for.

    That is work, though it changes no column of the lead.
    """
    wanted = list(lead_ids)
    if not wanted:
        return set()
    return {
        lead_id
        for work in (Note, FollowUp)
        for lead_id in work.objects.filter(lead_id__in=wanted).order_by().values_list("lead_id", flat=True)
    }


def kept_leads(actor: Actor, references: Iterable[str]) -> list[str]:
    """Return those of a rollback's kept leads that the actor sees, in the order given."""
    wanted = list(references)
    seen = (
        set(visible_leads(actor).filter(reference__in=wanted).values_list("reference", flat=True))
        if wanted
        else set()
    )
    return [reference for reference in wanted if reference in seen]


def error_file_name(intake: Intake) -> str:
    """Return what the error workbook of an import is called; control characters are left out."""
    stem = PurePath(intake.filename).stem
    return f"{''.join(filter(str.isprintable, stem))} – to correct.xlsx"
