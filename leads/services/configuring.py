"""Bringing a whole line to what a configuration says: settings and fields in one step, then published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import ApplicationError, FieldError, ValidationFailed
from core.scope import organization_scope
from leads.fields.checks import read_written
from leads.models import BusinessLine, FieldStatus
from leads.models.line import QUALITY_TARGET, default_stages
from leads.queries.line_changes import SettingChange, compare_settings
from leads.services.drafts import Draft, DraftField, locked_line
from leads.services.lines import CHANGEABLE, check_line, insert_line, publish_line, store_settings

ACTIVE = FieldStatus.ACTIVE.value


@dataclass(frozen=True, slots=True)
class FieldResult:
    """What became of one field: `changes` is empty where nothing differed."""

    key: str
    is_new: bool
    written: Mapping[str, Any]
    changes: tuple[SettingChange, ...]


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of a line and its fields; `left_alone` are fields that the configuration does not have."""

    line: BusinessLine
    is_new: bool
    settings: tuple[SettingChange, ...]
    fields: tuple[FieldResult, ...]
    left_alone: tuple[str, ...]


def configure_line(
    *,
    actor: Actor,
    code: str,
    settings: Mapping[str, Any],
    definitions: Sequence[Any],
    retire_missing: bool = False,
    reason: str = "",
) -> LineResult:
    """Make a line (a new one, if need be) what a configuration says, and publish it where something differs.

    Args:
        settings: name, currency, duplicate_match, on_duplicate, stages, is_active; left out: the default.
        definitions: the fields in the configuration file's form; without `order` they stand as listed.
        retire_missing: retire fields that are not among them; otherwise they stay as they are.

    Raises:
        NotPermitted: the actor may not configure lines.
        ValidationFailed: everything wrong, by path: a setting, or `fields[3].min`.
    """
    actor.require(Area.CONFIGURATION, "write")
    wanted = _complete(actor, settings)
    with (
        transaction.atomic(),
        organization_scope(actor.organization, reason=reason or "configuration brought in"),
    ):
        found = BusinessLine.objects.filter(code=code).first()
        line = locked_line(found, against_leads=True) if found else BusinessLine(code=code)
        before = {name: getattr(line, name) for name in CHANGEABLE}
        draft = Draft(line)
        fields, left = _arranged(draft, definitions, retire_missing)
        _check(draft, wanted, fields, left)
        if found is None:
            insert_line(line)
        results = tuple(_result(item, index) for index, item in enumerate([*fields, *left]))
        draft.write([*fields, *left])
        if found is not None:
            store_settings(actor, line, before)
        if any(result.written.get("status", ACTIVE) == ACTIVE for result in results):
            publish_line(actor=actor, line=line, note=reason)
        return LineResult(
            line=line,
            is_new=found is None,
            settings=tuple(
                SettingChange(name, before[name], getattr(line, name))
                for name in CHANGEABLE
                if getattr(line, name) != before[name]
            ),
            # Of the fields that are not in the configuration, those that it retires count.
            fields=tuple(
                result for index, result in enumerate(results) if index < len(fields) or result.changes
            ),
            left_alone=tuple(result.key for result in results[len(fields) :] if not result.changes),
        )


def _complete(actor: Actor, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "",
        "duplicate_match": [],
        "on_duplicate": "skip",
        "stages": default_stages(),
        "complete_fields": [],
        "quality_target": QUALITY_TARGET,
        "is_active": True,
        "score_bounded": False,
        **settings,
        "currency": settings.get("currency") or actor.organization.currency,
    }


def _arranged(
    draft: Draft, definitions: Sequence[Any], retire_missing: bool
) -> tuple[list[DraftField], list[DraftField]]:
    """The fields as the configuration has them, and those of the line that it does not have."""
    stored = {row.key: field for row, field in zip(draft.rows, draft.fields(), strict=True)}
    fields = []
    for position, written in enumerate(definitions, start=1):
        key = written.get("key") if isinstance(written, Mapping) else None
        known = stored.pop(key.strip(), None) if isinstance(key, str) else None
        ordered = {"order": position, **written} if isinstance(written, Mapping) else written
        fields.append(DraftField(known.row if known else None, ordered))
    left = list(stored.values())
    if retire_missing:
        for field in left:
            field.written = {**field.written, "status": FieldStatus.RETIRED.value}
    return fields, left


def _check(
    draft: Draft, wanted: Mapping[str, Any], fields: Sequence[DraftField], left: Sequence[DraftField]
) -> None:
    """Set the line's settings, and raise everything wrong with them and the fields at once."""
    errors: dict[str, list[FieldError]] = {}
    for name, value in wanted.items():
        setattr(draft.line, name, value)
    try:
        check_line(draft.line)
    except ApplicationError as error:
        errors |= error.fields
    for problem in draft.problems([*fields, *left]):
        is_listed = problem.index is None or problem.index < len(fields)
        path = problem.path if is_listed else f"fields[{problem.field}].{problem.setting}"
        errors.setdefault(path, []).append(FieldError(problem.code, problem.message))
    if errors:
        raise ValidationFailed("invalid_line", f"The line {draft.line.code} needs corrections.", errors)


def _result(field: DraftField, index: int) -> FieldResult:
    definition = read_written(field.written, index).definition
    assert definition is not None
    old = Draft.written(field.row) if field.row else {}
    return FieldResult(
        definition.key, field.row is None, definition.written(), compare_settings(old, definition.written())
    )
