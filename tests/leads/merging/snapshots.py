"""All rows of an organisation that a merge may touch, to be held against one another."""

from typing import Any

from django.apps import apps

from leads.models import Lead, LeadMerge
from leads.services.merging.references import REFERENCES

MODELS = {Lead, *(reference.table for reference in REFERENCES)} - {LeadMerge}


def everything() -> dict[str, set[str]]:
    """Return the rows of every table that refers to leads, as text, by the model's name."""
    return {model.__name__: _rows(model) for model in MODELS}


def _rows(model: Any) -> set[str]:
    assert apps.get_model(model._meta.label) is model
    names = [field.attname for field in model._meta.concrete_fields if field.name != "pk"]
    return {repr(dict(sorted(row.items()))) for row in model.everything.values(*names)}


def differences(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, Any]:
    """Return what is gone and what is new, by model."""
    return {
        name: {"gone": before[name] - after[name], "new": after[name] - before[name]}
        for name in before
        if before[name] != after[name]
    }
