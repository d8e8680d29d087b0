"""Repeats that update the lead that stands, and repeats that are only counted."""

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.models import IntakeRow, RowState
from core.services.intakes import correct_rows
from leads.models import BusinessLine, DuplicateKey, Field, Lead
from leads.services.leads import assign_lead, update_lead, withdraw_lead
from leads.services.lines import publish_line, update_field, update_line
from tests.conftest import ActorFor
from tests.leads.intake.sheets import (
    counted,
    csv_of,
    e164,
    kept_rows,
    person,
    phone,
    rehearse,
    roll_back,
    state_of_leads,
)
from tests.leads.loans import load, receive

pytestmark = pytest.mark.django_db
UPDATE = {"on_duplicate": "update"}


def lead(number: int) -> Lead:
    return Lead.objects.get(phone=e164(number))


def loan_line() -> BusinessLine:
    return BusinessLine.objects.get(code="personal_loan")


def make_unique(actor: Actor, key: str) -> None:
    """Let a field be unique in the loan line, from now on."""
    update_field(actor=actor, field=Field.objects.get(key=key), changes={"unique": True})
    publish_line(actor=actor, line=loan_line())


def test_a_repeat_fills_what_it_says_and_leaves_the_rest(operations: Actor) -> None:
    load(operations, csv_of(person(1, employer="Old Mills", email="old@example.org")))

    intake = load(operations, csv_of(person(1, employer="New Mills", email=""), person(2)), **UPDATE)

    assert counted(intake) == (2, 1, 0, 0)
    assert lead(1).data["employer"] == "New Mills"
    assert lead(1).email == "old@example.org"
    assert kept_rows(intake) == {2: RowState.UPDATED}
    assert Lead.objects.count() == 2


def test_repeats_within_the_file_stay_duplicates(operations: Actor) -> None:
    load(operations, csv_of(person(1)))

    intake = load(
        operations,
        csv_of(
            person(1, full_name="First"),
            person(1, full_name="Second"),
            person(2),
            person(2, full_name="Third"),
        ),
        **UPDATE,
    )

    assert counted(intake) == (2, 1, 0, 2)
    assert lead(1).name == "First" and lead(2).name == "Person 2"
    assert (lead(1).repeat_enquiries, lead(2).repeat_enquiries) == (1, 1)
    rows = dict(IntakeRow.objects.filter(intake=intake).values_list("number", "repeats"))
    assert rows[5] == "row 4 of this file"


def test_a_row_that_does_not_fit_the_stored_values_is_refused_and_the_next_one_may_try(
    operations: Actor,
) -> None:
    load(operations, csv_of(person(1, pan="AAAAA1111A"), person(2, pan="BBBBB2222B")))
    make_unique(operations, "pan")
    load(operations, csv_of(person(3, pan="ZZZZZ9999Z")))

    content = csv_of(person(1, pan="ZZZZZ9999Z"), person(1, pan="YYYYY9999Y"), person(2, pan="YYYYY9999Y"))
    result = rehearse(operations, receive(operations, content, **UPDATE))
    intake = load(operations, content, **UPDATE)

    assert counted(intake) == (1, 1, 2, 0)
    assert intake.reasons == {"pan:unique": 2}
    assert lead(1).data["pan"] == "YYYYY9999Y"
    assert {name: result[name] for name in ("accepted", "updated", "rejected", "duplicate", "reasons")} == {
        "accepted": 1,
        "updated": 1,
        "rejected": 2,
        "duplicate": 0,
        "reasons": intake.reasons,
    }


@pytest.mark.parametrize("mode", ["skip", "update", "create"])
def test_a_dry_run_says_what_a_load_does(operations: Actor, mode: str) -> None:
    load(operations, csv_of(person(1), person(2)))
    content = csv_of(
        person(1), person(3), person(3), person(1), person(2, pan="no"), person(4), person(2), person(2)
    )

    result = rehearse(operations, receive(operations, content, on_duplicate=mode))
    intake = load(operations, content, on_duplicate=mode)

    names = ("data_rows", "accepted", "updated", "rejected", "duplicate", "reasons")
    assert {name: result[name] for name in names} == {name: getattr(intake, name) for name in names}


def test_create_makes_another_lead_and_the_first_keeps_the_key(operations: Actor) -> None:
    first = load(operations, csv_of(person(1)))

    intake = load(operations, csv_of(person(1), person(2), person(2)), on_duplicate="create")

    assert counted(intake) == (3, 0, 0, 0)
    assert Lead.objects.filter(phone=e164(1)).count() == 2
    holder = DuplicateKey.objects.get(key=f"match:phone:{e164(1)}").lead
    assert holder.intake_id == first.pk
    # Who was made in that mode is recognised afterwards.
    assert counted(load(operations, csv_of(person(2, full_name="Later")))) == (0, 0, 0, 1)


def test_a_line_that_creates_can_be_loaded_into_by_skipping(operations: Actor) -> None:
    update_line(actor=operations, line=loan_line(), on_duplicate="create")
    load(operations, csv_of(person(1)))

    assert counted(load(operations, csv_of(person(1), person(2)), on_duplicate="skip")) == (1, 0, 0, 1)


def test_a_field_that_matches_is_not_also_unique(operations: Actor) -> None:
    make_unique(operations, "mobile")
    load(operations, csv_of(person(1)))

    assert counted(load(operations, csv_of(person(1), person(2)))) == (1, 0, 0, 1)


def test_repeat_enquiries_are_counted_and_taken_back(operations: Actor) -> None:
    load(operations, csv_of(person(1), person(2)))
    before = state_of_leads()

    intake = load(
        operations, csv_of(person(1), person(1, pan="x"), person(1), person(2), person(3), person(3))
    )

    assert (lead(1).repeat_enquiries, lead(2).repeat_enquiries, lead(3).repeat_enquiries) == (2, 1, 1)
    assert counted(intake) == (1, 0, 1, 4)
    roll_back(operations, intake)
    assert state_of_leads() == before


class TestRollback:
    """A rollback restores before-images, and lists what was edited since."""

    def test_values_index_rows_and_keys_are_as_before(self, operations: Actor) -> None:
        load(operations, csv_of(*(person(number) for number in range(5))))
        before = state_of_leads()
        intake = load(
            operations,
            csv_of(
                *(
                    person(number, city="Chennai", monthly_income="99,000", full_name=f"Renamed {number}")
                    for number in range(6)
                )
            ),
            **UPDATE,
        )
        assert counted(intake) == (6, 5, 0, 0)

        report = roll_back(operations, intake)

        assert report == {"withdrawn": 1, "restored": 5, "kept_edited": []}
        assert state_of_leads() == before

    def test_what_was_edited_since_is_kept_and_named(self, operations: Actor) -> None:
        load(operations, csv_of(person(1), person(2)))
        intake = load(
            operations,
            csv_of(person(1, city="Delhi"), person(2, city="Delhi"), person(3), person(4)),
            **UPDATE,
        )
        update_lead(actor=operations, reference=lead(1).reference, values={"employer": "Edited Mills"})
        assign_lead(actor=operations, reference=lead(3).reference, owner=operations.membership)

        report = roll_back(operations, intake)

        assert report["kept_edited"] == [lead(3).reference, lead(1).reference]
        assert (report["withdrawn"], report["restored"]) == (1, 1)
        assert (lead(1).data["city"], lead(1).data["employer"]) == ("Delhi", "Edited Mills")
        assert lead(2).data["city"] == "Pune"

    def test_an_edit_between_two_loads_of_a_correction_is_not_overwritten(self, operations: Actor) -> None:
        load(operations, csv_of(person(1, employer="One")))
        first = load(operations, csv_of(person(1, employer="Two")), **UPDATE)
        roll_back(operations, first)
        update_lead(actor=operations, reference=lead(1).reference, values={"employer": "Edited"})

        second = load(operations, csv_of(person(1, employer="Two")), **UPDATE)
        assert lead(1).data["employer"] == "Two"
        roll_back(operations, second)

        assert lead(1).data["employer"] == "Edited"

    def test_updates_by_two_imports_come_off_in_turn(self, operations: Actor) -> None:
        load(operations, csv_of(person(1, employer="One")))
        second = load(operations, csv_of(person(1, employer="Two")), **UPDATE)
        third = load(operations, csv_of(person(1, employer="Three")), **UPDATE)

        assert roll_back(operations, third)["restored"] == 1
        assert lead(1).data["employer"] == "Two"
        assert roll_back(operations, second)["restored"] == 1
        assert lead(1).data["employer"] == "One"

    def test_a_withdrawn_lead_is_left_alone(self, operations: Actor) -> None:
        load(operations, csv_of(person(1)))
        intake = load(operations, csv_of(person(1, employer="Two")), **UPDATE)
        withdraw_lead(actor=operations, reference=lead(1).reference)

        assert roll_back(operations, intake)["restored"] == 0
        assert not Lead.objects.exists()


def test_a_correction_goes_on_in_the_mode_of_its_file(operations: Actor) -> None:
    load(operations, csv_of(person(1, employer="One")))
    before = state_of_leads()
    intake = load(operations, csv_of(person(1, employer="Two", pan="bad"), person(2)), **UPDATE)
    column = intake.header.index("PAN")

    outcomes = correct_rows(actor=operations, intake_id=intake.pk, cells={2: {column: "ABCDE1234F"}})

    assert outcomes[2].result == "updated"
    assert lead(1).data["employer"] == "Two"
    assert kept_rows(intake) == {2: RowState.CORRECTED}
    assert roll_back(operations, intake) == {"withdrawn": 1, "restored": 1, "kept_edited": []}
    assert state_of_leads() == before


def test_a_leader_updates_the_leads_of_the_own_team_only(operations: Actor, actor_for: ActorFor) -> None:
    leader = actor_for(Role.TEAM_LEADER)
    agent = actor_for(Role.AGENT, manager=leader)
    load(operations, csv_of(person(1, employer="One"), person(2, employer="One")))
    assign_lead(actor=operations, reference=lead(1).reference, owner=agent.membership)

    intake = load(leader, csv_of(person(1, employer="Two"), person(2, employer="Two"), person(3)), **UPDATE)

    assert counted(intake) == (2, 1, 0, 1)
    assert (lead(1).data["employer"], lead(2).data["employer"]) == ("Two", "One")
    assert lead(3).owner == leader.membership
    assert phone(3) in lead(3).phone
