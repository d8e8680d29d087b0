"""Rows that were handed back and come again: by workbook, however it was treated meanwhile, and by grid."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.errors import ApplicationError, Conflict, NotVisible
from core.intake.hand_back import shown_rows, suggested_corrections, write_errors
from core.intake.references import MASKED
from core.jobs import run_job_inline
from core.models import Intake, IntakeRow, Organization, RowState
from core.queries.intakes import get_intake
from core.scope import organization_scope
from core.services.intakes import correct_rows, load_intake
from leads.models import Field, Lead
from leads.services.lines import publish_line, update_field
from tests.conftest import ActorFor
from tests.core.intake.documents import cell, document
from tests.core.intake.documents import row as sheet_row
from tests.core.intake.documents import table as sheet
from tests.leads.intake.sheets import (
    column_of,
    counted,
    csv_of,
    e164,
    errors_of,
    kept_rows,
    person,
    phone,
    phones,
    receive_again,
    rehearse,
    roll_back,
)
from tests.leads.loans import load, make_loan_line, receive

pytestmark = pytest.mark.django_db

GOOD, BAD = "ABCDE1234F", "bad"


@pytest.fixture
def root(operations: Actor) -> Intake:
    """An import of six rows; 3, 5 and 6 have a wrong PAN, 6 a wrong city too. Row 4 repeats row 2."""
    return load(
        operations,
        csv_of(
            person(2),
            person(3, pan=BAD, employer="Third Mills"),
            person(2),
            person(5, pan=BAD),
            person(6, pan=BAD, city="Bombay"),
            person(7),
        ),
    )


def mend(*rows: int) -> Any:
    """Put the PAN of some rows of the error workbook right (all where none is named); rows count from 2."""

    def change(sheet: Any) -> None:
        for row in rows or range(2, sheet.max_row + 1):
            sheet.cell(row, column_of(sheet, "pan")).value = GOOD

    return change


class TestWorkbook:
    """The error workbook that comes back."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "errors.xlsx"

    def test_correcting_partly_leaves_the_rest_waiting(
        self, operations: Actor, root: Intake, path: Path
    ) -> None:
        correction = load(operations, errors_of(operations, root, path, mend(2)))

        assert counted(correction) == (1, 0, 2, 0)
        assert kept_rows(root) == {
            3: RowState.CORRECTED,
            4: RowState.DUPLICATE,
            5: RowState.REJECTED,
            6: RowState.REJECTED,
        }
        assert phones() == {e164(2), e164(3), e164(7)}
        assert Lead.objects.get(phone=e164(3)).row_number == 3

    def test_saved_in_another_format_it_comes_back_alike(
        self, operations: Actor, root: Intake, path: Path
    ) -> None:
        errors = openpyxl.load_workbook(errors_of(operations, root, path, mend(2))).worksheets[0]
        texts = [["" if value is None else str(value) for value in row] for row in errors.values]
        rows = "".join(sheet_row(*(cell(text) if text else cell() for text in row)) for row in texts)
        saved = document(path.with_suffix(".ods"), sheet(rows))

        correction = load(operations, saved)

        assert counted(correction) == (1, 0, 2, 0)
        assert phones() == {e164(2), e164(3), e164(7)}

    def test_wrong_again_says_what_is_wrong_now(self, operations: Actor, root: Intake, path: Path) -> None:
        def change(sheet: Any) -> None:
            sheet.cell(2, column_of(sheet, "pan")).value = GOOD
            sheet.cell(2, column_of(sheet, "loan_amount")).value = "1"

        load(operations, errors_of(operations, root, path, change))

        row = IntakeRow.objects.get(intake=root, number=3)
        assert row.state == RowState.REJECTED
        assert [(reason["field"], reason["code"]) for reason in row.reasons] == [("loan_amount", "min")]
        shown = shown_rows(operations, root)[0]
        assert shown.cells[root.header.index("PAN")].text == GOOD
        assert [cell.position for cell in shown.cells if cell.problems] == [root.header.index("Loan Amt")]

    def test_the_same_workbook_twice_is_refused_and_saved_anew_touches_nothing(
        self, operations: Actor, root: Intake, path: Path
    ) -> None:
        load(operations, errors_of(operations, root, path, mend(2)))
        before = phones()

        with pytest.raises(Conflict) as refused:
            receive(operations, path)
        assert refused.value.code == "same_bytes"
        again = receive_again(operations, path)
        again = self.loaded(operations, again)
        assert counted(again) == (0, 0, 2, 1)
        assert phones() == before

    @staticmethod
    def loaded(actor: Actor, intake: Intake) -> Intake:
        run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
        return get_intake(actor, intake.pk)

    def test_rows_deleted_from_it_keep_waiting(self, operations: Actor, root: Intake, path: Path) -> None:
        def change(sheet: Any) -> None:
            mend()(sheet)
            sheet.delete_rows(2)

        correction = load(operations, errors_of(operations, root, path, change))

        assert correction.data_rows == 2
        assert kept_rows(root)[3] == RowState.REJECTED

    def test_rows_added_to_it_are_refused_by_a_reason_of_their_own(
        self, operations: Actor, root: Intake, path: Path
    ) -> None:
        def change(sheet: Any) -> None:
            mend(2)(sheet)
            sheet.insert_rows(2)
            for key, value in person(99).items():
                sheet.cell(2, column_of(sheet, key)).value = value

        correction = load(operations, errors_of(operations, root, path, change))

        assert correction.reasons == {"row:unknown_row": 1, "pan:pattern": 2, "city:choice": 1}
        assert counted(correction) == (1, 0, 3, 0)
        assert e164(99) not in phones()

    def test_a_row_that_stands_in_it_twice_counts_once(
        self, operations: Actor, root: Intake, path: Path
    ) -> None:
        def change(sheet: Any) -> None:
            mend(2)(sheet)
            copied = [cell.value for cell in sheet[2]]
            sheet.append([*copied])
            sheet.cell(sheet.max_row, column_of(sheet, "mobile")).value = phone(33)

        correction = load(operations, errors_of(operations, root, path, change))

        assert counted(correction) == (1, 0, 2, 1)
        assert phones() == {e164(2), e164(3), e164(7)}
        assert kept_rows(root)[3] == RowState.CORRECTED

    def test_columns_in_another_order(self, operations: Actor, root: Intake, path: Path) -> None:
        def change(sheet: Any) -> None:
            mend(2)(sheet)
            rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
            sheet.delete_rows(1, sheet.max_row)
            for row in rows:
                sheet.append(row[::-1])

        correction = load(operations, errors_of(operations, root, path, change))

        assert counted(correction) == (1, 0, 2, 0)
        assert Lead.objects.get(phone=e164(3)).data["employer"] == "Third Mills"
        waiting = IntakeRow.objects.get(intake=root, number=6)
        assert waiting.cells[root.header.index("City")] == "Bombay"
        assert waiting.cells[root.header.index("Mobile No")] == phone(6)

    def test_a_column_deleted_from_it_is_as_it_was(self, operations: Actor, root: Intake, path: Path) -> None:
        def change(sheet: Any) -> None:
            mend(2)(sheet)
            for key in ("employer", "mobile", "source"):
                sheet.delete_cols(column_of(sheet, key if key != "source" else "Source"))

        correction = load(operations, errors_of(operations, root, path, change))

        assert counted(correction) == (1, 0, 2, 0)
        assert Lead.objects.get(phone=e164(3)).data["employer"] == "Third Mills"
        assert "Employer" in correction.notices[-1]["message"]

    def test_opened_and_saved_by_another_program(self, operations: Actor, root: Intake, path: Path) -> None:
        book = openpyxl.load_workbook(errors_of(operations, root, path, mend()))
        book.worksheets[0].title = "Sheet 1"
        book.create_sheet("Notes", 0).append(["mine"])
        book.save(path)

        assert counted(load(operations, path)) == (2, 0, 1, 0)

    def test_a_dry_run_of_it(self, operations: Actor, root: Intake, path: Path) -> None:
        correction = receive(operations, errors_of(operations, root, path, mend(2)))

        result = rehearse(operations, correction)

        assert (result["accepted"], result["rejected"]) == (1, 2)
        assert kept_rows(root)[3] == RowState.REJECTED and e164(3) not in phones()

    def test_another_organisations(
        self,
        operations: Actor,
        root: Intake,
        path: Path,
        other_organization: Organization,
        actor_for: ActorFor,
    ) -> None:
        write_errors(operations, root, path)
        with organization_scope(other_organization):
            stranger = actor_for(Role.OPERATIONS, organization=other_organization)
            make_loan_line(stranger)
            with pytest.raises(ApplicationError) as refused:
                receive(stranger, path)
            assert refused.value.code == "unknown_intake"
            assert not Intake.objects.exists()

    def test_of_an_import_that_was_rolled_back(self, operations: Actor, root: Intake, path: Path) -> None:
        errors_of(operations, root, path, mend())
        roll_back(operations, root)

        with pytest.raises(Conflict, match="does not stand"):
            receive(operations, path)

    def test_without_its_hidden_column(self, operations: Actor, root: Intake, path: Path) -> None:
        def change(sheet: Any) -> None:
            for row in range(2, sheet.max_row + 1):
                sheet.cell(row, column_of(sheet, "LeadLedger row")).value = None

        with pytest.raises(ApplicationError) as refused:
            receive(operations, errors_of(operations, root, path, change))
        assert refused.value.code == "no_row_reference"

    def test_rows_pasted_in_from_another_imports_workbook(
        self, operations: Actor, root: Intake, path: Path, tmp_path: Path
    ) -> None:
        """Both imports have a rejected row 3; the row of one must not correct that of the other."""
        other = load(operations, csv_of(person(20), person(21, pan=BAD)))
        foreign = openpyxl.load_workbook(errors_of(operations, other, tmp_path / "other.xlsx", mend()))

        def change(sheet: Any) -> None:
            sheet.append([cell.value for cell in foreign.worksheets[0][2]])

        correction = load(operations, errors_of(operations, root, path, change))

        assert correction.reasons["row:unknown_row"] == 1
        assert kept_rows(root)[3] == RowState.REJECTED and kept_rows(other)[3] == RowState.REJECTED

    def test_masked_cells_come_back_as_they_were(self, operations: Actor, root: Intake, path: Path) -> None:
        update_field(
            actor=operations, field=Field.objects.get(key="employer"), changes={"visible_to": ["admin"]}
        )
        publish_line(actor=operations, line=Field.objects.get(key="employer").line)
        errors_of(operations, root, path, mend(2))
        sheet = openpyxl.load_workbook(path).worksheets[0]
        assert sheet.cell(2, column_of(sheet, "employer")).value == MASKED

        load(operations, path)

        assert Lead.objects.get(phone=e164(3)).data["employer"] == "Third Mills"


class TestGrid:
    """The same rows corrected on the page."""

    def cells(self, root: Intake, number: int, **values: str) -> dict[int, dict[int, str]]:
        return {number: {root.mapping.index(key): value for key, value in values.items()}}

    def test_two_tabs_correct_the_same_row_once(self, operations: Actor, root: Intake) -> None:
        first = correct_rows(actor=operations, intake_id=root.pk, cells=self.cells(root, 3, pan=GOOD))
        second = correct_rows(
            actor=operations, intake_id=root.pk, cells=self.cells(root, 3, pan=GOOD, mobile=phone(33))
        )

        assert first[3].result == "accepted"
        assert second == {}
        assert Lead.objects.filter(intake_id=root.pk, row_number=3).count() == 1

    def test_a_row_corrected_meanwhile_by_a_workbook(
        self, operations: Actor, root: Intake, tmp_path: Path
    ) -> None:
        load(operations, errors_of(operations, root, tmp_path / "errors.xlsx", mend()))

        assert correct_rows(actor=operations, intake_id=root.pk, cells=self.cells(root, 3, pan=GOOD)) == {}

    def test_still_wrong_keeps_what_was_typed(self, operations: Actor, root: Intake) -> None:
        outcomes = correct_rows(
            actor=operations, intake_id=root.pk, cells=self.cells(root, 6, pan=GOOD, city="Bombay\x00")
        )

        assert outcomes[6].result == "rejected"
        shown = {row.number: row for row in shown_rows(operations, root)}[6]
        assert shown.cells[root.mapping.index("pan")].text == GOOD

    def test_one_that_repeats_a_lead_is_counted_there(self, operations: Actor, root: Intake) -> None:
        outcomes = correct_rows(
            actor=operations, intake_id=root.pk, cells=self.cells(root, 3, pan=GOOD, mobile=phone(7))
        )

        assert (outcomes[3].result, outcomes[3].repeats) == ("duplicate", "row 7 of this file")
        assert Lead.objects.get(phone=e164(7)).repeat_enquiries == 1

    def test_a_masked_cell_cannot_be_overwritten(self, operations: Actor, root: Intake) -> None:
        update_field(
            actor=operations, field=Field.objects.get(key="employer"), changes={"visible_to": ["admin"]}
        )
        publish_line(actor=operations, line=Field.objects.get(key="employer").line)

        correct_rows(
            actor=operations, intake_id=root.pk, cells=self.cells(root, 3, pan=GOOD, employer="Overwritten")
        )

        assert Lead.objects.get(phone=e164(3)).data["employer"] == "Third Mills"

    def test_nobody_corrects_what_they_do_not_see(
        self, operations: Actor, root: Intake, actor_for: ActorFor
    ) -> None:
        with pytest.raises(NotVisible):
            correct_rows(actor=actor_for(Role.TEAM_LEADER), intake_id=root.pk, cells={3: {}})

    def test_suggestions_survive_rows_that_end_early(self, operations: Actor) -> None:
        content = csv_of(person(1, city="Bengalooru"), person(2, city="Bengalooru")) + b"Short,\n"
        intake = load(operations, content)

        found = suggested_corrections(operations, intake)

        assert [(each.wrong, each.rows) for each in found if each.wrong] == [("Bengalooru", 2)]
