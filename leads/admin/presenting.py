"""Fields and their changes in words, as the console's pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.audit import as_text
from leads.fields.definition import FieldDefinition
from leads.models import Field
from leads.queries.line_changes import Change, FieldChange

CHANGES = {
    Change.ADDED: (gettext_lazy("New"), "success"),
    Change.CHANGED: (gettext_lazy("Changed"), "info"),
    Change.RETIRED: (gettext_lazy("Retired"), "warning"),
    Change.RESTORED: (gettext_lazy("Back again"), "primary"),
    Change.MOVED: (gettext_lazy("Moved"), "info"),
}
STATUS_TONES = {"draft": "info", "active": "success", "retired": "warning"}


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting before and after, as text."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A field's change, as text."""

    key: str
    label: str
    title: str
    tone: str
    is_new: bool
    settings: list[ShownSetting]


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field in a table."""

    definition: FieldDefinition
    type: str
    remarks: str
    status: str
    tone: str


def shown_changes(changes: Iterable[FieldChange]) -> list[ShownChange]:
    """Return changes for a page."""
    return [
        ShownChange(
            key=change.key,
            label=change.label,
            title=str(CHANGES[change.change][0]),
            tone=CHANGES[change.change][1],
            is_new=change.change is Change.ADDED,
            settings=[
                ShownSetting(setting_label(item.setting), *_both(item.old, item.new))
                for item in change.settings
                if change.change is not Change.ADDED or item.setting not in ("key", "label", "order")
            ],
        )
        for change in changes
    ]


def shown_fields(definitions: Iterable[FieldDefinition]) -> list[ShownField]:
    """Return fields for a page."""
    return [
        ShownField(
            item, str(item.type.label), remarks(item), str(item.status.label), STATUS_TONES[item.status]
        )
        for item in definitions
    ]


def setting_label(name: str) -> str:
    """Return a setting's name as the forms have it."""
    return str(Field._meta.get_field(name).verbose_name).capitalize()


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


def _both(old: Any, new: Any) -> tuple[str, str]:
    """A value before and after; what a definition does not say of a switch is No."""
    if isinstance(old, bool) or isinstance(new, bool):
        old, new = bool(old), bool(new)
    return _shown(old), _shown(new)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            item if isinstance(item, str) else str(item.get("label") or item["value"]) for item in value
        )
    return as_text(value)
