"""A rollback gives every updated lead back what it was, and keeps and names what was worked on since."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import Actor
from core.models import IntakeRow, RowState
from leads.models import BusinessLine, DuplicateKey, Field, Lead, LeadToken, LeadValue
from leads.queries.imports import rollback_preview
from leads.services.follow_ups import plan_follow_up
from leads.services.leads import update_lead
from leads.services.lines import publish_line, update_field
from leads.services.notes import withdraw_note, write_note
from tests.leads.intake.sheets import counted, csv_of, e164, person, roll_back
from tests.leads.loans import load

pytestmark = pytest.mark.django_db
UPDATE = {"on_duplicate": "update"}
STORED, MADE, EDITED, NOTED, PLANNED = 240, 20, 12, 3, 2
CHANGES: dict[str, tuple[str, ...]] = {
    "full_name": ("Asha Rao", "Vikram Seth"),
    "employer": ("New Mills", "Old Mills"),
    "city": ("Chennai", "Delhi"),
    "email": ("new@example.org", "other@example.org", ""),
    "monthly_income": ("99,000", "1,25,000"),
}


def lead(number: int) -> Lead:
    return Lead.objects.get(phone=e164(number))


def images() -> dict[int, dict[str, Any]]:
    """Everything that is stored of each live lead, to the last column and index row."""
    found: dict[int, dict[str, Any]] = {
        row["id"]: {"lead": row, "values": [], "tokens": [], "keys": []} for row in Lead.objects.values()
    }
    for name, model in (("values", LeadValue), ("tokens", LeadToken), ("keys", DuplicateKey)):
        for row in model.objects.values():
            found[row["lead_id"]][name].append(sorted(row.items(), key=str))
    for image in found.values():
        for name in ("values", "tokens", "keys"):
            image[name].sort(key=str)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_every_before_image_comes_back_and_what_was_edited_since_is_named(
    operations: Actor, seed: int
) -> None:
    chance = random.Random(seed)
    load(
        operations,
        csv_of(
            *(
                person(number, **{key: chance.choice(texts) for key, texts in CHANGES.items()})
                for number in range(STORED)
            )
        ),
    )
    before = images()
    changed = chance.sample(range(STORED), STORED * 3 // 4)
    given = {
        number: {key: chance.choice(texts) for key, texts in CHANGES.items() if chance.random() < 0.6}
        for number in (*changed, *range(STORED, STORED + MADE))
    }
    for number in range(STORED, STORED + MADE):
        given[number]["full_name"] = "Newcomer"
    rows = [person(number, **change) for number, change in given.items()]
    twice = chance.sample(changed[EDITED:], 10)
    chance.shuffle(rows)

    intake = load(operations, csv_of(*rows, *(person(number) for number in twice)), **UPDATE)

    assert counted(intake) == (len(given), len(changed), 0, len(twice))
    after = images()
    for number in changed:
        row, was = after[lead(number).pk]["lead"]["data"], before[lead(number).pk]["lead"]["data"]
        for key, text in given[number].items():
            # A blank cell says nothing: what was there stays.
            assert text or row.get(key) == was.get(key)

    edited = [lead(number).reference for number in changed[:EDITED]]
    for reference in edited:
        update_lead(actor=operations, reference=reference, values={"employer": "Edited since"})
    noted = [lead(STORED + number).reference for number in range(NOTED)]
    for reference in noted:
        write_note(actor=operations, reference=reference, text="Called, asks for a visit")
    planned = [lead(STORED + NOTED + number).reference for number in range(PLANNED)]
    for reference in planned:
        plan_follow_up(
            actor=operations, reference=reference, what="Visit", due_at=timezone.now() + timedelta(days=1)
        )
    worked = images()
    kept = {
        row["lead"]["id"]
        for row in worked.values()
        if row["lead"]["reference"] in {*edited, *noted, *planned}
    }

    report = roll_back(operations, intake)

    assert set(report["kept_edited"]) == {*edited, *noted, *planned}
    assert len(report["kept_edited"]) == EDITED + NOTED + PLANNED
    assert report["withdrawn"] == MADE - NOTED - PLANNED
    assert report["restored"] == len(changed) - EDITED
    assert images() == {
        **{pk: image for pk, image in before.items() if pk not in kept},
        **{pk: worked[pk] for pk in kept},
    }
    told = Lead.history.model.objects.filter(id=lead(changed[-1]).pk).order_by("history_id")
    assert {intake.load_job_id} < set(told.values_list("history_job_id", flat=True))
    assert list(told.values_list("history_type", flat=True))[:3] == ["+", "~", "~"]


def test_a_lead_with_a_note_stays_and_one_whose_note_was_withdrawn_goes(operations: Actor) -> None:
    intake = load(operations, csv_of(person(1), person(2), person(3)))
    write_note(actor=operations, reference=lead(1).reference, text="Wants a call")
    gone = write_note(actor=operations, reference=lead(2).reference, text="By mistake").note
    withdraw_note(actor=operations, reference=lead(2).reference, note_id=gone.pk)

    assert rollback_preview(operations, intake) == {"withdrawn": 2, "restored": 0, "kept_edited": 1}
    assert roll_back(operations, intake) == {
        "withdrawn": 2,
        "restored": 0,
        "kept_edited": [lead(1).reference],
    }


def test_a_unique_value_that_another_lead_has_taken_since_stays_there(operations: Actor) -> None:
    load(operations, csv_of(person(1, pan="AAAAA1111A"), person(2, pan="BBBBB2222B")))
    update_field(actor=operations, field=Field.objects.get(key="pan"), changes={"unique": True})
    publish_line(actor=operations, line=BusinessLine.objects.get(code="personal_loan"))
    intake = load(operations, csv_of(person(1, pan="CCCCC3333C"), person(2, city="Delhi")), **UPDATE)
    load(operations, csv_of(person(3, pan="AAAAA1111A")))

    report = roll_back(operations, intake)

    assert report == {"withdrawn": 0, "restored": 1, "kept_edited": [lead(1).reference]}
    assert (lead(1).data["pan"], lead(3).data["pan"]) == ("CCCCC3333C", "AAAAA1111A")
    assert DuplicateKey.objects.filter(key__startswith="unique:pan:").count() == 3
    assert not IntakeRow.objects.filter(intake=intake, state=RowState.REJECTED).exists()
