"""What the cells of an XLS workbook refer to: sheets, texts, formats, the day that dates count from."""

import codecs
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from core.intake.readers.biff_records import (
    BIFF8,
    BOF,
    CONTINUE,
    EOF,
    LongContent,
    Record,
    records,
    short_text,
    whole,
)
from core.intake.readers.shared_strings import SharedStrings
from core.intake.readers.styles import BUILT_IN_KINDS, NumberKind, kind_of_format

_DATE_1904, _PASSWORD, _CODE_PAGE = 0x0022, 0x002F, 0x0042
_SHEET, _STYLE, _TEXTS, _FORMAT = 0x0085, 0x00E0, 0x00FC, 0x041E
_WORKSHEET: Final = 0
_MAC_ROMAN, _UTF_16 = 10000, 1200


class UnderPassword(Exception):
    """The workbook's content is encrypted."""


@dataclass(frozen=True, slots=True)
class OldSheet:
    """A worksheet: its name, where its records begin in the stream, and whether people do not see it."""

    name: str
    position: int
    hidden: bool


@dataclass(slots=True)
class OldGlobals:
    """What was read before the first sheet."""

    version: int
    encoding: str = "cp1252"
    counts_from_1904: bool = False
    sheets: list[OldSheet] = field(default_factory=list)
    strings: SharedStrings = field(default_factory=SharedStrings)
    formats: dict[int, NumberKind] = field(default_factory=lambda: dict(BUILT_IN_KINDS))
    kinds: list[NumberKind] = field(default_factory=list)

    def kind_of_style(self, index: int) -> NumberKind:
        """What the numbers of cells of this style are."""
        return self.kinds[index] if index < len(self.kinds) else NumberKind.PLAIN


def read_globals(stream: BinaryIO) -> OldGlobals:
    """Read up to the first sheet. Raises UnderPassword, and EOFError, ValueError or struct.error for damage."""
    reading = records(stream)
    begin = next(reading)
    if begin.kind != BOF:
        raise ValueError("the stream does not begin with a workbook")
    found = OldGlobals(version=struct.unpack_from("<H", begin.content)[0])
    styles: list[int] = []
    texts: list[bytes] = []
    last = 0
    for record in reading:
        if record.kind == EOF:
            break
        if record.kind == _TEXTS or (record.kind == CONTINUE and last == _TEXTS):
            texts.append(record.content)
            last = _TEXTS
            continue
        last = record.kind
        if record.kind == _STYLE:
            styles.append(struct.unpack_from("<H", record.content, 2)[0])
        else:
            _take(found, record)
    found.kinds = [found.formats.get(number, NumberKind.PLAIN) for number in styles]
    if texts:
        _read_texts(found.strings, texts)
    return found


def _take(found: OldGlobals, record: Record) -> None:
    content = record.content
    if record.kind == _PASSWORD:
        raise UnderPassword
    if record.kind == _DATE_1904:
        found.counts_from_1904 = content[:2] == b"\x01\x00"
    elif record.kind == _CODE_PAGE:
        found.encoding = _encoding(struct.unpack_from("<H", content)[0])
    elif record.kind == _SHEET:
        position, state, kind = struct.unpack_from("<IBB", content)
        if kind == _WORKSHEET:
            found.sheets.append(OldSheet(_text(found, content[6:], 1), position, hidden=bool(state & 3)))
    elif record.kind == _FORMAT:
        number = struct.unpack_from("<H", content)[0]
        length_bytes = 2 if found.version >= BIFF8 else 1
        found.formats[number] = kind_of_format(_text(found, content[2:], length_bytes))


def _text(found: OldGlobals, content: bytes, length_bytes: int) -> str:
    return short_text(content, version=found.version, encoding=found.encoding, length_bytes=length_bytes)


def _read_texts(strings: SharedStrings, contents: list[bytes]) -> None:
    content = LongContent(contents)
    _uses, count = struct.unpack("<II", content.bytes(8))
    for _text_number in range(count):
        strings.append(whole(content.text()))


def _encoding(code_page: int) -> str:
    """Python's name of a Windows code page; the western one where Python knows none."""
    name = {_MAC_ROMAN: "mac-roman", _UTF_16: "utf-16-le"}.get(code_page, f"cp{code_page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"
