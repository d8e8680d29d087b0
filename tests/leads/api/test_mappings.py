"""Saved mappings by API: listed, read as far as one may, renamed, forgotten, and never those of others."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actor import Actor
from accounts.roles import Role
from core.models import SavedMapping
from core.scope import organization_scope
from leads.services.fields import retire_field
from leads.services.lines import publish_line
from tests.leads.api.conftest import Api, ApiFor, errors_of
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "margin", "label": "Margin", "type": "integer", "visible_to": ["operations"]},
    {"key": "town", "label": "Town", "type": "text"},
]
HEADER = "Full name,Margin,Town,Remarks"
OTHER = "Full name,Margin,Street,House,Floor,Door,Flat"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def line(operations: Actor) -> Any:
    return make_line(operations, FIELDS)


def remember(api: Api, name: str, header: str = HEADER) -> int:
    """Load a file and keep how it was matched."""
    file = SimpleUploadedFile("leads.csv", f"{header}\n{name},1,Pune,x\n".encode())
    answer = api.client.post("/api/v1/imports/", {"file": file, "line": "loan", "remember_as": name})
    assert answer.status_code == 201, answer.content
    return SavedMapping.objects.get(name=name).pk


@pytest.fixture
def api(api_for: ApiFor, operations: Actor, line: Any) -> Api:
    return api_for(operations)


def test_what_is_saved_is_listed_by_name_a_page_at_a_time(api: Api) -> None:
    second = remember(api, "Branch")
    first = remember(api, "Agency", OTHER)

    found = api.get("/imports/mappings", line="loan", page_size=1).json()
    assert [each["name"] for each in found["results"]] == ["Agency"]
    [other] = api.get(found["next"]).json()["results"]
    assert (other["id"], other["columns_count"], other["created_by"]) == (second, 4, "Meera Iyer")
    assert other["may_change"] and other["used"] and other["line"] == "loan"
    newest = api.get("/imports/mappings", ordering="-created").json()["results"]
    assert [each["id"] for each in newest] == [first, second]
    assert api.get("/imports/mappings", line="solar").json()["results"] == []
    assert api.get("/imports/mappings", lines="loan").status_code == 400


def test_columns_are_told_as_far_as_their_reader_may_know(
    api: Api, api_for: ApiFor, operations: Actor, actor_for: Any, line: Any
) -> None:
    number = remember(api, "Branch")

    def columns(reader: Api) -> list[tuple[str, str, str | None]]:
        told = reader.get(f"/imports/mappings/{number}").json()["columns"]
        return [(each["header"], each["state"], each["target"]) for each in told]

    all_of_them = [
        ("Full name", "read", "full_name"),
        ("Margin", "read", "margin"),
        ("Town", "read", "town"),
        ("Remarks", "unread", None),
    ]
    assert columns(api) == all_of_them
    leader = api_for(actor_for(Role.TEAM_LEADER))
    assert columns(leader)[1] == ("Margin", "hidden", None)
    retire_field(actor=operations, field=line.fields.get(key="town"))
    publish_line(actor=operations, line=line)
    assert columns(api)[2] == ("Town", "retired", None)


def test_one_is_renamed_and_forgotten_under_what_was_read(api: Api) -> None:
    number = remember(api, "Branch")
    remember(api, "Agency", OTHER)
    seen = api.get(f"/imports/mappings/{number}")["ETag"]
    path = f"/imports/mappings/{number}"

    taken = api.patch(path, {"name": "agency"})
    assert taken.status_code == 409 and errors_of(taken)[0][0] == "mapping_exists"
    assert errors_of(api.patch(path, {"name": " "}))[0][1] == "name"
    assert errors_of(api.patch(path, {"name": "x" * 101}))[0][1] == "name"
    assert ("unknown_field", "columns") in errors_of(api.patch(path, {"name": "A", "columns": []}))
    renamed = api.patch(path, {"name": " Of  the branch"}, headers={"If-Match": seen})
    assert renamed.status_code == 200 and renamed.json()["name"] == "Of the branch"
    assert api.patch(path, {"name": "Late"}, headers={"If-Match": seen}).status_code == 412
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404 and api.delete(path).status_code == 404
    assert [each["name"] for each in api.get("/imports/mappings").json()["results"]] == ["Agency"]


def test_anothers_is_shared_and_not_changed_and_elsewhere_there_is_none(
    api: Api, api_for: ApiFor, actor_for: Any, other_organization: Any
) -> None:
    number = remember(api, "Branch")
    path = f"/imports/mappings/{number}"
    leader = api_for(actor_for(Role.TEAM_LEADER))

    assert leader.get(path).json()["may_change"] is False
    assert leader.patch(path, {"name": "Mine"}).status_code == 403
    assert leader.delete(path).status_code == 403
    assert api_for(actor_for(Role.AGENT)).get("/imports/mappings").status_code == 403
    with organization_scope(other_organization):
        stranger = api_for(actor_for(Role.OPERATIONS, organization=other_organization))
    assert stranger.get("/imports/mappings").json()["results"] == []
    assert {stranger.get(path).status_code, stranger.delete(path).status_code} == {404}
