"""Draft, difference, publication, versions and the way back, as pages."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from leads.models import Field, LineVersion
from leads.services.layout import LaidOut, arrange_fields
from leads.services.leads import create_lead
from leads.services.lines import add_field, publish_line, retire_field, update_field
from tests.console.pages import Console
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
CITY = {"key": "city", "label": "City", "type": "select", "choices": ["Pune", "Delhi", "Surat"]}
RULE = {
    "all": [
        {"field": "city", "op": "in", "value": ["Pune", "Surat"]},
        {"field": "age", "op": "gte", "value": 21},
    ]
}


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def console(actor, client_for):
    return Console(client_for(actor))


@pytest.fixture
def line(actor):
    return make_line(actor, [*ONE_OF_EACH[:3], CITY])


def change(actor, key, **changes):
    return update_field(actor=actor, field=Field.objects.get(key=key), changes=changes)


def words(response):
    """The differences of a page, as text: {key: {label: what is said}}."""
    return {
        shown.key: {
            each.label: each.sentence
            or (
                f"{each.old} → {each.new}"
                if not each.is_list
                else [*each.added, "-", *each.removed, *each.notes]
            )
            for each in shown.settings
        }
        for shown in response.context["changes"]
    }


def test_the_difference_is_told_as_a_person_would(console, actor, line):
    change(actor, "city", choices=["Surat", {"value": "Pune", "label": "Poona"}, "Goa"], required=True)
    change(
        actor, "story", visible_if=RULE, visible_to=["agent", "admin"], help="In their words", min_length=None
    )
    add_field(
        actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text", "indexed": True}
    )
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["pin"])])
    page = console.open("leads_businessline_publish", line.pk)
    assert words(page) == {
        "pin": {"Type": " → Text", "Fast filters": "with fast filters"},
        "story": {
            "Help": "— → In their words",
            "Shortest": "3 → —",
            "Visible if": "— → City is Poona or Surat and Age is at least 21",
            "Visible to": "— → Agent, Administrator",
        },
        "city": {
            "Required": "now required",
            "Choices": ["Goa", "-", "Delhi", "Pune is now called Poona", "in another order"],
        },
    }
    assert page.context["changes"][0].place == "first on the form"
    assert page.context["summary"] == "1 new, 2 changed"


def test_a_draft_that_somebody_edited_meanwhile_is_not_published(console, actor, line, actor_for, client_for):
    change(actor, "story", label="Tale")
    seen = console.open("leads_businessline_publish", line.pk).context["seen"]
    other = Console(client_for(actor_for(Role.ADMIN, email="ravi@acme.example")))
    other.change("leads_field", Field.objects.get(key="age").pk, label="Years")
    refused = console.act("leads_businessline_publish", line.pk, note="Mine", seen=seen)
    page = refused.content.decode()
    assert (refused.status_code, LineVersion.objects.count()) == (200, 1)
    assert "ravi@acme.example changed Years (label)" in page
    assert 'value="Mine"' in page
    published = console.act("leads_businessline_publish", line.pk, note="Mine", seen=refused.context["seen"])
    assert (published.status_code, LineVersion.objects.count()) == (302, 2)
    # The other tab, which showed the same draft.
    again = console.act("leads_businessline_publish", line.pk, seen=refused.context["seen"])
    assert "published version 2" in again.content.decode()


def test_versions_are_listed_compared_and_come_back(console, actor, line):
    change(actor, "story", label="Tale")
    console.publish(line, note="Better word")
    retire_field(actor=actor, field=Field.objects.get(key="age"))
    console.publish(line)
    page = console.open("leads_businessline_versions", line.pk)
    listed = [
        (entry["version"].number, entry["version"].note, entry["summary"])
        for entry in page.context["versions"]
    ]
    assert listed == [(3, "", "1 retired"), (2, "Better word", "1 changed"), (1, "", "4 new")]
    assert {entry["version"].who for entry in page.context["versions"]} == {actor.user.email, ""}
    compared = console.open("leads_businessline_difference", line.pk, **{"from": "3", "to": "1"})
    assert [(item.key, item.title) for item in compared.context["changes"]] == [
        ("story", "Changed"), ("age", "Retired"),
    ]  # fmt: skip
    assert console.open("leads_businessline_difference", line.pk).context["changes"] == []
    for wrong in ("9", "x", "-1", "1" * 30):
        assert console.open("leads_businessline_difference", line.pk, to=wrong).status_code == 404
    asked = console.open("leads_businessline_restore", line.pk, 1)
    assert [(item.key, item.title) for item in asked.context["changes"]] == [
        ("story", "Changed"), ("age", "Back again"),
    ]  # fmt: skip
    address = reverse("admin:leads_businessline_restore", args=[line.pk, 1])
    done = console.client.post(address, {"seen": asked.context["seen"]}, follow=True)
    assert done.redirect_chain[-1][0].endswith("/publish/?note=Back+to+version+1")
    assert 'value="Back to version 1"' in done.content.decode()
    console.publish(line, note="Back to version 1")
    same = console.open("leads_businessline_difference", line.pk, **{"from": "1", "to": "4"})
    assert same.context["changes"] == []


def test_a_version_that_does_not_fit_is_explained_before_anything_is_asked(console, actor, line):
    add_field(actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text"})
    console.publish(line)
    console.change("leads_businessline", line.pk, duplicate_match="pin")
    page = console.open("leads_businessline_restore", line.pk, 1).content.decode()
    assert "Version 1 cannot come back as it was" in page
    assert "Make it the draft" not in page


def test_a_draft_is_discarded_after_a_look(console, actor, line):
    assert "nothing to discard" in console.open("leads_businessline_discard", line.pk).content.decode()
    change(actor, "story", label="Tale")
    page = console.open("leads_businessline_discard", line.pk)
    assert words(page) == {"story": {"Label": "Story → Tale"}}
    assert console.act("leads_businessline_discard", line.pk, seen=page.context["seen"]).status_code == 302
    assert Field.objects.get(key="story").label == "Story"


def test_readers_see_versions_and_change_nothing(actor, line, actor_for, client_for):
    publish_line(actor=actor, line=line)
    auditor = Console(client_for(actor_for(Role.AUDITOR)))
    page = auditor.open("leads_businessline_versions", line.pk)
    assert page.status_code == 200
    assert "Roll back" not in page.content.decode()
    assert auditor.open("leads_businessline_restore", line.pk, 1).status_code == 403
    assert auditor.open("leads_businessline_discard", line.pk).status_code == 403


def test_many_versions_are_read_page_by_page(console, actor, line):
    for number in range(24):
        change(actor, "story", label=f"Story {number}")
        publish_line(actor=actor, line=line)
    first = console.open("leads_businessline_versions", line.pk)
    second = console.open("leads_businessline_versions", line.pk, before=first.context["before"])
    assert [len(page.context["versions"]) for page in (first, second)] == [20, 5]
    assert first.context["versions"][-1]["summary"] == "1 changed"


def test_pages_tell_what_a_change_touches(console, actor, line, actor_for, client_for):
    lead = create_lead(
        actor=actor, line=line, values={"full_name": "Asha", "city": "Delhi", "story": "A tale"}
    ).lead
    city = Field.objects.get(key="city")
    change(actor, "city", choices=["Pune", "Surat"])
    change(actor, "story", visible_to=["admin", "operations"])
    page = console.open("leads_businessline_publish", line.pk).content.decode()
    assert "“Delhi” is held by 1 lead: they keep it, nobody can choose it." in page
    assert "No longer seen by Team leader, Agent, Finance, Auditor, Partner system." in page
    assert "The line has 1 lead." in page
    link = f"/leads/?line=loan&amp;data.city={lead.data['city']}"
    assert link in page
    assert lead.reference in console.client.get(link.replace("&amp;", "&")).content.decode()
    beside = console.open("leads_field_change", city.pk).content.decode()
    assert "1 lead with a value." in beside
    assert "is held by 1 lead" in beside
    asked = console.open("leads_field_retire", city.pk).content.decode()
    assert "1 lead with a value: it stays readable there" in asked
    # Who reads the configuration reads this too, and finds nothing to press.
    auditor = (
        Console(client_for(actor_for(Role.AUDITOR))).open("leads_field_change", city.pk).content.decode()
    )
    assert "1 lead with a value." in auditor
    assert "data-preview" not in auditor
