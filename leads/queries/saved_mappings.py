"""Saved mappings of files of leads, as their reader may know them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.actor import Actor
from core.errors import NotVisible
from core.intake.importer import importer_for
from core.models import Intake, SavedMapping
from core.queries.saved_mappings import listed_mappings
from leads.fields.access import visible_fields
from leads.fields.line import line_definition
from leads.intake import ATTRIBUTE_PREFIX, line_of

IMPORTER = "leads"


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """A column of a saved mapping: `read`, `unread` (left out), `retired` (its field is gone) or `hidden`.

    `target` and `label` are empty where nothing is filled, or where the reader may not know what is.
    """

    header: str
    state: str
    target: str = ""
    label: str = ""


def lead_mappings(actor: Actor) -> QuerySet[SavedMapping]:
    """Return the saved mappings of files of leads, each with `used_at`. Raises NotPermitted."""
    return listed_mappings(actor).filter(importer=IMPORTER)


def get_lead_mapping(actor: Actor, mapping_id: int) -> SavedMapping:
    """Return one of `lead_mappings`. Raises NotPermitted, NotVisible."""
    mapping = lead_mappings(actor).filter(pk=mapping_id).first()
    if mapping is None:
        raise NotVisible("No saved mapping with this number is visible to you.")
    return mapping


def columns_shown(actor: Actor, mapping: SavedMapping) -> list[ColumnShown]:
    """Return each column with what it fills, as far as the actor may know of it."""
    try:
        loader = importer_for(Intake(importer=mapping.importer, target=mapping.target))
        definition = line_definition(line_of(mapping.target))
    except NotVisible:
        return [ColumnShown(header, "retired" if target else "unread") for header, target in mapping.pairs]
    labels = {target.key: target.label for target in loader.all_targets()}
    seen = {item.key for item in visible_fields(actor, definition)}

    def shown(header: str, target: str) -> ColumnShown:
        if not target:
            return ColumnShown(header, "unread")
        if target not in labels:
            return ColumnShown(header, "retired")
        if target in seen or target.startswith(ATTRIBUTE_PREFIX):
            return ColumnShown(header, "read", target, labels[target])
        return ColumnShown(header, "hidden")

    return [shown(header, target) for header, target in mapping.pairs]
