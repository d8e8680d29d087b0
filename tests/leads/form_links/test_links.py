"""Forms are made and changed by who configures, ask what everybody may fill, and keep what people agree to."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.fields.asked import asked_items
from leads.fields.line import line_definition
from leads.models import ConsentText, FormLink
from leads.queries.form_links import find_form_link, is_open
from leads.services.form_links import (
    create_form_link,
    end_form_link,
    pause_form_link,
    resume_form_link,
    rotate_form_link,
    update_form_link,
)
from leads.services.lines import update_line
from leads.services.origins import create_source
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


def asked(link):
    return [item.key for item in asked_items(line_definition(link.line), link.field_keys)]


def test_a_form_asks_what_everybody_may_fill(link):
    assert asked(link) == [
        "full_name", "mobile", "mail", "income", "kind", "employer", "state", "town", "pan", "story",
    ]  # fmt: skip


def test_chosen_fields_bring_what_is_required_and_what_their_choices_depend_on(operations, link):
    link = update_form_link(actor=operations, link=link, field_keys=["town"])
    assert asked(link) == ["full_name", "mobile", "employer", "state", "town"]


@pytest.mark.parametrize("key", ["margin", "verdict", "surveyor", "friend", "payload", "yearly", "none"])
def test_what_not_everybody_may_fill_cannot_be_chosen(operations, link, key):
    with pytest.raises(ValidationFailed) as refused:
        update_form_link(actor=operations, link=link, field_keys=["mail", key])
    assert refused.value.fields.keys() == {"field_keys"}


def test_a_line_that_requires_what_no_form_asks_gets_none(operations):
    line = make_line(operations, [{"key": "who", "label": "Surveyor", "type": "user", "required": True}])
    with pytest.raises(ValidationFailed, match="without Surveyor"):
        create_form_link(
            actor=operations, line=line, source=create_source(actor=operations, name="Web"), title="Ask"
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", " "),
        ("title", "x" * 121),
        ("introduction", "a\0b"),
        ("redirect_url", "http://www.example.com"),
        ("redirect_url", "javascript:alert(1)"),
        ("redirect_url", "https://user@www.example.com"),
        ("redirect_url", "https://www.example.com/; script-src *"),
        ("redirect_url", "https://www.exa'mple.com/"),
        ("redirect_url", "https:///nowhere"),
        ("redirect_url", "https://[::1/"),
        ("accent", "red"),
        ("daily_cap", 0),
        ("daily_cap", 10**9),
        ("embed_origins", ["*"]),
        ("embed_origins", ["https://*.example.com"]),
        ("embed_origins", ["http://www.example.com"]),
        ("embed_origins", ["https://a.example; script-src *"]),
        ("embed_origins", [f"https://a{number}.example" for number in range(21)]),
        ("consent_text", "I agree."),
        ("consent_purpose", "Calls"),
        ("expires_at", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("source", None),
        ("token", "mine"),
        ("state", "ended"),
    ],
)
def test_what_cannot_be_set_is_refused_beside_the_setting(operations, link, name, value):
    with pytest.raises(ValidationFailed) as refused:
        update_form_link(actor=operations, link=link, **{name: value})
    beside = {"consent_text": "consent_purpose", "consent_purpose": "consent_text"}.get(name, name)
    assert refused.value.fields.keys() == {beside}
    assert FormLink.objects.get(pk=link.pk).history.count() >= 1


def test_web_sites_are_kept_by_their_origin(operations, link):
    given = ["https://Www.Example.com/page?a=1", "https://www.example.com", "http://localhost:8080"]
    link = update_form_link(actor=operations, link=link, embed_origins=given)
    assert link.embed_origins == ["https://www.example.com", "http://localhost:8080"]


def test_each_wording_of_the_consent_is_a_version_of_its_own(operations, link):
    def words(text):
        update_form_link(actor=operations, link=link, consent_purpose="Calls", consent_text=text)
        return FormLink.objects.get().consent_number

    assert [words("Call me."), words("Call me."), words("Call me now."), words("Call me.")] == [1, 1, 2, 3]
    assert list(ConsentText.objects.values_list("number", "text")) == [
        (3, "Call me."),
        (2, "Call me now."),
        (1, "Call me."),
    ]
    update_form_link(actor=operations, link=link, consent_purpose="", consent_text="")
    assert FormLink.objects.get().consent_number == 0


def test_only_who_configures_makes_and_changes_forms(actor_for, link):
    for role in (Role.AGENT, Role.TEAM_LEADER, Role.FINANCE, Role.AUDITOR, Role.PARTNER):
        actor = actor_for(role)
        with pytest.raises(NotPermitted):
            create_form_link(actor=actor, line=link.line, source=link.source, title="Mine")
        for change in (update_form_link, pause_form_link, end_form_link, rotate_form_link):
            with pytest.raises(NotPermitted):
                change(actor=actor, link=link)


def test_a_form_of_another_organisation_is_not_there(operations, elsewhere):
    for change in (update_form_link, pause_form_link, rotate_form_link):
        with pytest.raises(NotVisible):
            change(actor=operations, link=elsewhere)
    with pytest.raises(ValidationFailed):
        create_form_link(actor=operations, line=elsewhere.line, source=elsewhere.source, title="Mine")


def test_a_form_is_paused_goes_on_and_ends_for_good(operations, link):
    assert not is_open(pause_form_link(actor=operations, link=link))
    assert is_open(resume_form_link(actor=operations, link=link))
    assert not is_open(end_form_link(actor=operations, link=link))
    for change in (resume_form_link, pause_form_link, rotate_form_link):
        with pytest.raises(Conflict):
            change(actor=operations, link=link)
    reasons = link.history.order_by("history_id").values_list("history_change_reason", flat=True)
    assert list(reasons) == ["form link made", "form link paused", "form link resumed", "form link ended"]


def test_a_new_address_takes_the_place_of_the_old_one(operations, link):
    new = rotate_form_link(actor=operations, link=link)
    assert find_form_link(link.token) is None
    found = find_form_link(new.token)
    assert found is not None and found.pk == link.pk and len(new.token) == 32


def test_a_form_is_closed_with_its_line_and_its_last_day(operations, link, organization):
    def is_open_now():
        found = find_form_link(link.token)
        return found is not None and is_open(found)

    assert is_open_now()
    update_line(actor=operations, line=link.line, is_active=False)
    assert not is_open_now()
    update_line(actor=operations, line=link.line, is_active=True)
    FormLink.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert not is_open_now()


@pytest.mark.parametrize("token", ["", "short", "x" * 65, "a\0" * 12, "' OR 1=1 -- aaaaaaaaaaa", "ä" * 32])
def test_what_is_no_token_is_not_looked_for(token, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert find_form_link(token) is None


def test_two_forms_of_two_organisations_know_nothing_of_each_other(operations, link, elsewhere):
    assert find_form_link(elsewhere.token).organization_id == elsewhere.organization_id
    with organization_scope(operations.organization):
        assert list(FormLink.objects.all()) == [link]
