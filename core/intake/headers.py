"""Finding the header among the first rows of a file, and telling data rows from the rows around them.

Not data are: rows above the header (titles), blank rows, total rows, and the header repeated in the middle of
the data, as files pasted together have it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from core.intake.matching import SUGGESTION_THRESHOLD, Target, TargetNames, normalized_name, similarity
from core.intake.readers import FileRefused, Notice, SourceRow, TableSource, column_letter
from core.values import Refused, day
from core.values.cells import Cell, cell_text, is_blank, strip_text
from core.values.number_text import read_number

HEADER_SEARCH_ROWS: Final = 30
"""How many rows that hold something are looked at for the header."""

TOTAL_WORDS: Final = frozenset({"total", "grandtotal", "subtotal"})
"""What the first filled cell of a total row reads, without case and spaces."""

_LONGEST_TOTAL_WORD = 40
_LONGEST_NAME = 300
# Of the most names that any of the first rows has; of the filled cells of the row itself.
_NEARLY = 0.7
_HARDLY_ELSE = 0.8
_NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet.

    `texts` has one text per column, trimmed, "" where a column has no name; `preamble` are the rows above it
    that hold something.
    """

    sheet: str
    row_number: int
    texts: tuple[str, ...]
    preamble: tuple[SourceRow, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderChoice:
    """The header of the sheet that is read, and what the person should know of the others."""

    header: Header
    ignored_sheets: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def choose_header(source: TableSource, targets: Sequence[Target]) -> HeaderChoice:
    """The header of the first sheet that has one; sheets that people see come before hidden ones.

    The row that names most targets is it, the first of equals; failing that, the row most like them.
    Raises FileRefused when no sheet has one (`no_header`), when two columns bear one name
    (`duplicate_headers`), when nothing follows it (`no_data_rows`), and what the reader refuses.
    """
    found = _first_header(source, lambda rows: _header_position(rows, targets))
    if found is None:
        raise _no_header(source, targets)
    return found


def guess_header(source: TableSource) -> HeaderChoice:
    """The header of the first sheet that has one, where nothing is known of its columns.

    The first row is it that has nearly as many names as any: texts that are no numbers, dates or addresses.
    Raises FileRefused, as `choose_header`.
    """
    found = _first_header(source, _guessed_position)
    if found is None:
        raise _no_names(source)
    return found


def _first_header(
    source: TableSource, find: Callable[[Sequence[SourceRow]], int | None]
) -> HeaderChoice | None:
    """The header that `find` points to among the first rows of a sheet, of the first sheet where it does."""
    for sheet in sorted(source.sheets, key=lambda sheet: sheet.hidden):
        candidates = list(islice(source.rows(sheet.name), HEADER_SEARCH_ROWS))
        position = find(candidates)
        if position is None:
            continue
        row = candidates[position]
        header = Header(sheet.name, row.number, _texts(row.cells), tuple(candidates[:position]))
        _refuse_duplicates(source.filename, header)
        if next(source.rows(sheet.name, after=row.number), None) is None:
            raise _no_data_rows(source.filename, row.number)
        ignored = tuple(other.name for other in source.sheets if other.name != sheet.name and other.rows)
        return HeaderChoice(header, ignored, _ignored_notices(sheet.name, ignored))
    return None


def data_rows(
    source: TableSource, header: Header, required_columns: Sequence[int], *, after: int = 0
) -> Iterator[SourceRow]:
    """The data rows below the header that come after row `after` (0: all).

    `required_columns` are the indexes of the columns that required targets are matched to.
    """
    for row in source.rows(header.sheet, after=max(header.row_number, after)):
        if is_data_row(row.cells, header, required_columns):
            yield row


def is_data_row(cells: Sequence[Cell], header: Header, required_columns: Sequence[int]) -> bool:
    """Whether a row below the header is data: neither blank, nor a total, nor the header once more."""
    if all(is_blank(cell) for cell in cells) or is_total_row(cells, required_columns):
        return False
    return not is_repeated_header(cells, header)


def extra_cells(cells: Sequence[Cell], header: Header) -> list[int]:
    """The indexes of filled cells beyond the header's last column."""
    return [column for column in range(len(header.texts), len(cells)) if not is_blank(cells[column])]


def is_total_row(cells: Sequence[Cell], required_columns: Sequence[int]) -> bool:
    """Whether the first filled cell reads Total, Grand Total or Subtotal and a required column is empty.

    `required_columns` are the indexes of the columns that required targets are matched to.
    """
    first = next((cell for cell in cells if not is_blank(cell)), None)
    if not isinstance(first, str) or len(first) > _LONGEST_TOTAL_WORD:
        return False
    if normalized_name(first) not in TOTAL_WORDS:
        return False
    return any(column >= len(cells) or is_blank(cells[column]) for column in required_columns)


def is_repeated_header(cells: Sequence[Cell], header: Header) -> bool:
    """Whether a row says the header once more, cell by cell."""
    length = max(len(cells), len(header.texts))
    for column in range(length):
        cell = cells[column] if column < len(cells) else None
        name = header.texts[column] if column < len(header.texts) else ""
        if normalized_name(cell_text(cell)) != normalized_name(name):
            return False
    return length > 0


def _header_position(rows: Sequence[SourceRow], targets: Sequence[Target]) -> int | None:
    names = TargetNames(targets)
    best, best_score = None, 0
    for position, row in enumerate(rows):
        score = _exact_score(_texts(row.cells), names)
        if score > best_score:
            best, best_score = position, score
    return best if best is not None else _likeliest(rows, targets)


def _guessed_position(rows: Sequence[SourceRow]) -> int | None:
    """The first row with nearly as many names as any row has, and hardly anything else."""
    named = [_names_in(row.cells) for row in rows]
    wanted = max(map(len, named), default=0) * _NEARLY
    for position, (row, names) in enumerate(zip(rows, named, strict=True)):
        filled = sum(1 for cell in row.cells if not is_blank(cell))
        if names and len(names) >= wanted and len(names) >= filled * _HARDLY_ELSE:
            return position
    return None


def _names_in(cells: Sequence[Cell]) -> list[str]:
    """The texts of a row that may be names of columns, as names are compared."""
    names = [normalized_name(cell) for cell in cells if isinstance(cell, str) and _may_be_name(cell)]
    return [name for name in names if name]


def _may_be_name(text: str) -> bool:
    stripped = strip_text(text)
    if not stripped or len(stripped) > _LONGEST_NAME or "@" in stripped or "://" in stripped:
        return False
    return read_number(stripped) is None and isinstance(day(stripped), Refused)


def _texts(cells: Sequence[Cell]) -> tuple[str, ...]:
    texts = [strip_text(cell_text(cell)) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _exact_score(texts: Sequence[str], names: TargetNames) -> int:
    """How many targets a row names; 0 when too few of its cells do for it to be a header."""
    named = {found[1] for text in texts if text and (found := names.find(text))}
    filled = sum(1 for text in texts if text)
    return len(named) if len(named) >= 2 or len(named) * 2 >= filled else 0


def _likeliest(rows: Sequence[SourceRow], targets: Sequence[Target]) -> int | None:
    """The row of which at least two cells, and half of all, look like targets."""
    best, best_score = None, 1
    for position, row in enumerate(rows):
        texts = [text for text in _texts(row.cells) if text]
        alike = sum(
            1 for text in texts if any(similarity(text, target) >= SUGGESTION_THRESHOLD for target in targets)
        )
        if alike > best_score and alike * 2 >= len(texts):
            best, best_score = position, alike
    return best


def _refuse_duplicates(filename: str, header: Header) -> None:
    columns: dict[str, list[int]] = {}
    for column, text in enumerate(header.texts):
        if text:
            columns.setdefault(normalized_name(text), []).append(column)
    repeated = [found for found in columns.values() if len(found) > 1]
    if not repeated:
        return
    named = "; ".join(
        f"“{header.texts[found[0]]}” in columns {_listed([column_letter(column) for column in found])}"
        for found in repeated[:_NAMES_SHOWN]
    )
    raise FileRefused(
        "duplicate_headers",
        f"The header in row {header.row_number:,} of “{filename}” names columns twice: {named}. "
        "Rename or remove the one that is not meant.",
    )


def _ignored_notices(sheet: str, ignored: Sequence[str]) -> tuple[Notice, ...]:
    if not ignored:
        return ()
    named = _listed([f"“{name}”" for name in ignored])
    verb = "was" if len(ignored) == 1 else "were"
    return (Notice("ignored_sheets", f"Sheet “{sheet}” was read; {named} {verb} ignored."),)


def _no_data_rows(filename: str, row_number: int) -> FileRefused:
    return FileRefused(
        "no_data_rows",
        f"“{filename}” has its header in row {row_number:,} and no rows below it. "
        "Add the rows and upload it again.",
    )


def _no_header(source: TableSource, targets: Sequence[Target]) -> FileRefused:
    if not any(sheet.rows for sheet in source.sheets):
        return FileRefused(
            "empty_file", f"“{source.filename}” holds no rows. Choose the file with the rows in it."
        )
    wanted = [target.label for target in targets if target.required] or [target.label for target in targets]
    named = _listed([f"“{label}”" for label in wanted[:_NAMES_SHOWN]])
    return FileRefused(
        "no_header",
        f"None of the first {HEADER_SEARCH_ROWS} rows of “{source.filename}” is a header of this kind of "
        f"file: no row names columns such as {named}. Put the column names in one row above the data.",
    )


def _no_names(source: TableSource) -> FileRefused:
    if not any(sheet.rows for sheet in source.sheets):
        return FileRefused(
            "empty_file", f"“{source.filename}” holds no rows. Choose the file with the rows in it."
        )
    return FileRefused(
        "no_header",
        f"None of the first {HEADER_SEARCH_ROWS} rows of “{source.filename}” names columns. "
        "Put the column names in one row above the data and upload it again.",
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
