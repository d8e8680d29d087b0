"""The list as a file, by its pages: at once, or by a job whose page waits for it."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Job
from leads.models import BusinessLine
from leads.services import exports
from leads.services.leads import create_lead
from tests.conftest import ActorFor
from tests.leads.loans import loan_values, make_loan_line

pytestmark = pytest.mark.usefixtures("in_organization")


@pytest.fixture
def operations(actor_for: ActorFor) -> Actor:
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(operations: Actor) -> BusinessLine:
    """The loan line with two leads."""
    line = make_loan_line(operations)
    for name, mobile, city in (("Asha Rao", "98450 12345", "Pune"), ("Bina Shah", "98450 54321", "Mumbai")):
        create_lead(actor=operations, line=line, values=loan_values(full_name=name, mobile=mobile, city=city))
    return line


def rows_of(response: object) -> list[dict[str, str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content)))


def test_the_file_holds_what_the_list_shows(client_for, operations: Actor, line: BusinessLine) -> None:
    client: Client = client_for(operations)

    shown = {"format": "csv", "data.city": "Pune", "columns": ["data.city", "data.pan"]}
    rows = rows_of(client.get(reverse("leads:export"), {"line": line.code, **shown}))

    assert [row["Full Name"] for row in rows] == ["Asha Rao"]
    assert list(rows[0]) == ["Full Name", "Reference", "Status", "City", "PAN", "Owner", "Created"]


def test_a_filter_that_is_not_understood_gives_no_file(
    client_for, operations: Actor, line: BusinessLine
) -> None:
    client: Client = client_for(operations)

    response = client.get(reverse("leads:export"), {"data.loan_amount__gte": "much"}, follow=True)

    assert response.redirect_chain[0][0].startswith(reverse("leads:list"))
    assert b"much" in response.content


def test_a_long_list_is_written_by_a_job_whose_page_waits(
    client_for, operations: Actor, line: BusinessLine, actor_for: ActorFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client: Client = client_for(operations)

    response = client.get(reverse("leads:export"), {"line": line.code, "format": "csv"})
    page = response.headers["Location"]
    assert "hx-trigger" in client.get(page).content.decode()
    job = Job.objects.get()
    run_job_inline(job)

    written = client.get(page).content.decode()
    file = reverse("leads:export_file", args=[job.pk])
    assert file in written and "hx-trigger" not in written.partition('id="export"')[2]
    assert len(rows_of(client.get(file))) == 2
    colleague: Client = client_for(actor_for(Role.OPERATIONS))
    assert colleague.get(page).status_code == colleague.get(file).status_code == 404


def test_an_export_whose_file_was_taken_away_says_so(
    client_for, operations: Actor, line: BusinessLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client: Client = client_for(operations)
    page = client.get(reverse("leads:export"), {"format": "csv"}).url
    job = Job.objects.get(kind=exports.EXPORT)
    run_job_inline(job)
    Job.objects.filter(pk=job.pk).update(result={"rows": 2, "filename": "a.csv", "expired": True})

    assert "The file has expired. Export the list again." in client.get(page).text
    assert client.get(f"{page}file/").status_code == 404
