"""What the number of a workbook's cell stands for: by its format it may be a moment, a duration, a percentage."""

from datetime import date, datetime, timedelta
from typing import Final

from core.intake.readers.styles import NumberKind
from core.values.cells import Cell, PercentNumber
from core.values.serials import serial_moment

_DAYS_FROM_1900_TO_1904: Final = 1462
_MILLISECONDS_OF_DAY: Final = 86_400_000


def number_cell(number: float, kind: NumberKind, *, counts_from_1904: bool) -> Cell:
    """The cell that shows `number` in a format of this kind; `counts_from_1904` is the workbook's setting."""
    if kind is NumberKind.PLAIN:
        return number
    if kind is NumberKind.MOMENT:
        return _moment(number, counts_from_1904)
    if kind is NumberKind.PERCENT:
        return PercentNumber(number)
    return _duration(number)


def _moment(number: float, counts_from_1904: bool) -> Cell:
    """Date, date and time, or time of day; the number itself where there is no such moment."""
    if 0 <= number < 1:
        milliseconds = round(number * _MILLISECONDS_OF_DAY)
        if milliseconds < _MILLISECONDS_OF_DAY:
            midnight = datetime.combine(date.min, datetime.min.time())
            return (midnight + timedelta(milliseconds=milliseconds)).time()
    moment = serial_moment(number + _DAYS_FROM_1900_TO_1904 if counts_from_1904 else number)
    return number if moment is None else without_midnight(moment)


def without_midnight(moment: datetime) -> Cell:
    """The moment, or its day alone where it is midnight: sheets do not tell the two apart."""
    return moment if moment.time() != datetime.min.time() else moment.date()


def _duration(number: float) -> Cell:
    try:
        return timedelta(milliseconds=round(number * _MILLISECONDS_OF_DAY))
    except (OverflowError, ValueError):
        return number
