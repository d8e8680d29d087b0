"""The configuration file in the console: out, compared, in; the same again changes nothing."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from core.admin import configuration as pages
from core.configuration import document as documents
from core.configuration import export_document
from core.configuration.uploads import keep_upload
from core.scope import organization_scope
from leads.models import BusinessLine, Field, LineVersion, Source
from leads.services.lines import update_field
from leads.services.origins import create_source
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
PAGE = "/console/configuration/"


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def client(actor, client_for):
    return client_for(actor)


@pytest.fixture
def line(actor):
    create_source(actor=actor, name="Web.site [old]")
    return make_line(actor, ONE_OF_EACH)


def upload(client, content, **options):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    file = SimpleUploadedFile("loans.json", content, "application/json")
    return client.post(f"{PAGE}import/", {"file": file, **options})


def apply(client, page):
    return client.post(f"{PAGE}apply/", {"token": page.context["token"]}, follow=True)


def exported(client, **query):
    response = client.get(f"{PAGE}export/", query)
    assert response.headers["Content-Disposition"].startswith('attachment; filename="acme-')
    return json.loads(response.content)


def test_what_is_written_out_changes_nothing_when_it_comes_in(client, line):
    document = exported(client)
    page = upload(client, document)
    assert "There is nothing to bring in" in page.content.decode()
    assert (page.context["report"].created, page.context["report"].changed) == (0, 0)
    assert (page.context["token"], LineVersion.objects.count()) == ("", 1)


def test_sections_are_written_out_by_themselves(client, actor, line):
    assert exported(client) == json.loads(json.dumps(export_document(actor=actor)))
    assert exported(client, section="sources") == {"schema": 1, "sources": ["Web.site [old]"]}
    assert set(exported(client, section=["sources", "campaigns"])) == {"schema", "sources", "campaigns"}
    assert client.get(f"{PAGE}export/", {"section": "users"}).status_code == 400


def test_a_file_is_compared_and_then_applied(client, line):
    document = exported(client)
    (loan,) = document["business_lines"]
    by_key = {item["key"]: item for item in loan["fields"]}
    by_key["story"]["label"] = "Tale"
    by_key["kind"]["choices"] = ["Salaried", "Pensioner"]
    loan["fields"].append({"key": "pin", "label": "PIN", "type": "text"})
    loan["name"] = "Loans"
    document["sources"] = [{"name": "web.SITE [old]", "active": False}]
    page = upload(client, document)
    shown = {
        (each.title, each.within): [
            (value.label, value.old, value.new, list(value.added), list(value.removed))
            for value in each.values
        ]
        for each in page.context["objects"]
    }
    assert shown == {
        ("Business line loan", ""): [("Name", "Loan", "Loans", [], [])],
        ("Field story", "Business line loan"): [("Label", "Story", "Tale", [], [])],
        ("Field kind", "Business line loan"): [("Choices", "", "", ["Pensioner"], ["Business"])],
        ("Field pin", "Business line loan"): [
            ("Label", "", "PIN", [], []), ("Type", "", "text", [], []), ("Order", "", "19", [], []),
        ],
        ("Source web.SITE [old]", ""): [
            ("Name", "Web.site [old]", "web.SITE [old]", [], []), ("Active", "Yes", "No", [], []),
        ],
    }  # fmt: skip
    assert (BusinessLine.objects.get().name, LineVersion.objects.count()) == ("Loan", 1)
    done = apply(client, page)
    assert "loans.json is in force: 1 created, 4 changed" in done.content.decode()
    assert (BusinessLine.objects.get().name, LineVersion.objects.count()) == ("Loans", 2)
    assert Source.objects.get().is_active is False
    assert exported(client)["business_lines"][0]["fields"][-1]["key"] == "pin"
    # Pressed twice.
    assert "not here any more" in apply(client, page).content.decode()


def test_what_differs_now_from_what_was_looked_at_is_not_applied(client, actor, line):
    document = exported(client)
    document["business_lines"][0]["fields"][1]["label"] = "Tale"
    page = upload(client, document)
    update_field(actor=actor, field=Field.objects.get(key="age"), changes={"label": "Years"})
    again = apply(client, page)
    assert "was changed since you looked" in again.content.decode()
    assert Field.objects.get(key="story").label == "Story"
    assert [each.title for each in again.context["objects"]] == ["Field story", "Field age"]
    assert "is in force" in apply(client, again).content.decode()
    assert Field.objects.get(key="age").label == "Age"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"{", "no JSON: Expecting property name"),
        (b"[]", "must hold one object"),
        (b'{"schema": 1, "schema": 1}', "stands twice"),
        (b'{"schema": 7}', "this file says 7"),
        (b'{"schema": 1, "partners": []}', "no part for &quot;partners&quot;"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_bad_files_get_one_clear_error_and_change_nothing(client, line, content, told):
    before = LineVersion.history.count(), Field.history.count()
    page = upload(client, content)
    assert told in page.content.decode()
    assert (LineVersion.history.count(), Field.history.count()) == before
    assert 'name="token"' not in page.content.decode()


def test_a_file_that_is_too_large_is_not_read(client, line, monkeypatch):
    for module in (documents, pages):
        monkeypatch.setattr(module, "LARGEST_FILE", 1_000)
    page = upload(client, b" " * 5_000)
    assert "is larger than" in page.content.decode()


def test_every_problem_is_told_by_its_place(client, line):
    fields = [{"key": "story", "label": "Story", "type": "text"}, {"key": "A", "label": "", "type": "number"}]
    page = upload(
        client, {"schema": 1, "business_lines": [{"code": "loan", "name": "Loan", "fields": fields}]}
    )
    paths = {problem["path"] for problem in page.context["problems"]}
    assert paths >= {"business_lines[0].fields[0].type", "business_lines[0].fields[1].type"}
    assert "and nothing was changed" in page.content.decode()


def test_unknown_parts_are_passed_over_where_that_is_asked(client, line):
    document = {"schema": 1, "partners": [], "sources": ["Fair"]}
    page = upload(client, document, skip_unknown="on")
    assert "Passed over:" in page.content.decode()
    apply(client, page)
    assert Source.objects.filter(name="Fair").exists()


def test_missing_fields_are_retired_where_that_is_asked(client, line):
    document = exported(client)
    document["business_lines"][0]["fields"] = document["business_lines"][0]["fields"][1:]
    assert (
        "There is nothing to bring in" not in upload(client, document, retire_missing="on").content.decode()
    )
    kept = upload(client, document)
    assert "is not in the file" in kept.content.decode()
    apply(client, upload(client, document, retire_missing="on"))
    assert Field.objects.get(key="full_name").status == "retired"


def test_a_look_is_bound_to_its_organisation(client, actor_for, client_for, other_organization, line):
    page = upload(client, {"schema": 1, "sources": ["Fair"]})
    stranger = client_for(actor_for(Role.ADMIN, organization=other_organization))
    assert "too old" in apply(stranger, page).content.decode()
    with organization_scope(other_organization):
        assert not Source.objects.exists()
        other = keep_upload(b"{}")
    assert "too old" in client.post(f"{PAGE}apply/", {"token": other}, follow=True).content.decode()


def test_readers_write_out_and_bring_nothing_in(actor_for, client_for, line):
    auditor = client_for(actor_for(Role.AUDITOR))
    page = auditor.get(PAGE).content.decode()
    assert "Download the file" in page
    assert "Compare and bring in" not in page
    assert reverse("admin:configuration") in auditor.get("/console/").content.decode()
    assert upload(auditor, {"schema": 1}).status_code == 403
