"""Rows in the order of an index, each tried by a check until enough of them pass.

Some are tried first. How many of those pass tells how far to go on, by which of several ways, or whether to look
for the same leads by another road.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

Key = tuple[Any, ...]
Statement = tuple[str, tuple[Any, ...]]
NO_ROWS: Statement = ("SELECT 0, 0, FALSE AS passes WHERE FALSE", ())
# How many rows are tried at first; more for larger pages.
TRIED = 1_000
TRIED_PER_ROW = 25
# How many of the newest are tried to say how many pass at least, where the page itself has tried fewer.
TRIED_TO_COUNT = 500
# How many rows of another way tell how many of its rows pass.
SAMPLED = 300
# Beyond so many rows, matches are sooner read from their indexes and compared; sooner still where an order by values
# has nothing to do with who owns the leads.
MOST_TRIED = 25_000
MOST_TRIED_BY_VALUE = 3_000


@dataclass(frozen=True, slots=True)
class Base:
    """Rows with created_at and a lead's id (by `name`), and what each must pass (None: nothing more).

    `arms` are the rows, each arm in one range of an index: an order goes through all of them at once.
    """

    arms: tuple[QuerySet[Any], ...]
    name: str
    check: Q | None

    def narrowed(self, condition: Q) -> "Base":
        """The same of fewer rows: a condition on the columns of an index."""
        return Base(tuple(arm.filter(condition) for arm in self.arms), self.name, self.check)


@dataclass(frozen=True, slots=True)
class Way:
    """Rows in an order: columns of their index, `-` before one reverses. A key is the values of these columns."""

    base: Base
    order: tuple[str, ...]


def by_creation(base: Base, *, newest_first: bool = True) -> Way:
    """The rows in the order of creation."""
    sign = "-" if newest_first else ""
    return Way(base, (f"{sign}created_at", f"{sign}{base.name}"))


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying so many rows gave: keys that pass, and the last row where there may be more (else None)."""

    found: list[Key]
    last: Key | None
    tried: int


class SparseError(Exception):
    """Too few of the rows that were tried pass."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Keys of rows that pass, and how many rows were tried for them: at least so many, as far as was counted."""

    keys: list[Key]
    tried: int = 0


def read_passing(
    ways: Callable[[Key | None], Sequence[Way]],
    start: Key | None,
    limit: int,
    *,
    most: int,
    else_sparse: bool,
) -> Passed:
    """The first rows beyond `start` that pass, by whichever of several ways to the same leads is densest.

    `ways` gives them from a place on, all in one order. Raises SparseError, where that is wanted, when those that
    pass stand so far apart on every way that more than `most` rows would be tried.
    """
    first, *others = ways(start)
    if first.base.check is None or not (others or else_sparse):
        return Passed(_first_passing(first, limit))
    some = max(TRIED, TRIED_PER_ROW * limit)
    trial = _try(first, limit, some)
    rest = limit - len(trial.found)
    if not rest or trial.last is None:
        return Passed(trial.found, trial.tried)
    onwards = ways(trial.last)
    shares = [len(trial.found) / some, *map(_share, onwards[1:])]
    best, share = max(zip(onwards, shares, strict=True), key=lambda each: each[1])
    if not else_sparse:
        return Passed(trial.found + _first_passing(best, rest), trial.tried)
    if share * most < rest:
        raise SparseError
    # Those that pass may stand in heaps.
    further = _try(best, rest, max(some, min(int(3 * rest / share), 2 * most)))
    if len(further.found) < rest and further.last is not None:
        raise SparseError
    return Passed(trial.found + further.found, trial.tried)


def count_passing(way: Way, some: int) -> tuple[int, int]:
    """Try the first rows; return how many there were and how many of them pass."""
    statement, parameters = _ordered(way, some, judged=True)
    counted = f"SELECT count(*), count(*) FILTER (WHERE passes) FROM ({statement}) AS tried"
    [(seen, passed)] = _fetch((counted, parameters))
    return seen, passed


def count_first(way: Way, most: int) -> int:
    """Count the rows that pass, up to so many."""
    statement, parameters = _ordered(way, most, judged=False)
    [(number,)] = _fetch((f"SELECT count(*) FROM ({statement}) AS first", parameters))
    return int(number)


def _share(way: Way) -> float:
    """How many of the next rows pass; of a way that ends soon all, because it is read to its end."""
    seen, passed = count_passing(way, SAMPLED)
    return 1.0 if seen < SAMPLED else passed / seen


def _first_passing(way: Way, limit: int) -> list[Key]:
    return _fetch(_ordered(way, limit, judged=False))


def _try(way: Way, limit: int, some: int) -> Trial:
    """Try rows until `limit` pass or `some` were tried."""
    statement, parameters = _ordered(way, some, judged=True)
    # The last row that was tried comes along, whether it passes or not.
    numbered = f"SELECT *, row_number() OVER () AS number FROM ({statement}) AS ordered"
    chosen = f"SELECT * FROM ({numbered}) AS tried WHERE passes OR number = {some:d} LIMIT {limit:d}"
    told = _fetch((chosen, parameters))
    found = [row[:-2] for row in told if row[-2]]
    is_more = bool(told) and (len(found) == limit or told[-1][-1] == some)
    return Trial(found, told[-1][:-2] if is_more else None, told[-1][-1] if told else 0)


def _ordered(way: Way, most: int, *, judged: bool) -> Statement:
    """The first rows in order: judged, with whether each passes; else only those that pass."""
    check = Q() if way.base.check is None else way.base.check
    names = [column.removeprefix("-") for column in way.order]
    parts: list[str] = []
    values: list[Any] = []
    for arm in way.base.arms:
        rows = arm.annotate(passes=ExpressionWrapper(check, BooleanField())) if judged else arm.filter(check)
        rows = rows.order_by(*way.order).values_list(*names, *(["passes"] if judged else []))[:most]
        try:
            statement, parameters = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(statement)
        values += parameters
    if len(parts) < 2:
        return (parts[0], tuple(values)) if parts else NO_ROWS
    # Each arm comes in order, so that they are merged as they are read.
    places = ", ".join(
        f"{number} {'DESC' if column.startswith('-') else 'ASC'}"
        for number, column in enumerate(way.order, start=1)
    )
    arms = " UNION ALL ".join(f"({part})" for part in parts)
    return f"SELECT * FROM ({arms}) AS arms ORDER BY {places} LIMIT {most:d}", tuple(values)


def _fetch(statement: Statement) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return cursor.fetchall()
