"""Which fields of a line an actor reads, reads masked, or edits: columns as the field settings decide them."""

from accounts.actor import Actor
from accounts.roles import Area
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition


def is_visible(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor may know that the field exists: `visible_to` names roles; empty means everybody."""
    return not item.visible_to or any(role in actor.roles for role in item.visible_to)


def is_masked(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor sees only a mask: personal data is clear to those who may edit leads, or are named."""
    return item.pii and not item.visible_to and not actor.may(Area.LEADS, "write")


def is_editable(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor may fill the field."""
    return is_visible(actor, item) and (
        not item.editable_by or any(role in actor.roles for role in item.editable_by)
    )


def visible_fields(actor: Actor, definition: LineDefinition, *, retired: bool = False) -> list[FieldDefinition]:
    """Return the fields the actor may see, in order; with `retired` those too that left the forms."""
    return [item for item in (definition.fields if retired else definition.active) if is_visible(actor, item)]


def editable_keys(actor: Actor, definition: LineDefinition) -> frozenset[str]:
    """Return the keys of the active fields the actor may fill."""
    return frozenset(item.key for item in definition.active if is_editable(actor, item))
