"""Taking an import back: withdraw the leads it made, restore those it changed, keep what was edited since."""

from collections.abc import Iterable, Sequence

from django.db.models import F
from django.utils import timezone

from core.models import Intake, IntakeRow, RowState
from leads.models import Lead
from leads.services.derived import rebuild_derived_rows, remove_derived_rows
from leads.services.recording import LEAD_COLUMNS

NOT_RESTORED = {"id", "organization_id", "line_id", "reference", "repeat_enquiries", "created_at"}
RESTORED = tuple(name for name in LEAD_COLUMNS if name not in NOT_RESTORED)


def withdraw_rows(intake_id: int, numbers: Sequence[int]) -> tuple[int, list[str]]:
    """Withdraw the leads made from these rows of an intake; return how many, and who was edited and stays."""
    made = Lead.objects.filter(intake_id=intake_id, row_number__in=list(numbers))
    edited = list(
        made.exclude(updated_at=F("created_at")).order_by("row_number").values_list("reference", flat=True)
    )
    untouched = list(made.filter(updated_at=F("created_at")).values_list("pk", flat=True))
    Lead.objects.filter(pk__in=untouched).update(deleted_at=timezone.now())
    remove_derived_rows(untouched)
    return len(untouched), edited


def restore_before_images(intake_id: int, numbers: Sequence[int]) -> tuple[int, list[str]]:
    """Give the leads that these rows updated their values of before, from history, unless edited since."""
    rows = IntakeRow.objects.filter(
        intake_id=intake_id,
        number__in=list(numbers),
        state__in=(RowState.UPDATED, RowState.CORRECTED),
        repeats_id__isnull=False,
    )
    lead_ids = {pk for pk in rows.values_list("repeats_id", flat=True) if pk is not None}
    restored, kept = [], []
    jobs = _jobs_of(intake_id)
    for lead in Lead.objects.select_for_update().filter(pk__in=lead_ids).order_by("pk"):
        changes = Lead.history.model.objects.filter(id=lead.pk, history_job_id__in=jobs)
        last = changes.order_by("-history_id").first()
        first = changes.order_by("history_id").first()
        before = first and _row_before(lead.pk, first.history_id)
        if before is None or last is None:
            continue
        if lead.updated_at != last.updated_at:
            kept.append(lead.reference)
            continue
        for name in RESTORED:
            setattr(lead, name, getattr(before, name))
        restored.append(lead)
    _store(restored)
    return len(restored), kept


def _row_before(lead_id: int, history_id: int) -> Lead | None:
    rows = Lead.history.model.objects.filter(id=lead_id, history_id__lt=history_id)
    return rows.order_by("-history_id").first()


def _jobs_of(intake_id: int) -> list[int]:
    intakes = Intake.objects.filter(pk=intake_id) | Intake.objects.filter(corrects_id=intake_id)
    return [job_id for job_id in intakes.values_list("load_job_id", flat=True) if job_id]


def _store(leads: Iterable[Lead]) -> None:
    leads = list(leads)
    if leads:
        Lead.objects.bulk_update(
            leads,
            [name.removesuffix("_id") if name in RELATIONS else name for name in RESTORED],
            batch_size=500,
        )
        rebuild_derived_rows(leads)


RELATIONS = {"owner_id", "team_id", "source_id", "campaign_id"}
