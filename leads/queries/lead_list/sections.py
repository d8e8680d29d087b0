"""The parts of an ordered list, each read from a place onwards, in either direction.

A list by creation has one section. A list by a field has two: leads with a value, by value, then those
without. Keys of places are tuples of JSON values; the last part is always the lead's id, so no two leads
share a place.
"""

import datetime as dt
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from operator import add
from typing import Any

from django.db.models import BooleanField, Expression, F, Func, Q, QuerySet, Value

from leads.models import Lead, LeadValue
from leads.queries.columns import RowMatch, microseconds
from leads.queries.lead_list import trying
from leads.queries.lead_list.cursors import LARGEST, wrong_cursor
from leads.queries.lead_list.meeting import Meeting, read_meeting
from leads.queries.lead_list.selection import lead_passes
from leads.queries.lead_list.trying import Base, Key, SparseError, Way, by_creation, read_passing

CREATED = LeadValue._meta.get_field("created_at")
LEAD_ID = LeadValue._meta.get_field("lead")


@dataclass(frozen=True, slots=True)
class Place:
    """A lead at its place in the list."""

    section: int
    key: Key

    @property
    def lead_id(self) -> int:
        return int(self.key[-1])


class Section(ABC):
    """Leads in one order."""

    @property
    def size(self) -> int | None:
        """How many leads there are, where that is known without counting."""
        return None

    @property
    def known(self) -> int | None:
        """At least so many leads there are, where reading some has told as much as a count would."""
        return None

    @abstractmethod
    def keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        """Return up to `limit` keys beyond `start`, nearest first; from the very end when it is None."""

    @abstractmethod
    def written(self, key: Key) -> Key:
        """The key as JSON values."""

    @abstractmethod
    def read(self, key: Key) -> Key:
        """The key from JSON values. Raises ValidationFailed for anything else."""


class Beyond(Func):
    """Whether (columns) stand before or after (a key).

    A row comparison, which an index serves as one range.
    """

    output_field = BooleanField()

    def __init__(self, columns: Sequence[Any], key: Sequence[Value], *, above: bool) -> None:
        super().__init__(*columns, *key)
        self.above = above
        self.width = len(columns)

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        texts = [sql for sql, _parameters in parts]
        left, right = ", ".join(texts[: self.width]), ", ".join(texts[self.width :])
        sign = ">" if self.above else "<"
        return f"({left}) {sign} ({right})", [value for _sql, values in parts for value in values]


def read_moment(written: Any) -> dt.datetime:
    """A moment of a key. Raises ValidationFailed."""
    try:
        moment = dt.datetime.fromisoformat(written)
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (TypeError, ValueError, OverflowError):
        raise wrong_cursor() from None


def read_number(written: Any) -> int:
    """A whole number of a key that a bigint holds. Raises ValidationFailed."""
    if isinstance(written, bool) or not isinstance(written, int) or abs(written) >= LARGEST:
        raise wrong_cursor()
    return written


class Tried(Section):
    """Rows in the order of an index, each tried by a check until enough pass.

    Where those that pass stand far apart, `otherwise` may know a better way to the same leads; where it knows
    none, all rows are tried.
    """

    def __init__(self, otherwise: Callable[[], Section | None] | None) -> None:
        self.otherwise = otherwise
        self.instead: Section | None = None

    @property
    def size(self) -> int | None:
        return self.instead.size if self.instead else None

    def keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        if self.instead is None:
            try:
                return self._keys(start, limit, backwards=backwards)
            except SparseError:
                self.instead = self.otherwise() if self.otherwise else None
                self.otherwise = None
        if self.instead is not None:
            return self.instead.keys(start, limit, backwards=backwards)
        return self._keys(start, limit, backwards=backwards)

    @abstractmethod
    def _keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        """As `keys`. Raises SparseError while there may be a better way."""


class ByCreation(Tried):
    """Rows with created_at and the lead's id, newest first or oldest first, in the order of an index.

    Each of `bases` has all leads of the list among its rows. Where two conditions are indexed in this order, they are
    met rather than tried (`meeting`), as long as `otherwise` knows what to do when that leads nowhere.
    """

    def __init__(
        self,
        bases: Sequence[Base],
        *,
        newest_first: bool,
        meeting: Meeting | None = None,
        otherwise: Callable[[], Section | None] | None = None,
    ) -> None:
        super().__init__(otherwise)
        self.bases = bases
        self.newest_first = newest_first
        self.meeting = meeting
        self._known: int | None = None

    @property
    def known(self) -> int | None:
        return self._known

    def _keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        descending = self.newest_first is not backwards
        if self.meeting and self.otherwise:
            met = read_meeting(self.meeting, start, limit, descending=descending)
            if met is not None:
                self._known = met.known
                return met.keys

        def ways(place: Key | None) -> list[Way]:
            return [self._way(base, place, descending=descending) for base in self.bases]

        passed = read_passing(
            ways, start, limit, most=trying.MOST_TRIED, else_sparse=self.otherwise is not None
        )
        if passed.tried >= trying.TRIED_TO_COUNT:
            self._known = len(passed.keys)
        return passed.keys

    @staticmethod
    def _way(base: Base, place: Key | None, *, descending: bool) -> Way:
        if place is not None:
            base = base.narrowed(_beyond_creation(base.name, place, above=not descending))
        return by_creation(base, newest_first=descending)

    def written(self, key: Key) -> Key:
        return key[0].isoformat(), key[1]

    def read(self, key: Key) -> Key:
        if len(key) != 2:
            raise wrong_cursor()
        return read_moment(key[0]), read_number(key[1])


def _beyond_creation(lead_id: str, key: Key, *, above: bool) -> Q:
    values = [Value(key[-2], output_field=CREATED), Value(key[-1], output_field=LEAD_ID.target_field)]
    return Q(Beyond([F("created_at"), F(lead_id)], values, above=above))


class ByIndex(Tried):
    """Leads by an indexed field, in the order of its index: by value, equal ones newest first.

    Descending is exactly the reverse, the index read backwards: equal ones oldest first.
    """

    def __init__(
        self,
        match: RowMatch,
        leads: QuerySet[Lead],
        *,
        descending: bool,
        otherwise: Callable[[], Section | None] | None = None,
    ) -> None:
        super().__init__(otherwise)
        self.check = lead_passes(leads)
        self.column = match.order[0]
        self.rows = match.queryset()
        self.descending = descending

    def _keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        descending = self.descending is not backwards
        if start is None:
            return self._read(self.rows, limit, descending=descending)
        # Two ranges of the index: the rest of the equal values, then the values beyond.
        equal = self.rows.filter(
            _beyond_creation("lead_id", start, above=descending), **{self.column: start[0]}
        )
        found = self._read(equal, limit, descending=descending)
        if len(found) < limit:
            beyond = self.rows.filter(**{f"{self.column}__{'lt' if descending else 'gt'}": start[0]})
            found += self._read(beyond, limit - len(found), descending=descending)
        return found

    def _read(self, rows: QuerySet[Any], limit: int, *, descending: bool) -> list[Key]:
        order = ("-", "", "") if descending else ("", "-", "-")
        names = (self.column, "created_at", "lead_id")

        def ways(place: Key | None) -> list[Way]:
            further = rows.filter(self._after(place, descending=descending)) if place else rows
            return [Way(Base((further,), "lead_id", self.check), tuple(map(add, order, names)))]

        return read_passing(
            ways, None, limit, most=trying.MOST_TRIED_BY_VALUE, else_sparse=self.otherwise is not None
        ).keys

    def _after(self, place: Key, *, descending: bool) -> Q:
        """What follows a place: one range of the index, whose first rows are passed over."""
        sign = "lt" if descending else "gt"
        same = Q(**{self.column: place[0]}) & _beyond_creation("lead_id", place, above=descending)
        return Q(**{f"{self.column}__{sign}e": place[0]}) & (same | Q(**{f"{self.column}__{sign}": place[0]}))

    def written(self, key: Key) -> Key:
        value = key[0].isoformat() if isinstance(key[0], dt.date) else key[0]
        return value, key[1].isoformat(), key[2]

    def read(self, key: Key) -> Key:
        if len(key) != 3:
            raise wrong_cursor()
        return read_indexed(self.column, key[0]), read_moment(key[1]), read_number(key[2])


class ByScore(Section):
    """Leads of a line that have a score, in the order of the index on it. Ordered as `ByIndex` orders."""

    def __init__(self, leads: QuerySet[Lead], *, descending: bool) -> None:
        self.leads = leads.filter(score__isnull=False)
        self.descending = descending

    def keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        descending = self.descending is not backwards
        order = ("-score", "created_at", "pk") if descending else ("score", "-created_at", "-pk")

        def read(rows: QuerySet[Lead], most: int) -> list[Key]:
            return list(rows.order_by(*order).values_list("score", "created_at", "pk")[:most])

        if start is None:
            return read(self.leads, limit)
        # Two ranges of the index: the rest of the equal scores, then the scores beyond.
        found = read(
            self.leads.filter(_beyond_creation("pk", start, above=descending), score=start[0]), limit
        )
        if len(found) < limit:
            beyond = self.leads.filter(**{f"score__{'lt' if descending else 'gt'}": start[0]})
            found += read(beyond, limit - len(found))
        return found

    def written(self, key: Key) -> Key:
        return key[0], key[1].isoformat(), key[2]

    def read(self, key: Key) -> Key:
        if len(key) != 3:
            raise wrong_cursor()
        return read_number(key[0]), read_moment(key[1]), read_number(key[2])


def read_indexed(column: str, written: Any) -> Any:
    """A value of an index column from a key. Raises ValidationFailed."""
    if column == "number_value":
        return read_number(written)
    if not isinstance(written, str):
        raise wrong_cursor()
    if column == "text_value":
        return written
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise wrong_cursor() from None


class BySorting(Section):
    """Leads by any expression: all that pass are sorted for each page. Ordered as `ByIndex` orders."""

    def __init__(
        self,
        leads: QuerySet[Lead],
        expression: Expression | F,
        read_value: Callable[[Any], Any],
        *,
        descending: bool,
    ) -> None:
        self.leads = leads.annotate(sort=expression).filter(sort__isnull=False)
        self.read_value = read_value
        self.descending = descending

    def keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        descending = self.descending is not backwards
        leads = self.leads
        if start is not None:
            further = Q(**{f"sort__{'lt' if descending else 'gt'}": start[0]})
            leads = leads.filter(
                further | (Q(sort=start[0]) & _beyond_creation("pk", start, above=descending))
            )
        order = ("-sort", "created_at", "pk") if descending else ("sort", "-created_at", "-pk")
        return list(leads.order_by(*order).values_list("sort", "created_at", "pk")[:limit])

    def written(self, key: Key) -> Key:
        value = key[0]
        if isinstance(value, Decimal):
            value = format(value, "f")
        elif isinstance(value, dt.datetime):
            value = value.isoformat()
        return value, key[1].isoformat(), key[2]

    def read(self, key: Key) -> Key:
        if len(key) != 3:
            raise wrong_cursor()
        return self.read_value(key[0]), read_moment(key[1]), read_number(key[2])


class InMemory(Section):
    """Few leads, read at once and sorted here.

    Keys look as those of the section that many leads would need.
    """

    def __init__(self, keys: list[Key], twin: Section, *, descending: bool) -> None:
        self.ascending = sorted(keys, key=_sortable)
        self.twin = twin
        self.descending = descending

    @property
    def size(self) -> int:
        return len(self.ascending)

    def keys(self, start: Key | None, limit: int, *, backwards: bool) -> list[Key]:
        if self.descending is not backwards:
            end = (
                len(self.ascending)
                if start is None
                else bisect_left(self.ascending, _sortable(start), key=_sortable)
            )
            return self.ascending[max(0, end - limit) : end][::-1]
        begin = 0 if start is None else bisect_right(self.ascending, _sortable(start), key=_sortable)
        return self.ascending[begin : begin + limit]

    def written(self, key: Key) -> Key:
        return self.twin.written(key)

    def read(self, key: Key) -> Key:
        return self.twin.read(key)


def _sortable(key: Key) -> tuple[Any, ...]:
    """A key as it sorts: by creation alone, or by value with the newest of equal ones first."""
    *value, created, lead_id = key
    moment = microseconds(created)
    return (*value, -moment, -lead_id) if value else (moment, lead_id)


def read_decimal(written: Any) -> Decimal:
    """A decimal of a key. Raises ValidationFailed."""
    try:
        number = Decimal(written) if isinstance(written, str) and len(written) <= 400 else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > 400:
        raise wrong_cursor()
    return number


def read_text(written: Any) -> str:
    """A text of a key. Raises ValidationFailed."""
    if not isinstance(written, str):
        raise wrong_cursor()
    return written


def read_boolean(written: Any) -> bool:
    """A truth of a key. Raises ValidationFailed."""
    if not isinstance(written, bool):
        raise wrong_cursor()
    return written
