"""The records of an XLS workbook's stream (BIFF 5 and 8) and the texts in them. Layout: Microsoft's [MS-XLS]."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

BOF: Final = 0x0809
EOF: Final = 0x000A
CONTINUE: Final = 0x003C
BIFF8: Final = 0x0600

_HEAD = struct.Struct("<HH")
_WIDE, _EXTENDED, _RICH = 1, 4, 8


class Record(NamedTuple):
    """A record: its kind, and its content without the head."""

    kind: int
    content: bytes


def records(stream: BinaryIO) -> Iterator[Record]:
    """The records from where the stream stands. Raises EOFError where one is cut off or none is left."""
    read = stream.read
    while True:
        head = read(4)
        if len(head) < 4:
            raise EOFError("the stream ends without an end record")
        kind, length = _HEAD.unpack(head)
        content = read(length)
        if len(content) < length:
            raise EOFError("the stream ends within a record")
        yield Record(kind, content)


class LongContent:
    """The content of a record and of those that continue it, read piece by piece.

    Where the characters of a text go on in the next record, a byte there says anew how wide they are.
    """

    def __init__(self, contents: list[bytes]) -> None:
        self._contents = contents
        self._index = 0
        self._offset = 0

    def bytes(self, count: int) -> bytes:
        """The next bytes. Raises EOFError where there are fewer."""
        taken = b""
        while True:
            piece = self._contents[self._index][self._offset : self._offset + count - len(taken)]
            self._offset += len(piece)
            taken += piece
            if len(taken) == count:
                return taken
            self._next()

    def characters(self, count: int, *, wide: bool) -> str:
        """The next `count` characters, two bytes each where `wide`, one (Latin-1) where not."""
        pieces: list[str] = []
        while count:
            content = self._contents[self._index]
            if self._offset == len(content):
                self._next()
                wide = bool(self.bytes(1)[0] & _WIDE)
                continue
            size = 2 if wide else 1
            here = min(count, (len(content) - self._offset) // size)
            if not here:
                raise ValueError("half a character at the end of a record")
            piece = content[self._offset : self._offset + here * size]
            pieces.append(piece.decode("utf-16-le" if wide else "latin-1", "surrogatepass"))
            self._offset += here * size
            count -= here
        return "".join(pieces)

    def text(self) -> str:
        """The next text with its length before it and, perhaps, formats of its letters behind it."""
        length, flags = struct.unpack("<HB", self.bytes(3))
        runs = struct.unpack("<H", self.bytes(2))[0] if flags & _RICH else 0
        extension = struct.unpack("<I", self.bytes(4))[0] if flags & _EXTENDED else 0
        text = self.characters(length, wide=bool(flags & _WIDE))
        self._skip(4 * runs + extension)
        return text

    def _skip(self, count: int) -> None:
        while count:
            here = min(count, len(self._contents[self._index]) - self._offset)
            self._offset += here
            count -= here
            if count:
                self._next()

    def _next(self) -> None:
        self._index += 1
        self._offset = 0
        if self._index >= len(self._contents):
            raise EOFError("a record says that it holds more than it does")


def whole(text: str) -> str:
    """The text with surrogate halves that belong together joined: a text may be cut between the two."""
    return (
        text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if _has_halves(text)
        else text
    )


def _has_halves(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def short_text(content: bytes, *, version: int, encoding: str, length_bytes: int) -> str:
    """A text at the beginning of `content`, behind a length of one or two bytes."""
    length = int.from_bytes(content[:length_bytes], "little")
    if version < BIFF8:
        return content[length_bytes : length_bytes + length].decode(encoding, "replace")
    wide = bool(content[length_bytes] & _WIDE)
    return whole(LongContent([content[length_bytes + 1 :]]).characters(length, wide=wide))
