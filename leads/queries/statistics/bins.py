"""Where the bars of a histogram begin and end: at round numbers, and at days, months and years. Pure."""

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

# So many bars, about: more cannot be told apart, fewer say too little.
WANTED_BARS = 12
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
MOST_DAYS, MOST_MONTHS = 45, 48


def nice_step(width: Decimal, *, whole: bool) -> Decimal:
    """Return the least of 1, 2, 2.5, 5 times a power of ten that is not less than `width`; at least 1 if `whole`."""
    if whole and width <= 1:
        return Decimal(1)
    power = Decimal(1).scaleb(width.adjusted())
    for factor in STEPS:
        step = factor * power
        if step >= width and not (whole and step != step.to_integral_value()):
            return step
    return 10 * power


def number_edges(low: Decimal, high: Decimal, *, whole: bool = False) -> list[Decimal]:
    """Return the edges of bars over `low` … `high`: bar n holds edge n ≤ value < edge n + 1, and `high` is in the last.

    `whole`: the values are whole numbers, so no bar is narrower than one.
    """
    width = (high - low) / WANTED_BARS
    if width <= 0:
        width = Decimal(1) if whole or not low else Decimal(1).scaleb(low.adjusted() - 1)
    step = nice_step(width, whole=whole)
    edge = (low / step).to_integral_value(ROUND_FLOOR) * step
    edges = [edge]
    while edges[-1] <= high:
        edges.append(edges[-1] + step)
    return edges


def calendar_unit(first: dt.date, last: dt.date) -> str:
    """Return in what bars a span of days is told best: day, month or year."""
    if (last - first).days < MOST_DAYS:
        return "day"
    months = (last.year - first.year) * 12 + last.month - first.month
    return "month" if months < MOST_MONTHS else "year"


def calendar_span(day: dt.date, unit: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of the bar in which a day lies."""
    if unit == "day":
        return day, day
    if unit == "year":
        return dt.date(day.year, 1, 1), dt.date(day.year, 12, 31)
    following = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1) if day.year < 9999 else dt.date.max
    first = day.replace(day=1)
    return first, dt.date.max if following == dt.date.max else following - dt.timedelta(days=1)


def spans_between(first: dt.date, last: dt.date, unit: str) -> list[tuple[dt.date, dt.date]]:
    """Return all bars from the one of `first` to the one of `last`, the empty ones too."""
    spans = [calendar_span(first, unit)]
    while spans[-1][1] < last:
        spans.append(calendar_span(spans[-1][1] + dt.timedelta(days=1), unit))
    return spans


def inner_span(low: Decimal, high: Decimal, core: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return what the bars are to show: all, or, where few values lie far out, the middle 98 % (`core`)."""
    first, last = core
    return (low, high) if high - low <= 4 * (last - first) or first == last else (first, last)
