"""Bytes of files, honest and hostile."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
SCRIPT = b"<script>alert(document.cookie)</script>"


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """A picture of one colour."""
    target = io.BytesIO()
    mode = options.pop("mode", "RGB")
    colour = options.pop("colour", 90 if mode == "L" else (200, 60, 10, 128)[: len(mode)])
    Image.new(mode, size, colour).save(target, kind, **options)
    return target.getvalue()


def located_picture() -> bytes:
    """A photograph turned on its side that tells where it was taken, by whom and with what."""
    image = Image.new("RGB", (60, 40), (10, 20, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "SecretPhone"
    exif[0x8825] = {1: "N", 2: (18.0, 31.0, 13.0), 3: "E", 4: (73.0, 51.0, 24.0)}
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif, comment=b"Taken by Asha")
    return target.getvalue()


def promised_picture(width: int, height: int) -> bytes:
    """A PNG of few bytes whose header promises many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def packed(*names: str, **contents: bytes) -> bytes:
    """A ZIP with these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, contents.get(name, b"<x/>"))
    return target.getvalue()


DOCX = packed("[Content_Types].xml", "word/document.xml")
XLSX = packed("[Content_Types].xml", "xl/workbook.xml")


def open_document(kind: str) -> bytes:
    """An OpenDocument file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", b"<x/>")
    return target.getvalue()
