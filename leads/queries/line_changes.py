"""What differs between two states of a line's fields, in a form that people and files can read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leads.fields.definition import SETTINGS, FieldDefinition
from leads.models import FieldStatus


class Change(StrEnum):
    """What happens to a field."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting's value before and after, in the configuration file's form; None: left to its default."""

    setting: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What happens to one field, setting by setting."""

    key: str
    label: str
    change: Change
    settings: tuple[SettingChange, ...]


def compare_definitions(
    before: Iterable[FieldDefinition], after: Iterable[FieldDefinition]
) -> list[FieldChange]:
    """Return what publishing the draft `after` over the version `before` changes, in the draft's order.

    Fields that are drafts, or retired before they were ever published, are left out: they are not published.
    """
    known = {item.key: item for item in before}
    changes = []
    for item in after:
        if item.status is FieldStatus.DRAFT:
            continue
        old = known.get(item.key)
        if old is None and item.status is FieldStatus.RETIRED:
            continue
        settings = compare_settings(old.written() if old else {}, item.written())
        if settings:
            changes.append(FieldChange(item.key, item.label, _kind(old, item), settings))
    return changes


def compare_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """Return the settings that differ between two written definitions."""
    return tuple(
        SettingChange(name, old.get(name), new.get(name))
        for name in SETTINGS
        if old.get(name) != new.get(name)
    )


def _kind(old: FieldDefinition | None, new: FieldDefinition) -> Change:
    if old is None:
        return Change.ADDED
    if old.status is not new.status:
        return Change.RETIRED if new.status is FieldStatus.RETIRED else Change.RESTORED
    return Change.CHANGED
