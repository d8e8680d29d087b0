"""People who are away, not at work, or have enough for a day; and leads that wait for them."""

import datetime as dt
from collections import Counter

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import WorkingHours
from accounts.queries.memberships import today
from accounts.services.absences import enter_absence
from accounts.services.calendar import name_holiday, set_working_hours
from core.errors import Conflict, ValidationFailed
from core.jobs import run_job_inline
from core.models import Job
from core.services.intakes import load_intake, receive_file
from leads.models import AssignmentTally, AssignmentTurn, Lead, LeadAssignment, Notification, WaitingLead
from leads.queries.assignments import why_assigned, why_waiting
from leads.queries.lead_list import LeadListQuery
from leads.services.assigning import assign_by_rule, give_waiting_leads, update_assignment_rule, waiting
from leads.services.assigning.limits import drop_limit, set_limit
from leads.services.batches import NewEnquiry, create_leads
from leads.services.bulk import Change, change_many_leads
from leads.services.handing_over import hand_over
from leads.services.leads import assign_lead
from leads.services.merging import merge_leads
from leads.services.undoing import undo_bulk_change
from tests.leads.assigning.conftest import number

OFFICE = [[["09:30", "18:30"]]] * 5 + [[], []]
# In Kolkata, where the office is: 09:30 is 04:00 in UTC.
FRIDAY_NOON = dt.datetime(2026, 11, 27, 6, 30, tzinfo=dt.UTC)
FRIDAY_NIGHT = dt.datetime(2026, 11, 27, 17, 0, tzinfo=dt.UTC)
MONDAY_MORNING = dt.datetime(2026, 11, 30, 4, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(FRIDAY_NOON, tick=False) as traveller:
        yield traveller


def away(office, agent, first=0, last=0):
    day = today(office.operations.organization)
    return enter_absence(
        actor=office.operations,
        membership=agent.membership,
        first_day=day + first * DAY,
        last_day=day + last * DAY,
    )


def give(office):
    return give_waiting_leads(office.operations.organization)


@pytest.mark.parametrize("method", ["round_robin", "weighted", "least_loaded", "first"])
def test_who_is_away_is_passed_over_by_every_method(office, method):
    office.rule(method=method)
    away(office, office.agents[0])
    away(office, office.agents[1], 1, 3)
    leads = [office.lead() for _ in range(4)]
    owners = {lead.owner_id for lead in leads}
    assert owners == ({office.ids[1]} if method == "first" else set(office.ids[1:]))
    why = why_assigned(leads[-1])
    assert why is not None and why.reason.endswith("1 more was away.")


def test_an_import_passes_over_who_is_away(office):
    office.rule()
    away(office, office.agents[1])
    rows = "".join(f"Asha {n},98451{n:05}\n" for n in range(60))
    file = receive_file(
        actor=office.operations, importer="leads", target=office.line.code, filename="leads.csv",
        chunks=[f"Full name,Mobile\n{rows}".encode()],
    )  # fmt: skip
    run_job_inline(load_intake(actor=office.operations, intake_id=file.pk, inline=True))
    counted = Counter(Lead.objects.values_list("owner_id", flat=True))
    assert counted == {office.ids[0]: 30, office.ids[2]: 30}


def test_where_all_are_away_the_next_rule_decides(office):
    office.rule("First", people=office.ids[:1], position=1)
    office.rule("Then", people=office.ids[1:2], position=2)
    away(office, office.agents[0])
    assert office.lead().owner_id == office.ids[1]


def test_queries_do_not_grow_with_people(office, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    set_working_hours(actor=office.operations, week=[[["00:00", "24:00"]]] * 7)
    rule = office.rule(people=office.ids[:1], only_at_work=True, daily_cap=50)
    office.lead()
    with CaptureQueriesContext(
        connection,
    ) as few:
        office.lead()
    away(office, office.agents[2])
    update_assignment_rule(actor=office.operations, rule=rule, people=office.ids)
    with CaptureQueriesContext(connection) as many:
        office.lead()
    assert len(many) == len(few)


def test_a_lead_waits_for_working_hours_and_says_until_when(office, clock):
    set_working_hours(actor=office.operations, week=OFFICE)
    set_working_hours(
        actor=office.operations, week=[[["00:00", "24:00"]]] * 7, membership=office.leader.membership
    )
    office.rule(only_at_work=True)
    assert office.lead().owner_id == office.ids[0]
    clock.move_to(FRIDAY_NIGHT)
    leads = [office.lead() for _ in range(5)]
    assert {lead.owner_id for lead in leads} == {None}
    why = why_waiting(leads[0])
    assert why is not None
    assert why.reason == "Rule “Everywhere”: nobody is at work. It waits until Monday, 30 Nov, 09:30."
    with pytest.raises(Conflict) as waits:
        assign_by_rule(actor=office.operations, reference=leads[0].reference)
    assert waits.value.code == "rule_waits"
    assert give(office) == 0
    clock.move_to(MONDAY_MORNING - dt.timedelta(seconds=1))
    assert give(office) == 0
    clock.move_to(MONDAY_MORNING)
    assert (give(office), give(office)) == (5, 0)
    owners = list(
        Lead.objects.filter(pk__in=[lead.pk for lead in leads])
        .order_by("pk")
        .values_list("owner_id", flat=True)
    )
    assert owners == [office.ids[1], office.ids[2], office.ids[0], office.ids[1], office.ids[2]]
    assert not WaitingLead.objects.exists()
    assert Notification.objects.filter(recipient__in=office.ids).count() == 5
    assert LeadAssignment.objects.count() == 6 and AssignmentTurn.objects.get().given == 6


def test_hours_of_ones_own_absences_and_holidays_say_when_a_lead_is_given(office, clock):
    set_working_hours(actor=office.operations, week=OFFICE)
    set_working_hours(
        actor=office.operations, week=[[["12:00", "20:00"]]] * 7, membership=office.agents[1].membership
    )
    office.rule(only_at_work=True)
    clock.move_to(FRIDAY_NIGHT)
    # Saturday noon: who works every day, but is away till Sunday; then Monday is a holiday.
    away(office, office.agents[1], 1, 2)
    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak Jayanti")
    lead = office.lead()
    assert WaitingLead.objects.get(lead=lead).until == MONDAY_MORNING + DAY
    # The hours of people change: what waits follows at the next look.
    set_working_hours(actor=office.operations, week=[[["00:00", "24:00"]]] * 7)
    assert WorkingHours.objects.count() == 2
    assert give(office) == 1


def test_a_lead_that_somebody_took_waits_no_more(office, clock):
    set_working_hours(actor=office.operations, week=OFFICE)
    office.rule(only_at_work=True)
    clock.move_to(FRIDAY_NIGHT)
    lead, other = office.lead(), office.lead()
    assign_lead(actor=office.operations, reference=lead.reference, owner=office.leader.membership)
    assert WaitingLead.objects.get().lead_id == other.pk
    Lead.objects.filter(pk=other.pk).update(owner_id=office.ids[2])
    clock.move_to(MONDAY_MORNING)
    assert give(office) == 0 and not WaitingLead.objects.exists()
    assert list(Lead.objects.order_by("pk").values_list("owner_id", flat=True)) == [
        number(office.leader), office.ids[2]
    ]  # fmt: skip


def test_a_rule_that_is_changed_gives_what_waited_for_it(office, clock):
    set_working_hours(actor=office.operations, week=OFFICE)
    rule = office.rule(only_at_work=True)
    clock.move_to(FRIDAY_NIGHT)
    lead = office.lead()
    update_assignment_rule(actor=office.operations, rule=rule, places=["pune"])
    assert give(office) == 0
    why = why_waiting(lead)
    assert why is not None and why.reason.startswith("No rule fits it any more")
    update_assignment_rule(actor=office.operations, rule=rule, places=[], only_at_work=False)
    assert give(office) == 1


def test_nobody_gets_more_than_the_cap_of_a_rule_on_a_day(office, clock):
    office.rule("First", daily_cap=2, position=1)
    leads = [office.lead() for _ in range(8)]
    assert Counter(lead.owner_id for lead in leads) == dict.fromkeys(office.ids, 2) | {None: 2}
    why = why_waiting(leads[-1])
    assert why is not None and "until Saturday, 28 Nov, 00:00" in why.reason
    last = why_assigned(leads[5])
    assert last is not None and last.reason.endswith("2 more had as many leads as they get on a day.")
    office.rule("Then", people=[number(office.leader)], position=2)
    assert give(office) == 2
    # The day ends at midnight in Kolkata, which is 18:30 in UTC.
    clock.move_to(dt.datetime(2026, 11, 27, 18, 29, tzinfo=dt.UTC))
    assert office.lead().owner_id == number(office.leader)
    clock.move_to(dt.datetime(2026, 11, 27, 18, 30, tzinfo=dt.UTC))
    assert office.lead().owner_id in office.ids
    assert sum(AssignmentTally.objects.filter(day="2026-11-27").values_list("given", flat=True)) == 9


def test_a_cap_holds_within_a_batch_of_an_import_too(office, clock):
    office.rule(daily_cap=5, method="least_loaded")
    create_leads(
        actor=office.operations, enquiries=[NewEnquiry(office.line, office.values()) for _ in range(64)]
    )
    assert Counter(Lead.objects.values_list("owner_id", flat=True)) == dict.fromkeys(office.ids, 5) | {
        None: 49
    }
    assert WaitingLead.objects.count() == 49
    clock.move_to(FRIDAY_NOON + DAY)
    assert give(office) == 15


def test_a_limit_of_a_person_counts_what_all_rules_give(office, clock):
    office.rule("Pune", places=["pune"], people=office.ids[:2], position=1)
    office.rule("Rest", people=office.ids[:2], position=2)
    limit = set_limit(actor=office.operations, membership=office.agents[0].membership, daily_cap=2)
    owners = Counter(office.lead(town="Pune" if n % 2 else "Goa").owner_id for n in range(8))
    assert owners == {office.ids[0]: 2, office.ids[1]: 6}
    drop_limit(actor=office.operations, row=limit)
    assert {office.lead().owner_id for _ in range(2)} == set(office.ids[:2])


def test_pin_codes_and_their_beginnings_are_places(office_with_pins):
    office = office_with_pins
    office.rule("Bengaluru", places=["560", "411 001", "Mysuru"], people=office.ids[:1], position=1)
    office.rule("Rest", people=office.ids[1:2], position=2)
    pins = ["560001", "560 102", "411001", "411002", "56", ""]
    owners = [office.lead(pin_code=pin).owner_id for pin in pins if pin]
    assert owners == [office.ids[place] for place in (0, 0, 0, 1, 1)]
    assert office.lead(town="mysuru", pin_code="570001").owner_id == office.ids[0]
    create_leads(
        actor=office.operations,
        enquiries=[
            NewEnquiry(office.line, office.values(pin_code=f"56{n:04}")) for n in range(0, 2_000, 100)
        ],
    )
    assert Lead.objects.filter(owner_id=office.ids[0]).count() == 4 + 10


def test_a_line_without_a_pin_field_takes_no_pin_codes(office):
    with pytest.raises(ValidationFailed) as refused:
        office.rule(places=["560001"])
    assert list(refused.value.fields) == ["pin_field"]
    with pytest.raises(ValidationFailed) as unknown:
        office.rule(pin_field="nothing")
    assert list(unknown.value.fields) == ["pin_field"]
    office.rule(places=["560001"], pin_field="town")
    with pytest.raises(ValidationFailed) as capped:
        office.rule("Capped", daily_cap=0)
    assert list(capped.value.fields) == ["daily_cap"]


def test_the_schedule_gives_what_waits():
    from config.celery import app

    app.loader.import_default_modules()
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "leads.tasks.give_waiting_leads" in planned and planned <= set(app.tasks)


def test_what_waited_waits_again_when_a_change_of_many_is_taken_back(office, clock):
    set_working_hours(actor=office.operations, week=OFFICE)
    office.rule(only_at_work=True)
    clock.move_to(FRIDAY_NIGHT)
    lead = office.lead()
    job = change_many_leads(
        actor=office.operations,
        query=LeadListQuery(office.line, references=(lead.reference,)),
        change=Change("assign", number(office.leader)),
        press="0" * 32,
        as_of=timezone.now(),
    )
    assert not WaitingLead.objects.exists()
    undo_bulk_change(actor=office.operations, job_id=job.pk)
    assert Lead.objects.get(pk=lead.pk).owner_id is None and WaitingLead.objects.get().lead_id == lead.pk
    assert give(office) == 0 and WaitingLead.objects.get().until == MONDAY_MORNING
    clock.move_to(MONDAY_MORNING)
    assert give(office) == 1 and Lead.objects.get(pk=lead.pk).owner_id in office.ids


def test_a_rule_that_is_changed_while_leads_are_given_counts_at_once(office, clock, monkeypatch):
    rule = office.rule(people=office.ids[:1], daily_cap=1)
    leads = [office.lead() for _ in range(3)]
    assert WaitingLead.objects.filter(reason="full").count() == 2
    WaitingLead.objects.update(until=FRIDAY_NOON)
    due = waiting._due

    def changed_meanwhile(*told):
        rows = due(*told)
        update_assignment_rule(actor=office.operations, rule=rule, daily_cap=5)
        return rows

    monkeypatch.setattr(waiting, "_due", changed_meanwhile)
    assert give(office) == 2
    assert {Lead.objects.get(pk=lead.pk).owner_id for lead in leads} == {office.ids[0]}


def test_a_lead_that_waited_and_was_merged_into_somebodys_may_wait_again(office, clock):
    set_working_hours(actor=office.operations, week=OFFICE)
    office.rule(people=office.ids[:2], only_at_work=True)
    clock.move_to(FRIDAY_NIGHT)
    keep, lose = office.lead(), office.lead(by=office.agents[2])
    merge_leads(actor=office.operations, keep=keep.reference, lose=lose.reference, choices={"owner": "lose"})
    made = hand_over(
        actor=office.operations, source=office.agents[2].membership, method="rules", press="0" * 32
    )
    assert Job.objects.get(pk=made.job_id).result == {"given": 0, "waiting": 1, "kept": 0}
    assert WaitingLead.objects.get().lead_id == keep.pk
