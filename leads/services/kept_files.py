"""Files of fields: handed in for a field, attached to the lead that holds them, read by who may see the field."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.actor import Actor
from accounts.masking import Sight
from accounts.roles import Area
from core.errors import Contested, FieldError, NotPermitted, ValidationFailed
from core.kept_files import register_purpose
from core.models import StoredFile
from core.services.files import attach_files, store_file
from leads.fields.access import editable_keys, visible_fields
from leads.fields.definition import FieldDefinition
from leads.fields.kept_files import FIELD_KINDS, PURPOSE, about_field, limits_of_field
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine, Lead
from leads.presentation import LeadReader
from leads.queries.leads import visible_leads


def keep_file(
    *, actor: Actor, line: BusinessLine, key: str, filename: str, chunks: Iterable[bytes]
) -> StoredFile:
    """Keep a file for a field of a line, until a lead is written that holds it.

    Raises:
        NotPermitted: the actor writes no leads, or may not fill the field.
        ValidationFailed: the field is none that takes files; FileRefused: the file is not taken.
    """
    if not (actor.may(Area.LEADS, "create") or actor.may(Area.LEADS, "write")):
        raise NotPermitted
    definition = line_definition(line)
    item = next((item for item in visible_fields(actor, definition) if item.key == key), None)
    if item is None or item.type not in FIELD_KINDS:
        message = "This line has no such field for files. See its schema."
        raise ValidationFailed("invalid", message, {"field": [FieldError("unknown_field", message)]})
    if key not in editable_keys(actor, definition):
        raise NotPermitted(f"Your role may not fill {item.label}.")
    return store_file(
        actor=actor,
        purpose=PURPOSE,
        about=about_field(line.pk, key),
        filename=filename,
        chunks=chunks,
        limits=limits_of_field(item),
    )


def file_fields(definition: LineDefinition) -> list[FieldDefinition]:
    """Return the fields whose values are kept files."""
    return [item for item in definition.fields if item.type in FIELD_KINDS]


def attach_field_files(
    actor: Actor,
    definition: LineDefinition,
    lead_id: int,
    data: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
) -> None:
    """Attach to a lead that was just written the files that it newly holds.

    Raises Contested where another lead was given one of them since it was looked up.
    """
    held = _file_ids(definition, data) - _file_ids(definition, before or {})
    if held and attach_files(actor=actor, purpose=PURPOSE, file_ids=held, subject_id=lead_id) != held:
        raise Contested("file_taken", "One of the files was given to another lead. Choose it again.")


def _file_ids(definition: LineDefinition, data: Mapping[str, Any]) -> frozenset[int]:
    values = (data.get(item.key) for item in file_fields(definition))
    return frozenset(value["id"] for value in values if isinstance(value, Mapping) and "id" in value)


@register_purpose(PURPOSE)
def may_read_field_file(actor: Actor, file: StoredFile) -> bool:
    """Whether the actor sees the lead, and the field in it, clearly."""
    if file.subject_id is None or not actor.may(Area.LEADS, "read"):
        return False
    lead: Lead | None = visible_leads(actor).filter(pk=file.subject_id).select_related("line").first()
    if lead is None:
        return False
    item = line_definition(lead.line).by_key.get(file.about.partition("/")[2])
    return item is not None and LeadReader(actor).sight(lead, item) is Sight.CLEAR
