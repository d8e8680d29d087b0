"""Leads that pass two conditions, met as sets: entries of two indexes in the order of creation, window by window.

To try a lead costs a look at its row and one for each condition; to read the next entry of an index costs a fraction
of that. So the next entries of the rarer condition are read, and those of the other one over the same span of time.
Only leads that are among both are looked at, and only where more is asked of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from leads.models import Lead
from leads.queries.lead_list.trying import Key, SparseError, Statement

# Which condition is rarer at a place is told by how far so many of its entries reach.
REACHING = 500
# At least so many entries of the rarer one are read at first, more for larger pages; so many times as many where the
# others seem to leave few of them.
LEAST_WINDOW = 1_000
WINDOW_PER_ROW = 20
WIDEST = 8
# Where the second rarest has so many times as many entries, leads are sooner tried one by one.
MOST_DENSER = 20
# A window is so much larger than what was found so far promises to do, and at most so many times the last one.
SPARE, FURTHER = 1.3, 8
# How many entries a page reads before another way to its leads is looked for.
MOST_MET = 120_000
# Of those that met, so many for each that is wanted are checked at first, and twice as many each further time.
CHECKED_PER_ROW = 4


@dataclass(frozen=True, slots=True)
class Stream:
    """Index rows of all leads that pass one condition, with created_at and the lead's id (by `name`).

    Each arm is one range of an index in the order of creation.
    """

    arms: tuple[QuerySet[Any], ...]
    name: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two or more streams of one list, and that of all leads, which tells what part of them each has.

    `rest` gives, for the numbers of two of them, the leads that pass all the other conditions; None where those two
    were all.
    """

    everyone: Stream
    streams: Sequence[Stream]
    rest: Callable[[int, int], QuerySet[Lead] | None]


@dataclass(frozen=True, slots=True)
class Met:
    """The first keys that pass, and how many are known to: these and perhaps some beyond."""

    keys: list[Key]
    known: int


@dataclass(frozen=True, slots=True)
class _Window:
    """What two streams gave: keys of the leads among both, how many entries were read, and the rarer one's last."""

    met: list[Key]
    read: int
    read_of_other: int
    last: Key | None


def read_meeting(meeting: Meeting, start: Key | None, limit: int, *, descending: bool) -> Met | None:
    """Keys of the first leads beyond `start` that pass; None where trying lead by lead costs no more.

    Raises SparseError after MOST_MET entries.
    """
    arms = [_composed(stream) for stream in meeting.streams]
    chosen = _two_rarest(_composed(meeting.everyone), arms, start, descending=descending)
    if chosen is None:
        return None
    rarest, second, share = chosen
    rest = meeting.rest(rarest, second)
    rare, other = arms[rarest], arms[second]
    window = max(LEAST_WINDOW, WINDOW_PER_ROW * limit)
    window = max(window, min(int(SPARE * limit / share), WIDEST * window))
    found: list[Key] = []
    read, entries = 0, 0
    while entries < MOST_MET:
        left = MOST_MET - entries
        window = min(window, max(left // 2, 1))
        # At first no more than what shows whether the other one is too dense.
        most = left if read else min(MOST_DENSER * window, left)
        next_ones = _read(rare, other, start, window, most, descending=descending)
        if next_ones.read_of_other == most:
            if read:
                break
            return None
        found += _passing(next_ones.met, rest, limit - len(found))
        if len(found) >= limit or next_ones.read < window:
            return Met(found[:limit], len(found))
        read += next_ones.read
        entries += next_ones.read + next_ones.read_of_other
        start = next_ones.last
        promised = SPARE * (limit - len(found)) * read / len(found) if found else FURTHER * window
        window = max(LEAST_WINDOW, int(min(promised, FURTHER * window)))
    raise SparseError


def _composed(stream: Stream) -> list[Statement]:
    """The arms that may have rows, as selects of two columns in no order."""
    found = []
    for arm in stream.arms:
        try:
            found.append(arm.order_by().values_list("created_at", stream.name).query.sql_with_params())
        except EmptyResultSet:
            continue
    return found


def _two_rarest(
    everyone: Sequence[Statement], arms: Sequence[Sequence[Statement]], start: Key | None, *, descending: bool
) -> tuple[int, int, float] | None:
    """The numbers of the two streams whose next entries reach farthest, the rarest first.

    And what part of the rarest one's leads the others seem to have, as if they did not hang on one another. None
    where a stream ends before, because what is left of it is soon tried, and where the second is too dense.
    """
    first, far = -2, -1
    parts, values = [], []
    for number, stream, most in (
        (first, everyone, 1),
        (far, everyone, REACHING),
        *((number, stream, REACHING) for number, stream in enumerate(arms)),
    ):
        text, parameters = _ordered(stream, start, most, descending=descending)
        parts.append(f"(SELECT {number} AS number, created, lead FROM ({text}) AS stream OFFSET {most - 1})")
        values += parameters
    rows = _fetch((" UNION ALL ".join(parts), values))
    reached = {number: (created, lead) for number, created, lead in rows}
    if len(reached) < len(parts):
        return None
    # Numbers of leads go up with time, more finely than moments do: a whole file has one moment.
    spans = {number: abs(key[-1] - reached[first][-1]) + 1 for number, key in reached.items()}
    rarest, second, *others = sorted(range(len(arms)), key=reached.__getitem__, reverse=not descending)
    if spans[rarest] > MOST_DENSER * spans[second]:
        return None
    share = 1.0
    for number in (second, *others):
        share *= min(1.0, spans[far] / spans[number])
    return rarest, second, share


def _read(
    rare: Sequence[Statement],
    other: Sequence[Statement],
    start: Key | None,
    window: int,
    most: int,
    *,
    descending: bool,
) -> _Window:
    """The next entries of the rarer stream, and up to `most` of the other as far as those reach."""
    far = "ASC" if descending else "DESC"
    last = f"SELECT created, lead FROM rare ORDER BY created {far}, lead {far} LIMIT 1"
    rare_text, rare_values = _ordered(rare, start, window, descending=descending)
    other_text, other_values = _ordered(other, start, most, descending=descending, until=last)
    statement = (
        f"WITH rare AS MATERIALIZED ({rare_text}), other AS MATERIALIZED ({other_text}) "
        # An intersection is hashed, however few rows the planner thinks there are.
        "(SELECT created, lead, 0, 0 FROM rare INTERSECT SELECT created, lead, 0, 0 FROM other) UNION ALL "
        f"SELECT created, lead, (SELECT count(*) FROM rare), (SELECT count(*) FROM other) FROM ({last}) AS last"
    )
    rows = _fetch((statement, [*rare_values, *other_values]))
    told = next((row for row in rows if row[2]), None)
    if told is None:
        return _Window([], 0, 0, None)
    met = sorted((row[:2] for row in rows if not row[2]), reverse=descending)
    return _Window(met, told[2], told[3], told[:2])


def _passing(keys: Sequence[Key], rest: QuerySet[Lead] | None, wanted: int) -> list[Key]:
    """Those of the keys whose leads are among the rest: all without a look, else at least as many as are wanted."""
    if rest is None:
        return list(keys)
    found: list[Key] = []
    begin, size = 0, CHECKED_PER_ROW * wanted
    while begin < len(keys) and len(found) < wanted:
        some = keys[begin : begin + size]
        begin, size = begin + size, 2 * size
        ids = [key[-1] for key in some]
        passing = set(rest.filter(pk__any=ids).order_by().values_list("pk", flat=True))
        found += [key for key in some if key[-1] in passing]
    return found


def _ordered(
    arms: Sequence[Statement], start: Key | None, most: int, *, descending: bool, until: str = ""
) -> tuple[str, list[Any]]:
    """The first entries of a stream beyond a place, and up to the one that the select `until` gives."""
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    within = {"<": ">=", ">": "<="}[beyond]
    bounds = [f"(created, lead) {beyond} (%s, %s)"] if start is not None else []
    bounds += [f"(created, lead) {within} ({until})"] if until else []
    where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
    order = f"ORDER BY created {direction}, lead {direction} LIMIT {most:d}"
    parts, values = [], []
    for text, parameters in arms:
        parts.append(f"SELECT created, lead FROM ({text}) AS entries (created, lead){where} {order}")
        values += [*parameters, *(start or ())]
    if not parts:
        return "SELECT NULL::timestamptz AS created, 0::bigint AS lead WHERE FALSE", []
    if len(parts) == 1:
        return parts[0], values
    # Each arm comes in order, so that they are merged as they are read.
    return (
        f"SELECT created, lead FROM ({' UNION ALL '.join(f'({part})' for part in parts)}) AS arms {order}",
        values,
    )


def _fetch(statement: tuple[str, Sequence[Any]]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return cursor.fetchall()
