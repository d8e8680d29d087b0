"""Fields in words, as the console's pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from leads.fields.definition import FieldDefinition

STATUS_TONES = {"draft": "info", "active": "success", "retired": "warning"}


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field in a table."""

    definition: FieldDefinition
    type: str
    remarks: str
    status: str
    tone: str


def shown_fields(definitions: Iterable[FieldDefinition]) -> list[ShownField]:
    """Return fields for a page."""
    return [
        ShownField(
            item, str(item.type.label), remarks(item), str(item.status.label), STATUS_TONES[item.status]
        )
        for item in definitions
    ]


def remarks(item: FieldDefinition) -> str:
    """Return in a few words what is special about a field."""
    words: list[Any] = []
    if item.required:
        words.append(_("required"))
    elif item.required_if:
        words.append(_("sometimes required"))
    if item.unique:
        words.append(_("unique"))
    if item.visible_if:
        words.append(_("shown sometimes"))
    if item.indexed:
        words.append(_("fast filters"))
    if item.pii:
        words.append(_("personal data"))
    if item.visible_to:
        words.append(_("not for all roles"))
    if item.maps_to:
        words.append(_("fills %(attribute)s") % {"attribute": item.maps_to})
    return ", ".join(words)
