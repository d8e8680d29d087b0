"""Reading an intake's file batch by batch, from any row on, a batch ahead of the writing."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from core.intake.headers import Header, data_rows, extra_cells
from core.intake.importer import Importer, InputRow
from core.intake.readers import SourceRow, TableSource, open_table
from core.intake.storage import local_path
from core.models import Intake
from core.values import Cell

# A batch is bounded by cells, so that one of a wide file takes no longer than one of a narrow one.
BATCH_CELLS = 48_000
MOST_ROWS = 4_000
FEWEST_ROWS = 100
# New containers until the youngest are searched, and how often the older ones are.
COLLECTING_SELDOM = (50_000, 20, 100)

Item = TypeVar("Item")
Made = TypeVar("Made")


def open_source(intake: Intake) -> TableSource:
    """Open an intake's stored file. Raises FileRefused."""
    return open_table(local_path(intake.path), filename=intake.filename)


class RowReader:
    """The data rows of an intake's file: those below its header, without blank and total rows."""

    def __init__(self, intake: Intake, importer: Importer, source: TableSource) -> None:
        self.intake = intake
        self.source = source
        self.header = Header(intake.sheet, intake.header_row, tuple(intake.header))
        self.columns = [(position, target) for position, target in enumerate(intake.mapping) if target]
        required = {item.key for item in importer.targets() if item.required}
        self.required = [position for position, target in self.columns if target in required]

    def batches(self, *, after: int) -> Iterator[list[SourceRow]]:
        """Yield the data rows after row `after`, so many at a time as suit the file's width.

        The batches are the same each time, wherever among their ends a resumed job begins.
        """
        size = max(FEWEST_ROWS, min(MOST_ROWS, BATCH_CELLS // max(len(self.header.texts), 1)))
        rows = data_rows(self.source, self.header, self.required, after=after)
        while batch := list(islice(rows, size)):
            yield batch

    def total(self) -> int:
        """Return about how many rows there are, for the progress bar."""
        sheet = next(sheet for sheet in self.source.sheets if sheet.name == self.intake.sheet)
        return max(sheet.rows - 1, 0)

    def overflows(self, row: SourceRow) -> bool:
        """Whether the row goes on beyond the header's last column."""
        return len(row.cells) > len(self.header.texts) and bool(extra_cells(row.cells, self.header))

    def input_row(self, row: SourceRow) -> InputRow:
        """Return a row's cells by target."""
        return input_row(row.number, row.cells, self.columns)


def input_row(number: int, cells: Sequence[Cell], columns: Iterable[tuple[int, str]]) -> InputRow:
    """Return the cells of a row by target; `columns` are (position, target)."""
    width = len(cells)
    return InputRow(number, {target: cells[place] if place < width else None for place, target in columns})


@contextmanager
def made_ahead(items: Iterator[Item], make: Callable[[Item], Made]) -> Iterator[Iterator[tuple[Item, Made]]]:
    """Give each item with what `make` makes of it, the next one in the making while this one is in use.

    Taking items and making run in a thread beside the caller's, which ends with the block: they may not touch
    the database.
    """

    def take() -> tuple[Item, Made] | None:
        for item in items:
            return item, make(item)
        return None

    def pairs() -> Iterator[tuple[Item, Made]]:
        coming = thread.submit(take)
        while (found := coming.result()) is not None:
            coming = thread.submit(take)
            yield found

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake-reader") as thread:
        yield pairs()


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for reference cycles less often within the block.

    Rows make containers by the hundred thousand, which end with their batch and hold no cycles: to search
    them at Python's usual pace takes a quarter of the time of an import.
    """
    usual = gc.get_threshold()
    gc.set_threshold(*COLLECTING_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def positions(mapping: Sequence[str]) -> dict[str, int]:
    """Return the column of each target that has one."""
    return {target: position for position, target in enumerate(mapping) if target}
