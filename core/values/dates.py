"""Coercion of a cell to a day, a moment or a time of day."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from core.values.calendar_text import DateOrder, read_clock, read_date
from core.values.cells import Cell, CellError, finite_number, strip_text
from core.values.reasons import (
    AMBIGUOUS_TIME,
    NONEXISTENT_TIME,
    NOT_A_DATE,
    NOT_A_DATETIME,
    NOT_A_TIME,
    TIME_DROPPED,
)
from core.values.results import EMPTY, Coerced, Refused
from core.values.serials import LAST_SERIAL, serial_moment

_SERIAL_TEXT = re.compile(r"[1-9]\d{4}(?:\.0+)?", re.ASCII)
_LONGEST = 60
_OFFSET = re.compile(r"\s*(Z|[+-]\d\d:?\d\d(?::?\d\d)?)$", re.ASCII | re.IGNORECASE)
_DATE_THEN_CLOCK = re.compile(
    r"(.*?\d)(?:\s*,?\s+|T)(\d{1,2}(?:[:.]\d|\s*[ap]\.?\s?m).*)", re.ASCII | re.IGNORECASE
)
_MIDNIGHT = time()


def day(cell: Cell, order: DateOrder = "DMY") -> Coerced[date | None] | Refused:
    """The cell as a day. Text in `order`, in ISO form or with the month's name; date cells; serial numbers.

    A five-digit text is a serial number too: that is how a date cell without a date format is saved to CSV.
    A bare number from 1900 to 2100 is refused: it is a year, not a day of 1905. A time beside the day is
    dropped with a warning.
    """
    if isinstance(cell, str):
        if len(cell) == 10 and cell[4] == "-" and cell[7] == "-":
            try:
                return Coerced(date.fromisoformat(cell))
            except ValueError:
                pass
        return _day_from_text(strip_text(cell), order)
    if cell is None:
        return EMPTY
    if isinstance(cell, CellError):
        return Refused(cell.code)
    if isinstance(cell, datetime):
        return _without_time(cell)
    if isinstance(cell, date):
        return Coerced(cell)
    moment = _moment_of_number(cell)
    return Refused(NOT_A_DATE) if moment is None else _without_time(moment)


def moment(cell: Cell, order: DateOrder, timezone: tzinfo) -> Coerced[datetime | None] | Refused:
    """The cell as a moment in UTC. A text or cell without an offset is local time in `timezone`; a day alone
    is its midnight. A local time that the clocks skipped is refused; of one that came twice the earlier is
    taken, with a warning."""
    if isinstance(cell, str):
        trimmed = strip_text(cell)
        if not trimmed:
            return EMPTY
        local = _moment_from_text(trimmed, order)
    elif cell is None:
        return EMPTY
    elif isinstance(cell, CellError):
        return Refused(cell.code)
    elif isinstance(cell, datetime):
        local = cell
    elif isinstance(cell, date):
        local = datetime.combine(cell, _MIDNIGHT)
    else:
        local = _moment_of_number(cell)
    if local is None:
        return Refused(NOT_A_DATETIME)
    return _in_utc(local, timezone)


def clock(cell: Cell) -> Coerced[time | None] | Refused:
    """The cell as a time of day: text such as 14:30 or 2:30 PM, a time cell, or a fraction of a day."""
    if isinstance(cell, str):
        trimmed = strip_text(cell)
        if not trimmed:
            return EMPTY
        read = read_clock(trimmed) if len(trimmed) <= _LONGEST else None
        return Refused(NOT_A_TIME) if read is None else Coerced(read)
    if cell is None:
        return EMPTY
    if isinstance(cell, CellError):
        return Refused(cell.code)
    if isinstance(cell, time):
        return Coerced(cell.replace(tzinfo=None))
    if isinstance(cell, timedelta):
        return _clock_of_seconds(cell.total_seconds())
    number = finite_number(cell)
    if number is not None and 0 <= number < 1:
        return _clock_of_seconds(float(number) * 86_400)
    return Refused(NOT_A_TIME)


def _day_from_text(trimmed: str, order: DateOrder) -> Coerced[date | None] | Refused:
    if not trimmed:
        return EMPTY
    if len(trimmed) > _LONGEST:
        return Refused(NOT_A_DATE)
    read = read_date(trimmed, order)
    if read is not None:
        return Coerced(read)
    local = _moment_from_text(trimmed, order)
    return Refused(NOT_A_DATE) if local is None else _without_time(local)


def _moment_from_text(trimmed: str, order: DateOrder) -> datetime | None:
    """Date and time of a text, aware where the text names an offset."""
    if len(trimmed) > _LONGEST:
        return None
    if _SERIAL_TEXT.fullmatch(trimmed):
        return serial_moment(float(trimmed))
    whole = read_date(trimmed, order)
    if whole is not None:
        return datetime.combine(whole, _MIDNIGHT)
    parts = _DATE_THEN_CLOCK.fullmatch(trimmed)
    if parts is None:
        return None
    clock_text, offset = _split_offset(parts[2])
    read_day = read_date(parts[1], order)
    read_time = read_clock(clock_text)
    if read_day is None or read_time is None:
        return None
    return datetime.combine(read_day, read_time, tzinfo=offset)


def _split_offset(text: str) -> tuple[str, tzinfo | None]:
    match = _OFFSET.search(text)
    if match is None:
        return text, None
    try:
        aware = datetime.fromisoformat("2000-01-01T00:00:00" + match[1].upper())
    except ValueError:
        return text, None
    return text[: match.start()], aware.tzinfo


def _moment_of_number(cell: object) -> datetime | None:
    number = finite_number(cell)
    if number is None or not 1 <= number < 100_000_000:
        return None
    whole = number == int(number)
    if whole and 1900 <= number <= 2100:
        return None
    if number > LAST_SERIAL:
        written = read_date(str(int(number)), "YMD") if whole else None
        return None if written is None else datetime.combine(written, _MIDNIGHT)
    return serial_moment(float(number))


def _without_time(found: datetime) -> Coerced[date | None]:
    return Coerced(found.date(), None if found.time() == _MIDNIGHT else TIME_DROPPED)


def _in_utc(found: datetime, timezone: tzinfo) -> Coerced[datetime | None] | Refused:
    try:
        if found.tzinfo is not None:
            return Coerced(found.astimezone(UTC))
        earlier = found.replace(tzinfo=timezone, fold=0)
        in_utc = earlier.astimezone(UTC)
        if in_utc.astimezone(timezone).replace(tzinfo=None, fold=0) != found.replace(fold=0):
            return Refused(NONEXISTENT_TIME)
        twice = earlier.utcoffset() != earlier.replace(fold=1).utcoffset()
    except OverflowError:
        return Refused(NOT_A_DATETIME)
    return Coerced(in_utc, AMBIGUOUS_TIME if twice else None)


def _clock_of_seconds(seconds: float) -> Coerced[time | None] | Refused:
    milliseconds = round(seconds * 1000)
    if not 0 <= milliseconds < 86_400_000:
        return Refused(NOT_A_TIME)
    return Coerced((datetime.combine(date.min, _MIDNIGHT) + timedelta(milliseconds=milliseconds)).time())
