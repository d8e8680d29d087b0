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
from leads.queries.lead_list.catalog import Catalog, Filterable
from leads.queries.lead_list.sections import (
    ByCreation,
    ByIndex,
    BySorting,
    InMemory,
    Section,
    read_boolean,
    read_decimal,
    read_moment,
    read_text,
)
from leads.queries.lead_list.selection import AmongIds, Selection, lead_passes

NEWEST = "-created"
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
        if name not in orderable(catalog):
            known = ", ".join(entry for entry in orderable(catalog) if "." not in entry)
            message = f"Leads are not ordered by “{name}”. Use data.<key of a field> or one of {known}."
            raise ValidationFailed(
                "invalid_ordering", message, {"ordering": [FieldError("invalid_ordering", message)]}
            )
        return cls(name, descending)

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.name}"


def orderable(catalog: Catalog) -> list[str]:
    """Return the names a list can be ordered by: creation, change, and, within a line, its fields."""
    fields = [entry.name for entry in catalog.entries.values() if entry.item and entry.kind is not Kind.MULTI]
    return ["created", "updated", *(fields if catalog.line else [])]


def sections_of(ordering: Ordering, selection: Selection, catalog: Catalog) -> list[Section]:
    """Return the sections of the list in this order."""
    if ordering.name == "created":
        return [_by_creation(selection, newest_first=ordering.descending)]
    few = selection.candidates
    leads = selection.filtered if few is None else selection.filtered.filter(AmongIds(few))
    entry = catalog.entries[ordering.name]
    if ordering.name == "updated":
        section: Section = BySorting(leads, F("updated_at"), read_moment, descending=ordering.descending)
        return [section if few is None else _in_memory(leads, F("updated_at"), section, ordering.descending)]
    column = entry.make_column()
    if isinstance(column, IndexedColumn):
        return _by_index(leads, column, ordering, is_few=few is not None)
    return _by_json(leads, entry, ordering, is_few=few is not None)


def _by_creation(selection: Selection, *, newest_first: bool) -> Section:
    if not selection.drivers:
        return ByCreation(selection.filtered, "pk", newest_first=newest_first)
    if not selection.is_one_equality and selection.candidates is not None:
        leads = selection.filtered.filter(AmongIds(selection.candidates))
        keys = list(leads.order_by().values_list("created_at", "pk"))
        return InMemory(keys, ByCreation(leads, "pk", newest_first=newest_first), descending=newest_first)
    if selection.equality is None:
        return ByCreation(selection.filtered, "pk", newest_first=newest_first)
    condition, match = selection.equality
    others = selection.passing(each for each in selection.conditions if each is not condition)
    return ByCreation(match.queryset().filter(lead_passes(others)), "lead_id", newest_first=newest_first)


def _by_index(
    leads: QuerySet[Lead], column: IndexedColumn, ordering: Ordering, *, is_few: bool
) -> list[Section]:
    match = column.all_rows()
    with_value: Section = ByIndex(match, leads, descending=ordering.descending)
    if is_few:
        rows = match.queryset().filter(lead_id=OuterRef("pk"))
        with_value = _in_memory(
            leads, Subquery(rows.values(column.column)[:1]), with_value, ordering.descending
        )
    return [with_value, _without(leads.exclude(Q(Probe(match))), is_few=is_few)]


def _by_json(leads: QuerySet[Lead], entry: Filterable, ordering: Ordering, *, is_few: bool) -> list[Section]:
    expression = entry.make_column().expression()
    if entry.kind is Kind.TEXT:
        # As many characters as the index would keep: a place must fit into an address.
        expression = Left(expression, INDEXED_TEXT_LENGTH)
    reader = READERS.get(entry.kind, read_text)
    section: Section = BySorting(leads, expression, reader, descending=ordering.descending)
    if is_few:
        section = _in_memory(leads, expression, section, ordering.descending)
    missing = leads.annotate(sort=expression).filter(sort__isnull=True)
    return [section, _without(missing, is_few=is_few)]


def _without(leads: QuerySet[Lead], *, is_few: bool) -> Section:
    """Leads without a value, newest first, whichever way the others stand."""
    section = ByCreation(leads, "pk", newest_first=True)
    if not is_few:
        return section
    return InMemory(list(leads.order_by().values_list("created_at", "pk")), section, descending=True)


def _in_memory(leads: QuerySet[Lead], expression: Expression | F, twin: Section, descending: bool) -> Section:
    found = leads.annotate(sort=expression).filter(sort__isnull=False).order_by()
    return InMemory(list(found.values_list("sort", "created_at", "pk")), twin, descending=descending)
