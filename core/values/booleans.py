"""Coercion of a cell to yes or no."""

from core.values.cells import Cell, CellError, finite_number, strip_text
from core.values.reasons import NOT_A_BOOLEAN
from core.values.results import EMPTY, Coerced, Refused

TRUE_WORDS = frozenset({"yes", "y", "true", "t", "1", "on"})
FALSE_WORDS = frozenset({"no", "n", "false", "f", "0", "off"})


def boolean(cell: Cell) -> Coerced[bool | None] | Refused:
    """Yes or no, from the words above in any case, the numbers 1 and 0, or a TRUE/FALSE cell."""
    if cell is None:
        return EMPTY
    if isinstance(cell, bool):
        return Coerced(cell)
    if isinstance(cell, str):
        return _from_word(strip_text(cell).casefold())
    if isinstance(cell, CellError):
        return Refused(cell.code)
    if finite_number(cell) in (0, 1):
        return Coerced(bool(cell))
    return Refused(NOT_A_BOOLEAN)


def _from_word(word: str) -> Coerced[bool | None] | Refused:
    if not word:
        return EMPTY
    if word in TRUE_WORDS:
        return Coerced(True)
    if word in FALSE_WORDS:
        return Coerced(False)
    return Refused(NOT_A_BOOLEAN)
