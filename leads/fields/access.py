"""Which fields of a line an actor reads, reads masked, or fills (the rules are `accounts.masking`)."""

from accounts.actor import Actor
from accounts.masking import Sight, sight_everywhere
from accounts.masking import is_editable as may_fill
from accounts.roles import Area, Level
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.models import FieldKind


def is_visible(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor may know that the field exists."""
    return sight_everywhere(actor, item) is not Sight.HIDDEN


def is_masked(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor sees only a mask in some of the leads that the actor reads."""
    return sight_everywhere(actor, item) is Sight.MASKED


def tells_of(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the actor sees the field's value in every lead that the actor reads.

    Nothing may follow from a value that is masked somewhere: what can be asked for is guessed letter by letter.
    """
    return sight_everywhere(actor, item) is Sight.CLEAR and not names_unseen(actor, item)


def names_unseen(actor: Actor, item: FieldDefinition) -> bool:
    """Whether the field may name a lead that the actor does not see: which one, is masked then."""
    return item.type is FieldKind.LEAD and actor.level(Area.LEADS, "read") is not Level.ALL


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
