"""Who is not called, and what people agreed to: one register of what was written down and of forms."""

import re

import pytest
from django.urls import reverse

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.models import DoNotCall, Engagement, Lead
from leads.queries.consent import is_do_not_call, lead_contact
from leads.services.consent import (
    change_reason,
    list_lead_number,
    list_number,
    record_consent,
    release_number,
)
from leads.services.engagements import start_engagement
from tests.factories import make_actor, make_organization
from tests.leads.work.test_engagements import client_of

PHONE = "+919845012345"


def record(house, state="given", channel="call", wording="You may call me.", purpose="Offers", actor=None):
    return record_consent(
        actor=actor or house.agent,
        reference=house.lead.reference,
        purpose=purpose,
        channel=channel,
        state=state,
        wording=wording,
        door="page",
    )


def listed(house, phone="98450 12345"):
    return list_number(actor=house.operations, phone=phone, reason="Asked by letter")


def standing(house):
    return [(each.purpose, each.channel, each.state) for each in lead_contact(house.lead).standing]


def test_a_listed_number_is_neither_called_nor_messaged(house):
    assert listed(house).phone == PHONE
    for channel in ("call", "sms", "whatsapp"):
        with pytest.raises(Conflict) as refused:
            start_engagement(actor=house.agent, reference=house.lead.reference, channel=channel)
        assert (refused.value.code, "ask operations" in refused.value.message) == ("do_not_call", True)
    assert not Engagement.objects.exists()
    shown = client_of(house.agent).get(reverse("leads:detail", args=[house.lead.reference])).content.decode()
    assert "Do not call." in shown and 'value="call" disabled' in shown
    # Nor by the number where it is read.
    assert "+91" in shown and "tel:+91" not in shown and 'form="reach"' not in shown


def test_an_e_mail_is_still_written(house):
    listed(house)
    Lead.objects.filter(pk=house.lead.pk).update(email="asha@example.org")
    made = start_engagement(actor=house.operations, reference=house.lead.reference, channel="email")
    assert made.address == "mailto:asha@example.org"


def test_a_number_is_listed_once_and_free_once_taken_off(house):
    row = listed(house)
    with pytest.raises(Conflict):
        listed(house, PHONE)
    change_reason(actor=house.operations, row=row, reason="By telephone")
    release_number(actor=house.operations, row=row)
    assert not is_do_not_call(PHONE)
    with pytest.raises(NotVisible):
        release_number(actor=house.operations, row=row)
    assert listed(house).pk != row.pk
    assert [each.reason for each in DoNotCall.history.filter(id=row.pk).order_by("history_id")] == [
        "Asked by letter",
        "By telephone",
        "By telephone",
    ]


def test_who_works_a_lead_lists_its_number_and_only_that(house):
    with pytest.raises(NotPermitted):
        list_number(actor=house.agent, phone=PHONE, reason="x")
    with pytest.raises(NotVisible):
        list_lead_number(actor=house.other, reference=house.lead.reference, reason="x")
    where = reverse("leads:do_not_call", args=[house.lead.reference])
    client = client_of(house.agent)
    assert client.post(where, {"reason": "Asked on the phone"}).status_code == 302
    assert client.post(where, {"reason": "Again"}).status_code == 422
    row = DoNotCall.objects.get()
    assert (row.phone, row.by) == (PHONE, house.agent.membership)
    with pytest.raises(NotPermitted):
        release_number(actor=house.agent, row=row)


def test_what_is_no_number_is_refused_beside_its_field(house):
    with pytest.raises(ValidationFailed) as refused:
        listed(house, "12")
    assert list(refused.value.fields) == ["phone"]


def test_the_list_of_another_organisation_holds_nobody_here(house):
    elsewhere = make_organization("elsewhere")
    stranger = make_actor(elsewhere, Role.ADMIN)
    with organization_scope(elsewhere):
        row = list_number(actor=stranger, phone=PHONE, reason="Theirs")
    assert not is_do_not_call(PHONE)
    with pytest.raises(NotVisible):
        release_number(actor=house.operations, row=row)
    assert start_engagement(actor=house.agent, reference=house.lead.reference, channel="call").is_new


def test_of_a_purpose_and_channel_the_last_word_holds(house):
    record(house)
    record(house, channel="sms")
    record(house, "withdrawn", wording="")
    assert standing(house) == [("Offers", "sms", "given"), ("Offers", "call", "withdrawn")]
    record(house, "withdrawn", channel="any", wording="", purpose="offers")
    record(house, purpose="Statements")
    assert standing(house) == [("offers", "any", "withdrawn"), ("Statements", "call", "given")]


def test_a_consent_needs_its_words_and_somebody_who_may_write(house):
    with pytest.raises(ValidationFailed) as refused:
        record(house, wording=" ")
    assert list(refused.value.fields) == ["wording"]
    with pytest.raises(NotPermitted):
        record(house, actor=house.auditor)
    with pytest.raises(NotVisible):
        record(house, actor=house.other)


def test_the_register_stands_on_page_and_api(house):
    client = client_of(house.agent)
    where = f"/api/v1/leads/{house.lead.reference}/consents/"
    sent = {"purpose": "Offers", "channel": "call", "state": "given", "wording": "Call me on 98450 12345."}
    assert client.post(where, sent, content_type="application/json").status_code == 201
    page = reverse("leads:consent", args=[house.lead.reference])
    assert client.post(page, {**sent, "state": "withdrawn", "wording": ""}).status_code == 302
    register = client.get(where).json()
    assert [(row["state"], row["door"]) for row in register["results"]] == [
        ("withdrawn", "page"),
        ("given", "api"),
    ]
    assert "Offers, agreed to on" in client.get(page).content.decode()
    seen = client_of(house.auditor).get(page).content.decode()
    assert "98450" not in seen and "Call me on" in seen


def test_a_printed_lead_is_masked_as_its_reader_reads_it(house):
    start_engagement(actor=house.agent, reference=house.lead.reference, channel="call")
    page = reverse("leads:print", args=[house.lead.reference])
    own = client_of(house.agent).get(page).content.decode()
    assert PHONE in own and "called" in own and "Printed by Arjun Rao" in own
    # Paper cannot tell how long ago something was, and days are the organisation's.
    assert re.search('Printed by Arjun Rao, <time datetime=".{19}.05:30"', own) and "just now" not in own
    seen = client_of(house.auditor).get(page).content.decode()
    assert "98450" not in seen and "9845012345" not in seen
    assert client_of(house.other).get(page).status_code == 404
