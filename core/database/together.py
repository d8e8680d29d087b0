"""Several querysets in one statement: for a page that shows a little of many tables.

Each keeps its conditions, order and limit, and with them its index and the policies of its tables: the statement is
their `UNION ALL`, and PostgreSQL plans each part as it would alone. Parts share the columns of a type, padded with
nulls, so that values come as the driver gives them for the queryset itself, and the same instances are made of them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache
from operator import itemgetter
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.utils import NotSupportedError

from core.database.compiled import Marks, Named, instances_read_by

Rows = models.QuerySet[Any]
LENGTH = re.compile(r"\([0-9, ]+\)")
# Before the values of a row: of which part it is, and which place it has there.
BEFORE = 2


def read_together(*querysets: Rows) -> list[list[Any]]:
    """Return the instances of each queryset, in its order: one statement, none where nothing can be found."""
    together = _Together(querysets)
    with connection.cursor() as cursor:
        return together.read(cursor, together.parameters)


class CompiledReading:
    """What `read_together` reads, composed once per process and planned once per connection (see `CompiledQuery`)."""

    def __init__(self, build: Callable[..., Sequence[Rows]], **parameters: type[int] | type[str]) -> None:
        """`build` gets a mark for each of the `parameters`, by name, and uses each as a value to compare with."""
        self._build = build
        self._marks = Marks(parameters)
        self._composed: dict[tuple[bool, bool], tuple[_Together, Named]] = {}

    def __call__(self, **values: Any) -> list[list[Any]]:
        """Return the instances of each queryset for these values of the parameters."""
        kind = self._marks.kind()
        if kind not in self._composed:
            with self._marks.in_force() as marks:
                together = _Together(self._build(**marks))
            self._composed[kind] = together, self._marks.named(together.parameters)
        together, parameters = self._composed[kind]
        filled = Marks.filled(parameters, values)
        try:
            with connection.preparing(), connection.cursor() as cursor:  # type: ignore[attr-defined]
                return together.read(cursor, filled)
        except NotSupportedError:
            if connection.in_atomic_block:
                raise
            # A migration came in between: `preparing` has ended the plans, so it is asked once more without one.
            with connection.cursor() as cursor:
                return together.read(cursor, filled)


class _Together:
    """The statement of several querysets, and what makes their instances of its rows."""

    def __init__(self, querysets: Sequence[Rows]) -> None:
        self._parts = [_Part(rows) for rows in querysets]
        asked = [(number, part) for number, part in enumerate(self._parts) if part.sql]
        widths: Counter[str] = Counter()
        for _number, part in asked:
            widths |= Counter(kind for _name, kind in part.columns)
        places = {kind: sum(list(widths.values())[:at]) for at, kind in enumerate(widths)}
        pads = [f"NULL::{kind}" for kind, width in widths.items() for _each in range(width)]
        for _number, part in asked:
            part.take_places(places)
        selects = [part.select(number, pads) for number, part in asked]
        self._sql = f"{' UNION ALL '.join(selects)} ORDER BY 1, 2" if selects else ""
        self.parameters = [value for _number, part in asked for value in part.parameters]

    def read(self, cursor: Any, parameters: Sequence[Any]) -> list[list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        if self._sql:
            cursor.execute(self._sql, parameters)
            for row in cursor.fetchall():
                found[row[0]].append(row)
        return [
            part.instances(found[number]) if number in found else []
            for number, part in enumerate(self._parts)
        ]


def _kind_of(field: Any) -> str:
    """The type of a column, without a length: columns of one kind can stand under each other."""
    return _kind_of_column(field) if hasattr(field, "model") else _without_length(field)


def _without_length(field: Any) -> str:
    return LENGTH.sub("", field.db_type(connection))


# A model's field stays the same: it is asked once.
_kind_of_column = cache(_without_length)


class _Part:
    """One of the querysets: its statement, "" where it finds nothing, and the columns that it has among the others."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._compiler = cast(Any, rows.query.get_compiler(rows.db))
        self.columns: list[tuple[str, str]] = []
        self._converters: Any = None
        try:
            self.sql, self.parameters = self._compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            self.sql, self.parameters = "", ()
            return
        self.columns = [
            (f'"{name}"', _kind_of(expression.output_field))
            for expression, _sql, name in self._compiler.select
        ]

    def take_places(self, first: Mapping[str, int]) -> None:
        """Take for each column the next place of those for its type."""
        taken: Counter[str] = Counter()
        self._places = []
        for _name, kind in self.columns:
            self._places.append(first[kind] + taken[kind])
            taken[kind] += 1
        self._values = itemgetter(*(BEFORE + place for place in self._places))

    def select(self, number: int, pads: Sequence[str]) -> str:
        """Return the statement of the part, with the columns that other parts have besides."""
        columns = list(pads)
        for place, (name, _kind) in zip(self._places, self.columns, strict=True):
            columns[place] = name
        placed = f"{number}, row_number() OVER (), {', '.join(columns)}"
        return f"(SELECT {placed} FROM ({self.sql}) AS part)"

    def instances(self, found: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Make the queryset's instances of rows of the whole statement."""
        compiler = copy(self._compiler)
        compiler.connection = connection  # this thread's
        compiler.execute_sql = lambda *_how, **_more: [[self._values(row) for row in found]]
        if self._converters is None:
            self._converters = compiler.get_converters([each[0] for each in compiler.select])
        compiler.get_converters = lambda _select: self._converters
        return list(instances_read_by(compiler, self._rows))
