"""Figures of a whole line: how many leads, when they came, where from, where they stand, and what they have filled.

How many there are is read from the daily tallies, whatever the number of leads; what is filled is counted.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.utils.translation import gettext as _

from core.rules import JsonColumn
from leads.models import LeadStatus, LeadTally, Source
from leads.presentation import stage_text
from leads.queries.lead_list import Filterable
from leads.queries.statistics.asking import LineFigures
from leads.queries.statistics.bins import calendar_span, calendar_unit, spans_between
from leads.queries.statistics.fields import bar, share_of, span_label


def tallies(figures: LineFigures) -> QuerySet[LeadTally]:
    """Return the tallies of the leads that are meant."""
    rows = LeadTally.objects.filter(line_id=figures.line.pk)
    asked = figures.asked
    if asked.first:
        rows = rows.filter(day__gte=asked.first)
    if asked.last:
        rows = rows.filter(day__lte=asked.last)
    if figures.source_ids is not None:
        rows = rows.filter(source_id__in=figures.source_ids)
    if figures.owners is not None:
        rows = rows.filter(owner_id__in=figures.owners)
    return rows


def count_tallied(figures: LineFigures) -> int:
    """Return how many leads are meant, by the tallies."""
    return tallies(figures).aggregate(number=Sum("leads"))["number"] or 0


def line_overview(figures: LineFigures) -> dict[str, Any]:
    """Count the leads that are meant, by day of creation, status, stage and source; at any number of leads."""
    rows = tallies(figures)
    by_status = _by(rows, "status")
    total = sum(by_status.values())
    labels = dict(LeadStatus.choices)
    own = figures.filters
    statuses = [
        bar(str(labels[value]), by_status.get(value, 0), total, {**own, "status": value}) for value in labels
    ]
    by_stage = _by(rows, "stage")
    order = [*figures.line.stages, *sorted(set(by_stage) - set(figures.line.stages))]
    stages = [
        bar(
            stage_text(stage) if stage else _("No stage"),
            by_stage[stage],
            total,
            {**own, **({"stage": stage} if stage else {"stage__is_empty": "true"})},
        )
        for stage in order
        if by_stage.get(stage)
    ]
    return {
        "leads": total,
        "filters": own,
        "status": statuses,
        "stage": stages,
        "source": source_bars(figures, _by(rows, "source_id"), total),
        "created": _calendar(figures, rows, total),
        "how": [
            _("All leads of the line that you may see and that are not withdrawn, as of this moment."),
            _("Days are those on which a lead was written down, in the organisation's timezone."),
        ],
    }


def _by(rows: QuerySet[LeadTally], name: str) -> dict[Any, int]:
    found = rows.order_by().values(name).annotate(number=Sum("leads"))
    return {each[name]: each["number"] for each in found if each["number"]}


def source_bars(figures: LineFigures, counts: Mapping[int | None, int], total: int) -> list[dict[str, Any]]:
    """Return bars of sources by size. Sources of one name, of which one was withdrawn, are one."""
    named = named_sources(counts)
    merged: dict[str, int] = {}
    for source_id, count in counts.items():
        merged[named[source_id]] = merged.get(named[source_id], 0) + count
    return [
        bar(name or _("No source"), count, total, source_filters(figures, name))
        for name, count in sorted(merged.items(), key=lambda each: (-each[1], each[0]))
    ]


def named_sources(ids: Any) -> dict[int | None, str]:
    """Return the name of each source, "" for none; sources that filters take for one have one name."""
    rows = Source.everything.filter(pk__in=[pk for pk in ids if pk]).order_by("pk")
    found: dict[str, str] = {}
    names: dict[int | None, str] = {None: ""}
    for pk, name, key in rows.values_list("pk", "name", "name_key"):
        names[pk] = found.setdefault(key, name)
    return names


def source_filters(figures: LineFigures, name: str) -> dict[str, Any]:
    """Return the filters that show the leads of a source, "" for none."""
    return {**figures.filters, **({"source": name} if name else {"source__is_empty": "true"})}


def _calendar(figures: LineFigures, rows: QuerySet[LeadTally], total: int) -> list[dict[str, Any]]:
    span = rows.aggregate(first=Min("day"), last=Max("day"))
    if not total or span["first"] is None:
        return []
    counts = _by(rows, "day")
    first, last = min(counts), max(counts)
    unit = calendar_unit(first, last)
    found: dict[tuple[dt.date, dt.date], int] = {}
    for day, number in counts.items():
        at = calendar_span(day, unit)
        found[at] = found.get(at, 0) + number
    bars = []
    for at in spans_between(first, last, unit):
        begins = max(at[0], figures.asked.first or at[0])
        ends = min(at[1], figures.asked.last or at[1])
        own = {"created__gte": begins.isoformat(), "created__lte": ends.isoformat()}
        label = span_label(at, unit, figures.actor.organization.locale)
        bars.append(bar(label, found.get(at, 0), total, {**figures.filters, **own}))
    return bars


def fill_rates(figures: LineFigures) -> dict[str, Any]:
    """Count for each field how many leads have it filled, all in one reading of the leads."""
    entries = figures.entries
    counts = figures.leads.aggregate(
        leads=Count("id"),
        **{
            f"n{place}": Count("id", filter=_present(figures, entry))
            for place, entry in enumerate(entries.values())
        },
    )
    return {
        "leads": counts["leads"],
        "fields": [
            _filled(figures, entry, counts[f"n{place}"], counts["leads"])
            for place, entry in enumerate(entries.values())
        ],
        "how": [
            _("Filled: the lead has a value of the field. A field that a lead was not asked for is empty.")
        ],
    }


def _present(figures: LineFigures, entry: Filterable) -> Any:
    # Not by the index, which would be asked lead by lead.
    if entry.item is not None:
        return JsonColumn(entry.kind, entry.item.key).present()
    return figures.catalog.column(entry.name).present()


def _filled(figures: LineFigures, entry: Filterable, count: int, total: int) -> dict[str, Any]:
    name = entry.name
    return {
        "name": name,
        "label": entry.label,
        "is_retired": bool(entry.item and not entry.item.is_active),
        "filled": {
            "count": count,
            "share": share_of(count, total),
            "filters": {**figures.filters, f"{name}__is_not_empty": "true"},
        },
        "empty": {
            "count": total - count,
            "share": share_of(total - count, total),
            "filters": {**figures.filters, f"{name}__is_empty": "true"},
        },
    }
