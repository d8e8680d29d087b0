"""The versions of a line: who published them, when, why, and what each changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actor import Actor
from core.errors import NotVisible
from leads.fields.definition import FieldDefinition
from leads.fields.line import read_fields
from leads.models import BusinessLine, LineVersion
from leads.queries.line_changes import FieldChange, compare_definitions
from leads.queries.lines import visible_versions

PAGE = 20


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version and what it changed of the one before it."""

    number: int
    note: str
    who: str
    when: datetime
    fields: Sequence[FieldDefinition]
    changes: Sequence[FieldChange]


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Some versions, newest first; `before` is where the next page begins, None at the end."""

    versions: list[PublishedVersion]
    before: int | None


def line_versions(actor: Actor, line: BusinessLine, *, before: int | None = None) -> VersionPage:
    """Return a page of the line's versions, newest first, those below the number `before`. Two queries."""
    rows = visible_versions(actor).filter(line=line)
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.order_by("-number")[: PAGE + 1])
    who = _publishers(found)
    fields = [read_fields(row.definition) for row in found]
    olders = [*fields[1:], []]
    versions = [
        PublishedVersion(
            row.number, row.note, who.get(row.pk, ""), row.published_at, own, compare_definitions(older, own)
        )
        for row, own, older in zip(found, fields, olders, strict=True)
    ]
    return VersionPage(versions[:PAGE], found[PAGE - 1].number if len(found) > PAGE else None)


def version_fields(actor: Actor, line: BusinessLine, number: int) -> list[FieldDefinition]:
    """Return the fields of a version in their order; raise NotVisible where there is no such version."""
    version = visible_versions(actor).filter(line=line, number=number).first()
    if version is None:
        raise NotVisible(f"{line.name} has no version {number}.")
    return sorted(read_fields(version.definition), key=lambda item: item.order)


def _publishers(versions: Sequence[LineVersion]) -> dict[int, str]:
    """Who wrote each version, by its id: history knows."""
    records = LineVersion.history.filter(id__in=[row.pk for row in versions], history_type="+")
    return {
        record.id: str(record.history_user) if record.history_user else ""
        for record in records.select_related("history_user")
    }
