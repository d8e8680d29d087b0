"""Reading a sheet of an XLS workbook record by record, every value with what it stands for."""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from core.intake.readers.biff_globals import OldGlobals
from core.intake.readers.biff_records import (
    BIFF8,
    BOF,
    CONTINUE,
    EOF,
    LongContent,
    records,
    short_text,
    whole,
)
from core.intake.readers.books import ColumnsExceeded
from core.intake.readers.number_cells import number_cell
from core.values.cells import Cell, CellError
from core.values.reasons import FORMULA_ERROR, FORMULA_WITHOUT_VALUE

_FORMULA, _STRING = 0x0006, 0x0207
_ERRORS: Final = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip
_PLACE = struct.Struct("<HHH")
_DOUBLE = struct.Struct("<d")
_NO_NUMBER = b"\xff\xff"
# Of a formula's result that is no number: text (in a record of its own), yes or no, error, empty text.
_TEXT_RESULT, _BOOLEAN_RESULT, _ERROR_RESULT = 0, 1, 2
_TO_CALCULATE: Final = 3
_UNSAVED = CellError("=…", FORMULA_WITHOUT_VALUE)

Emit = Callable[[int, list[Cell]], None]


class RowsDisordered(Exception):
    """A row comes after one that stands below it: the sheet must be read whole."""


def stream_old_sheet(stream: BinaryIO, globals_: OldGlobals, columns: int, emit: Emit) -> None:
    """Emit every row that holds something, of the sheet whose records begin where the stream stands.

    Raises RowsDisordered where a row comes late; ColumnsExceeded; and EOFError, LookupError, ValueError or
    struct.error for damage.
    """
    number = -1
    row: list[Cell] = []
    for at, column, cell in _cells(stream, globals_):
        if at != number:
            if at < number:
                raise RowsDisordered
            if row:
                emit(number + 1, row)
            number, row = at, []
        _put(row, at, column, cell, columns)
    if row:
        emit(number + 1, row)


def read_old_sheet(stream: BinaryIO, globals_: OldGlobals, columns: int, emit: Emit) -> None:
    """As `stream_old_sheet` for rows in any order; holds the whole sheet."""
    rows: dict[int, list[Cell]] = {}
    for at, column, cell in _cells(stream, globals_):
        _put(rows.setdefault(at, []), at, column, cell, columns)
    for number in sorted(rows):
        emit(number + 1, rows[number])


def _put(row: list[Cell], at: int, column: int, cell: Cell, columns: int) -> None:
    if column >= columns:
        raise ColumnsExceeded(at + 1, column)
    missing = column - len(row)
    if missing < 0:
        row[column] = cell
        return
    if missing:
        row.extend([None] * missing)
    row.append(cell)


def _cells(stream: BinaryIO, globals_: OldGlobals) -> Iterator[tuple[int, int, Cell]]:
    """(row, column, value) of the cells that hold something, rows and columns from 0."""
    reading = records(stream)
    begin = next(reading)
    if begin.kind != BOF:
        raise ValueError("no sheet begins here")
    reader = _CellReader(globals_)
    depth = 1
    for record in reading:
        kind, content = record
        if kind == BOF:
            depth += 1  # a chart within the sheet
        elif kind == EOF:
            depth -= 1
            if not depth:
                yield from reader.text_result()
                return
        elif depth == 1:
            if reader.awaited is not None and kind in (_STRING, CONTINUE):
                reader.pieces.append(content)
                continue
            read = reader.by_kind.get(kind)
            if read is not None:
                if reader.awaited is not None:
                    yield from reader.text_result()
                yield from read(content)


class _CellReader:
    """How each kind of record gives cells."""

    def __init__(self, globals_: OldGlobals) -> None:
        self.strings = globals_.strings
        self.kind_of_style = globals_.kind_of_style
        self.counts_from_1904 = globals_.counts_from_1904
        self.version, self.encoding = globals_.version, globals_.encoding
        # A formula whose result is a text that comes in a record of its own.
        self.awaited: tuple[int, int] | None = None
        self.pieces: list[bytes] = []
        self.by_kind: dict[int, Callable[[bytes], Iterator[tuple[int, int, Cell]]]] = {
            0x00FD: self._shared_text,
            0x027E: self._packed,
            0x00BD: self._packed_row,
            0x0203: self._double,
            0x0204: self._text,
            0x00D6: self._text,
            0x0205: self._boolean_or_error,
            _FORMULA: self._formula,
        }

    def text_result(self) -> Iterator[tuple[int, int, Cell]]:
        """The result of the formula that awaited a text, if one came."""
        if self.awaited is not None and self.pieces:
            text = self._long_text(self.pieces)
            if text:
                yield *self.awaited, text
        self.awaited, self.pieces = None, []

    def _long_text(self, pieces: list[bytes]) -> str:
        if self.version < BIFF8:
            return short_text(b"".join(pieces), version=self.version, encoding=self.encoding, length_bytes=2)
        return whole(LongContent(pieces).text())

    def _number(self, style: int, number: float) -> Cell:
        return number_cell(number, self.kind_of_style(style), counts_from_1904=self.counts_from_1904)

    def _shared_text(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, column, _style, index = struct.unpack_from("<HHHI", content)
        if text := self.strings[index]:
            yield row, column, text

    def _text(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, column, _style = _PLACE.unpack_from(content)
        text = short_text(content[6:], version=self.version, encoding=self.encoding, length_bytes=2)
        if text:
            yield row, column, text

    def _double(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, column, style, number = struct.unpack_from("<HHHd", content)
        yield row, column, self._number(style, number)

    def _packed(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, column, style, packed = struct.unpack_from("<HHHI", content)
        yield row, column, self._number(style, _unpacked(packed))

    def _packed_row(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, first = struct.unpack_from("<HH", content)
        for place in range((len(content) - 6) // 6):
            style, packed = struct.unpack_from("<HI", content, 4 + 6 * place)
            yield row, first + place, self._number(style, _unpacked(packed))

    def _boolean_or_error(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, column, _style, value, is_error = struct.unpack_from("<HHHBB", content)
        yield row, column, _error(value) if is_error else bool(value)

    def _formula(self, content: bytes) -> Iterator[tuple[int, int, Cell]]:
        row, column, style = _PLACE.unpack_from(content)
        result = content[6:14]
        if result[6:] != _NO_NUMBER:
            yield row, column, self._number(style, _DOUBLE.unpack(result)[0])
        elif result[0] == _TEXT_RESULT:
            self.awaited = (row, column)
        elif result[0] == _BOOLEAN_RESULT:
            yield row, column, bool(result[2])
        elif result[0] == _ERROR_RESULT:
            yield row, column, _error(result[2])
        elif struct.unpack_from("<H", content, 14)[0] & _TO_CALCULATE:
            # Empty, and to be calculated when the file is opened: whoever wrote it has not.
            yield row, column, _UNSAVED


def _unpacked(packed: int) -> float:
    """A number in 30 bits: a whole one or the upper half of a double, and perhaps of hundredths."""
    if packed & 2:
        whole_number = packed >> 2
        number = float(whole_number - (1 << 30) if whole_number & (1 << 29) else whole_number)
    else:
        number = _DOUBLE.unpack(struct.pack("<II", 0, packed & 0xFFFFFFFC))[0]
    return number / 100 if packed & 1 else number


def _error(code: int) -> CellError:
    return CellError(_ERRORS.get(code, "#N/A"), FORMULA_ERROR)
