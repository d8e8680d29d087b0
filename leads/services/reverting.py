"""Taking a line's draft back: to an earlier version, or to the one in force. Publishing it is another step."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict, ValidationFailed
from core.scope import organization_scope
from leads.fields.checks import DefinitionProblem, refusal
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine, FieldStatus
from leads.queries.line_changes import FieldChange, compare_definitions
from leads.queries.lines import draft_definitions
from leads.queries.versions import version_fields
from leads.services.drafts import Draft, DraftField, locked_line, refuse_stale


def restore_version(
    *, actor: Actor, line: BusinessLine, number: int, seen: str = "", reason: str = ""
) -> list[FieldChange]:
    """Make the draft say what version `number` said; return what publishing it would change.

    Fields that came later are retired, and kept aside as drafts where they were never published: nothing that
    somebody wrote is lost. `seen` is the token of the draft that the actor looked at (`draft_token`).

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the line or the version is gone.
        Conflict: the draft was edited since `seen`.
        ValidationFailed: the version does not fit what was published since, or the line's settings of today.
    """
    actor.require(Area.CONFIGURATION, "write")
    with (
        transaction.atomic(),
        organization_scope(actor.organization, reason=reason or f"back to version {number}"),
    ):
        locked = locked_line(line)
        refuse_stale(locked, seen)
        draft = Draft(locked)
        fields = _of_version(actor, draft, number)
        _check(draft, fields, number)
        draft.write(_numbered(fields))
        return compare_definitions(draft.published, draft_definitions(locked))


def discard_draft(*, actor: Actor, line: BusinessLine, seen: str = "", reason: str = "") -> list[FieldChange]:
    """Make the draft say what is in force again, and return what was discarded.

    Fields that were never published are removed (history keeps them), but for those that are drafts: they
    would not have been published. `seen` is the token of the draft that the actor looked at.

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the line is gone.
        Conflict: the draft was edited since `seen`; or nothing was published yet.
        ValidationFailed: a draft field needs one that would be removed.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "draft discarded"):
        locked = locked_line(line)
        refuse_stale(locked, seen)
        draft = Draft(locked)
        if not locked.version:
            message = (
                "Nothing was published yet, so there is nothing to go back to. Remove fields one by one."
            )
            raise Conflict("never_published", message)
        discarded = compare_definitions(draft.published, [FieldDefinition.of(row) for row in draft.rows])
        wanted = {item.key for item in draft.published}
        aside = [
            DraftField(row, Draft.written(row))
            for row in draft.rows
            if row.key not in wanted and row.status == FieldStatus.DRAFT
        ]
        fields = [*_as_in_version(draft, draft.published), *aside]
        _check(draft, fields, locked.version)
        draft.write(_numbered(fields))
        kept = {id(field.row) for field in fields}
        for row in draft.rows:
            if id(row) not in kept:
                row.delete()
        if locked.empty_sections:
            locked.empty_sections = []
            locked.save(update_fields=["empty_sections"])
        return discarded


def rehearse_restoring(*, actor: Actor, line: BusinessLine, number: int) -> list[FieldChange]:
    """Return what `restore_version` would bring, to be published: nothing is written.

    Raises: NotPermitted, NotVisible, ValidationFailed as `restore_version`.
    """
    actor.require(Area.CONFIGURATION, "write")
    draft = Draft(line)
    fields = _of_version(actor, draft, number)
    _check(draft, fields, number)
    wanted = [FieldDefinition.read(field.written) for field in _numbered(fields)]
    return compare_definitions(draft.published, wanted)


def _of_version(actor: Actor, draft: Draft, number: int) -> list[DraftField]:
    wanted = version_fields(actor, draft.line, number)
    return [*_as_in_version(draft, wanted), *_come_later(draft, {item.key for item in wanted})]


def _as_in_version(draft: Draft, wanted: Iterable[FieldDefinition]) -> list[DraftField]:
    rows = {row.key: row for row in draft.rows}
    return [DraftField(rows.get(item.key), item.written()) for item in wanted]


def _come_later(draft: Draft, wanted: set[str]) -> list[DraftField]:
    """The fields that the version does not have: retired where they were published, else left as drafts."""
    later = [row for row in draft.rows if row.key not in wanted]
    published = FieldStatus.RETIRED.value
    return [
        DraftField(
            row,
            {**Draft.written(row), "status": published if draft.is_published(row) else _aside(row.status)},
        )
        for row in later
    ]


def _aside(status: str) -> str:
    return FieldStatus.DRAFT.value if status == FieldStatus.ACTIVE else status


def _check(draft: Draft, fields: Sequence[DraftField], number: int) -> None:
    problems = draft.problems(fields)
    if problems:
        error = refusal(problems)
        message = f"Version {number} cannot come back as it was. {_told(problems)}"
        raise ValidationFailed("version_does_not_fit", message, error.fields)


def _told(problems: Sequence[DefinitionProblem]) -> str:
    first = problems[0]
    more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
    return f"{first.field or first.setting}: {first.message}{more}"


def _numbered(fields: Sequence[DraftField]) -> list[DraftField]:
    return [
        DraftField(field.row, {**field.written, "order": position})
        for position, field in enumerate(fields, start=1)
    ]
