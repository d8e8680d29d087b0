"""Looking at a file, once from its first row to its last: what each of its columns holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.errors import ValidationFailed
from core.intake.cells import storable
from core.intake.headers import Header, data_rows, extra_cells, guess_header, is_total_row
from core.intake.readers import SourceRow, TableSource, column_letter
from core.intake.references import reference_column
from core.values import Cell, is_blank
from leads.proposals.facts import ColumnFacts, FileFacts
from leads.proposals.trials import trials_for
from leads.proposals.watching import MOST_DIFFERENT, ColumnWatch, HashBudget

MOST_TOTAL_ROWS = 50
"""Rows that read like totals are kept until it is known whether they are any; more than these are data."""

KEPT_CELLS = 150_000
REPORTED_ROWS = 2_000
FEWEST_DIFFERENT = 400

Progress = Callable[[int, int], None]
"""Takes how many rows were looked at, and about how many there are."""

RequiredColumns = Callable[[Sequence[ColumnFacts]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What values are read by beside their column: the organisation's timezone and phone region."""

    zone: ZoneInfo
    region: str


def look_at(
    source: TableSource,
    surroundings: Surroundings,
    required: RequiredColumns,
    progress: Progress = lambda done, total: None,
) -> FileFacts:
    """Look at every row of the sheet that would be loaded.

    Args:
        required: which columns would be required, given the facts: a row that reads Total and has one of them
            empty is a total row, and no data.
        progress: told now and then how far it is.

    Raises FileRefused, as the import of the file would; ValidationFailed for an error workbook.
    """
    choice = guess_header(source)
    header = choice.header
    if reference_column(header.texts) is not None:
        raise ValidationFailed(
            "error_workbook",
            "This is the error workbook of an import. Load it back there, or choose the original file.",
        )
    sheet = next(sheet for sheet in source.sheets if sheet.name == header.sheet)
    look = _Look(header, surroundings)
    look.take_rows(data_rows(source, header, ()), lambda rows: progress(rows, max(sheet.rows - 1, rows)))
    look.settle_totals(required)
    return FileFacts(
        filename=source.filename,
        kind=source.kind,
        sheet=header.sheet,
        header_row=header.row_number,
        rows=look.rows,
        columns=look.facts(),
        without_name=look.without_name(sheet.width),
        rows_beyond=look.beyond,
        notices=[storable(notice.message) for notice in (*source.notices, *choice.notices)],
    )


class _Look:
    """One pass over the rows."""

    def __init__(self, header: Header, surroundings: Surroundings) -> None:
        self.header = header
        self.rows = 0
        self.beyond = 0
        self.nameless: dict[int, int] = {}
        self.totals: list[SourceRow] = []
        self.every_column = range(len(header.texts))
        named = [position for position, text in enumerate(header.texts) if text]
        room = max(FEWEST_DIFFERENT, min(MOST_DIFFERENT, KEPT_CELLS // max(len(named), 1)))
        budget = HashBudget()
        self.watches: list[ColumnWatch | None] = [
            ColumnWatch(
                position,
                storable(text),
                trials_for(zone=surroundings.zone, region=surroundings.region),
                budget,
                room=room,
                region=surroundings.region,
            )
            if text
            else None
            for position, text in enumerate(header.texts)
        ]

    def take_rows(self, rows: Iterator[SourceRow], progress: Callable[[int], None]) -> None:
        for row in rows:
            if len(self.totals) < MOST_TOTAL_ROWS and is_total_row(row.cells, self.every_column):
                self.totals.append(row)
                continue
            self.take(row.cells)
            if self.rows % REPORTED_ROWS == 0:
                progress(self.rows)
        progress(self.rows)

    def take(self, cells: Sequence[Cell]) -> None:
        self.rows += 1
        for position, (cell, watch) in enumerate(zip(cells, self.watches, strict=False)):
            if cell is None:
                continue
            if watch is not None:
                watch.take(cell)
            elif not is_blank(cell):
                self.nameless[position] = self.nameless.get(position, 0) + 1
        if len(cells) > len(self.watches) and (extra := extra_cells(cells, self.header)):
            self.beyond += 1
            for position in extra:
                self.nameless[position] = self.nameless.get(position, 0) + 1

    def settle_totals(self, required: RequiredColumns) -> None:
        """Take those rows for data that read like totals and have nothing empty that would be required."""
        while self.totals:
            needed = required(self.facts())
            data = [row for row in self.totals if not is_total_row(row.cells, needed)]
            if not data:
                return
            self.totals = [row for row in self.totals if row not in data]
            for row in data:
                self.take(row.cells)

    def facts(self) -> list[ColumnFacts]:
        return [watch.facts(self.rows) for watch in self.watches if watch is not None]

    def without_name(self, width: int) -> list[tuple[str, int]]:
        """Columns without a header: those that hold something, and blank ones that a text file writes."""
        blank = [
            *(position for position, watch in enumerate(self.watches) if watch is None),
            *range(len(self.watches), width),
        ]
        places = sorted({*blank, *self.nameless})
        return [(column_letter(position), self.nameless.get(position, 0)) for position in places]
