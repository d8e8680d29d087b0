"""Writing business lines: opening, changing, publishing. Fields of the draft are `leads.services.fields`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.database.prepared import prepared_cursor
from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.scope import current_organization_id, organization_scope
from leads.fields.checks import DefinitionProblem, refusal
from leads.models import BusinessLine, LineVersion
from leads.models.line import QUALITY_TARGET, default_stages
from leads.queries.line_changes import compare_definitions
from leads.queries.lines import publishable
from leads.services.drafts import Draft, locked_line, refuse_stale
from leads.services.fields import (
    add_field,
    definition_of,
    remove_field,
    restore_field,
    retire_field,
    update_field,
)
from leads.services.indexing import follow_publication, renew_keys
from leads.services.scoring.changing import follow_rules

__all__ = [
    "add_field",
    "create_line",
    "definition_of",
    "pin_line",
    "publish_line",
    "remove_field",
    "restore_field",
    "retire_field",
    "update_field",
    "update_line",
]

CHANGEABLE = (
    "name", "currency", "duplicate_match", "on_duplicate", "stages", "complete_fields", "quality_target", "is_active",
    "score_bounded",
)  # fmt: skip
# What the duplicate keys of stored leads depend on.
KEY_SETTINGS = ("duplicate_match", "on_duplicate")
# What is brought to the stored leads when it changes, so that it waits for those who write them.
SETTINGS_OF_LEADS = (*KEY_SETTINGS, "score_bounded")
MOST_STAGES = 50

LINE_COLUMNS = tuple(field.attname for field in BusinessLine._meta.concrete_fields)
PIN = f"""
SELECT {", ".join(LINE_COLUMNS)} FROM leads_businessline
 WHERE id = %s AND organization_id = %s AND deleted_at IS NULL FOR KEY SHARE
"""


def create_line(
    *,
    actor: Actor,
    code: str,
    name: str,
    currency: str = "",
    duplicate_match: Sequence[str] = (),
    on_duplicate: str = "skip",
    stages: Sequence[str] | None = None,
    complete_fields: Sequence[str] = (),
    quality_target: Decimal = QUALITY_TARGET,
    is_active: bool = True,
    score_bounded: bool = False,
    reason: str = "",
) -> BusinessLine:
    """Open a business line without fields; `currency` is the organisation's unless said otherwise.

    Raises:
        NotPermitted: the actor may not configure lines.
        ValidationFailed: a value is not allowed; by setting.
        Conflict: the code is taken.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "line created"):
        line = BusinessLine(
            organization=actor.organization,
            code=code.strip(),
            name=name,
            currency=currency or actor.organization.currency,
            duplicate_match=duplicate_match,
            on_duplicate=on_duplicate,
            stages=default_stages() if stages is None else stages,
            complete_fields=list(complete_fields),
            quality_target=quality_target,
            is_active=is_active,
            score_bounded=score_bounded,
        )
        check_line(line)
        if problems := _line_problems(Draft(line)):
            raise refusal(problems)
        insert_line(line)
        return line


def insert_line(line: BusinessLine) -> None:
    """Store a new line that was checked; raise Conflict where its code is taken."""
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError:
        message = f"A line “{line.code}” exists already. Choose another code."
        raise Conflict("line_exists", message, {"code": [FieldError("unique", message)]}) from None


def update_line(*, actor: Actor, line: BusinessLine, reason: str = "", **changes: Any) -> BusinessLine:
    """Change a line's own settings (`CHANGEABLE`), in force at once.

    A change of what tells a repeat is brought to the stored leads by a job.

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the line is gone.
        ValidationFailed: a value is not allowed, or the setting never changes; by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "line changed"):
        locked = locked_line(line, against_leads=any(name in changes for name in SETTINGS_OF_LEADS))
        if fixed := sorted(
            name
            for name in changes
            if name not in CHANGEABLE and changes[name] != getattr(locked, name, None)
        ):
            message = f"These settings never change: {', '.join(fixed)}."
            raise ValidationFailed(
                "fixed_setting", message, {name: [FieldError("fixed", message)] for name in fixed}
            )
        _apply_settings(actor, locked, changes, Draft(locked))
        return locked


def _apply_settings(actor: Actor, line: BusinessLine, changes: dict[str, Any], draft: Draft) -> None:
    """Store the settings of a locked line that differ; the draft must suit them."""
    before = {name: getattr(line, name) for name in CHANGEABLE}
    for name in CHANGEABLE:
        if name in changes:
            setattr(line, name, changes[name])
    check_line(line)
    if "complete_fields" in changes:
        _refuse_unknown_fields(line, {row.key for row in draft.rows})
    problems = _line_problems(draft)
    if problems:
        raise refusal(problems)
    store_settings(actor, line, before)


def store_settings(actor: Actor, line: BusinessLine, before: dict[str, Any]) -> None:
    """Save the settings of a checked line that differ from `before`."""
    changed = [name for name in CHANGEABLE if getattr(line, name) != before[name]]
    if changed:
        line.save(update_fields=changed)
    if any(name in changed for name in KEY_SETTINGS):
        renew_keys(actor, line)
    if "score_bounded" in changed and line.score_token:
        follow_rules(actor, line)


def _line_problems(draft: Draft) -> list[DefinitionProblem]:
    """Return what is wrong with the line's own settings, given its fields."""
    return [problem for problem in draft.problems(draft.fields()) if problem.index is None]


def publish_line(
    *, actor: Actor, line: BusinessLine, note: str = "", seen: str = "", reason: str = ""
) -> LineVersion:
    """Put the draft into force as a new version; where nothing differs, return the version that is in force.

    Fields that became indexed are filled by a job; until then filters on them are slower, not wrong. `seen` is
    the token of the draft that the actor looked at (`leads.queries.draft_edits.draft_token`).

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the line is gone.
        Conflict: somebody edited or published the draft since `seen`.
        ValidationFailed: everything that is wrong with the draft, by path.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or note or "published"):
        locked = locked_line(line, against_leads=True)
        refuse_stale(locked, seen)
        draft = Draft(locked)
        problems = draft.problems(draft.fields())
        if problems:
            raise refusal(problems)
        fields = publishable(draft.published, draft.rows)
        if not any(item.is_active for item in fields):
            raise ValidationFailed(
                "nothing_to_publish", "The line has no active field. Add a field, then publish."
            )
        if not compare_definitions(draft.published, fields):
            return LineVersion.objects.get(line=locked, number=locked.version)
        version = LineVersion(
            organization_id=locked.organization_id,
            line=locked,
            number=locked.version + 1,
            definition={"fields": [{"id": item.id, **item.written()} for item in fields]},
            note=note.strip()[:500],
        )
        version.save(force_insert=True)
        locked.version = version.number
        locked.save(update_fields=["version"])
        follow_publication(actor, locked, before=draft.published, after=fields)
        return version


def pin_line(line_id: int) -> BusinessLine:
    """Return the line as it is now, and keep its version and duplicate settings until the transaction ends.

    Who writes leads pins their line first: a publication waits for the writers that know the old version, so
    that the job which fills a new index meets all their leads. Writers do not wait for each other.

    Raises:
        NotVisible: the line is gone, or of another organisation.
    """
    with prepared_cursor() as cursor:
        cursor.execute(PIN, [line_id, current_organization_id()])
        found = cursor.fetchone()
    if found is None:
        raise NotVisible("This business line is gone. Go back to the list of lines.")
    return BusinessLine.from_db(connection.alias, LINE_COLUMNS, found)


def check_line(line: BusinessLine) -> None:
    """Bring a line's settings into shape; raise ValidationFailed with everything that is not allowed."""
    line.name = " ".join(str(line.name).split())
    line.stages = [" ".join(str(stage).split()) for stage in line.stages]
    line.duplicate_match = [
        "+".join(part.strip() for part in str(entry).split("+")) for entry in line.duplicate_match
    ]
    line.complete_fields = list(dict.fromkeys(str(key).strip() for key in line.complete_fields))
    errors: dict[str, list[FieldError]] = {}
    try:
        line.clean_fields(exclude=["duplicate_match"])
    except ValidationError as error:
        for name, problems in error.error_dict.items():
            errors[name] = [
                FieldError(problem.code or "invalid", " ".join(problem.messages)) for problem in problems
            ]
    if "stages" not in errors:
        errors |= _stage_errors(line.stages)
    if errors:
        sentences = " ".join(
            f"{name}: {problem.message}" for name, found in errors.items() for problem in found
        )
        raise ValidationFailed("invalid_line", f"The line cannot be saved. {sentences}", errors)


def _refuse_unknown_fields(line: BusinessLine, known: set[str]) -> None:
    unknown = [key for key in line.complete_fields if key not in known]
    if unknown:
        message = f"The line has no field “{unknown[0]}”. Write the keys of its fields, one per line."
        raise ValidationFailed(
            "invalid_line", message, {"complete_fields": [FieldError("unknown_field", message)]}
        )


def _stage_errors(stages: Sequence[str]) -> dict[str, list[FieldError]]:
    problem = ""
    if len(stages) > MOST_STAGES:
        problem = f"Use at most {MOST_STAGES} stages."
    elif len({stage.casefold() for stage in stages}) < len(stages):
        problem = "A stage stands here twice. Name each once."
    elif not all(stages):
        problem = "A stage is blank. Write its name or remove it."
    return {"stages": [FieldError("invalid", problem)]} if problem else {}
