"""Data quality of a line: which share of its leads is complete, valid and unduplicated, and what speaks against.

Leads are judged by a job (`leads.services.statistics.judging`); figures are of the leads as of its moment.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Area, Level
from core.scope import current_organization_id
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine, CountedFigures, Lead, LeadFlaw
from leads.queries.statistics.asking import LineFigures
from leads.queries.statistics.bins import calendar_span
from leads.queries.statistics.fields import share_of, span_label
from leads.queries.statistics.overview import named_sources, source_filters

INCOMPLETE, INVALID, DUPLICATED = "incomplete", "invalid", "duplicated"
KINDS = (INCOMPLETE, INVALID, DUPLICATED)
MOST_REASONS = 25
# A row of a file belongs to the source that its own column names, else to none.
IMPORT_ROWS = """
WITH chosen AS (
    SELECT intake.id, intake.filename, intake.created_at,
           (SELECT place - 1 FROM jsonb_array_elements_text(intake.mapping) WITH ORDINALITY AS told (target, place)
             WHERE target = '@source' LIMIT 1)::int AS source_at
      FROM core_intake intake
     WHERE intake.organization_id = %(organization)s AND intake.importer = 'leads' AND intake.target = %(line)s
       AND intake.state = 'loaded' AND (%(user)s::bigint IS NULL OR intake.created_by_id = %(user)s)
       AND (%(first)s::timestamptz IS NULL OR intake.created_at >= %(first)s)
       AND (%(after)s::timestamptz IS NULL OR intake.created_at < %(after)s))
SELECT chosen.id, chosen.filename,
       CASE WHEN jsonb_typeof(kept.cells -> chosen.source_at) = 'string'
            THEN btrim(kept.cells ->> chosen.source_at) ELSE '' END AS source,
       count(*) FILTER (WHERE kept.state = 'rejected') AS rejected,
       count(*) FILTER (WHERE kept.state = 'duplicate') AS duplicate
  FROM chosen JOIN core_intakerow kept ON kept.intake_id = chosen.id AND kept.organization_id = %(organization)s
 WHERE kept.state IN ('rejected', 'duplicate') AND kept.corrected_by_id IS NULL
 GROUP BY 1, 2, 3
"""


def wanted_keys(line: BusinessLine, definition: LineDefinition) -> list[str]:
    """Return the fields that a complete lead has filled: those of the line's list, or all that can be required."""
    active = definition.active_by_key
    listed = [key for key in line.complete_fields if key in active]
    return listed or [item.key for item in definition.active if item.required or item.required_if]


@dataclass(frozen=True, slots=True)
class Judgement:
    """When the leads of a line were last judged, and whether by the line as it is now."""

    until: dt.datetime
    is_current: bool


def judgement_key(line: BusinessLine) -> str:
    """Return the key under which the state of the judgement of a line is kept."""
    return f"judged:{line.pk}"


def judged_by(line: BusinessLine) -> dict[str, Any]:
    """Return what a judgement depends on beside the leads."""
    return {
        "version": line.version,
        "complete_fields": list(line.complete_fields),
        "duplicate_match": list(line.duplicate_match),
    }


def last_judgement(line: BusinessLine) -> Judgement | None:
    """Return the last judgement of a line; None before the first."""
    row = CountedFigures.objects.filter(key=judgement_key(line)).first()
    return Judgement(row.counted_at, row.figures == judged_by(line)) if row else None


def line_quality(figures: LineFigures) -> dict[str, Any]:
    """Count the quality of the leads that are meant. `judged_at` is null where they were never judged."""
    judgement = last_judgement(figures.line)
    target = figures.line.quality_target
    outcome: dict[str, Any] = {
        "target": f"{target.normalize():f}",
        "judged_at": judgement.until.isoformat() if judgement else None,
        "is_current": bool(judgement and judgement.is_current),
        "how": _how(figures),
    }
    if judgement is None:
        return outcome
    return outcome | _Quality(figures, judgement, target).count()


class _Quality:
    def __init__(self, figures: LineFigures, judgement: Judgement, target: Decimal) -> None:
        self.figures = figures
        self.target = target
        moment = judgement.until.isoformat()
        given = figures.filters
        # Leads that came later were not judged; both bounds hold where a period has an end.
        last = given.get("created__lte")
        self.filters = {**given, "created__lte": [str(last), moment] if last else moment}
        self.leads: QuerySet[Lead] = figures.leads.filter(created_at__lte=judgement.until)

    def count(self) -> dict[str, Any]:
        cells = self._cells()
        whole = self._sum(cells)
        return {
            **self._told(whole, self.filters),
            "by_source": self._by_source(cells),
            "by_month": self._by_month(cells),
            "reasons": self._reasons(whole["leads"]),
            "imports": import_rows(self.figures),
        }

    def _cells(self) -> list[dict[str, Any]]:
        """How many leads of each month and source have flaws of each kind, and none."""
        flaws = LeadFlaw._base_manager.filter(
            organization_id=current_organization_id(), lead_id=OuterRef("pk")
        )
        has = {kind: Exists(flaws.filter(reason=kind)) for kind in KINDS}
        zone = self.figures.actor.organization.zone
        counts = {kind: Count("id", filter=Q(**{f"has_{kind}": True})) for kind in KINDS}
        good = Q(**{f"has_{kind}": False for kind in KINDS})
        rows = self.leads.annotate(
            month=TruncMonth("created_at", tzinfo=zone),
            **{f"has_{kind}": found for kind, found in has.items()},
        )
        return list(
            rows.order_by()
            .values("month", "source_id")
            .annotate(leads=Count("id"), good=Count("id", filter=good), **counts)
        )

    @staticmethod
    def _sum(cells: list[dict[str, Any]]) -> dict[str, int]:
        return {name: sum(cell[name] for cell in cells) for name in ("leads", "good", *KINDS)}

    def _told(self, counts: dict[str, int], filters: dict[str, Any]) -> dict[str, Any]:
        leads = counts["leads"]
        words = {INCOMPLETE: "complete", INVALID: "valid", DUPLICATED: "unduplicated"}
        told: dict[str, Any] = {
            "leads": leads,
            "good": {
                "count": counts["good"],
                "share": share_of(counts["good"], leads),
                "filters": {**filters, "flaw__is_empty": "true"},
            },
            "meets_target": bool(leads) and Decimal(100 * counts["good"]) >= self.target * leads,
        }
        for kind, word in words.items():
            told[word] = {
                "count": leads - counts[kind],
                "share": share_of(leads - counts[kind], leads),
                "flawed": counts[kind],
                "filters": {**filters, "flaw": kind},
            }
        return told

    def _by_source(self, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = named_sources({cell["source_id"] for cell in cells})
        grouped: dict[str, list[dict[str, Any]]] = {}
        for cell in cells:
            grouped.setdefault(names[cell["source_id"]], []).append(cell)
        found = [
            {
                "label": name or _("No source"),
                "source": name,
                **self._told(self._sum(group), self.filters | source_filters_only(self.figures, name)),
            }
            for name, group in grouped.items()
        ]
        return sorted(found, key=lambda each: (Decimal(each["good"]["share"] or 0), each["label"]))

    def _by_month(self, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        grouped: dict[dt.date, list[dict[str, Any]]] = {}
        for cell in cells:
            grouped.setdefault(cell["month"].date(), []).append(cell)
        found = []
        for month in sorted(grouped):
            first, last = calendar_span(month, "month")
            begins = max(first.isoformat(), str(self.figures.filters.get("created__gte", "")))
            ends = [last.isoformat(), *_listed(self.filters["created__lte"])]
            filters = {**self.filters, "created__gte": begins, "created__lte": ends}
            label = span_label((first, last), "month", self.figures.actor.organization.locale)
            found.append(
                {"label": label, "month": first.isoformat(), **self._told(self._sum(grouped[month]), filters)}
            )
        return found

    def _reasons(self, leads: int) -> list[dict[str, Any]]:
        """The worst first; of fields that the reader does not see nothing is told but that there are some."""
        flaws = LeadFlaw.objects.filter(line_id=self.figures.line.pk, lead_id__in=self.leads.values("pk"))
        counts = flaws.exclude(reason__in=KINDS).order_by().values("reason").annotate(number=Count("lead_id"))
        definition = line_definition(self.figures.line)
        visible = visible_flaw_keys(self.figures.catalog.entries)
        found = []
        for reason, number in counts.values_list("reason", "number"):
            key, code = reason.rsplit(":", 1)
            if not set(key.split("+")) <= visible:
                continue
            found.append(
                {
                    "reason": reason,
                    "label": _label(definition, key),
                    "words": _words(code),
                    "count": number,
                    "share": share_of(number, leads),
                    "filters": {**self.filters, "flaw": reason},
                }
            )
        return sorted(found, key=lambda each: (-each["count"], each["reason"]))[:MOST_REASONS]


def _listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [str(value)]


def source_filters_only(figures: LineFigures, name: str) -> dict[str, Any]:
    """Return what a source adds to the filters."""
    return {key: value for key, value in source_filters(figures, name).items() if key.startswith("source")}


def visible_flaw_keys(names: Any) -> set[str]:
    """Return what reasons may name of which the reader sees the names of a catalog; `lead` is the lead as a whole."""
    return {"lead", *(name.removeprefix("data.") for name in names)}


def _label(definition: LineDefinition, key: str) -> str:
    names = [definition.by_key[part].label if part in definition.by_key else part for part in key.split("+")]
    return _("The lead") if key == "lead" else " + ".join(names)


WORDS = {
    "duplicate": gettext_lazy("An older lead has the same."),
    "repeat_enquiry": gettext_lazy("Somebody enquired again."),
    "required": gettext_lazy("Is not filled."),
    "choice": gettext_lazy("Is a choice that is offered no more."),
    "pattern": gettext_lazy("Is not written in the form that is asked for."),
    "min": gettext_lazy("Is below the least that is allowed."),
    "max": gettext_lazy("Is above the most that is allowed."),
    "min_age": gettext_lazy("Is too young."),
    "max_age": gettext_lazy("Is too old."),
    "too_long": gettext_lazy("Is too long."),
    "too_short": gettext_lazy("Is too short."),
    "invalid_phone": gettext_lazy("Is not a possible phone number."),
    "invalid_email": gettext_lazy("Is not an e-mail address."),
}


def _words(code: str) -> str:
    return str(WORDS.get(code, code.replace("_", " ")))


def import_rows(figures: LineFigures) -> dict[str, Any] | None:
    """Count the rows of imports that made no lead and still stand; None for who sees no imports.

    Filters by owner and team say nothing here: a row that made no lead belongs to nobody.
    """
    level = figures.actor.level(Area.LEAD_FILES, "read")
    if level is Level.NONE:
        return None
    zone, asked = figures.actor.organization.zone, figures.asked
    day = dt.timedelta(days=1)
    user = figures.actor.user
    with connection.cursor() as cursor:
        cursor.execute(
            IMPORT_ROWS,
            {
                "organization": current_organization_id(),
                "line": figures.line.code,
                "user": None if level is Level.ALL else (user.pk if user else 0),
                "first": dt.datetime.combine(asked.first, dt.time(), zone) if asked.first else None,
                "after": dt.datetime.combine(asked.last + day, dt.time(), zone) if asked.last else None,
            },
        )
        rows = cursor.fetchall()
    files: dict[int, dict[str, Any]] = {}
    sources: dict[str, dict[str, Any]] = {}
    for intake_id, filename, source, rejected, duplicate in rows:
        if asked.source and source.casefold() != asked.source.casefold():
            continue
        url = reverse("leads:import_detail", args=[intake_id])
        file = files.setdefault(
            intake_id, {"import": intake_id, "filename": filename, "url": url, "rejected": 0, "duplicate": 0}
        )
        of_source = sources.setdefault(
            source.casefold(),
            {"label": source or _("Not told by the file"), "source": source, "rejected": 0, "duplicate": 0},
        )
        for each in (file, of_source):
            each["rejected"] += rejected
            each["duplicate"] += duplicate
    return {
        "rejected": sum(each["rejected"] for each in files.values()),
        "duplicate": sum(each["duplicate"] for each in files.values()),
        "by_source": sorted(sources.values(), key=lambda each: -(each["rejected"] + each["duplicate"])),
        "by_file": sorted(files.values(), key=lambda each: -each["import"]),
    }


def _how(figures: LineFigures) -> list[str]:
    definition = line_definition(figures.line)
    entries = figures.catalog.entries
    keys = [key for key in wanted_keys(figures.line, definition) if f"data.{key}" in entries]
    labels = ", ".join(definition.by_key[key].label for key in keys)
    return [
        _("Complete: every one of these fields is filled, where the lead is asked for it: %(fields)s.")
        % {"fields": labels or "–"},
        _("Valid: what the lead holds is still allowed by the fields that are in force now."),
        _("Unduplicated: no older lead has the same details, and nobody enquired again."),
        _("The share is of leads that are all three. Withdrawn leads do not count."),
        _("Rows of imports made no lead; they count by the day of the import, until they are corrected."),
    ]
