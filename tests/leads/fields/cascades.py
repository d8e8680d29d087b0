"""Country, state, city: choices that depend on one another over three levels."""

from typing import Any

from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition


def choices(by_parent: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Choices with their parents, from the parents with their choices."""
    parents: dict[str, list[str]] = {}
    for parent, values in by_parent.items():
        for value in values:
            parents.setdefault(value, []).append(parent)
    return [{"value": value, "parents": of} for value, of in parents.items()]


PLACES: list[dict[str, Any]] = [
    {"key": "city", "label": "City", "type": "select", "choices_from": "state", "choices": [
        *choices({"Maharashtra": ["Pune", "Aurangabad"], "Bihar": ["Patna", "Aurangabad"], "Ohio": ["Dayton"]}),
        "Elsewhere",
    ]},
    {"key": "country", "label": "Country", "type": "select", "choices": ["India", "USA", "Monaco"]},
    {"key": "state", "label": "State", "type": "select", "choices_from": "country",
     "choices": choices({"India": ["Maharashtra", "Bihar"], "USA": ["Ohio"]})},
    {"key": "wards", "label": "Wards", "type": "multi_select", "choices_from": "city",
     "choices": choices({"Pune": ["Kothrud", "Baner"], "Patna": ["Kankarbagh"]})},
    {"key": "note", "label": "Note", "type": "text"},
]  # fmt: skip


def places(**changes: dict[str, Any]) -> LineDefinition:
    """The line, with settings of some fields changed."""
    written = [
        {**field, **changes.get(field["key"], {}), "id": number, "order": number}
        for number, field in enumerate(PLACES, start=1)
    ]
    return LineDefinition(1, 1, [FieldDefinition.read(field) for field in written])
