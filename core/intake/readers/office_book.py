"""An XLSX workbook as the reading process sees it: calamine where a sheet is plain, the stream elsewhere."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

from core.intake.readers.books import Book, ColumnsExceeded, Sheets, no_worksheet
from core.intake.readers.package import Package, SheetPart, package_in
from core.intake.readers.refusals import FileRefused
from core.intake.readers.shared_strings import SharedStrings, read_shared_strings
from core.intake.readers.sheet_scan import scan_sheet
from core.intake.readers.sheet_stream import WorkbookValues, stream_sheet
from core.intake.readers.spool import SpoolFull
from core.values.cells import Cell


class OfficeBook(Book):
    """A workbook package of the kind that Excel writes since 2007."""

    kind = "xlsx"

    def __init__(self, path: Path, archive: ZipFile, *, filename: str, may_use_calamine: bool) -> None:
        """Take a checked archive; raises FileRefused where it is no workbook."""
        self._path = path
        self._may_use_calamine = may_use_calamine
        self._package = package_in(archive, filename=filename)
        if not self._package.sheets:
            raise no_worksheet(filename)
        self._calamine: Any = None
        self._values: WorkbookValues | None = None

    def close(self) -> None:
        self._package.close()

    def read(self, sheets: Sheets) -> None:
        for part in self._package.sheets:
            sheets.begin(part.name, hidden=part.hidden)
            try:
                if not (self._is_plain(part, sheets) and self._read_by_calamine(part, sheets)):
                    sheets.begin_again()
                    self._read_by_stream(part, sheets)
            except ColumnsExceeded as exceeded:
                sheets.refuse(exceeded)
            sheets.end()

    def _is_plain(self, part: SheetPart, sheets: Sheets) -> bool:
        if not self._may_use_calamine or not part.ascii_compatible:
            return False
        with self._package.open(part.part) as stream:
            return scan_sheet(stream, self._package.style_kinds, last_column=sheets.limits.columns).plain

    def _read_by_calamine(self, part: SheetPart, sheets: Sheets) -> bool:
        """Whether calamine could read the sheet; if not, what it wrote does not count."""
        from python_calamine import CalamineWorkbook

        try:
            if self._calamine is None:
                self._calamine = CalamineWorkbook.from_path(self._path)
            loaded = self._calamine.get_sheet_by_name(part.name)
            leading: list[Cell] = [None] * (loaded.start[1] if loaded.start else 0)
            for number, values in enumerate(loaded.iter_rows(), start=1):
                cells = [None if value == "" else value for value in values]
                while cells and cells[-1] is None:
                    cells.pop()
                if cells:
                    sheets.row(number, leading + cells)
        except (KeyboardInterrupt, SystemExit, MemoryError, SpoolFull, FileRefused):
            raise
        except BaseException:
            return False
        return True

    def _read_by_stream(self, part: SheetPart, sheets: Sheets) -> None:
        package = self._package
        if self._values is None:
            self._values = WorkbookValues(
                strings=_shared_strings(package),
                kinds=package.style_kinds,
                counts_from_1904=package.counts_from_1904,
                columns=sheets.limits.columns,
            )
        with package.open(part.part) as stream:
            stream_sheet(stream, self._values, sheets.row)


def _shared_strings(package: Package) -> SharedStrings:
    if package.shared_strings_part is None:
        return SharedStrings()
    with package.open(package.shared_strings_part) as stream:
        return read_shared_strings(stream)
