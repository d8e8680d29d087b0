"""Leads that wait in working hours: when steps are due, and what follows when the calendar changes meanwhile."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Holiday, WorkingHours
from accounts.services.absences import enter_absence
from accounts.services.calendar import drop_holiday, drop_working_hours, name_holiday, set_working_hours
from core.configuration import export_document, import_document
from core.jobs import run_job_inline
from core.models import UNFINISHED, Job
from core.scope import organization_scope
from core.services.organizations import change_organization
from leads.due_times import after_minutes
from leads.models import StallClock, StallGives, StallRule, StallStepKind, StallTrigger
from leads.services.leads import assign_lead
from leads.services.merging import merge_leads, undo_merge
from leads.services.notes import write_note
from leads.services.stalling import update_stall_rule
from leads.services.stalling.escalating import escalate
from leads.services.stalling.ready import ReadyStallRule
from tests.accounts.calendar.test_working_time import PATIENT, calendars, moments
from tests.leads.stalling.conftest import HOUR, Floor, make_floor, number
from tests.leads.stalling.test_doors import typed

OFFICE = [[["09:30", "13:00"], ["14:00", "18:30"]]] * 5 + [[], []]
KOLKATA = ZoneInfo("Asia/Kolkata")
NOTHING: frozenset[str] = frozenset()


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=KOLKATA)


def due(lead):
    return StallClock.objects.get(lead=lead).due_at


def renew():
    """Run what the change of rules or calendar asked for; return of how many leads clocks were changed."""
    return [
        run_job_inline(job).result["changed"]
        for job in Job.objects.filter(kind="leads.renew_clocks", state__in=UNFINISHED)
    ]


@pytest.fixture
def office(db: None, time_machine: Any) -> Iterator[Floor]:
    """A floor that works from Monday to Friday; it is Friday, 27 November 2026, an hour before its end."""
    time_machine.move_to(at("2026-11-27T17:30"), tick=False)
    made = make_floor()
    with organization_scope(made.organization):
        set_working_hours(actor=made.operations, week=OFFICE)
        yield made


@PATIENT
@given(calendars(), moments, st.lists(st.integers(1, 5 * 24 * HOUR), min_size=1, max_size=3))
def test_the_working_time_until_a_step_is_what_the_rule_says(calendar, moment, plan):
    steps = tuple(zip(StallStepKind, plan, strict=False))
    rule = ReadyStallRule(
        1, "", StallTrigger.NO_ACTIVITY, NOTHING, NOTHING, steps, StallGives.NOBODY, calendar
    )
    since = moment
    for step, minutes in enumerate(plan):
        found = rule.due(step, since)
        assert found == after_minutes(since, minutes, calendar)
        if found is None:
            assert not any(calendar.week)
            return
        assert calendar.working_between(since, found) == dt.timedelta(minutes=minutes)
        assert found - since >= dt.timedelta(minutes=minutes)
        since = found
    assert rule.due(len(plan), since) is None
    assert calendar.working_between(moment, since) == dt.timedelta(minutes=sum(plan))


def test_nights_weekends_and_holidays_do_not_count(office):
    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak")
    office.rule(owner_after=2 * HOUR, leader_after=4 * HOUR)
    lead = office.lead()
    assert due(lead) == at("2026-12-01T10:30")
    for moment, taken in (
        ("2026-12-01T10:29", 0),
        ("2026-12-01T10:31", 1),
        ("2026-12-01T15:30", 0),
        ("2026-12-01T15:31", 1),
        ("2026-12-31T12:00", 0),
    ):
        assert escalate(office.organization, now=at(moment)) == taken, moment
    assert office.steps() == [("owner", number(office.agent)), ("leader", number(office.leader))]


def test_new_rules_count_working_time_unless_they_say_so(office):
    assert office.rule().in_working_hours
    clock = office.rule(
        "By the clock", statuses=["new"], owner_after=2 * HOUR, position=0, in_working_hours=False
    )
    lead = office.lead()
    assert due(lead) == at("2026-11-27T19:30")
    update_stall_rule(actor=office.operations, rule=clock, in_working_hours=True)
    assert renew() == [1] and due(lead) == at("2026-11-30T10:30")
    update_stall_rule(actor=office.operations, rule=clock, in_working_hours=False)
    assert renew() == [1] and due(lead) == at("2026-11-27T19:30")


def test_without_hours_everybody_works_at_all_times(office):
    drop_working_hours(actor=office.operations, row=WorkingHours.objects.get())
    office.rule(owner_after=48 * HOUR)
    assert due(office.lead()) == at("2026-11-29T17:30")


def test_a_holiday_entered_later_moves_what_is_due_then_for_every_step(office, time_machine):
    office.rule(owner_after=2 * HOUR, leader_after=4 * HOUR)
    told, waiting = office.lead(), office.lead(by=office.second)
    assert escalate(office.organization, now=at("2026-11-30T10:30")) == 2
    time_machine.move_to(at("2026-11-30T11:00"), tick=False)
    write_note(actor=office.second, reference=waiting.reference, text="Rang.")
    assert (due(told), due(waiting)) == (at("2026-11-30T15:30"), at("2026-11-30T13:00"))

    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak")
    assert renew() == [2]
    assert (due(told), due(waiting)) == (at("2026-12-01T14:30"), at("2026-12-01T11:30"))
    assert [kind for kind, _whom in office.steps()] == ["owner", "owner"], "What was told stays told."
    clock = StallClock.objects.get(lead=told)
    assert (clock.step, clock.stalled_at) == (1, at("2026-11-30T10:30"))

    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak Jayanti")
    assert renew() == [], "Another name is no other day."
    drop_holiday(actor=office.operations, row=Holiday.objects.get())
    assert renew() == [2]
    assert (due(told), due(waiting)) == (at("2026-11-30T15:30"), at("2026-11-30T13:00"))


def test_a_step_that_is_new_is_waited_for_since_then_whatever_is_entered_later(office, time_machine):
    rule = office.rule(owner_after=2 * HOUR, leader_after=None)
    lead = office.lead()
    escalate(office.organization, now=at("2026-11-30T10:30"))
    assert due(lead) is None
    time_machine.move_to(at("2026-12-08T17:30"), tick=False)
    update_stall_rule(actor=office.operations, rule=rule, leader_after=2 * HOUR)
    assert renew() == [1] and due(lead) == at("2026-12-09T10:30")
    name_holiday(actor=office.operations, day=dt.date(2026, 12, 9), name="Election")
    assert renew() == [1] and due(lead) == at("2026-12-10T10:30")


def test_a_merge_that_is_undone_brings_back_clocks_that_know_the_holiday(office):
    office.rule(owner_after=2 * HOUR)
    keep, lose = office.lead(), office.lead()
    merge = merge_leads(actor=office.operations, keep=keep.reference, lose=lose.reference).merge
    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak")
    undo_merge(actor=office.operations, keep=keep.reference, merge_id=merge.pk)
    assert {due(keep), due(lose)} == {at("2026-12-01T10:30")}


def test_other_hours_and_other_clocks_move_it_too(office):
    office.rule(owner_after=2 * HOUR)
    lead = office.lead()
    set_working_hours(actor=office.operations, week=[[["10:00", "18:00"]]] * 7)
    assert renew() == [1] and due(lead) == at("2026-11-28T11:30")
    change_organization(organization=office.organization, timezone="UTC")
    assert renew() == [1] and due(lead) == dt.datetime(2026, 11, 27, 14, tzinfo=dt.UTC)
    drop_working_hours(actor=office.operations, row=WorkingHours.objects.get())
    assert renew() == [0] and due(lead) == at("2026-11-27T19:30")


def test_who_writes_before_the_job_has_run_counts_by_the_new_calendar(office):
    office.rule(owner_after=2 * HOUR)
    assert due(office.lead()) == at("2026-11-30T10:30")
    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak")
    lead = office.lead()
    assert due(lead) == at("2026-12-01T10:30")
    with CaptureQueriesContext(connection) as asked:
        office.lead()
    assert not [each for each in asked.captured_queries if "accounts_holiday" in each["sql"]]


def test_a_lead_waits_by_the_organisations_hours_whoever_has_it_and_is_away(office):
    office.rule(owner_after=2 * HOUR)
    lead = office.lead()
    renew()
    night = [[["00:00", "06:00"]]] * 7
    set_working_hours(actor=office.operations, week=night, membership=office.second.membership)
    day = dt.date(2026, 11, 30)
    enter_absence(actor=office.operations, membership=office.agent.membership, first_day=day, last_day=day)
    assert not Job.objects.filter(state__in=UNFINISHED).exists()
    assert due(lead) == at("2026-11-30T10:30")
    assign_lead(actor=office.operations, reference=lead.reference, owner=office.second.membership)
    assert due(lead) == at("2026-11-30T10:30")


def test_a_line_that_counts_by_the_clock_is_left_alone_by_holidays(office):
    office.rule(in_working_hours=False)
    office.rule("Off", is_active=False)
    office.lead()
    renew()
    office.line.refresh_from_db()
    token = office.line.stall_token
    name_holiday(actor=office.operations, day=dt.date(2026, 11, 30), name="Guru Nanak")
    office.line.refresh_from_db()
    assert office.line.stall_token == token and not Job.objects.filter(state__in=UNFINISHED).exists()


def test_the_console_says_hours_of_work(office, client_for):
    operations = client_for(office.operations)
    address = reverse("admin:leads_stallrule_add")
    page = operations.get(address)
    assert page.context["adminform"].form["in_working_hours"].value() is True
    refused = operations.post(address, typed(office, in_working_hours="on"))
    assert list(refused.context["adminform"].form.errors) == ["give_after"]
    assert "How long is a day of work?" in refused.content.decode()
    made = operations.post(address, typed(office, in_working_hours="on", give_after="72 h"))
    assert made.status_code == 302, made.context["adminform"].form.errors
    rule = StallRule.objects.get()
    assert rule.in_working_hours and rule.give_after == 72 * HOUR
    listed = operations.get(reverse("admin:leads_stallrule_changelist")).content.decode()
    assert (
        "owner after 48 hours of work, leader 90 minutes of work later, given away 72 hours of work" in listed
    )
    page = operations.get(reverse("admin:leads_stallrule_change", args=[rule.pk])).content.decode()
    assert 'value="72 h"' in page


def test_the_file_says_who_counts_working_time_and_an_older_file_changes_nothing(office):
    office.rule(in_working_hours=False, position=1)
    office.rule("At work", position=2)
    document = export_document(actor=office.operations, sections=["stall_rules"])
    assert [rule.get("in_working_hours") for rule in document["stall_rules"]] == [None, True]
    assert import_document(actor=office.operations, document=document).unchanged == 2
    document["stall_rules"][0]["in_working_hours"] = True
    told = import_document(actor=office.operations, document=document)
    assert told.changed == 1 and StallRule.objects.filter(in_working_hours=True).count() == 2


def test_a_file_holds_the_organisation_before_its_lines_as_who_changes_the_calendar_does(office):
    office.rule()
    document = export_document(actor=office.operations, sections=["business_lines", "stall_rules"])
    document["stall_rules"][0]["owner_after"] = 49 * HOUR
    with CaptureQueriesContext(connection) as asked:
        import_document(actor=office.operations, document=document)
    said = [each["sql"] for each in asked.captured_queries]
    locks = [sql for sql in said if "FOR UPDATE" in sql or "FOR NO KEY UPDATE" in sql]
    assert "core_organization" in locks[0] and any("leads_businessline" in sql for sql in locks)
