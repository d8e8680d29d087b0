"""Which fields of a line a public form asks: only what everybody may fill, whoever that is."""

from collections.abc import Iterable

from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.models import FieldKind

# Members and leads would have to be shown to be chosen; computed ones fill themselves; structured data is for
# machines.
NEVER_ASKED = frozenset({FieldKind.USER, FieldKind.LEAD, FieldKind.COMPUTED, FieldKind.JSON})
# Anybody may send files where somebody chose so, or the line requires it; never by the way.
ASKED_BY_CHOICE = frozenset({FieldKind.FILE, FieldKind.IMAGE})


def askable_items(definition: LineDefinition) -> list[FieldDefinition]:
    """Return the active fields that a public form may ask, in order: those that no role is needed for."""
    return [
        item
        for item in definition.active
        if item.type not in NEVER_ASKED and not item.visible_to and not item.editable_by
    ]


def asked_items(definition: LineDefinition, chosen: Iterable[str]) -> list[FieldDefinition]:
    """Return the fields that a form asks, in order: the chosen ones (none chosen: all that it may ask but files).

    What the line requires is always asked, and so is what the choices of an asked field depend on.
    """
    askable = askable_items(definition)
    wanted = set(chosen)
    if not wanted:
        wanted = {item.key for item in askable if item.type not in ASKED_BY_CHOICE}
    wanted |= {item.key for item in askable if item.required or item.required_if}
    # Against the order in which they depend on one another, so that a chain is followed to its end.
    for item in reversed(definition.in_dependency_order):
        if item.key in wanted and item.choices_from:
            wanted.add(item.choices_from)
    return [item for item in askable if item.key in wanted]


def required_but_never_asked(definition: LineDefinition) -> list[FieldDefinition]:
    """Return the fields without which no lead of the line can be written, and which no public form may ask."""
    askable = {item.key for item in askable_items(definition)}
    return [
        item
        for item in definition.active
        if item.required
        and not item.visible_if
        and not item.default
        and item.key not in askable
        and item.type is not FieldKind.COMPUTED
    ]
