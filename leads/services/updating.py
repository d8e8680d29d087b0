"""Updating many leads at once: what an import in update mode does to the leads that stand already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from leads.fields.capture import CaptureContext, Problem, capture
from leads.fields.line import LineDefinition
from leads.models import BusinessLine, DuplicateKey, Lead
from leads.services.derived import KeyMaker, insert_keys, remove_derived_rows, write_derived_rows
from leads.services.recording import Outcome, Result, fill_core_attributes

CHANGED = (
    "version", "data", "compare", "name", "phone", "email", "amount", "amount_minor", "city", "region", "updated_at",
)  # fmt: skip


@dataclass(slots=True)
class LeadUpdate:
    """One repeat that becomes an update: filled cells by field key. `outcome` is told what became of it."""

    outcome: Outcome
    lead_id: int
    given: Mapping[str, Any]


def leads_touched_by(lead_ids: Iterable[int | None], job_id: int | None) -> set[int]:
    """Return which of the leads a job has created or changed already: history knows."""
    history = Lead.history.model.objects
    rows = history.filter(id__in=[pk for pk in lead_ids if pk], history_job_id=job_id)
    return set(rows.values_list("id", flat=True)) if job_id else set()


def update_leads(
    line: BusinessLine, definition: LineDefinition, context: CaptureContext, updates: Sequence[LeadUpdate]
) -> None:
    """Fill the given values into stored leads; a row that does not validate with the stored values is refused.

    Call inside a transaction. Core attributes that no field fills, owner and stage stay as they are.
    """
    leads = {
        lead.pk: lead
        for lead in Lead.objects.select_for_update().filter(pk__in=[item.lead_id for item in updates]).order_by("pk")
    }
    maker = KeyMaker(definition, line.duplicate_match, line.on_duplicate)
    changed: list[Lead] = []
    for item in updates:
        lead = leads.get(item.lead_id)
        if lead is None:
            continue
        captured = capture(definition, item.given, context, stored=lead.data)
        problems = captured.problems or _taken_keys(line, maker, lead, captured.data)
        if problems:
            item.outcome.result, item.outcome.problems = Result.REFUSED, problems
            continue
        lead.version, lead.data, lead.compare = definition.version, captured.data, captured.compare
        lead.updated_at = timezone.now()
        fill_core_attributes(lead, definition)
        item.outcome.result, item.outcome.lead = Result.UPDATED, lead
        changed.append(lead)
    _store(changed, line, definition, maker)


def _taken_keys(line: BusinessLine, maker: KeyMaker, lead: Lead, data: Mapping[str, Any]) -> list[Problem]:
    keys = maker.keys(data)
    taken = (
        DuplicateKey.objects.filter(line_id=line.pk, key__in=list(keys.unique))
        .exclude(lead_id=lead.pk)
        .values_list("key", flat=True)
    )
    return [Problem(keys.unique[key], "unique") for key in taken]


def _store(leads: list[Lead], line: BusinessLine, definition: LineDefinition, maker: KeyMaker) -> None:
    if not leads:
        return
    Lead.objects.bulk_update(leads, CHANGED, batch_size=500)
    remove_derived_rows([lead.pk for lead in leads])
    write_derived_rows(leads, definition)
    insert_keys(leads, maker)
