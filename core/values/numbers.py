"""Coercion of a cell to numbers, decimals throughout: a float only enters through its shortest decimal."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from core.values.cells import Cell, CellError, PercentNumber, finite_number, is_blank, shortest_decimal
from core.values.number_text import read_number
from core.values.reasons import NOT_A_NUMBER, NOT_AN_INTEGER, TOO_MANY_DECIMALS
from core.values.results import EMPTY, Coerced, Refused

MONEY_DECIMALS: Final = 2

_FAST_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,20})?")
_WIDE = Context(prec=800)
_STEPS = [Decimal(1).scaleb(-places) for places in range(21)]


def decimal_number(cell: Cell, decimals: int | None = None) -> Coerced[Decimal | None] | Refused:
    """The cell as a decimal with exactly `decimals` places (None: as many as it has).

    Text with more places is refused (`too_many_decimals`), zeros at the end apart: somebody wrote them. A
    number cell is rounded, half away from zero: its further places come from arithmetic.
    """
    if isinstance(cell, str):
        return _from_text(cell, decimals, percent=False, currency=True)
    return _from_number(cell, decimals, percent_scale=0)


def money(cell: Cell, decimals: int = MONEY_DECIMALS) -> Coerced[Decimal | None] | Refused:
    """An amount of money, as `decimal_number` with the places of its currency."""
    return decimal_number(cell, decimals)


def percent(cell: Cell, decimals: int | None = None) -> Coerced[Decimal | None] | Refused:
    """A percentage in percent: 12.5 from `12.5`, `12.5 %`, and from a cell formatted as 12.5 % (0.125)."""
    if isinstance(cell, str):
        return _from_text(cell, decimals, percent=True, currency=False)
    return _from_number(cell, decimals, percent_scale=2)


def integer(cell: Cell) -> Coerced[int | None] | Refused:
    """A whole number; `6.0` is one, `6.5` is not."""
    if isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) <= 40:
        return Coerced(int(cell))
    result = decimal_number(cell)
    if isinstance(result, Refused):
        return Refused(NOT_AN_INTEGER) if result.code == NOT_A_NUMBER else result
    if result.value is None:
        return EMPTY
    whole = int(result.value)
    return Coerced(whole) if whole == result.value else Refused(NOT_AN_INTEGER)


def _from_text(
    cell: str, decimals: int | None, *, percent: bool, currency: bool
) -> Coerced[Decimal | None] | Refused:
    if _FAST_NUMBER.fullmatch(cell):
        return _placed(Decimal(cell), decimals)
    if is_blank(cell):
        return EMPTY
    written = read_number(cell)
    if written is None or (written.has_percent and not percent) or (written.has_currency and not currency):
        return Refused(NOT_A_NUMBER)
    return _placed(written.value, decimals)


def _from_number(
    cell: Cell, decimals: int | None, *, percent_scale: int
) -> Coerced[Decimal | None] | Refused:
    if cell is None:
        return EMPTY
    if isinstance(cell, CellError):
        return Refused(cell.code)
    number = finite_number(cell)
    if number is None:
        return Refused(NOT_A_NUMBER)
    if not isinstance(number, float):
        return _placed(Decimal(number), decimals)
    exact = shortest_decimal(number)
    if isinstance(number, PercentNumber):
        exact = exact.scaleb(percent_scale)
    return Coerced(_positive_zero(_rounded(exact, decimals)))


def _placed(value: Decimal, decimals: int | None) -> Coerced[Decimal | None] | Refused:
    """`value` with `decimals` places, refused when that would lose one."""
    if decimals is None:
        return Coerced(_positive_zero(value))
    placed = _rounded(value, decimals)
    return Coerced(_positive_zero(placed)) if placed == value else Refused(TOO_MANY_DECIMALS)


def _rounded(value: Decimal, decimals: int | None) -> Decimal:
    if decimals is None:
        return value
    step = _STEPS[decimals] if decimals < len(_STEPS) else Decimal(1).scaleb(-decimals)
    return value.quantize(step, rounding=ROUND_HALF_UP, context=_WIDE)


def _positive_zero(value: Decimal) -> Decimal:
    return value if value else abs(value)
