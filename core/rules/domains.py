"""Sets of values, for reasoning about rules without trying them.

A set of ordered values is a tuple of spans between cuts. A cut lies just before or just after a value, or at
an end of everything, so that open, closed and unbounded spans are one thing, and union, intersection and
complement need no cases. Texts are ordered by code point; true and false by their number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from core.rules.values import Kind, Typed

Cut = tuple[Any, ...]
Spans = tuple[tuple[Cut, Cut], ...]

BEGINNING: Cut = (-1,)
END: Cut = (1,)
EVERYTHING: Spans = ((BEGINNING, END),)
NOTHING: Spans = ()
LAST_CHARACTER = "\U0010ffff"


def before(value: object) -> Cut:
    """The cut just below a value."""
    return 0, value, 0


def after(value: object) -> Cut:
    """The cut just above a value."""
    return 0, value, 1


def span(start: Cut, end: Cut) -> Spans:
    """The values between two cuts; none, if they are the wrong way round."""
    return ((start, end),) if start < end else NOTHING


def points(values: tuple[object, ...]) -> Spans:
    """Just these values."""
    return union(*(span(before(value), after(value)) for value in values))


def prefixed(prefix: str) -> Spans:
    """The texts that start with `prefix`."""
    stem = prefix.rstrip(LAST_CHARACTER)
    end = before(stem[:-1] + chr(ord(stem[-1]) + 1)) if stem else END
    return span(before(prefix), end)


def union(*sets: Spans) -> Spans:
    """The values in at least one of the sets."""
    merged: list[tuple[Cut, Cut]] = []
    for start, end in sorted(piece for spans in sets for piece in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def intersection(left: Spans, right: Spans) -> Spans:
    """The values in both sets."""
    common: list[tuple[Cut, Cut]] = []
    here = there = 0
    while here < len(left) and there < len(right):
        start = max(left[here][0], right[there][0])
        end = min(left[here][1], right[there][1])
        if start < end:
            common.append((start, end))
        if left[here][1] < right[there][1]:
            here += 1
        else:
            there += 1
    return tuple(common)


def complement(spans: Spans) -> Spans:
    """All values that are not in the set."""
    edges = [BEGINNING, *(cut for piece in spans for cut in piece), END]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((start, end) for start, end in pairs if start < end)


@dataclass(frozen=True, slots=True)
class Domain:
    """What a field may hold: nothing at all (`missing`), or one of the values."""

    missing: bool
    values: Spans

    def __bool__(self) -> bool:
        return self.missing or bool(self.values)

    def __and__(self, other: "Domain") -> "Domain":
        return Domain(self.missing and other.missing, intersection(self.values, other.values))


def all_values(kind: Kind) -> Spans:
    """Every value of a kind."""
    return points((False, True)) if kind is Kind.BOOLEAN else EVERYTHING


def present(kind: Kind, values: Spans) -> Domain:
    """The field has a value, one of these."""
    return Domain(False, intersection(values, all_values(kind)))


def absent_or(kind: Kind, values: Spans) -> Domain:
    """The field has no value, or one of these."""
    return Domain(True, intersection(values, all_values(kind)))


def example(kind: Kind, domain: Domain) -> Typed | None:
    """A value of the domain, or None where it has none or none is near at hand."""
    cuts = (cut for piece in domain.values for cut in piece if cut not in (BEGINNING, END))
    near = (value for cut in cuts for value in _neighbours(cut[1]))
    fits = (value for value in chain((SAMPLES[kind],), near) if _contains(domain.values, value))
    return next(fits, None)


SAMPLES: dict[Kind, Typed] = {
    Kind.TEXT: "a",
    Kind.NUMBER: Decimal(0),
    Kind.BOOLEAN: True,
    Kind.DATE: date(2000, 1, 1),
    Kind.DATETIME: datetime(2000, 1, 1, tzinfo=UTC),
    Kind.TIME: time(12),
    Kind.MULTI: frozenset(("a",)),
    Kind.REFERENCE: "a",
    Kind.PRESENCE: True,
}


def _contains(values: Spans, value: Typed) -> bool:
    # Sets of choices are not ordered: a domain of them is everything or nothing.
    return bool(values) if isinstance(value, frozenset) else bool(intersection(values, points((value,))))


def _neighbours(value: Any) -> Iterator[Typed]:
    yield value
    if isinstance(value, str):
        yield value + "a"
    elif isinstance(value, Decimal):
        yield from (value + 1, value - 1)
    elif isinstance(value, date) and MINYEAR < value.year < MAXYEAR:
        yield from (value + timedelta(days=1), value - timedelta(days=1))
