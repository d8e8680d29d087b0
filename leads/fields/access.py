"""Which fields of a line an actor reads, reads masked, or fills (the rules are `accounts.masking`)."""

from accounts.actor import Actor
from accounts.masking import Sight, sight_everywhere
from accounts.masking import is_editable as may_fill
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition


def is_visible(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor may know that the field exists."""
    return sight_everywhere(actor, item) is not Sight.HIDDEN


def is_masked(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor sees only a mask in some of the leads that the actor reads."""
    return sight_everywhere(actor, item) is Sight.MASKED


def visible_fields(
    actor: Actor, definition: LineDefinition, *, retired: bool = False
) -> list[FieldDefinition]:
    """Return the fields the actor may see, in order; with `retired` those too that left the forms."""
    return [item for item in (definition.fields if retired else definition.active) if is_visible(actor, item)]


def editable_keys(actor: Actor, definition: LineDefinition) -> frozenset[str]:
    """Return the keys of the active fields that the actor may fill in a lead the actor may edit."""
    return frozenset(item.key for item in definition.active if may_fill(actor, item, may_edit=True))


def is_editable(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor may change the field, also one that left the forms, in a lead the actor may edit."""
    return may_fill(actor, item, may_edit=True)
