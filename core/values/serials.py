"""Excel's serial numbers of days, and the day in them that never was."""

from datetime import date, datetime, timedelta
from typing import Final

LAST_SERIAL: Final = 2_958_465
"""31 December 9999."""

PHANTOM_SERIAL: Final = 60
"""29 February 1900 to Excel, which takes 1900 for a leap year; no such day existed."""

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - cells know no timezone
_EPOCH_BEFORE_PHANTOM = datetime(1899, 12, 31)  # noqa: DTZ001


def serial_moment(serial: float) -> datetime | None:
    """Date and time of a serial number (1 is 1 January 1900, the fraction is the time of day, to the
    millisecond); None for zero, negative numbers, the phantom day and what lies beyond the year 9999."""
    if not 1 <= serial < LAST_SERIAL + 1 or int(serial) == PHANTOM_SERIAL:
        return None
    epoch = _EPOCH if serial > PHANTOM_SERIAL else _EPOCH_BEFORE_PHANTOM
    days = int(serial)
    milliseconds = round((serial - days) * 86_400_000)
    try:
        return epoch + timedelta(days=days, milliseconds=milliseconds)
    except OverflowError:
        return None


def serial_day(serial: float) -> date | None:
    """The day of a serial number, as `serial_moment`."""
    moment = serial_moment(serial)
    return None if moment is None else moment.date()
