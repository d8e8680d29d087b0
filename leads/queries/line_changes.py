"""What differs between two states of a line's fields, in a form that people and files can read."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
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
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting's value before and after, in the configuration file's form; None: left to its default."""

    setting: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What happens to one field, setting by setting.

    `follows` is the label of the field it stands behind now ("": it is the first); None where it keeps its place
    among the others. The numbers of `order` are no settings here: who puts a field in the middle moves no other.
    """

    key: str
    label: str
    change: Change
    settings: tuple[SettingChange, ...]
    follows: str | None = None


def compare_definitions(
    before: Iterable[FieldDefinition], after: Iterable[FieldDefinition]
) -> list[FieldChange]:
    """Return what publishing the draft `after` over the version `before` changes, in the draft's order.

    Fields that are drafts, or retired before they were ever published, are left out: they are not published.
    """
    known = {item.key: item for item in before}
    ordered = sorted(after, key=lambda item: item.order)
    follows = _new_places(sorted(known.values(), key=lambda item: item.order), ordered)
    changes = []
    for item in ordered:
        if item.status is FieldStatus.DRAFT:
            continue
        old = known.get(item.key)
        if old is None and item.status is FieldStatus.RETIRED:
            continue
        differing = compare_settings(old.written() if old else {}, item.written())
        settings = tuple(change for change in differing if change.setting != "order")
        place = follows.get(item.key)
        if settings or place is not None:
            changes.append(FieldChange(item.key, item.label, _kind(old, item, settings), settings, place))
    return changes


def compare_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """Return the settings that differ between two written definitions."""
    return tuple(
        SettingChange(name, old.get(name), new.get(name))
        for name in SETTINGS
        if old.get(name) != new.get(name)
    )


def _kind(old: FieldDefinition | None, new: FieldDefinition, settings: Sequence[SettingChange]) -> Change:
    if old is None:
        return Change.ADDED
    if old.status is not new.status:
        return Change.RETIRED if new.status is FieldStatus.RETIRED else Change.RESTORED
    return Change.CHANGED if settings else Change.MOVED


def _new_places(before: Sequence[FieldDefinition], after: Sequence[FieldDefinition]) -> dict[str, str]:
    """For each active field that is new or was moved: the label of the one it follows, "" for the first.

    As few fields as possible count as moved: the others are the longest row that keeps its order.
    """
    position = {item.key: place for place, item in enumerate(item for item in before if item.is_active)}
    active = [item for item in after if item.is_active]
    stayed = [item.key for item in active if item.key in position]
    kept = _longest_rising([position[key] for key in stayed])
    in_place = {key for key in stayed if position[key] in kept}
    return {
        item.key: active[place - 1].label if place else ""
        for place, item in enumerate(active)
        if item.key not in in_place
    }


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The numbers of a longest rising subsequence (each number stands once)."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(ends, number)
        before[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
