"""Handing back what stayed out: the error workbook, and the rows as a page shows them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from rapidfuzz import fuzz, process

from core.intake.access import IntakeActor
from core.intake.cells import read_cell
from core.intake.error_workbook import DuplicateRow, ErrorRow, write_error_workbook
from core.intake.importer import importer_for
from core.intake.references import MASKED, RowReference
from core.models import Intake, IntakeRow, RowState
from core.queries.intakes import rows_that_stayed_out
from core.values import Cell, cell_text, message

CHUNK = 2_000
# What suggestions are looked for in, each time a grid is shown.
MOST_COMPARED_ROWS = 5_000
MOST_COMPARED_CELLS = 100_000
MOST_SUGGESTIONS = 20
MOST_CORRECTED = 1_000
# Of 100: what a choice must resemble to be suggested for a misspelling.
LIKENESS = 65


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of a kept row as its reader may see it; `problems` are the sentences about it."""

    position: int
    text: str
    problems: tuple[str, ...]
    masked: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A kept row for the correction grid. `problems` are those about the row as a whole."""

    number: int
    cells: tuple[ShownCell, ...]
    problems: tuple[str, ...]
    repeats: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`rows` rejected rows hold `wrong` in a column of choices; `right` seems to be meant, or "" where nothing does."""

    position: int
    header: str
    wrong: str
    right: str
    rows: int
    choices: tuple[tuple[str, str], ...]


def root_of(intake: Intake) -> Intake:
    """Return the intake whose rows wait: the corrected one, for a correction."""
    return intake.corrects or intake


def write_errors(actor: IntakeActor, intake: Intake, path: Path) -> int:
    """Write the error workbook of what is still rejected to `path`; return how many rows it holds.

    Personal data that the actor sees masked elsewhere is masked here too.
    """
    root = root_of(intake)
    masked = importer_for(root).masked_columns(actor)
    written = write_error_workbook(
        path,
        header=root.header,
        rows=_error_rows(actor, root, masked),
        duplicates=_duplicate_rows(actor, root, masked),
    )
    return written.rows


def sample_rows(actor: IntakeActor, intake: Intake) -> list[ShownRow]:
    """Return the refused rows that the last dry run kept as samples."""
    masked = importer_for(intake).masked_columns(actor)
    return [
        _shown(
            IntakeRow(number=each["number"], cells=each["cells"], reasons=each["reasons"]),
            len(intake.header),
            masked,
        )
        for each in (intake.check_result or {}).get("samples", [])
    ]


def sample_texts(actor: IntakeActor, intake: Intake) -> list[list[str]]:
    """Return for each column what stands in it in the file's first rows, as the actor may see it."""
    masked = importer_for(intake).masked_columns(actor)
    samples = intake.options.get("samples", [])
    return [
        [
            MASKED if position in masked else row[position]
            for row in samples
            if any(row[position : position + 1])
        ]
        for position in range(len(intake.header))
    ]


def shown_rows(actor: IntakeActor, intake: Intake, *, after: int = 0, limit: int = 50) -> list[ShownRow]:
    """Return rejected rows after row `after`, each cell with its problems, for the correction grid."""
    root = root_of(intake)
    masked = importer_for(root).masked_columns(actor)
    rows = rows_that_stayed_out(actor, root).filter(number__gt=after)[:limit]
    return [_shown(row, len(root.header), masked) for row in rows]


def suggested_corrections(actor: IntakeActor, intake: Intake) -> list[Suggestion]:
    """Return what rejected rows have wrong in the same way, with the choice that seems meant, most first."""
    root = root_of(intake)
    loader = importer_for(root)
    masked = loader.masked_columns(actor)
    choices = {position: loader.choices_of(target) for position, target in enumerate(root.mapping) if target}
    wrong: Counter[tuple[int, str]] = Counter()
    for row in _compared_rows(actor, root):
        for reason in row.reasons:
            position = reason["column"]
            if position is not None and position not in masked and choices.get(position):
                wrong[position, _text_at(row, position)] += 1
    found = []
    for (position, text), rows in wrong.most_common(MOST_SUGGESTIONS):
        offered = tuple(choices[position])
        nearest = _nearest(text, [value for value, _label in offered])
        found.append(Suggestion(position, root.header[position], text, nearest, rows, offered))
    return found


def rows_with(actor: IntakeActor, intake: Intake, suggestion: Suggestion) -> list[int]:
    """Return the rejected rows that a suggestion would correct, as many as are corrected at once."""
    rows = _compared_rows(actor, root_of(intake))
    matching = (row.number for row in rows if _text_at(row, suggestion.position) == suggestion.wrong)
    return list(islice(matching, MOST_CORRECTED))


def _compared_rows(actor: IntakeActor, root: Intake) -> QuerySet[IntakeRow]:
    """The first rejected rows: fewer of a wide file, whose rows take longer to read."""
    rows = min(MOST_COMPARED_ROWS, max(MOST_COMPARED_CELLS // max(len(root.header), 1), 1))
    waiting = rows_that_stayed_out(actor, root).only("number", "cells", "reasons")
    return waiting[:rows]


def _text_at(row: IntakeRow, position: int) -> str:
    """The trimmed text of a cell; a row may end before the column."""
    return cell_text(read_cell(row.cells[position])).strip() if position < len(row.cells) else ""


def _nearest(text: str, choices: list[str]) -> str:
    found = process.extractOne(
        text, choices, scorer=fuzz.WRatio, processor=str.casefold, score_cutoff=LIKENESS
    )
    return found[0] if found else ""


def _shown(row: IntakeRow, width: int, masked: frozenset[int]) -> ShownRow:
    by_column: dict[int | None, list[str]] = {}
    for reason in row.reasons:
        by_column.setdefault(reason["column"], []).append(_sentence(reason, masked))
    cells = _cells(row, masked, width)
    shown = tuple(
        ShownCell(
            position,
            cell_text(cells[position]) if position < len(cells) else "",
            tuple(by_column.get(position, ())),
            position in masked,
        )
        for position in range(width)
    )
    return ShownRow(row.number, shown, tuple(by_column.get(None, ())), row.repeats)


def _error_rows(actor: IntakeActor, root: Intake, masked: frozenset[int]) -> Iterator[ErrorRow]:
    for row in rows_that_stayed_out(actor, root).iterator(chunk_size=CHUNK):
        reasons = [(reason["column"], _sentence(reason, masked)) for reason in row.reasons]
        yield ErrorRow(_cells(row, masked, len(root.header)), reasons, str(RowReference(root.pk, row.number)))


def _duplicate_rows(actor: IntakeActor, root: Intake, masked: frozenset[int]) -> Iterator[DuplicateRow]:
    for row in rows_that_stayed_out(actor, root, (RowState.DUPLICATE,)).iterator(chunk_size=CHUNK):
        yield DuplicateRow(_cells(row, masked, len(root.header)), row.repeats)


def _cells(row: IntakeRow, masked: frozenset[int], width: int) -> list[Cell]:
    """The cells as they may be shown; those beyond the header's `width` are masked or open together."""
    return [
        MASKED if min(position, width) in masked and cell is not None else read_cell(cell)
        for position, cell in enumerate(row.cells)
    ]


def _sentence(reason: dict[str, Any], masked: frozenset[int]) -> str:
    """The stored sentence quotes the value; for a masked column it is said without."""
    return message(reason["code"]) if reason["column"] in masked else reason["message"]
