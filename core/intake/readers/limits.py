"""How much of a machine one file may take."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits for reading one file; the defaults serve a workbook as full as Excel allows, with 40 columns."""

    file_bytes: int = 500 * MEGABYTE
    uncompressed_bytes: int = 4 * GIGABYTE
    """What a workbook may unpack to, all parts together."""
    archive_entries: int = 10_000
    columns: int = 512
    cells: int = 50_000_000
    """Cells of all sheets together, those beyond the last value of each row apart."""
    cell_characters: int = 1_000_000
    line_bytes: int = 16 * MEGABYTE
    """The longest line of a text file; a line is held in memory whole."""
    child_seconds: int = 600
    child_memory_bytes: int = GIGABYTE
    spool_bytes: int = 8 * GIGABYTE
    spool_directory: str | None = None
    """Where a workbook's rows wait to be read (None: the system's folder for temporary files)."""

    @classmethod
    def from_settings(cls) -> Self:
        """The defaults, for files as large as are let in (`INTAKE_MAX_BYTES`), and with what Django's setting
        `INTAKE_READ_LIMITS` (a dict by these names) changes.

        Raises ValueError for a name that is no limit.
        """
        from django.conf import settings

        allowed = cls(file_bytes=settings.INTAKE_MAX_BYTES)
        return allowed.changed(getattr(settings, "INTAKE_READ_LIMITS", {}))

    def changed(self, values: Mapping[str, object]) -> Self:
        """These limits with others in place of some; raises ValueError for a name that is no limit."""
        unknown = set(values) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"No such limit of reading: {', '.join(sorted(unknown))}.")
        return replace(self, **values)  # type: ignore[arg-type]
