"""The process that reads one workbook, under limits of memory and time, and writes its rows to the spool.

Run by `core.intake.readers.workbook` as `python -m core.intake.readers.workbook_child REQUEST`, where REQUEST
is JSON; answers with one JSON object on standard output. A file that makes this process fail fails alone.
"""

import errno
import json
import os
import resource
import sys
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from core.intake.readers.delimited import too_many_columns
from core.intake.readers.limits import ReadLimits
from core.intake.readers.package import Package, SheetPart, cut_workbook, open_package
from core.intake.readers.refusals import FileRefused
from core.intake.readers.shared_strings import SharedStrings, read_shared_strings
from core.intake.readers.sheet_scan import scan_sheet
from core.intake.readers.sheet_stream import ColumnsExceeded, WorkbookValues, stream_sheet
from core.intake.readers.spool import SpoolFull, SpoolWriter
from core.intake.readers.workbook import OUT_OF_MEMORY
from core.intake.readers.xml_parts import DeclarationFound
from core.values.cells import Cell

_DAMAGE = (
    ExpatError, zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, NotImplementedError,
    DeclarationFound,
)  # fmt: skip


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Read the workbook of a request; the answer is `{"sheets": […]}` or `{"refused": {code, message}}`."""
    limits = ReadLimits(**request["limits"])
    _limit_process(limits)
    with os.fdopen(request["spool"], "wb", closefd=False) as spool:
        reading = _Reading(request, limits, SpoolWriter(spool, most_bytes=limits.spool_bytes))
        try:
            return {"sheets": reading.sheets()}
        except FileRefused as refusal:
            return {"refused": _as_answer(refusal)}
        except SpoolFull:
            return {"refused": _as_answer(_too_many_cells(reading.filename, limits))}
        except _DAMAGE:
            return {"refused": _as_answer(cut_workbook(reading.filename))}
        except OSError as error:
            return {"refused": _as_answer(_system_refusal(error, reading.filename))}


class _Reading:
    """One workbook being read."""

    def __init__(self, request: dict[str, Any], limits: ReadLimits, writer: SpoolWriter) -> None:
        self.path = Path(request["path"])
        self.filename: str = request["filename"]
        self.limits = limits
        self.writer = writer
        self.may_use_calamine: bool = request["may_use_calamine"]
        self.parent = os.getppid()
        self.cells = 0
        self._calamine: Any = None
        self._values: WorkbookValues | None = None

    def sheets(self) -> list[dict[str, Any]]:
        """Read all worksheets, in order; what each holds, or why it cannot be read."""
        with open_package(self.path, filename=self.filename, limits=self.limits) as package:
            if not package.sheets:
                raise FileRefused("empty_file", f"“{self.filename}” holds no worksheet.")
            return [self._sheet(package, sheet) for sheet in package.sheets]

    def _sheet(self, package: Package, sheet: SheetPart) -> dict[str, Any]:
        answer: dict[str, Any] = {"name": sheet.name, "hidden": sheet.hidden}
        self.writer.begin()
        try:
            if not (self._is_plain(package, sheet) and self._read_by_calamine(sheet)):
                self.writer.begin()
                self._read_by_stream(package, sheet)
        except ColumnsExceeded as error:
            self.writer.begin()
            answer["refused"] = _as_answer(
                too_many_columns(self.filename, sheet.name, error.row, error.column, self.limits)
            )
        section = self.writer.finish()
        self.cells += section.cells
        if self.cells > self.limits.cells:
            raise _too_many_cells(self.filename, self.limits)
        return {**answer, **asdict(section)}

    def _is_plain(self, package: Package, sheet: SheetPart) -> bool:
        if not self.may_use_calamine or not sheet.ascii_compatible:
            return False
        with package.open(sheet.part) as stream:
            return scan_sheet(stream, package.style_kinds, last_column=self.limits.columns).plain

    def _read_by_calamine(self, sheet: SheetPart) -> bool:
        """Whether calamine could read the sheet; if not, what it wrote does not count."""
        from python_calamine import CalamineWorkbook

        try:
            if self._calamine is None:
                self._calamine = CalamineWorkbook.from_path(self.path)
            loaded = self._calamine.get_sheet_by_name(sheet.name)
            leading: list[Cell] = [None] * (loaded.start[1] if loaded.start else 0)
            for number, values in enumerate(loaded.iter_rows(), start=1):
                cells = [None if value == "" else value for value in values]
                while cells and cells[-1] is None:
                    cells.pop()
                if cells:
                    self._row(number, leading + cells)
        except (KeyboardInterrupt, SystemExit, MemoryError, SpoolFull, FileRefused):
            raise
        except BaseException:
            return False
        return True

    def _read_by_stream(self, package: Package, sheet: SheetPart) -> None:
        if self._values is None:
            self._values = WorkbookValues(
                strings=_shared_strings(package),
                kinds=package.style_kinds,
                counts_from_1904=package.counts_from_1904,
                columns=self.limits.columns,
            )
        with package.open(sheet.part) as stream:
            stream_sheet(stream, self._values, self._row)

    def _row(self, number: int, cells: list[Cell]) -> None:
        self.writer.row(number, cells)
        if self.writer.section.cells > self.limits.cells:
            raise _too_many_cells(self.filename, self.limits)
        if os.getppid() != self.parent:
            raise SystemExit("Nobody waits for these rows any more.")


def _shared_strings(package: Package) -> SharedStrings:
    if package.shared_strings_part is None:
        return SharedStrings()
    with package.open(package.shared_strings_part) as stream:
        return read_shared_strings(stream)


def _too_many_cells(filename: str, limits: ReadLimits) -> FileRefused:
    return FileRefused(
        "too_many_cells",
        f"“{filename}” holds more than {limits.cells:,} cells. Split it into several files.",
    )


def _system_refusal(error: OSError, filename: str) -> FileRefused:
    """A directory that points before the archive is damage; a full disk is no fault of the file."""
    if error.errno == errno.EINVAL:
        return cut_workbook(filename)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FileRefused(
            "no_room",
            f"The server has no room left to read “{filename}”. Ask whoever runs it, and try again.",
        )
    raise error


def _as_answer(refusal: FileRefused) -> dict[str, str]:
    return {"code": refusal.code, "message": refusal.message}


def _limit_process(limits: ReadLimits) -> None:
    memory = limits.child_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.child_seconds, limits.child_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    try:
        answer = main(json.loads(sys.argv[1]))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.write(json.dumps(answer))
