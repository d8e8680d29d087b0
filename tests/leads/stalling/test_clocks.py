"""When leads stall, what happens then, and what makes them go on."""

import pytest
from django.utils import timezone

from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.integrity import run_checks
from core.jobs import run_job_inline
from core.models import UNFINISHED, Job
from core.scope import organization_scope
from leads.models import Lead, StallClock, StallStep
from leads.queries.history import lead_timeline
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from leads.queries.leads import get_lead
from leads.queries.stalling import stalled_since
from leads.queries.today import read_today
from leads.services.assigning import create_assignment_rule
from leads.services.attachments import attach_file
from leads.services.bulk import Change, change_many_leads
from leads.services.engagements import start_engagement, tell_outcome
from leads.services.follow_ups import change_follow_up, plan_follow_up
from leads.services.leads import assign_lead, restore_lead, update_lead, withdraw_lead
from leads.services.notes import write_note
from leads.services.stalling import create_stall_rule, update_stall_rule
from leads.services.stalling.escalating import escalate_everywhere
from tests.factories import make_actor, make_organization
from tests.leads.stalling.conftest import number


def clock_of(lead):
    return StallClock.objects.filter(lead=lead).first()


def update(floor, lead, **attributes):
    return update_lead(actor=floor.operations, reference=lead.reference, values={}, attributes=attributes)


def test_owner_then_leader_each_once(floor):
    floor.rule()
    lead = floor.lead()
    assert floor.after(hours=47) == 0
    assert floor.after(hours=1, minutes=1) == 1
    assert floor.after() == 0
    assert floor.steps() == [("owner", number(floor.agent))]
    assert floor.after(hours=3) == 0 and floor.after(hours=1, minutes=1) == 1
    assert floor.after(hours=1_000) == 0
    assert floor.steps() == [("owner", number(floor.agent)), ("leader", number(floor.leader))]
    assert floor.told() == [number(floor.agent), number(floor.leader)]
    told = lead_timeline(floor.agent, get_lead(floor.agent, lead.reference)).entries
    assert [entry.kind for entry in told] == ["stalled", "stalled", "created"]
    assert told[0].text == "found the lead stalled, by the rule “Silent”"
    assert (told[0].changes[0].label, told[0].changes[0].new) == ("Told the leader", "Leela Nair")


ACTIVITIES = {
    "an edit": lambda floor, lead: update(floor, lead, stage="contacted"),
    "a note": lambda floor, lead: write_note(actor=floor.agent, reference=lead.reference, text="Rang twice."),
    "a call": lambda floor, lead: start_engagement(
        actor=floor.agent, reference=lead.reference, channel="call"
    ),
    "a plan": lambda floor, lead: plan_follow_up(
        actor=floor.agent, reference=lead.reference, what="Call", due_at=timezone.now()
    ),
    "a paper": lambda floor, lead: attach_file(
        actor=floor.agent, reference=lead.reference, kind="quote", filename="a.txt", chunks=[b"A quote."]
    ),
    "a new owner": lambda floor, lead: assign_lead(
        actor=floor.operations, reference=lead.reference, owner=floor.second.membership
    ),
    "a change of many": lambda floor, lead: change_many_leads(
        actor=floor.operations,
        query=LeadListQuery(floor.line),
        change=Change("stage", "qualified"),
        press="x",
        as_of=timezone.now(),
    ),
}


@pytest.mark.parametrize("name", ACTIVITIES)
def test_activity_begins_the_time_again(floor, name):
    floor.rule()
    lead = floor.lead()
    floor.after(hours=49)
    assert clock_of(lead).stalled_at is not None
    ACTIVITIES[name](floor, lead)
    clock = clock_of(lead)
    assert (clock.step, clock.stalled_at) == (0, None)
    assert floor.after(hours=47) == 0 and floor.after(hours=1, minutes=1) == 1
    assert [kind for kind, _whom in floor.steps()] == ["owner", "owner"]


def test_a_follow_up_done_and_an_outcome_told_are_activity(floor):
    lead = floor.lead()
    made = plan_follow_up(actor=floor.agent, reference=lead.reference, what="Call", due_at=timezone.now())
    called = start_engagement(actor=floor.agent, reference=lead.reference, channel="call").engagement
    floor.rule()
    run_job_inline(Job.objects.get(kind="leads.renew_clocks"))
    for done in (
        lambda: change_follow_up(
            actor=floor.agent, reference=lead.reference, follow_up_id=made.pk, changes={"done": True}
        ),
        lambda: tell_outcome(
            actor=floor.agent, reference=lead.reference, engagement_id=called.pk, outcome="reached"
        ),
    ):
        floor.after(hours=49)
        assert clock_of(lead).stalled_at is not None
        done()
        assert clock_of(lead).stalled_at is None


def test_who_waits_to_be_contacted_waits_for_a_call_alone(floor):
    floor.rule("Uncalled", position=1, trigger="not_contacted", owner_after=30, leader_after=None)
    floor.rule("Silent", position=2)
    lead = floor.lead()
    floor.after(minutes=20)
    write_note(actor=floor.agent, reference=lead.reference, text="Looks good.")
    assert floor.after(minutes=11) == 1
    update(floor, lead, stage="contacted")
    assert clock_of(lead).stalled_at is not None
    start_engagement(actor=floor.agent, reference=lead.reference, channel="call")
    clock = clock_of(lead)
    assert (clock.rule.name, clock.stalled_at) == ("Silent", None)


def test_the_first_rule_that_fits_counts_and_closed_leads_wait_for_nothing(floor):
    floor.rule("Qualified", position=1, stages=["qualified"], owner_after=60)
    floor.rule("Silent", position=2)
    lead = floor.lead()
    assert clock_of(lead).rule.name == "Silent"
    update(floor, lead, stage="qualified")
    assert clock_of(lead).rule.name == "Qualified"
    update(floor, lead, status="rejected")
    assert clock_of(lead) is None
    update(floor, lead, status="in_progress")
    assert clock_of(lead).rule.name == "Qualified"
    withdraw_lead(actor=floor.operations, reference=lead.reference)
    assert not StallClock.objects.exists()
    restore_lead(actor=floor.operations, reference=lead.reference)
    assert clock_of(lead).rule.name == "Qualified"
    assert not run_checks([floor.organization])["leads.references"].breaks


def test_a_lead_is_given_by_the_assignment_rules_and_its_time_begins_again(floor):
    rule = floor.rule(leader_after=None, gives_to="rules", give_after=60)
    lead = floor.lead()
    floor.after(hours=49)
    assert floor.after(hours=2) == 1
    assert floor.steps()[-1] == ("given", None), "No rule gives it to anybody: it stays."
    create_assignment_rule(
        actor=floor.operations, line=floor.line, name="Second", people=[number(floor.second)]
    )
    write_note(actor=floor.agent, reference=lead.reference, text="Rang.")
    floor.after(hours=49)
    assert floor.after(hours=2) == 1
    assert floor.steps()[-1] == ("given", number(floor.second))
    given, clock = Lead.objects.get(pk=lead.pk), clock_of(lead)
    assert (given.owner_id, clock.step, clock.stalled_at) == (number(floor.second), 0, None)
    update_stall_rule(actor=floor.operations, rule=rule, gives_to="leader")
    floor.after(hours=49)
    floor.after(hours=2)
    assert Lead.objects.get(pk=lead.pk).owner_id == number(floor.leader)


def test_a_new_rule_finds_no_old_lead_stalled_at_once_and_a_changed_one_keeps_who_waits(floor):
    lead, closed = floor.lead(), floor.lead()
    update(floor, closed, status="closed")
    rule = floor.rule()
    assert not StallClock.objects.exists()
    assert run_job_inline(Job.objects.get(kind="leads.renew_clocks")).result == {"leads": 2, "changed": 1}
    assert floor.after(hours=24) == 0
    since = clock_of(lead).since
    update_stall_rule(actor=floor.operations, rule=rule, owner_after=23 * 60)
    run_job_inline(Job.objects.get(kind="leads.renew_clocks", state__in=UNFINISHED))
    assert clock_of(lead).since == since and floor.after() == 1
    update_stall_rule(actor=floor.operations, rule=rule, is_active=False)
    assert floor.after(hours=100) == 1, "The clock of a rule that is gone is removed."
    run_job_inline(Job.objects.get(kind="leads.renew_clocks", state__in=UNFINISHED))
    assert not StallClock.objects.exists() and len(floor.steps()) == 1


def test_a_line_without_rules_is_not_looked_at(floor, django_assert_num_queries):
    floor.lead()
    with organization_scope(floor.organization), django_assert_num_queries(1):
        escalate_everywhere()


def test_stalled_leads_are_listed_marked_and_stand_in_today(floor):
    floor.rule()
    stalled, fresh = floor.lead(), floor.lead(by=floor.second)
    floor.after(hours=47)
    write_note(actor=floor.second, reference=fresh.reference, text="Rang.")
    floor.after(hours=2)
    line = floor.line
    line.refresh_from_db()
    for wanted, found in (("true", [stalled.pk]), ("false", [fresh.pk])):
        catalog = Catalog(floor.operations, line)
        query = LeadListQuery(line, conditions=parse_filters(catalog, {"stalled": wanted}))
        page = list_leads(floor.operations, query, catalog)
        assert [lead.pk for lead in page.rows] == found and not page.slow_notes
    rows = list_leads(floor.operations, LeadListQuery(line)).rows
    assert {lead.pk: stalled_since(lead) is not None for lead in rows} == {stalled.pk: True, fresh.pk: False}
    for actor, total in ((floor.agent, 1), (floor.second, 0), (floor.leader, 1), (floor.operations, 0)):
        assert read_today(actor).stalled.total == total


def test_everything_wrong_with_a_rule_is_told_by_setting(floor):
    wrong = {
        "trigger": "sloth",
        "statuses": ["asleep"],
        "stages": ["nowhere"],
        "owner_after": 0,
        "give_after": 5,
    }
    with pytest.raises(ValidationFailed) as refused:
        floor.rule(" ", **wrong)
    assert set(refused.value.fields) == {"name", "trigger", "statuses", "stages", "owner_after", "give_after"}
    with pytest.raises(NotPermitted):
        create_stall_rule(actor=floor.leader, line=floor.line, name="Mine", owner_after=5)


def test_another_organisation_sees_and_changes_none_of_it(floor):
    rule = floor.rule()
    other = make_organization()
    stranger = make_actor(other, "admin")
    with organization_scope(other), pytest.raises(NotVisible):
        update_stall_rule(actor=stranger, rule=rule, owner_after=5)
    assert not StallStep.objects.exists()
