"""A workbook of Excel 5 to 2003 (XLS) as the reading process sees it.

Read by our own reader, not by calamine, which keeps silent about errors and percentages and holds every sheet
of the file at once, each as large as its used range claims.
"""

from pathlib import Path
from typing import BinaryIO

from core.intake.readers.biff_globals import OldGlobals, OldSheet, UnderPassword, read_globals
from core.intake.readers.biff_stream import RowsDisordered, read_old_sheet, stream_old_sheet
from core.intake.readers.books import Book, ColumnsExceeded, Sheets, no_worksheet
from core.intake.readers.compound_file import CompoundFile
from core.intake.readers.limits import ReadLimits
from core.intake.readers.refusals import FileRefused, with_password

# A file saved for both has the streams of Excel 97 and of Excel 5.
_STREAMS = ("Workbook", "Book")
_PASSWORDS = ("EncryptedPackage", "EncryptionInfo")


class OldBook(Book):
    """A workbook in an OLE container."""

    kind = "xls"

    def __init__(self, path: Path, *, filename: str, limits: ReadLimits) -> None:
        """Open and check; raises FileRefused for a password and for what is no workbook."""
        self._file = path.open("rb")
        try:
            self._stream = _workbook_stream(CompoundFile(self._file), filename)
            self._globals = _globals(self._stream, filename)
        except BaseException:
            self._file.close()
            raise
        if not self._globals.sheets:
            self._file.close()
            raise no_worksheet(filename)

    def close(self) -> None:
        self._file.close()

    def read(self, sheets: Sheets) -> None:
        for sheet in self._globals.sheets:
            sheets.begin(sheet.name, hidden=sheet.hidden)
            try:
                self._read_sheet(sheet, sheets)
            except ColumnsExceeded as exceeded:
                sheets.refuse(exceeded)
            sheets.end()

    def _read_sheet(self, sheet: OldSheet, sheets: Sheets) -> None:
        columns = sheets.limits.columns
        try:
            self._stream.seek(sheet.position)
            stream_old_sheet(self._stream, self._globals, columns, sheets.row)
        except RowsDisordered:
            sheets.begin_again()
            self._stream.seek(sheet.position)
            read_old_sheet(self._stream, self._globals, columns, sheets.row)


def _workbook_stream(container: CompoundFile, filename: str) -> BinaryIO:
    names = container.names()
    if names.intersection(_PASSWORDS):
        raise with_password(filename)
    for name in _STREAMS:
        if name in names:
            return container.stream(name)
    raise FileRefused(
        "not_a_table",
        f"“{filename}” looks like an old Office document, not like a table. Save the rows as XLSX or CSV.",
    )


def _globals(stream: BinaryIO, filename: str) -> OldGlobals:
    try:
        return read_globals(stream)
    except UnderPassword:
        raise with_password(filename) from None
