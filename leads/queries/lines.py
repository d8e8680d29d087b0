"""Reading lines: which an actor may use or configure, their drafts and their versions."""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from accounts.actor import Actor
from accounts.roles import Area
from core.database.compiled import CompiledQuery
from core.errors import NotVisible
from leads.fields.definition import FieldDefinition
from leads.fields.line import read_fields
from leads.models import BusinessLine, Field, FieldStatus, LineVersion
from leads.queries.line_changes import FieldChange, compare_definitions


def visible_lines(actor: Actor) -> QuerySet[BusinessLine]:
    """Return the lines whose configuration the actor may read, inactive and unpublished ones included."""
    lines = BusinessLine.objects.all()
    return lines if actor.may(Area.CONFIGURATION, "read") else lines.none()


def usable_lines(actor: Actor) -> QuerySet[BusinessLine]:
    """Return the lines in which the actor may capture leads: active and published, by name."""
    lines = open_lines()
    return lines if actor.may(Area.CONFIGURATION, "use") else lines.none()


def open_lines() -> QuerySet[BusinessLine]:
    """Return the lines in which leads are captured, by name."""
    return BusinessLine.objects.filter(is_active=True, version__gt=0)


USABLE_LINES = CompiledQuery(open_lines)
USABLE_LINE = CompiledQuery(lambda code: open_lines().filter(code=code), code=str)


def list_usable_lines(actor: Actor) -> list[BusinessLine]:
    """Return `usable_lines` as a list, for pages that show them all."""
    return USABLE_LINES() if actor.may(Area.CONFIGURATION, "use") else []


def usable_line(actor: Actor, code: str) -> BusinessLine | None:
    """Return the line of `usable_lines` with this code, None where there is none."""
    return USABLE_LINE.first(code=code) if actor.may(Area.CONFIGURATION, "use") else None


def get_line(actor: Actor, code: str) -> BusinessLine:
    """Return a line the actor may use or configure; raise NotVisible otherwise."""
    may_configure = actor.may(Area.CONFIGURATION, "read")
    line = (visible_lines(actor) if may_configure else usable_lines(actor)).filter(code=code).first()
    if line is None:
        raise NotVisible("No business line with this code is visible to you.")
    return line


def visible_fields(actor: Actor) -> QuerySet[Field]:
    """Return the draft definitions that the actor may read, of lines that are there."""
    fields = Field.objects.filter(line__deleted_at__isnull=True).select_related("line")
    return fields if actor.may(Area.CONFIGURATION, "read") else fields.none()


def visible_versions(actor: Actor) -> QuerySet[LineVersion]:
    """Return the published versions that the actor may read, the newest of each line first."""
    versions = LineVersion.objects.select_related("line")
    return versions if actor.may(Area.CONFIGURATION, "read") else versions.none()


def draft_definitions(line: BusinessLine) -> list[FieldDefinition]:
    """Return the fields of a line's draft in order, retired and draft ones included. One query."""
    return [FieldDefinition.of(row) for row in Field.objects.filter(line=line).order_by("order", "id")]


def published_definitions(line: BusinessLine) -> list[FieldDefinition]:
    """Return the fields of the version in force, none before the first. One query.

    Not from the process's memory, which must not keep a version that a rehearsal takes back.
    """
    row = LineVersion.objects.filter(line=line, number=F("line__version")).first()
    return read_fields(row.definition) if row else []


def publishable(published: Iterable[FieldDefinition], rows: Iterable[Field]) -> list[FieldDefinition]:
    """Return what a version of the draft `rows` holds: active fields, and retired ones that were published."""
    known = {item.key for item in published}
    definitions = [FieldDefinition.of(row) for row in rows]
    return [
        item
        for item in definitions
        if item.is_active or (item.status is FieldStatus.RETIRED and item.key in known)
    ]


def line_difference(actor: Actor, line: BusinessLine) -> list[FieldChange]:
    """Return what publishing would change, field by field; an empty list: nothing."""
    actor.require(Area.CONFIGURATION, "read")
    return compare_definitions(published_definitions(line), draft_definitions(line))


def unpublished_lines(actor: Actor, lines: Iterable[BusinessLine] | None = None) -> list[BusinessLine]:
    """Return the lines (all that are visible, unless given) whose draft differs from what is in force.

    Three queries, however many lines there are.
    """
    if not actor.may(Area.CONFIGURATION, "read"):
        return []
    chosen = list(visible_lines(actor) if lines is None else lines)
    in_force = {
        version.line_id: read_fields(version.definition)
        for version in LineVersion.objects.filter(line__in=chosen, number=F("line__version"))
    }
    drafts: dict[int, list[FieldDefinition]] = {}
    for row in Field.objects.filter(line__in=chosen).order_by("order", "id"):
        drafts.setdefault(row.line_id, []).append(FieldDefinition.of(row))
    return [
        line for line in chosen if compare_definitions(in_force.get(line.pk, []), drafts.get(line.pk, []))
    ]
