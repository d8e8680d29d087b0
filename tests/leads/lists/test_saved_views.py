"""Saved views: whose they are, who sees and changes them, and what a reader may not see of them."""

import json

import pytest
from django.urls import reverse

from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from leads.models import Field, SavedView
from leads.queries.lead_list import Catalog
from leads.queries.saved_views import get_view, listed_views, offered_views, read_view
from leads.services.fields import retire_field
from leads.services.lines import publish_line
from leads.services.saved_views import change_view, delete_view, save_view
from tests.leads.lists.conftest import House

IN_PUNE = {"field": "data.town", "op": "eq", "value": "Pune"}


def save(house: House, actor, **settings) -> SavedView:
    return save_view(actor=actor, line=house.line, settings={"name": "Mine", **settings})


def names(views: list[SavedView]) -> set[str]:
    return {view.name for view in views}


def test_a_private_view_is_its_owners_alone(house: House) -> None:
    view = save(house, house.agent)
    assert names(offered_views(house.agent)) == {"Mine"}
    for actor in (house.leader, house.other, house.operations):
        assert listed_views(actor) == []
        with pytest.raises(NotVisible):
            get_view(actor, view.pk)
        with pytest.raises(NotVisible):
            change_view(actor=actor, view_id=view.pk, settings={"name": "Taken"})


def test_shared_views_reach_their_team_role_or_everybody(house: House) -> None:
    save(house, house.leader, name="Team", sharing="team")
    save(house, house.operations, name="Agents", sharing="role", role="agent")
    save(house, house.operations, name="All", sharing="organization")
    assert names(offered_views(house.agent)) == {"Team", "Agents", "All"}
    assert names(offered_views(house.other)) == {"Agents", "All"}, "The other agent is of no team of Leela's."
    assert names(offered_views(house.auditor)) == {"All"}
    assert names(listed_views(house.operations)) == {"Team", "Agents", "All"}


def test_who_may_share_and_change(house: House) -> None:
    with pytest.raises(NotPermitted):
        save(house, house.agent, sharing="organization")
    with pytest.raises(NotPermitted):
        save(house, house.leader, sharing="role", role="agent")
    team = save(house, house.leader, name="Team", sharing="team")
    with pytest.raises(NotPermitted):
        change_view(actor=house.agent, view_id=team.pk, settings={"name": "Ours"})
    assert (
        change_view(actor=house.operations, view_id=team.pk, settings={"name": "Leela's"}).name == "Leela's"
    )
    with pytest.raises(NotPermitted):
        change_view(actor=house.operations, view_id=team.pk, settings={"sharing": "private"})
    delete_view(actor=house.leader, view_id=team.pk)
    assert offered_views(house.agent) == []


def test_the_same_name_twice_is_refused(house: House) -> None:
    save(house, house.agent)
    with pytest.raises(Conflict):
        save(house, house.agent, name="mine")
    save(house, house.other)


def test_a_view_asks_for_nothing_that_its_writer_may_not(house: House) -> None:
    hidden = {"field": "data.secret", "op": "gt", "value": 5}
    for settings in (
        {"conditions": hidden},
        {"columns": ["data.secret"]},
        {"ordering": "data.secret"},
        {"columns": ["nowhere"]},
        {"name": " "},
        {"layout": "spiral"},
    ):
        with pytest.raises(ValidationFailed):
            save(house, house.agent, **settings)


def test_a_reader_sees_nothing_closed_of_a_shared_view_and_is_told_without_its_name(house: House) -> None:
    conditions = {"all": [IN_PUNE, {"field": "data.secret", "op": "gt", "value": 5}]}
    view = save(
        house,
        house.operations,
        sharing="organization",
        conditions=conditions,
        columns=["data.secret", "stage"],
        ordering="-data.secret",
    )
    read = read_view(house.agent, view, Catalog(house.agent, house.line))
    assert read.conditions == IN_PUNE
    assert (read.columns, read.ordering, read.is_complete) == (["stage"], "", False)
    assert len(read.notes) == 3
    assert "secret" not in " ".join(read.notes).lower()


def test_a_retired_field_is_named_not_a_crash(house: House, client_for) -> None:
    view = save(house, house.agent, conditions=IN_PUNE, columns=["data.town"])
    retire_field(actor=house.operations, field=Field.objects.get(line=house.line, key="town"))
    publish_line(actor=house.operations, line=house.line)
    response = client_for(house.agent).get(reverse("leads:list"), {"line": "loan", "view": view.pk})
    assert response.status_code == 200
    assert "Town" in response.content.decode()
    assert "retired" in response.content.decode()


def test_a_field_that_is_gone_is_named_and_gives_no_file(house: House, client_for) -> None:
    view = save(house, house.agent, conditions=IN_PUNE)
    SavedView.objects.filter(pk=view.pk).update(
        conditions={"field": "data.gone", "op": "eq", "value": "1"}, columns=["data.gone"]
    )
    client = client_for(house.agent)
    page = client.get(reverse("leads:list"), {"line": "loan", "view": view.pk})
    assert "“gone”" in page.content.decode()
    export = client.get(reverse("leads:export"), {"line": "loan", "view": view.pk, "format": "csv"})
    assert export.status_code == 302, (
        "A file of more than the view asks for would be taken for the right one."
    )
    many = client.get(reverse("leads:bulk"), {"line": "loan", "view": view.pk, "all": "1"})
    assert many.status_code == 302


def test_the_list_begins_with_the_nearest_default(house: House, client_for) -> None:
    save(house, house.operations, name="Everybody's", sharing="organization", is_default=True)
    client = client_for(house.agent)

    def begun() -> str:
        view = client.get(reverse("leads:list"), {"line": "loan"}).context["saved_view"]
        return view.name if view else ""

    assert begun() == "Everybody's"
    own = save(house, house.agent, is_default=True, conditions=IN_PUNE)
    assert begun() == "Mine"
    save(house, house.agent, name="Newer", is_default=True)
    assert begun() == "Newer"
    own.refresh_from_db()
    assert not own.is_default
    every = client.get(reverse("leads:list"), {"line": "loan", "view": "all"})
    assert every.context["saved_view"] is None
    assert "view=all" in every.context["clear_url"]


def test_a_view_changed_in_the_address_is_saved_back(house: House, client_for) -> None:
    view = save(house, house.agent, conditions=IN_PUNE, columns=["stage", "tags"], ordering="created")
    client = client_for(house.agent)
    page = client.get(reverse("leads:list"), {"line": "loan", "view": view.pk})
    assert [row["name"] for row in page.context["rows"]] == ["Asha Rao", "Chitra Nair"]
    assert [column["label"] for column in page.context["columns"]][3:5] == ["Stage", "Tags"]
    state = {
        "line": "loan",
        "view": view.pk,
        "own": "1",
        "status": "new",
        "columns": ["tags"],
        "sort": "-updated",
    }
    changed = "own=1&status=new&columns=tags&sort=-updated"
    edit = f"{reverse('leads:view', args=[view.pk])}?line=loan&view={view.pk}&{changed}"
    assert client.get(reverse("leads:list"), state).context["saved_view"] == view
    answer = client.post(edit, {"name": "Mine", "is_pinned": "on", "take_list": "on"})
    assert answer.status_code == 302, answer.context["form"].errors
    view.refresh_from_db()
    assert view.conditions == {"field": "status", "op": "eq", "value": "new"}
    assert (view.columns, view.ordering) == (["tags"], "-updated")


def test_the_api_lists_saves_changes_and_deletes(house: House, client_for) -> None:
    client = client_for(house.agent)
    body = {"line": "loan", "name": "Pune", "conditions": IN_PUNE, "columns": ["stage"], "layout": "board"}
    made = client.post("/api/v1/views/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    number, etag = made.json()["id"], made["ETag"]
    assert [each["name"] for each in client.get("/api/v1/views", {"line": "loan"}).json()["results"]] == [
        "Pune"
    ]
    late = client.patch(
        f"/api/v1/views/{number}",
        {"name": "X"},
        content_type="application/json",
        headers={"If-Match": '"old"'},
    )
    assert late.status_code == 412
    changed = client.patch(
        f"/api/v1/views/{number}",
        {"name": "Poona", "pinned": False},
        content_type="application/json",
        headers={"If-Match": etag},
    )
    assert (changed.json()["name"], changed.json()["pinned"]) == ("Poona", False)
    assert client_for(house.other).get(f"/api/v1/views/{number}").status_code == 404
    assert client.delete(f"/api/v1/views/{number}").status_code == 204
    assert client.get(f"/api/v1/views/{number}").status_code == 404
    wrong = client.post(
        "/api/v1/views/", {**body, "columns": ["data.secret"]}, content_type="application/json"
    )
    assert wrong.json()["errors"][0]["attr"].startswith("columns")


def test_another_organisations_view_is_not_there(
    house: House, client_for, other_organization, actor_for
) -> None:
    from accounts.roles import Role

    view = save(house, house.operations, sharing="organization")
    stranger = client_for(actor_for(Role.ADMIN, organization=other_organization))
    assert stranger.get(f"/api/v1/views/{view.pk}").status_code == 404
    assert stranger.post(reverse("leads:view_delete", args=[view.pk])).status_code == 404
    assert json.loads(stranger.get("/api/v1/views").content)["results"] == []
