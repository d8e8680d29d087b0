"""What a field's rights keep from somebody is in no answer to what that person writes."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from leads.models import FollowUp, Lead
from tests.leads.doors.house import EDITORS, HIDDEN, PERSONAL, House, body, told

# The messages that a redirect leaves for the next page are looked for there.
NEXT_PAGE = "accounts:profile"


@pytest.mark.parametrize("role", EDITORS)
def test_no_call_answers_with_a_value(house: House, role: Role) -> None:
    """Nor does its replay."""
    client = house.client(house.actors[role])
    detail = reverse("api:lead-detail", args=[house.reference])
    repeats = {"pan": PERSONAL["pan"], "open": "x"}
    follow_up = reverse("api:follow-up-detail", args=[house.reference, house.world.row(FollowUp).pk])
    calls = (
        ("patch", detail, {"data": {"open": "changed"}}),
        ("patch", detail, {"data": {"rating": "mine"}}),
        ("post", reverse("api:lead-list"), {"line": "doors", "data": repeats}),
        ("post", reverse("api:lead-batch"), {"line": "doors", "leads": [{"data": repeats}]}),
        ("put", reverse("api:lead-tags", args=[house.reference]), {"tags": ["Hot"]}),
        ("patch", follow_up, {"what": "Ask again"}),
    )
    for number, (method, path, data) in enumerate(calls):
        for _time in range(2):
            key = {"Idempotency-Key": f"door-{role}-{number}"}
            response = getattr(client, method)(path, data, content_type="application/json", headers=key)
            assert told(role, body(response)) == [], f"{method} {path}"
    assert Lead.objects.get(reference=house.reference).data["rating"] == HIDDEN["rating"]


@pytest.mark.parametrize("role", EDITORS)
def test_no_page_answers_with_a_value(house: House, role: Role) -> None:
    client = house.client(house.actors[role])
    lead = house.world.row(Lead)
    version = lead.updated_at.isoformat()  # type: ignore[attr-defined]
    pages = (
        (reverse("leads:move", args=[house.reference]), {"to": "met", "version": version}),
        (reverse("leads:edit", args=[house.reference]), {"mail": "no address", "data-mail": "no address"}),
        (reverse("leads:new") + "?line=doors", {"pan": PERSONAL["pan"], "open": "x"}),
        (reverse("leads:bulk") + f"?line=doors&pick={house.reference}", {"action": "stage", "value": "no"}),
        (reverse("leads:view_new") + "?line=doors", {"name": ""}),
        (
            reverse("leads:follow_up", args=[house.reference, house.world.row(FollowUp).pk]),
            {"what": ""},
        ),
    )
    for path, data in pages:
        response = client.post(path, data)
        assert response.status_code != 500, path
        assert told(role, body(response)) == [], path
        assert told(role, body(client.get(reverse(NEXT_PAGE)))) == [], f"after {path}"
    assert Lead.objects.get(reference=house.reference).stage == "met"


def test_a_move_is_answered_without_a_hidden_name(house: House) -> None:
    """A script gets its words as JSON."""
    client = house.client(house.world.agent)
    version = house.world.row(Lead).updated_at.isoformat()  # type: ignore[attr-defined]
    answer = client.post(
        reverse("leads:move", args=[house.reference]),
        {"to": "met", "version": version},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 200
    assert house.reference in answer.json()["message"]
    assert told(Role.AGENT, body(answer)) == []
