"""Form links in the configuration file: out, in again, elsewhere, and what is wrong by its place."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Role
from core.configuration import export_document, import_document
from core.errors import ValidationFailed
from core.scope import organization_scope
from leads.models import Campaign, ConsentText, FormLink
from leads.services.fields import retire_field
from leads.services.form_links import end_form_link, pause_form_link, update_form_link
from leads.services.lines import publish_line
from leads.services.origins import create_campaign
from tests.leads.form_links.conftest import form_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
SECTIONS = ["business_lines", "sources", "campaigns", "form_links"]


def written(actor: Actor) -> dict:
    return json.loads(json.dumps(export_document(actor=actor, sections=SECTIONS)))


def full(actor: Actor, link: FormLink, **more: object) -> FormLink:
    """A form of which everything is set."""
    campaign = Campaign.objects.filter(name="Monsoon").first() or create_campaign(actor=actor, name="Monsoon")
    settings = {
        "campaign": campaign,
        "introduction": "We call back.",
        "thank_you": "Thank you.",
        "redirect_url": "https://www.example.com/thanks",
        "accent": "rose",
        "field_keys": ["mail", "town"],
        "consent_purpose": "Calls",
        "consent_text": "Call me.",
        "expires_at": timezone.now() + dt.timedelta(days=30),
        "daily_cap": 20,
        "embed_origins": ["https://www.example.com"],
    }
    return update_form_link(actor=actor, link=link, **{**settings, **more})


def test_a_form_goes_out_without_its_address_and_comes_in_unchanged(operations, link, actor_for):
    owner = actor_for(Role.AGENT)
    link = full(operations, link, owner=owner.membership)
    document = written(operations)

    [form] = document["form_links"]
    assert form == {
        "business_line": "loan",
        "title": "Ask for a loan",
        "source": "Website",
        "campaign": "Monsoon",
        "owner": owner.user.email,
        "introduction": "We call back.",
        "thank_you": "Thank you.",
        "redirect_url": "https://www.example.com/thanks",
        "accent": "rose",
        "fields": ["mail", "town"],
        "consent_purpose": "Calls",
        "consent_text": "Call me.",
        "expires_at": link.expires_at.isoformat(),
        "daily_cap": 20,
        "embed_origins": ["https://www.example.com"],
    }
    assert link.token not in json.dumps(document)
    rows = FormLink.objects.get().history.count()
    report = import_document(actor=operations, document=document)
    assert (report.created, report.changed, report.diff) == (0, 0, [])
    assert FormLink.objects.get().history.count() == rows and ConsentText.objects.count() == 1


def test_elsewhere_it_gets_an_address_of_its_own_and_stays_closed_where_it_was(
    operations, link, actor_for, other_organization
):
    pause_form_link(actor=operations, link=full(operations, link))
    FormLink.objects.update(expires_at=timezone.now() - dt.timedelta(days=1))
    document = written(operations)
    other = actor_for(Role.OPERATIONS, organization=other_organization)
    with organization_scope(other_organization):
        first = import_document(actor=other, document=document)
        made = FormLink.objects.get()
        assert made.token != link.token and (made.state, made.is_expired) == ("paused", True)
        assert made.consent_number == 1
        again = import_document(actor=other, document=document)
        assert (again.created, again.changed) == (0, 0) and again.unchanged == first.created
        assert FormLink.objects.get().token == made.token
        assert written(other)["form_links"] == document["form_links"]


def test_the_difference_says_each_setting_and_a_state_is_taken(operations, link):
    document = written(operations)
    [form] = document["form_links"]
    form |= {"title": "Ask for a loan", "daily_cap": 5, "state": "paused", "accent": "green"}
    dry = import_document(actor=operations, document=document, dry_run=True)
    told = {each["path"]: (each["old"], each["new"]) for each in dry.diff}
    assert told == {
        "form_links[loan/Ask for a loan].accent": (None, "green"),
        "form_links[loan/Ask for a loan].daily_cap": (None, 5),
        "form_links[loan/Ask for a loan].state": (None, "paused"),
    }
    assert FormLink.objects.get().daily_cap is None
    import_document(actor=operations, document=document)
    stored = FormLink.objects.get()
    assert (stored.daily_cap, stored.state, stored.accent) == (5, "paused", "green")
    del form["daily_cap"], form["state"]
    import_document(actor=operations, document=document)
    stored.refresh_from_db()
    assert (stored.daily_cap, stored.state, stored.token) == (None, "active", link.token)
    form["state"] = "ended"
    import_document(actor=operations, document=document)
    assert FormLink.objects.get().state == "ended"
    assert import_document(actor=operations, document=document).changed == 0
    assert written(operations)["form_links"] == []


def test_forms_of_one_title_are_told_apart_by_their_order(operations, link):
    twin = form_of(operations, code="home")
    update_form_link(actor=operations, link=twin, daily_cap=1)
    FormLink.objects.filter(pk=twin.pk).update(line=link.line)
    document = written(operations)
    assert [form.get("daily_cap") for form in document["form_links"]] == [None, 1]
    document["form_links"][1]["daily_cap"] = 2
    [change] = import_document(actor=operations, document=document).diff
    assert change["path"] == "form_links[loan/Ask for a loan][2].daily_cap"
    twin.refresh_from_db()
    assert twin.daily_cap == 2
    alone = {**document, "form_links": document["form_links"][:1]}
    assert import_document(actor=operations, document=alone).left_alone == [
        "form_links[loan/Ask for a loan][2]"
    ]


def test_a_field_that_is_gone_and_a_form_that_ended_keep_no_file_out(operations, link):
    link = update_form_link(actor=operations, link=link, field_keys=["mail", "story"])
    retire_field(actor=operations, field=link.line.fields.get(key="story"))
    publish_line(actor=operations, line=link.line)
    document = written(operations)
    assert document["form_links"][0]["fields"] == ["mail"]
    assert import_document(actor=operations, document=document).changed == 0
    assert FormLink.objects.get().field_keys == ["mail", "story"]
    end_form_link(actor=operations, link=link)
    report = import_document(actor=operations, document=document)
    assert report.created == 1
    anew = FormLink.objects.exclude(pk=link.pk).get()
    assert anew.state == "active" and anew.token != link.token


def test_what_is_wrong_is_told_by_its_place_and_nothing_is_changed(operations, link):
    document = written(operations)
    [form] = document["form_links"]
    document["form_links"] = [
        form | {"token": "mine", "source": "Nowhere", "owner": "no@body.example", "daily_cap": "5"},
        form | {"title": "Two", "fields": ["surveyor"], "redirect_url": "http://x"},
        form | {"title": "Three", "business_line": "none"},
        form | {"title": "Four", "state": "open"},
        form | {"title": "Five", "expires_at": "2030-01-01"},
        "a form",
    ]
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=operations, document=document)
    assert refused.value.fields.keys() == {
        "form_links[0].token",
        "form_links[0].source",
        "form_links[0].owner",
        "form_links[0].daily_cap",
        "form_links[1].field_keys",
        "form_links[1].redirect_url",
        "form_links[2].business_line",
        "form_links[3].state",
        "form_links[4].expires_at",
        "form_links[5]",
    }
    assert FormLink.objects.count() == 1
