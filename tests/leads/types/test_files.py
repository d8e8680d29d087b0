"""Files and pictures as values of fields: handed in on pages and by the API, read by who sees the field."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.roles import Role
from core.models import StoredFile
from core.scope import organization_scope
from leads.fields.checks import check_definitions
from leads.models import Lead
from leads.services.leads import withdraw_lead
from tests.core.kept_files import samples
from tests.leads.types.doors import by_api, codes, exported, found, imported, line_with, patched, posted, read

SLIP = {"key": "slip", "label": "Slip", "type": "file", "accept": ["pdf", "jpg"], "max_size_mb": 1}
PHOTO = {"key": "photo", "label": "Photo", "type": "image"}


@pytest.fixture
def line(operations):
    return line_with(operations, SLIP, PHOTO)


@pytest.fixture
def client(operations, line, client_for):
    return client_for(operations)


def pdf(name="slip.pdf", content=samples.PDF):
    return SimpleUploadedFile(name, content, "application/pdf")


def photo():
    return SimpleUploadedFile("me.png", samples.located_picture(), "text/html")


def sent(**values):
    """The form as a browser sends it: a hidden input beside each file."""
    shown = {"name": "Asha Rao", "slip-kept": "", "photo-kept": ""}
    return posted({**shown, **values})


def hand_in(client, field="slip", upload=None, line="typed"):
    return client.post("/api/v1/files", {"line": line, "field": field, "file": upload or pdf()})


def carried(page, field):
    """What a form that came back carries of a file."""
    return re.search(rf'name="field-{field}-kept" value="([^"]*)"', page)[1]


def links(page):
    return re.findall(r'(?:href|src)="(/files/[^"]+)"', page)


def test_the_page_keeps_shows_and_gives_them_back(client):
    answer = client.post("/leads/new/?line=typed", sent(slip=pdf("Pay slip.pdf"), photo=photo()))
    lead = Lead.objects.get()
    assert answer.status_code == 302
    slip, picture = (StoredFile.objects.get(pk=lead.data[key]["id"]) for key in ("slip", "photo"))
    assert lead.data["slip"] == {
        "id": slip.pk, "name": "Pay slip.pdf", "size": len(samples.PDF), "type": "application/pdf",
    }  # fmt: skip
    assert lead.data["photo"]["name"] == "me.jpg" and lead.data["photo"]["type"] == "image/jpeg"
    assert slip.attached_at and slip.subject_id == picture.subject_id == lead.pk
    page = client.get(f"/leads/{lead.reference}/").content.decode()
    assert "Pay slip.pdf" in page and '<img src="/files/' in page
    slip_link, picture_link, shown = links(page)
    saved = client.get(slip_link)
    assert b"".join(saved.streaming_content) == samples.PDF
    assert saved["Content-Disposition"] == 'attachment; filename="Pay slip.pdf"'
    assert saved["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert (saved["X-Content-Type-Options"], saved["Cache-Control"]) == ("nosniff", "private, no-store")
    assert client.get(shown)["Content-Disposition"].startswith("inline")
    assert client.get(picture_link)["Content-Disposition"].startswith("attachment")


def test_nothing_is_lost_when_the_form_comes_back(client):
    first = client.post("/leads/new/?line=typed", sent(name="", slip=pdf(), photo=photo()))
    page = first.content.decode()
    assert first.status_code == 422 and "slip.pdf" in page and "me.jpg" in page
    kept = {f"{field}-kept": carried(page, field) for field in ("slip", "photo")}
    again = client.post("/leads/new/?line=typed", sent(**kept))
    assert again.status_code == 302
    assert {key: value["name"] for key, value in Lead.objects.get().data.items() if key != "name"} == {
        "slip": "slip.pdf", "photo": "me.jpg",
    }  # fmt: skip
    assert StoredFile.objects.filter(attached_at__isnull=True).count() == 0
    # A double click attaches nothing twice.
    assert client.post("/leads/new/?line=typed", sent(**kept)).status_code == 422


def test_a_file_that_is_not_taken_is_told_beside_its_field(client):
    answer = client.post("/leads/new/?line=typed", sent(slip=pdf(content=b"MZ\0"), photo=pdf()))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose one of PDF, JPEG." in page and "Choose one of JPEG, PNG, WebP, GIF." in page
    too_large = client.post("/leads/new/?line=typed", sent(slip=pdf(content=samples.PDF + b"x" * 2**20)))
    assert "larger than 1 MB" in too_large.content.decode()
    assert not Lead.objects.exists() and not StoredFile.objects.exists()


def test_an_edit_leaves_changes_and_takes_out(client):
    client.post("/leads/new/?line=typed", sent(slip=pdf(), photo=photo()))
    lead = Lead.objects.get()
    address = f"/leads/{lead.reference}/edit/"
    page = client.get(address).content.decode()
    kept = {f"{field}-kept": carried(page, field) for field in ("slip", "photo")}
    assert client.post(address, sent(name="New", **kept)).status_code == 302
    assert Lead.objects.get().data == {**lead.data, "name": "New"}
    replaced = client.post(address, sent(name="New", slip=pdf("second.pdf"), **kept))
    assert replaced.status_code == 302 and Lead.objects.get().data["slip"]["name"] == "second.pdf"
    page = client.get(address).content.decode()
    kept = {f"{field}-kept": carried(page, field) for field in ("slip", "photo")}
    assert client.post(address, sent(name="New", **kept, **{"slip-removed": "on"})).status_code == 302
    assert set(Lead.objects.get().data) == {"name", "photo"}
    assert client.post(address, posted({"name": "Newer"})).status_code == 302
    assert set(Lead.objects.get().data) == {"name", "photo"}
    entries = client.get(f"/api/v1/leads/{lead.reference}/timeline").json()["results"]
    changes = [change for entry in entries for change in entry["changes"] if change["label"] == "Slip"]
    told = [(change["old"], change["new"]) for change in changes]
    assert told == [("second.pdf", ""), ("slip.pdf", "second.pdf")]


def test_the_api_takes_and_gives(client, operations):
    handed = hand_in(client)
    assert handed.status_code == 201
    value = handed.json()
    assert value == {
        "id": value["id"],
        "name": "slip.pdf",
        "size": len(samples.PDF),
        "type": "application/pdf",
    }
    assert client.get(f"/api/v1/files/{value['id']}/content").status_code == 200
    lead = by_api(client, {"slip": value["id"]})
    assert lead.status_code == 201 and lead.json()["data"]["slip"] == value
    stored = Lead.objects.get()
    assert patched(client, stored, {"slip": value, "name": "New"}).status_code == 200
    assert patched(client, stored, {"slip": str(value["id"])}).status_code == 200
    content = client.get(f"/api/v1/files/{value['id']}/content")
    assert b"".join(content.streaming_content) == samples.PDF
    assert exported(client, columns="data.slip")[0]["Slip"] == "slip.pdf"
    assert found(client, slip__is_not_empty="true") == ["New"]
    assert found(client, photo__is_empty="true") == ["New"]
    assert patched(client, stored, {"slip": None}).status_code == 200
    assert "slip" not in Lead.objects.get().data


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "line:required"),
        ({"field": "photo"}, "file:file_type"),
        ({"field": "name"}, "field:unknown_field"),
        ({"field": "nothing"}, "field:unknown_field"),
        ({"line": "nowhere"}, "line:choice"),
        ({"file": pdf(content=b"")}, "file:file_empty"),
        ({"file": "slip.pdf"}, "file:invalid"),
    ],
)
def test_the_api_says_what_is_wrong(client, body, code):
    whole = {"line": "typed", "field": "slip", "file": pdf(), **body} if body else {}
    answer = client.post("/api/v1/files", whole)
    assert answer.status_code == 400 and code in codes(answer)


def test_the_api_takes_no_other_body(client):
    answer = client.post("/api/v1/files", json.dumps({"line": "typed"}), content_type="application/json")
    assert answer.status_code == 415
    broken = client.post("/api/v1/files", b"--x\r\nnonsense", content_type="multipart/form-data; boundary=x")
    assert broken.status_code == 400
    assert client.post("/api/v1/files", b"x", content_type="multipart/form-data").status_code == 400


@pytest.mark.parametrize(
    "written", [0, -1, "x", True, [1], {"id": "x"}, 10**30, 1.5, "²", "9" * 19, {"name": "a.pdf"}]
)
def test_what_means_no_file_is_refused(client, written):
    assert codes(by_api(client, {"slip": written})) == ["data.slip:file_unknown"]


def test_other_peoples_files_cannot_be_taken(client, line, actor_for, client_for, other_organization):
    colleague = client_for(actor_for(Role.ADMIN))
    theirs = hand_in(colleague).json()["id"]
    assert codes(by_api(client, {"slip": theirs})) == ["data.slip:file_unknown"]
    assert client.get(f"/api/v1/files/{theirs}/content").status_code == 404
    with organization_scope(other_organization):
        stranger = actor_for(Role.OPERATIONS, organization=other_organization)
        line_with(stranger, SLIP)
        strange_client = client_for(stranger)
        foreign = hand_in(strange_client).json()["id"]
        stolen = strange_client.get(f"/api/v1/files/{theirs}/content")
    assert stolen.status_code == 404
    assert codes(by_api(client, {"slip": foreign})) == ["data.slip:file_unknown"]


def test_a_file_belongs_to_one_field_of_one_lead(client, line):
    value = hand_in(client).json()["id"]
    assert codes(by_api(client, {"photo": value})) == ["data.photo:file_unknown"]
    assert by_api(client, {"slip": value}).status_code == 201
    assert codes(by_api(client, {"slip": value})) == ["data.slip:file_unknown"]
    batch = hand_in(client).json()["id"]
    items = [{"line": "typed", "data": {"name": name, "slip": batch}} for name in ("A", "B", "C")]
    answer = client.post("/api/v1/leads/batch", json.dumps({"leads": items}), content_type="application/json")
    statuses = [item["status"] for item in answer.json()["results"]]
    assert statuses == [201, 400, 400]
    assert StoredFile.objects.get(pk=batch).subject_id == Lead.objects.get(name="A").pk


def test_who_sees_the_field_sees_the_file(operations, leader, agent, actor_for, client_for):
    line = line_with(operations, SLIP | {"pii": True}, PHOTO | {"visible_to": ["operations", "agent"]})
    client = client_for(agent)
    client.post("/leads/new/?line=typed", sent(slip=pdf(), photo=photo()))
    lead = Lead.objects.get()
    slip_link, photo_link, shown = links(client.get(f"/leads/{lead.reference}/").content.decode())
    auditor = client_for(actor_for(Role.AUDITOR))
    seen = read(auditor, lead)
    assert seen["data"] == {"name": "Asha Rao", "slip": "••••"}
    assert links(auditor.get(f"/leads/{lead.reference}/").content.decode()) == []
    assert auditor.get(slip_link).status_code == auditor.get(shown).status_code == 404
    assert auditor.get(f"/api/v1/files/{lead.data['slip']['id']}/content").status_code == 404
    assert client_for(leader).get(slip_link).status_code == 200
    assert client_for(leader).get(photo_link).status_code == 404
    elsewhere = client_for(actor_for(Role.AGENT))
    assert elsewhere.get(slip_link).status_code == 404
    visitor = Client().get(slip_link)
    assert visitor.status_code == 302 and "/account/login/" in visitor["Location"]
    withdraw_lead(actor=operations, reference=lead.reference)
    assert client.get(slip_link).status_code == 404
    assert StoredFile.objects.count() == 2
    assert line.version == 1


def test_a_role_that_may_not_fill_the_field_hands_nothing_in(operations, agent, actor_for, client_for):
    line_with(operations, SLIP | {"editable_by": ["operations"]}, PHOTO | {"visible_to": ["operations"]})
    client = client_for(agent)
    assert hand_in(client).status_code == 403
    assert codes(hand_in(client, "photo")) == ["field:unknown_field"]
    assert hand_in(client_for(actor_for(Role.AUDITOR))).status_code == 403


def test_columns_of_files_are_not_offered(client, operations):
    intake = imported(operations, [{"Name": "Filed", "Slip": "slip.pdf"}])
    assert intake.mapping == ["name", ""] and Lead.objects.get().data == {"name": "Filed"}


def test_a_repeat_leaves_the_file_unattached(operations, client_for):
    line_with(operations, SLIP, duplicate_match=["name"])
    client = client_for(operations)
    assert by_api(client, {}).status_code == 201
    value = hand_in(client).json()["id"]
    assert by_api(client, {"slip": value}).status_code == 409
    assert StoredFile.objects.get().attached_at is None


def test_an_update_by_repeat_attaches_it(operations, client_for):
    line_with(operations, SLIP, duplicate_match=["name"], on_duplicate="update")
    client = client_for(operations)
    by_api(client, {})
    value = hand_in(client).json()["id"]
    assert by_api(client, {"slip": value}).status_code == 200
    assert StoredFile.objects.get().subject_id == Lead.objects.get().pk


def test_rules_ask_whether_it_is_there(operations, client_for):
    rule = {"field": "slip", "op": "is_not_empty"}
    line_with(operations, SLIP, {"key": "why", "label": "Why", "type": "text", "required_if": rule})
    client = client_for(operations)
    assert codes(by_api(client, {"slip": hand_in(client).json()["id"]})) == ["data.why:required"]
    assert by_api(client, {}).status_code == 201


def test_settings():
    wrong = {
        "unique": True,
        "indexed": True,
        "default": "x",
        "aliases": ["S"],
        "placeholder": "x",
        "maps_to": "name",
    }
    assert {problem.setting for problem in check_definitions([SLIP | wrong])} == set(wrong)
    more = check_definitions(
        [SLIP | {"accept": ["pdf", "exe", "svg"], "max_size_mb": 26}, PHOTO | {"accept": ["pdf"]}]
    )
    assert [problem.setting for problem in more] == ["max_size_mb", "accept[1]", "accept[2]", "accept[0]"]
    text = {"key": "note", "label": "Note", "type": "text", "accept": ["pdf"], "max_size_mb": 1}
    assert {problem.code for problem in check_definitions([text])} == {"not_for_type"}
    formula = {"key": "sum", "label": "Sum", "type": "computed", "formula": "slip + 1"}
    assert [problem.setting for problem in check_definitions([SLIP, formula])] == ["formula"]
