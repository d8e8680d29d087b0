"""Follow-ups: planned, done, postponed, given, handed over with their lead, and told in one order."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.roles import Role
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.due_times import default_due, next_week, tomorrow
from leads.models import FollowUp
from leads.queries.follow_ups import open_by_due, open_follow_ups
from leads.queries.history import lead_timeline
from leads.queries.notifications import list_notifications
from leads.queries.today import read_today
from leads.services.follow_ups import change_follow_up, plan_follow_up, withdraw_follow_up
from leads.services.leads import assign_lead, restore_lead, update_lead, withdraw_lead
from leads.services.notes import write_note
from tests.factories import make_actor, make_organization

KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=KOLKATA)


@pytest.fixture
def plan(house, soon):
    def make(actor=None, what="Call back", assignee=None, lead=None, **span):
        return plan_follow_up(
            actor=actor or house.agent,
            reference=(lead or house.lead).reference,
            what=what,
            due_at=soon(**(span or {"days": 1})),
            assignee=assignee.membership if assignee else None,
        )

    return make


def change(house, follow_up, actor=None, **changes):
    return change_follow_up(
        actor=actor or house.agent,
        reference=house.lead.reference,
        follow_up_id=follow_up.pk,
        changes=changes,
    )


def test_it_is_ones_own_unless_said_otherwise(house, plan):
    follow_up = plan()
    assert (follow_up.assignee, follow_up.author) == (house.agent.membership, house.agent.membership)
    assert open_follow_ups(house.lead) == [follow_up]


def test_a_leader_gives_one_to_who_works_the_lead(house, plan):
    plan(house.leader, assignee=house.agent)
    assert [row.kind for row in list_notifications(house.agent).rows] == ["follow_up"]
    for nobody in (house.other, house.auditor, house.operations):
        with pytest.raises(ValidationFailed) as refused:
            plan(house.leader, assignee=nobody)
        assert list(refused.value.fields) == ["assignee"]


def test_an_agent_gives_none_away(house, plan):
    with pytest.raises(ValidationFailed):
        plan(assignee=house.leader)


def test_a_member_of_another_organisation_is_given_none(house, plan):
    stranger = make_actor(make_organization("elsewhere"), Role.AGENT)
    with pytest.raises(ValidationFailed):
        plan(house.operations, assignee=stranger)


@pytest.mark.parametrize(("span", "code"), [({"hours": -1}, "min"), ({"days": 3_000}, "max")])
def test_it_is_due_in_a_time_to_come(house, plan, span, code):
    with pytest.raises(ValidationFailed) as refused:
        plan(**span)
    assert [problem.code for problem in refused.value.fields["due_at"]] == [code]


def test_done_once_and_reopened(house, plan):
    follow_up = plan()
    done = change(house, follow_up, done=True)
    assert (done.done_by, open_follow_ups(house.lead)) == (house.agent.membership, [])
    assert change(house, follow_up, house.leader, done=True).done_by == house.agent.membership
    assert change(house, follow_up, done=False).done_at is None
    assert [row.history_type for row in FollowUp.history.all()] == ["~", "~", "~", "+"]


def test_only_who_planned_it_withdraws_it(house, plan):
    follow_up = plan(house.leader, assignee=house.agent)
    where = {"reference": house.lead.reference, "follow_up_id": follow_up.pk}
    with pytest.raises(NotPermitted):
        withdraw_follow_up(actor=house.agent, **where)
    withdraw_follow_up(actor=house.leader, **where)
    assert open_follow_ups(house.lead) == []
    assert list_notifications(house.agent).rows == []


def test_those_of_other_leads_and_organisations_are_not_there(house, plan):
    follow_up = plan(lead=house.lead_of(house.agent))
    with pytest.raises(NotVisible):
        change(house, follow_up, done=True)
    with pytest.raises(NotVisible):
        change(house, plan(), house.other, done=True)
    with pytest.raises(NotPermitted):
        change(house, plan(), house.auditor, done=True)
    elsewhere = make_organization("elsewhere")
    stranger = make_actor(elsewhere, Role.ADMIN)
    with organization_scope(elsewhere), pytest.raises(NotVisible):
        change(house, follow_up, stranger, done=True)


def test_open_ones_of_the_old_owner_follow_the_lead(house, plan):
    own, done = plan(), plan(what="Done before")
    change(house, done, done=True)
    leaders = plan(house.leader, what="The leader's own")
    assign_lead(actor=house.leader, reference=house.lead.reference, owner=house.other.membership)
    for follow_up in (own, done, leaders):
        follow_up.refresh_from_db()
    assert own.assignee_id == house.other.membership.pk
    assert done.assignee_id == house.agent.membership.pk
    assert leaders.assignee_id == house.leader.membership.pk


def test_of_a_lead_that_is_nobodys_they_wait_for_its_next_owner(house, plan):
    own = plan()
    assign_lead(actor=house.operations, reference=house.lead.reference, owner=None)
    own.refresh_from_db()
    assert own.assignee_id is None
    assign_lead(actor=house.operations, reference=house.lead.reference, owner=house.other.membership)
    assert [row.pk for row in open_by_due(house.other)] == [own.pk]


def test_those_of_a_withdrawn_lead_vanish_and_return(house, plan):
    plan()
    withdraw_lead(actor=house.operations, reference=house.lead.reference)
    assert not open_by_due(house.agent).exists()
    assert read_today(house.agent).is_clear
    restore_lead(actor=house.operations, reference=house.lead.reference)
    assert open_by_due(house.agent).count() == 1


# When


def test_postponing_keeps_the_time_of_day():
    due = dt.datetime(2026, 3, 1, 15, 30, tzinfo=KOLKATA)
    assert tomorrow(due, NOW, KOLKATA) == dt.datetime(2026, 3, 11, 15, 30, tzinfo=KOLKATA)
    assert next_week(due, NOW, KOLKATA) == dt.datetime(2026, 3, 17, 15, 30, tzinfo=KOLKATA)
    assert default_due(NOW, KOLKATA) == dt.datetime(2026, 3, 11, 10, 0, tzinfo=KOLKATA)


def test_a_day_is_the_organisations():
    late = dt.datetime(2026, 3, 10, 20, 0, tzinfo=dt.UTC)  # half past one on the 11th
    assert tomorrow(late, late, KOLKATA).date() == dt.date(2026, 3, 12)


def test_each_is_overdue_today_coming_or_later(house, plan):
    now = timezone.now()
    at = dt.datetime.combine(now.astimezone(KOLKATA).date(), dt.time(12), tzinfo=KOLKATA)
    made = [plan(what=str(days), days=5) for days in range(5)]
    for follow_up, due in zip(
        made,
        (
            at - dt.timedelta(days=1),
            at,
            at + dt.timedelta(days=1),
            at + dt.timedelta(days=7),
            at + dt.timedelta(days=8),
        ),
        strict=True,
    ):
        FollowUp.objects.filter(pk=follow_up.pk).update(due_at=due)
    morning = at - dt.timedelta(hours=2)
    assert [row.due for row in open_by_due(house.agent, morning)] == [
        "overdue",
        "today",
        "coming",
        "coming",
        "later",
    ]
    found = read_today(house.agent, now=morning)
    assert [part.total for part in (found.overdue, found.due, found.later)] == [1, 1, 1]
    assert [(part.day - at.date()).days for part in found.coming] == [1, 7]


# Today


def test_today_shows_so_many_of_a_part_and_counts_all(house, plan):
    for number in range(5):
        plan(what=f"Call {number}", hours=49 + number / 100)
    found = read_today(house.agent, most=2)
    [part] = found.coming
    assert ([row.what for row in part.rows], part.total, part.hidden) == (["Call 0", "Call 1"], 5, 3)


def test_new_leads_stand_there_until_something_is_done(house, plan):
    assert [lead.pk for lead in read_today(house.agent).untouched.rows] == [house.lead.pk]
    plan()
    assert read_today(house.agent).untouched.total == 0
    second, third = house.lead_of(house.agent), house.lead_of(house.agent, "Ravi", "98765 00000")
    write_note(actor=house.agent, reference=second.reference, text="Called.")
    update_lead(actor=house.agent, reference=third.reference, values={}, attributes={"status": "in_progress"})
    assert read_today(house.agent).untouched.total == 0
    assign_lead(actor=house.leader, reference=third.reference, owner=house.other.membership)
    assert [lead.pk for lead in read_today(house.other).untouched.rows] == [third.pk]


def test_mentions_stand_there_until_they_are_read(house):
    write_note(actor=house.agent, reference=house.lead.reference, text="@Leela, a word?")
    found = read_today(house.leader)
    assert ([str(row.actor) for row in found.mentions.rows], found.is_clear) == (["Arjun Rao"], False)


def test_what_is_done_today_can_be_found_again(house, plan):
    change(house, plan(), done=True)
    assert read_today(house.agent).done.total == 1


# The one timeline


def test_all_stands_in_one_order_and_is_paged_by_its_cursor(house, plan):
    write_note(actor=house.agent, reference=house.lead.reference, text="First")
    follow_up = plan()
    update_lead(actor=house.agent, reference=house.lead.reference, values={"full_name": "A. Rao"})
    write_note(actor=house.leader, reference=house.lead.reference, text="Second")
    change(house, follow_up, done=True)
    whole = lead_timeline(house.agent, house.again())
    assert [entry.kind for entry in whole.entries] == [
        "done",
        "note",
        "changed",
        "planned",
        "note",
        "created",
    ]
    assert whole.older == ""
    for size in (1, 2, 4):
        pages, cursor = [], ""
        while True:
            page = lead_timeline(house.agent, house.again(), older_than=cursor, limit=size)
            pages.append(page.entries)
            cursor = page.older
            if not cursor:
                break
        assert [entry for page in pages for entry in page] == whole.entries
        assert all(len(page) == size for page in pages[:-1])
