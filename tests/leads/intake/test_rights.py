"""What somebody may not read, fill or write stays so in the rows of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import AccessRule
from accounts.roles import Role
from core.errors import ValidationFailed
from core.intake import hand_back
from core.intake.hand_back import sample_rows, shown_rows, suggested_corrections
from core.intake.references import MASKED
from core.models import Intake, IntakeRow, RowState
from core.queries.intakes import get_intake
from core.services.intakes import check_intake, correct_rows, load_intake, match_intake
from leads.models import BusinessLine, Field, Lead
from leads.services.lines import publish_line, update_field
from tests.conftest import ActorFor
from tests.leads.intake.sheets import COLUMNS, column_of, counted, csv_of, e164, errors_of, person, rehearse
from tests.leads.loans import load, receive

pytestmark = pytest.mark.django_db
UPDATE = {"on_duplicate": "update"}
GOOD = "ABCDE1234F"
NATIONAL, SPILLED = "999988887777", "9845012345"


def change_field(actor: Actor, key: str, **changes: Any) -> None:
    """Change a field of the loan line, from now on."""
    update_field(actor=actor, field=Field.objects.get(key=key), changes=changes)
    publish_line(actor=actor, line=BusinessLine.objects.get())


def again(actor: Actor) -> Actor:
    """The same person, with the permissions as they are now."""
    assert actor.membership is not None
    return Actor.of(
        type(actor.membership).objects.select_related("user", "organization").get(pk=actor.membership.pk)
    )


class TestReading:
    """Columns that no field takes may hold anything."""

    @pytest.fixture
    def content(self) -> bytes:
        lines = csv_of(person(1, pan="bad"), person(2), person(2)).decode().splitlines()
        header, bad, good, repeat = lines
        return "\n".join(
            [
                f"{header},Aadhaar",
                f"{bad},{NATIONAL}",
                f"{good},{NATIONAL},{SPILLED}",
                f"{good},1",
                f"{repeat},{NATIONAL}",
            ]
        ).encode()

    @pytest.fixture
    def auditor(self, operations: Actor, actor_for: ActorFor) -> Actor:
        return actor_for(Role.AUDITOR)

    def texts(self, actor: Actor, intake: Intake, path: Path) -> str:
        book = openpyxl.load_workbook(errors_of(actor, intake, path))
        return str([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()])

    def test_unmapped_and_spilled_cells_are_masked_where_any_field_is(
        self, operations: Actor, auditor: Actor, content: bytes, tmp_path: Path
    ) -> None:
        intake = load(operations, content)
        assert intake.mapping[-1] == "" and counted(intake)[2:] == (2, 1)

        told = self.texts(auditor, intake, tmp_path / "errors.xlsx")
        grid = str([cell.text for row in shown_rows(auditor, intake) for cell in row.cells])

        assert MASKED in told and MASKED in grid
        assert not any(secret in told + grid for secret in (NATIONAL, SPILLED))
        clear = self.texts(operations, intake, tmp_path / "clear.xlsx")
        assert NATIONAL in clear and SPILLED in clear

    def test_spilled_cells_are_masked_where_all_mapped_columns_are_open(
        self, operations: Actor, auditor: Actor, tmp_path: Path
    ) -> None:
        intake = load(operations, csv_of(person(1)))
        row = {"intake": intake, "number": 9, "state": RowState.REJECTED, "reasons": []}
        Intake.objects.filter(pk=intake.pk).update(header=["City"], mapping=["city"])
        IntakeRow.objects.create(**row, cells=["Pune", SPILLED])
        intake.refresh_from_db()

        told = self.texts(auditor, intake, tmp_path / "errors.xlsx")

        assert "Pune" in told and MASKED in told and SPILLED not in told

    def test_samples_are_masked_too(
        self, operations: Actor, auditor: Actor, content: bytes, client_for: Callable[[Actor], Client]
    ) -> None:
        intake = receive(operations, content)
        rehearse(operations, intake)

        told = str(sample_rows(auditor, get_intake(auditor, intake.pk)))

        assert NATIONAL not in told and MASKED in told
        match = reverse("leads:import_match", args=[intake.pk])
        assert NATIONAL.encode() in client_for(operations).get(match).content
        change_field(operations, "pan", visible_to=["admin"])
        page = client_for(operations).get(match).content
        assert NATIONAL.encode() not in page and MASKED.encode() in page

    def test_suggestions_read_fewer_rows_of_a_wide_file(
        self, operations: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wrong = [person(number, city="Punne") for number in range(6)]
        intake = load(operations, csv_of(*wrong))
        assert suggested_corrections(operations, intake)[0].rows == 6

        monkeypatch.setattr(hand_back, "MOST_COMPARED_CELLS", 4 * len(COLUMNS))

        suggestion = suggested_corrections(operations, intake)[0]
        assert suggestion.rows == 4
        assert len(hand_back.rows_with(operations, intake, suggestion)) == 4


class TestFilling:
    """Who may not fill a field does not correct it either."""

    @pytest.fixture
    def root(self, operations: Actor, actor_for: ActorFor) -> Intake:
        change_field(operations, "employer", editable_by=["admin"])
        return load(actor_for(Role.ADMIN), csv_of(person(1, pan="bad", employer="Old Mills")))

    def test_the_grid_keeps_the_stored_cell(self, operations: Actor, root: Intake) -> None:
        pan, employer = root.header.index("PAN"), root.header.index("Employer")

        outcomes = correct_rows(
            actor=operations, intake_id=root.pk, cells={2: {pan: GOOD, employer: "New Mills"}}
        )

        assert outcomes[2].result == "accepted"
        assert Lead.objects.get().data["employer"] == "Old Mills"

    @pytest.mark.parametrize(
        ("role", "employer"), [(Role.OPERATIONS, "Old Mills"), (Role.ADMIN, "New Mills")]
    )
    def test_the_workbook_keeps_the_stored_cell(
        self, actor_for: ActorFor, root: Intake, tmp_path: Path, role: Role, employer: str
    ) -> None:
        def change(sheet: Any) -> None:
            sheet.cell(2, column_of(sheet, "pan")).value = GOOD
            sheet.cell(2, column_of(sheet, "employer")).value = "New Mills"

        actor = actor_for(role)

        correction = load(actor, errors_of(actor, root, tmp_path / "errors.xlsx", change))

        assert counted(correction) == (1, 0, 0, 0)
        assert Lead.objects.get().data["employer"] == employer


class TestLoadingForOthers:
    """What somebody with wider rights has matched, nobody with narrower ones checks or loads."""

    @pytest.fixture
    def matched(self, operations: Actor, actor_for: ActorFor) -> Intake:
        change_field(operations, "employer", editable_by=["admin"])
        return receive(actor_for(Role.ADMIN), csv_of(person(1, employer="Old Mills")))

    @pytest.mark.parametrize("press", [check_intake, load_intake])
    def test_a_closed_column_is_refused_by_name(self, operations: Actor, matched: Intake, press: Any) -> None:
        with pytest.raises(ValidationFailed, match="“Employer”") as refused:
            press(actor=operations, intake_id=matched.pk)

        assert refused.value.code == "closed_columns"
        assert not Lead.objects.exists()

    def test_matched_again_without_it_the_file_loads(self, operations: Actor, matched: Intake) -> None:
        mapping = ["" if target == "employer" else target for target in matched.mapping]
        match_intake(actor=operations, intake_id=matched.pk, mapping=mapping)

        # The line requires the employer, which nobody gives now: the row is judged, and the load no longer refused.
        assert rehearse(operations, matched)["reasons"] == {"employer:required": 1}

    def test_who_may_fill_it_still_may(self, matched: Intake, actor_for: ActorFor) -> None:
        assert rehearse(actor_for(Role.ADMIN), matched)["accepted"] == 1


class TestWriting:
    """An update by file reaches the leads that its loader may write."""

    @pytest.fixture(params=["team", "none"])
    def narrowed(self, request: pytest.FixtureRequest, operations: Actor) -> Actor:
        """Operations, who load all files and write no lead of others."""
        load(operations, csv_of(person(1, employer="One")))
        AccessRule.objects.create(role="operations", area="leads", verb="write", level=request.param)
        return again(operations)

    def test_a_narrowed_role_updates_nothing_that_it_may_not_write(self, narrowed: Actor) -> None:
        content = csv_of(person(1, employer="Two"), person(2))
        checked = rehearse(narrowed, receive(narrowed, content, **UPDATE))

        intake = load(narrowed, content, **UPDATE)

        assert (checked["accepted"], checked["updated"], checked["duplicate"]) == (1, 0, 1)
        assert counted(intake) == (1, 0, 0, 1)
        assert Lead.objects.get(phone=e164(1)).data["employer"] == "One"

    def test_nor_by_correcting_the_file_of_somebody_who_may(
        self, narrowed: Actor, actor_for: ActorFor
    ) -> None:
        root = load(actor_for(Role.ADMIN), csv_of(person(1, employer="Two", loan_amount="1")), **UPDATE)
        amount = root.header.index("Loan Amt")

        outcomes = correct_rows(actor=narrowed, intake_id=root.pk, cells={2: {amount: "500000"}})

        assert outcomes[2].result == "duplicate"
        assert Lead.objects.get(phone=e164(1)).data["employer"] == "One"

    def test_nor_by_loading_what_somebody_received_who_may(
        self, narrowed: Actor, actor_for: ActorFor
    ) -> None:
        admin = actor_for(Role.ADMIN)
        intake = receive(admin, csv_of(person(1, employer="Two")), **UPDATE)

        checked = rehearse(narrowed, intake)

        assert (checked["updated"], checked["duplicate"]) == (0, 1)
        assert rehearse(admin, intake)["updated"] == 1
