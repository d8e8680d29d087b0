"""Files through public forms: taken within tight limits, and opened by nobody before they are a lead's."""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actor import Actor
from core.errors import Conflict, NotVisible, ValidationFailed
from core.kept_files.links import Held
from core.models import StoredFile
from core.queries.files import get_file
from core.retention.registry import find_purge
from core.scope import organization_scope
from leads.models import FormLink, FormRefusals, FormSubmission, Lead, LeadAttachment
from leads.pages.public import stamps
from leads.queries.form_links import form_link_scope
from leads.queries.history import lead_timeline
from leads.services import form_files
from leads.services.attachments import attach_file
from leads.services.fields import update_field
from leads.services.form_files import keep_form_file
from leads.services.form_links import update_form_link
from leads.services.form_submissions import accept_submission, discard_submission
from leads.services.kept_files import keep_file
from leads.services.leads import create_lead
from leads.services.lines import publish_line
from tests.core.kept_files.samples import DOCX, PDF, SCRIPT, located_picture, picture
from tests.leads.form_links.conftest import PERSON, Visitor, form_of
from tests.leads.form_links.test_enquiries import at_once, send
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
ASKED = ["full_name", "mobile", "payslip", "photo", "story"]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> Any:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def link(operations: Actor) -> FormLink:
    return form_of(operations, field_keys=ASKED)


def paper(content: bytes = PDF, name: str = "payslip.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def kept_by(page: HttpResponse, key: str = "payslip") -> str:
    """What the form carries of a file that it has kept."""
    found = re.search(rf'name="field-{key}-kept" value="([^"]*)"', page.content.decode())
    assert found
    return found[1]


def stamp_of(page: HttpResponse) -> str:
    return re.search(r'name="stamp" value="([^"]+)"', page.content.decode())[1]


def test_files_are_asked_only_where_somebody_chose_so(operations, link, visitor):
    page = visitor.open().content.decode()
    assert 'enctype="multipart/form-data"' in page and 'name="field-payslip"' in page
    assert "up to 10" in page and "PDF" in page and "Word" not in page
    update_form_link(actor=operations, link=link, field_keys=[])
    page = visitor.open().content.decode()
    assert 'type="file"' not in page and "multipart" not in page
    refused = visitor.send(**{"field-payslip": paper()})
    assert refused.status_code == 413
    assert not StoredFile.objects.exists() and not Lead.objects.exists()


def test_at_most_five_files_are_asked(operations):
    fields = [{"key": f"paper{n}", "label": f"Paper {n}", "type": "file"} for n in range(6)]
    line = make_line(
        operations, [{"key": "full_name", "label": "Name", "type": "text"}, *fields], code="many"
    )
    link = form_of(operations)
    FormLink.objects.filter(pk=link.pk).update(line=line)
    link = FormLink.objects.get(pk=link.pk)
    with pytest.raises(ValidationFailed) as refused:
        update_form_link(actor=operations, link=link, field_keys=[each["key"] for each in fields])
    assert refused.value.fields.keys() == {"field_keys"}


def test_a_file_becomes_the_leads_and_is_read_by_who_sees_it(operations, link, visitor):
    photo = SimpleUploadedFile("../../etc/selfie.png", located_picture(), "image/png")
    sent = visitor.send(**{"field-payslip": paper(), "field-photo": photo})
    assert sent.status_code == 303, sent.content.decode()
    lead = Lead.objects.get()
    assert (lead.data["payslip"]["name"], lead.data["photo"]["name"]) == ("payslip.pdf", "selfie.jpg")
    for key in ("payslip", "photo"):
        row = StoredFile.objects.get(pk=lead.data[key]["id"])
        assert (row.purpose, row.subject_id, row.uploaded_by) == ("leads.field", lead.pk, None)
        assert get_file(operations, row.pk) == row
    # Drawn anew: where it was taken is gone.
    kept = StoredFile.objects.get(about__endswith="/photo")
    assert (kept.width, kept.height) == (40, 60)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (paper(SCRIPT), "kind of file"),
        (paper(b"MZ\x90\0program", "payslip.pdf"), "kind of file"),
        (paper(DOCX, "payslip.docx"), "kind of file"),
        (paper(b""), "empty"),
        (paper(PDF + b"0" * 2**20), "larger than 1"),
    ],
    ids=["page", "program", "document", "nothing", "large"],
)
def test_what_is_not_taken_is_told_beside_its_field_and_nothing_is_kept(settings, link, visitor, file, says):
    settings.FORM_FILE_MEGABYTES = 1
    file.seek(0)
    page = visitor.send({"story": "Typed at length"}, **{"field-payslip": file})
    html = page.content.decode()
    assert page.status_code == 422 and says in html and "Typed at length" in html
    assert not StoredFile.objects.exists() and not Lead.objects.exists()


def test_a_body_larger_than_all_that_is_asked_is_not_read(settings, link, visitor):
    settings.FORM_FILE_MEGABYTES = settings.FORM_FILES_MEGABYTES = 1
    page = visitor.send(**{"field-payslip": paper(PDF + b"0" * 2 * 2**20)})
    assert page.status_code == 413 and "smaller files" in page.content.decode()
    assert FormRefusals.objects.get().count == 1 and not StoredFile.objects.exists()


def test_more_files_than_fields_and_files_for_no_field_are_refused(link, visitor):
    many = {"field-payslip": [paper(), paper()], "field-photo": [paper(), paper()]}
    assert visitor.send(**many).status_code == 413
    other = visitor.send(**{"field-surveyor": paper(), "field-story": paper()})
    assert other.status_code == 303 and not StoredFile.objects.exists()


def test_a_correction_loses_no_file_and_takes_no_other_ones(operations, link, visitor):
    page = visitor.send({"mobile": "12"}, **{"field-payslip": paper()})
    assert page.status_code == 422 and "payslip.pdf" in page.content.decode()
    row = StoredFile.objects.get()
    assert (row.purpose, row.attached_at) == ("leads.form", None)
    with pytest.raises(NotVisible):
        get_file(operations, row.pk)
    # Neither by its number, nor by what another field or another form carries.
    token, stamp = kept_by(page), stamp_of(page)
    for number in (str(row.pk), "1", token + "x"):
        sent = visitor.send({"mobile": "98765 00001", "payslip-kept": number}, stamp=stamp)
        assert sent.status_code == 303
        assert "payslip" not in Lead.objects.latest("pk").data
    crossed = visitor.send({"mobile": "98765 00002", "photo-kept": token}, stamp=stamp)
    assert crossed.status_code == 422
    sent = visitor.send({"payslip-kept": token}, stamp=stamp)
    assert sent.status_code == 303
    lead = Lead.objects.latest("pk")
    assert lead.data["payslip"]["id"] == row.pk
    # It is the lead's now: another enquiry that carries it takes it from nobody.
    again = visitor.send({"mobile": "98765 00003", "payslip-kept": token}, stamp=stamp)
    assert again.status_code == 422
    row.refresh_from_db()
    assert row.subject_id == lead.pk


def test_it_is_taken_out_again(link, visitor):
    page = visitor.send({"mobile": "12"}, **{"field-payslip": paper()})
    carried = {"payslip-kept": kept_by(page), "payslip-removed": "on"}
    assert visitor.send(carried, stamp=stamp_of(page)).status_code == 303
    assert "payslip" not in Lead.objects.get().data


def test_a_press_that_comes_twice_is_one_enquiry(link, visitor):
    stamp = visitor.stamp()
    for _press in range(2):
        assert visitor.send(stamp=stamp, **{"field-payslip": paper()}).status_code == 303
    assert (Lead.objects.count(), FormSubmission.objects.count()) == (1, 1)
    assert Lead.objects.get().repeat_enquiries == 0
    # The second upload belongs to nothing and is cleared away.
    assert StoredFile.objects.filter(attached_at=None, purpose="leads.form").count() == 1
    page = visitor.send({"mobile": "12"}, **{"field-payslip": paper()})
    carried = {"payslip-kept": kept_by(page), "mobile": "98765 00009"}
    for _press in range(2):
        assert visitor.send(carried, stamp=stamp_of(page)).status_code == 303
    assert (Lead.objects.count(), FormSubmission.objects.count()) == (2, 2)


def test_a_repeat_brings_its_file_to_the_lead_beside_what_it_holds(operations, link, visitor):
    visitor.send(**{"field-payslip": paper()})
    lead = Lead.objects.get()
    before = lead.data
    assert visitor.send(**{"field-payslip": paper(PDF + b"newer", "march.pdf")}).status_code == 303
    lead.refresh_from_db()
    assert (lead.data, lead.repeat_enquiries) == (before, 1)
    [attachment] = LeadAttachment.objects.all()
    assert (attachment.label, attachment.kind, attachment.author) == ("Payslip: march.pdf", "other", None)
    assert get_file(operations, attachment.file_id).name == "march.pdf"
    entry = lead_timeline(operations, lead).entries[0]
    assert entry.actor == "A public form" or any(
        each.actor == "A public form" for each in lead_timeline(operations, lead).entries
    )
    # Neither what is attached nor what the field holds is attached once more.
    for again in (paper(PDF + b"newer", "x.pdf"), paper(PDF, "y.pdf")):
        assert visitor.send(**{"field-payslip": again}).status_code == 303
    assert LeadAttachment.objects.count() == 1
    lead.refresh_from_db()
    assert lead.repeat_enquiries == 3


def test_a_press_that_comes_twice_is_one_enquiry_where_its_file_is_attached_to_a_lead(link, visitor):
    visitor.send(**{"field-payslip": paper()})
    page = visitor.send({"mobile": "12"}, **{"field-payslip": paper(PDF + b"newer", "march.pdf")})
    carried = {"payslip-kept": kept_by(page)}
    for _press in range(2):
        assert visitor.send(carried, stamp=stamp_of(page)).status_code == 303
    assert (LeadAttachment.objects.count(), FormSubmission.objects.count()) == (1, 2)
    assert Lead.objects.get().repeat_enquiries == 1


def test_personal_papers_of_a_repeat_are_closed_like_their_field(operations, link, visitor):
    field = link.line.fields.get(key="payslip")
    update_field(actor=operations, field=field, changes={"pii": True})
    publish_line(actor=operations, line=link.line)
    create_lead(actor=operations, line=link.line, values=PERSON)
    visitor.send(**{"field-payslip": paper()})
    assert LeadAttachment.objects.get().kind == "kyc"


def test_where_a_lead_has_no_room_the_enquiry_is_held_with_its_file(operations, link, visitor, monkeypatch):
    lead = create_lead(actor=operations, line=link.line, values=PERSON).lead
    attach_file(
        actor=operations, reference=lead.reference, kind="other", filename="a.pdf", chunks=[PDF + b"a"]
    )
    monkeypatch.setattr(form_files, "MOST_ATTACHMENTS", 1)
    assert visitor.send(**{"field-payslip": paper()}).status_code == 303
    row = FormSubmission.objects.get()
    assert (row.outcome, row.suspicions) == ("held", ["attachments_full"])
    lead.refresh_from_db()
    assert lead.repeat_enquiries == 0
    with pytest.raises(Conflict, match="Remove one"):
        accept_submission(actor=operations, submission=row)
    monkeypatch.setattr(form_files, "MOST_ATTACHMENTS", 2)
    accept_submission(actor=operations, submission=row)
    lead.refresh_from_db()
    assert lead.repeat_enquiries == 1 and LeadAttachment.objects.count() == 2


def held(visitor: Visitor) -> FormSubmission:
    """An enquiry with a file that looks like a machine's."""
    assert visitor.send(homepage="spam", **{"field-payslip": paper()}).status_code == 303
    return FormSubmission.objects.get(outcome="held")


def test_what_is_held_waits_with_its_file_which_nobody_opens(operations, link, visitor, client_for):
    row = held(visitor)
    file = StoredFile.objects.get()
    assert (file.purpose, file.subject_id) == ("leads.enquiry", row.pk) and file.attached_at
    with pytest.raises(NotVisible):
        get_file(operations, file.pk)
    page = client_for(operations).get(reverse("admin:leads_formsubmission_change", args=[row.pk]))
    assert "payslip.pdf (" in page.content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(days=30)):
        purge = find_purge("core.unattached_files")
        assert purge.count(purge.before) == 0
    accept_submission(actor=operations, submission=row)
    lead = Lead.objects.get()
    file.refresh_from_db()
    assert (file.purpose, file.subject_id, lead.data["payslip"]["id"]) == ("leads.field", lead.pk, file.pk)


def test_a_discarded_enquiry_takes_its_file_with_it(
    operations, link, visitor, media, django_capture_on_commit_callbacks
):
    row = held(visitor)
    discard_submission(actor=operations, submission=row)
    [path] = [each for each in media.rglob("*") if each.is_file()]

    def purge() -> list[int]:
        removed = []
        for name in ("leads.discarded_enquiries", "leads.enquiry_files"):
            each = find_purge(name)
            with django_capture_on_commit_callbacks(execute=True):
                removed.append(each.delete(each.before, 100))
        return removed

    assert purge() == [0, 0] and path.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(days=365)):
        assert purge() == [1, 1]
    assert not StoredFile.objects.exists() and not path.exists()


def test_who_is_turned_away_leaves_no_file(settings, link, visitor):
    settings.FORM_ENQUIRIES_PER_MINUTE = 1
    visitor.send({"mobile": "12"})
    page = visitor.send({"story": "Typed"}, **{"field-payslip": paper()})
    assert page.status_code == 429 and "Typed" in page.content.decode()
    assert not StoredFile.objects.exists()


def test_on_a_full_day_a_file_is_kept_once_and_carried(operations, link, visitor):
    stamp = visitor.stamp()
    update_form_link(actor=operations, link=link, daily_cap=1)
    assert visitor.send().status_code == 303
    page = visitor.send({"mobile": "98765 00001"}, stamp=stamp, **{"field-payslip": paper()})
    assert page.status_code == 429 and kept_by(page)
    assert StoredFile.objects.count() == 1


def test_without_a_page_of_ours_no_file_is_kept_and_quick_people_lose_none(link, patient, monkeypatch):
    visitor = Visitor(link)
    assert visitor.send(stamp="forged", **{"field-payslip": paper()}).status_code == 422
    assert not StoredFile.objects.exists()
    monkeypatch.setattr(stamps, "FASTEST_SECONDS", 3)
    page = visitor.send(**{"field-payslip": paper()})
    assert page.status_code == 422 and "Nothing is sent yet" in page.content.decode()
    sent = visitor.send({"payslip-kept": kept_by(page)}, stamp=stamp_of(page))
    assert sent.status_code == 303 and Lead.objects.get().data["payslip"]["name"] == "payslip.pdf"


def test_what_waits_for_enquiries_has_a_limit(settings, link, visitor):
    visitor.send({"mobile": "12"}, **{"field-payslip": paper()})
    settings.FORM_PENDING_MEGABYTES = 0
    page = visitor.send(**{"field-payslip": paper()})
    assert page.status_code == 422 and "without the file" in page.content.decode()
    assert StoredFile.objects.count() == 1


def test_a_file_of_another_organisations_form_is_no_file_here(operations, link, visitor, elsewhere):
    with organization_scope(elsewhere.organization):
        actor = Actor.system(elsewhere.organization)
        update_form_link(actor=actor, link=elsewhere, field_keys=ASKED)
    theirs = Visitor(elsewhere, Client())
    page = theirs.send({"mobile": "12"}, **{"field-payslip": paper()})
    crossed = visitor.send({"payslip-kept": kept_by(page)})
    assert crossed.status_code == 422 and not Lead.objects.exists()
    # Nor one that a colleague has handed in for the same field.
    own = keep_file(actor=operations, line=link.line, key="payslip", filename="a.pdf", chunks=[PDF])
    crossed = visitor.send({"payslip-kept": Held(own.pk, own.name, own.size).signed()})
    assert crossed.status_code == 422 and not Lead.objects.exists()


def test_a_picture_that_is_none_is_told(link, visitor):
    page = visitor.send(**{"field-photo": SimpleUploadedFile("a.jpg", picture()[:60], "image/jpeg")})
    assert page.status_code == 422 and not Lead.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("uploads", [1, 4])
def test_a_press_with_a_file_that_comes_four_times_at_once_is_one_enquiry(operations, organization, uploads):
    link = form_of(operations, line={"on_duplicate": "create"}, field_keys=ASKED)
    with form_link_scope(link):
        kept = [
            keep_form_file(link=link, key="payslip", filename="a.pdf", chunks=[PDF])
            for _each in range(uploads)
        ]
    carried = [Held(file.pk, file.name, file.size).signed() for file in kept]
    rows = at_once(4, lambda index: send(link, {"payslip": carried[index % uploads]}))
    assert len({row.pk for row in rows}) == FormSubmission.objects.count() == 1
    held = Lead.objects.get().data["payslip"]["id"]
    attached = StoredFile.objects.filter(attached_at__isnull=False).values_list("pk", flat=True)
    assert list(attached) == [held]
    assert StoredFile.objects.filter(purpose="leads.form").count() == uploads - 1
