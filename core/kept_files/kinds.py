"""What a file is, by its bytes. What is not known here is not kept: programs, pages, drawings with scripts."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from os import SEEK_END
from typing import IO

HEAD = 4_096
TEXT_PIECE = 64 * 1_024
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
# A packed document of more parts is no document; nor is one whose list of parts is longer, in bytes.
MOST_ENTRIES = 5_000
LONGEST_LIST = 1_500_000
END_OF_PACKAGE = b"PK\x05\x06"
# The size of the list stands at this place of the record at the end, behind which a comment may follow.
SIZE_AT, RECORD, COMMENT = slice(12, 16), 22, 65_535
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MARKUP = re.compile(
    rb"<\s*(!doctype|\?xml|html|head|body|script|svg|iframe|object|embed|style|meta|link)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that may be kept: its name in settings, which is also its ending, and its content type."""

    name: str
    content_type: str
    label: str


KINDS: dict[str, FileKind] = {
    kind.name: kind
    for kind in (
        FileKind("pdf", "application/pdf", "PDF"),
        FileKind("jpg", "image/jpeg", "JPEG"),
        FileKind("png", "image/png", "PNG"),
        FileKind("webp", "image/webp", "WebP"),
        FileKind("gif", "image/gif", "GIF"),
        FileKind("docx", f"{OFFICE}wordprocessingml.document", "Word"),
        FileKind("xlsx", f"{OFFICE}spreadsheetml.sheet", "Excel"),
        FileKind("pptx", f"{OFFICE}presentationml.presentation", "PowerPoint"),
        FileKind("odt", f"{OPEN_DOCUMENT}text", "OpenDocument text"),
        FileKind("ods", f"{OPEN_DOCUMENT}spreadsheet", "OpenDocument spreadsheet"),
        FileKind("csv", "text/csv", "CSV"),
        FileKind("txt", "text/plain", "Text"),
    )
}
PICTURES = ("jpg", "png", "webp", "gif")
# The main part of each packed document, and the part that holds its macros.
PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
MACROS = re.compile(r"vbaProject|vbaData|(^|/)(Basic|Scripts)/|activeX", re.IGNORECASE)


def recognise(file: IO[bytes], filename: str) -> FileKind | None:
    """Return what an open file is, or None. The name decides only between kinds of plain text."""
    file.seek(0)
    head = file.read(HEAD)
    name = next((name for name, holds in SIGNS if holds(head)), None)
    if name is None and head.startswith(b"PK\x03\x04"):
        name = _packed(file)
    if name is None and _is_text(file):
        name = "csv" if filename.lower().endswith(".csv") else "txt"
    file.seek(0)
    return KINDS[name] if name else None


def _starts(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signs)


SIGNS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("pdf", _starts(b"%PDF-")),
    ("jpg", _starts(b"\xff\xd8\xff")),
    ("png", _starts(b"\x89PNG\r\n\x1a\n")),
    ("gif", _starts(b"GIF87a", b"GIF89a")),
    ("webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
)


def _packed(file: IO[bytes]) -> str | None:
    """A document that is a ZIP: one with its main part and without macros."""
    if not _has_short_list(file):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(entries) > MOST_ENTRIES or any(MACROS.search(name) for name in names):
                return None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                written = archive.read("mimetype").decode("ascii", "replace").strip()
                return next((kind.name for kind in KINDS.values() if kind.content_type == written), None)
            if "[Content_Types].xml" not in names:
                return None
            return next((kind for part, kind in PARTS.items() if part in names), None)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, KeyError):
        return None


def _has_short_list(file: IO[bytes]) -> bool:
    """Whether the list of parts is of a length that is read in no time: half a million fit into a file."""
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - RECORD - COMMENT))
    end = file.read()
    record = end[end.rfind(END_OF_PACKAGE) :] if END_OF_PACKAGE in end else b""
    file.seek(0)
    return len(record) >= RECORD and int.from_bytes(record[SIZE_AT], "little") <= LONGEST_LIST


def _is_text(file: IO[bytes]) -> bool:
    """Whether it is plain text in UTF-8 throughout, and neither markup nor a script."""
    file.seek(0)
    rest = b""
    first = True
    while piece := file.read(TEXT_PIECE):
        if first and (
            piece.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"#!", b"MZ", b"<", b"%PDF"))
            or MARKUP.search(piece)
        ):
            return False
        first = False
        if CONTROLS.search(piece):
            return False
        piece = rest + piece
        try:
            piece.decode()
            rest = b""
        except UnicodeDecodeError as error:
            # A character may be cut at the end of a piece.
            if error.end < len(piece) or len(piece) - error.start > 3:
                return False
            rest = piece[error.start :]
    return not first and not rest
