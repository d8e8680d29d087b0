"""Pasting a message on the page of a new lead: it fills the form, and what a person confirms is stored."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from core.errors import ValidationFailed
from leads.messages.lines import LONGEST_MESSAGE
from leads.models import BusinessLine, Lead, Note
from leads.services.lines import publish_line, update_line
from leads.services.notes import LONGEST_NOTE
from leads.services.pasted_messages import create_lead_with_note
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "budget", "label": "Budget", "type": "money", "help": "All in all."},
    {"key": "city", "label": "City", "type": "select", "choices": ["Mumbai", "Pune"]},
    {"key": "points", "label": "Points", "type": "integer", "editable_by": ["operations"]},
    {"key": "secret", "label": "Secret", "type": "text", "visible_to": ["operations"]},
]
MESSAGE = """[12/05/2026, 10:31] Asha Rao: Budget is 45 lakh
Pune or Mumbai?
Mobile 98450 12345
Points: 7
Secret: plum"""
NEW, PASTE = "/leads/new/?line=loan", "/leads/from-message/?line=loan"


@pytest.fixture
def agent(actor_for):
    operations = actor_for(Role.OPERATIONS)
    line = make_line(operations, FIELDS)
    update_line(actor=operations, line=line, duplicate_match=["mobile"])
    publish_line(actor=operations, line=line)
    return actor_for(Role.AGENT)


@pytest.fixture
def client(agent, client_for):
    return client_for(agent)


def shown_values(answer):
    """What the form of the answer would send, as a browser does."""
    page = answer.content.decode()
    form = answer.context["form"]
    sent = {form.add_prefix(name): form[name].value() or "" for name in form.fields}
    rest = answer.context["rest_form"]
    if rest is not None:
        sent |= {"message-note": rest["note"].value(), "message-keep": "on"}
    assert all(f'name="{name}"' in page for name in sent)
    return sent


def test_a_message_fills_the_form_and_stores_nothing(client):
    answer = client.post(PASTE, {"message": MESSAGE})
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    sent = shown_values(answer)
    assert (sent["field-full_name"], sent["field-mobile"]) == ("Asha Rao", "98450 12345")
    assert (sent["field-budget"], sent["field-city"]) == ("4500000", "")
    assert "from “Budget is 45 lakh”" in page and "All in all." in page
    assert "Left empty, the message is not clear: “Mumbai”, “Pune”" in page
    assert re.search(r'<form method="post" action="/leads/new/\?line=loan"', page)
    assert Lead.objects.count() == Note.objects.count() == 0


def test_what_the_actor_may_not_write_is_not_filled_and_stays_in_the_note(client):
    sent = shown_values(client.post(PASTE, {"message": MESSAGE}))
    assert "field-points" not in sent and "field-secret" not in sent
    assert sent["message-note"].split("\n") == ["Pune or Mumbai?", "Points: 7", "Secret: plum"]


def test_confirming_saves_the_lead_and_its_note(client, agent):
    sent = shown_values(client.post(PASTE, {"message": MESSAGE}))
    answer = client.post(NEW, sent | {"field-city": "Pune"})
    lead = Lead.objects.get()
    assert answer.status_code == 302 and answer.url == f"/leads/{lead.reference}/"
    assert lead.data == {
        "full_name": "Asha Rao",
        "mobile": "+919845012345",
        "budget": "4500000.00",
        "city": "Pune",
    }
    note = Note.objects.get()
    assert (note.lead, note.author) == (lead, agent.membership) and note.text.startswith("Pune or Mumbai?")


@pytest.mark.parametrize("left_out", [{"message-keep": ""}, {"message-note": " "}])
def test_no_note_is_kept_that_is_not_wanted(client, left_out):
    sent = shown_values(client.post(PASTE, {"message": MESSAGE})) | left_out
    client.post(NEW, {name: value for name, value in sent.items() if value})
    assert Lead.objects.count() == 1 and Note.objects.count() == 0


def test_what_is_wrong_is_told_by_the_form_and_loses_no_note(client):
    sent = shown_values(client.post(PASTE, {"message": MESSAGE}))
    answer = client.post(NEW, sent | {"field-full_name": ""})
    assert answer.status_code == 422 and Lead.objects.count() == Note.objects.count() == 0
    assert shown_values(answer)["message-note"] == sent["message-note"]


def test_on_a_repeat_the_note_still_stands_in_the_form(client):
    sent = shown_values(client.post(PASTE, {"message": MESSAGE}))
    client.post(NEW, sent | {"message-note": "First"})
    answer = client.post(NEW, sent | {"message-note": "Call after six"})
    lead = Lead.objects.get()
    assert answer.status_code == 200 and lead.repeat_enquiries == 1
    assert shown_values(answer)["message-note"] == "Call after six"
    page = answer.content.decode()
    assert f'href="/leads/{lead.reference}/"' in page and "the note below was not kept" in page
    assert [note.text for note in Note.objects.all()] == ["First"]


def test_a_long_rest_becomes_several_notes(client):
    line = "This is a sentence that says a lot about nothing at all."
    sent = shown_values(client.post(PASTE, {"message": "Name: Asha Rao\n" + "\n".join([line] * 150)}))
    assert client.post(NEW, sent).status_code == 302
    texts = [note.text for note in Note.objects.order_by("pk")]
    assert len(texts) == 2 and all(len(text) <= LONGEST_NOTE for text in texts)
    assert "\n".join(texts).split("\n") == [line] * 150


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Paste a message here first."),
        ("x" * (LONGEST_MESSAGE + 1), "at most 10000 characters"),
    ],
)
def test_what_cannot_be_read_is_told(client, text, told):
    answer = client.post(PASTE, {"message": text})
    assert told in unescape(answer.content.decode())
    assert answer.status_code == 422
    assert Lead.objects.count() == 0


def test_words_of_a_message_are_no_markup(client):
    answer = client.post(PASTE, {"message": "Name: Asha\nBudget is 45 lakh\n<script>alert(1)</script>"})
    assert b"<script>alert(1)" not in answer.content


def test_the_page_works_without_a_message(client):
    page = client.get(NEW).content.decode()
    assert 'action="/leads/from-message/?line=loan"' in page and "message-note" not in page
    assert client.get(PASTE).status_code == 405
    assert client.post(NEW, {"field-full_name": "Ravi", "source": "", "campaign": ""}).status_code == 302


def test_reading_a_message_asks_the_database_nothing(client):
    client.get(NEW)
    with CaptureQueriesContext(
        connection,
    ) as plain:
        client.get(NEW)
    for message in ("Budget is 45 lakh", MESSAGE * 20):
        with CaptureQueriesContext(connection) as read:
            client.post(PASTE, {"message": message})
        assert len(read) == len(plain)


def test_a_note_that_is_refused_leaves_no_lead(agent):
    with pytest.raises(ValidationFailed):
        create_lead_with_note(
            actor=agent, line=BusinessLine.objects.get(), values={"full_name": "Asha Rao"}, note="a\0b"
        )
    assert Lead.objects.count() == 0
