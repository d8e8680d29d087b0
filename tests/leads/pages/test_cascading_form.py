"""Choices that depend on another field in the lead form, its JSON Schema, and the console."""

import re

import pytest
from jsonschema import Draft202012Validator

from accounts.roles import Role
from leads.admin.building.choice_lines import choice_lines, read_choice_lines
from leads.api.line_schema import line_schema
from leads.models import Lead
from leads.services.leads import create_lead
from tests.leads.fields.cascades import PLACES
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
# The console takes a field after what it depends on.
IN_ORDER = sorted(PLACES, key=lambda item: ["country", "state", "city", "wards", "note"].index(item["key"]))
PUNE = {"country": "India", "state": "Maharashtra", "city": "Pune"}


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(operations):
    return make_line(operations, IN_ORDER)


def form_values(**values):
    return {f"field-{key}": value for key, value in values.items()} | {"source": "", "campaign": ""}


def test_without_a_script_choices_stand_in_groups(operations, line, client_for):
    page = client_for(operations).get("/leads/new/?line=loan").content.decode()
    select = re.search(r'<select name="field-city".*?</select>', page, re.S)[0]
    assert re.findall(r'<optgroup label="(\w+)"', select) == ["Maharashtra", "Bihar", "Ohio"]
    assert select.count('value="Aurangabad"') == 2 and select.count('value="Elsewhere"') == 1
    assert 'data-choices-from="state"' in page and "&quot;*&quot;:[&quot;Elsewhere&quot;]" in page


def test_the_server_says_beside_the_field_what_does_not_fit(operations, line, client_for):
    client = client_for(operations)
    answer = client.post("/leads/new/?line=loan", form_values(**PUNE | {"state": "Bihar"}))
    assert answer.status_code == 422
    assert "“Pune” is not one of the choices of City, given what it depends on." in answer.content.decode()


def test_an_edit_without_a_script_judges_what_depends_on_the_change(operations, line, client_for):
    lead = create_lead(actor=operations, line=line, values=PUNE).lead
    client = client_for(operations)
    moved = form_values(**PUNE | {"state": "Bihar"})
    refused = client.post(f"/leads/{lead.reference}/edit/", moved)
    assert refused.status_code == 422 and "“Pune” is not one of the choices" in refused.content.decode()
    assert Lead.objects.get().data == PUNE
    saved = client.post(f"/leads/{lead.reference}/edit/", moved | {"field-city": ""})
    assert saved.status_code == 302
    assert Lead.objects.get().data == {"country": "India", "state": "Bihar"}


def test_who_may_not_fill_the_parent_chooses_beside_what_it_holds(operations, actor_for, client_for):
    fields = [
        field | ({"editable_by": ["operations"]} if field["key"] == "state" else {}) for field in IN_ORDER
    ]
    line = make_line(operations, fields)
    admin = actor_for(Role.ADMIN)
    lead = create_lead(actor=operations, line=line, values=PUNE).lead
    page = client_for(admin).get(f"/leads/{lead.reference}/edit/").content.decode()
    select = re.search(r'<select name="field-city".*?</select>', page, re.S)[0]
    assert re.findall(r'value="(\w+)"', select) == ["Pune", "Aurangabad", "Elsewhere"]
    assert 'data-choices-from="state"' not in page


def test_the_json_schema_says_what_fits(operations, line):
    schema = line_schema(operations, line, "http://testserver/schema")
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["city"]["x-choices-from"] == "state"
    fits = Draft202012Validator(schema).is_valid
    assert fits(PUNE) and fits(PUNE | {"wards": ["Baner"]}) and fits({"note": "x"})
    assert not fits(PUNE | {"state": "Bihar"})
    assert not fits(PUNE | {"wards": ["Kankarbagh"]})
    assert not fits({"city": "Pune"})


def test_the_console_takes_parents_in_a_third_place():
    typed = "Pune | | Maharashtra\nAUR | Aurangabad | Maharashtra; Bihar\n- X | Y | a\\;b; c\\|d\nElsewhere"
    read = read_choice_lines(typed)
    assert [choice.written() for choice in read] == [
        {"value": "Pune", "label": "Pune", "active": True, "parents": ["Maharashtra"]},
        {"value": "AUR", "label": "Aurangabad", "active": True, "parents": ["Maharashtra", "Bihar"]},
        {"value": "X", "label": "Y", "active": False, "parents": ["a;b", "c|d"]},
        "Elsewhere",
    ]
    assert read_choice_lines(choice_lines(read)) == read
