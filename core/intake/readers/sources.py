"""What every reader gives: rows whose every value can be traced to sheet, row number and column letter."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from core.values.cells import Cell


class SourceRow(NamedTuple):
    """One row that holds something.

    `number` counts from 1 as Excel shows it; in a text file it is the number of the record, blank ones
    counted, which is the row that Excel shows when it opens the file. `cells` ends with the last cell that
    holds something, so it may be shorter than the header, or longer.
    """

    sheet: str
    number: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """One sheet: its name ("" in a text file), how many rows hold something, the last one's number, and the
    number of columns up to the last cell that holds something.

    `width` is how many values the longest record of a text file has, empty ones at its end included; 0 in a
    workbook, which does not say.
    """

    name: str
    rows: int
    last_row: int
    columns: int
    hidden: bool = False
    width: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person who loads the file should know, though it is read."""

    code: str
    message: str


class TableSource(ABC):
    """An opened file. Use it as a context manager: it may hold a temporary file.

    `kind` is what the file is (`csv`, `xlsx`, `xls`, `ods`), whatever its name says.
    """

    def __init__(
        self, *, kind: str, filename: str, sheets: tuple[SheetInfo, ...], notices: tuple[Notice, ...]
    ) -> None:
        self.kind = kind
        self.filename = filename
        self.sheets = sheets
        self.notices = notices

    @abstractmethod
    def rows(self, sheet: str | None = None, *, after: int = 0) -> Iterator[SourceRow]:
        """The rows of a sheet (None: the first), in order, that hold something and come after row `after`.

        Wholly blank rows are left out. May be called again, and several times at once. Raises FileRefused
        when this sheet cannot be read, KeyError when there is none of that name.
        """

    def close(self) -> None:  # noqa: B027 - a source without a temporary file has nothing to give back
        """Give back what the source holds; it cannot be read afterwards."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
