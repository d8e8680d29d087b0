"""Taking an import back: withdraw the leads it made, restore those it changed, keep what was worked on since."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from psycopg import sql

from core.models import IntakeRow, RowState
from core.scope import current_organization_id
from leads.fields.line import line_definition
from leads.models import BusinessLine, DuplicateKey, Lead
from leads.queries.imports import leads_worked_on
from leads.queries.leads import standing_merges
from leads.services.accepting.gate import give_back
from leads.services.derived import KeyMaker, rebuild_derived_rows, remove_derived_rows
from leads.services.lead_rows import LEAD_COLUMNS
from leads.services.lines import pin_line
from leads.services.recording import lock_leads
from leads.services.scoring.applying import write_scores
from leads.services.stalling.clocks import renew_clocks, stop_clocks

# A score follows from the lead and the rules of today, not from those of then.
NOT_RESTORED = {"id", "organization_id", "line_id", "reference", "repeat_enquiries", "created_at", "score"}
RESTORED = tuple(name for name in LEAD_COLUMNS if name not in NOT_RESTORED)

# The history row that left a lead as it is now in all but its repeats, and the one before it.
BEFORE_IMAGES = """
SELECT lead.id, lead.reference, changed.history_job_id = ANY(%(jobs)s), before.history_id, lead.line_id
  FROM leads_lead lead
 CROSS JOIN LATERAL (
       SELECT history_id, history_job_id FROM leads_historicallead history
        WHERE history.organization_id = lead.organization_id AND history.id = lead.id
          AND history.updated_at = lead.updated_at
        ORDER BY history_id LIMIT 1) AS changed
 CROSS JOIN LATERAL (
       SELECT history_id FROM leads_historicallead history
        WHERE history.organization_id = lead.organization_id AND history.id = lead.id
          AND history.history_id < changed.history_id
        ORDER BY history_id DESC LIMIT 1) AS before
 WHERE lead.organization_id = %(organization)s AND lead.id = ANY(%(leads)s) AND lead.deleted_at IS NULL
 ORDER BY lead.id
"""
RESTORE = sql.SQL("""
UPDATE leads_lead AS lead SET {assignments} FROM leads_historicallead AS before
 WHERE lead.organization_id = %(organization)s AND before.organization_id = %(organization)s
   AND lead.id = before.id AND lead.id = ANY(%(leads)s) AND before.history_id = ANY(%(images)s)
""").format(
    assignments=sql.SQL(", ").join(
        sql.SQL("{0} = before.{0}").format(sql.Identifier(name)) for name in RESTORED
    )
)


def withdraw_rows(intake_id: int, numbers: Sequence[int]) -> tuple[int, list[str]]:
    """Withdraw the leads made from these rows of an intake; return how many, and which stay.

    Those stay that somebody has edited since, has written a note about or planned a follow-up for, or has merged:
    taking the merge back is for people to decide. Those that go give back their places under the caps of their
    sources, whose rules are locked.
    """
    made = (
        Lead.objects.select_for_update(no_key=True)
        .filter(intake_id=intake_id, row_number__in=list(numbers))
        .order_by("pk")
        .only("pk", "reference", "row_number", "created_at", "updated_at")
    )
    edited: list[tuple[int, str]] = []
    untouched: list[int] = []
    # Locked, so that a note that is being written comes before this, or finds the lead withdrawn.
    leads = list(made)
    worked_on = leads_worked_on(lead.pk for lead in leads)
    for lead in leads:
        if lead.updated_at == lead.created_at and lead.pk not in worked_on:
            untouched.append(lead.pk)
        else:
            edited.append((lead.row_number or 0, lead.reference))
    Lead.objects.filter(pk__in=untouched).update(deleted_at=timezone.now())
    remove_derived_rows(untouched)
    stop_clocks(untouched)
    give_back(untouched)
    edited += merged_leads(Lead.everything.filter(intake_id=intake_id, row_number__in=list(numbers)))
    return len(untouched), [reference for _row, reference in sorted(edited)]


def merged_leads(leads: QuerySet[Lead]) -> list[tuple[int, str]]:
    """Return those of some leads that are merged into others now: the row that brought each, and its reference."""
    merged = leads.filter(pk__in=standing_merges().values("lose_id"))
    return [(row or 0, reference) for row, reference in merged.values_list("row_number", "reference")]


def restore_before_images(
    intake_id: int, numbers: Sequence[int], job_ids: Sequence[int]
) -> tuple[int, list[str]]:
    """Give the leads that these rows updated their values of before, from history; return how many.

    A lead that was changed since by anything but `job_ids` stays as it is; the second result names those.
    """
    rows = IntakeRow.objects.filter(
        intake_id=intake_id,
        number__in=list(numbers),
        state__in=(RowState.UPDATED, RowState.CORRECTED),
        repeats_id__isnull=False,
    )
    updated = [lead_id for lead_id in rows.values_list("repeats_id", flat=True).distinct() if lead_id]
    if not updated:
        return 0, []
    lock_leads(updated)
    organization = current_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(BEFORE_IMAGES, {"jobs": list(job_ids), "organization": organization, "leads": updated})
        found = cursor.fetchall()
        images = {
            lead_id: (image, line_id) for lead_id, _reference, is_ours, image, line_id in found if is_ours
        }
        restored = {lead_id: images[lead_id][0] for lead_id in _free_to_restore(images)}
        cursor.execute(
            RESTORE,
            {"organization": organization, "leads": list(restored), "images": list(restored.values())},
        )
    leads = list(Lead.objects.filter(pk__in=restored).order_by("pk"))
    rebuild_derived_rows(leads)
    _follow_lines(leads)
    stays = [reference for lead_id, reference, *_rest in found if lead_id not in restored]
    merged = merged_leads(Lead.everything.filter(pk__in=updated))
    return len(restored), stays + sorted(reference for _row, reference in merged)


def _follow_lines(leads: Iterable[Lead]) -> None:
    by_line: dict[int, list[Lead]] = {}
    for lead in leads:
        by_line.setdefault(lead.line_id, []).append(lead)
    for line_id, rows in sorted(by_line.items()):
        line = pin_line(line_id)
        write_scores(line, rows)
        renew_clocks(line, rows)


def _free_to_restore(images: Mapping[int, tuple[int, int]]) -> set[int]:
    """Return the leads whose unique values of before are theirs still.

    One that another lead has taken since is that lead's: two would hold it. `images`: lead → history row, line.
    """
    wanted = _unique_keys(images)
    if not wanted:
        return set(images)
    rows = DuplicateKey.objects.filter(
        line_id__in={line_id for line_id, _key in wanted}, key__in={key for _line_id, key in wanted}
    )
    holders = {
        (line_id, key): holder for line_id, key, holder in rows.values_list("line_id", "key", "lead_id")
    }
    free = set(images)
    # A lead that stays keeps what it holds, which may be what another one would get back.
    while taken := {
        lead_id
        for key, lead_id in wanted.items()
        if lead_id in free and key in holders and holders[key] != lead_id and holders[key] not in free
    }:
        free -= taken
    return free


def _unique_keys(images: Mapping[int, tuple[int, int]]) -> dict[tuple[int, str], int]:
    """Return the unique values that leads would get back: by line and key, whose they are."""
    makers = {
        line.pk: KeyMaker(line_definition(line), line.duplicate_match, line.on_duplicate)
        for line in BusinessLine.everything.filter(pk__in={line_id for _image, line_id in images.values()})
    }
    history: Iterable[Any] = Lead.history.model.objects.filter(
        history_id__in=[image for image, line_id in images.values() if makers[line_id].unique]
    ).values_list("id", "line_id", "data")
    return {
        (line_id, key): lead_id
        for lead_id, line_id, data in history
        for key in makers[line_id].keys(data).unique
    }
