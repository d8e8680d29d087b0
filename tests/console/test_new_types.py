"""Members, leads, places and cascades in preview, difference and impact: they come through the same forms."""

import pytest

from accounts.roles import Role
from leads.models import Field
from leads.services.leads import create_lead
from leads.services.lines import add_field, update_field
from tests.console.pages import Console
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "maps_to": "name"},
    {"key": "state", "label": "State", "type": "select", "choices": ["Goa", "Kerala"]},
    {"key": "town", "label": "Town", "type": "select", "choices_from": "state",
     "choices": [{"value": "Panjim", "parents": ["Goa"]}, {"value": "Kochi", "parents": ["Kerala"]}]},
    {"key": "referrer", "label": "Referrer", "type": "user"},
    {"key": "partner", "label": "Co-applicant", "type": "lead"},
    {"key": "home", "label": "Home", "type": "location"},
]  # fmt: skip


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def console(actor, client_for):
    return Console(client_for(actor))


@pytest.fixture
def line(actor):
    return make_line(actor, FIELDS[:1])


def test_drafts_of_all_types_are_drawn_and_tried(console, actor, line):
    for definition in FIELDS[1:]:
        add_field(actor=actor, line=line, definition=definition)
    other = create_lead(actor=actor, line=line, values={"full_name": "Asha"}).lead
    address = f"/console/leads/businessline/{line.pk}/form/?role=operations"
    values = {
        "field-full_name": "Ravi", "field-state": "Goa", "field-town": "Panjim", "field-partner": other.reference,
        "field-referrer": actor.user.email, "field-home-lat": "15.49", "field-home-lon": "73.82",
    }  # fmt: skip
    kept = console.client.post(address, values).context["kept"]
    assert [each["label"] for each in kept] == [
        "Full name", "State", "Town", "Referrer", "Co-applicant", "Home",
    ]  # fmt: skip
    wrong = {
        **values,
        "field-town": "Kochi",
        "field-partner": "L99999999",
        "field-referrer": "nobody@x.example",
    }
    errors = console.client.post(address, wrong).context["form"].errors
    assert set(errors) == {"field-town", "field-partner", "field-referrer"}


def test_a_cascade_is_told_in_difference_and_impact(console, actor, line):
    for definition in FIELDS[1:]:
        add_field(actor=actor, line=line, definition=definition)
    console.publish(line)
    town = Field.objects.get(key="town")
    choices = [{"value": "Panjim", "parents": ["Goa", "Kerala"]}, "Kochi"]
    update_field(actor=actor, field=town, changes={"choices": choices})
    (change,) = console.open("leads_businessline_publish", line.pk).context["changes"]
    assert change.settings[0].notes == ["Panjim goes with Goa, Kerala", "Kochi goes with any"]
    beside = console.open("leads_field_change", Field.objects.get(key="state").pk).content.decode()
    assert "Read by the rules, formulas or choices of Town." in beside
    update_field(actor=actor, field=town, changes={"choices_from": "", "choices": ["Panjim"]})
    page = console.open("leads_businessline_publish", line.pk)
    texts = [f"{each.label}: {each.old} → {each.new}" for each in page.context["changes"][0].settings]
    assert "Choices depend on: State → —" in texts
