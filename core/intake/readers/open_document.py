"""An OpenDocument spreadsheet (ODS): its package checked, then its one content part read as a stream."""

from typing import Final
from zipfile import ZipFile

from core.intake.readers.books import Book, Sheets, no_worksheet
from core.intake.readers.document_stream import RowsRepeated, stream_document
from core.intake.readers.package import declares_entities
from core.intake.readers.refusals import FileRefused, with_password
from core.intake.readers.xml_parts import DeclarationFound

CONTENT: Final = "content.xml"
MANIFEST: Final = "META-INF/manifest.xml"

_FAMILY = b"application/vnd.oasis.opendocument."
_SPREADSHEET = _FAMILY + b"spreadsheet"
_LARGEST_MANIFEST = 4 * 1024 * 1024


class OpenDocumentBook(Book):
    """A workbook of LibreOffice and its kin.

    Every value stands in it with its type, the error cells and percentages too, so it needs no second reader.
    Of the package nothing is parsed but the content part.
    """

    kind = "ods"

    def __init__(self, archive: ZipFile, *, filename: str) -> None:
        """Take a checked archive; raises FileRefused for a password and for other documents."""
        self._archive = archive
        self._filename = filename
        if not _mimetype(archive).startswith(_SPREADSHEET):
            raise FileRefused(
                "not_a_table",
                f"“{filename}” looks like a document, not like a table. Save the rows as ODS, XLSX or CSV.",
            )
        if _is_encrypted(archive):
            raise with_password(filename)

    def close(self) -> None:
        self._archive.close()

    def read(self, sheets: Sheets) -> None:
        try:
            with self._archive.open(CONTENT) as stream:
                stream_document(stream, sheets)
        except DeclarationFound:
            raise declares_entities(self._filename, CONTENT) from None
        except RowsRepeated as repeated:
            raise FileRefused(
                "repeated_rows",
                f"“{self._filename}” says that row {repeated.row:,} of “{repeated.sheet}” is there "
                f"{repeated.times:,} times. Delete the filled rows below your data and upload it again.",
            ) from None
        if not sheets.answers:
            raise no_worksheet(self._filename)


def is_open_document(archive: ZipFile) -> bool:
    """Whether an archive says that it is an OpenDocument file, of whatever kind."""
    return _mimetype(archive).startswith(_FAMILY)


def _mimetype(archive: ZipFile) -> bytes:
    if "mimetype" not in archive.NameToInfo:
        return b""
    with archive.open("mimetype") as stream:
        return stream.read(200)


def _is_encrypted(archive: ZipFile) -> bool:
    """Whether the content is under a password: the manifest tells, and so does a package within the package."""
    if "encrypted-package" in archive.NameToInfo:
        return True
    if MANIFEST not in archive.NameToInfo:
        return False
    # Searched, not parsed: it may begin with a document type of old, and nothing else of it matters.
    with archive.open(MANIFEST) as stream:
        return b"encryption-data" in stream.read(_LARGEST_MANIFEST)
