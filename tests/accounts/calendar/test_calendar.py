"""Hours, holidays and absences: who writes them, who reads them, and what they say together."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Absence, Holiday, WorkingHours
from accounts.queries.calendar import (
    absences_from,
    absent_until,
    away_days,
    calendar_of,
    calendars_of,
    deputies_of,
    visible_absences,
)
from accounts.queries.memberships import today
from accounts.roles import Role
from accounts.services.absences import change_absence, enter_absence, withdraw_absence
from accounts.services.calendar import drop_holiday, drop_working_hours, name_holiday, set_working_hours
from core.configuration import export_document, import_document
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from tests.factories import make_actor

pytestmark = pytest.mark.django_db
OFFICE = [[["09:30", "18:30"]]] * 5 + [[], []]
DAY = dt.timedelta(days=1)


@pytest.fixture
def operations(actor_for, in_organization):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def team(actor_for, in_organization):
    leader = actor_for(Role.TEAM_LEADER, name="Leela Nair")
    return leader, [actor_for(Role.AGENT, name=f"Agent {n}", manager=leader) for n in range(3)]


def away(by, member, first=0, last=0, **values):
    day = today(by.organization)
    return enter_absence(
        actor=by,
        membership=member.membership,
        first_day=day + first * DAY,
        last_day=day + last * DAY,
        **values,
    )


def test_hours_are_everybodys_or_ones_own(operations, team, django_assert_num_queries):
    _leader, agents = team
    moment = dt.datetime(2026, 11, 27, 8, tzinfo=operations.organization.zone)  # a Friday
    assert calendar_of(operations.organization).is_working(moment)
    set_working_hours(actor=operations, week=OFFICE)
    set_working_hours(actor=operations, week=[[["06:00", "14:00"]]] * 7, membership=agents[0].membership)
    name_holiday(actor=operations, day=dt.date(2026, 11, 30), name="  Guru   Nanak ")
    ids = [agent.membership.pk for agent in agents]
    with django_assert_num_queries(2):
        calendars = calendars_of(operations.organization, ids, since=dt.date(2026, 11, 1))
    assert [calendars[pk].is_working(moment) for pk in (None, *ids)] == [False, True, False, False]
    monday = dt.datetime(2026, 11, 28, 19, tzinfo=operations.organization.zone)
    assert calendars[None].next_working(monday).isoformat() == "2026-12-01T09:30:00+05:30"
    drop_working_hours(actor=operations, row=WorkingHours.objects.get(membership=agents[0].membership))
    drop_holiday(actor=operations, row=Holiday.objects.get(name="Guru Nanak"))
    assert not calendars_of(operations.organization, ids)[ids[0]].is_working(moment)


def test_who_writes_the_calendar(operations, team):
    leader, agents = team
    for actor in (leader, agents[0]):
        with pytest.raises(NotPermitted):
            set_working_hours(actor=actor, week=OFFICE)
        with pytest.raises(NotPermitted):
            name_holiday(actor=actor, day=dt.date(2027, 1, 26), name="Republic Day")
    with pytest.raises(ValidationFailed) as refused:
        set_working_hours(actor=operations, week=[[["18:00", "09:00"]], *[[]] * 6])
    assert list(refused.value.fields) == ["monday"]


def test_who_enters_and_reads_absences(operations, team, actor_for):
    leader, agents = team
    outsider = actor_for(Role.AGENT)
    own = away(agents[0], agents[0], deputy=agents[1].membership, note="Wedding")
    theirs = away(leader, agents[1], 3, 4)
    away(operations, outsider)
    with pytest.raises(NotVisible):
        away(agents[0], agents[1])
    with pytest.raises(NotVisible):
        away(leader, outsider)
    assert set(visible_absences(leader)) == {own, theirs}
    assert set(visible_absences(agents[0])) == {own}
    assert set(visible_absences(agents[1])) == {own, theirs}
    assert not visible_absences(agents[2]).exists() and visible_absences(operations).count() == 3
    with pytest.raises(NotPermitted):
        change_absence(actor=agents[1], absence_id=own.pk, changes={"note": "Mine"})
    with pytest.raises(NotVisible):
        withdraw_absence(actor=agents[2], absence_id=own.pk)
    change_absence(actor=leader, absence_id=own.pk, changes={"last_day": own.last_day + DAY})
    withdraw_absence(actor=agents[0], absence_id=own.pk)
    assert not Absence.objects.filter(pk=own.pk).exists()
    assert Absence.history.filter(id=own.pk).count() == 3


def test_a_key_that_may_less_says_nothing_of_its_owner(team):
    from accounts.actor import Actor

    _leader, agents = team
    away(agents[0], agents[0])
    key = Actor.of(agents[0].membership, frozenset())
    assert not visible_absences(key).exists()


def test_absences_do_not_overlap_and_end_after_they_begin(team):
    _leader, agents = team
    away(agents[0], agents[0], 1, 5)
    for first, last, field in (
        (5, 6, "first_day"),
        (0, 1, "first_day"),
        (8, 7, "last_day"),
        (9, 900, "last_day"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            away(agents[0], agents[0], first, last)
        assert list(refused.value.fields) == [field]
    away(agents[0], agents[0], 6, 6)


def test_a_deputy_is_a_colleague(team, actor_for):
    leader, agents = team
    stranger = actor_for(Role.AGENT)
    assert set(deputies_of(agents[0], agents[0].membership)) == {
        leader.membership, agents[1].membership, agents[2].membership
    }  # fmt: skip
    for deputy in (stranger, agents[0]):
        with pytest.raises(ValidationFailed) as refused:
            away(agents[0], agents[0], deputy=deputy.membership)
        assert list(refused.value.fields) == ["deputy"]


def test_who_is_away_on_which_days(team, django_assert_num_queries):
    _leader, agents = team
    day = today(agents[0].organization)
    away(agents[0], agents[0], -3, 1)
    away(agents[1], agents[1], 1, 2)
    ids = [agent.membership.pk for agent in agents]
    with django_assert_num_queries(1):
        assert absent_until(agents[0].organization, ids) == {ids[0]: day + DAY}
    assert away_days(absences_from(day, ids), day) == {
        ids[0]: {day, day + DAY}, ids[1]: {day + DAY, day + 2 * DAY}
    }  # fmt: skip


def test_another_organisation_sees_nothing_of_it(operations, team, other_organization):
    _leader, agents = team
    absence = away(agents[0], agents[0])
    set_working_hours(actor=operations, week=OFFICE)
    stranger = make_actor(other_organization, Role.OPERATIONS)
    with organization_scope(other_organization):
        assert not visible_absences(stranger).exists() and not WorkingHours.objects.exists()
        with pytest.raises(NotVisible):
            enter_absence(
                actor=stranger,
                membership=agents[0].membership,
                first_day=absence.first_day,
                last_day=absence.last_day,
            )


def test_the_calendar_goes_out_and_comes_in_unchanged(operations, team):
    _leader, agents = team
    address = agents[0].user.email
    set_working_hours(actor=operations, week=OFFICE)
    set_working_hours(
        actor=operations, week=[[["22:00", "24:00"]]] + [[]] * 6, membership=agents[0].membership
    )
    name_holiday(actor=operations, day=dt.date(2027, 1, 26), name="Republic Day")
    names = ["working_hours", "holidays"]
    document = export_document(actor=operations, sections=names)
    assert document["working_hours"][1] == {"person": address, "monday": [["22:00", "24:00"]]}
    assert document["holidays"] == [{"day": "2027-01-26", "name": "Republic Day"}]
    again = import_document(actor=operations, document=document)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)
    document["working_hours"][0]["saturday"] = [["10:00", "14:00"]]
    document["holidays"].append({"day": "2027-08-15", "name": "Independence Day"})
    changed = import_document(actor=operations, document=document)
    assert (changed.created, changed.changed, changed.unchanged) == (1, 1, 2)
    document["holidays"].append({"day": "2027-02-30", "name": "No day"})
    document["working_hours"].append({"person": "nobody@example.com", "monday": [["09:00", "10:00"]]})
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=operations, document=document)
    assert list(refused.value.fields) == ["working_hours[2].person", "holidays[2]"]


def test_the_console_writes_the_calendar(operations, team, client_for):
    _leader, agents = team
    client = client_for(operations)
    week = {"monday": "9:30-13:00, 14:00-18:30", "membership": ""}
    made = client.post(reverse("admin:accounts_workinghours_add"), week)
    assert made.status_code == 302, made.context["adminform"].form.errors
    hours = WorkingHours.objects.get()
    assert hours.week[0] == [["09:30", "13:00"], ["14:00", "18:30"]]
    twice = client.post(reverse("admin:accounts_workinghours_add"), week)
    assert "already" in twice.content.decode()
    address = reverse("admin:accounts_workinghours_change", args=[hours.pk])
    assert "09:30–13:00, 14:00–18:30" in client.get(address).content.decode()
    wrong = client.post(address, {"monday": "nine"})
    assert "is no span" in wrong.content.decode()
    day = {"day": "2027-01-26", "name": "Republic Day"}
    assert client.post(reverse("admin:accounts_holiday_add"), day).status_code == 302
    typed = {
        "membership": agents[0].membership.pk, "first_day": "2026-12-24", "last_day": "2026-12-20", "note": "",
        "deputy": "",
    }  # fmt: skip
    day = today(operations.organization)
    typed |= {"first_day": (day + 2 * DAY).isoformat(), "last_day": (day + DAY).isoformat()}
    refused = client.post(reverse("admin:accounts_absence_add"), typed)
    assert "lies before" in refused.content.decode()
    typed["last_day"] = (day + 9 * DAY).isoformat()
    assert client.post(reverse("admin:accounts_absence_add"), typed).status_code == 302
    absence = Absence.objects.get()
    for model, row in (("workinghours", hours), ("holiday", Holiday.objects.get()), ("absence", absence)):
        back = {"action": "take_back", "_selected_action": row.pk}
        assert client.post(reverse(f"admin:accounts_{model}_changelist"), back).status_code == 302
        assert not type(row).objects.exists()
