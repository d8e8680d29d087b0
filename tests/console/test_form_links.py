"""Form links in the console: made, changed, paused, rotated, ended; and what is held is decided."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core.admin.dashboard import queues_for
from leads.models import FormLink, FormSubmission, Lead
from leads.queries.form_links import form_link_scope
from leads.services.form_submissions import FilledForm, submit_form
from leads.services.origins import create_source
from tests.console.pages import Console, refusals
from tests.leads.form_links.conftest import FIELDS, PERSON, form_of
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def console(operations, client_for):
    return Console(client_for(operations))


@pytest.fixture
def link(operations):
    return form_of(operations)


@pytest.fixture
def held(link):
    with form_link_scope(link):
        return submit_form(link=link, sent=FilledForm({**PERSON, "story": "Hello"}, "press", is_trapped=True))


def shown(console, link):
    return console.open("leads_formlink_change", link.pk).content.decode()


def test_a_form_is_made_and_its_page_tells_how_to_use_it(console, operations, actor_for):
    line = make_line(operations, FIELDS)
    source = create_source(actor=operations, name="Website")
    agent = actor_for(Role.AGENT, name="Arjun Rao")
    typed = {
        "line": str(line.pk),
        "source": str(source.pk),
        "owner": str(agent.membership.pk),
        "title": "Ask for a loan",
        "embed_origins": "https://www.example.com",
        "consent_purpose": "Calls",
        "consent_text": "You may call me.",
        "daily_cap": "50",
    }
    response = console.add("leads_formlink", **typed)
    link = FormLink.objects.get()
    assert response.status_code == 302, refusals(response)
    assert response["Location"] == reverse("admin:leads_formlink_change", args=[link.pk])
    assert (link.owner, link.daily_cap, link.consent_number) == (agent.membership, 50, 1)
    html = shown(console, link)
    assert f'href="/f/{link.token}/"' in html
    assert f"/f/{link.token}/?embed=1" in html and "&lt;iframe" in html
    assert 'value="surveyor"' not in html and 'value="mail"' in html


def test_what_the_service_refuses_stands_beside_the_setting(console, link):
    response = console.change("leads_formlink", link.pk, redirect_url="http://a.example", title="")
    assert refusals(response).keys() == {"title"}
    response = console.change(
        "leads_formlink",
        link.pk,
        redirect_url="http://a.example",
        embed_origins="nothing",
        consent_text="Yes.",
    )
    assert refusals(response).keys() == {"redirect_url", "embed_origins"}


def test_a_form_is_changed(console, link):
    ends = timezone.now() + dt.timedelta(days=9)
    response = console.change(
        "leads_formlink",
        link.pk,
        field_keys=["mail", "town"],
        accent="green",
        expires_at_0=f"{ends:%Y-%m-%d}",
        expires_at_1="10:00:00",
    )
    assert response.status_code == 302, refusals(response)
    link.refresh_from_db()
    assert (link.field_keys, link.accent) == (["mail", "town"], "green")
    assert link.expires_at.astimezone(link.organization.zone).hour == 10


def test_a_form_is_paused_goes_on_gets_a_new_address_and_ends(console, link):
    def act(name):
        console.act(f"leads_formlink_{name}", link.pk)
        link.refresh_from_db()
        return link.state

    old = link.token
    assert [act("pause"), act("resume"), act("rotate"), act("end")] == ["paused", "active", "active", "ended"]
    assert link.token != old
    html = shown(console, link)
    assert "/resume/" not in html and "/rotate/" not in html


def test_the_list_tells_the_counts(console, link, held):
    html = console.open("leads_formlink_changelist").content.decode()
    assert "Ask for a loan" in html and "Website" in html
    assert 'class="field-held' in html


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.FINANCE])
def test_who_only_reads_sees_the_form_and_not_what_was_typed(client_for, actor_for, link, held, role):
    console = Console(client_for(actor_for(role)))
    assert "/f/" in shown(console, link)
    page = console.open("leads_formsubmission_change", held.pk).content.decode()
    assert "For those who write leads." in page and "98765" not in page


def test_what_is_held_waits_on_the_first_page_and_is_taken(console, operations, held):
    [queue] = [each for each in queues_for(operations) if each.icon == "inbox"]
    assert queue.count == 1
    page = console.open("leads_formsubmission_change", held.pk).content.decode()
    assert "a field was filled that people do not see" in page and "98765 43210" in page
    console.act("leads_formsubmission_accept", held.pk)
    assert Lead.objects.get().phone == "+919876543210"
    page = console.open("leads_formsubmission_change", held.pk).content.decode()
    assert Lead.objects.get().reference in page
    assert console.open("leads_formsubmission_discard", held.pk).status_code == 403


def test_what_a_machine_wrote_is_discarded(console, operations, held):
    console.act("leads_formsubmission_discard", held.pk)
    assert FormSubmission.objects.get().outcome == "discarded"
    assert not Lead.objects.exists()
    [queue] = [each for each in queues_for(operations) if each.icon == "inbox"]
    assert queue.count == 0
