"""Reading dates and times of day that a person wrote, in a stated order of day, month and year."""

import re
from datetime import date, time
from typing import Final, Literal

DateOrder = Literal["DMY", "MDY", "YMD"]

PIVOT_YEAR: Final = 30
"""Two-digit years below it are of this century, the others of the last: the rule Excel shows them by."""

EARLIEST_WRITTEN_YEAR: Final = 1000
"""A year written with fewer digits is a slip; ISO dates are taken as they are."""

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
            "aug august", "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_NUMERIC = re.compile(r"(\d{1,4})\s*([/.\-\s])\s*(\d{1,2})\s*\2\s*(\d{1,4})", re.ASCII)
_DAY_FIRST = re.compile(
    _WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th)?[\s\-/.,]*([a-z]{3,9})\.?[\s\-/.,']*(\d{4}|\d{2})",
    re.ASCII | re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    _WEEKDAY + r"([a-z]{3,9})\.?[\s\-/.]*(\d{1,2})(?:st|nd|rd|th)?(?:\s*,\s*|[\s\-/.]+)(\d{4}|\d{2})",
    re.ASCII | re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})[\s\-/.]*([a-z]{3,9})\.?[\s\-/.]*(\d{1,2})", re.ASCII | re.IGNORECASE)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?)?\s*(?:([ap])\.?\s?m\.?)?",
    re.ASCII | re.IGNORECASE,
)


def read_date(text: str, order: DateOrder) -> date | None:
    """The date that trimmed `text` is, or None. ISO dates are read in any order; a date that does not exist
    in the stated order is never read in another one."""
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        first, _, second, third = numeric.groups()
        return _numeric_date(first, second, third, order)
    compact = _COMPACT.fullmatch(text)
    if compact:
        return _existing(int(compact[1]), int(compact[2]), int(compact[3]))
    return _named_date(text)


def read_clock(text: str) -> time | None:
    """The time of day that trimmed `text` is (14:30, 2.30 pm, 2 PM, 14:30:05.25), or None."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour_text, minute, second, fraction, half = match.groups()
    if minute is None and half is None:
        return None
    hour = int(hour_text)
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        return time(hour, int(minute or 0), int(second or 0), microsecond)
    except ValueError:
        return None


def _numeric_date(first: str, second: str, third: str, order: DateOrder) -> date | None:
    if len(first) == 4 or order == "YMD":
        year, month, day = first, second, third
    elif order == "DMY":
        day, month, year = first, second, third
    else:
        month, day, year = first, second, third
    if len(day) > 2 or len(month) > 2 or len(year) not in (2, 4):
        return None
    if len(first) == 4 and len(month) == len(day) == 2:
        return _existing(int(year), int(month), int(day))
    return _written(year, int(month), int(day))


def _named_date(text: str) -> date | None:
    for pattern, places in ((_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2)), (_YEAR_FIRST, (1, 2, 3))):
        match = pattern.fullmatch(text)
        if match:
            year, month, day = (match[place] for place in places)
            number = _MONTHS.get(month.lower())
            return None if number is None else _written(year, number, int(day))
    return None


def _written(year: str, month: int, day: int) -> date | None:
    if len(year) == 2:
        return _existing(int(year) + (2000 if int(year) < PIVOT_YEAR else 1900), month, day)
    return _existing(int(year), month, day) if int(year) >= EARLIEST_WRITTEN_YEAR else None


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
