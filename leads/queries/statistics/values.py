"""The values of one field among the leads of figures, counted by the database.

Where an index holds the values and all of the line's leads are meant, its rows are counted; else the leads.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    BigIntegerField,
    Count,
    DateField,
    DateTimeField,
    DecimalField,
    Expression,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Left

from core.rules import AttributeColumn, Kind
from leads.fields.types import INDEXED_TEXT_LENGTH
from leads.models import FieldKind, Lead, LeadValue
from leads.queries.columns import IndexedColumn
from leads.queries.counting import HoldsAny
from leads.queries.lead_list import Filterable
from leads.queries.statistics.asking import LineFigures

FRACTIONS = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
INDEXED_KINDS = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE)


class Percentiles(Aggregate):
    """The values at `FRACTIONS`, by nearest rank: each is a value that some lead has, exactly."""

    function = "percentile_disc"
    template = f"percentile_disc(ARRAY{list(FRACTIONS)}::float8[]) WITHIN GROUP (ORDER BY %(expressions)s)"


class Bucket(Func):
    """Which bar a number falls into: 0 below the first edge, n from edge n on."""

    def __init__(self, value: str, edges: Sequence[Decimal], of: str) -> None:
        listed = ", ".join(f"{edge:f}" for edge in edges)
        template = f"width_bucket(%(expressions)s, ARRAY[{listed}]::{of}[])"
        super().__init__(F(value), template=template, output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class Group:
    """Leads with one value: `shown` as one of them has it stored."""

    value: Any
    leads: int
    shown: Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of all values together; `percentiles` go with FRACTIONS."""

    leads: int
    filled: int
    distinct: int | None = None
    least: Any = None
    most: Any = None
    total: Decimal | None = None
    percentiles: list[Decimal] = field(default_factory=list)


class Values:
    """The values of one entry of the catalog."""

    def __init__(self, figures: LineFigures, entry: Filterable) -> None:
        self.figures = figures
        self.entry = entry
        self.kind = entry.kind
        self.item = entry.item
        self.column = figures.catalog.column(entry.name)
        self.is_long = bool(self.item and self.item.type in (FieldKind.LONG_TEXT, FieldKind.JSON))
        self.is_indexed = (
            isinstance(self.column, IndexedColumn)
            and self.kind in INDEXED_KINDS
            and figures.is_everything()
            and not self.is_long
        )
        # What a number of the index is divided by.
        self.unit = Decimal(1).scaleb(self.item.scale) if self.is_indexed and self.item else Decimal(1)

    @property
    def rows(self) -> QuerySet[Any]:
        """A row per lead (or, in the index, per filled lead) with its `value`."""
        return (
            self._index_rows()
            if self.is_indexed
            else self.figures.leads.annotate(value=self.column.expression())
        )

    def _index_rows(self) -> QuerySet[LeadValue]:
        assert isinstance(self.column, IndexedColumn) and self.item
        rows = LeadValue.objects.filter(field_id=self.item.id, **{f"{self.column.column}__isnull": False})
        zone, asked = self.figures.actor.organization.zone, self.figures.asked
        if asked.first:
            rows = rows.filter(created_at__gte=dt.datetime.combine(asked.first, dt.time(), zone))
        if asked.last and asked.last < dt.date.max:
            rows = rows.filter(
                created_at__lt=dt.datetime.combine(asked.last + dt.timedelta(days=1), dt.time(), zone)
            )
        return rows.annotate(value=F(self.column.column))

    @property
    def lead(self) -> str:
        """The name under which a lead's number stands in a row."""
        return "lead_id" if self.is_indexed else "id"

    def facts(self, total: int) -> Facts:
        """Count all values; `total` is how many leads there are, which the index does not know."""
        asked: dict[str, Any] = {}
        if not self.is_indexed:
            asked["leads"] = Count("id")
        if self.kind in (Kind.MULTI, Kind.PRESENCE) or self.is_long:
            asked["filled"] = Count("id", filter=self.column.present())
        else:
            asked |= {"filled": Count("value"), "distinct": Count("value", distinct=True)}
        if self.kind is Kind.NUMBER:
            number = BigIntegerField() if self.is_indexed else DecimalField()
            asked |= {
                "least": Min("value"),
                "most": Max("value"),
                "total": Sum("value"),
                "percentiles": Percentiles("value", output_field=ArrayField(number)),
            }
        if self.kind in (Kind.DATE, Kind.DATETIME, Kind.TIME):
            day = self.day if self.kind is not Kind.TIME else F("value")
            asked |= {"least": Min(day), "most": Max(day), "distinct": Count(day, distinct=True)}
        found = self.rows.aggregate(**asked)
        found.setdefault("leads", total)
        if self.kind is Kind.NUMBER:
            for name in ("least", "most", "total"):
                found[name] = self.number(found[name])
            found["percentiles"] = [self.number(each) for each in found["percentiles"] or ()]
        return Facts(**found)

    def number(self, value: Any) -> Decimal | None:
        """A number as the field has it, out of a row."""
        return None if value is None else Decimal(value) / self.unit

    def top(self, limit: int) -> list[Group]:
        """Return the most frequent values, the most frequent first."""
        rows = self.rows.filter(value__isnull=False).values("value")
        if self.is_indexed:
            return self._sampled(rows.annotate(n=Count("lead_id"), lead_of=Max("lead_id")), limit)
        shown = Max(self.column.exact_expression()) if self.kind is Kind.TEXT else Max("id")
        found = rows.annotate(n=Count("id"), shown=shown).order_by("-n", "value")[:limit]
        return [
            Group(each["value"], each["n"], each["shown"] if self.kind is Kind.TEXT else each["value"])
            for each in found
        ]

    def _sampled(self, rows: QuerySet[Any], limit: int) -> list[Group]:
        """The index holds normal forms: what a lead has is read from one lead of each value."""
        assert self.item
        found = list(rows.order_by("-n", "value")[:limit])
        if self.kind is Kind.BOOLEAN:
            return [Group(each["value"] == "true", each["n"], each["value"] == "true") for each in found]
        data = dict(
            Lead.objects.filter(pk__in=[each["lead_of"] for each in found]).values_list(
                "pk", f"data__{self.item.key}"
            )
        )
        return [
            Group(each["value"], each["n"], data.get(each["lead_of"], each["value"]))
            for each in found
            if len(each["value"]) < INDEXED_TEXT_LENGTH
        ]

    def buckets(self, edges: Sequence[Decimal]) -> dict[int, int]:
        """Count the numbers between edges: bar (as `Bucket` numbers them) → leads."""
        scaled = [edge * self.unit for edge in edges]
        bucket = Bucket(
            "value", scaled, "bigint" if self.is_indexed and not _has_fraction(scaled) else "numeric"
        )
        rows = self.rows.filter(value__isnull=False)
        if self.is_indexed and _has_fraction(scaled):
            rows = rows.annotate(number=Cast("value", DecimalField(max_digits=40, decimal_places=0)))
            bucket = Bucket("number", scaled, "numeric")
        return dict(
            rows.annotate(bucket=bucket)
            .values("bucket")
            .annotate(n=Count(self.lead))
            .values_list("bucket", "n")
        )

    @property
    def day(self) -> Expression:
        """The day of a date or moment as text, in the organisation's timezone."""
        if self.kind is Kind.DATE:
            value: Any = F("value")
            return _to_char(Cast(value, DateField())) if self.is_indexed else Cast(value, TextField())
        zone = Value(self.figures.actor.organization.timezone)
        moment: Any = (
            F(self.column.name)
            if isinstance(self.column, AttributeColumn)
            else Cast(F("value"), DateTimeField())
        )
        local = Func(
            moment,
            zone,
            template="(%(expressions)s)",
            arg_joiner=" AT TIME ZONE ",
            output_field=DateTimeField(),
        )
        return _to_char(local)

    def beginnings(self, length: int) -> dict[str, int]:
        """Count days (or times of day) by so many of their first characters."""
        text = Left(self.day if self.kind is not Kind.TIME else Cast(F("value"), TextField()), length)
        rows = self.rows.filter(value__isnull=False).annotate(beginning=text)
        return dict(rows.values("beginning").annotate(n=Count(self.lead)).values_list("beginning", "n"))

    def holding(self, choices: Sequence[str]) -> list[int]:
        """Count the leads that have each of several choices among others."""
        assert self.item
        counts = {
            f"c{place}": Count("id", filter=Q(HoldsAny(self.item.key, [choice])))
            for place, choice in enumerate(choices)
        }
        return list(self.figures.leads.aggregate(**counts).values()) if counts else []


def _to_char(day: Expression) -> Expression:
    return Func(day, Value("YYYY-MM-DD"), function="to_char", output_field=TextField())


def _has_fraction(numbers: Sequence[Decimal]) -> bool:
    return any(number != number.to_integral_value() for number in numbers)
