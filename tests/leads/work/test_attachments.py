"""Attachments: who attaches, names, removes and opens them; what is personal is closed; nothing is there twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.masking import MASK
from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.kept_files import file_link
from core.models import StoredFile
from core.queries.files import get_file
from core.scope import organization_scope
from leads.models import LeadAttachment
from leads.presentation import LeadReader
from leads.queries import attachments as reading
from leads.queries.attachments import attachment_label, lead_attachments
from leads.queries.history import lead_timeline
from leads.queries.leads import get_lead
from leads.services.attachments import (
    LIMITS,
    LONGEST_LABEL,
    attach_file,
    remove_attachment,
    rename_attachment,
    restore_attachment,
)
from leads.services.leads import assign_lead, withdraw_lead
from tests.core.kept_files.samples import PDF, SCRIPT
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import errors_of


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def attach(house, actor=None, *, kind="kyc", label="PAN card", content=PDF, filename="pan.pdf", lead=None):
    return attach_file(
        actor=actor or house.agent,
        reference=(lead or house.lead).reference,
        kind=kind,
        label=label,
        filename=filename,
        chunks=[content],
    )


def where(house, attachment):
    return {"reference": house.lead.reference, "attachment_id": attachment.pk}


def told(actor, house):
    lead = get_lead(actor, house.lead.reference)
    return [(entry.kind, entry.actor, entry.note) for entry in lead_timeline(actor, lead).entries]


def link(attachment):
    return file_link(attachment.organization_id, attachment.file_id)


# Writing


def test_a_file_is_attached_named_removed_and_restored_and_its_history_says_so(house):
    made = attach(house, label="  PAN card ")
    attachment = made.attachment
    assert (made.is_new, attachment.label, attachment.author) == (True, "PAN card", house.agent.membership)
    assert (attachment.file.name, attachment.file.size) == ("pan.pdf", len(PDF))
    assert told(house.leader, house)[0] == ("attached", "Arjun Rao", "PAN card")
    rename_attachment(actor=house.leader, label="PAN, front", **where(house, attachment))
    remove_attachment(actor=house.leader, **where(house, attachment))
    assert not lead_attachments(house.lead).exists()
    assert told(house.agent, house)[:2] == [
        ("removed", "Leela Nair", "PAN, front"),
        ("attached", "Arjun Rao", "PAN, front"),
    ]
    restored = restore_attachment(actor=house.agent, **where(house, attachment))
    assert (restored.deleted_at, restored.removed_by) == (None, None)
    assert told(house.agent, house)[0] == ("attached", "Arjun Rao", "PAN, front")
    past = LeadAttachment.history.filter(id=attachment.pk).order_by("history_id")
    assert [(row.label, row.deleted_at is None) for row in past] == [
        ("PAN card", True),
        ("PAN, front", True),
        ("PAN, front", False),
        ("PAN, front", True),
    ]


def test_without_a_label_it_is_called_as_its_file(house):
    assert attach(house, label=" ", filename="../Salary slip.PDF").attachment.label == "Salary slip.pdf"


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"kind": "secret"}, "kind", "choice"),
        ({"label": "x" * (LONGEST_LABEL + 1)}, "label", "max_length"),
        ({"label": "a\0b"}, "label", "invalid"),
        ({"content": SCRIPT}, "file", "file_type"),
        ({"content": b"MZ" + bytes(64)}, "file", "file_type"),
        ({"content": b""}, "file", "file_empty"),
        ({"content": PDF + bytes(LIMITS.max_bytes)}, "file", "file_too_large"),
    ],
)
def test_what_is_not_taken_is_refused_beside_its_field_and_nothing_stays(house, given, field, code):
    with pytest.raises(ValidationFailed) as refused:
        attach(house, **given)
    assert [problem.code for problem in refused.value.fields[field]] == [code]
    assert not LeadAttachment.everything.exists()
    assert not StoredFile.objects.exists()


def test_the_same_bytes_are_attached_once(house):
    first = attach(house).attachment
    again = attach(house, house.leader, label="Again", filename="other.pdf")
    assert (again.is_new, again.attachment, again.attachment.label) == (False, first, "PAN card")
    with pytest.raises(ValidationFailed) as refused:
        attach(house, kind="other")
    assert [problem.code for problem in refused.value.fields["file"]] == ["unique"]
    assert StoredFile.objects.filter(attached_at__isnull=False).count() == 1
    # On another lead they are another attachment.
    assert attach(house, lead=house.lead_of(house.agent)).is_new


def test_the_database_holds_that_they_are_there_once(house):
    first = attach(house).attachment
    first.pk = None
    first._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save()


def test_what_was_attached_again_is_not_restored_beside_it(house):
    first = attach(house).attachment
    remove_attachment(actor=house.agent, **where(house, first))
    assert attach(house).is_new
    with pytest.raises(Conflict):
        restore_attachment(actor=house.agent, **where(house, first))


def test_a_lead_has_only_so_many(house, monkeypatch):
    monkeypatch.setattr("leads.services.attachments.MOST_ATTACHMENTS", 1)
    first = attach(house).attachment
    with pytest.raises(Conflict):
        attach(house, content=PDF + b"2")
    remove_attachment(actor=house.agent, **where(house, first))
    attach(house, content=PDF + b"3")
    with pytest.raises(Conflict):
        restore_attachment(actor=house.agent, **where(house, first))


@pytest.mark.django_db(transaction=True)
def test_of_the_same_file_sent_four_times_at_once_one_is_attached(house):
    together = Barrier(4)

    def send(_number):
        try:
            with organization_scope(house.agent.organization):
                together.wait(20)
                return attach(house).is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, range(4))) == [False, False, False, True]
    assert LeadAttachment.everything.count() == 1


# Who


def test_who_may_not_edit_the_lead_writes_nothing_and_keeps_no_file(house):
    attachment = attach(house).attachment
    for actor, refusal in ((house.other, NotVisible), (house.auditor, NotPermitted)):
        with pytest.raises(refusal):
            attach(house, actor, content=PDF + b"2")
        with pytest.raises(refusal):
            rename_attachment(actor=actor, label="Mine", **where(house, attachment))
        with pytest.raises(refusal):
            remove_attachment(actor=actor, **where(house, attachment))
        with pytest.raises(refusal):
            restore_attachment(actor=actor, **where(house, attachment))
    assert StoredFile.objects.count() == 1


def test_an_attachment_of_another_lead_or_organisation_is_not_there(house):
    attachment = attach(house).attachment
    another = house.lead_of(house.agent)
    with pytest.raises(NotVisible):
        remove_attachment(actor=house.agent, reference=another.reference, attachment_id=attachment.pk)
    elsewhere = make_organization("elsewhere")
    stranger = make_actor(elsewhere, Role.ADMIN)
    with organization_scope(elsewhere):
        for service in (remove_attachment, restore_attachment):
            with pytest.raises(NotVisible):
                service(actor=stranger, **where(house, attachment))
        with pytest.raises(NotVisible):
            get_file(stranger, attachment.file_id)
        assert not LeadAttachment.everything.exists()


def test_papers_that_say_who_somebody_is_are_closed_to_who_may_not_edit(house):
    kyc = attach(house).attachment
    quote = attach(
        house, kind="quote", label="Quote for 98450 12345", content=b"9 %", filename="q.txt"
    ).attachment
    lead = get_lead(house.auditor, house.lead.reference)
    reader = LeadReader(house.auditor)
    assert attachment_label(reader, lead, kyc) == MASK
    assert attachment_label(reader, lead, quote) == f"Quote for {MASK}"
    assert [note for kind, _who, note in told(house.auditor, house) if kind == "attached"] == [
        f"Quote for {MASK}",
        MASK,
    ]
    assert get_file(house.auditor, quote.file_id)
    with pytest.raises(NotVisible):
        get_file(house.auditor, kyc.file_id)
    assert get_file(house.leader, kyc.file_id)


# Links


def test_a_link_sends_the_file_to_be_saved_to_who_sees_it(house, client_for):
    attachment = attach(house).attachment
    response = client_for(house.leader).get(link(attachment))
    assert (response.status_code, b"".join(response.streaming_content)) == (200, PDF)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_another_persons_link_opens_nothing(house, client_for, client):
    attachment = attach(house).attachment
    stranger = make_actor(make_organization("elsewhere"), Role.ADMIN)
    for actor in (house.other, house.auditor, stranger):
        assert client_for(actor).get(link(attachment)).status_code == 404
    assert client.get(link(attachment)).status_code in (302, 404)
    assert client_for(house.agent).get(link(attachment)).status_code == 200


def test_a_link_that_expired_or_was_tampered_with_opens_nothing(house, client_for, settings):
    address = link(attach(house).attachment)
    agent = client_for(house.agent)
    for wrong in (address[:-4] + "xyz/", address.replace("files/", "files/x"), file_link(1, 1)):
        assert agent.get(wrong).status_code == 404
    settings.FILE_LINK_SECONDS = -1
    assert agent.get(address).status_code == 404


def test_a_link_ends_with_the_attachment_the_lead_and_the_right_to_see_it(house, client_for):
    attachment = attach(house).attachment
    agent, leader = client_for(house.agent), client_for(house.leader)
    remove_attachment(actor=house.agent, **where(house, attachment))
    assert agent.get(link(attachment)).status_code == 404
    assert default_storage.exists(attachment.file.path)
    restore_attachment(actor=house.agent, **where(house, attachment))
    assert agent.get(link(attachment)).status_code == 200
    assign_lead(actor=house.leader, reference=house.lead.reference, owner=house.other.membership)
    assert agent.get(link(attachment)).status_code == 404
    assert leader.get(link(attachment)).status_code == 200
    withdraw_lead(actor=house.operations, reference=house.lead.reference)
    assert leader.get(link(attachment)).status_code == 404


# Pages


def address(house, name, *more):
    return reverse(f"leads:{name}", args=[house.lead.reference, *more])


def test_a_file_is_attached_renamed_removed_and_restored_on_pages(house, client_for):
    agent = client_for(house.agent)
    sent = {"kind": "kyc", "label": "PAN card", "file": SimpleUploadedFile("pan.pdf", PDF)}
    response = agent.post(address(house, "attachments"), sent)
    assert response["Location"] == address(house, "detail") + "#attachments"
    attachment = LeadAttachment.objects.get()
    page = agent.get(address(house, "detail")).content.decode()
    assert "PAN card" in page
    assert "Arjun Rao" in page
    assert f"/{attachment.pk}/restore/" not in page
    edit = address(house, "attachment", attachment.pk)
    assert agent.get(edit).status_code == 200
    assert agent.post(edit, {"label": " "}).status_code == 422
    assert agent.post(edit, {"label": "PAN, front"}).status_code == 302
    assert agent.post(address(house, "attachment_remove", attachment.pk)).status_code == 302
    page = agent.get(address(house, "detail")).content.decode()
    assert f"/{attachment.pk}/restore/" in page
    assert "PAN, front" in page
    assert agent.post(address(house, "attachment_restore", attachment.pk)).status_code == 302
    assert LeadAttachment.objects.get().label == "PAN, front"


def test_what_is_wrong_is_told_in_the_form_and_what_was_typed_stays(house, client_for):
    agent = client_for(house.agent)
    sent = {"kind": "quote", "label": "Kept words", "file": SimpleUploadedFile("a.pdf", SCRIPT)}
    response = agent.post(address(house, "attachments"), sent)
    assert response.status_code == 422
    assert "This kind of file is not taken here" in response.content.decode()
    assert "Kept words" in response.content.decode()
    assert agent.post(address(house, "attachments"), {"kind": "quote"}).status_code == 422
    assert not LeadAttachment.objects.exists()


def test_the_page_of_who_may_not_edit_says_that_there_is_a_paper_and_no_more(house, client_for):
    attach(house)
    page = client_for(house.auditor).get(address(house, "detail")).content.decode()
    assert "KYC" in page
    for hidden in ("PAN card", "pan.pdf", "/files/", address(house, "attachments")):
        assert hidden not in page


def test_the_page_shows_what_was_removed_to_who_may_restore_it_alone(house, client_for):
    attachment = attach(house, kind="quote", label="Old rate", content=b"9 %", filename="q.txt").attachment
    remove_attachment(actor=house.agent, **where(house, attachment))
    assert reading.shown_attachments(reading.listed_attachments(house.lead.pk), with_removed=False) == (
        [],
        [],
    )
    page = client_for(house.auditor).get(address(house, "detail")).content.decode()
    assert "/restore/" not in page
    page = client_for(house.leader).get(address(house, "detail")).content.decode()
    assert "/restore/" in page


# API


def test_the_api_attaches_lists_reads_and_removes(house, client_for):
    agent, auditor = client_for(house.agent), client_for(house.auditor)
    path = f"/api/v1/leads/{house.lead.reference}/attachments/"

    def post(**changes):
        sent = {"kind": "kyc", "label": "PAN card", "file": SimpleUploadedFile("pan.pdf", PDF), **changes}
        return agent.post(path, sent)

    made = post()
    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["kind"], shown["label"], shown["file"]["name"]) == ("kyc", "PAN card", "pan.pdf")
    assert made["Location"].rstrip("/").endswith(f"/attachments/{shown['id']}")
    assert (post().status_code, post().json()["id"]) == (200, shown["id"])
    refused = post(kind="secret")
    assert (refused.status_code, {attr for _code, attr in errors_of(refused)}) == (400, {"kind"})
    refused = post(file=SimpleUploadedFile("a.pdf", SCRIPT))
    assert (refused.status_code, errors_of(refused)) == (400, [("file_type", "file")])
    one = f"{path}{shown['id']}/"
    assert agent.get(path, {"kind": "quote"}).json()["results"] == []
    assert agent.get(path).json()["results"] == [agent.get(one).json()] == [shown]
    content = f"/api/v1/files/{shown['file']['id']}/content/"
    assert b"".join(agent.get(content).streaming_content) == PDF
    closed = auditor.get(one).json()
    assert (closed["label"], closed["file"], auditor.get(content).status_code) == (MASK, None, 404)
    assert client_for(house.other).get(one).status_code == 404
    assert auditor.delete(one).status_code == 403
    assert agent.delete(one, headers={"If-Match": '"x"'}).status_code == 412
    assert agent.delete(one, headers={"If-Match": made["ETag"]}).status_code == 204
    assert (agent.get(one).status_code, agent.get(content).status_code) == (404, 404)
