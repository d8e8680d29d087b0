"""Taking imports back: whole ones, corrections, half-loaded ones, and rollbacks that end early themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from core.errors import Conflict
from core.intake import running
from core.intake.reading import RowReader
from core.jobs import JobFailed, run_job_inline
from core.models import Intake, IntakeRow, IntakeState, Job, RowState
from core.queries.intakes import get_intake
from core.services.intakes import check_intake, correct_rows, load_intake, roll_back_intake
from core.services.jobs import cancel_job
from leads.intake import LeadImporter
from leads.models import BusinessLine, Lead, Source
from leads.services.lines import update_line
from tests.leads.intake.sheets import (
    column_of,
    counted,
    csv_of,
    errors_of,
    kept_rows,
    person,
    phones,
    receive_again,
    rehearse,
    roll_back,
    state_of_leads,
)
from tests.leads.loans import load, receive

pytestmark = pytest.mark.django_db

ROWS = 60
BATCH = 20


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 20 rows, so that short files have several."""
    monkeypatch.setattr("core.intake.reading.MOST_ROWS", BATCH)
    monkeypatch.setattr("core.intake.reading.FEWEST_ROWS", BATCH)


def people(*, bad: tuple[int, ...] = ()) -> bytes:
    return csv_of(*(person(number, **({"pan": "bad"} if number in bad else {})) for number in range(ROWS)))


class Stop(Exception):
    """What a test lets an import fail with."""


def failing_after(monkeypatch: pytest.MonkeyPatch, batches: int, method: str = "write") -> None:
    """Let every import fail after so many batches."""
    real = getattr(LeadImporter, method)
    calls = []

    def call(self: LeadImporter, rows: Any) -> Any:
        calls.append(rows)
        if len(calls) > batches:
            raise Stop("no more")
        return real(self, rows)

    monkeypatch.setattr(LeadImporter, method, call)


def half_loaded(actor: Actor, monkeypatch: pytest.MonkeyPatch, content: bytes, **options: Any) -> Intake:
    """An import that failed after its first two batches."""
    intake = receive(actor, content, **options)
    with monkeypatch.context() as patched:
        failing_after(patched, batches=2)
        with pytest.raises(JobFailed):
            run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
    return get_intake(actor, intake.pk)


@pytest.mark.usefixtures("small_batches")
class TestHalfLoaded:
    """An import that ended early."""

    def test_a_failed_one_keeps_what_it_loaded_and_says_so(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intake = half_loaded(operations, monkeypatch, people(bad=(3,)))

        assert intake.current_state is IntakeState.FAILED
        assert "support" in intake.current_error
        assert (intake.counts["accepted"], intake.counts["rejected"]) == (2 * BATCH - 1, 1)
        assert Lead.objects.count() == 2 * BATCH - 1
        assert kept_rows(intake) == {5: RowState.REJECTED}
        with pytest.raises(Conflict, match="Part of this file was loaded"):
            check_intake(actor=operations, intake_id=intake.pk)
        with pytest.raises(Conflict):
            correct_rows(actor=operations, intake_id=intake.pk, cells={5: {}})

    def test_a_failed_one_can_be_rolled_back(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(operations, csv_of(person(5)))
        before = state_of_leads()
        intake = half_loaded(operations, monkeypatch, people())

        assert roll_back(operations, intake) == {"withdrawn": 2 * BATCH - 1, "restored": 0, "kept_edited": []}
        assert state_of_leads() == before

    def test_the_same_bytes_may_be_loaded_again(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        half_loaded(operations, monkeypatch, people())

        assert counted(load(operations, people())) == (ROWS - 2 * BATCH, 0, 0, 2 * BATCH)

    def test_a_cancelled_one_can_be_rolled_back(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intake = receive(operations, people())
        job = load_intake(actor=operations, intake_id=intake.pk, inline=True)
        real = LeadImporter.write

        def write(self: LeadImporter, rows: Any) -> Any:
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
            return real(self, rows)

        with monkeypatch.context() as patched:
            patched.setattr(LeadImporter, "write", write)
            with pytest.raises(JobFailed, match="cancelled"):
                run_job_inline(job)

        assert get_intake(operations, intake.pk).current_state is IntakeState.CANCELLED
        assert Lead.objects.count() == BATCH
        assert roll_back(operations, intake)["withdrawn"] == BATCH
        assert not Lead.objects.exists()

    def test_a_failed_one_may_go_on_and_be_rolled_back_as_one(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(operations, csv_of(person(1), person(50)))
        before = state_of_leads()
        content = csv_of(*(person(number, city="Delhi", source="New") for number in range(ROWS)))
        intake = half_loaded(operations, monkeypatch, content, on_duplicate="update")
        rest = load_intake(actor=operations, intake_id=intake.pk, inline=True)

        run_job_inline(rest)

        loaded = get_intake(operations, intake.pk)
        assert counted(loaded) == (ROWS, 2, 0, 0) and loaded.data_rows == ROWS
        assert Lead.objects.filter(intake_id=intake.pk).count() == ROWS - 2
        assert roll_back(operations, intake) == {"withdrawn": ROWS - 2, "restored": 2, "kept_edited": []}
        assert state_of_leads() == before
        assert not Source.objects.exists()

    def test_one_that_may_not_go_on_any_more(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intake = half_loaded(operations, monkeypatch, people())
        load(operations, people())

        with pytest.raises(Conflict, match="loaded already"):
            load_intake(actor=operations, intake_id=intake.pk)

    def test_a_resumed_one_is_as_if_nothing_had_happened(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The worker is lost after the second batch: the next one begins behind it."""
        intake = receive(operations, people(bad=(3, 45)))
        job = load_intake(actor=operations, intake_id=intake.pk, inline=True)
        real = RowReader.batches
        begun = []

        def batches(self: RowReader, *, after: int) -> Any:
            begun.append(after)
            for index, batch in enumerate(real(self, after=after)):
                if len(begun) == 1 and index == 2:
                    raise OperationalError("the connection is lost")
                yield batch

        monkeypatch.setattr(running.RowReader, "batches", batches)
        run_job_inline(job)

        assert begun == [0, 2 * BATCH + 1]
        loaded = get_intake(operations, intake.pk)
        assert counted(loaded) == (ROWS - 2, 0, 2, 0)
        assert loaded.data_rows == ROWS
        assert Lead.objects.count() == ROWS - 2

    def test_a_rollback_that_ends_early_goes_on_where_it_stopped(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load(operations, csv_of(person(1), person(50)))
        before = state_of_leads()
        intake = load(operations, people())
        monkeypatch.setattr(running, "ROLLBACK_ROWS", BATCH)
        with monkeypatch.context() as patched:
            failing_after(patched, batches=1, method="roll_back")
            with pytest.raises(JobFailed):
                run_job_inline(roll_back_intake(actor=operations, intake_id=intake.pk, inline=True))
        assert get_intake(operations, intake.pk).current_state is IntakeState.FAILED
        with pytest.raises(Conflict, match="loaded already"):
            receive(operations, people())

        report = roll_back(operations, intake)

        assert report["withdrawn"] == ROWS - 2
        assert state_of_leads() == before


def test_a_file_that_is_loaded_leads_to_its_import(
    operations: Actor, client_for: Callable[..., Client]
) -> None:
    intake = load(operations, people())
    again = SimpleUploadedFile("again.csv", people())

    page = client_for(operations).post(
        reverse("leads:import_new"), {"line": intake.target, "on_duplicate": "", "file": again}
    )

    assert (
        f'href="{reverse("leads:import_detail", args=[intake.pk])}">Open that import' in page.content.decode()
    )


def test_what_was_never_loaded_cannot_be_rolled_back(operations: Actor) -> None:
    intake = receive(operations, people())
    with pytest.raises(Conflict, match="nothing to roll back"):
        roll_back_intake(actor=operations, intake_id=intake.pk)
    rehearse(operations, intake)
    with pytest.raises(Conflict, match="nothing to roll back"):
        roll_back_intake(actor=operations, intake_id=intake.pk)
    cancel_job(job=check_intake(actor=operations, intake_id=intake.pk), actor=operations)
    with pytest.raises(Conflict, match="nothing to roll back"):
        roll_back_intake(actor=operations, intake_id=intake.pk)


def test_twice_is_refused(operations: Actor) -> None:
    intake = load(operations, people())
    roll_back(operations, intake)

    with pytest.raises(Conflict, match="rolled back"):
        roll_back_intake(actor=operations, intake_id=intake.pk)


def test_a_file_of_a_line_closed_since_can_be_looked_at_and_taken_back(operations: Actor) -> None:
    intake = load(operations, people(bad=(3,)))
    waiting = receive(operations, csv_of(person(100)))
    update_line(actor=operations, line=BusinessLine.objects.get(), is_active=False)

    for refused in (
        lambda: load_intake(actor=operations, intake_id=waiting.pk),
        lambda: receive(operations, csv_of(person(101))),
        lambda: correct_rows(actor=operations, intake_id=intake.pk, cells={5: {4: "ABCDE1234F"}}),
    ):
        with pytest.raises(Conflict, match="takes no leads now"):
            refused()
    roll_back(operations, intake)
    assert not Lead.objects.exists()


class TestCorrections:
    """Rolling back what was corrected."""

    bad = (3, 7, 20)

    @pytest.fixture
    def root(self, operations: Actor) -> Intake:
        return load(operations, people(bad=self.bad))

    @staticmethod
    def mend(sheet: Any) -> None:
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, column_of(sheet, "pan")).value = "ABCDE1234F"

    def test_a_correction_alone(self, operations: Actor, root: Intake, tmp_path: Path) -> None:
        before = state_of_leads()
        waiting = list(
            IntakeRow.objects.order_by("number").values_list("number", "state", "cells", "reasons")
        )
        correction = load(operations, errors_of(operations, root, tmp_path / "errors.xlsx", self.mend))
        assert counted(correction) == (3, 0, 0, 0)

        assert roll_back(operations, correction)["withdrawn"] == 3

        assert state_of_leads() == before
        assert (
            list(IntakeRow.objects.order_by("number").values_list("number", "state", "cells", "reasons"))
            == waiting
        )
        assert get_intake(operations, root.pk).current_state is IntakeState.LOADED
        # The same correction may come again.
        again = load(operations, tmp_path / "errors.xlsx")
        assert counted(again) == (3, 0, 0, 0)

    def test_the_reasons_of_a_row_that_became_a_duplicate_come_back(
        self, operations: Actor, root: Intake, tmp_path: Path
    ) -> None:
        def repeat(sheet: Any) -> None:
            self.mend(sheet)
            sheet.cell(2, column_of(sheet, "mobile")).value = person(1)["mobile"]

        waiting = list(
            IntakeRow.objects.order_by("number").values_list("number", "state", "cells", "reasons")
        )
        before = state_of_leads()
        correction = load(operations, errors_of(operations, root, tmp_path / "errors.xlsx", repeat))
        assert counted(correction) == (2, 0, 0, 1)
        assert Lead.objects.filter(repeat_enquiries=1).count() == 1

        roll_back(operations, correction)

        assert state_of_leads() == before
        assert (
            list(IntakeRow.objects.order_by("number").values_list("number", "state", "cells", "reasons"))
            == waiting
        )

    def test_the_root_takes_its_corrections_with_it(
        self, operations: Actor, root: Intake, tmp_path: Path
    ) -> None:
        correction = load(operations, errors_of(operations, root, tmp_path / "errors.xlsx", self.mend))

        assert roll_back(operations, root)["withdrawn"] == ROWS

        assert not Lead.objects.exists()
        assert get_intake(operations, correction.pk).current_state is IntakeState.ROLLED_BACK
        with pytest.raises(Conflict, match="does not stand"):
            receive_again(operations, tmp_path / "errors.xlsx")

    def test_a_correction_received_before_the_root_was_taken_back_is_not_loaded(
        self, operations: Actor, root: Intake, tmp_path: Path
    ) -> None:
        correction = receive(operations, errors_of(operations, root, tmp_path / "errors.xlsx", self.mend))
        roll_back(operations, root)

        with pytest.raises(Conflict, match="does not stand"):
            load_intake(actor=operations, intake_id=correction.pk)

    def test_not_while_a_correction_is_at_work(self, operations: Actor, root: Intake, tmp_path: Path) -> None:
        correction = receive(operations, errors_of(operations, root, tmp_path / "errors.xlsx", self.mend))
        load_intake(actor=operations, intake_id=correction.pk)

        with pytest.raises(Conflict, match="correction of this import is being loaded"):
            roll_back_intake(actor=operations, intake_id=root.pk)

    def test_what_was_corrected_on_the_page_goes_with_the_root(self, operations: Actor, root: Intake) -> None:
        column = root.header.index("PAN")
        correct_rows(
            actor=operations,
            intake_id=root.pk,
            cells={number + 2: {column: "ABCDE1234F"} for number in self.bad},
        )
        assert len(phones()) == ROWS

        roll_back(operations, root)

        assert not phones()
        assert set(kept_rows(root).values()) == {RowState.REJECTED}
