"""Kept rows that a correction has settled: which those are, and how they come back to wait."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone

from core.models import Intake, IntakeRow, RowState

REOPENED_COLUMNS = ("state", "cells", "reasons", "repeats", "repeats_id", "corrected_by", "updated_at")


def rows_loaded_by(intake: Intake, numbers: Sequence[int]) -> list[int]:
    """Return which of the row numbers this intake loaded: all of them, or, of a correction, its own."""
    if intake.corrects_id is None:
        return list(numbers)
    return list(_settled_rows(intake, numbers).values_list("number", flat=True))


def reopen_rows(intake: Intake, numbers: Sequence[int]) -> None:
    """Let the rows that this intake settled wait again, with the cells and reasons they last waited with."""
    locked = _settled_rows(intake, numbers).select_for_update(no_key=True).order_by("number")
    settled = {row.pk: row for row in locked}
    waited = (
        IntakeRow.history.model.objects.filter(id__in=settled, state=RowState.REJECTED)
        .order_by("id", "-history_id")
        .distinct("id")
    )
    now = timezone.now()
    for before in waited:
        row = settled[before.id]
        row.state, row.corrected_by, row.updated_at = RowState.REJECTED, None, now
        row.cells, row.reasons = before.cells, before.reasons
        row.repeats, row.repeats_id = before.repeats, before.repeats_id
    IntakeRow.objects.bulk_update(settled.values(), REOPENED_COLUMNS, batch_size=500)


def _settled_rows(intake: Intake, numbers: Sequence[int]) -> QuerySet[IntakeRow]:
    """The rows, among those with these numbers, that a root's corrections settled, or that a correction did."""
    rows = IntakeRow.objects.filter(intake_id=intake.corrects_id or intake.pk, number__in=list(numbers))
    return rows.filter(corrected_by=intake) if intake.corrects_id else rows.filter(corrected_by__isnull=False)
