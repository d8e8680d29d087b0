"""The container of Office files before 2007 (OLE compound file): its streams by name, read sector by sector.

Layout: Microsoft's [MS-CFB]. Every chain of sectors is followed with a bound, so no loop in it has no end.
"""

import io
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = struct.Struct("<8s16xHHHHH6xIIIIIIIII")
_HEADER_BYTES = 512
_FIRST_ALLOCATORS = 109
_ENTRY_BYTES = 128
_LAST_SECTOR: Final = 0xFFFFFFFA
"""What is greater is a mark: end of chain, free, part of the allocation table."""

_STREAM, _ROOT = 2, 5
_MOST_ENTRIES = 10_000


class DamagedContainer(ValueError):
    """The container points outside of itself, or in circles."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A stream of the directory: where it begins, and its bytes."""

    start: int
    size: int


class CompoundFile:
    """An opened container. Raises DamagedContainer where it is not whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise DamagedContainer("no header")
        (
            magic, _minor, major, order, shift, mini_shift, _directories, tables, directory, _signature, cutoff,
            mini_table, _mini_tables, more, _more_count,
        ) = _HEADER.unpack_from(header)  # fmt: skip
        if magic != _MAGIC or order != 0xFFFE or (major, shift) not in ((3, 9), (4, 12)) or mini_shift != 6:
            raise DamagedContainer("not the header of a container")
        self._sector = 1 << shift
        self._mini_sector = 1 << mini_shift
        self._cutoff = cutoff
        self._most_sectors = self._size // self._sector + 1
        self._table = self._allocation(header, tables, more)
        self._entries = self._directory(directory)
        root = self._entries.get("")
        self._mini_table = (
            array("I", self._bytes_of(mini_table, None)) if root and mini_table < _LAST_SECTOR else array("I")
        )
        self._mini_stream = b""
        if root and root.size and self._mini_table:
            self._mini_stream = self._bytes_of(root.start, root.size)

    def names(self) -> set[str]:
        """The names of all streams, those in inner folders too."""
        return set(self._entries) - {""}

    def stream(self, name: str) -> BinaryIO:
        """The bytes of a stream, read as they are asked for. Raises KeyError for a name that is not there."""
        entry = self._entries[name]
        if entry.size < self._cutoff:
            return io.BytesIO(self._mini_bytes(entry))
        return io.BufferedReader(
            _SectorReader(self._file, list(self._runs(entry.start, entry.size)), entry.size)
        )

    def _allocation(self, header: bytes, tables: int, more: int) -> "array[int]":
        """The table that names for each sector the one that follows it."""
        listed = list(struct.unpack_from(f"<{_FIRST_ALLOCATORS}I", header, 76))
        each = self._sector // 4
        seen = 0
        while more < _LAST_SECTOR:
            seen += 1
            if seen > self._most_sectors:
                raise DamagedContainer("a circle in the list of tables")
            numbers = struct.unpack(f"<{each}I", self._read_sector(more))
            listed += numbers[:-1]
            more = numbers[-1]
        used = [sector for sector in listed if sector < _LAST_SECTOR][:tables]
        if len(used) < tables:
            raise DamagedContainer("tables are missing")
        table = array("I")
        for sector in used:
            table.frombytes(self._read_sector(sector))
        return table

    def _directory(self, start: int) -> dict[str, _Entry]:
        """The streams by name; the root's under "", the first of a name where there are two."""
        content = self._bytes_of(start, None)
        found: dict[str, _Entry] = {}
        for offset in range(0, min(len(content), _MOST_ENTRIES * _ENTRY_BYTES), _ENTRY_BYTES):
            (length, kind) = struct.unpack_from("<HB", content, offset + 64)
            begin, size = struct.unpack_from("<IQ", content, offset + 116)
            if self._sector == 512:
                size &= 0xFFFFFFFF  # the upper half is not always zero in files of version 3
            if kind == _ROOT:
                found.setdefault("", _Entry(begin, size))
            elif kind == _STREAM and 2 <= length <= 64:
                name = content[offset : offset + length - 2].decode("utf-16-le", "replace")
                found.setdefault(name, _Entry(begin, size))
        return found

    def _chain(self, start: int) -> Iterator[int]:
        sector, steps = start, 0
        while sector < _LAST_SECTOR:
            if sector >= len(self._table) or steps > self._most_sectors:
                raise DamagedContainer("a chain leads nowhere")
            yield sector
            sector, steps = self._table[sector], steps + 1

    def _runs(self, start: int, size: int) -> Iterator[tuple[int, int]]:
        """(offset in the file, bytes) of a stream's pieces, neighbouring sectors joined."""
        if size > self._size:
            raise DamagedContainer("a stream larger than the file")
        left = size
        begin = length = 0
        for sector in self._chain(start):
            offset = (sector + 1) * self._sector
            if length and begin + length == offset:
                length += min(self._sector, left)
            else:
                if length:
                    yield begin, length
                begin, length = offset, min(self._sector, left)
            left -= min(self._sector, left)
            if not left:
                break
        if length:
            yield begin, length
        if left:
            raise DamagedContainer("a stream ends before its size")

    def _bytes_of(self, start: int, size: int | None) -> bytes:
        """All sectors of a chain, up to `size` bytes where that is said."""
        pieces = [self._read_sector(sector) for sector in self._chain(start)]
        content = b"".join(pieces)
        if size is None:
            return content
        if len(content) < size:
            raise DamagedContainer("a stream ends before its size")
        return content[:size]

    def _mini_bytes(self, entry: _Entry) -> bytes:
        pieces, sector = [], entry.start
        for _step in range(-(-entry.size // self._mini_sector)):
            if sector >= len(self._mini_table):
                raise DamagedContainer("a chain leads nowhere")
            offset = sector * self._mini_sector
            pieces.append(self._mini_stream[offset : offset + self._mini_sector])
            sector = self._mini_table[sector]
        content = b"".join(pieces)[: entry.size]
        if len(content) < entry.size:
            raise DamagedContainer("a stream ends before its size")
        return content

    def _read_sector(self, sector: int) -> bytes:
        self._file.seek((sector + 1) * self._sector)
        content = self._file.read(self._sector)
        if len(content) < self._sector:
            raise DamagedContainer("a sector beyond the end")
        return content


class _SectorReader(io.RawIOBase):
    """A stream whose bytes lie in pieces of a file."""

    def __init__(self, file: BinaryIO, runs: list[tuple[int, int]], size: int) -> None:
        self._file = file
        self._runs = runs
        self._starts = [0]
        for _offset, length in runs:
            self._starts.append(self._starts[-1] + length)
        self._size = size
        self._position = 0
        self._run = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        self._run = 0
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        while self._starts[self._run + 1] <= self._position:
            self._run += 1
        begin, length = self._runs[self._run]
        within = self._position - self._starts[self._run]
        self._file.seek(begin + within)
        content = self._file.read(min(len(buffer), length - within))
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
