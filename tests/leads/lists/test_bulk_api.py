"""Changing many leads by calls, and taking that back: the pages' own service, each lead told of, each call once."""

from collections.abc import Callable
from typing import Any

import pytest

from core.models import Job
from leads.models import Lead, LeadTag
from leads.queries.bulk import BULK, UNDO
from leads.services import bulk
from leads.services.leads import update_lead
from tests.leads.api.conftest import Api
from tests.leads.lists.conftest import House


@pytest.fixture
def api(client_for) -> Callable[..., Api]:
    return lambda actor: Api(client_for(actor))


def body(house: House, **given: Any) -> dict[str, Any]:
    named = {} if given.get("all") else {"references": [lead.reference for lead in house.leads]}
    return {"line": "loan", "action": "stage", "value": "qualified", **named, **given}


def test_leads_that_are_named_are_changed_and_each_is_told_of(house: House, api) -> None:
    calls = api(house.agent)
    answer = calls.post("/leads/bulk", body(house))
    assert answer.status_code == 200
    told = answer.json()
    assert told["counts"] == {
        "changed": 3, "unchanged": 0, "not_allowed": 0, "changed_meanwhile": 0, "gone": 3,
    }  # fmt: skip
    assert {each["reference"]: each["result"] for each in told["results"]} == {
        lead.reference: "gone" if number % 2 else "changed" for number, lead in enumerate(house.leads)
    }
    assert told["undo_until"]

    update_lead(actor=house.agent, reference=house.leads[0].reference, values={"town": "Goa"})
    blank = calls.post(f"/leads/bulk/{told['id']}/undo", {}, HTTP_IDEMPOTENCY_KEY=" ")
    assert blank.status_code == 400
    undone = calls.post(f"/leads/bulk/{told['id']}/undo", {})
    assert (undone.status_code, undone.json()["counts"]) == (
        200,
        {"undone": 2, "changed_since": 1, "not_allowed": 0},
    )
    after = calls.get(f"/leads/bulk/{told['id']}").json()
    assert (after["undo_until"], after["undone_by"]) == (None, undone.json()["address"])
    assert calls.post(f"/leads/bulk/{told['id']}/undo", {}).json()["id"] == undone.json()["id"]
    assert Job.objects.filter(kind=UNDO).count() == 1


def test_all_that_a_search_and_a_rule_find(house: House, api) -> None:
    rule = {"field": "stage", "op": "eq", "value": "fresh"}
    answer = api(house.operations).post(
        "/leads/bulk", body(house, all=True, rule=rule, action="tag", value="New")
    )
    assert answer.json()["counts"]["changed"] == 4
    assert answer.json()["results"] == []
    assert set(LeadTag.objects.values_list("lead__stage", flat=True)) == {"fresh"}


def test_a_call_with_a_key_happens_once_and_another_with_its_key_is_refused(house: House, api) -> None:
    calls = api(house.operations)
    headers = {"HTTP_IDEMPOTENCY_KEY": "monday"}
    first = calls.post("/leads/bulk", body(house), **headers)
    again = calls.post("/leads/bulk", body(house), **headers)
    assert first.json()["id"] == again.json()["id"]
    assert Job.objects.filter(kind=BULK).count() == 1
    assert calls.post("/leads/bulk", body(house, value="documents"), **headers).status_code in (409, 422)
    for key in ("", " "):
        refused = calls.post("/leads/bulk", body(house, action="tag", value="x"), HTTP_IDEMPOTENCY_KEY=key)
        assert refused.status_code == 400


def test_many_are_a_job_whose_address_is_told(house: House, api, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    answer = api(house.operations).post("/leads/bulk", body(house, all=True))
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert answer.json()["address"].endswith(f"/api/v1/leads/bulk/{answer.json()['id']}")
    assert not Lead.objects.filter(stage="qualified").exists()
    early = api(house.operations).post(f"/leads/bulk/{answer.json()['id']}/undo", {})
    assert (early.status_code, early.json()["errors"][0]["code"]) == (409, "not_finished")


@pytest.mark.parametrize(
    ("given", "attribute"),
    [
        ({"references": ["L1"], "all": True}, "references"),
        ({"references": []}, "references"),
        ({"references": ["../x"]}, "references"),
        ({"references": ["L1"], "search": "a"}, "references"),
        ({"line": "nowhere"}, "line"),
        ({"action": "burn"}, "action"),
        ({"value": "nowhere"}, "value"),
        ({"value": {"a": 1}}, "value"),
        ({"value": 7}, "value"),
        ({"action": "assign", "value": "seven"}, "value"),
        ({"all": True, "references": None, "rule": {"field": "nothing", "op": "eq", "value": 1}}, "rule"),
        ({"misspelt": 1}, "misspelt"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_changes_nothing(
    house: House, api, given, attribute
) -> None:
    sent = {name: value for name, value in {**body(house), **given}.items() if value is not None}
    answer = api(house.operations).post("/leads/bulk", sent)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["attr"].split(".")[0] == attribute
    assert not Job.objects.filter(kind=BULK).exists()


def test_who_may_not_is_told_so_and_others_changes_are_not_there(house: House, api) -> None:
    assert api(house.auditor).post("/leads/bulk", body(house)).status_code == 403
    made = api(house.operations).post("/leads/bulk", body(house)).json()["id"]
    for path, method in ((f"/leads/bulk/{made}", "get"), (f"/leads/bulk/{made}/undo", "post")):
        arguments = [{}] if method == "post" else []
        assert getattr(api(house.agent), method)(path, *arguments).status_code == 404
