"""What the reading process asks of a workbook, whatever its format, and where the rows go."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from core.intake.readers.limits import ReadLimits
from core.intake.readers.refusals import FileRefused, too_many_cells, too_many_columns
from core.intake.readers.spool import SpoolWriter
from core.values.cells import Cell


class ColumnsExceeded(Exception):
    """A value stands beyond the last column that is read; `row` from 1, `column` from 0."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(row, column)
        self.row = row
        self.column = column


class Sheets:
    """Takes the sheets of one workbook, one after the other, and keeps count of their cells.

    `is_wanted` is asked with every row; it ends the process once nobody waits for the rows.
    """

    def __init__(
        self, writer: SpoolWriter, *, filename: str, limits: ReadLimits, is_wanted: Callable[[], None]
    ) -> None:
        self.answers: list[dict[str, Any]] = []
        self.limits = limits
        self._writer = writer
        self._filename = filename
        self._is_wanted = is_wanted
        self._cells = 0

    def begin(self, name: str, *, hidden: bool) -> None:
        """Begin a sheet."""
        self.answers.append({"name": name, "hidden": hidden})
        self._writer.begin()

    def begin_again(self) -> None:
        """Forget the rows of the sheet that was begun, to read it in another way."""
        self._writer.begin()

    def row(self, number: int, cells: list[Cell]) -> None:
        """Take a row that holds something; `cells` ends with its last value. Raises FileRefused, SpoolFull."""
        self._writer.row(number, cells)
        if self._writer.section.cells > self.limits.cells:
            raise too_many_cells(self._filename, self.limits)
        self._is_wanted()

    def refuse(self, exceeded: ColumnsExceeded) -> None:
        """Keep nothing of the sheet that was begun but why it cannot be read."""
        self._writer.begin()
        answer = self.answers[-1]
        refusal = too_many_columns(self._filename, answer["name"], exceeded.row, exceeded.column, self.limits)
        answer["refused"] = {"code": refusal.code, "message": refusal.message}

    def end(self) -> None:
        """End the sheet that was begun. Raises FileRefused."""
        section = self._writer.finish()
        self._cells += section.cells
        if self._cells > self.limits.cells:
            raise too_many_cells(self._filename, self.limits)
        self.answers[-1] |= {
            "start": section.start,
            "end": section.end,
            "rows": section.rows,
            "last_row": section.last_row,
            "columns": section.columns,
        }


class Book(ABC):
    """An opened workbook that has been checked; a context manager."""

    # What the file is, whatever its name says.
    kind: str

    @abstractmethod
    def read(self, sheets: Sheets) -> None:
        """Hand all worksheets over, in order. Raises FileRefused."""

    def close(self) -> None:  # noqa: B027 - a book that holds no file has nothing to close
        """Close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def no_worksheet(filename: str) -> FileRefused:
    """The refusal for a workbook without a sheet of cells."""
    return FileRefused("empty_file", f"“{filename}” holds no worksheet. Choose the file with the rows in it.")
