"""The order of fields as the form has it."""

from leads.fields.definition import FieldDefinition
from leads.models import FieldKind, FieldStatus
from leads.queries.form_order import form_sections


def field(key, section="", status=FieldStatus.ACTIVE):
    return FieldDefinition(key=key, label=key, type=FieldKind.TEXT, section=section, status=status)


FIELDS = [field("a", "One"), field("b", "Two"), field("old", "One", FieldStatus.RETIRED), field("c", "One")]


def sections(definitions):
    return [
        (each.title, each.is_on_form, [item.key for item in each.fields])
        for each in form_sections(definitions)
    ]


def test_sections_stand_where_their_first_field_stands():
    assert sections(FIELDS) == [("One", True, ["a", "c"]), ("Two", True, ["b"]), ("", False, ["old"])]
