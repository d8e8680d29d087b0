"""In which order a list can be read: by creation, by the last change, or by a field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Expression, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from core.errors import FieldError, ValidationFailed
from core.rules import Kind
from leads.fields.types import INDEXED_TEXT_LENGTH
from leads.models import Lead
from leads.queries.columns import IndexedColumn, Probe
from leads.queries.lead_list.catalog import Catalog
from leads.queries.lead_list.sections import (
    ByCreation,
    ByIndex,
    ByScore,
    BySorting,
    InMemory,
    Section,
    read_boolean,
    read_decimal,
    read_moment,
    read_text,
)
from leads.queries.lead_list.selection import Selection
from leads.queries.lead_list.trying import Base

NEWEST = "-created"
WITHOUT_ORDER = frozenset((Kind.MULTI, Kind.REFERENCE, Kind.PRESENCE))
READERS: dict[Kind, Callable[[Any], Any]] = {Kind.NUMBER: read_decimal, Kind.BOOLEAN: read_boolean}


@dataclass(frozen=True, slots=True)
class Ordering:
    """`name` of the catalog and direction."""

    name: str
    descending: bool

    @classmethod
    def parse(cls, text: str, catalog: Catalog) -> "Ordering":
        """Read `created`, `-created`, `-data.amount` and the like. Raises ValidationFailed for others."""
        text = text or NEWEST
        name, descending = text.removeprefix("-"), text.startswith("-")
        if name != "created" and name not in orderable(catalog):
            known = ", ".join(entry for entry in orderable(catalog) if "." not in entry)
            message = f"Leads are not ordered by “{name}”. Use data.<key of a field> or one of {known}."
            raise ValidationFailed(
                "invalid_ordering", message, {"ordering": [FieldError("invalid_ordering", message)]}
            )
        return cls(name, descending)

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.name}"


def orderable(catalog: Catalog) -> list[str]:
    """Return the names a list can be ordered by: creation, change, and, within a line, score and its fields."""
    fields = [
        entry.name for entry in catalog.entries.values() if entry.item and entry.kind not in WITHOUT_ORDER
    ]
    scores = ["score"] if catalog.line and "score" in catalog.entries else []
    return ["created", "updated", *scores, *(fields if catalog.line else [])]


def sections_of(ordering: Ordering, selection: Selection, catalog: Catalog) -> list[Section]:
    """Return the sections of the list in this order."""
    if ordering.name == "created":
        return [_by_creation(selection, newest_first=ordering.descending)]
    entry = catalog.entries[ordering.name]
    column = entry.make_column()
    if isinstance(column, IndexedColumn):
        return _by_index(selection, column, descending=ordering.descending)
    if ordering.name == "updated":
        return _by_sorting(selection, F("updated_at"), read_moment, descending=ordering.descending)
    if ordering.name == "score":
        return _by_score(selection, descending=ordering.descending)
    expression = column.expression()
    if entry.kind is Kind.TEXT:
        # As many characters as the index would keep: a place must fit into an address.
        expression = Left(expression, INDEXED_TEXT_LENGTH)
    reader = READERS.get(entry.kind, read_text)
    return _by_sorting(selection, expression, reader, descending=ordering.descending)


def _by_creation(selection: Selection, *, newest_first: bool) -> Section:
    if selection.is_one_equality or not selection.drivers:
        return ByCreation(selection.bases, newest_first=newest_first)
    plain = ByCreation(selection.bases, newest_first=newest_first)

    def sparse() -> Section | None:
        few = selection.read_sparse()
        return None if few is None else InMemory(few, plain, descending=newest_first)

    few = selection.read_few()
    if few is not None:
        return InMemory(few, plain, descending=newest_first)
    return ByCreation(selection.bases, newest_first=newest_first, meeting=selection.meeting, otherwise=sparse)


def _by_index(selection: Selection, column: IndexedColumn, *, descending: bool) -> list[Section]:
    match = column.all_rows()
    leads = selection.filtered
    with_value = ByIndex(match, leads, descending=descending)
    without = _newest(leads.exclude(Q(Probe(match))))

    def sort(name: str) -> Expression:
        return Subquery(match.beside(name).values(column.column)[:1])

    few = selection.read_few(sort)
    if few is not None:
        return _from_memory(few, with_value, without, descending=descending)
    if not selection.conditions and not selection.is_restricted:
        return [with_value, without]

    def sparse(number: int) -> Section | None:
        found = selection.read_sparse(sort)
        return (
            None if found is None else _from_memory(found, with_value, without, descending=descending)[number]
        )

    tried = ByIndex(match, leads, descending=descending, otherwise=lambda: sparse(0))
    return [tried, without]


def _by_score(selection: Selection, *, descending: bool) -> list[Section]:
    scored = ByScore(selection.filtered, descending=descending)
    without = _newest(selection.filtered.filter(score__isnull=True))

    def sort(name: str) -> Expression:
        return Subquery(selection.leads.filter(pk=OuterRef(name)).values("score")[:1])

    few = selection.read_few(sort)
    return [scored, without] if few is None else _from_memory(few, scored, without, descending=descending)


def _by_sorting(
    selection: Selection, expression: Expression | F, read_value: Callable[[Any], Any], *, descending: bool
) -> list[Section]:
    leads = selection.filtered
    with_value = BySorting(leads, expression, read_value, descending=descending)
    without = _newest(leads.annotate(sort=expression).filter(sort__isnull=True))

    def sort(name: str) -> Expression:
        return Subquery(
            selection.leads.filter(pk=OuterRef(name)).annotate(sort=expression).values("sort")[:1]
        )

    few = selection.read_few(sort)
    if few is None:
        return [with_value, without]
    return _from_memory(few, with_value, without, descending=descending)


def _newest(leads: QuerySet[Lead]) -> Section:
    """Leads without a value, which stand last, newest first, whichever way the others are ordered."""
    return ByCreation([Base((leads,), "pk", None)], newest_first=True)


def _from_memory(
    few: list[tuple[Any, ...]], with_value: Section, without: Section, *, descending: bool
) -> list[Section]:
    valued = [key for key in few if key[0] is not None]
    rest = [key[1:] for key in few if key[0] is None]
    return [InMemory(valued, with_value, descending=descending), InMemory(rest, without, descending=True)]
