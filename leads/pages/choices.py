"""Controls for choices, and for choices that depend on another field: country, state, city.

Without a script the choices stand in groups, one for each choice of the other field, and the server says what does
not fit. With one (static/js/cascade.js) only those are offered that fit what is chosen there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms

from leads.fields.definition import Choice, FieldDefinition
from leads.models import FieldKind

# The group of what may be chosen beside anything.
ANY = "*"
Offered = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ParentChoice:
    """The field that choices depend on: whether it stands in the same form, and what the lead holds in it."""

    item: FieldDefinition
    in_form: bool
    stored: str | None


def choice_widget(item: FieldDefinition, stored: Any, parent: ParentChoice | None) -> forms.Widget:
    """Return the control for one choice, or for several."""
    held = _held(stored)
    if parent is not None and not parent.in_form:
        # Who may not fill the other field chooses beside what the lead holds there.
        fitting = [each for each in item.choices if parent.stored is not None and each.fits(parent.stored)]
        offered = offered_choices(fitting, held)
    else:
        offered = offered_choices(item.choices, held)
    if item.type is FieldKind.MULTI_SELECT:
        return forms.CheckboxSelectMultiple(choices=offered)
    if parent is None or not parent.in_form:
        return forms.Select(choices=[("", "—"), *offered])
    return forms.Select(choices=[("", "—"), *_groups(item, parent.item, dict(offered), held)])


def fitting_values(item: FieldDefinition, stored: Any, parent: FieldDefinition) -> dict[str, list[str]]:
    """Return which choices fit which choice of the parent, for the browser; those that fit any under ANY."""
    held = _held(stored)
    known = item.choice_by_value
    groups = {ANY: [value for value in held if value not in known]}
    for choice in item.choices:
        if choice.active or choice.value in held:
            for value in choice.parents or (ANY,):
                groups.setdefault(value, []).append(choice.value)
    return groups


def _groups(
    item: FieldDefinition, parent: FieldDefinition, offered: dict[str, str], held: list[str]
) -> list[tuple[str, Any]]:
    by_parent = fitting_values(item, held, parent)
    ungrouped = [(value, offered[value]) for value in by_parent.pop(ANY)]
    labels = parent.label_by_value
    return [
        *ungrouped,
        *(
            (labels[value], [(each, offered[each]) for each in by_parent[value]])
            for value in labels
            if value in by_parent
        ),
    ]


def offered_choices(choices: Iterable[Choice], held: list[str]) -> Offered:
    """Return the choices on offer, and those that the lead holds though they are offered no more."""
    offered = [(choice.value, choice.label) for choice in choices if choice.active or choice.value in held]
    known = {value for value, _label in offered}
    return [*offered, *((value, value) for value in held if value not in known)]


def _held(stored: Any) -> list[str]:
    if isinstance(stored, list):
        return stored
    return [stored] if stored else []
