"""Where each value of a lead comes from: file, row and cell, form, person; and what stood there before."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actor import Actor
from accounts.roles import Role
from core.services.intakes import correct_rows
from leads.models import Lead
from leads.queries.value_origins import Step, value_origins
from leads.services.leads import assign_lead, update_lead
from tests.conftest import ActorFor
from tests.leads.intake.sheets import csv_of, e164, person, roll_back, table, workbook_of
from tests.leads.loans import load

pytestmark = pytest.mark.django_db
UPDATE = {"on_duplicate": "update"}


def lead(number: int) -> Lead:
    return Lead.objects.select_related("line", "organization").get(phone=e164(number))


def steps(actor: Actor, number: int, label: str = "Employer") -> list[Step]:
    """The values that a field of a lead took, newest first."""
    [found] = [each for each in value_origins(actor, lead(number)) if each.label == label]
    return list(found.steps)


def test_a_value_of_a_file_tells_its_sheet_and_cell(operations: Actor, tmp_path: Path) -> None:
    columns = (
        "full_name",
        "employer",
        "mobile",
        *(key for key in person(1) if key not in ("full_name", "employer", "mobile")),
    )
    path = workbook_of(
        tmp_path / "enquiries.xlsx", table([person(1), person(2, employer="Blue Mills")], columns)
    )
    intake = load(operations, path)

    [step] = steps(operations, 2)

    assert (step.shown.text, step.cell, step.intake_id) == ("Blue Mills", "Sheet!B3", intake.pk)
    assert "enquiries.xlsx" in step.where and "row 3" in step.where
    assert step.actor and step.at.date() == dt.datetime.now(dt.UTC).date()


def test_updates_corrections_edits_and_rollbacks_are_told_in_order(operations: Actor) -> None:
    load(operations, csv_of(person(1, employer="One")))
    update = load(operations, csv_of(person(9), person(1, employer="Two", pan="bad")), **UPDATE)
    pan = update.header.index("PAN")
    correct_rows(actor=operations, intake_id=update.pk, cells={3: {pan: "ABCDE1234F"}})
    corrected, _first = steps(operations, 1)
    assert "corrected" in corrected.where and corrected.cell.endswith("3")
    # A rolled back row waits again: of its value the import is told, and no cell.
    roll_back(operations, update)
    update_lead(actor=operations, reference=lead(1).reference, values={"employer": "Three"})

    newest, back, corrected, first = steps(operations, 1)

    assert [step.shown.text for step in (newest, back, corrected, first)] == ["Three", "One", "Two", "One"]
    assert (newest.cell, newest.intake_id) == ("", None)
    assert "rollback" in back.where and back.intake_id == update.pk
    assert (corrected.cell, corrected.intake_id) == ("", update.pk)
    assert "row 2" in first.where and first.cell.endswith("2")


def test_the_page_keeps_masked_values_masked_and_files_of_others_unnamed(
    operations: Actor, actor_for: ActorFor, client_for: Callable[[Actor], Client]
) -> None:
    agent = actor_for(Role.AGENT)
    intake = load(operations, csv_of(person(1, pan="ABCDE1234F")), filename="secret-list.csv")
    update_lead(actor=operations, reference=lead(1).reference, values={"pan": "ZZZZZ9999Z"})
    assign_lead(actor=operations, reference=lead(1).reference, owner=agent.membership)
    address = reverse("leads:origins", args=[lead(1).reference])

    full = client_for(operations).get(address).content.decode()
    own = client_for(agent).get(address).content.decode()
    masked = client_for(actor_for(Role.AUDITOR)).get(address).content.decode()

    assert "ABCDE1234F" in full and "ZZZZZ9999Z" in full and "secret-list.csv" in full
    assert reverse("leads:import_detail", args=[intake.pk]) in full
    assert "secret-list.csv" not in own and f"Import {intake.pk}" in own
    assert "ABCDE1234F" not in masked and "ZZZZZ9999Z" not in masked and "PAN" in masked
    assert client_for(actor_for(Role.AGENT)).get(address).status_code == 404


def test_queries_do_not_grow_with_changes(operations: Actor) -> None:
    load(operations, csv_of(person(1, employer="One"), person(2, employer="One")))
    for number in range(4):
        load(operations, csv_of(person(2, employer=f"Mill {number}")), **UPDATE)
    counts = []
    for number in (1, 2):
        found = lead(number)
        with CaptureQueriesContext(connection) as captured:
            value_origins(operations, found)
        counts.append(len(captured))

    # The rows of files that changed the lead are one query more than one that only made it.
    assert counts[1] <= counts[0] + 1
