"""Coercion of a cell to text."""

import unicodedata
from datetime import date, time, timedelta
from decimal import Decimal

from core.values.cells import Cell, CellError, cell_text, finite_number, strip_text
from core.values.reasons import NOT_TEXT
from core.values.results import EMPTY, Coerced, Refused

_KEPT_CONTROLS = "\n\t"


def text(cell: Cell) -> Coerced[str | None] | Refused:
    """The cell as trimmed text; lines end in `\\n`, other control characters are dropped.

    Number cells give the digits that the sheet shows (9876543210, not 9876543210.0), dates their ISO form.
    Refuses error cells, lists and other structures, and texts that PostgreSQL cannot hold (halves of a
    surrogate pair).
    """
    if isinstance(cell, str):
        stripped = cell.strip()
        if stripped.isprintable():
            return Coerced(stripped) if stripped else EMPTY
        return _cleaned(stripped)
    if cell is None:
        return EMPTY
    if isinstance(cell, CellError):
        return Refused(cell.code)
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        if finite_number(cell) is None:
            return Refused(NOT_TEXT)
    elif not isinstance(cell, bool | date | time | timedelta):
        return Refused(NOT_TEXT)
    return Coerced(cell_text(cell))


def _cleaned(raw: str) -> Coerced[str | None] | Refused:
    lines = raw.replace("\r\n", "\n").replace("\r", "\n")
    kept: list[str] = []
    for character in lines:
        category = unicodedata.category(character)
        if category == "Cs":
            return Refused(NOT_TEXT)
        if category != "Cc" or character in _KEPT_CONTROLS:
            kept.append(character)
    cleaned = strip_text("".join(kept))
    return Coerced(cleaned) if cleaned else EMPTY
