"""Reading text files with separated values (CSV, TSV, semicolons, pipes) as a stream.

A file is looked at whole when it is opened, so that one broken at its end is refused before its first row is
used; then it is read again as a stream, in flat memory.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from core.intake.readers.delimiters import Dialect, sniff_dialect
from core.intake.readers.limits import ReadLimits
from core.intake.readers.places import column_letter
from core.intake.readers.refusals import FileRefused, too_many_cells, too_many_columns
from core.intake.readers.sniffing import extension_notices
from core.intake.readers.sources import SheetInfo, SourceRow, TableSource
from core.intake.readers.text_encoding import TextPlan, plan_decoding

_SAMPLE_CHARACTERS = 64 * 1024
_FULL_SHARE = 0.9
_FULL_RECORDS = 5


class DelimitedSource(TableSource):
    """A text file that has been looked at whole and may be streamed any number of times."""

    def __init__(
        self, path: Path, *, filename: str, plan: TextPlan, dialect: Dialect, sheet: SheetInfo
    ) -> None:
        super().__init__(
            kind="csv",
            filename=filename,
            sheets=(sheet,),
            notices=(*extension_notices(filename, kind="csv"), *plan.notices),
        )
        self._path = path
        self._plan = plan
        self._dialect = dialect

    def rows(self, sheet: str | None = None, *, after: int = 0) -> Iterator[SourceRow]:
        """See `TableSource.rows`; a text file has one sheet, named ""."""
        if sheet:
            raise KeyError(sheet)
        with _opened(self._path, self._plan, self._dialect) as lines:
            for number, values in enumerate(_reader(lines, self._dialect), start=1):
                if number <= after:
                    continue
                while values and not values[-1]:
                    values.pop()
                if values:
                    yield SourceRow("", number, [value or None for value in values])


def open_delimited(path: Path, *, filename: str, limits: ReadLimits) -> DelimitedSource:
    """Open a text file. Raises FileRefused for broken encodings, cut files and breaches of the limits."""
    plan = plan_decoding(path, filename=filename, limits=limits)
    with _opened(path, plan, None) as file:
        dialect = sniff_dialect(_whole_lines(file.read(_SAMPLE_CHARACTERS)))
    # The limit is the interpreter's, not the reader's: it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), limits.cell_characters))
    sheet = _Inspection(path, filename, plan, dialect, limits).sheet()
    return DelimitedSource(path, filename=filename, plan=plan, dialect=dialect, sheet=sheet)


@dataclass(slots=True)
class _Inspection:
    """One pass over all records: what they hold, and whether the file is whole."""

    path: Path
    filename: str
    plan: TextPlan
    dialect: Dialect
    limits: ReadLimits
    rows: int = 0
    number: int = 0
    columns: int = 0
    cells: int = 0
    widths: Counter[int] = field(default_factory=Counter)
    input_ended: bool = False

    def sheet(self) -> SheetInfo:
        """The one sheet of the file. Raises FileRefused."""
        with _opened(self.path, self.plan, self.dialect) as lines:
            last = self._read_all(lines)
        self._refuse_cut_record(last)
        return SheetInfo(
            "", rows=self.rows, last_row=self.number, columns=self.columns, width=max(self.widths, default=0)
        )

    def _read_all(self, lines: TextIO) -> list[str]:
        last: list[str] = []
        try:
            for values in _reader(self._watched(lines), self.dialect):
                if self.input_ended:
                    raise self._unterminated()
                self.number += 1
                last = values
                width = len(values)
                self.widths[width] += 1
                if width and any(values):
                    self._count(values, width)
        except csv.Error:
            raise self._cell_too_long() from None
        return last

    def _count(self, values: list[str], width: int) -> None:
        self.rows += 1
        self.cells += width
        if self.cells > self.limits.cells:
            raise too_many_cells(self.filename, self.limits)
        if width <= self.columns:
            return
        while not values[width - 1]:
            width -= 1
        self.columns = max(self.columns, width)
        if width > self.limits.columns:
            raise too_many_columns(self.filename, "", self.number, width - 1, self.limits)

    def _watched(self, lines: TextIO) -> Iterator[str]:
        yield from lines
        self.input_ended = True

    def _unterminated(self) -> FileRefused:
        return FileRefused(
            "cut_off",
            f"“{self.filename}” seems cut off: a quotation mark that opens in row {self.number + 1:,} "
            "is never closed. Upload the whole file again, or correct that row.",
        )

    def _cell_too_long(self) -> FileRefused:
        return FileRefused(
            "cell_too_long",
            f"“{self.filename}” holds a cell of more than {self.limits.cell_characters:,} characters in row "
            f"{self.number + 1:,}; perhaps a quotation mark there is never closed. "
            "Correct it and upload again.",
        )

    def _refuse_cut_record(self, last: list[str]) -> None:
        """A last record without a line end that is shorter than nearly all others was cut, not written."""
        if self.plan.ends_with_line_end or not last or last[0].strip().casefold().endswith("total"):
            return
        self.widths[len(last)] -= 1
        width, count = self.widths.most_common(1)[0]
        records = sum(count for width, count in self.widths.items() if width)
        if len(last) < width and count >= _FULL_RECORDS and count >= records * _FULL_SHARE:
            raise FileRefused(
                "cut_off",
                f"“{self.filename}” seems cut off: its last row, {self.number:,}, ends after column "
                f"{column_letter(len(last) - 1)} of {column_letter(width - 1)}, without a line end. "
                "Upload the whole file again.",
            )


def _opened(path: Path, plan: TextPlan, dialect: Dialect | None) -> TextIO:
    """The text of the file, behind its byte order mark and Excel's `sep=` line."""
    raw = path.open("rb")
    raw.seek(plan.skip)
    text = io.TextIOWrapper(raw, encoding=plan.encoding, newline="")
    if dialect is not None and dialect.declared:
        text.readline()
    return text


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.space_after_delimiter)


def _whole_lines(sample: str) -> str:
    """The sample without its last line if that is not whole."""
    if len(sample) < _SAMPLE_CHARACTERS:
        return sample
    end = max(sample.rfind("\n"), sample.rfind("\r"))
    return sample if end < 0 else sample[: end + 1]
