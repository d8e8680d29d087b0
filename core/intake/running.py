"""The long parts of an intake as jobs: dry run, load, roll back. Each batch commits with the job's cursor."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.intake.cells import write_cell
from core.intake.importer import RollbackReport, RowOutcome, RowResult, count_outcomes, importer_for
from core.intake.judging import judge_of, written_reasons
from core.intake.readers import SourceRow
from core.intake.reading import RowReader, collecting_seldom, made_ahead, open_source, positions
from core.intake.settled import reopen_rows, rows_loaded_by
from core.jobs import JobRun, job_kind
from core.models import Intake, IntakeState

ROLLBACK_ROWS = 5_000
SAMPLES = 20
CHECK, LOAD, ROLL_BACK = "intake.check", "intake.load", "intake.roll_back"


def intake_of(run: JobRun) -> Intake:
    """Return the intake that a job works on."""
    return Intake.objects.select_related("corrects", "job").get(pk=run.parameters["intake"])


@job_kind(CHECK)
def check(run: JobRun) -> dict[str, Any]:
    """Dry run: judge every row and store nothing but the result. Starts over when its worker was lost."""
    intake = intake_of(run)
    importer = importer_for(intake)
    counts = count_outcomes({}, [])
    samples: list[dict[str, Any]] = []
    with collecting_seldom(), open_source(intake) as source:
        reader = RowReader(intake, importer, source)
        judge = judge_of(intake, importer, reader)
        run.advance(done=0, total=reader.total())
        with made_ahead(reader.batches(after=0), judge.prepare) as batches:
            for rows, prepared in batches:
                with transaction.atomic():
                    outcomes = judge.judge(rows, prepared, importer.rehearse)
                counts = count_outcomes(counts, outcomes)
                samples += _samples(intake, rows, outcomes, room=SAMPLES - len(samples))
                run.check()
                run.advance(done=counts["data_rows"])
    with run.batch():
        Intake.objects.filter(pk=intake.pk).update(
            state=IntakeState.CHECKED, check_result={**counts, "samples": samples}
        )
    return counts


def _samples(
    intake: Intake, rows: Sequence[SourceRow], outcomes: Sequence[RowOutcome], *, room: int
) -> list[dict[str, Any]]:
    """Return the first refused rows, as many as there is room for."""
    place = positions(intake.mapping)
    refused = [
        (row, outcome)
        for row, outcome in zip(rows, outcomes, strict=True)
        if outcome.result is RowResult.REJECTED
    ]
    return [
        {
            "number": row.number,
            "cells": [write_cell(cell) for cell in row.cells],
            "reasons": written_reasons(outcome.reasons, place),
        }
        for row, outcome in refused[: max(room, 0)]
    ]


@job_kind(LOAD, can_pause=True)
def load(run: JobRun) -> dict[str, Any]:
    """Write the rows in batches, from where the last committed batch ended: this job's, or an earlier one's."""
    intake = intake_of(run)
    importer = importer_for(intake)
    cursor = run.cursor or run.parameters.get("continues", {})
    counts = cursor.get("counts") or count_outcomes({}, [])
    with collecting_seldom(), open_source(intake) as source:
        reader = RowReader(intake, importer, source)
        judge = judge_of(intake, importer, reader)
        if run.total is None:
            run.advance(total=reader.total(), done=counts["data_rows"])
        with made_ahead(reader.batches(after=cursor.get("row", 0)), judge.prepare) as batches:
            for rows, prepared in batches:
                with run.batch():
                    outcomes = judge.judge(rows, prepared, importer.write)
                    judge.keep(rows, outcomes)
                    counts = count_outcomes(counts, outcomes)
                    run.advance(cursor={"row": rows[-1].number, "counts": counts}, done=counts["data_rows"])
    with run.batch():
        Intake.objects.filter(pk=intake.pk).update(
            state=IntakeState.LOADED, finished_at=timezone.now(), error="", **counts
        )
    return counts


@job_kind(ROLL_BACK, can_pause=True)
def roll_back(run: JobRun) -> dict[str, Any]:
    """Take back what the intake's rows did, row by row number, and let the same bytes be loaded again.

    A rollback that ended early is continued where it stopped: what was taken back is not taken back twice.
    """
    intake = intake_of(run)
    importer = importer_for(intake)
    cursor = run.cursor or run.parameters.get("continues", {})
    report = RollbackReport(**cursor.get("report", {}))
    after = cursor.get("row", 0)
    last = run.parameters["last_row"]
    run.advance(total=last, done=after)
    while after < last:
        numbers = range(after + 1, min(after + ROLLBACK_ROWS, last) + 1)
        with run.batch():
            done = importer.roll_back(rows_loaded_by(intake, numbers))
            report.withdrawn += done.withdrawn
            report.restored += done.restored
            report.kept_edited += done.kept_edited
            reopen_rows(intake, numbers)
            after = numbers[-1]
            run.advance(cursor={"row": after, "report": _written(report)}, done=after)
    with run.batch():
        importer.end_roll_back()
        # The corrections first, as who loads one locks them first.
        loaded = Intake.objects.filter(corrects=intake, load_job__isnull=False)
        loaded.update(state=IntakeState.ROLLED_BACK, stands=False)
        Intake.objects.filter(pk=intake.pk).update(
            state=IntakeState.ROLLED_BACK, stands=False, finished_at=timezone.now()
        )
    return _written(report)


def _written(report: RollbackReport) -> dict[str, Any]:
    return {"withdrawn": report.withdrawn, "restored": report.restored, "kept_edited": report.kept_edited}
