"""What somebody had to do goes to others: to one, to a team, by the rules; and comes back where nobody touched it."""

import datetime as dt
from collections import Counter

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.actor import Actor
from accounts.queries.memberships import subtree_ids, today
from accounts.roles import Role
from accounts.services import deactivate_member
from accounts.services.absences import enter_absence
from accounts.services.calendar import set_working_hours
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.jobs import run_job_inline
from core.models import Job
from core.scope import organization_scope
from leads.models import (
    FollowUp,
    HandedLead,
    HandOver,
    Lead,
    LeadAssignment,
    LeadStatus,
    Notification,
    WaitingLead,
)
from leads.queries.hand_overs import idle_owners, open_work
from leads.services.follow_ups import plan_follow_up
from leads.services.handing_over import asking, hand_over, moving, take_back
from leads.services.leads import update_lead
from leads.services.merging import merge_leads
from leads.services.notes import write_note
from tests.factories import make_actor
from tests.leads.assigning.conftest import make_office, number

LATER = dt.timedelta(days=2)


@pytest.fixture
def office(db):
    made = make_office()
    with organization_scope(made.operations.organization):
        yield made


@pytest.fixture
def worked(office):
    """The first agent has four open leads, one that is over, and things to do; the second a lead of their own."""
    agent, other = office.agents[:2]
    leads = [office.lead(by=agent) for _ in range(5)]
    update_lead(
        actor=agent, reference=leads[4].reference, values={}, attributes={"status": LeadStatus.CLOSED.value}
    )
    due = timezone.now() + LATER
    plan_follow_up(actor=agent, reference=leads[0].reference, what="Call", due_at=due)
    theirs = office.lead(by=other)
    plan_follow_up(
        actor=office.leader, reference=theirs.reference, what="Help", due_at=due, assignee=other.membership
    )
    FollowUp.objects.filter(lead=theirs).update(assignee=agent.membership)
    return leads, theirs


def hand(office, by=None, press="a-press", **options):
    options.setdefault("method", "person")
    return hand_over(
        actor=by or office.operations, source=office.agents[0].membership, press=press, **options
    )


def owners(leads):
    return list(
        Lead.objects.filter(pk__in=[lead.pk for lead in leads])
        .order_by("pk")
        .values_list("owner_id", flat=True)
    )


def test_what_is_open_is_counted_and_the_rules_are_named(office, worked):
    office.rule("Everywhere")
    office.rule("Others", people=office.ids[1:], position=2)
    work = open_work(office.leader, office.agents[0].membership)
    assert (work.leads, work.follow_ups, work.follow_ups_elsewhere) == (4, 1, 1)
    assert work.by_line == [(office.line.name, 4)] and [rule.name for rule in work.rules] == ["Everywhere"]
    assert [
        member.pk for member in open_work(office.operations, office.leader.membership).reports
    ] == office.ids


def test_open_leads_and_follow_ups_go_to_one_person(office, worked):
    leads, theirs = worked
    with organization_scope(office.operations.organization):
        deactivate_member(
            actor=Actor.system(office.operations.organization), membership=office.agents[0].membership
        )
    assert [(idle.member.pk, idle.leads) for idle in idle_owners(office.leader)] == [(office.ids[0], 4)]
    row = hand(office, by=office.leader, target=office.agents[2].membership)
    assert owners(leads) == [office.ids[2]] * 4 + [office.ids[0]]
    assert FollowUp.objects.get(lead=leads[0]).assignee_id == office.ids[2]
    assert FollowUp.objects.get(lead=theirs).assignee_id == office.ids[1]
    assert Notification.objects.filter(recipient=office.ids[2], actor=office.leader.membership).count() == 4
    history = Lead.history.filter(id=leads[0].pk).first()
    assert (history.history_change_reason, history.history_user_id) == (
        "handed over from Agent 0", office.leader.user.pk
    )  # fmt: skip
    assert Job.objects.get(pk=row.job_id).result == {"given": 4, "waiting": 0, "kept": 0}
    # The same press again is the same hand-over.
    assert hand(office, by=office.leader, target=office.agents[2].membership).pk == row.pk
    assert HandOver.objects.count() == 1 and not idle_owners(office.leader)


def test_evenly_over_the_team_without_who_is_away(office, worked):
    leads, _theirs = worked
    day = today(office.operations.organization)
    make_actor(office.operations.organization, Role.AGENT, name="Agent 3", manager=office.leader)
    enter_absence(
        actor=office.operations, membership=office.agents[1].membership, first_day=day, last_day=day + LATER
    )
    hand(office, method="team", target=office.leader.membership)
    counted = Counter(owners(leads[:4]))
    assert set(counted.values()) == {2} and office.ids[1] not in counted and office.ids[0] not in counted


def test_by_the_rules_as_if_the_person_were_in_none(office, worked):
    leads, _theirs = worked
    update_lead(actor=office.operations, reference=leads[0].reference, values={"town": "Goa"})
    office.rule(condition={"field": "town", "op": "ne", "value": "Goa"}, people=office.ids[:2])
    Lead.objects.filter(pk=leads[1].pk).update(data={**leads[1].data, "town": "Pune"})
    for lead in leads[2:4]:
        update_lead(actor=office.operations, reference=lead.reference, values={"town": "Pune"})
    row = hand(office, method="rules")
    assert owners(leads[:4]) == [office.ids[0], *[office.ids[1]] * 3]
    assert LeadAssignment.objects.filter(owner_id=office.ids[1]).count() == 3
    assert Job.objects.get(pk=row.job_id).result == {"given": 3, "waiting": 0, "kept": 1}
    hand(office, press="another", method="rules", target=office.agents[2].membership)
    assert owners(leads[:1]) == [office.ids[2]]
    with pytest.raises(ValidationFailed) as refused:
        hand(office, by=office.leader, press="third", method="rules")
    assert list(refused.value.fields) == ["method"]


def test_by_the_rules_some_wait_for_people_at_work(office, worked):
    leads, _theirs = worked
    set_working_hours(actor=office.operations, week=[[["09:30", "18:30"]]] * 5 + [[], []])
    office.rule(people=office.ids[1:], only_at_work=True)
    with time_machine.travel(dt.datetime(2026, 11, 29, 6, tzinfo=dt.UTC)):
        row = hand(office, method="rules")
        assert owners(leads[:4]) == [None] * 4 and WaitingLead.objects.count() == 4
        take_back(actor=office.operations, hand_over_id=row.pk)
    assert owners(leads[:4]) == [office.ids[0]] * 4 and not WaitingLead.objects.exists()
    assert FollowUp.objects.get(lead=leads[0]).assignee_id == office.ids[0]


def test_a_lead_that_waited_when_it_was_merged_with_one_of_the_person_waits_anew(office):
    set_working_hours(actor=office.operations, week=[[["09:30", "18:30"]]] * 5 + [[], []])
    office.rule(people=office.ids[1:], only_at_work=True)
    with time_machine.travel(dt.datetime(2026, 11, 29, 6, tzinfo=dt.UTC)):
        waits, theirs = office.lead(), office.lead(by=office.agents[0])
        merge_leads(
            actor=office.operations, keep=waits.reference, lose=theirs.reference, choices={"owner": "lose"}
        )
        row = hand(office, method="rules")
    assert Job.objects.get(pk=row.job_id).result == {"given": 0, "waiting": 1, "kept": 0}
    assert WaitingLead.objects.get().lead_id == waits.pk


def test_untouched_leads_come_back_for_some_days_once(office, worked):
    leads, _theirs = worked
    row = hand(office, target=office.agents[2].membership)
    update_lead(actor=office.agents[2], reference=leads[1].reference, values={"town": "Goa"})
    write_note(actor=office.agents[2], reference=leads[2].reference, text="Spoke to her.")
    with pytest.raises(Conflict) as late, time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        take_back(actor=office.operations, hand_over_id=row.pk)
    assert late.value.code == "too_late"
    with pytest.raises(NotVisible):
        take_back(actor=make_leader(office), hand_over_id=row.pk)
    take_back(actor=office.operations, hand_over_id=row.pk)
    assert owners(leads[:4]) == [office.ids[0], office.ids[2], office.ids[2], office.ids[0]]
    assert FollowUp.objects.get(lead=leads[0]).assignee_id == office.ids[0]
    with pytest.raises(Conflict):
        take_back(actor=office.operations, hand_over_id=row.pk)


def make_leader(office):
    return make_actor(office.operations.organization, Role.TEAM_LEADER, name="Other leader")


def test_reports_go_to_another_manager_where_an_administrator_says_so(office):
    admin = make_actor(office.operations.organization, Role.ADMIN)
    new = make_leader(office)
    options = {"source": office.leader.membership, "method": "person", "target": new.membership}
    with pytest.raises(NotPermitted):
        hand_over(actor=office.operations, press="a-press", manager=new.membership, **options)
    hand_over(actor=admin, press="b-press", manager=new.membership, **options)
    assert set(subtree_ids(new.membership)) == {number(new), *office.ids}


def test_who_may_hand_over_what_to_whom(office, worked):
    stranger = make_leader(office)
    with pytest.raises(NotPermitted):
        hand(office, by=office.agents[1], target=office.agents[1].membership)
    for target in (stranger.membership, office.agents[0].membership):
        with pytest.raises(ValidationFailed) as refused:
            hand(office, by=office.leader, target=target)
        assert list(refused.value.fields) == ["target"]
    # Asked for by its number, somebody of another team has no leads that one could give.
    hand(office, by=stranger, target=stranger.membership)
    assert not HandedLead.objects.exists()
    with pytest.raises(ValidationFailed):
        hand(office, method="team", target=office.agents[1].membership)


def test_a_worker_that_is_lost_between_batches_loses_and_repeats_nothing(office, worked, monkeypatch):
    leads, _theirs = worked
    monkeypatch.setattr(moving, "BATCH", 1)
    monkeypatch.setattr(asking, "AT_ONCE", 0)
    row = hand(office, method="team", target=office.leader.membership)
    job = Job.objects.get(pk=row.job_id)
    assert job.state == "queued" and owners(leads[:4]) == [office.ids[0]] * 4
    gave, write_down = [], moving._write_down

    def dies(*arguments):
        write_down(*arguments)
        gave.append(1)
        if len(gave) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(moving, "_write_down", dies)
    with pytest.raises(KeyboardInterrupt):
        run_job_inline(job)
    assert HandedLead.objects.count() == 2
    Job.objects.filter(pk=job.pk).update(state="queued", lease_until=None, cancel_requested=False)
    job.refresh_from_db()
    run_job_inline(job)
    assert HandedLead.objects.count() == 4 and Job.objects.get(pk=job.pk).result["given"] == 4
    assert sorted(Counter(owners(leads[:4])).values()) == [2, 2]


def test_the_pages_preview_hand_over_and_take_back(office, worked, client_for):
    leads, _theirs = worked
    leader = client_for(office.leader)
    index = leader.get(reverse("leads:hand_overs"))
    assert index.status_code == 200
    chosen = leader.get(reverse("leads:hand_overs"), {"person": office.ids[0]})
    address = reverse("leads:hand_over", args=[office.ids[0]])
    assert chosen.status_code == 302 and chosen.url == address
    assert leader.post(address, {"method": "person", "target": ""}).status_code == 422
    typed = {"method": "team", "target": number(office.leader)}
    shown = leader.post(address, typed)
    assert shown.status_code == 200 and "4 open leads go" in shown.content.decode()
    assert "Agent 1" in shown.content.decode() and owners(leads[:4]) == [office.ids[0]] * 4
    typed |= {"confirmed": "yes", "press": shown.context["press"]}
    done = leader.post(address, typed)
    again = leader.post(address, typed)
    assert done.status_code == 302 and again.url == done.url
    page = leader.get(done.url).content.decode()
    assert "4 handed over" in page and "Take back" in page
    row = HandOver.objects.get()
    assert leader.post(reverse("leads:hand_over_take_back", args=[row.pk])).status_code == 302
    assert "4 given back" in leader.get(done.url).content.decode()
    rules = client_for(office.operations).post(address, {"method": "rules", "target": ""}).content.decode()
    assert "No rule fits" in rules
    stranger = client_for(make_leader(office))
    assert stranger.get(address).status_code == 404 and stranger.get(done.url).status_code == 404
    assert client_for(office.agents[1]).get(address).status_code == 403


def test_who_ends_an_access_is_told_what_is_left_open(office, worked, client_for):
    office.rule("Everywhere")
    admin = make_actor(office.operations.organization, Role.ADMIN)
    client = client_for(admin)
    address = reverse("admin:accounts_membership_end_access", args=[office.ids[0]])
    page = client.get(address).content.decode()
    assert "4 open leads" in page and "2 open follow-ups" in page and "“Everywhere”" in page
    assert reverse("leads:hand_over", args=[office.ids[0]]) in page
    told = client.patch(f"/api/v1/users/{office.ids[0]}", {"is_active": False}, "application/json").json()
    assert [end["text"] for end in told["left_open"]][:2] == ["4 open leads", "2 open follow-ups"]
    again = client.patch(f"/api/v1/users/{office.ids[0]}", {"is_active": True}, "application/json").json()
    assert "left_open" not in again
    for agent in office.agents:
        with organization_scope(office.operations.organization):
            deactivate_member(actor=admin, membership=agent.membership)
    queues = {str(queue.title): queue for queue in client.get("/console/").context["queues"]}
    assert [item.title for item in queues["Assignment rules without anybody"].items] == ["Everywhere"]
    assert queues["Open leads of people who left"].count == 2
