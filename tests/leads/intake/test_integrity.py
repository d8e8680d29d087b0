"""The checks of leads hold after all that imports do, and each finds what it is for."""

from pathlib import Path

import pytest
from django.db import connection

from accounts.actor import Actor
from core.integrity import run_checks
from core.models import Organization
from core.rebuilding import registered_rebuilds
from core.scope import system_scope
from core.services.intakes import correct_rows
from leads.models import DuplicateKey, Lead, LeadToken, LeadValue
from leads.services.leads import update_lead, withdraw_lead
from tests.leads.intake.sheets import csv_of, errors_of, person, phone, roll_back, state_of_leads
from tests.leads.loans import DATA, load

pytestmark = pytest.mark.django_db


def breaks(organization: Organization) -> dict[str, list[str]]:
    """What each check of leads found."""
    found = run_checks([organization])
    assert {"leads.values", "leads.tokens", "leads.keys", "leads.imports", "leads.references"} <= set(found)
    return {name: tally.examples for name, tally in found.items() if tally.breaks}


def execute(statement: str, *values: object) -> None:
    with system_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def worked(operations: Actor, tmp_path: Path) -> Actor:
    """An organisation in which imports were loaded, updated, corrected in both ways and taken back."""
    load(operations, DATA / "loan_leads.csv")
    bad = load(
        operations,
        csv_of(person(1), person(2, pan="no"), person(3, pan="no"), person(1), person(4, pan="no")),
    )
    column = bad.mapping.index("pan")
    mobile = bad.mapping.index("mobile")
    correct_rows(actor=operations, intake_id=bad.pk, cells={3: {column: "ABCDE1234F"}})
    correct_rows(actor=operations, intake_id=bad.pk, cells={4: {column: "ABCDE1234F", mobile: phone(1)}})
    load(operations, errors_of(operations, bad, tmp_path / "errors.xlsx"))
    load(operations, csv_of(person(1, city="Delhi"), person(9), person(9)), on_duplicate="update")
    load(operations, csv_of(person(1), person(1), person(10)), on_duplicate="create")
    roll_back(
        operations, load(operations, csv_of(person(2, city="Delhi"), person(20)), on_duplicate="update")
    )
    lead = Lead.objects.filter(phone__endswith=phone(9)).get()
    update_lead(actor=operations, reference=lead.reference, values={"full_name": "Someone Else"})
    withdraw_lead(actor=operations, reference=lead.reference)
    return operations


def test_all_hold_after_all_kinds_of_work(worked: Actor) -> None:
    assert breaks(worked.organization) == {}


def test_what_is_rebuilt_is_what_was_there(worked: Actor) -> None:
    before = state_of_leads()
    for model in (LeadValue, LeadToken, DuplicateKey):
        model.objects.all().delete()

    with system_scope(worked.organization, reason="test"):
        for each in registered_rebuilds():
            each.rebuild(worked.organization)

    assert state_of_leads() == before
    assert breaks(worked.organization) == {}


@pytest.mark.parametrize(
    ("statement", "check", "told"),
    [
        (
            "DELETE FROM leads_leadvalue WHERE ctid IN (SELECT ctid FROM leads_leadvalue LIMIT 1)",
            "leads.values",
            "lacks a value",
        ),
        (
            (
                "UPDATE leads_leadvalue SET number_value = number_value + 1 WHERE ctid IN"
                " (SELECT ctid FROM leads_leadvalue WHERE number_value IS NOT NULL LIMIT 1)"
            ),
            "leads.values",
            "a value",
        ),
        (
            "DELETE FROM leads_leadtoken WHERE ctid IN (SELECT ctid FROM leads_leadtoken LIMIT 1)",
            "leads.tokens",
            "lacks a token",
        ),
        (
            (
                "UPDATE leads_duplicatekey SET key = key || '0' WHERE ctid IN"
                " (SELECT ctid FROM leads_duplicatekey LIMIT 1)"
            ),
            "leads.keys",
            "a key",
        ),
        ("UPDATE core_intake SET accepted = accepted + 1", "leads.imports", "data_rows, leads"),
        (
            "DELETE FROM core_intakerow WHERE id IN (SELECT min(id) FROM core_intakerow WHERE state = 'rejected')",
            "leads.imports",
            "rejected",
        ),
        ("UPDATE leads_lead SET row_number = 2 WHERE row_number = 3", "leads.imports", "two leads"),
        (
            "UPDATE leads_lead SET intake_id = -1 WHERE id = (SELECT min(id) FROM leads_lead)",
            "leads.references",
            "names no import",
        ),
        (
            (
                "UPDATE leads_lead SET deleted_at = now() WHERE id = (SELECT max(id) FROM leads_lead"
                " WHERE deleted_at IS NULL)"
            ),
            "leads.references",
            "not live",
        ),
        (
            (
                "UPDATE leads_leadvalue SET field_id = -field_id WHERE ctid IN"
                " (SELECT ctid FROM leads_leadvalue LIMIT 1)"
            ),
            "leads.references",
            "names no field",
        ),
    ],
)
def test_each_finds_what_it_is_for(operations: Actor, statement: str, check: str, told: str) -> None:
    load(operations, csv_of(*(person(number) for number in range(5)), person(8, pan="no")))
    assert breaks(operations.organization) == {}

    execute(statement)

    found = breaks(operations.organization)
    assert check in found
    assert any(told in line for line in found[check])
