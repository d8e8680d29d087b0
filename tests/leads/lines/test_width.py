"""How wide a field is: set in the configuration, drawn on the form, told to clients."""

import pytest

from accounts.roles import Role
from core.configuration.document import export_document
from leads.api.line_schema import line_schema
from leads.fields.checks import check_definitions
from leads.fields.line import line_definition
from leads.pages.forms import LeadForm
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "name_given", "label": "Name", "type": "text", "width": "full"},
    {"key": "pin", "label": "PIN", "type": "text", "width": "third"},
    {"key": "story", "label": "Story", "type": "long_text", "width": "half"},
    {"key": "tale", "label": "Tale", "type": "long_text"},
    {"key": "town", "label": "Town", "type": "text"},
]
DRAWN = {"name_given": "", "pin": "third", "story": "half", "tale": "", "town": "half"}


@pytest.mark.django_db
@pytest.mark.usefixtures("in_organization")
def test_a_width_is_drawn_exported_and_told(actor_for):
    actor = actor_for(Role.OPERATIONS)
    line = make_line(actor, FIELDS)
    form = LeadForm(actor=actor_for(Role.ADMIN), line=line, definition=line_definition(line))
    assert {item.key: form.fields[f"field-{item.key}"].width for item in form.items} == DRAWN
    told = line_schema(actor, line, "")["properties"]
    assert {key: schema.get("x-width") for key, schema in told.items() if "x-width" in schema} == {
        "name_given": "full", "pin": "third", "story": "half",
    }  # fmt: skip
    exported = export_document(actor=actor)["business_lines"][0]["fields"]
    assert [field.get("width") for field in exported] == ["full", "third", "half", None, None]


def test_a_width_is_one_of_three_and_of_a_field_that_stands_on_the_form():
    (problem,) = check_definitions([FIELDS[0] | {"width": "fourth"}])
    assert (problem.path, problem.code) == ("fields[0].width", "wrong_value")
    computed = {"key": "sum", "label": "Sum", "type": "computed", "formula": "1 + 1", "width": "half"}
    assert [problem.code for problem in check_definitions([computed])] == ["not_for_type"]
