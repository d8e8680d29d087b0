"""The one error a reader raises: the file cannot be taken, and what to do about it."""

from core.errors import ApplicationError
from core.intake.readers.limits import ReadLimits
from core.intake.readers.places import cell_reference


class FileRefused(ApplicationError):
    """A file that is not read at all. `code` is stable; `message` says what is wrong and what to do next."""


def cut_workbook(filename: str) -> FileRefused:
    """The refusal for a workbook that is not whole."""
    return FileRefused(
        "cut_off",
        f"“{filename}” is an incomplete or damaged workbook: the upload was probably cut off. Upload it "
        "again, or open it in Excel, save it, and upload that.",
    )


def with_password(filename: str) -> FileRefused:
    """The refusal for a workbook that only who knows its password can read."""
    return FileRefused(
        "password_protected",
        f"“{filename}” is password-protected. Save it without a password and upload it again.",
    )


def too_many_cells(filename: str, limits: ReadLimits) -> FileRefused:
    """The refusal for more cells than one file may have."""
    return FileRefused(
        "too_many_cells",
        f"“{filename}” holds more than {limits.cells:,} cells. Split it into several files.",
    )


def too_many_columns(filename: str, sheet: str, row: int, column: int, limits: ReadLimits) -> FileRefused:
    """The refusal for a value beyond the last column that is read; `row` from 1, `column` from 0."""
    return FileRefused(
        "too_many_columns",
        f"“{filename}” goes beyond {limits.columns:,} columns: there is a value in "
        f"{cell_reference(sheet, row, column)}. Remove the columns that are not needed and upload it again.",
    )
