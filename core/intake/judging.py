"""What becomes of a batch of rows, and what is kept of them: for a file of its own, and for a correction.

The machine has the first word (rows too long, rows that are nobody's correction), the importer has it on all
others.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from django.utils import timezone

from core.database.bulk import insert_rows
from core.intake.cells import read_cell, storable, write_cell
from core.intake.importer import Importer, InputRow, Reason, RowOutcome, RowResult
from core.intake.matching import normalized_name
from core.intake.readers import SourceRow
from core.intake.reading import RowReader, input_row, positions
from core.intake.references import MASKED, read_reference, reference_column
from core.models import Intake, IntakeRow, RowState
from core.values import Cell, message

KEPT = {
    RowResult.UPDATED: RowState.UPDATED,
    RowResult.REJECTED: RowState.REJECTED,
    RowResult.DUPLICATE: RowState.DUPLICATE,
    RowResult.HELD: RowState.HELD,
}
KEPT_COLUMNS = (
    "organization_id", "intake_id", "number", "state", "cells", "reasons", "repeats", "repeats_id", "updated_at",
)  # fmt: skip
SETTLED_COLUMNS = ("state", "cells", "reasons", "repeats", "repeats_id", "corrected_by", "updated_at")
LONGEST_REPEATS = 200
UNKNOWN_ROW = "The row does not come from this error workbook. Load new rows in a file of their own."

Ask = Callable[[Sequence[InputRow]], list[RowOutcome]]
# Rows ready for the importer, by their place in the batch.
Prepared = dict[int, InputRow]


class Judge(ABC):
    """Judges the rows of one intake, batch by batch."""

    def __init__(self, intake: Intake, importer: Importer, reader: RowReader) -> None:
        self.intake = intake
        self.importer = importer
        self.reader = reader

    def prepare(self, rows: Sequence[SourceRow]) -> Prepared:
        """Do what needs no database; runs in a thread while the batch before is written."""
        return {}

    @abstractmethod
    def judge(self, rows: Sequence[SourceRow], prepared: Prepared, ask: Ask) -> list[RowOutcome]:
        """Return an outcome for each row; `ask` is the importer's `write` or `rehearse`."""

    @abstractmethod
    def keep(self, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome]) -> None:
        """Keep what made nothing new, after `judge` and in its transaction."""


class FileJudge(Judge):
    """Judges a file of its own: every row is new."""

    def prepare(self, rows: Sequence[SourceRow]) -> Prepared:
        prepared = {
            index: self.reader.input_row(row)
            for index, row in enumerate(rows)
            if not self.reader.overflows(row)
        }
        self.importer.prepare(list(prepared.values()))
        return prepared

    def judge(self, rows: Sequence[SourceRow], prepared: Prepared, ask: Ask) -> list[RowOutcome]:
        answers = dict(zip(prepared, ask(list(prepared.values())), strict=True))
        return [answers.get(index) or _too_long() for index in range(len(rows))]

    def keep(self, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome]) -> None:
        place = positions(self.intake.mapping)
        now = timezone.now()
        kept = [
            (
                self.intake.organization_id,
                self.intake.pk,
                row.number,
                KEPT[outcome.result].value,
                json.dumps([write_cell(cell) for cell in row.cells]),
                json.dumps(written_reasons(outcome.reasons, place)),
                outcome.repeats[:LONGEST_REPEATS],
                outcome.repeats_id,
                now,
            )
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result in KEPT
        ]
        insert_rows(IntakeRow, KEPT_COLUMNS, kept)


class CorrectionJudge(Judge):
    """Judges an error workbook that comes back: only rows that still wait are touched, each once.

    A cell that the workbook lost with its column, or shows masked, or that its loader may not fill, is as it
    was.
    """

    def __init__(self, intake: Intake, importer: Importer, reader: RowReader) -> None:
        super().__init__(intake, importer, reader)
        assert intake.corrects is not None
        self.root = intake.corrects
        self.reference = reference_column(intake.header)
        self.columns = [(position, target) for position, target in enumerate(self.root.mapping) if target]
        closed = frozenset(intake.options.get("closed", ()))
        self.origins = [
            None if position in closed else column
            for position, column in enumerate(corrected_columns(self.root.header, intake.header))
        ]
        # Of the batch at hand: the rows that are corrected, by their place in it.
        self.corrected: dict[int, tuple[IntakeRow, list[Cell]]] = {}

    def judge(self, rows: Sequence[SourceRow], prepared: Prepared, ask: Ask) -> list[RowOutcome]:
        numbers = [self._number(row) for row in rows]
        waiting = waiting_rows(self.root, numbers)
        seen: set[int] = set()
        self.corrected = {}
        outcomes: dict[int, RowOutcome] = {}
        for index, (row, number) in enumerate(zip(rows, numbers, strict=True)):
            refused = self._refused(row, number, waiting, seen)
            if refused:
                outcomes[index] = refused
            else:
                seen.add(number)
                self.corrected[index] = waiting[number], self._cells(waiting[number], row)
        asked = [input_row(stored.number, cells, self.columns) for stored, cells in self.corrected.values()]
        outcomes |= zip(self.corrected, ask(asked), strict=True)
        return [outcomes[index] for index in range(len(rows))]

    def _number(self, row: SourceRow) -> int:
        reference = read_reference(row.cells, self.reference)
        return reference.number if reference and reference.intake_id == self.root.pk else 0

    def _refused(
        self, row: SourceRow, number: int, waiting: Mapping[int, IntakeRow], seen: Set[int]
    ) -> RowOutcome | None:
        if not number:
            return RowOutcome(RowResult.REJECTED, [Reason("row", "unknown_row", UNKNOWN_ROW)])
        if number in seen:
            return RowOutcome(RowResult.DUPLICATE, repeats=f"row {number}, which stands in this file twice")
        if number not in waiting:
            return RowOutcome(RowResult.DUPLICATE, repeats=f"row {number}, corrected before")
        return _too_long() if self.reader.overflows(row) else None

    def _cells(self, stored: IntakeRow, row: SourceRow) -> list[Cell]:
        cells = [read_cell(cell) for cell in stored.cells[: len(self.origins)]]
        cells += [None] * (len(self.origins) - len(cells))
        for position, column in enumerate(self.origins):
            if column is None:
                continue
            cell = row.cells[column] if column < len(row.cells) else None
            if cell != MASKED:
                cells[position] = cell
        return cells

    def keep(self, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome]) -> None:
        for index, (stored, cells) in self.corrected.items():
            settle_row(stored, outcomes[index], [write_cell(cell) for cell in cells], self.root, self.intake)
        settled = [stored for stored, _cells in self.corrected.values()]
        IntakeRow.objects.bulk_update(settled, SETTLED_COLUMNS, batch_size=500)


def judge_of(intake: Intake, importer: Importer, reader: RowReader) -> Judge:
    """Return the judge of an intake's rows."""
    return (FileJudge if intake.corrects_id is None else CorrectionJudge)(intake, importer, reader)


def corrected_columns(root: Sequence[str], header: Sequence[str]) -> list[int | None]:
    """Return, for each column of the corrected file, where it stands in the correction (None: nowhere).

    Columns are known by name, in whatever order; one without a name by its place.
    """
    by_name = {normalized_name(name): column for column, name in enumerate(header) if name}
    return [
        by_name.get(normalized_name(name))
        if name
        else (column if column < len(header) and not header[column] else None)
        for column, name in enumerate(root)
    ]


def waiting_rows(root: Intake, numbers: Iterable[int]) -> dict[int, IntakeRow]:
    """Return the rows that still wait to be corrected, by number, locked until the transaction ends."""
    rows = IntakeRow.objects.select_for_update(no_key=True).filter(
        intake=root, number__in=list(numbers), state=RowState.REJECTED
    )
    return {row.number: row for row in rows.order_by("number")}


def settle_row(
    row: IntakeRow, outcome: RowOutcome, cells: list[Any], root: Intake, corrected_by: Intake
) -> None:
    """Bring a kept row to what its correction became. The caller saves it."""
    row.updated_at = timezone.now()
    row.corrected_by = None if outcome.result is RowResult.REJECTED else corrected_by
    row.repeats = outcome.repeats[:LONGEST_REPEATS]
    row.repeats_id = outcome.repeats_id
    if outcome.result in (RowResult.ACCEPTED, RowResult.UPDATED):
        row.state = RowState.CORRECTED
        return
    row.state = KEPT[outcome.result]
    row.cells = cells
    row.reasons = written_reasons(outcome.reasons, positions(root.mapping))


def written_reasons(reasons: Sequence[Reason], place: dict[str, int]) -> list[dict[str, Any]]:
    """Return reasons as an IntakeRow keeps them; `place` is the column of each target."""
    return [
        {
            "field": reason.field,
            "code": reason.code,
            "message": storable(reason.message),
            "column": place.get(reason.field),
        }
        for reason in reasons
    ]


def _too_long() -> RowOutcome:
    return RowOutcome(RowResult.REJECTED, [Reason("row", "extra_cells", message("extra_cells"))])
