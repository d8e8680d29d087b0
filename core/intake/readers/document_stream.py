"""Reading the content of an OpenDocument spreadsheet as a stream: flat memory, whatever it claims to repeat.

Rows and cells that are alike stand in the file once, with a number of repeats. Blank ones cost nothing however
often they are repeated; filled ones count as the cells and columns that they are.
"""

import re
from datetime import datetime, time, timedelta
from typing import IO, Final
from xml.parsers import expat

from core.intake.readers.books import ColumnsExceeded, Sheets
from core.intake.readers.number_cells import without_midnight
from core.intake.readers.xml_parts import feed, new_parser
from core.values.cells import Cell, CellError, PercentNumber
from core.values.reasons import FORMULA_ERROR, FORMULA_WITHOUT_VALUE

MOST_REPEATED_ROWS: Final = 100_000
"""Filled rows that a file may have beyond those that it writes out."""

LAST_ROW: Final = 16_777_216
_LONGEST_FORMULA: Final = 200

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _TEXT, _OFFICE = f"{_URN}table:1.0 ", f"{_URN}text:1.0 ", f"{_URN}office:1.0 "
_STYLE, _DRAWING = f"{_URN}style:1.0 ", f"{_URN}drawing:1.0 "
_EXTENSION = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "

_SHEET, _ROW = f"{_TABLE}table", f"{_TABLE}table-row"
_CELLS = frozenset({f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"})
_PARAGRAPH, _SPACES = f"{_TEXT}p", f"{_TEXT}s"
_MARKS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
_STYLE_OF, _SHEET_STYLE = f"{_STYLE}style", f"{_STYLE}table-properties"
# Comments, pictures, text boxes, controls, links: text in them is no value of a cell.
_BESIDE = frozenset(
    {
        *(f"{_OFFICE}{name}" for name in ("annotation", "forms", "dde-source")),
        *(f"{_TABLE}{name}" for name in ("shapes", "tracked-changes", "dde-links", "content-validations")),
        f"{_DRAWING}frame", f"{_DRAWING}custom-shape", f"{_TEXT}ruby-text",
    }
)  # fmt: skip

_ERROR = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)|Err:[0-9]{3}")
# What LibreOffice makes of the yes and no of a workbook that it opens.
_TRUTHS = {"of:=TRUE()": True, "of:=FALSE()": False}
_CLOCK = re.compile(r"(-?)PT([0-9]{1,9})H([0-9]{1,9})M([0-9]{1,9})(?:[.,]([0-9]{1,9}))?S")


class RowsRepeated(Exception):
    """Filled rows are repeated more often than any table of leads has them."""

    def __init__(self, sheet: str, row: int, times: int) -> None:
        super().__init__(sheet, row, times)
        self.sheet = sheet
        self.row = row
        self.times = times


def stream_document(stream: IO[bytes], sheets: Sheets) -> None:
    """Hand over every sheet of a content part, in order.

    Raises RowsRepeated, DeclarationFound, ExpatError, FileRefused, and ValueError for numbers that are none.
    """
    feed(_DocumentReader(sheets).parser, stream)


class _DocumentReader:
    """The state between the parser's calls. Attributes instead of small objects: a million rows pass here."""

    def __init__(self, sheets: Sheets) -> None:
        self.sheets = sheets
        self.columns = sheets.limits.columns
        self.parser: expat.XMLParserType = new_parser(namespaces=True)
        self.parser.StartElementHandler = self._started
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = self._characters
        self.style = ""
        self.hidden_styles: set[str] = set()
        self.depth_beside = 0
        self.sheet: str | None = None
        self.is_refused = False
        self.number = 0
        self.row_repeats = 1
        self.rows_repeated = 0
        self.row: list[Cell] = []
        self.column = 0
        self.cell: dict[str, str] | None = None
        self.paragraphs: list[str] = []
        self.pieces: list[str] | None = None

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth_beside:
            self.depth_beside += 1
        elif name in _CELLS:
            if self.sheet is not None:
                self.cell = attributes
                self.paragraphs = []
        elif name == _PARAGRAPH:
            self.pieces = [] if self.cell is not None else None
        elif name == _ROW:
            self._start_row(attributes)
        elif name == _SPACES:
            self._add(" " * min(_repeats(attributes, f"{_TEXT}c"), 1_000))
        elif name in _MARKS:
            self._add(_MARKS[name])
        elif name in _BESIDE or (name == _SHEET and self.sheet is not None):
            # A table within a cell is beside the table too.
            self.depth_beside = 1
        elif name == _SHEET:
            self._start_sheet(attributes)
        elif name == _STYLE_OF:
            self.style = attributes.get(f"{_STYLE}name", "")
        elif name == _SHEET_STYLE and attributes.get(f"{_TABLE}display") == "false":
            self.hidden_styles.add(self.style)

    def _characters(self, text: str) -> None:
        if not self.depth_beside:
            self._add(text)

    def _add(self, text: str) -> None:
        if self.pieces is not None:
            self.pieces.append(text)

    def _ended(self, name: str) -> None:
        if self.depth_beside:
            self.depth_beside -= 1
        elif name in _CELLS:
            if self.cell is not None:
                self._finish_cell(self.cell)
                self.cell = None
        elif name == _PARAGRAPH:
            if self.pieces is not None:
                self.paragraphs.append("".join(self.pieces))
                self.pieces = None
        elif name == _ROW:
            self._finish_row()
        elif name == _SHEET:
            self.sheets.end()
            self.sheet = None

    def _start_sheet(self, attributes: dict[str, str]) -> None:
        self.sheet = attributes.get(f"{_TABLE}name", "")
        self.sheets.begin(self.sheet, hidden=attributes.get(f"{_TABLE}style-name", "") in self.hidden_styles)
        self.is_refused = False
        self.number = 0

    def _start_row(self, attributes: dict[str, str]) -> None:
        self.row_repeats = _repeats(attributes, f"{_TABLE}number-rows-repeated")
        self.row = []
        self.column = 0

    def _finish_cell(self, attributes: dict[str, str]) -> None:
        repeats = _repeats(attributes, f"{_TABLE}number-columns-repeated")
        cell = self._value(attributes)
        column, self.column = self.column, self.column + repeats
        if cell is None or self.is_refused:
            return
        if self.column > self.columns:
            self.is_refused = True
            self.sheets.refuse(ColumnsExceeded(self.number + 1, max(column, self.columns)))
            return
        self.row += [None] * (column - len(self.row))
        self.row += [cell] * repeats

    def _finish_row(self) -> None:
        first, self.number = self.number + 1, self.number + self.row_repeats
        if self.sheet is None or not self.row or self.is_refused:
            return
        if self.number > LAST_ROW:
            raise ValueError("a row beyond the last that a sheet has")
        self.rows_repeated += self.row_repeats - 1
        if self.rows_repeated > MOST_REPEATED_ROWS:
            raise RowsRepeated(self.sheet, first, self.row_repeats)
        for number in range(first, self.number + 1):
            self.sheets.row(number, list(self.row))

    def _value(self, attributes: dict[str, str]) -> Cell:
        kind = attributes.get(f"{_OFFICE}value-type", "")
        text = "\n".join(self.paragraphs)
        formula = attributes.get(f"{_TABLE}formula")
        if attributes.get(f"{_EXTENSION}value-type") == "error" or (formula and _ERROR.fullmatch(text)):
            return CellError(text or "#N/A", FORMULA_ERROR)
        if formula and not kind and not text:
            return CellError(
                "=" + formula.partition(":")[2].lstrip("=")[:_LONGEST_FORMULA], FORMULA_WITHOUT_VALUE
            )
        if formula in _TRUTHS:
            return _TRUTHS[formula]
        if kind in ("", "string"):
            return (text or attributes.get(f"{_OFFICE}string-value")) or None
        if kind == "boolean":
            return attributes.get(f"{_OFFICE}boolean-value") == "true"
        if kind == "date":
            return _moment(attributes.get(f"{_OFFICE}date-value", text))
        if kind == "time":
            return _clock(attributes.get(f"{_OFFICE}time-value", text))
        number = float(attributes.get(f"{_OFFICE}value", ""))
        return PercentNumber(number) if kind == "percentage" else number


def _repeats(attributes: dict[str, str], name: str) -> int:
    written = attributes.get(name)
    repeats = 1 if written is None else int(written)
    if repeats < 0:
        raise ValueError("fewer than no repeats")
    return repeats


def _moment(text: str) -> Cell:
    try:
        return without_midnight(datetime.fromisoformat(text.strip()))
    except ValueError:
        return text


def _clock(text: str) -> Cell:
    """A time of day; a duration where it is a day or more, as only elapsed hours are."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return text
    hours, minutes, seconds = int(match[2]), int(match[3]), int(match[4])
    microseconds = int((match[5] or "")[:6].ljust(6, "0"))
    try:
        if not match[1] and hours < 24:
            return time(hours, minutes, seconds, microseconds)
        length = timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)
        return -length if match[1] else length
    except (ValueError, OverflowError):
        return text
