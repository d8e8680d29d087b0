"""Bringing derived rows of stored leads up to date after a line's configuration changed: values and keys.

New leads write their own rows from the moment of publication. What was there before is filled by jobs, in
batches over the lead's id. A batch replaces the rows of its leads, so a job may start again anywhere.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from accounts.actor import Actor
from core.database.bulk import insert_rows
from core.jobs import JobRun, job_kind
from core.services.jobs import enqueue_job
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine, DuplicateKey, Field, Lead, LeadValue
from leads.services.derived import VALUE_COLUMNS, KeyMaker, rebuild_derived_rows, value_rows

INDEX_FIELDS = "leads.index_fields"
RENEW_KEYS = "leads.renew_keys"
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class IndexWork:
    """What a publication asks of the indexes: fields to fill, new ones that are ready at once, fields to clear,
    and fields for which the duplicate and unique keys have to be made again."""

    filled: tuple[FieldDefinition, ...]
    ready: tuple[FieldDefinition, ...]
    cleared: tuple[FieldDefinition, ...]
    rekeyed: tuple[FieldDefinition, ...]


def index_work(before: Iterable[FieldDefinition], after: Iterable[FieldDefinition]) -> IndexWork:
    """Return the work that follows from publishing `after` over `before` in a line that has leads."""
    known = {item.key: item for item in before}
    filled: list[FieldDefinition] = []
    ready: list[FieldDefinition] = []
    cleared: list[FieldDefinition] = []
    rekeyed: list[FieldDefinition] = []
    for item in after:
        old = known.get(item.key)
        was_indexed = old is not None and old.indexed
        if item.indexed and not was_indexed:
            (filled if old is not None else ready).append(item)
        elif was_indexed and not item.indexed:
            cleared.append(item)
        if old is not None and _key_settings(old) != _key_settings(item):
            rekeyed.append(item)
    return IndexWork(tuple(filled), tuple(ready), tuple(cleared), tuple(rekeyed))


def _key_settings(item: FieldDefinition) -> tuple[bool, str]:
    """What keys and search know of a field; a field that tells repeats cannot be retired meanwhile."""
    return (item.unique, item.maps_to) if item.is_active else (False, "")


def follow_publication(
    actor: Actor, line: BusinessLine, *, before: Iterable[FieldDefinition], after: Iterable[FieldDefinition]
) -> None:
    """See to the indexes that a publication asks for; call it in the transaction that publishes.

    A field published for the first time has no values yet, so its index is ready at once.
    """
    work = index_work(before, after)
    has_leads = Lead.objects.filter(line=line).exists()
    filled = [item.id for item in work.filled if has_leads]
    ready = [item.id for item in (*work.ready, *work.filled) if item.id not in filled]
    cleared = [item.id for item in work.cleared]
    Field.objects.filter(pk__in=ready).update(index_ready_at=timezone.now())
    Field.objects.filter(pk__in=[*filled, *cleared]).update(index_ready_at=None)
    if filled or cleared:
        labels = ", ".join(
            item.label for item in (*work.filled, *work.cleared) if item.id in (*filled, *cleared)
        )
        enqueue_job(
            kind=INDEX_FIELDS,
            title=f"Fast filters of {line.name}: {labels}",
            parameters={"line": line.pk, "fill": filled, "clear": cleared},
            actor=actor,
        )
    if work.rekeyed:
        renew_keys(actor, line)


def renew_keys(actor: Actor, line: BusinessLine) -> None:
    """Ask for the duplicate and unique keys of the stored leads to be made again, where there are leads."""
    if Lead.objects.filter(line=line).exists():
        enqueue_job(
            kind=RENEW_KEYS,
            title=f"Duplicate keys of {line.name}",
            parameters={"line": line.pk},
            actor=actor,
        )


@job_kind(INDEX_FIELDS, area="configuration")
def index_fields(run: JobRun) -> dict[str, int]:
    """Fill LeadValue for fields that became indexed, and empty it for those that are no longer.

    What the version in force says counts, should the line have been published again meanwhile.
    """
    line = BusinessLine.everything.get(pk=run.parameters["line"])
    fields = {item.id: item for item in line_definition(line).indexed}
    wanted = [fields[pk] for pk in run.parameters["fill"] if pk in fields]
    _clear(run, [pk for pk in run.parameters["clear"] if pk not in fields])
    if not wanted:
        return {"leads": 0, "fields": 0}
    narrowed = LineDefinition(line.pk, line.version, wanted)
    ids = [item.id for item in wanted]

    def replace_values(leads: list[Lead]) -> dict[str, int]:
        LeadValue.objects.filter(lead_id__in=[lead.pk for lead in leads], field_id__in=ids).delete()
        insert_rows(LeadValue, VALUE_COLUMNS, [row for lead in leads for row in value_rows(lead, narrowed)])
        return {}

    _for_each_batch(run, line, replace_values)
    with run.batch():
        still = {item.id for item in line_definition(BusinessLine.everything.get(pk=line.pk)).indexed}
        Field.objects.filter(pk__in=still & set(ids)).update(index_ready_at=timezone.now())
    return {"leads": run.done, "fields": len(ids)}


@job_kind(RENEW_KEYS, area="configuration")
def renew_stored_keys(run: JobRun) -> dict[str, int]:
    """Make the derived rows of a line's leads again, oldest first: the older of two leads has a key.

    The result counts the leads that repeat another one; they stay as they are.
    """
    line = BusinessLine.everything.get(pk=run.parameters["line"])
    maker = KeyMaker(line_definition(line), line.duplicate_match, line.on_duplicate)

    def replace_rows(leads: list[Lead]) -> dict[str, int]:
        rebuild_derived_rows(leads)
        ids = [lead.pk for lead in leads]
        held = Counter(DuplicateKey.objects.filter(lead_id__in=ids).values_list("lead_id", flat=True))
        repeating = sum(held[lead.pk] < _count_keys(maker, lead) for lead in leads)
        return {"repeats": run.cursor.get("repeats", 0) + repeating}

    _for_each_batch(run, line, replace_rows)
    return {"leads": run.done, "repeats": run.cursor.get("repeats", 0)}


def _count_keys(maker: KeyMaker, lead: Lead) -> int:
    keys = maker.keys(lead.data)
    return len({*keys.match, *keys.unique})


def _for_each_batch(run: JobRun, line: BusinessLine, write: Callable[[list[Lead]], dict[str, int]]) -> None:
    """Call `write` with the live leads of a line, in batches that commit with the job's cursor.

    What it returns is kept in the cursor. The leads are locked, so that an edit cannot slip between reading
    a lead and writing its rows.
    """
    live = Lead.objects.filter(line=line)
    if run.total is None:
        run.advance(total=live.count())
    leads: list[Lead] | None = None
    while leads is None or leads:
        with run.batch():
            leads = list(
                live.filter(pk__gt=run.cursor.get("after", 0))
                .select_for_update(no_key=True)
                .order_by("id")[:BATCH]
            )
            if leads:
                kept = write(leads)
                run.advance(cursor={**run.cursor, **kept, "after": leads[-1].pk}, done=run.done + len(leads))


def _clear(run: JobRun, field_ids: Sequence[int]) -> None:
    """Delete the index rows of fields, some at a time."""
    deleted = BATCH if field_ids else 0
    while deleted:
        with run.batch(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM leads_leadvalue WHERE ctid IN (SELECT ctid FROM leads_leadvalue"
                " WHERE organization_id = %s AND field_id = ANY(%s) LIMIT %s)",
                [run.job.organization_id, list(field_ids), BATCH],
            )
            deleted = cursor.rowcount
