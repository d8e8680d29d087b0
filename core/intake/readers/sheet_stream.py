"""Reading a sheet's XML as a stream: any used range, in flat memory, every value with what it stands for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final

from core.intake.readers.books import ColumnsExceeded
from core.intake.readers.number_cells import number_cell
from core.intake.readers.shared_strings import SharedStrings, unescape_text
from core.intake.readers.styles import NumberKind
from core.intake.readers.xml_parts import feed, new_parser
from core.values.cells import Cell, CellError
from core.values.reasons import FORMULA_ERROR, FORMULA_WITHOUT_VALUE

_LONGEST_FORMULA: Final = 200

EmitRow = Callable[[int, list[Cell]], None]
"""Takes the row's number and its cells up to the last that holds something."""


class _SheetEnded(Exception):
    """All rows were read; what follows them in the part does not matter."""


@dataclass(frozen=True, slots=True)
class WorkbookValues:
    """What the cells of all sheets refer to."""

    strings: SharedStrings
    kinds: list[NumberKind]
    counts_from_1904: bool
    columns: int
    """How many columns may hold something."""


def stream_sheet(stream: IO[bytes], values: WorkbookValues, emit: EmitRow) -> None:
    """Emit every row that holds something. Raises ColumnsExceeded, ExpatError, and IndexError or ValueError
    for cells that point to texts or styles that are not there."""
    reader = _SheetReader(values, emit)
    try:
        feed(reader.parser, stream)
    except _SheetEnded:
        return


class _SheetReader:
    """The state between the parser's calls. Attributes instead of small objects: a million rows pass here."""

    def __init__(self, values: WorkbookValues, emit: EmitRow) -> None:
        self.values = values
        self.emit = emit
        self.parser = new_parser()
        self.parser.StartElementHandler = self._root
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = self._characters
        self.columns_by_letters: dict[str, int] = {}
        self.row_number = 0
        self.row: list[Cell] = []
        self.column = -1
        self.type = "n"
        self.style: str | None = None
        self.value: str | None = None
        self.formula: str | None = None
        self.collected: list[str] | None = None
        self.phonetic = False
        self._name_tags("")

    def _name_tags(self, prefix: str) -> None:
        """Tags bear the prefix of the root: comparing whole names saves splitting each one."""
        self.cell_tag = f"{prefix}c"
        self.value_tag = f"{prefix}v"
        self.row_tag = f"{prefix}row"
        self.formula_tag = f"{prefix}f"
        self.text_tag = f"{prefix}t"
        self.phonetic_tag = f"{prefix}rPh"
        self.data_tag = f"{prefix}sheetData"

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        prefix, colon, _ = name.rpartition(":")
        self._name_tags(prefix + colon)
        self.parser.StartElementHandler = self._started

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if name == self.cell_tag:
            reference = attributes.get("r")
            self.column = self._column_of(reference) if reference else self.column + 1
            self.type = attributes.get("t", "n")
            self.style = attributes.get("s")
            self.value = self.formula = None
        elif name == self.value_tag or name == self.formula_tag:
            self.collected = []
        elif name == self.text_tag:
            if not self.phonetic:
                self.collected = []
        elif name == self.row_tag:
            self.row_number = int(attributes.get("r", self.row_number + 1))
            self.row = []
            self.column = -1
        elif name == self.phonetic_tag:
            self.phonetic = True

    def _characters(self, text: str) -> None:
        if self.collected is not None:
            self.collected.append(text)

    def _ended(self, name: str) -> None:
        if name == self.cell_tag:
            self._finish_cell()
        elif name == self.value_tag:
            self.value = "".join(self.collected or ())
            self.collected = None
        elif name == self.text_tag:
            if self.collected is not None:
                self.value = (self.value or "") + "".join(self.collected)
                self.collected = None
        elif name == self.formula_tag:
            self.formula = "".join(self.collected or ())
            self.collected = None
        elif name == self.row_tag:
            if self.row:
                self.emit(self.row_number, self.row)
        elif name == self.phonetic_tag:
            self.phonetic = False
        elif name == self.data_tag:
            raise _SheetEnded

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        index = self.columns_by_letters.get(letters)
        if index is None:
            index = 0
            for letter in letters.upper():
                index = index * 26 + ord(letter) - 64
            index -= 1
            if index < 0:
                raise ValueError(f"no column in {reference!r}")
            self.columns_by_letters[letters] = index
        return index

    def _finish_cell(self) -> None:
        cell = self._cell()
        if cell is None:
            return
        if self.column >= self.values.columns:
            raise ColumnsExceeded(self.row_number, self.column)
        missing = self.column - len(self.row)
        if missing < 0:
            self.row[self.column] = cell
            return
        if missing:
            self.row.extend([None] * missing)
        self.row.append(cell)

    def _cell(self) -> Cell:
        value = self.value
        if not value:
            if self.formula is None or self.type == "str":
                return None
            return CellError("=" + self.formula[:_LONGEST_FORMULA], FORMULA_WITHOUT_VALUE)
        kind = self.type
        if kind == "s":
            return self.values.strings[int(value)] or None
        if kind == "n":
            return self._number(value)
        if kind == "b":
            return value.strip() in ("1", "true")
        if kind == "e":
            return CellError(value, FORMULA_ERROR)
        if kind == "d":
            return _iso_moment(value)
        return unescape_text(value)

    def _number(self, digits: str) -> Cell:
        try:
            number = float(digits)
        except ValueError:
            return digits
        if self.style is None:
            return number
        kind = self.values.kinds[int(self.style)] if self.values.kinds else NumberKind.PLAIN
        return number_cell(number, kind, counts_from_1904=self.values.counts_from_1904)


def _iso_moment(text: str) -> Cell:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    return moment.date() if "T" not in text else moment
