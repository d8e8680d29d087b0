"""Whose a lead is, and which others it repeats."""

import pytest

from accounts.roles import Role
from leads.services.lines import update_line
from tests.leads.api.conftest import Api, errors_of
from tests.leads.lines.definitions import make_line

DATA = {"full_name": "Asha Rao", "mobile": "98450 12345"}


@pytest.fixture
def api(api_for, operations, line) -> Api:
    return api_for(operations)


def test_a_lead_is_given_to_somebody_and_taken_from_everybody(api, actor_for):
    leader = actor_for(Role.TEAM_LEADER, name="Leela Nair")
    agent = actor_for(Role.AGENT, manager=leader, name="Arjun Rao")
    address = f"/leads/{api.create('loan', DATA)['reference']}"
    response = api.post(f"{address}/assign", {"owner": agent.membership.pk})
    assert response.status_code == 200
    assert response.json()["owner"] == {"id": agent.membership.pk, "name": "Arjun Rao"}
    assert response.json()["team"] == {"id": leader.membership.pk, "name": "Leela Nair"}
    assert response["ETag"] == api.get(address)["ETag"]
    [entry, _created] = api.get(f"{address}/timeline").json()["results"]
    assert [change["name"] for change in entry["changes"]] == ["owner", "team"]
    assert api.post(f"{address}/assign/", {"owner": None}).json()["owner"] is None


def test_who_gives_a_lead_away_sees_it_no_more(api_for, actor_for, line):
    leader = actor_for(Role.TEAM_LEADER)
    agent = actor_for(Role.AGENT, manager=leader)
    api = api_for(leader)
    reference = api.create("loan", DATA)["reference"]
    assert api.post(f"/leads/{reference}/assign", {"owner": agent.membership.pk}).status_code == 200
    assert api_for(agent).get(f"/leads/{reference}").status_code == 200
    assert (
        api_for(agent).post(f"/leads/{reference}/assign", {"owner": agent.membership.pk}).status_code == 403
    )


@pytest.mark.parametrize(
    "body", [{}, {"owner": "x"}, {"owner": 0}, {"owner": 2**63}, {"owner": []}, {"colour": 1}, []]
)
def test_what_names_nobody_is_refused(api, body):
    address = f"/leads/{api.create('loan', DATA)['reference']}/assign"
    assert api.post(address, body).status_code == 400


def test_a_lead_stays_within_reach(api_for, actor_for, line, other_organization):
    leader, stranger = actor_for(Role.TEAM_LEADER), actor_for(Role.AGENT)
    elsewhere = actor_for(Role.AGENT, organization=other_organization)
    api = api_for(leader)
    address = f"/leads/{api.create('loan', DATA)['reference']}/assign"
    for member in (stranger, elsewhere):
        assert errors_of(api.post(address, {"owner": member.membership.pk})) == [("choice", "owner")]
    assert api.post(address, {"owner": None}).status_code == 403


def test_what_was_changed_since_is_not_given_away(api, operations):
    address = f"/leads/{api.create('loan', DATA)['reference']}"
    body = {"owner": operations.membership.pk}
    assert api.post(f"{address}/assign", body, headers={"If-Match": '"x"'}).status_code == 412
    assert (
        api.post(f"{address}/assign", body, headers={"If-Match": api.get(address)["ETag"]}).status_code == 200
    )


# Duplicates


def test_repeats_of_a_lead_are_found_from_either_side(api, operations, line):
    update_line(actor=operations, line=line, on_duplicate="create", duplicate_match=["mobile", "kind+age"])
    first = api.create("loan", {**DATA, "kind": "Business", "age": 30})["reference"]
    second = api.create("loan", {**DATA, "full_name": "A. Rao"})["reference"]
    third = api.create("loan", {"full_name": "Third", "kind": "Business", "age": 30})["reference"]
    api.create("loan", {"full_name": "Asha Rao", "mobile": "98450 99999", "kind": "Business", "age": 31})

    def found(reference: str) -> list[tuple[str, list[str]]]:
        answer = api.get(f"/leads/{reference}/duplicates").json()
        assert answer["elsewhere"] is False
        return [(each["lead"]["reference"], each["matches"]) for each in answer["results"]]

    assert found(first) == [(third, ["kind+age"]), (second, ["mobile"])]
    assert found(second) == [(first, ["mobile"])]
    assert found(third) == [(first, ["kind+age"])]


def test_of_repeats_of_others_it_is_told_that_they_exist(api, api_for, actor_for, operations, line):
    update_line(actor=operations, line=line, on_duplicate="create")
    theirs = api.create("loan", DATA)["reference"]
    agent = api_for(actor_for(Role.AGENT))
    mine = agent.create("loan", DATA)["reference"]
    response = agent.get(f"/leads/{mine}/duplicates")
    assert response.json() == {"next": None, "previous": None, "results": [], "elsewhere": True}
    assert theirs not in response.content.decode()
    assert agent.get(f"/leads/{theirs}/duplicates").status_code == 404


def test_a_match_by_a_hidden_field_does_not_name_it(api, api_for, actor_for, operations):
    fields = [
        {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
        {"key": "card", "label": "Card", "type": "text", "indexed": True, "visible_to": ["operations"]},
    ]
    cards = make_line(operations, fields, code="cards")
    update_line(actor=operations, line=cards, duplicate_match=["card"], on_duplicate="create")
    first = api.create("cards", {"full_name": "A", "card": "77"})["reference"]
    api.create("cards", {"full_name": "B", "card": "77"})
    assert api.get(f"/leads/{first}/duplicates").json()["results"][0]["matches"] == ["card"]
    auditor = api_for(actor_for(Role.AUDITOR))
    assert auditor.get(f"/leads/{first}/duplicates").json()["results"][0]["matches"] == []


def test_a_lead_without_a_key_repeats_none(api):
    reference = api.create("loan", {"full_name": "Asha"})["reference"]
    assert api.get(f"/leads/{reference}/duplicates").json()["results"] == []
