"""What a cell of a file, a form or an API call may hold before it is coerced."""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

ZERO_WIDTH = "\u200b\ufeff\u2060"
"""Characters that show nothing and carry no meaning at the ends of a text (joiners do, in Indic scripts)."""


MOST_DIGITS = 400
MOST_BITS = 1328  # of 400 digits


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell that shows an error, or holds a formula whose result was never saved.

    `text` is what a person sees in the cell (`#REF!`, `=A1+1`), `code` one of `core.values.reasons`.
    """

    text: str
    code: str


class PercentNumber(float):
    """The number of a cell formatted as a percentage: 0.125 where the sheet shows 12.5 %."""

    __slots__ = ()


Cell = str | int | float | bool | Decimal | date | datetime | time | timedelta | CellError | None
"""One cell. `None` is an empty cell; readers never give an empty text."""


def strip_text(text: str) -> str:
    """`text` without white space (no-break spaces included) and zero-width marks at its ends."""
    stripped = text.strip()
    while stripped and (stripped[0] in ZERO_WIDTH or stripped[-1] in ZERO_WIDTH):
        stripped = stripped.strip(ZERO_WIDTH).strip()
    return stripped


def is_blank(cell: Cell) -> bool:
    """Whether a person would call the cell empty: nothing, or nothing but white space."""
    if cell is None:
        return True
    return isinstance(cell, str) and not strip_text(cell)


def finite_number(cell: object) -> int | float | Decimal | None:
    """The cell if it is a number that can be reckoned with; None for yes and no, NaN, infinities and numbers
    of more than 400 digits, which no field holds and which take for ever to write out."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return None
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    if isinstance(cell, int):
        return cell if cell.bit_length() <= MOST_BITS else None
    if not cell.is_finite() or (cell and abs(cell.adjusted()) > MOST_DIGITS):
        return None
    return cell if cell else Decimal(0)


def shortest_decimal(number: float) -> Decimal:
    """The decimal that Excel shows for a finite float: its 15 significant digits."""
    if number.is_integer() and -1e15 < number < 1e15:
        return Decimal(int(number))
    return Decimal(format(Decimal(format(number, ".15g")), "f"))


def plain_text(number: Decimal) -> str:
    """The decimal as digits, never in scientific notation: the form in which numbers are stored."""
    return format(number, "f")


def cell_text(cell: Cell) -> str:
    """The cell as text, as a person would type it: integral floats without a point, dates in ISO form."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _float_text(cell)
    if isinstance(cell, Decimal):
        return plain_text(cell)
    if isinstance(cell, CellError):
        return cell.text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _duration_text(cell)
    return str(cell)


def _duration_text(duration: timedelta) -> str:
    """Hours, minutes and seconds, as a sheet shows them: 30:00:00."""
    seconds = round(abs(duration).total_seconds())
    sign = "-" if duration < timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def _float_text(number: float) -> str:
    if not math.isfinite(number):
        return str(number)
    exact = shortest_decimal(number)
    if isinstance(number, PercentNumber):
        return _without_trailing_zeros(plain_text(exact.scaleb(2))) + "%"
    return _without_trailing_zeros(plain_text(exact))


def _without_trailing_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
