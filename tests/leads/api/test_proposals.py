"""Fields from a spreadsheet by API: a file is looked at, its proposal read, changed and applied."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.jobs.errors import JobFailed
from core.models import Job
from leads.models import BusinessLine
from tests.leads.api.conftest import Api, errors_of
from tests.leads.proposals.columns import csv_bytes

ROWS = [
    ["Lead ID", "Full Name", "City"],
    *([f"L{number}", f"Person {number}", ["Pune", "Delhi"][number % 2]] for number in range(30)),
]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def api(api_for, operations) -> Api:
    return api_for(operations)


def upload(api: Api, content: bytes | None = None, **given: Any) -> dict[str, Any]:
    """Upload a file to be looked at; the answer."""
    data = {"file": SimpleUploadedFile("leads.csv", content or csv_bytes(ROWS)), **given}
    response = api.client.post("/api/v1/lines/proposals/", data)
    assert response.status_code == 201, response.content
    written: dict[str, Any] = response.json()
    assert response["Location"] == written["address"]
    return written


def looked_at(api: Api, **given: Any) -> dict[str, Any]:
    """Upload a file and let the job look at it; the proposal as it is then."""
    begun = upload(api, **given)
    run_job_inline(Job.objects.get(pk=begun["job"]["id"]))
    written: dict[str, Any] = api.get(f"/lines/proposals/{begun['id']}").json()
    return written


def test_a_file_is_looked_at_by_a_job_and_proposes_fields(api: Api) -> None:
    begun = upload(api, line="courses")
    assert (begun["job"]["state"], begun["proposal"], begun["line"]) == ("queued", None, "courses")

    run_job_inline(Job.objects.get(pk=begun["job"]["id"]))
    found = api.get(f"/lines/proposals/{begun['id']}/").json()

    assert found["job"]["state"] == "done"
    assert [(field["key"], field["type"]) for field in found["proposal"]["fields"]] == [
        ("lead_id", "text"), ("full_name", "text"), ("city", "select"),
    ]  # fmt: skip
    assert found["proposal"]["duplicate_match"] == ["lead_id"]
    assert not BusinessLine.objects.exists()


def test_a_proposal_is_applied_as_it_is(api: Api) -> None:
    found = looked_at(api, line="courses")

    applied = api.post(f"/lines/proposals/{found['id']}/apply/", {"name": "Online courses"}).json()

    assert applied["is_new"] and applied["version"] == 1
    assert applied["added"] == ["lead_id", "full_name", "city"]
    assert BusinessLine.objects.get(code="courses").name == "Online courses"
    assert api.get(f"/lines/proposals/{found['id']}").json()["applied_to"] == "courses"
    again = api.post(f"/lines/proposals/{found['id']}/apply", {}).json()
    assert (again["added"], again["version"], again["is_new"]) == ([], 1, False)


def test_a_client_may_change_the_fields_before_they_are_applied(api: Api) -> None:
    found = looked_at(api)
    city = next(field for field in found["proposal"]["fields"] if field["key"] == "city")
    field = {
        "key": "town",
        "label": "City",
        "type": "select",
        **city["settings"],
        "choices": ["Pune", "Delhi", "Goa"],
    }

    applied = api.post(
        f"/lines/proposals/{found['id']}/apply",
        {"line": "walk_ins", "fields": [field], "duplicate_match": []},
    ).json()

    assert applied["added"] == ["town"]
    assert BusinessLine.objects.get(code="walk_ins").duplicate_match == []


def test_what_is_wrong_with_a_field_is_told_by_its_path(api: Api) -> None:
    found = looked_at(api)
    wrong = {"key": "town", "label": "City", "type": "select"}

    response = api.post(f"/lines/proposals/{found['id']}/apply", {"line": "walk_ins", "fields": [wrong]})

    assert response.status_code == 400
    assert ("required", "fields[0].choices") in errors_of(response)


def test_without_a_line_nothing_is_applied(api: Api) -> None:
    found = looked_at(api)

    response = api.post(f"/lines/proposals/{found['id']}/apply", {})

    assert response.status_code == 400 and "business line" in response.json()["errors"][0]["detail"]


def test_a_proposal_that_is_not_ready_is_a_conflict(api: Api) -> None:
    begun = upload(api, line="courses")

    response = api.post(f"/lines/proposals/{begun['id']}/apply", {})

    assert response.status_code == 409 and errors_of(response) == [("not_ready", None)]


def test_a_file_that_cannot_be_read_says_why(api: Api) -> None:
    begun = upload(api, b"1,2\n3,4\n")
    with pytest.raises((JobFailed, Exception), match="names columns"):
        run_job_inline(Job.objects.get(pk=begun["job"]["id"]))

    found = api.get(f"/lines/proposals/{begun['id']}").json()

    assert found["job"]["state"] == "failed" and "names columns" in found["job"]["error"]
    assert found["proposal"] is None


def test_a_proposal_is_its_askers_alone(api: Api, api_for, actor_for) -> None:
    found = looked_at(api, line="courses")

    for role, status in [(Role.OPERATIONS, 404), (Role.ADMIN, 404), (Role.AGENT, 403), (Role.AUDITOR, 403)]:
        other: Actor = actor_for(role)
        assert api_for(other).get(f"/lines/proposals/{found['id']}").status_code == status
        assert api_for(other).post(f"/lines/proposals/{found['id']}/apply", {}).status_code == status


def test_the_console_shows_nobody_what_stands_in_the_file(api: Api, actor_for, client_for) -> None:
    found = looked_at(api, line="courses")

    page = client_for(actor_for(Role.AUDITOR)).get(reverse("admin:core_job_change", args=[found["id"]]))

    assert page.status_code == 200 and "Look at leads.csv" in page.text
    assert "Person 1" not in page.text


def test_a_proposal_that_is_applied_again_under_its_key_is_answered_alike(api: Api) -> None:
    found = looked_at(api, line="courses")
    first, again = (
        api.post(f"/lines/proposals/{found['id']}/apply", {}, HTTP_IDEMPOTENCY_KEY="once") for _ in range(2)
    )
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json() and first.json()["is_new"]


@pytest.mark.parametrize("data", [{}, {"file": "text"}])
def test_a_call_without_a_file_says_so(api: Api, data: dict[str, str]) -> None:
    response = api.client.post("/api/v1/lines/proposals", data)

    assert response.status_code == 400
    assert "file" in {attr for _code, attr in errors_of(response)}
