"""Reading the files that come in: whatever a person uploads becomes rows with sheet, number and cells.

`open_table` looks at the content, not at the name, and gives a `TableSource`; or it raises `FileRefused`, one
error that says what is wrong with the file and what to do next. A new format is one more entry in `OPENERS`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.intake.readers.delimited import open_delimited
from core.intake.readers.limits import MEGABYTE, ReadLimits
from core.intake.readers.places import cell_reference, column_letter
from core.intake.readers.refusals import FileRefused
from core.intake.readers.sniffing import Container, sniff
from core.intake.readers.sources import Notice, SheetInfo, SourceRow, TableSource
from core.intake.readers.workbook import open_old_workbook, open_workbook

OPENERS: Mapping[Container, Callable[..., TableSource]] = {
    Container.TEXT: open_delimited,
    Container.ARCHIVE: open_workbook,
    Container.OLE: open_old_workbook,
}


def open_table(path: str | Path, *, filename: str, limits: ReadLimits | None = None) -> TableSource:
    """Open an uploaded file by its content. Close what it returns, or use it as a context manager.

    `filename` is what the person called the file, for messages; `limits` defaults to those of the settings.
    Raises FileRefused, with nothing left behind.
    """
    place = Path(path)
    allowed = limits or ReadLimits.from_settings()
    size = place.stat().st_size
    if size > allowed.file_bytes:
        raise FileRefused(
            "too_large",
            f"“{filename}” has {size / MEGABYTE:,.0f} MB; at most {allowed.file_bytes // MEGABYTE:,} MB are "
            "taken. Split it into several files.",
        )
    opener = OPENERS[sniff(place, filename=filename)]
    return opener(place, filename=filename, limits=allowed)


__all__ = [
    "OPENERS",
    "Container",
    "FileRefused",
    "Notice",
    "ReadLimits",
    "SheetInfo",
    "SourceRow",
    "TableSource",
    "cell_reference",
    "column_letter",
    "open_table",
]
