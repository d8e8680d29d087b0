"""Calls that hand over what somebody had to do: once by its key, within the caller's reach, and back."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from accounts.services import deactivate_member
from accounts.services.api_keys import create_api_key
from core.jobs import run_job_inline
from core.models import Job
from core.scope import organization_scope
from leads.models import HandOver, Lead
from leads.services.handing_over import asking
from leads.services.notes import write_note
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import Api
from tests.leads.assigning.conftest import make_office, number

URL = "/hand-overs"


@pytest.fixture
def office(db):
    made = make_office()
    with organization_scope(made.operations.organization):
        yield made


@pytest.fixture
def leads(office):
    """Two leads of the first agent, one of the second."""
    return [office.lead(by=office.agents[each]) for each in (0, 0, 1)]


def owners():
    return list(Lead.objects.order_by("pk").values_list("owner_id", flat=True))


def errors(answer):
    """The code and the place of each problem."""
    return [(each["code"], each["attr"]) for each in answer.json()["errors"]]


def to_third(office, **changes):
    return {"member": office.ids[0], "method": "person", "target": office.ids[2], **changes}


def test_a_hand_over_happens_once_by_its_key_is_listed_and_taken_back(office, leads, api_for):
    first, second, third = office.ids
    leader = api_for(office.leader)
    made = leader.post(URL, to_third(office), HTTP_IDEMPOTENCY_KEY="leaving-7")
    assert made.status_code == 200, made.content
    told = made.json()
    assert owners() == [third, third, second]
    assert (told["member"]["id"], told["target"]["id"], told["manager"]) == (first, third, None)
    assert told["by"] == {"id": number(office.leader), "name": "Leela Nair"}
    assert told["progress"] == {
        "state": "done", "done": 2, "total": 2, "error": "", "counts": {"given": 2, "waiting": 0, "kept": 0}
    }  # fmt: skip
    assert told["take_back_until"] and told["taken_back_at"] is told["taking_back"] is None

    again = leader.post(URL, to_third(office), HTTP_IDEMPOTENCY_KEY="leaving-7")
    assert again.status_code == 200 and again.json() == told and HandOver.objects.count() == 1
    other = leader.post(URL, to_third(office, target=second), HTTP_IDEMPOTENCY_KEY="leaving-7")
    assert (other.status_code, errors(other)) == (409, [("idempotency_key_reused", None)])
    assert leader.get(f"{URL}/{told['id']}").json() == told
    assert leader.get(URL, member=first).json()["results"] == [told]
    assert leader.get(URL, member=second).json()["results"] == []
    assert leader.get(URL, method="rules").json()["results"] == []

    blank = leader.post(f"{URL}/{told['id']}/take-back", {}, HTTP_IDEMPOTENCY_KEY=" ")
    assert blank.status_code == 400 and HandOver.objects.get().taken_back_at is None
    write_note(actor=office.agents[2], reference=leads[1].reference, text="Rang her.")
    for _press in range(2):  # as a caller does who lost the first answer
        back = leader.post(f"{URL}/{told['id']}/take-back", {})
        assert back.status_code == 200, back.content
        assert back.json()["taking_back"]["counts"] == {"given": 1, "kept": 1}
        assert back.json()["taken_back_at"] and back.json()["take_back_until"] is None
    assert owners() == [first, third, second]


def test_many_leads_are_handed_over_by_a_job_that_tells_how_far_it_is(office, leads, api_for, monkeypatch):
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    operations = api_for(office.operations)
    made = operations.post(URL, to_third(office))
    assert (made.status_code, made.json()["progress"]["state"]) == (202, "queued")
    assert made.json()["take_back_until"] is None
    refused = operations.post(f"{URL}/{made.json()['id']}/take-back", {})
    assert (refused.status_code, errors(refused)) == (409, [("not_over", None)])
    run_job_inline(Job.objects.get(kind="leads.hand_over"))
    assert operations.get(made.json()["address"]).json()["progress"]["counts"]["given"] == 2
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        late = operations.post(f"{URL}/{made.json()['id']}/take-back", {})
    assert (late.status_code, errors(late)) == (409, [("too_late", None)])


def test_a_call_made_again_is_answered_though_its_receiver_has_left(office, leads, api_for):
    operations = api_for(office.operations)
    made = operations.post(URL, to_third(office), HTTP_IDEMPOTENCY_KEY="once")
    admin = make_actor(office.operations.organization, Role.ADMIN)
    deactivate_member(actor=admin, membership=office.agents[2].membership)
    again = operations.post(URL, to_third(office), HTTP_IDEMPOTENCY_KEY="once")
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    fresh = operations.post(URL, to_third(office), HTTP_IDEMPOTENCY_KEY="twice")
    assert (fresh.status_code, errors(fresh)) == (400, [("choice", "target")])
    assert HandOver.objects.count() == 1


def test_what_is_wrong_is_told_by_field_and_nothing_of_strangers(office, leads, api_for):
    elsewhere = number(make_actor(make_organization(), Role.AGENT))
    beside = number(make_actor(office.operations.organization, Role.AGENT, name="Of another team"))
    leader = api_for(office.leader)

    def problems(**changes):
        answer = leader.post(URL, to_third(office, **changes))
        assert answer.status_code == 400, answer.content
        return [(each["attr"], each["code"], each["detail"]) for each in answer.json()["errors"]]

    strangers = [problems(member=each) for each in (elsewhere, beside, 2**63 - 1)]
    assert strangers[0][0][0] == "member" and strangers[0] == strangers[1] == strangers[2]
    strangers = [problems(target=each) for each in (elsewhere, beside, 2**63 - 1, office.ids[0])]
    assert strangers[0][0][0] == "target" and all(each == strangers[0] for each in strangers)
    for wrong, place in (
        ({"target": None}, "target"),
        ({"method": "rules"}, "method"),
        ({"method": "by post"}, "method"),
        ({"whom": 3}, "whom"),
    ):
        assert [each[0] for each in problems(**wrong)] == [place]
    assert leader.post(URL, to_third(office), HTTP_IDEMPOTENCY_KEY=" ").status_code == 400
    for manager in (number(office.operations), elsewhere):
        assert leader.post(URL, to_third(office, manager=manager)).status_code == 403
    assert not HandOver.objects.exists() and owners() == [office.ids[0], office.ids[0], office.ids[1]]


def test_who_gives_no_leads_or_leads_another_team_sees_none(office, leads, api_for):
    made = api_for(office.operations).post(URL, to_third(office)).json()["id"]
    other_leader = make_actor(office.operations.organization, Role.TEAM_LEADER)
    stranger = make_actor(make_organization(), Role.ADMIN)
    for actor, listed in ((office.agents[0], 403), (other_leader, 200), (stranger, 200)):
        api = api_for(actor)
        answer = api.get(URL)
        assert answer.status_code == listed and not answer.json().get("results")
        assert api.get(f"{URL}/{made}").status_code == 404
        assert api.post(f"{URL}/{made}/take-back", {}).status_code in (403, 404)
    assert HandOver.objects.get().taken_back_at is None


def test_a_key_hands_over_within_its_scopes(office, leads):
    def key(*scopes):
        made = create_api_key(actor=office.operations, name=f"Staff system {scopes}", scopes=list(scopes))
        client = Client(headers={"Authorization": f"Api-Key {made.text}"})
        return Api(client)

    assert key("leads:read", "leads:write").post(URL, to_third(office)).status_code == 403
    made = key("leads:read", "leads:assign").post(URL, to_third(office))
    assert made.status_code == 200, made.content
    assert owners() == [office.ids[2], office.ids[2], office.ids[1]]
    manager = {"manager": number(office.operations)}
    assert key("leads:read", "leads:assign").post(URL, to_third(office, **manager)).status_code == 403


def test_an_administrator_says_to_whom_reports_go(office, leads, api_for):
    admin = api_for(make_actor(office.operations.organization, Role.ADMIN))
    body = {"member": number(office.leader), "method": "rules", "manager": number(office.operations)}
    made = admin.post(URL, body)
    assert made.status_code == 200, made.content
    assert made.json()["manager"]["id"] == number(office.operations)
    wrong = admin.post(URL, {**body, "manager": 2**62})
    assert (wrong.status_code, errors(wrong)) == (400, [("choice", "manager")])
