"""CSV for spreadsheets: UTF-8 with its mark, quoted texts, nothing that is read as a formula."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from core.files_out.cells import Cell, looks_like_formula

MARK = "\ufeff"
CHUNK_ROWS = 200


class _Lines:
    """Collects what the csv writer writes, to be handed on in chunks."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> int:
        self.parts.append(text)
        return len(text)

    def take(self) -> bytes:
        text = "".join(self.parts)
        self.parts.clear()
        return text.encode()


def csv_chunks(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a CSV file in chunks as the rows come.

    A text that looks like a formula gets an apostrophe before it, the spreadsheets' own sign for text; numbers
    stay numbers, and may be negative. Days and moments are ISO, moments with a blank between.
    """
    lines = _Lines()
    # Every text is quoted: a sign that separates cells in some countries must not split one.
    writer = csv.writer(lines, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    lines.write(MARK)
    writer.writerow([_written(label) for label in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_written(cell) for cell in row])
        if number % CHUNK_ROWS == 0:
            yield lines.take()
    yield lines.take()


class _Figure(float):
    """A number that the csv writer writes by its own digits, all of them."""

    def __new__(cls, digits: str) -> "_Figure":
        figure = super().__new__(cls, 0)
        figure.digits = digits
        return figure

    digits: str

    def __repr__(self) -> str:
        return self.digits

    __str__ = __repr__


def _written(cell: Cell) -> str | float | None:
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell).lower()
    if isinstance(cell, Decimal):
        return _Figure(format(cell, "f"))
    if isinstance(cell, int):
        return _Figure(str(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return f"'{cell}" if looks_like_formula(cell) else cell
