"""Lists as files by API: the same filters, the same leads, for whoever sees them."""

import csv
import io

import openpyxl
import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from accounts.roles import Role
from core.jobs import run_job
from core.models import Job, JobState
from core.scope import Scope, entered
from leads.services import exports
from tests.leads.api.conftest import errors_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(api_for, operations, line):
    calls = api_for(operations)
    for number in range(3):
        data = {
            "full_name": f"Asha {number}",
            "mobile": f"98765{number:05d}",
            "age": 20 + number,
            "kind": "Business",
        }
        calls.create("loan", data)
    return calls


def content_of(response):
    """What a server would send after the request is over."""
    assert response.streaming
    with entered(Scope()):
        return b"".join(response.streaming_content)


def csv_rows(response):
    return list(csv.reader(io.StringIO(content_of(response).decode("utf-8-sig"), newline="")))


def test_the_same_filter_gives_the_same_leads_in_list_and_file(api):
    filters = {"line": "loan", "data.age__gte": "21", "ordering": "data.age"}
    listed = [lead["reference"] for lead in api.get("/leads", **filters).json()["results"]]
    assert len(listed) == 2
    response = api.get("/leads/export", format="csv", columns="reference,data.age", **filters)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="leads-loan-' in response["Content-Disposition"]
    rows = csv_rows(response)
    assert rows[0] == ["Reference", "Age"]
    assert [row[0] for row in rows[1:]] == listed
    response = api.get("/leads/export/", format="xlsx", columns=["reference", "data.age"], **filters)
    rows = list(openpyxl.load_workbook(io.BytesIO(content_of(response))).active.values)
    assert rows[1:] == [(listed[0], 21), (listed[1], 22)]


def test_a_file_is_given_whatever_the_call_accepts(api):
    response = api.client.get("/api/v1/leads/export?format=csv", headers={"Accept": "text/csv"})
    assert response.status_code == 200
    assert len(csv_rows(response)) == 4


@pytest.mark.parametrize(
    ("parameters", "attr"),
    [
        ({}, "format"),
        ({"format": "pdf"}, "format"),
        ({"format": "csv", "columns": "data.nothing", "line": "loan"}, "columns"),
        ({"format": "csv", "colour": "red"}, "colour"),
        ({"format": "csv", "ordering": "colour"}, "ordering"),
        ({"format": "csv", "line": "nowhere"}, "line"),
    ],
)
def test_what_is_not_understood_is_named(api, parameters, attr):
    response = api.get("/leads/export", **parameters)
    assert response.status_code == 400
    assert [error[1] for error in errors_of(response)] == [attr]


def test_a_large_list_is_written_by_a_job_and_fetched(api, api_for, actor_for, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    response = api.get("/leads/export", format="csv", columns="reference")
    assert response.status_code == 202, response.content
    export = response.json()
    assert (export["state"], export["file"]) == (JobState.QUEUED, None)
    early = api.get(f"/exports/{export['id']}/file")
    assert (early.status_code, errors_of(early)[0][0]) == (409, "not_ready")
    assert run_job(export["id"])
    export = api.get(export["address"]).json()
    assert (export["state"], export["done"], export["total"]) == (JobState.DONE, 3, 3)
    assert len(csv_rows(api.get(export["file"]))) == 4
    other = api_for(actor_for(Role.ADMIN))
    assert [other.get(address).status_code for address in (export["address"], export["file"])] == [404, 404]
    assert api.get("/exports/999999999").status_code == 404


def test_an_export_is_of_the_callers_own_leads_and_leaves_a_trace(api_for, actor_for, api, operations):
    agent = actor_for(Role.AGENT)
    assert len(csv_rows(api_for(agent).get("/leads/export", format="csv"))) == 1
    assert Job.objects.filter(kind=exports.EXPORT, created_by=agent.user).count() == 1


def test_a_server_that_waits_for_nobody_sends_the_file_in_pieces(api, operations):
    async def fetch() -> list[bytes]:
        client = AsyncClient()
        client.cookies = api.client.cookies
        response = await client.get("/api/v1/leads/export?format=csv&columns=reference")
        assert response.is_async
        return [piece async for piece in response.streaming_content]

    with entered(Scope()):
        content = b"".join(async_to_sync(fetch)())
    assert len(content.decode("utf-8-sig").splitlines()) == 4
