"""Workbooks with typed cells: numbers, days and moments as such, every text as text."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from core.files_out.cells import Cell

# What the format and its readers can hold.
MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
MOST_DIGITS = 15
LARGEST_NUMBER = Decimal("9.99e307")
FIRST_DAY = dt.date(1900, 3, 1)
DAY_FORMAT = "yyyy-mm-dd"
MOMENT_FORMAT = "yyyy-mm-dd hh:mm"
CLOCK_FORMAT = "hh:mm"
NARROWEST, WIDEST = 10, 40


def write_workbook(
    target: Path | BinaryIO,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    sheet: str = "Sheet",
    folder: Path | None = None,
    after_row: Callable[[int], None] | None = None,
) -> int:
    """Write the rows below a bold, fixed header; return how many there were. Memory stays flat.

    Numbers that a spreadsheet would round (more than 15 digits) and days before March 1900, which
    spreadsheets count differently, are written as text. Rows beyond a sheet's end go on in another sheet.

    Args:
        target: a file to write, or an open one.
        sheet: the name of the first sheet; the next is named “Sheet 2”.
        folder: where temporary files lie meanwhile.
        after_row: called with the number of rows so far.
    """
    options: dict[str, Any] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    if folder is not None:
        options["tmpdir"] = str(folder)
    with xlsxwriter.Workbook(target if not isinstance(target, Path) else str(target), options) as book:
        writer = _Writer(book, header, sheet)
        for number, row in enumerate(rows, start=1):
            writer.add(row)
            if after_row:
                after_row(number)
        return writer.written


class _Writer:
    """The sheets of one workbook."""

    def __init__(self, book: Any, header: Sequence[str], name: str) -> None:
        self.book = book
        self.header = header
        self.name = name
        self.bold = book.add_format({"bold": True})
        self.formats = {
            dt.datetime: book.add_format({"num_format": MOMENT_FORMAT}),
            dt.date: book.add_format({"num_format": DAY_FORMAT}),
            dt.time: book.add_format({"num_format": CLOCK_FORMAT}),
        }
        self.written = 0
        self.sheets = 0
        self._begin()

    def add(self, row: Sequence[Cell]) -> None:
        """Write a row below the last."""
        if self.line == MOST_ROWS:
            self._begin()
        for column, cell in enumerate(row):
            self._write(column, cell)
        self.line += 1
        self.written += 1

    def _begin(self) -> None:
        self.sheets += 1
        name = self.name[:25] if self.sheets == 1 else f"{self.name[:25]} {self.sheets}"
        self.sheet = self.book.add_worksheet(name)
        self.sheet.freeze_panes(1, 0)
        for column, label in enumerate(self.header):
            self.sheet.set_column(column, column, min(max(len(label) + 2, NARROWEST), WIDEST))
            self.sheet.write_string(0, column, label[:LONGEST_TEXT], self.bold)
        self.line = 1

    def _write(self, column: int, cell: Cell) -> None:
        sheet, line = self.sheet, self.line
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_boolean(line, column, cell)
        elif isinstance(cell, Decimal | int):
            if is_exact_number(cell):
                sheet.write_number(line, column, cell)
            else:
                sheet.write_string(line, column, format(Decimal(cell), "f"))
        elif isinstance(cell, dt.datetime | dt.date | dt.time):
            if _is_countable(cell):
                sheet.write_datetime(line, column, cell, self.formats[type(cell)])
            else:
                sheet.write_string(line, column, _iso(cell))
        else:
            sheet.write_string(line, column, cell[:LONGEST_TEXT])


def is_exact_number(number: Decimal | int) -> bool:
    """Whether a spreadsheet, which keeps numbers as floats, shows all digits of this one."""
    exact = Decimal(number)
    return len(exact.normalize().as_tuple().digits) <= MOST_DIGITS and abs(exact) < LARGEST_NUMBER


def _is_countable(cell: dt.date | dt.datetime | dt.time) -> bool:
    if isinstance(cell, dt.time):
        return True
    day = cell.date() if isinstance(cell, dt.datetime) else cell
    return day >= FIRST_DAY


def _iso(cell: dt.date | dt.datetime | dt.time) -> str:
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else cell.isoformat()
