"""Pages of fields from a spreadsheet, without a browser: every way through, and what the form says to the line."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Intake, IntakeState, Job
from leads.fields.line import line_definition
from leads.models import BusinessLine, Lead
from tests.leads.lines.definitions import make_line
from tests.leads.proposals.columns import csv_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
ROWS = [
    ["Lead ID", "Full Name", "Lead Source", "Visits", "Joined", "Remarks"],
    *(
        [f"L{number}", f"Person {number}", ["Web", "web", "Walk-in", "Select"][number % 4], str(number % 7),
         f"{1 + number:02}/03/2024", ""]
        for number in range(30)
    ),
]  # fmt: skip


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def operations(actor_for: Callable[..., Actor]) -> Actor:
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def client(client_for: Callable[[Actor], Client], operations: Actor) -> Client:
    return client_for(operations)


def upload(client: Client, content: bytes | None = None, **given: str) -> HttpResponse:
    file = SimpleUploadedFile("leads.csv", content or csv_bytes(ROWS))
    return client.post(reverse("leads:proposal_new"), {"file": file, "line": "", "name": "Courses", **given})


def looked_at(client: Client, content: bytes | None = None, **given: str) -> str:
    """Upload a file and let the job look at it; return the proposal's address."""
    response = upload(client, content, **given)
    assert response.status_code == 302, response.content
    run_job_inline(Job.objects.latest("pk"))
    return response["Location"]


def posted(page: HttpResponse, **changes: Any) -> dict[str, Any]:
    """What the review's form posts, as a browser would, with changes; None takes a control out."""
    form = page.context["form"]
    data: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if isinstance(value, list):
            value = "\n".join(value)
        if value is not False and value is not None:
            data[name] = "on" if value is True else value
    data |= changes
    return {name: value for name, value in data.items() if value is not None}


def position(page: HttpResponse, label: str) -> int:
    return next(item.column.position for item in page.context["form"].proposal.fields if item.label == label)


def test_from_upload_to_leads(client: Client) -> None:
    address = looked_at(client)
    page = client.get(address)
    assert (
        page.context["summary"] == "5 fields from 30 rows: 1 identifies a lead, 1 choice, 1 number, 1 date."
    )

    published = client.post(address, posted(page))
    assert published.status_code == 302
    assert "Courses is published" in client.get(address).content.decode()
    brought = client.post(reverse("leads:proposal_import", args=[re.findall(r"\d+", address)[0]]))

    intake = Intake.objects.get()
    assert brought["Location"] == reverse("leads:import_detail", args=[intake.pk])
    run_job_inline(intake.job)
    intake.refresh_from_db()
    assert intake.state == IntakeState.CHECKED
    assert (intake.check_result["accepted"], intake.check_result["rejected"]) == (30, 0)


def test_the_form_decides_names_flags_choices_and_what_is_kept(client: Client) -> None:
    address = looked_at(client)
    page = client.get(address)
    source, visits, joined, remarks = (
        f"c{position(page, 'Lead Source')}", f"c{position(page, 'Visits')}", f"c{position(page, 'Joined')}", "c5"
    )  # fmt: skip
    changes = {
        f"{source}_label": "Came by",
        f"{source}_choices": "Web\nWalk-in\nPhone",
        f"{source}_required": "on",
        f"{source}_indexed": None,
        f"{visits}_keep": None,
        f"{joined}_date_order": "MDY",
        f"{remarks}_keep": "on",
        "duplicate_match": "",
    }
    assert client.post(address, posted(page, **changes)).status_code == 302

    line = BusinessLine.objects.get(code="courses")
    fields = line_definition(line).active_by_key
    came_by = fields["lead_source"]
    assert list(fields) == ["lead_id", "full_name", "lead_source", "joined", "remarks"]
    assert (came_by.label, came_by.aliases) == ("Came by", ("Lead Source",))
    assert [choice.value for choice in came_by.choices] == ["Web", "Walk-in", "Phone"]
    assert came_by.required and not came_by.indexed and came_by.empty_values == ("Select",)
    assert fields["joined"].date_order == "MDY"
    assert line.duplicate_match == []


def test_a_renamed_column_is_still_read(client: Client) -> None:
    """“Lead Source” also names the lead's own source: what a field goes by is the field's."""
    address = looked_at(client)
    page = client.get(address)
    name = f"c{position(page, 'Lead Source')}_label"
    client.post(address, posted(page, **{name: "Came by"}))

    client.post(reverse("leads:proposal_import", args=[re.findall(r"\d+", address)[0]]))
    intake = Intake.objects.get()
    run_job_inline(intake.job)
    client.post(reverse("leads:import_load", args=[intake.pk]))
    run_job_inline(Job.objects.latest("pk"))

    assert Lead.objects.filter(data__lead_source="Web").count() == 16
    assert not Lead.objects.exclude(source=None).exists()


def test_without_scripts_another_type_takes_its_own_settings(client: Client) -> None:
    address = looked_at(client)
    page = client.get(address)
    visits = f"c{position(page, 'Visits')}"

    client.post(address, posted(page, **{f"{visits}_kind": "select"}))

    field = line_definition(BusinessLine.objects.get(code="courses")).active_by_key["visits"]
    assert field.type == "select"
    assert [choice.value for choice in field.choices] == sorted(str(number) for number in range(7))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("select", "7 values in 30 cells."),
        ("date", "Most values do not fit this type, such as “0”, “1”, “2”."),
        ("money", "30 amounts, from 0 to 6."),
    ],
)
def test_a_change_of_type_is_answered_with_what_speaks_for_it(client: Client, kind: str, said: str) -> None:
    address = looked_at(client)
    page = client.get(address)
    place = position(page, "Visits")

    part = client.get(f"{address}columns/{place}/", {f"c{place}_kind": kind}).content.decode()

    assert said in part.replace("\n", " ")
    assert ("Choices, one per line" in part) == (kind == "select")
    assert f'id="c{place}-badge"' in part and "hx-swap-oob" in part


def test_what_a_line_has_already_stays_as_it_is(client: Client, operations: Actor) -> None:
    make_line(operations, [{"key": "origin", "label": "Lead Source", "type": "text"}], code="loan")
    address = looked_at(client, line="loan", name="")
    page = client.get(address)
    assert "Fields the line has already" in page.content.decode()

    client.post(address, posted(page))

    line = BusinessLine.objects.get(code="loan")
    assert line.version == 2
    assert line_definition(line).active_by_key["origin"].type == "text"
    assert "lead_source" not in line_definition(line).by_key


def test_a_mistake_is_shown_beside_its_field_and_nothing_typed_is_lost(client: Client) -> None:
    address = looked_at(client)
    page = client.get(address)
    source = f"c{position(page, 'Lead Source')}"
    changes = {f"{source}_choices": "Web\nweb", f"{source}_label": "Came by"}

    answer = client.post(address, posted(page, **changes))

    assert answer.status_code == 422
    form = answer.context["form"]
    assert "reads the same as choice 1" in str(form[f"{source}_choices"].errors)
    assert form[f"{source}_label"].value() == "Came by"
    assert not BusinessLine.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "Say what the new line is called"),
        ({"name": "नया"}, "Use some Latin letters"),
        ({"name": "Loan"}, "There is a line of this name"),
        ({"line": "nowhere"}, "Select a valid choice"),
    ],
)
def test_the_upload_says_what_it_needs(
    client: Client, operations: Actor, given: dict[str, str], said: str
) -> None:
    make_line(operations, code="loan")

    answer = upload(client, **given)

    assert answer.status_code == 422 and said in answer.content.decode()
    assert not Job.objects.filter(kind="leads.propose").exists()


def test_a_file_that_cannot_be_read_says_why_and_where_to_go_on(client: Client) -> None:
    response = upload(client, b"1,2\n3,4\n")
    assert "Every row is looked at" in client.get(response["Location"]).content.decode()
    with pytest.raises(Exception, match="names columns"):
        run_job_inline(Job.objects.latest("pk"))

    page = client.get(response["Location"])

    assert page.status_code == 422
    assert "names columns" in page.content.decode() and "Choose another file" in page.content.decode()


def test_the_live_part_leads_to_the_review_once_the_look_has_ended(client: Client) -> None:
    address = upload(client)["Location"]
    assert "HX-Redirect" not in client.get(f"{address}progress/")

    run_job_inline(Job.objects.latest("pk"))

    assert client.get(f"{address}progress/")["HX-Redirect"] == address


def test_a_proposal_is_its_askers_alone(client: Client, client_for: Any, actor_for: Any) -> None:
    address = looked_at(client)
    other = client_for(actor_for(Role.OPERATIONS))

    for method, path in [
        ("get", ""),
        ("post", ""),
        ("get", "progress/"),
        ("get", "columns/0/"),
        ("post", "import/"),
    ]:
        assert getattr(other, method)(f"{address}{path}").status_code == 404


def test_pages_lead_here_those_who_may_configure(client: Client, client_for: Any, actor_for: Any) -> None:
    new = reverse("leads:proposal_new")
    for page in ("leads:list", "leads:imports", "leads:import_new"):
        assert new in client.get(reverse(page)).content.decode()
    leader = client_for(actor_for(Role.TEAM_LEADER))
    for page in ("leads:imports", "leads:import_new"):
        assert new not in leader.get(reverse(page)).content.decode()
    assert leader.get(new).status_code == 403


def test_publishing_twice_makes_one_version(client: Client) -> None:
    address = looked_at(client)
    data = posted(client.get(address))

    client.post(address, data)
    client.post(address, data)

    assert BusinessLine.objects.get(code="courses").version == 1
