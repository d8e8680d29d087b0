"""Writing the fields of a line's draft. Leads and forms see a change when the line is published."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.fields.checks import refusal
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine, Field, FieldStatus
from leads.services.drafts import Draft, DraftField, locked_line, refuse_stale


def add_field(*, actor: Actor, line: BusinessLine, definition: Mapping[str, Any], reason: str = "") -> Field:
    """Add a field to the draft, at its end unless `order` says otherwise.

    `definition` has the settings of the configuration file; what is left out takes its default.

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the line is gone.
        ValidationFailed: everything wrong with the field, by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "field added"):
        draft = Draft(locked_line(line))
        last = max((row.order for row in draft.rows), default=0)
        added = DraftField(None, {"order": last + 1, **definition})
        return _change(draft, [*draft.fields(), added], added)


def update_field(
    *, actor: Actor, field: Field, changes: Mapping[str, Any], seen: str = "", reason: str = ""
) -> Field:
    """Change settings of a field; what is not named stays, None takes the default.

    Once published, key, type and decimals are fixed: leads hold values under them. `seen` is the token of the draft
    that the actor looked at (`draft_token`).

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the field is gone.
        Conflict: somebody changed the field since `seen`.
        ValidationFailed: everything wrong with the field, or what the change breaks elsewhere; by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "field changed"):
        draft, fields, changed = _open(field)
        row = changed.row
        if row is not None:
            refuse_stale(draft.line, seen, key=row.key)
        if row is not None and draft.is_published(row) and changes.get("key", row.key) != row.key:
            message = f"The key stays {row.key}: leads hold values under it. Add another field instead."
            raise ValidationFailed("fixed_key", message, {"key": [FieldError("fixed", message)]})
        changed.written = {**changed.written, **changes}
        return _change(draft, fields, changed)


def retire_field(*, actor: Actor, field: Field, reason: str = "") -> Field:
    """Take a field out of forms, with the next publication. Its values stay readable.

    Raises: as `update_field`; also while rules, formulas or the duplicate match of the line still need it.
    """
    return update_field(
        actor=actor,
        field=field,
        changes={"status": FieldStatus.RETIRED.value},
        reason=reason or "field retired",
    )


def restore_field(*, actor: Actor, field: Field, reason: str = "") -> Field:
    """Put a retired or draft field into forms, with the next publication.

    Raises: as `update_field`.
    """
    return update_field(
        actor=actor,
        field=field,
        changes={"status": FieldStatus.ACTIVE.value},
        reason=reason or "field restored",
    )


def remove_field(*, actor: Actor, field: Field, reason: str = "") -> None:
    """Delete a field that was never published.

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the field is gone.
        Conflict: the field was published; it can be retired.
        ValidationFailed: rules, formulas or the duplicate match of the line still need it.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "field removed"):
        draft, fields, removed = _open(field)
        if draft.is_published(field):
            raise Conflict(
                "field_published",
                f"{field.label} was published, and leads may hold values of it. Retire it instead.",
            )
        problems = draft.new_problems([item for item in fields if item is not removed], field.key)
        if problems:
            raise refusal(problems)
        field.delete()


def _open(field: Field) -> tuple[Draft, list[DraftField], DraftField]:
    """Lock the field's line and find the field in its draft."""
    draft = Draft(locked_line(field.line))
    fields = draft.fields()
    for item in fields:
        if item.row is not None and item.row.pk == field.pk:
            return draft, fields, item
    raise NotVisible("This field is gone. Go back to the fields of the line.")


def _change(draft: Draft, fields: Sequence[DraftField], changed: DraftField) -> Field:
    key = str(changed.written.get("key") or "").strip()
    problems = draft.new_problems(fields, key)
    if problems:
        raise refusal(problems, by_setting=all(problem.field == key for problem in problems))
    rows = draft.write(fields)
    return rows[list(fields).index(changed)]


def definition_of(field: Field) -> dict[str, Any]:
    """Return a field's draft in the configuration file's form."""
    return FieldDefinition.of(field).written()
