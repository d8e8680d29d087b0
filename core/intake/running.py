"""The long parts of an intake as jobs: dry run, load, roll back. Each batch commits with the job's cursor."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from core.intake.cells import write_cell
from core.intake.headers import Header, data_rows, extra_cells
from core.intake.importer import (
    Importer,
    InputRow,
    Reason,
    RollbackReport,
    RowOutcome,
    RowResult,
    count_outcomes,
    importer_for,
)
from core.intake.readers import SourceRow, TableSource, open_table
from core.intake.references import read_reference, reference_column
from core.intake.storage import local_path
from core.jobs import JobRun, job_kind
from core.models import Intake, IntakeRow, IntakeState, RowState
from core.values import message

BATCH_ROWS = 1_000
ROLLBACK_ROWS = 5_000
SAMPLES = 20
KEPT = {
    RowResult.UPDATED: RowState.UPDATED,
    RowResult.REJECTED: RowState.REJECTED,
    RowResult.DUPLICATE: RowState.DUPLICATE,
    RowResult.HELD: RowState.HELD,
}
CHECK, LOAD, ROLL_BACK = "intake.check", "intake.load", "intake.roll_back"


def intake_of(run: JobRun) -> Intake:
    """Return the intake that a job works on."""
    return Intake.objects.select_related("corrects", "job").get(pk=run.parameters["intake"])


class RowReader:
    """Reads the data rows of an intake's file as its importer wants them, from any row on."""

    def __init__(self, intake: Intake, importer: Importer, source: TableSource) -> None:
        self.intake = intake
        self.source = source
        self.columns = [(position, target) for position, target in enumerate(intake.mapping) if target]
        self.required = [
            position
            for position, target in self.columns
            if target in {item.key for item in importer.targets() if item.required}
        ]
        self.header = Header(intake.sheet, intake.header_row, tuple(intake.header))
        self.reference = reference_column(intake.header)

    def batches(self, *, after: int, size: int = BATCH_ROWS) -> Iterator[list[SourceRow]]:
        """Yield the data rows after row `after` in batches of at most `size`."""
        batch: list[SourceRow] = []
        for row in data_rows(self.source, self.header, self.required, after=after):
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def total(self) -> int:
        """Return about how many rows there are, for the progress bar."""
        sheet = next(sheet for sheet in self.source.sheets if sheet.name == self.intake.sheet)
        return max(sheet.rows - 1, 0)

    def input_row(self, row: SourceRow) -> InputRow:
        """Return a row's cells by target, under the number of the row it stands for."""
        cells = row.cells
        values = {
            target: cells[position] if position < len(cells) else None for position, target in self.columns
        }
        return InputRow(self.number(row), values)

    def number(self, row: SourceRow) -> int:
        """The row's number; for a correction, the number in the file that it corrects."""
        if self.intake.corrects_id is None:
            return row.number
        reference = read_reference(row.cells, self.reference)
        return reference.number if reference else 0

    def overflows(self, row: SourceRow) -> bool:
        """Whether the row goes on beyond the header's last column."""
        return bool(extra_cells(row.cells, self.header))


def judge_batch(
    reader: RowReader,
    rows: Sequence[SourceRow],
    judge: Callable[[Sequence[InputRow]], list[RowOutcome]],
    open_numbers: set[int] | None,
) -> list[RowOutcome]:
    """Return an outcome for each row: the machine's own word first, the importer's for all others.

    `open_numbers` are, for a correction, the rows that still wait to be corrected; others are left alone.
    """
    outcomes: list[RowOutcome | None] = [_machine_outcome(reader, row, open_numbers) for row in rows]
    asked = [index for index, outcome in enumerate(outcomes) if outcome is None]
    answers = judge([reader.input_row(rows[index]) for index in asked])
    for index, answer in zip(asked, answers, strict=True):
        outcomes[index] = answer
    return [outcome for outcome in outcomes if outcome is not None]


def _machine_outcome(reader: RowReader, row: SourceRow, open_numbers: set[int] | None) -> RowOutcome | None:
    if reader.overflows(row):
        return RowOutcome(RowResult.REJECTED, [Reason("row", "extra_cells", message("extra_cells"))])
    if open_numbers is None:
        return None
    number = reader.number(row)
    if not number:
        text = "The row does not come from the error workbook. Load new rows in a file of their own."
        return RowOutcome(RowResult.REJECTED, [Reason("row", "unknown_row", text)])
    if number not in open_numbers:
        return RowOutcome(RowResult.DUPLICATE, repeats=f"row {number}, corrected before")
    open_numbers.discard(number)
    return None


@job_kind(CHECK)
def check(run: JobRun) -> dict[str, Any]:
    """Dry run: judge every row and store nothing but the result. Starts over when its worker was lost."""
    intake = intake_of(run)
    importer = importer_for(intake)
    counts: dict[str, Any] = {}
    samples: list[dict[str, Any]] = []
    with _opened(intake) as source:
        reader = RowReader(intake, importer, source)
        waiting = open_row_numbers(intake)
        run.advance(done=0, total=reader.total())
        for rows in reader.batches(after=0):
            outcomes = judge_batch(reader, rows, importer.rehearse, waiting)
            counts = count_outcomes(counts, outcomes)
            samples += _samples(intake, rows, outcomes, room=SAMPLES - len(samples))
            run.check()
            run.advance(done=counts["data_rows"])
    counts = counts or count_outcomes({}, [])
    with run.batch():
        Intake.objects.filter(pk=intake.pk).update(
            state=IntakeState.CHECKED, check_result={**counts, "samples": samples}
        )
    return counts


def _samples(
    intake: Intake, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome], *, room: int
) -> list[dict[str, Any]]:
    refused = [
        {
            "number": row.number,
            "cells": [write_cell(cell) for cell in row.cells],
            "reasons": written_reasons(outcome.reasons, _positions(intake)),
        }
        for row, outcome in zip(rows, outcomes, strict=True)
        if outcome.result is RowResult.REJECTED
    ]
    return refused[: max(room, 0)]


@job_kind(LOAD)
def load(run: JobRun) -> dict[str, Any]:
    """Write the rows in batches, from where the last committed batch ended."""
    intake = intake_of(run)
    importer = importer_for(intake)
    counts = run.cursor.get("counts") or count_outcomes({}, [])
    with _opened(intake) as source:
        reader = RowReader(intake, importer, source)
        if run.total is None:
            run.advance(total=reader.total())
        for rows in reader.batches(after=run.cursor.get("row", 0)):
            with run.batch():
                outcomes = judge_batch(reader, rows, importer.write, open_row_numbers(intake))
                keep_rows(intake, reader, rows, outcomes)
                counts = count_outcomes(counts, outcomes)
                run.advance(cursor={"row": rows[-1].number, "counts": counts}, done=counts["data_rows"])
    with run.batch():
        Intake.objects.filter(pk=intake.pk).update(
            state=IntakeState.LOADED, finished_at=timezone.now(), error="", **counts
        )
    return counts


@job_kind(ROLL_BACK)
def roll_back(run: JobRun) -> dict[str, Any]:
    """Take back what the intake's rows did, row by row number, and let the same bytes be loaded again."""
    intake = intake_of(run)
    importer = importer_for(intake)
    report = RollbackReport(**run.cursor.get("report", {}))
    after = run.cursor.get("row", 0)
    last = run.parameters["last_row"]
    run.advance(total=last)
    while after < last:
        numbers = range(after + 1, min(after + ROLLBACK_ROWS, last) + 1)
        with run.batch():
            done = importer.roll_back(rows_loaded_by(intake, numbers))
            report.withdrawn += done.withdrawn
            report.restored += done.restored
            report.kept_edited += done.kept_edited
            _reopen_settled(intake, numbers)
            after = numbers[-1]
            run.advance(cursor={"row": after, "report": _written(report)}, done=after)
    with run.batch():
        Intake.objects.filter(pk=intake.pk).update(
            state=IntakeState.ROLLED_BACK, stands=False, finished_at=timezone.now()
        )
        Intake.objects.filter(corrects=intake).update(state=IntakeState.ROLLED_BACK, stands=False)
    return _written(report)


def _written(report: RollbackReport) -> dict[str, Any]:
    return {"withdrawn": report.withdrawn, "restored": report.restored, "kept_edited": report.kept_edited}


def rows_loaded_by(intake: Intake, numbers: Sequence[int]) -> list[int]:
    """Return which of the row numbers this intake loaded: all of them, or, of a correction, its own."""
    if intake.corrects_id is None:
        return list(numbers)
    return list(_settled_rows(intake, numbers).values_list("number", flat=True))


def _settled_rows(intake: Intake, numbers: Sequence[int]) -> QuerySet[IntakeRow]:
    rows = IntakeRow.objects.filter(intake_id=intake.corrects_id or intake.pk, number__in=numbers)
    return rows.filter(corrected_by=intake) if intake.corrects_id else rows.filter(corrected_by__isnull=False)


def _reopen_settled(intake: Intake, numbers: Sequence[int]) -> None:
    _settled_rows(intake, numbers).update(
        state=RowState.REJECTED, corrected_by=None, updated_at=timezone.now()
    )


def open_row_numbers(intake: Intake) -> set[int] | None:
    """Return, for a correction, the rows that still wait to be corrected; None for a file of its own."""
    if intake.corrects_id is None:
        return None
    waiting = IntakeRow.objects.filter(intake_id=intake.corrects_id, state=RowState.REJECTED)
    return set(waiting.values_list("number", flat=True))


def keep_rows(
    intake: Intake, reader: RowReader, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome]
) -> None:
    """Keep the rows that made nothing new, with cells and reasons; close those that a correction mended."""
    if intake.corrects_id is not None:
        _settle_corrections(intake, reader, rows, outcomes)
        return
    position = _positions(intake)
    IntakeRow.objects.bulk_create(
        [
            IntakeRow(
                intake=intake,
                number=row.number,
                state=KEPT[outcome.result],
                cells=[write_cell(cell) for cell in row.cells],
                reasons=written_reasons(outcome.reasons, position),
                repeats=outcome.repeats[:200],
                repeats_id=outcome.repeats_id,
            )
            for row, outcome in zip(rows, outcomes, strict=True)
            if outcome.result in KEPT
        ]
    )


def _settle_corrections(
    intake: Intake, reader: RowReader, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome]
) -> None:
    by_number = {reader.number(row): (row, outcome) for row, outcome in zip(rows, outcomes, strict=True)}
    kept = IntakeRow.objects.filter(
        intake_id=intake.corrects_id, number__in=by_number, state=RowState.REJECTED
    )
    root = intake.corrects
    assert root is not None
    changed = []
    for stored in kept:
        row, outcome = by_number[stored.number]
        settle_row(
            stored, outcome, [write_cell(cell) for cell in row.cells[: len(root.header)]], root, intake
        )
        changed.append(stored)
    IntakeRow.objects.bulk_update(
        changed,
        ["state", "cells", "reasons", "repeats", "repeats_id", "corrected_by", "updated_at"],
        batch_size=500,
    )


def settle_row(
    row: IntakeRow, outcome: RowOutcome, cells: list[Any], root: Intake, corrected_by: Intake
) -> None:
    """Bring a kept row to what its correction became. The caller saves it."""
    row.updated_at = timezone.now()
    row.corrected_by = None if outcome.result is RowResult.REJECTED else corrected_by
    row.repeats = outcome.repeats[:200]
    row.repeats_id = outcome.repeats_id
    if outcome.result in (RowResult.ACCEPTED, RowResult.UPDATED):
        row.state = RowState.CORRECTED
        return
    row.state = KEPT[outcome.result]
    row.cells = cells
    row.reasons = written_reasons(outcome.reasons, _positions(root))


def _positions(intake: Intake) -> dict[str, int]:
    return {target: position for position, target in enumerate(intake.mapping) if target}


def written_reasons(reasons: Sequence[Reason], position: dict[str, int]) -> list[dict[str, Any]]:
    """Return reasons as an IntakeRow keeps them."""
    return [
        {
            "field": reason.field,
            "code": reason.code,
            "message": reason.message,
            "column": position.get(reason.field),
        }
        for reason in reasons
    ]


def _opened(intake: Intake) -> TableSource:
    return open_table(local_path(intake.path), filename=intake.filename)
