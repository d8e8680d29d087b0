"""Figures of one field: how many leads have it filled, with what, and how its values are spread.

A figure is JSON: counts as numbers, shares and values as text, and `filters`, the parameters with which the list of
leads shows exactly those that were counted (null: no list can).
"""

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Membership
from core.locale_formats import format_day, format_money, format_number
from core.rules import Kind
from leads.models import FieldKind
from leads.presentation import stage_text
from leads.queries.lead_list import Filterable, choices_of
from leads.queries.references import member_labels
from leads.queries.statistics.asking import LineFigures
from leads.queries.statistics.bins import (
    calendar_span,
    calendar_unit,
    inner_span,
    number_edges,
    spans_between,
)
from leads.queries.statistics.values import FRACTIONS, Facts, Group, Values

TOP = 15
MOST_BARS = 60
TENTH = Decimal("0.1")
CENT = Decimal("0.01")


def share_of(part: int, whole: int) -> str:
    """Return how many per cent `part` is of `whole`, to a tenth, as text; "" of nothing.

    Only all are 100.0 and only none are 0.0.
    """
    if not whole:
        return ""
    share = (Decimal(100 * part) / whole).quantize(TENTH, ROUND_HALF_UP)
    if share == 100 and part < whole:
        share = 100 - TENTH
    if share == 0 and part:
        share = TENTH
    return f"{share:.1f}"


def field_figures(figures: LineFigures, entry: Filterable, total: int) -> dict[str, Any]:
    """Count one field. `total` is how many leads there are in all, by the tallies."""
    return _FieldFigures(figures, entry).count(total)


def bar(label: str, count: int, whole: int, filters: Any) -> dict[str, Any]:
    """Return one figure of several."""
    return {"label": label, "count": count, "share": share_of(count, whole), "filters": filters}


class _FieldFigures:
    def __init__(self, figures: LineFigures, entry: Filterable) -> None:
        self.figures = figures
        self.entry = entry
        self.name = entry.name
        self.values = Values(figures, entry)
        self.locale = figures.actor.organization.locale
        self.how: list[str] = []

    def count(self, total: int) -> dict[str, Any]:
        facts = self.values.facts(total)
        self.whole = facts.filled
        bars, others = self._bars(facts)
        self.how.insert(0, _("Shares of values are of the leads that have one."))
        return {
            "name": self.name,
            "label": self.entry.label,
            "kind": str(self.entry.item.type if self.entry.item else self.entry.kind),
            "leads": facts.leads,
            "filled": self._named(_("Filled"), facts.filled, facts.leads, f"{self.name}__is_not_empty"),
            "empty": self._named(
                _("Empty"), facts.leads - facts.filled, facts.leads, f"{self.name}__is_empty"
            ),
            "distinct": facts.distinct,
            "summary": self._summary(facts),
            "bars": bars,
            "others": others,
            "shape": self._shape(),
            "how": self.how,
        }

    def _named(self, label: str, count: int, whole: int, condition: str) -> dict[str, Any]:
        return bar(label, count, whole, self._filters({condition: "true"}))

    def _filters(self, own: dict[str, Any]) -> dict[str, Any]:
        """The filters of all the leads that are meant, and those of one figure; both narrow a period down."""
        given = dict(self.figures.filters)
        for name, narrower in (("created__gte", max), ("created__lte", min)):
            if name in own and name in given:
                own = {**own, name: narrower(str(own[name]), str(given[name]))}
        return {**given, **own}

    def _shape(self) -> str:
        """How a chart shows the bars: along an axis that is in order, or by size."""
        ordered = (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME)
        return "histogram" if self.entry.kind in ordered else "ranking"

    def _bars(self, facts: Facts) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        if not facts.filled or self.values.is_long:
            return [], None
        match self.entry.kind:
            case Kind.NUMBER:
                return self._histogram(facts), None
            case Kind.DATE | Kind.DATETIME:
                return self._calendar(facts), None
            case Kind.TIME:
                return self._hours(), None
            case Kind.MULTI:
                return self._choices(), None
            case Kind.PRESENCE:
                return [], None
        return self._top(facts)

    # Values by size

    def _top(self, facts: Facts) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        groups = self.values.top(TOP)
        label = self._labeller(groups)
        bars = [bar(label(group.shown), group.leads, self.whole, self._equal(group)) for group in groups]
        rest = facts.filled - sum(group.leads for group in groups)
        self.how.append(_("Spellings that differ only in case or spaces count as one value."))
        return bars, bar(_("Other values"), rest, self.whole, None) if rest else None

    def _equal(self, group: Group) -> dict[str, Any] | None:
        value = str(group.shown).lower() if isinstance(group.shown, bool) else str(group.shown)
        known = choices_of(self.entry)
        if known and value not in known:
            # A choice that is offered no more: the list takes only those that are.
            return None
        return self._filters({self.name: value})

    def _labeller(self, groups: list[Group]) -> Callable[[Any], str]:
        item, known = self.entry.item, choices_of(self.entry)
        if self.entry.kind is Kind.BOOLEAN:
            return lambda value: _("Yes") if value else _("No")
        if self.name == "stage":
            return stage_text
        if self.name == "owner" or (item is not None and item.type is FieldKind.USER):
            numbers = [int(group.shown) for group in groups if str(group.shown).isdecimal()]
            members = Membership.objects.select_related("user").filter(pk__in=numbers)
            names = {str(number): name for number, name in member_labels(members).items()}
            return lambda value: names.get(str(value), str(value))
        return lambda value: known.get(str(value), str(value))

    def _choices(self) -> list[dict[str, Any]]:
        known = choices_of(self.entry)
        counts = self.values.holding(list(known))
        found = sorted(zip(known.items(), counts, strict=True), key=lambda each: -each[1])
        self.how.append(_("A lead with several choices counts once for each of them."))
        # Twice, because a comma in a single value would divide it.
        return [
            bar(
                label,
                count,
                self.whole,
                self._filters({self.name: [value, value] if "," in value else value}),
            )
            for (value, label), count in found
            if count
        ][:MOST_BARS]

    # Values in order

    def _histogram(self, facts: Facts) -> list[dict[str, Any]]:
        item = self.entry.item
        whole = item is None or item.scale == 0
        low, high = inner_span(facts.least, facts.most, (facts.percentiles[0], facts.percentiles[-1]))
        edges = number_edges(low, high, whole=whole)
        counts = self.values.buckets(edges)
        bars = []
        for place in range(len(edges) + 1):
            first = edges[place - 1] if place else None
            after = edges[place] if place < len(edges) else None
            if (first is None or after is None) and not counts.get(place):
                continue
            own = {f"{self.name}__gte": first, f"{self.name}__lt": after}
            filters = self._filters({name: f"{bound:f}" for name, bound in own.items() if bound is not None})
            bars.append(bar(self._range(first, after, whole), counts.get(place, 0), self.whole, filters))
        self.how.append(_("Each bar begins with its first number and ends before that of the next."))
        if (low, high) != (facts.least, facts.most):
            self.how.append(_("The lowest and highest hundredth lie far out, so each stands in one bar."))
        self.how.append(_("Percentiles are by nearest rank: each is the value of a lead."))
        return bars

    def _range(self, first: Decimal | None, after: Decimal | None, whole: bool) -> str:
        if first is None:
            return f"< {self._edge(after)}"
        if after is None:
            return f"≥ {self._edge(first)}"
        if whole:
            last = after - 1
            return self._edge(first) if first == last else f"{self._edge(first)} – {self._edge(last)}"
        return f"{self._edge(first)} – {self._edge(after)}"

    def _edge(self, value: Any) -> str:
        """An edge of a bar; a whole amount of money without its paise."""
        item = self.entry.item
        if item is not None and item.type is FieldKind.MONEY and value == value.to_integral_value():
            return format_money(value, self.figures.line.currency, self.locale, 0)
        return self.number(value)

    def number(self, value: Any, *, mean: bool = False) -> str:
        """A number of the field as people read it."""
        if value is None:
            return ""
        item = self.entry.item
        if item is not None and item.type is FieldKind.MONEY:
            return format_money(value, self.figures.line.currency, self.locale, item.scale)
        number = Decimal(value).quantize(CENT, ROUND_HALF_UP) if mean else Decimal(value)
        text = format(number, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return format_number(text, self.locale)

    def _calendar(self, facts: Facts) -> list[dict[str, Any]]:
        first, last = dt.date.fromisoformat(facts.least), dt.date.fromisoformat(facts.most)
        unit = calendar_unit(first, last)
        counts = self.values.beginnings({"day": 10, "month": 7, "year": 4}[unit])
        found = {
            calendar_span(dt.date.fromisoformat((text + "-01-01")[:10]), unit): number
            for text, number in counts.items()
        }
        spans = spans_between(first, last, unit)
        if len(spans) > MOST_BARS:
            spans = sorted(found)
        self.how.append(_("Days are those of the organisation's timezone."))
        return [
            bar(
                span_label(span, unit, self.locale),
                found.get(span, 0),
                self.whole,
                self._filters(
                    {f"{self.name}__gte": span[0].isoformat(), f"{self.name}__lte": span[1].isoformat()}
                ),
            )
            for span in spans
        ]

    def _hours(self) -> list[dict[str, Any]]:
        counts = self.values.beginnings(2)
        bars = []
        for hour in range(24):
            own = {f"{self.name}__gte": f"{hour:02}:00", f"{self.name}__lt": f"{hour + 1:02}:00"}
            if hour == 23:
                del own[f"{self.name}__lt"]
            bars.append(bar(f"{hour:02}:00", counts.get(f"{hour:02}", 0), self.whole, self._filters(own)))
        return bars

    def _summary(self, facts: Facts) -> list[dict[str, str]]:
        if not facts.filled:
            return []
        if self.entry.kind is Kind.NUMBER:
            mean = (facts.total or Decimal(0)) / facts.filled
            at = dict(zip(FRACTIONS, facts.percentiles, strict=True))
            named = [
                (_("Least"), facts.least),
                (_("Lower tenth"), at[0.1]),
                (_("Lower quarter"), at[0.25]),
                (_("Median"), at[0.5]),
                (_("Upper quarter"), at[0.75]),
                (_("Upper tenth"), at[0.9]),
                (_("Most"), facts.most),
            ]
            return [
                *(
                    {"label": label, "value": self.number(value), "exact": f"{value:f}"}
                    for label, value in named
                ),
                {"label": _("Mean"), "value": self.number(mean, mean=True), "exact": f"{mean:.4f}"},
            ]
        if self.entry.kind in (Kind.DATE, Kind.DATETIME):
            return [
                {"label": label, "value": format_day(dt.date.fromisoformat(day), self.locale), "exact": day}
                for label, day in ((_("Earliest"), facts.least), (_("Latest"), facts.most))
            ]
        return []


def span_label(span: tuple[dt.date, dt.date], unit: str, locale: str) -> str:
    """Return a bar of the calendar as people read it: 5 Jan 2025, Jan 2025, 2025."""
    if unit == "year":
        return str(span[0].year)
    text = format_day(span[0], locale)
    if unit == "day":
        return text
    return f"{text.replace(',', '').split()[0 if text[0].isalpha() else 1]} {span[0].year}"
