"""Absences by their pages and by API, and on the day of those who stand in."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Absence
from accounts.queries.memberships import today
from accounts.roles import Role
from accounts.services.absences import enter_absence
from core.scope import organization_scope
from leads.services.follow_ups import plan_follow_up
from tests.factories import make_actor
from tests.leads.assigning.conftest import make_office, number

DAY = dt.timedelta(days=1)


@pytest.fixture
def office(db):
    made = make_office()
    with organization_scope(made.operations.organization):
        yield made


def typed(office, **changes):
    day = today(office.operations.organization)
    return {
        "membership": office.ids[0], "first_day": day.isoformat(), "last_day": (day + DAY).isoformat(),
        "deputy": "", "note": "Wedding", **changes,
    }  # fmt: skip


def test_an_absence_is_entered_changed_and_taken_back_on_its_pages(office, client_for):
    agent, leader = client_for(office.agents[0]), client_for(office.leader)
    new = reverse("accounts:absence_new")
    refused = agent.post(new, typed(office, last_day="2020-01-01"))
    assert refused.status_code == 422 and "lies before the first" in refused.content.decode()
    assert agent.post(new, typed(office, membership=office.ids[1])).status_code == 422
    assert agent.post(new, typed(office, deputy=office.ids[1])).status_code == 302
    absence = Absence.objects.get()
    assert (absence.membership_id, absence.deputy_id) == (office.ids[0], office.ids[1])
    page = agent.get(reverse("accounts:absences")).content.decode()
    assert "Wedding" in page and reverse("accounts:absence", args=[absence.pk]) in page
    assert "Wedding" in agent.get(reverse("accounts:profile")).content.decode()
    deputy = client_for(office.agents[1])
    assert "Wedding" in deputy.get(reverse("accounts:absences")).content.decode()
    assert deputy.get(reverse("accounts:absence", args=[absence.pk])).status_code == 403
    assert client_for(office.agents[2]).get(reverse("accounts:absence", args=[absence.pk])).status_code == 404
    changed = leader.post(
        reverse("accounts:absence", args=[absence.pk]), typed(office, note="Moved", deputy="")
    )
    assert changed.status_code == 302
    absence.refresh_from_db()
    assert (absence.note, absence.deputy_id) == ("Moved", None)
    assert leader.post(reverse("accounts:absence_withdraw", args=[absence.pk])).status_code == 302
    assert not Absence.objects.exists()
    assert "Nobody is away" in leader.get(reverse("accounts:absences")).content.decode()


def test_who_is_away_is_told_where_people_are_chosen(office, client_for):
    lead = office.lead()
    day = today(office.operations.organization)
    enter_absence(
        actor=office.operations, membership=office.agents[0].membership, first_day=day, last_day=day + 3 * DAY
    )
    page = client_for(office.leader).get(reverse("leads:detail", args=[lead.reference]))
    assert page.status_code == 404
    page = client_for(office.operations).get(reverse("leads:detail", args=[lead.reference])).content.decode()
    assert "Agent 0 (away until" in page and "Agent 1 (away" not in page


def test_a_call_enters_lists_changes_and_takes_back(office, client_for):
    api = client_for(office.leader)
    day = today(office.operations.organization)
    body = {"member": office.ids[0], "first_day": day.isoformat(), "last_day": (day + DAY).isoformat()}
    made = api.post("/api/v1/absences", body, "application/json")
    assert made.status_code == 201, made.json()
    address = made.headers["Location"]
    assert api.post("/api/v1/absences", body, "application/json").status_code == 400
    assert api.post("/api/v1/absences", body | {"member": 10**9}, "application/json").status_code == 400
    assert [row["id"] for row in api.get("/api/v1/absences").json()["results"]] == [made.json()["id"]]
    on = api.get("/api/v1/absences", {"on": (day + 2 * DAY).isoformat()}).json()
    assert on["results"] == []
    changed = api.patch(address, {"deputy": office.ids[1], "note": "Leave"}, "application/json").json()
    assert (changed["deputy"]["name"], changed["note"]) == ("Agent 1", "Leave")
    assert client_for(office.agents[2]).get(address).status_code == 404
    assert client_for(office.agents[1]).patch(address, {"note": "x"}, "application/json").status_code == 403
    assert api.delete(address).status_code == 204 and api.get(address).status_code == 404
    own = {"first_day": day.isoformat(), "last_day": day.isoformat()}
    assert client_for(office.agents[2]).post("/api/v1/absences", own, "application/json").status_code == 201


def test_today_shows_what_falls_due_for_who_is_away(office, client_for):
    day = today(office.operations.organization)
    lead = office.lead(by=office.agents[0])
    for what, hours in (("Call her back", 5), ("Much later", 24 * 40)):
        due = timezone.now() + dt.timedelta(hours=hours)
        plan_follow_up(actor=office.agents[0], reference=lead.reference, what=what, due_at=due)
    leader, other = client_for(office.leader), client_for(office.agents[1])
    assert "Call her back" not in leader.get(reverse("leads:today")).content.decode()
    enter_absence(
        actor=office.agents[0], membership=office.agents[0].membership, first_day=day, last_day=day + 2 * DAY,
        deputy=office.agents[1].membership,
    )  # fmt: skip
    page = leader.get(reverse("leads:today")).content.decode()
    assert "For colleagues who are away" in page and "Call her back" in page and "Much later" not in page
    # A deputy who may not see the lead is told nothing of it.
    assert "Call her back" not in other.get(reverse("leads:today")).content.decode()
    helper = make_actor(office.operations.organization, Role.OPERATIONS, name="Second")
    assert "Call her back" not in client_for(helper).get(reverse("leads:today")).content.decode()
    Absence.objects.update(deputy=helper.membership)
    assert "Call her back" in client_for(helper).get(reverse("leads:today")).content.decode()
    assert number(office.leader) != office.ids[0]
