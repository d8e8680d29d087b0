"""Notes and follow-ups by API: the same services, the conventions of single objects."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.roles import Role
from leads.models import FollowUp, Note
from tests.leads.api.conftest import errors_of

DATA = {"full_name": "Asha Rao", "mobile": "98450 12345"}


@pytest.fixture
def leader(actor_for, line):
    return actor_for(Role.TEAM_LEADER, name="Leela Nair")


@pytest.fixture
def agent(actor_for, leader):
    return actor_for(Role.AGENT, manager=leader, name="Arjun Rao")


@pytest.fixture
def api(api_for, agent):
    return api_for(agent)


@pytest.fixture
def lead(api):
    return f"/leads/{api.create('loan', DATA)['reference']}"


def due(**span):
    return (timezone.now() + dt.timedelta(**(span or {"days": 1}))).isoformat()


def plan(api, lead, **changes):
    response = api.post(f"{lead}/follow-ups", {"what": "Call back", "due_at": due(), **changes})
    assert response.status_code == 201, response.content
    return response


def test_a_note_is_written_read_corrected_and_withdrawn(api, lead):
    made = api.post(f"{lead}/notes", {"text": "  Hello @Leela \n"})
    assert made.status_code == 201
    assert made.json()["text"] == "Hello @Leela"
    address = f"{lead}/notes/{made.json()['id']}"
    assert made["Location"].endswith(address)
    read = api.get(address)
    assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
    assert api.patch(address, {"text": "Bye"}, headers={"If-Match": '"x"'}).status_code == 412
    changed = api.patch(address, {"text": "Bye"}, headers={"If-Match": read["ETag"]})
    assert (changed.json()["text"], changed.json()["corrected"] is None) == ("Bye", False)
    assert [note["text"] for note in api.get(f"{lead}/notes").json()["results"]] == ["Bye"]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_a_repeated_call_writes_one_note(api, lead):
    headers = {"Idempotency-Key": "note-1"}
    first = api.post(f"{lead}/notes", {"text": "Once"}, headers=headers)
    again = api.post(f"{lead}/notes", {"text": "Once"}, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert Note.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("required", "text")),
        ({"text": " "}, ("blank", "text")),
        ({"text": "x" * 5_001}, ("max_length", "text")),
        ({"text": 1}, ("invalid", "text")),
        ({"text": "a", "colour": 1}, ("unknown_field", "colour")),
    ],
)
def test_what_is_no_note_is_refused_by_place(api, lead, body, error):
    assert errors_of(api.post(f"{lead}/notes", body)) == [error]


def test_a_follow_up_is_planned_done_and_reopened(api, lead, agent):
    made = plan(api, lead)
    address = f"{lead}/follow-ups/{made.json()['id']}"
    assert made["Location"].endswith(address)
    assert made.json()["assignee"] == {"id": agent.membership.pk, "name": "Arjun Rao"}
    assert api.get(address)["ETag"] == made["ETag"]
    done = api.patch(address, {"done": True}, headers={"If-Match": made["ETag"]}).json()
    assert (done["done"], done["done_by"]["name"]) == (True, "Arjun Rao")
    assert [each["id"] for each in api.get(f"{lead}/follow-ups", done="true").json()["results"]] == [
        done["id"]
    ]
    assert api.get(f"{lead}/follow-ups", done="false").json()["results"] == []
    assert api.patch(address, {"done": False}).json()["done_at"] is None
    assert api.delete(address).status_code == 204


def test_a_time_without_an_offset_is_the_organisations(api, lead, organization):
    day = (timezone.now() + dt.timedelta(days=3)).date().isoformat()
    made = plan(api, lead, due_at=f"{day}T10:00:00").json()
    local = dt.datetime.fromisoformat(made["due_at"]).astimezone(organization.zone)
    assert local.isoformat()[:16] == f"{day}T10:00"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"what": ""}, ("blank", "what")),
        ({"due_at": "tomorrow"}, ("invalid", "due_at")),
        ({"due_at": "2020-01-01T00:00:00Z"}, ("min", "due_at")),
        ({"due_at": "9999-12-31T23:59:59-14:00"}, None),
        ({"assignee": 2**63}, ("max_value", "assignee")),
        ({"assignee": 1}, ("choice", "assignee")),
        ({"done": True}, ("unknown_field", "done")),
    ],
)
def test_what_is_no_follow_up_is_refused_by_place(api, lead, change, error):
    response = api.post(f"{lead}/follow-ups", {"what": "Call", "due_at": due(), **change})
    assert response.status_code == 400
    assert error is None or errors_of(response) == [error]


def test_a_leader_gives_one_and_its_person_finds_it(api, api_for, lead, leader, agent):
    given = plan(api_for(leader), lead, assignee=agent.membership.pk).json()
    plan(api, lead, due_at=due(days=20))
    found = {
        name: [each["id"] for each in api.get("/follow-ups", due=name).json()["results"]]
        for name in ("overdue", "coming", "later")
    }
    assert (found["overdue"], given["id"] in found["coming"], len(found["later"])) == ([], True, 1)
    assert api_for(leader).get("/follow-ups").json()["results"] == []
    FollowUp.objects.filter(pk=given["id"]).update(due_at=timezone.now() - dt.timedelta(days=1))
    assert [each["id"] for each in api.get("/follow-ups", due="overdue").json()["results"]] == [given["id"]]
    assert errors_of(api.get("/follow-ups", due="never")) == [("invalid_choice", "due")]
    page = api.get("/follow-ups", page_size=1).json()
    assert len(api.get(page["next"]).json()["results"]) == 1


def test_nobody_else_sees_or_changes_them(api, api_for, actor_for, lead, other_organization):
    note = f"{lead}/notes/{api.post(f'{lead}/notes', {'text': 'Mine'}).json()['id']}"
    follow_up = f"{lead}/follow-ups/{plan(api, lead).json()['id']}"
    strangers = (actor_for(Role.AGENT), actor_for(Role.ADMIN, organization=other_organization))
    for stranger in map(api_for, strangers):
        for address in (note, follow_up):
            assert stranger.get(address).status_code == 404
            assert stranger.patch(address, {}).status_code == 404
            assert stranger.delete(address).status_code == 404
        assert stranger.post(f"{lead}/notes", {"text": "x"}).status_code == 404
    another = f"/leads/{api.create('loan', {**DATA, 'mobile': '98450 99999'})['reference']}"
    assert api.get(note.replace(lead, another)).status_code == 404
    assert api.patch(follow_up.replace(lead, another), {"done": True}).status_code == 404


def test_who_only_reads_gets_personal_data_masked(api, api_for, actor_for, lead):
    api.post(f"{lead}/notes", {"text": "Call 98450 12345"})
    auditor = api_for(actor_for(Role.AUDITOR))
    assert auditor.get(f"{lead}/notes").json()["results"][0]["text"] == "Call ••••"
    assert auditor.get(f"{lead}/timeline").json()["results"][0]["note"] == "Call ••••"
    assert auditor.post(f"{lead}/notes", {"text": "x"}).status_code == 403
