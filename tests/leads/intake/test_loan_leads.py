"""The main job on the messy loan spreadsheet: counts, correction, rollback, and the same again."""

from pathlib import Path

import openpyxl
import pytest

from accounts.actor import Actor
from core.intake.hand_back import shown_rows, write_errors
from core.jobs import run_job_inline
from core.models import Intake, IntakeRow, RowState
from core.services.intakes import check_intake, correct_rows, roll_back_intake
from leads.models import DuplicateKey, Lead
from leads.queries.origins import active_campaigns, active_sources
from tests.leads.intake.sheets import csv_of, person, state_of_leads
from tests.leads.loans import DATA, expected, load, receive

pytestmark = pytest.mark.usefixtures("in_organization")

COUNTS = ("data_rows", "accepted", "rejected", "duplicate", "reasons")
# What makes each of the sheet's mistakes good, by the field it stands in.
MENDED = {
    "full_name": "Mended Name",
    "mobile": None,
    "date_of_birth": "01/02/1985",
    "pan": "ABCDE1234F",
    "city": "Pune",
    "employer": "Mended Limited",
    "monthly_income": "50000",
    "loan_amount": "500000",
    "tenure_months": "48",
}


def counts_of(intake: Intake) -> dict:
    return {name: getattr(intake, name) for name in COUNTS}


def origins_to_choose(actor: Actor) -> tuple[list[str], list[str]]:
    """What the filters offer as sources and as campaigns."""
    return active_sources(actor), active_campaigns(actor)


@pytest.mark.parametrize(
    "filename", ["loan_leads.xlsx", "loan_leads.csv", "loan_leads.xls", "loan_leads.ods"]
)
def test_the_counts_are_those_of_the_independent_calculation(operations: Actor, filename: str) -> None:
    intake = load(operations, DATA / filename)

    assert counts_of(intake) == {name: expected()[name] for name in COUNTS}
    assert Lead.objects.count() == expected()["accepted"]
    phones = {decision["phone"] for decision in expected()["decisions"]}
    assert set(Lead.objects.values_list("phone", flat=True)) == phones


def test_a_dry_run_says_what_loading_would_do_and_stores_nothing(operations: Actor) -> None:
    intake = receive(operations, DATA / "loan_leads.xlsx")

    result = run_job_inline(check_intake(actor=operations, intake_id=intake.pk, inline=True)).result

    assert {name: result[name] for name in COUNTS} == {name: expected()[name] for name in COUNTS}
    assert not Lead.objects.exists() and not IntakeRow.objects.exists() and not DuplicateKey.objects.exists()


def correct_workbook(path: Path) -> None:
    """Mend every cell that the error workbook marks, as a person would."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    keys = dict(zip(header, FIELD_OF_HEADER, strict=False))
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=1):
        reasons = row[header.index("Reason")].value
        for cell in row:
            key = keys.get(header[cell.column - 1])
            if key and cell.comment is not None:
                cell.value = f"98000{number:05d}" if key == "mobile" else MENDED[key]
        assert reasons
    book.save(path)


FIELD_OF_HEADER = (
    "full_name", "mobile", "email", "date_of_birth", "pan", "city", "pin_code", "employment_type", "employer",
    "monthly_income", "existing_emi", "loan_amount", "tenure_months", "credit_score",
)  # fmt: skip


def test_the_corrected_error_workbook_adds_exactly_its_rows(operations: Actor, tmp_path: Path) -> None:
    intake = load(operations, DATA / "loan_leads.xlsx")
    before = set(Lead.objects.values_list("pk", flat=True))
    path = tmp_path / "errors.xlsx"
    assert write_errors(operations, intake, path) == intake.rejected
    correct_workbook(path)

    correction = load(operations, path)

    rejected = set(IntakeRow.objects.filter(state=RowState.REJECTED).values_list("number", flat=True))
    corrected = set(IntakeRow.objects.filter(state=RowState.CORRECTED).values_list("number", flat=True))
    added = Lead.objects.exclude(pk__in=before)
    assert not rejected
    assert correction.corrects == intake
    assert correction.accepted == len(corrected) and correction.rejected == 0
    assert correction.accepted + correction.duplicate == intake.rejected
    assert set(added.values_list("row_number", flat=True)) == corrected
    assert set(added.values_list("intake_id", flat=True)) == {intake.pk}


def test_correcting_in_the_grid_adds_exactly_those_rows(operations: Actor) -> None:
    intake = load(operations, DATA / "loan_leads.xlsx")
    before = set(Lead.objects.values_list("pk", flat=True))
    rows = shown_rows(operations, intake, limit=500)
    assert len(rows) == intake.rejected
    corrections = {
        row.number: {
            cell.position: f"98000{row.number:05d}"
            if intake.mapping[cell.position] == "mobile"
            else MENDED[intake.mapping[cell.position]]
            for cell in row.cells
            if cell.problems
        }
        for row in rows
    }

    outcomes = correct_rows(actor=operations, intake_id=intake.pk, cells=corrections)

    accepted = {number for number, outcome in outcomes.items() if outcome.result == "accepted"}
    assert set(Lead.objects.exclude(pk__in=before).values_list("row_number", flat=True)) == accepted
    assert (
        len(accepted) + sum(outcome.result == "duplicate" for outcome in outcomes.values()) == intake.rejected
    )


def test_rollback_leaves_everything_as_before_and_loading_again_gives_the_same(
    operations: Actor, tmp_path: Path
) -> None:
    # Somebody of the sheet is there already.
    standing = load(operations, csv_of(person(1, mobile="9071620218", source="website")))
    assert standing.accepted == 1
    before, choices = state_of_leads(), origins_to_choose(operations)
    intake = load(operations, DATA / "loan_leads.xlsx")
    loaded_choices = origins_to_choose(operations)
    assert choices == (["website"], []) and len(loaded_choices[0]) > 1 and loaded_choices[1]
    path = tmp_path / "errors.xlsx"
    write_errors(operations, intake, path)
    correct_workbook(path)
    load(operations, path)

    report = run_job_inline(roll_back_intake(actor=operations, intake_id=intake.pk, inline=True)).result

    assert report["kept_edited"] == []
    assert state_of_leads() == before
    assert origins_to_choose(operations) == choices
    again = load(operations, DATA / "loan_leads.xlsx")
    assert origins_to_choose(operations) == loaded_choices
    assert counts_of(again) == counts_of(intake)
    assert counts_of(again)["duplicate"] == expected()["duplicate"] + 1
