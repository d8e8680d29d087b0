"""A list of leads in columns, by stage or, where the line has none, by status: few queries, however many columns.

Each column is read newest first off an index, some cards at a time, and counted up to a bound. All columns are read
together, and so are their counts.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, Q, QuerySet, Value

from accounts.actor import Actor
from core.errors import FieldError, ValidationFailed
from leads.models import BusinessLine, Lead, LeadStatus
from leads.presentation import stage_text
from leads.queries.lead_list.catalog import Catalog
from leads.queries.lead_list.cursors import CountEstimate
from leads.queries.lead_list.query import LeadList, LeadListQuery
from leads.queries.lead_list.sections import read_moment, read_number

CARDS = 20
COUNTED = 1_000
# So many leads are judged where only Python can judge them.
JUDGED = 1_000
# The column of leads in a stage that the line does not have, or not any more.
OTHER = ""


@dataclass(slots=True)
class BoardColumn:
    """One column. `after` is the cursor of the cards that follow; "" where none do."""

    value: str
    label: str
    cards: list[Lead] = field(default_factory=list)
    count: CountEstimate = field(default_factory=lambda: CountEstimate(0, True))
    after: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """`attribute`, stage or status, tells the columns apart."""

    attribute: str
    columns: list[BoardColumn]
    slow_notes: list[str]


def board_attribute(line: BusinessLine) -> str:
    """Return what a line's board goes by."""
    return "stage" if line.stages else "status"


def board_columns(line: BusinessLine) -> dict[str, str]:
    """Return value → label of the columns in order; "" is for leads whose stage the line no longer has."""
    if line.stages:
        return {**{stage: stage_text(stage) for stage in line.stages}, OTHER: ""}
    return {value: str(label) for value, label in LeadStatus.choices}


def read_board(
    actor: Actor, query: LeadListQuery, catalog: Catalog, *, only: str | None = None, after: str = ""
) -> Board:
    """Return the board of a list of one line; `only` one of its columns, from the cursor `after` on.

    Raises as `list_leads` does.
    """
    assert query.line is not None, "A board is of one line."
    leads = LeadList(actor, query, catalog)
    attribute = board_attribute(query.line)
    columns = {value: BoardColumn(value, label) for value, label in board_columns(query.line).items()}
    if only is not None:
        if only not in columns:
            raise _refused("column", "The line has no such column.")
        columns = {only: columns[only]}
    place = _read_cursor(after) if after else None
    if leads.selection.recheck is not None:
        found = _judged(leads, attribute, columns, place)
    else:
        few = leads.candidates()
        found = (
            _indexed(leads, attribute, columns, place)
            if few is None
            else _grouped_here(leads, few, attribute, columns, place)
        )
    by_id = {lead.pk: lead for lead in leads.load([pk for ids in found.values() for pk in ids[:CARDS]])}
    for value, ids in found.items():
        column = columns[value]
        column.cards = [by_id[pk] for pk in ids[:CARDS] if pk in by_id]
        if len(ids) > CARDS and column.cards:
            last = column.cards[-1]
            column.after = f"{last.created_at.isoformat()}~{last.pk}"
    return Board(attribute, list(columns.values()), leads.notes if leads.selection_is_slow else [])


def _indexed(
    leads: LeadList,
    attribute: str,
    columns: Mapping[str, BoardColumn],
    place: tuple[dt.datetime, int] | None,
) -> dict[str, list[int]]:
    """The ids of each column's next cards, the database judging; counts are filled in."""
    rows = leads.selection.filtered
    values = list(columns)
    parts = [
        (number, rows.filter(condition).order_by("-created_at", "-pk"))
        for number, value in enumerate(values)
        for condition in _conditions(leads.query.line, attribute, value)
    ]
    counted = _grouped([(number, part[: COUNTED + 1]) for number, part in parts], "count(*)")
    for number, found in counted.items():
        columns[values[number]].count = CountEstimate(min(found, COUNTED), found <= COUNTED)
    if place is not None:
        created, pk = place
        beyond = Q(created_at__lt=created) | Q(created_at=created, pk__lt=pk)
        # The first condition alone is what an index begins at.
        parts = [(number, part.filter(beyond, created_at__lte=created)) for number, part in parts]
    ordered = "array_agg(id ORDER BY created_at DESC, id DESC)"
    read = _grouped([(number, part[: CARDS + 1]) for number, part in parts], ordered)
    return {value: read.get(number, [])[: CARDS + 1] for number, value in enumerate(values)}


def _conditions(line: BusinessLine | None, attribute: str, value: str) -> list[Q]:
    """The conditions of a column, each one range of an index: all other stages are the gaps between those there are."""
    if value != OTHER or line is None:
        return [Q(**{attribute: value})]
    stages = sorted(line.stages)
    between = [Q(stage__gt=low, stage__lt=high) for low, high in pairwise(stages)]
    return [Q(stage__lt=stages[0]), *between, Q(stage__gt=stages[-1])]


def _grouped(parts: Sequence[tuple[int, QuerySet[Lead]]], aggregate: str) -> dict[int, Any]:
    """For each number that has any rows: the aggregate of its rows, all read by one statement."""
    arms = [
        part.annotate(part=Value(number, output_field=IntegerField())).values("part", "created_at", "id")
        for number, part in parts
    ]
    try:
        rows = arms[0].union(*arms[1:], all=True) if arms[1:] else arms[0]
        statement, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT part, {aggregate} FROM ({statement}) AS parts GROUP BY part", parameters)
        return dict(cursor.fetchall())


def _grouped_here(
    leads: LeadList,
    few: Sequence[int],
    attribute: str,
    columns: Mapping[str, BoardColumn],
    place: tuple[dt.datetime, int] | None,
) -> dict[str, list[int]]:
    """The same of few leads: all are read at once, and sorted here."""
    rows = leads.selection.leads.filter(pk__in=few).order_by().values_list("created_at", "pk", attribute)
    found: dict[str, list[int]] = {value: [] for value in columns}
    numbers = dict.fromkeys(columns, 0)
    known = board_columns(leads.query.line) if leads.query.line else columns
    for created, pk, value in sorted(rows, reverse=True):
        column = value if value in known else OTHER
        if column in found:
            numbers[column] += 1
            if place is None or (created, pk) < place:
                found[column].append(pk)
    for value, number in numbers.items():
        columns[value].count = CountEstimate(min(number, COUNTED), number <= COUNTED)
    return {value: ids[: CARDS + 1] for value, ids in found.items()}


def _judged(
    leads: LeadList,
    attribute: str,
    columns: Mapping[str, BoardColumn],
    place: tuple[dt.datetime, int] | None,
) -> dict[str, list[int]]:
    """The same where only Python judges: of the newest that pass, told as at least so many."""
    found: dict[str, list[int]] = {value: [] for value in columns}
    known = board_columns(leads.query.line) if leads.query.line else columns
    number = 0
    for number, lead in enumerate(leads.every_lead(), start=1):
        value = getattr(lead, attribute)
        value = value if value in known else OTHER
        if value in found and (place is None or (lead.created_at, lead.pk) < place):
            found[value].append(lead.pk)
        if number == JUDGED:
            break
    for value, ids in found.items():
        columns[value].count = CountEstimate(len(ids), number < JUDGED)
    return found


def _read_cursor(text: str) -> tuple[dt.datetime, int]:
    created, _sign, number = text.partition("~")
    return read_moment(created), read_number(int(number) if number.isascii() and number.isdecimal() else None)


def _refused(parameter: str, message: str) -> ValidationFailed:
    return ValidationFailed("choice", message, {parameter: [FieldError("choice", message)]})
