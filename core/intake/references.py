"""How a row of an error workbook says which row of which intake it is: `intake:row` in a hidden column."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from core.intake.error_workbook import REFERENCE_HEADER
from core.values import Cell, cell_text

# What stands in the workbook where its reader may not see the cell. Coming back, it means "as it was".
MASKED = "••••"
REFERENCE = re.compile(r"(\d{1,18}):(\d{1,9})")


class RowReference(NamedTuple):
    """A row of an intake."""

    intake_id: int
    number: int

    def __str__(self) -> str:
        return f"{self.intake_id}:{self.number}"


def reference_column(header: Sequence[str]) -> int | None:
    """Return the position of the reference column, or None in a file that is no error workbook."""
    names = [name.strip().casefold() for name in header]
    wanted = REFERENCE_HEADER.casefold()
    return names.index(wanted) if wanted in names else None


def read_reference(cells: Sequence[Cell], column: int | None) -> RowReference | None:
    """Return the reference of a row, or None where there is none that can be read."""
    if column is None or column >= len(cells):
        return None
    found = REFERENCE.fullmatch(cell_text(cells[column]).strip())
    return RowReference(int(found[1]), int(found[2])) if found else None
