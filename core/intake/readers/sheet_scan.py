"""A look at a sheet's bytes before it is read, to choose who may read it.

calamine is several times as fast as a reader in Python, but it asks for memory for the whole used range (one
far cell is enough to abort the process) and keeps silent about errors, formulas without results, percentages
and dates that do not exist. So it reads only sheets that this scan finds plain; all others are streamed.
"""

import re
from dataclasses import dataclass
from typing import IO, Final

from core.intake.readers.styles import NumberKind

LARGEST_RANGE: Final = 4_000_000
"""Cells of a used range that calamine may hold, at 32 bytes each and their texts."""

_CHUNK: Final = 1024 * 1024
_LONGEST_ROW: Final = 32 * 1024 * 1024

_CELLS = re.compile(rb'<c(?=[\s/>])(?:[^>]*?\sr=["\']([A-Z]{1,3})([0-9]{1,7})["\'])?')
_UNUSUAL_CELL = re.compile(
    rb'<c\s[^>]*?\st=["\'][ed]["\']'  # an error, an ISO date
    rb"|</f>\s*(?:<v\s*/>|<v>\s*</v>|</c>)"  # a formula without a result
    rb"|<f(?:\s[^>]*)?/>\s*(?:<v\s*/>|<v>\s*</v>|</c>)"
    rb"|<!|<\?(?!xml\s)"  # comments, CDATA, instructions: anything may hide in them
    rb"|<[A-Za-z0-9_.-]+:c[\s/>]"  # cells with a namespace prefix
)


@dataclass(slots=True)
class SheetScan:
    """What the scan found: whether calamine may read the sheet, and the bounds of its cells."""

    plain: bool = True
    first_row: int = 0
    last_row: int = 0
    first_column: int = 0
    last_column: int = 0

    @property
    def cells_in_range(self) -> int:
        """How many cells calamine would ask memory for."""
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)


def scan_sheet(stream: IO[bytes], kinds: list[NumberKind], *, last_column: int) -> SheetScan:
    """Look through a sheet part in an ASCII-compatible encoding; stops as soon as it is not plain.

    `last_column` is the number of columns that may be read: what goes beyond is for the streaming reader.
    """
    scan = SheetScan()
    unusual = [_UNUSUAL_CELL, *_unusual_styles(kinds)]
    tail = b""
    while scan.plain:
        chunk = stream.read(_CHUNK)
        window = tail + chunk
        cut = window.rfind(b"<row") if chunk else len(window)
        if cut <= 0 and chunk:
            tail = window
            scan.plain = len(window) <= _LONGEST_ROW
            continue
        part, tail = window[:cut], window[cut:]
        scan.plain = not any(pattern.search(part) for pattern in unusual) and _widen(scan, part)
        if not chunk:
            break
        if scan.last_column > last_column or scan.cells_in_range > LARGEST_RANGE:
            scan.plain = False
    if scan.last_column > last_column or scan.cells_in_range > LARGEST_RANGE:
        scan.plain = False
    return scan


def _unusual_styles(kinds: list[NumberKind]) -> list[re.Pattern[bytes]]:
    """Patterns for cells whose style changes what their number means, where calamine would not say so."""
    patterns = []
    percents = _style_choice(kinds, NumberKind.PERCENT)
    if percents:
        patterns.append(re.compile(rb'<c\s[^>]*?\bs=["\'](?:' + percents + rb')["\']'))
    moments = _style_choice(kinds, NumberKind.MOMENT)
    if moments:
        # Days before 1900, and the 29 February 1900 that never was.
        patterns.append(
            re.compile(
                rb'<c\s[^>]*?\bs=["\'](?:' + moments + rb')["\'][^>]*>(?:<f[^>]*>[^<]*</f>)?<v>(?:-|60[.<])'
            )
        )
    return patterns


def _style_choice(kinds: list[NumberKind], wanted: NumberKind) -> bytes:
    return b"|".join(str(index).encode() for index, kind in enumerate(kinds) if kind is wanted)


def _widen(scan: SheetScan, part: bytes) -> bool:
    """Take the cells of a part of the sheet into the bounds; False when a cell does not say where it is."""
    found = _CELLS.findall(part)
    if not found:
        return True
    letters, digits = zip(*found, strict=True)
    columns = {column_index(column) for column in set(letters)}
    if -1 in columns:
        return False
    rows = {int(row) for row in set(digits)}
    scan.first_row = min(scan.first_row or min(rows), min(rows))
    scan.last_row = max(scan.last_row, max(rows))
    scan.first_column = min(scan.first_column or min(columns) + 1, min(columns) + 1)
    scan.last_column = max(scan.last_column, max(columns) + 1)
    return True


def column_index(letters: bytes) -> int:
    """The index from 0 of a column by its letters; -1 for no letters."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1
