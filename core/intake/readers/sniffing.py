"""What a file is, by its first bytes: names and extensions are only what somebody called it."""

import json
import re
from enum import Enum
from pathlib import Path

from core.intake.readers.refusals import FileRefused
from core.intake.readers.sources import Notice

HEAD_BYTES = 8192


class Container(Enum):
    """The kinds of file a reader may be asked for."""

    TEXT = "text"
    ARCHIVE = "archive"
    OLE = "ole"


_FOREIGN = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"{\\rtf", "a rich text document"),
    (b"PAR1", "a Parquet file"),
    *(
        (begin, "a workbook of Excel 4 or before")
        for begin in (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
    ),
)
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
# What programs save under the name of a workbook, and Excel opens as one.
_EXPORTED = ("a web page", "an XML spreadsheet", "a workbook of Excel 4 or before")
_XML_SPREADSHEET = re.compile(rb"progid=[\"']Excel\.Sheet|urn:schemas-microsoft-com:office:spreadsheet")
_WEB_ARCHIVE = re.compile(rb"MIME-Version:", re.IGNORECASE)
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

_EXTENSIONS = {
    "csv": (".csv", ".tsv", ".tab", ".txt", ".psv"),
    "xlsx": (".xlsx", ".xlsm", ".xltx", ".xltm"),
    "xls": (".xls", ".xlt"),
    "ods": (".ods", ".ots"),
}
_WORKBOOK_EXTENSIONS = tuple(extension for kind in ("xlsx", "xls", "ods") for extension in _EXTENSIONS[kind])
_NAMES = {
    "csv": "a text file with separated values",
    "xlsx": "an Excel workbook",
    "xls": "an Excel workbook of the old kind",
    "ods": "an OpenDocument spreadsheet",
}


def sniff(path: Path, *, filename: str) -> Container:
    """Which container the file is; raises FileRefused naming what it looks like when it holds no table."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise FileRefused("empty_file", f"“{filename}” is empty. Choose the file with the rows in it.")
    if head.startswith(_ZIP_MAGICS):
        return Container.ARCHIVE
    if head.startswith(_OLE_MAGIC):
        return Container.OLE
    looks = _foreign_kind(head)
    if looks in _EXPORTED and Path(filename).suffix.lower() in _WORKBOOK_EXTENSIONS:
        raise FileRefused(
            "not_a_workbook",
            f"“{filename}” is called a workbook and is {looks}, as some programs export it. "
            "Open it in Excel or LibreOffice, save it as XLSX, and upload that.",
        )
    if looks:
        raise FileRefused(
            "not_a_table",
            f"“{filename}” looks like {looks}, not like a table. "
            "Save the rows as XLSX or CSV and upload that.",
        )
    return Container.TEXT


def extension_notices(filename: str, *, kind: str) -> tuple[Notice, ...]:
    """A notice when the name's extension says something else than the content."""
    extension = Path(filename).suffix.lower()
    named = next((name for name, extensions in _EXTENSIONS.items() if extension in extensions), kind)
    return (
        ()
        if named == kind
        else (Notice("wrong_extension", f"“{filename}” is {_NAMES[kind]}, and was read as one."),)
    )


def _foreign_kind(head: bytes) -> str | None:
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "a video or picture"
    text = head
    for mark in _TEXT_MARKS:
        text = text.removeprefix(mark)
    start = text.replace(b"\x00", b"").lstrip()
    if _MARKUP.match(start):
        return "a web page"
    if start.startswith(b"<?xml"):
        if _XML_SPREADSHEET.search(start):
            return "an XML spreadsheet"
        return "a web page" if _MARKUP.search(start) else "an XML document"
    if _WEB_ARCHIVE.match(start):
        return "a web page"
    return "a JSON document" if _starts_json(start) else None


def _starts_json(start: bytes) -> bool:
    """Whether the first bytes open a JSON object or a list of objects or lists."""
    if start[:1] == b"{":
        return start[1:].lstrip()[:1] in (b'"', b"}")
    if start[:1] != b"[" or start[1:].lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(start)
    except ValueError as error:
        return "Expecting value" not in str(error)
    return True
