"""Nothing refers to a lead that a merge has not decided about."""

from django.apps import apps
from django.db import models

from leads.fields.types import FIELD_TYPES
from leads.models import FieldKind, Lead
from leads.services.merging.references import REFERENCES, Fate

LEAD_COLUMNS = ("lead_id", "subject_id", "repeats_id")


def refers_to_leads(field: models.Field) -> bool:
    if isinstance(field, models.ForeignKey):
        return field.related_model is Lead
    return field.attname in LEAD_COLUMNS or field.attname.endswith("_lead_id")


def test_every_reference_to_a_lead_is_decided_about():
    found = {
        (model._meta.label, field.attname)
        for model in apps.get_models()
        if not model.__name__.startswith("Historical")
        for field in model._meta.concrete_fields
        if refers_to_leads(field)
    }
    assert found == {(each.model, each.column) for each in REFERENCES}


def test_what_moves_may_be_written():
    for each in REFERENCES:
        grants = each.table.application_grants
        assert each.fate is not Fate.MOVES or "UPDATE" in grants or f"UPDATE ({each.column})" in grants


def test_one_type_of_field_refers_to_leads():
    assert [kind for kind, behaviour in FIELD_TYPES.items() if behaviour.refers_to == "leads"] == [
        FieldKind.LEAD
    ]
