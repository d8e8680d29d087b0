"""The form of a draft as people of each role will meet it, and values tried in it."""

import json

import pytest

from accounts.roles import Area, Level, Role
from accounts.services import narrow_access
from leads.models import Field, Lead
from leads.services.lines import add_field, create_line, publish_line, retire_field, update_field
from tests.console.pages import Console, read_form
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
VALUES = {"field-full_name": "Asha Rao", "field-mobile": "98765 43210", "field-kind": "Business"}


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def console(actor, client_for):
    return Console(client_for(actor))


@pytest.fixture
def line(actor):
    return make_line(actor, ONE_OF_EACH)


def change(actor, key, **changes):
    return update_field(actor=actor, field=Field.objects.get(key=key), changes=changes)


def keys(response):
    return [item.key for item in response.context["form"].items]


def test_the_draft_is_drawn_by_the_form_of_the_page(console, actor, line, actor_for, client_for):
    change(actor, "story", label="Tale", help="In their words", required=True)
    change(actor, "ratio", visible_to=["admin"])
    change(actor, "age", editable_by=["team_leader"])
    retire_field(actor=actor, field=Field.objects.get(key="share"))
    add_field(actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text", "order": 0})
    frame = console.open("leads_businessline_form", line.pk, role="agent")
    drawn = frame.content.decode()
    assert "Tale" in drawn
    assert keys(frame)[0] == "pin"
    assert not {"ratio", "age", "share", "yearly"} & set(keys(frame))
    assert {"ratio"} <= set(keys(console.open("leads_businessline_form", line.pk, role="admin")))
    assert {"age"} <= set(keys(console.open("leads_businessline_form", line.pk, role="team_leader")))
    # Once published, an agent's own page draws the same fields.
    publish_line(actor=actor, line=line)
    agent = client_for(actor_for(Role.AGENT)).get(f"/leads/new/?line={line.code}")
    assert keys(agent) == keys(frame)
    section = drawn[drawn.index("<section") : drawn.rindex("</section>")]
    page = agent.content.decode()
    assert page[page.index('<section class="form-section') : page.rindex("</section>")] == section


def test_the_page_tells_what_the_form_does_not_show(console, actor, line):
    change(actor, "ratio", visible_to=["admin"])
    change(actor, "age", editable_by=["team_leader"])
    retire_field(actor=actor, field=Field.objects.get(key="share"))
    page = console.open("leads_businessline_preview", line.pk, role="agent", width="phone")
    assert [(each["key"], str(each["why"])) for each in page.context["absent"]] == [
        ("age", "seen, not filled in by this role"),
        ("ratio", "not visible to this role"),
        ("yearly", "computed"),
        ("share", "not active"),
    ]
    assert [str(each["label"]) for each in page.context["roles"] if each["active"]] == ["Agent"]
    assert "is-phone" in page.content.decode()


def test_values_are_judged_as_the_service_would_and_nothing_is_saved(console, line):
    address = f"/console/leads/businessline/{line.pk}/form/?role=agent"
    refused = console.client.post(
        address, {**VALUES, "field-age": "7", "field-mobile": "12", "field-kind": "Salaried"}
    )
    errors = refused.context["form"].errors
    assert set(errors) == {"field-age", "field-mobile", "field-employer"}
    assert "Asha Rao" in refused.content.decode()
    accepted = console.client.post(address, {**VALUES, "field-income": "1,00,000", "field-employer": "Acme"})
    kept = {each["label"]: each["text"] for each in accepted.context["kept"]}
    # Hidden by its rule, so not kept; computed from what was typed.
    assert "Employer" not in kept
    assert (kept["Mobile"], kept["Yearly"]) == ("+919876543210", "12,00,000.00")
    assert not Lead.objects.exists()


def test_only_this_page_may_be_framed_and_by_ourselves_alone(console, line):
    frame = console.open("leads_businessline_form", line.pk)
    around = console.open("leads_businessline_preview", line.pk)
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = frame.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert around.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in around.headers["Content-Security-Policy"]


def test_a_field_that_is_not_saved_yet_stands_in_its_place(console, line):
    address = f"/console/leads/businessline/{line.pk}/form/?role=agent"
    unsaved = {"key": "story", "label": "Tale", "type": "long_text", "order": 2}
    frame = console.client.post(address, {"unsaved-field": json.dumps(unsaved)})
    assert "Tale" in frame.content.decode()
    assert 'name="unsaved-field"' in frame.content.decode()
    assert Field.objects.get(key="story").label == "Story"
    broken = console.client.post(address, {"unsaved-field": json.dumps({**unsaved, "min": 3})})
    assert "has no use for it" in broken.content.decode()
    for nonsense in ("[", "7", "[" * 20_000):
        assert console.client.post(address, {"unsaved-field": nonsense}).status_code == 200


def test_what_is_typed_into_a_field_is_shown_on_the_form_before_it_is_saved(console, line):
    story = Field.objects.get(key="story")
    values, _names = read_form(console.open("leads_field_change", story.pk), "field_form")
    address = f"/console/leads/field/{story.pk}/preview/"
    frame = console.client.post(address, {**values, "label": "Tale", "preview-role": "partner"})
    assert "Tale" in frame.content.decode()
    assert "role=partner" in frame.context["action"]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    # Goes on from there, with the values that are tried.
    again = console.client.post(
        frame.context["action"], {**VALUES, "unsaved-field": frame.context["unsaved"]}
    )
    assert ("Tale" in again.content.decode(), again.context["is_tried"]) == (True, True)
    wrong = console.client.post(address, {**values, "visible_if": "{"}).content.decode()
    assert "This is no JSON" in wrong
    wrong = console.client.post(address, {**values, "max": "7"}).content.decode()
    assert "has no use for it" in wrong
    blank, _names = read_form(console.open("leads_field_add"), "field_form")
    added = {**blank, "line": str(line.pk), "label": "PIN code", "type": "text"}
    frame = console.client.post("/console/leads/field/preview/", added)
    assert keys(frame)[-1] == "pin_code"
    assert "Choose the business line" in console.client.get("/console/leads/field/preview/").content.decode()
    story.refresh_from_db()
    assert (story.label, Field.objects.filter(key="pin_code").exists()) == ("Story", False)


def test_roles_that_write_no_leads_down_are_not_offered(console, actor, line, actor_for):
    narrow_access(
        actor=actor_for(Role.ADMIN), role=Role.AGENT, area=Area.LEADS, verb="create", level=Level.NONE
    )
    page = console.open("leads_businessline_preview", line.pk, role="agent")
    assert [str(each["label"]) for each in page.context["roles"]] == [
        "Administrator", "Operations", "Team leader", "Partner system",
    ]  # fmt: skip


def test_an_empty_and_a_broken_draft_say_what_to_do(console, actor):
    line = create_line(actor=actor, code="empty", name="Empty")
    assert "no active field yet" in console.open("leads_businessline_preview", line.pk).content.decode()
    add_field(actor=actor, line=line, definition=ONE_OF_EACH[0])
    Field.objects.update(min="7")
    assert "has no use for it" in console.open("leads_businessline_preview", line.pk).content.decode()
    assert "has no use for it" in console.open("leads_businessline_form", line.pk).content.decode()
