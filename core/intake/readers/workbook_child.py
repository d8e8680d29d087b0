"""The process that reads one workbook, under limits of memory and time, and writes its rows to the spool.

Run by `core.intake.readers.workbook` as `python -m core.intake.readers.workbook_child REQUEST`, where REQUEST
is JSON; answers with one JSON object on standard output. A file that makes this process fail fails alone.
"""

import errno
import json
import os
import resource
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from core.intake.readers.books import Book, Sheets
from core.intake.readers.limits import ReadLimits
from core.intake.readers.office_book import OfficeBook
from core.intake.readers.old_book import OldBook
from core.intake.readers.open_document import OpenDocumentBook, is_open_document
from core.intake.readers.package import open_archive
from core.intake.readers.refusals import FileRefused, cut_workbook, too_many_cells
from core.intake.readers.sniffing import Container
from core.intake.readers.spool import SpoolFull, SpoolWriter
from core.intake.readers.workbook import OUT_OF_MEMORY
from core.intake.readers.xml_parts import DeclarationFound

_DAMAGE = (
    ExpatError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError,
    NotImplementedError, DeclarationFound,
)  # fmt: skip


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Read the workbook of a request.

    The answer is `{"kind": …, "sheets": […]}` or `{"refused": {code, message}}`.
    """
    limits = ReadLimits(**request["limits"])
    filename = request["filename"]
    _limit_process(limits)
    with os.fdopen(request["spool"], "wb", closefd=False) as spool:
        writer = SpoolWriter(spool, most_bytes=limits.spool_bytes)
        sheets = Sheets(writer, filename=filename, limits=limits, is_wanted=_parent_watch())
        try:
            with _open_book(request, limits) as book:
                book.read(sheets)
                return {"kind": book.kind, "sheets": sheets.answers}
        except FileRefused as refusal:
            return {"refused": _as_answer(refusal)}
        except SpoolFull:
            return {"refused": _as_answer(too_many_cells(filename, limits))}
        except _DAMAGE:
            return {"refused": _as_answer(cut_workbook(filename))}
        except OSError as error:
            return {"refused": _as_answer(_system_refusal(error, filename))}


def _open_book(request: dict[str, Any], limits: ReadLimits) -> Book:
    """The workbook of a request, by its content. Raises FileRefused."""
    path, filename = Path(request["path"]), request["filename"]
    if request["container"] == Container.OLE.value:
        return OldBook(path, filename=filename, limits=limits)
    archive = open_archive(path, filename=filename, limits=limits)
    try:
        if is_open_document(archive):
            return OpenDocumentBook(archive, filename=filename)
        return OfficeBook(path, archive, filename=filename, may_use_calamine=request["may_use_calamine"])
    except BaseException:
        archive.close()
        raise


def _parent_watch() -> Any:
    """A function that ends this process once the one that asked is gone."""
    parent = os.getppid()

    def watch() -> None:
        if os.getppid() != parent:
            raise SystemExit("Nobody waits for these rows any more.")

    return watch


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
