"""The workbook that hands rejected rows back: laid out as the file they came from, ready to be loaded again.

Behind the file's own columns stand the reasons of each row and, hidden, a reference to the row, by which the
machine finds it again. Bad cells are marked. Duplicates are listed on a second sheet, to be read, not loaded.
The workbook is written row by row in constant memory, and nothing in it is ever a formula.
"""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from core.intake.matching import normalized_name
from core.values.calendar_text import DateOrder
from core.values.cells import Cell, PercentNumber, cell_text

REASON_HEADER: Final = "Reason"
REFERENCE_HEADER: Final = "LeadLedger row"
ROWS_SHEET: Final = "Rows to correct"
DUPLICATES_SHEET: Final = "Duplicates"
REPEATS_HEADER: Final = "Repeats"

LONGEST_CELL: Final = 32_767
MOST_ROWS: Final = 1_048_576
MOST_COMMENTS: Final = 2_000
"""Comments are kept in memory; rows beyond these are marked by colour and by their reasons alone."""

_FIRST_EXCEL_DAY = dt.date(1900, 3, 1)
"""Earlier days have a serial number that other programs read as another day."""

_EXACT_INTEGER = 10**15
_CUT_REASON = (
    "Column {column} holds more text than a workbook cell can, and was cut: load that text another way."
)
_DATE_FORMATS: Final[dict[DateOrder, str]] = {"DMY": "dd-mm-yyyy", "MDY": "mm/dd/yyyy", "YMD": "yyyy-mm-dd"}


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A rejected row: its cells as they were read, each reason with the index of its column (None: the whole
    row), and a reference by which the machine finds the row again."""

    cells: Sequence[Cell]
    reasons: Sequence[tuple[int | None, str]]
    reference: str


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    """A row that was left out because it repeats another; `repeats` says which."""

    cells: Sequence[Cell]
    repeats: str


@dataclass(slots=True)
class Written:
    """How many rows the workbook holds, and how many found no room on its sheets."""

    rows: int = 0
    duplicates: int = 0
    left_out: int = 0


def write_error_workbook(
    path: str | Path,
    *,
    header: Sequence[str],
    rows: Iterable[ErrorRow],
    duplicates: Iterable[DuplicateRow] = (),
    date_order: DateOrder = "DMY",
) -> Written:
    """Write the workbook to `path` and tell what it holds. Both iterables are consumed once, in order.

    Numbers stay numbers, dates dates (shown in `date_order`), texts texts: what begins with = + - @ too.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = _Formats(book, date_order)
        written = Written()
        _write_rows(book.add_worksheet(ROWS_SHEET), formats, header, rows, written)
        _write_duplicates(book, formats, header, duplicates, written)
    return written


def reason_header(header: Sequence[str]) -> str:
    """The name of the column of reasons; another one where the file has a column of that name itself."""
    taken = {normalized_name(name) for name in header}
    return REASON_HEADER if normalized_name(REASON_HEADER) not in taken else f"{REASON_HEADER} (LeadLedger)"


class _Formats:
    """The cell formats, each plain and marked."""

    def __init__(self, book: Any, date_order: DateOrder) -> None:
        day = _DATE_FORMATS[date_order]
        self.header = book.add_format({"bold": True, "bg_color": "#E8EDF2", "bottom": 1, "text_wrap": True})
        self.reason = book.add_format(
            {"num_format": "@", "text_wrap": True, "valign": "top", "font_color": "#8A1C1C"}
        )
        self.unmarked = {kind: book.add_format(shape) for kind, shape in _shapes(day).items()}
        self.marked = {
            kind: book.add_format({**shape, "bg_color": "#FBE3E4", "border": 1, "border_color": "#C0392B"})
            for kind, shape in _shapes(day).items()
        }


def _shapes(day: str) -> dict[str, dict[str, Any]]:
    """Formats by kind of cell. Texts are text cells, so that a date or PIN typed over one stays as typed."""
    codes = {
        "text": "@",
        "number": "General",
        "percent": "0.00##%",
        "date": day,
        "datetime": f"{day} hh:mm:ss",
        "time": "hh:mm:ss",
        "duration": "[h]:mm:ss",
    }
    return {kind: {"num_format": code, "valign": "top"} for kind, code in codes.items()}


@dataclass(slots=True)
class _Sheet:
    """A worksheet and its next row."""

    sheet: Any
    formats: _Formats
    next_row: int = 0
    comments: int = 0

    def header(self, texts: Sequence[str]) -> None:
        for column, text in enumerate(texts):
            self.sheet.write_string(0, column, text, self.formats.header)
        self.sheet.freeze_panes(1, 0)
        self.next_row = 1

    def cells(self, cells: Sequence[Cell], marked: dict[int, list[str]]) -> list[int]:
        """Write cells from the first column on; the columns whose text was cut."""
        cut = []
        for column in range(max(len(cells), max(marked, default=-1) + 1)):
            formats = self.formats.marked if column in marked else self.formats.unmarked
            cell = cells[column] if column < len(cells) else None
            if _write_cell(self.sheet, self.next_row, column, cell, formats):
                cut.append(column)
            if column in marked and self.comments < MOST_COMMENTS:
                self.comments += 1
                self.sheet.write_comment(self.next_row, column, "\n".join(marked[column]))
        return cut


def _write_rows(
    worksheet: Any, formats: _Formats, header: Sequence[str], rows: Iterable[ErrorRow], written: Written
) -> None:
    width = len(header)
    sheet = _Sheet(worksheet, formats)
    worksheet.set_column(0, max(width - 1, 0), 18)
    worksheet.set_column(width, width, 70)
    worksheet.set_column(width + 1, width + 1, None, None, {"hidden": True})
    sheet.header([*header, reason_header(header), REFERENCE_HEADER])
    for row in rows:
        if sheet.next_row >= MOST_ROWS:
            written.left_out += 1
            continue
        reasons = [text for _, text in row.reasons]
        cut = sheet.cells(row.cells[:width], _by_column(row.reasons, width))
        reasons += [_CUT_REASON.format(column=f"“{header[column]}”") for column in cut]
        reasons += _spilled(row.cells[width:])
        worksheet.write_string(sheet.next_row, width, "\n".join(reasons)[:LONGEST_CELL], formats.reason)
        worksheet.write_string(sheet.next_row, width + 1, row.reference)
        sheet.next_row += 1
        written.rows += 1


def _write_duplicates(
    book: Any, formats: _Formats, header: Sequence[str], duplicates: Iterable[DuplicateRow], written: Written
) -> None:
    sheet: _Sheet | None = None
    width = len(header)
    for row in duplicates:
        if sheet is None:
            sheet = _Sheet(book.add_worksheet(DUPLICATES_SHEET), formats)
            sheet.sheet.set_column(0, max(width - 1, 0), 18)
            sheet.sheet.set_column(width, width, 50)
            sheet.header([*header, REPEATS_HEADER])
        if sheet.next_row >= MOST_ROWS:
            written.left_out += 1
            continue
        sheet.cells(row.cells[:width], {})
        sheet.sheet.write_string(sheet.next_row, width, row.repeats[:LONGEST_CELL], formats.reason)
        sheet.next_row += 1
        written.duplicates += 1


def _by_column(reasons: Sequence[tuple[int | None, str]], width: int) -> dict[int, list[str]]:
    marked: dict[int, list[str]] = {}
    for column, text in reasons:
        if column is not None and 0 <= column < width:
            marked.setdefault(column, []).append(text)
    return marked


def _spilled(beyond: Sequence[Cell]) -> list[str]:
    """What stood beyond the header's last column, in words: there is no column left to put it in."""
    texts = [cell_text(cell) for cell in beyond]
    return [f"Beyond the last column stood: {', '.join(filter(None, texts))}"] if any(texts) else []


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> bool:
    """Write a cell as what it is. True when its text had to be cut."""
    if cell is None:
        sheet.write_blank(row, column, None, formats["text"])
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell[:LONGEST_CELL], formats["text"])
        return len(cell) > LONGEST_CELL
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, formats["number"])
    elif _is_number(cell):
        sheet.write_number(
            row, column, cell, formats["percent" if isinstance(cell, PercentNumber) else "number"]
        )
    elif isinstance(cell, dt.timedelta):
        sheet.write_number(row, column, cell / dt.timedelta(days=1), formats["duration"])
    elif isinstance(cell, dt.datetime) and cell.tzinfo is None and cell.date() >= _FIRST_EXCEL_DAY:
        sheet.write_datetime(row, column, cell, formats["datetime"])
    elif isinstance(cell, dt.date) and not isinstance(cell, dt.datetime) and cell >= _FIRST_EXCEL_DAY:
        sheet.write_datetime(row, column, dt.datetime.combine(cell, dt.time()), formats["date"])
    elif isinstance(cell, dt.time) and cell.tzinfo is None:
        sheet.write_datetime(row, column, cell, formats["time"])
    else:
        sheet.write_string(row, column, cell_text(cell)[:LONGEST_CELL], formats["text"])
    return False


def _is_number(cell: Cell) -> bool:
    """Whether a workbook keeps the number exactly; others are written as text."""
    if isinstance(cell, float):
        return math.isfinite(cell)
    if isinstance(cell, Decimal):
        return False
    return isinstance(cell, int) and abs(cell) < _EXACT_INTEGER
