"""Which encoding a text file is in, decided on the whole file before a row is read.

The rule: a byte order mark decides, and broken bytes after it are an error. Without one, valid UTF-8 is UTF-8
and text with a zero byte beside most letters is UTF-16. What is not valid UTF-8 is taken for Windows-1252, as
Excel writes it, with a notice, if it holds no valid UTF-8 sequence beyond ASCII and every byte beyond ASCII
makes sense there; anything else is UTF-8 that was broken, and one error names the first broken byte.
"""

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.intake.readers.limits import ReadLimits
from core.intake.readers.refusals import FileRefused
from core.intake.readers.sources import Notice

_CHUNK: Final = 1024 * 1024
_SAMPLE: Final = 4096

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_VALID_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CUT_SEQUENCE = re.compile(
    rb"[\xe0-\xef][\x80-\xbf](?![\x80-\xbf])|[\xf0-\xf4][\x80-\xbf]{1,2}(?![\x80-\xbf])"
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_IMPLAUSIBLE = frozenset("ÿþÞðÐ×÷¬¦¤¶¸¯")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")


@dataclass(frozen=True, slots=True)
class TextPlan:
    """How to decode a text file: `encoding`, after `skip` bytes of byte order mark."""

    encoding: str
    skip: int
    notices: tuple[Notice, ...] = ()
    ends_with_line_end: bool = True


@dataclass(frozen=True, slots=True)
class _Break:
    """The first byte that does not decode: its offset from the file's begin, and the lines before it."""

    offset: int
    lines: int
    at_end: bool


def plan_decoding(path: Path, *, filename: str, limits: ReadLimits) -> TextPlan:
    """The encoding of a text file, tried on every byte. Raises FileRefused for broken or binary content."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    encoding, skip = _marked_encoding(head)
    if encoding is None:
        encoding = _unmarked_utf16(head) or "utf-8"
    _refuse_endless_lines(path, filename=filename, limits=limits)
    broken = _first_break(path, encoding, skip, filename=filename)
    ends = _ends_with_line_end(path, encoding)
    if broken is None:
        return TextPlan(encoding, skip, ends_with_line_end=ends)
    if encoding == "utf-8" and not skip and _is_windows_text(path):
        notice = Notice(
            "windows_1252",
            f"“{filename}” is not UTF-8; it was read as Windows-1252, as Excel's plain CSV is. "
            "Check names with accents, or save it as “CSV UTF-8”.",
        )
        return TextPlan("cp1252", 0, (notice,), ends_with_line_end=ends)
    raise _refusal(broken, encoding, filename)


def _refusal(broken: _Break, encoding: str, filename: str) -> FileRefused:
    if broken.at_end:
        return FileRefused(
            "cut_off",
            f"“{filename}” ends in the middle of a character: it seems cut off. Upload the whole file again.",
        )
    return FileRefused(
        "broken_encoding",
        f"“{filename}” is not valid {encoding.upper()}: byte {broken.offset + 1:,} on line "
        f"{broken.lines + 1:,} breaks it. Save the file again as “CSV UTF-8” or XLSX and upload that.",
    )


def _marked_encoding(head: bytes) -> tuple[str | None, int]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    return None, 0


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: zero bytes on one side of the pairs only, in at least a fifth of them."""
    pairs = len(head) // 2
    low_zeros, high_zeros = head[1 : 2 * pairs : 2].count(0), head[0 : 2 * pairs : 2].count(0)
    if pairs >= 2 and low_zeros * 5 >= pairs and not high_zeros:
        return "utf-16-le"
    if pairs >= 2 and high_zeros * 5 >= pairs and not low_zeros:
        return "utf-16-be"
    return None


def _refuse_endless_lines(path: Path, *, filename: str, limits: ReadLimits) -> None:
    """A line is held in memory whole, so a file that is one endless line is refused before it is read."""
    run = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            run = run + len(chunk) if last < 0 else len(chunk) - last
            if run > limits.line_bytes:
                raise FileRefused(
                    "line_too_long",
                    f"“{filename}” holds a line of more than {limits.line_bytes:,} bytes, so it is no table "
                    "of rows. Save the rows as XLSX or CSV and upload that.",
                )


def _first_break(path: Path, encoding: str, skip: int, *, filename: str) -> _Break | None:
    """Decode the whole file: where it breaks, or None. Raises FileRefused for zero bytes."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, lines = skip, 0
    with path.open("rb") as file:
        file.seek(skip)
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                lines += error.object[: error.start].count(b"\n")
                return _Break(offset - pending + error.start, lines, at_end=not chunk)
            zero = text.find("\x00")
            if zero >= 0:
                raise _binary_content(filename, lines + text.count("\n", 0, zero) + 1)
            if not chunk:
                return None
            offset += len(chunk)
            lines += text.count("\n")


def _binary_content(filename: str, line: int) -> FileRefused:
    return FileRefused(
        "binary_content",
        f"“{filename}” holds a zero byte on line {line:,}, so it is not text, or was damaged on its way. "
        "Export it again and upload that.",
    )


def _is_windows_text(path: Path) -> bool:
    """Whether the bytes beyond ASCII make sense as Windows-1252, and none of them as UTF-8."""
    with path.open("rb") as file:
        return all(line.isascii() or _is_windows_line(line) for line in file)


def _is_windows_line(line: bytes) -> bool:
    if _VALID_SEQUENCE.search(line) or _CUT_SEQUENCE.search(line):
        return False
    try:
        text = line.decode("cp1252")
    except UnicodeDecodeError:
        return False
    if _CONTROLS.search(text):
        return False
    return all(_is_plausible(text, match.start()) for match in _BEYOND_ASCII.finditer(text))


def _is_plausible(text: str, position: int) -> bool:
    """A letter with an accent stands among letters, and as a capital only where a capital may stand."""
    character = text[position]
    if character in _IMPLAUSIBLE:
        return False
    if not character.isalpha():
        return True
    before = text[position - 1] if position else " "
    after = text[position + 1] if position + 1 < len(text) else " "
    if not before.isalpha() and not after.isalpha():
        return False
    return not (character.isupper() and before.islower())


def _ends_with_line_end(path: Path, encoding: str) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 4))
        tail = file.read()
    return tail.decode(encoding, "replace").endswith(("\n", "\r", "\x1a"))
