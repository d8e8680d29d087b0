"""The board: columns, counts, further cards, and the move of a card."""

import pytest
from django.urls import reverse

from leads.models import Lead
from leads.queries.lead_list import Catalog, LeadListQuery, board, list_leads
from leads.services.leads import update_lead
from leads.services.lines import update_line
from tests.leads.lines.definitions import make_line
from tests.leads.lists.conftest import House


def columns_of(house: House, actor, **query):
    read = board.read_board(actor, LeadListQuery(house.line, **query), Catalog(actor, house.line))
    return {
        column.value: ([lead.name for lead in column.cards], str(column.count)) for column in read.columns
    }


def test_leads_stand_in_the_columns_of_their_stages_as_far_as_they_are_seen(house: House) -> None:
    assert columns_of(house, house.operations) == {
        "fresh": (["Farid Sheikh", "Esha Roy", "Dev Patel", "Chitra Nair"], "4"),
        "contacted": (["Bina Shah", "Asha Rao"], "2"),
        "qualified": ([], "0"),
        "documents": ([], "0"),
        "": ([], "0"),
    }
    assert columns_of(house, house.agent)["contacted"] == (["Asha Rao"], "1")
    assert columns_of(house, house.operations, search="asha")["contacted"] == (["Asha Rao"], "1")
    in_pune = {"field": "data.town", "op": "eq", "value": "Pune"}
    assert columns_of(house, house.operations, conditions=in_pune)["fresh"] == (
        ["Dev Patel", "Chitra Nair"],
        "2",
    )


def test_a_lead_in_a_stage_that_the_line_has_no_more_is_not_lost(house: House, client_for) -> None:
    update_line(actor=house.operations, line=house.line, stages=["fresh", "documents"])
    house.line.refresh_from_db()
    assert columns_of(house, house.operations)[""] == (["Bina Shah", "Asha Rao"], "2")
    page = client_for(house.operations).get(reverse("leads:list"), {"line": "loan", "layout": "board"})
    assert [column["label"] for column in page.context["columns"]] == ["Fresh", "Documents", "Other stages"]


def test_counts_are_capped_and_further_cards_follow_without_gaps(
    house: House, client_for, monkeypatch
) -> None:
    monkeypatch.setattr(board, "CARDS", 1)
    monkeypatch.setattr(board, "COUNTED", 2)
    client = client_for(house.operations)
    page = client.get(reverse("leads:list"), {"line": "loan", "layout": "board"})
    first = page.context["columns"][0]
    assert first["count"] == "2+"
    names, url = [card["name"] for card in first["cards"]], first["more_url"]
    while url:
        column = client.get(url).context["column"]
        names += [card["name"] for card in column["cards"]]
        url = column["more_url"]
    assert names == ["Farid Sheikh", "Esha Roy", "Dev Patel", "Chitra Nair"]


def test_a_line_without_stages_goes_by_status(house: House, client_for) -> None:
    make_line(house.operations, code="plain", stages=[])
    page = client_for(house.operations).get(reverse("leads:list"), {"line": "plain", "layout": "board"})
    assert page.context["attribute"] == "status"
    assert [column["value"] for column in page.context["columns"]][:2] == ["new", "in_progress"]


def test_board_and_table_hold_the_same_leads(house: House) -> None:
    for actor in (house.operations, house.leader, house.agent):
        seen = {lead.pk for lead in list_leads(actor, LeadListQuery(house.line)).rows}
        read = board.read_board(actor, LeadListQuery(house.line), Catalog(actor, house.line))
        assert {lead.pk for column in read.columns for lead in column.cards} == seen


def test_a_move_needs_the_version_that_was_seen(house: House, client_for) -> None:
    client = client_for(house.agent)
    lead = house.lead("Asha Rao")
    url = reverse("leads:move", args=[lead.reference])
    as_json = {"Accept": "application/json"}
    body = {"to": "qualified", "version": lead.updated_at.isoformat()}
    moved = client.post(url, body, headers=as_json)
    assert moved.status_code == 200
    assert house.lead("Asha Rao").stage == "qualified"
    assert moved.json()["version"] == house.lead("Asha Rao").updated_at.isoformat()
    again = client.post(url, {**body, "to": "documents"}, headers=as_json)
    assert again.status_code == 409
    assert "Somebody changed" in again.json()["message"]
    assert house.lead("Asha Rao").stage == "qualified"
    nowhere = client.post(url, {"to": "nowhere", "version": moved.json()["version"]}, headers=as_json)
    assert nowhere.status_code == 400
    plain = client.post(
        url, {"to": "documents", "version": moved.json()["version"], "next": "//evil.example/"}
    )
    assert plain.status_code == 302
    assert plain["Location"].startswith("/leads/")
    assert house.lead("Asha Rao").stage == "documents"


@pytest.mark.parametrize(("who", "status"), [("other", 404), ("auditor", 403)])
def test_who_may_not_change_the_lead_moves_nothing(house: House, client_for, who: str, status: int) -> None:
    lead = house.lead("Asha Rao")
    body = {"to": "qualified", "version": lead.updated_at.isoformat()}
    url = reverse("leads:move", args=[lead.reference])
    assert client_for(getattr(house, who)).post(url, body).status_code == status
    assert Lead.objects.get(pk=lead.pk).stage == "contacted"


def test_who_may_not_move_gets_cards_without_moves(house: House, client_for) -> None:
    page = client_for(house.auditor).get(reverse("leads:list"), {"line": "loan", "layout": "board"})
    assert not any(card["moves"] for column in page.context["columns"] for card in column["cards"])
    update_lead(
        actor=house.agent, reference=house.leads[0].reference, values={}, attributes={"stage": "qualified"}
    )
    assert columns_of(house, house.auditor)["qualified"] == (["Asha Rao"], "1")
