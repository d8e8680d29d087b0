"""Pages of notes, follow-ups, Today and notifications: real forms, nothing typed is lost, each to the own work."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import FollowUp, Note, Notification
from leads.services.follow_ups import plan_follow_up
from leads.services.leads import withdraw_lead
from leads.services.notes import write_note
from tests.leads.work.conftest import house as house


@pytest.fixture
def agent(client_for, house):
    return client_for(house.agent)


def plan(house, what="Call back", **span):
    due = timezone.now() + dt.timedelta(**(span or {"days": 1}))
    return plan_follow_up(actor=house.agent, reference=house.lead.reference, what=what, due_at=due)


def address(house, name, *more):
    return reverse(f"leads:{name}", args=[house.lead.reference, *more])


def test_work_on_own_leads_begins_with_today(client_for, house):
    for actor, page in (
        (house.agent, "/today/"),
        (house.leader, "/today/"),
        (house.operations, "/leads/"),
        (house.auditor, "/leads/"),
    ):
        assert client_for(actor).get("/")["Location"] == page


def test_a_note_is_written_on_the_leads_page(agent, house):
    page = agent.post(address(house, "notes"), {"text": "Call @Leela first"}, follow=True)
    assert "Noted. Told: Leela Nair." in page.content.decode()
    assert "Call @Leela first" in page.content.decode()
    assert (
        "tells nobody" in agent.post(address(house, "notes"), {"text": "@Bina"}, follow=True).content.decode()
    )


def test_nothing_typed_is_lost_on_an_error(agent, house):
    page = agent.post(address(house, "notes"), {"text": "a" * 5_001})
    assert page.status_code == 422
    assert "a" * 5_001 in page.content.decode()
    typed = {"what": "Ask <b>again</b>", "due_at": "2020-01-01T10:00"}
    page = agent.post(address(house, "follow_ups"), typed)
    assert page.status_code == 422
    text = page.content.decode()
    assert "Ask &lt;b&gt;again&lt;/b&gt;" in text
    assert "2020-01-01T10:00" in text
    assert "This time has passed." in text


def test_the_author_corrects_and_withdraws_a_note(agent, client_for, house):
    note = write_note(actor=house.agent, reference=house.lead.reference, text="Frist").note
    assert address(house, "note", note.pk) in agent.get(address(house, "detail")).content.decode()
    leader = client_for(house.leader)
    assert address(house, "note", note.pk) not in leader.get(address(house, "detail")).content.decode()
    assert "Frist" in agent.get(address(house, "note", note.pk)).content.decode()
    page = agent.post(address(house, "note", note.pk), {"text": "First"}, follow=True)
    assert "First" in page.content.decode()
    assert "corrected" in page.content.decode()
    agent.post(address(house, "note_withdraw", note.pk))
    assert not Note.objects.exists()


def test_a_follow_up_is_planned_in_the_organisations_time(agent, house):
    day = (timezone.now() + dt.timedelta(days=3)).date().isoformat()
    agent.post(address(house, "follow_ups"), {"what": "Call", "due_at": f"{day}T10:00"})
    due = FollowUp.objects.get().due_at.astimezone(house.agent.organization.zone)
    assert due.isoformat()[:16] == f"{day}T10:00"


def test_a_leader_chooses_for_whom(client_for, house):
    leader = client_for(house.leader)
    text = leader.get(address(house, "detail")).content.decode()
    assert "Arjun Rao</option>" in text
    assert "Bina Shah</option>" not in text.split('name="assignee"')[1].split("</select>")[0]
    due = (timezone.now() + dt.timedelta(days=1)).isoformat()
    body = {"what": "Call", "due_at": due, "assignee": house.agent.membership.pk}
    leader.post(address(house, "follow_ups"), body)
    assert FollowUp.objects.get().assignee == house.agent.membership


def test_done_postponed_and_reopened_by_one_press_each(agent, house):
    follow_up = plan(house)
    page = agent.post(address(house, "follow_up_done", follow_up.pk), {"from": "today"}, follow=True)
    assert page.redirect_chain[-1][0] == "/today/"
    assert "Done today" in page.content.decode()
    agent.post(address(house, "follow_up_reopen", follow_up.pk), {"from": "today"})
    before = follow_up.due_at
    agent.post(address(house, "follow_up_postpone", follow_up.pk), {"to": "next_week"})
    follow_up.refresh_from_db()
    assert follow_up.done_at is None
    assert dt.timedelta(days=5) < follow_up.due_at - before < dt.timedelta(days=7)


def test_a_time_of_ones_own_that_has_passed_is_put_right_on_a_page(agent, house):
    follow_up = plan(house)
    page = agent.post(address(house, "follow_up_postpone", follow_up.pk), {"due_at": "2020-01-01T10:00"})
    assert page.status_code == 422
    assert "2020-01-01T10:00" in page.content.decode()
    assert "Call back" in page.content.decode()
    assert agent.post(address(house, "follow_up_postpone", follow_up.pk), {"to": "never"}).status_code == 422


def test_what_is_left_alone_stays_though_its_time_has_passed(agent, house):
    follow_up = plan(house)
    passed = timezone.now().replace(second=7) - dt.timedelta(days=2)
    FollowUp.objects.filter(pk=follow_up.pk).update(due_at=passed)
    local = passed.astimezone(house.agent.organization.zone).strftime("%Y-%m-%dT%H:%M")
    page = agent.post(address(house, "follow_up", follow_up.pk), {"what": "Call again", "due_at": local})
    follow_up.refresh_from_db()
    assert (page.status_code, follow_up.what, follow_up.due_at) == (302, "Call again", passed)


def test_htmx_gets_today_anew_with_a_word(agent, house):
    follow_up = plan(house, hours=1)
    page = agent.post(
        address(house, "follow_up_done", follow_up.pk), {"from": "today"}, headers={"HX-Request": "true"}
    )
    assert page.status_code == 200
    assert "Done." in page["HX-Trigger"]
    assert 'id="today"' in page.content.decode()


def test_today_shows_the_own_work_and_no_withdrawn_lead(agent, client_for, house):
    plan(house, "Ask for papers")
    text = agent.get("/today/").content.decode()
    assert "Ask for papers" in text
    assert f'action="{address(house, "engagements")}"' in text
    assert "Ask for papers" not in client_for(house.other).get("/today/").content.decode()
    withdraw_lead(actor=house.operations, reference=house.lead.reference)
    text = agent.get("/today/").content.decode()
    assert "Ask for papers" not in text
    assert "Nothing is waiting for you" in text


def test_notifications_are_counted_opened_and_read(client_for, house):
    for text in ("@Leela one", "@Leela two"):
        write_note(actor=house.agent, reference=house.lead.reference, text=text)
    leader = client_for(house.leader)
    assert "Notifications: 2 unread" in leader.get("/leads/").content.decode()
    page = leader.get("/notifications/").content.decode()
    assert "@Leela two" in page
    newest, oldest = Notification.objects.order_by("-pk")
    opened = leader.post(reverse("leads:notification_open", args=[newest.pk]))
    assert opened["Location"] == address(house, "detail")
    assert (
        client_for(house.agent).post(reverse("leads:notification_read", args=[oldest.pk])).status_code == 404
    )
    leader.post("/notifications/read/", {"newest": newest.pk})
    assert "unread" not in leader.get("/leads/").content.decode()


def test_suggestions_name_colleagues_who_see_the_lead(agent, house):
    found = agent.get(address(house, "mentions"), {"text": "lee"})
    assert found.json() == {"names": ["Leela Nair"]}
    assert found["Cache-Control"] == "no-store"


def test_the_palette_still_searches_leads(agent, house):
    assert 'data-search-url="/leads/"' in agent.get("/today/").content.decode()


def test_the_palette_finds_what_stands_in_no_menu_by_whom_it_is_for(agent, client_for, house):
    def places(client):
        return {str(entry["label"]) for entry in client.get("/leads/").context["palette"]}

    assert {"New lead", "Absences", "Profile", "Notifications"} <= places(agent)
    assert "Hand over work" not in places(agent)
    assert "Hand over work" in places(client_for(house.leader))


def test_a_page_that_was_open_for_long_takes_nothing_back(agent, client_for, house):
    page = agent.get(address(house, "detail"))
    opened = page.context["work_form"]
    sent = {"status": "new", "stage": house.lead.stage, "seen": opened["seen"].value()}
    client_for(house.leader).post(
        address(house, "work"), {**sent, "owner": house.lead.owner_id, "status": "approved"}
    )
    other = next(stage for stage in house.lead.line.stages if stage != house.lead.stage)
    agent.post(address(house, "work"), {**sent, "stage": other})
    house.lead.refresh_from_db()
    assert (house.lead.status, house.lead.stage) == ("approved", other)
    told = agent.post(address(house, "work"), {**sent, "status": "rejected"}, follow=True)
    house.lead.refresh_from_db()
    assert house.lead.status == "approved"
    assert "Somebody changed “Status” to “Approved” meanwhile." in told.content.decode()


def test_the_own_number_on_the_leads_page_is_called_by_the_way_that_is_logged(agent, client_for, house):
    shown = agent.get(address(house, "detail")).content.decode()
    assert (
        '<button class="button link" form="reach" name="channel" value="call">+919845012345</button>' in shown
    )
    # Who may only read has no form to log it with.
    assert 'form="reach"' not in client_for(house.auditor).get(address(house, "detail")).content.decode()


@pytest.mark.parametrize("name", ["notes", "follow_ups", "attachments", "work"])
def test_an_address_that_takes_a_form_says_so_and_leads_back(agent, house, name):
    """A refused form is shown there: whoever reloads from the address line would see an error of the browser."""
    page = agent.get(address(house, name))
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert f'href="{address(house, "detail")}"' in page.content.decode()
    assert "This address only takes what a form sends" in page.content.decode()
