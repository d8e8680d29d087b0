"""Rows of a workbook on their way from the child that reads it to the process that asked.

The spool is a temporary file without a name: the child writes it, the parent reads it, and when both are gone
so is it. Rows lie in blocks, each behind a head that tells its size and its rows, so that a resumed job steps
over what it has done without decoding it.
"""

import io
import os
import pickle
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Final

from core.values.cells import Cell, CellError, PercentNumber

BLOCK_ROWS: Final = 500

_HEAD = struct.Struct("<QQ")  # bytes of the block, number of its last row
_CLASSES: Final = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (date, datetime, time, timedelta, CellError, PercentNumber)
}


class SpoolFull(Exception):
    """The rows take more room than one file may take."""


@dataclass(slots=True)
class Section:
    """Where the rows of one sheet lie in the spool, and what they are like."""

    start: int
    end: int = 0
    rows: int = 0
    last_row: int = 0
    columns: int = 0
    cells: int = 0


class SpoolWriter:
    """Writes the rows of one sheet after another."""

    def __init__(self, file: BinaryIO, *, most_bytes: int) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._block: list[tuple[int, list[Cell]]] = []
        self._offset = 0
        self.section = Section(start=0)

    def begin(self) -> None:
        """Begin the rows of a sheet; what a failed attempt has written since the last `finish` is gone."""
        self._block.clear()
        self._file.seek(self._offset)
        self._file.truncate()
        self.section = Section(start=self._offset, end=self._offset)

    def row(self, number: int, cells: list[Cell]) -> None:
        """Add a row that holds something; `cells` ends with its last value. Raises SpoolFull."""
        section = self.section
        section.rows += 1
        section.last_row = number
        section.cells += len(cells)
        if len(cells) > section.columns:
            section.columns = len(cells)
        self._block.append((number, cells))
        if len(self._block) >= BLOCK_ROWS:
            self._flush()

    def finish(self) -> Section:
        """End the sheet; its place in the spool."""
        self._flush()
        self._file.flush()
        self._offset = self.section.end
        return self.section

    def _flush(self) -> None:
        if not self._block:
            return
        payload = pickle.dumps(self._block, protocol=pickle.HIGHEST_PROTOCOL)
        self._file.write(_HEAD.pack(len(payload), self._block[-1][0]))
        self._file.write(payload)
        self.section.end += _HEAD.size + len(payload)
        self._block.clear()
        if self.section.end > self._most_bytes:
            raise SpoolFull


def read_section(descriptor: int, start: int, end: int, *, after: int) -> Iterator[tuple[int, list[Cell]]]:
    """The rows between two offsets of the spool that come after row `after`.

    Reads at its own offsets, so that several may read one spool at once.
    """
    offset = start
    while offset < end:
        size, last_row = _HEAD.unpack(os.pread(descriptor, _HEAD.size, offset))
        offset += _HEAD.size
        if last_row > after:
            rows: list[tuple[int, list[Cell]]] = _Unpickler(_read_whole(descriptor, size, offset)).load()
            for row in rows:
                if row[0] > after:
                    yield row
        offset += size


def _read_whole(descriptor: int, size: int, offset: int) -> io.BytesIO:
    pieces = io.BytesIO()
    while size:
        piece = os.pread(descriptor, size, offset)
        if not piece:
            raise EOFError("the spool ends before its block")
        pieces.write(piece)
        size -= len(piece)
        offset += len(piece)
    pieces.seek(0)
    return pieces


class _Unpickler(pickle.Unpickler):
    """The child has read a stranger's file: nothing but cells comes out of what it wrote."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("copyreg", "__newobj__"):
            return super().find_class(module, name)
        return _CLASSES[module, name]
