"""Who has touched a line's draft since somebody looked at it.

A token stands for the state that a page showed: the version in force and the newest history record of the
line's fields. Whoever acts on the page hands it back; what happened since is read from history.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max

from leads.fields.definition import SETTINGS
from leads.models import BusinessLine, Field, LineVersion

TOKEN = re.compile(r"v([0-9]{1,9})-h([0-9]{1,18})")
# What a backfill job notes in the row of a field is no edit of the draft.
SAID = tuple(SETTINGS)


@dataclass(frozen=True, slots=True)
class DraftEdit:
    """One field that somebody added, changed or removed, or (`key` "") a version that somebody published."""

    key: str
    label: str
    settings: tuple[str, ...]
    kind: str  # "+", "~" or "-", as history has them; "published"
    who: str
    when: datetime


def draft_token(line: BusinessLine) -> str:
    """Return what stands for the line's draft as it is now. One query."""
    newest = Field.history.filter(line_id=line.pk).aggregate(newest=Max("history_id"))["newest"]
    return f"v{line.version}-h{newest or 0}"


def edits_since(line: BusinessLine, token: str) -> list[DraftEdit]:
    """Return what was done to the draft since `token` was handed out, oldest first; nothing for no token.

    A field that was changed and changed back is no edit. `line` must be read afresh. A token that is none
    counts as the oldest.
    """
    if not token:
        return []
    found = TOKEN.fullmatch(token)
    version, newest = (int(found[1]), int(found[2])) if found else (0, 0)
    return [*_publications(line, version), *_field_edits(line, newest)]


def _publications(line: BusinessLine, version: int) -> list[DraftEdit]:
    if line.version == version:
        return []
    published = LineVersion.history.filter(line_id=line.pk, number__gt=version).select_related("history_user")
    return [
        DraftEdit("", f"version {record.number}", (), "published", _who(record), record.history_date)
        for record in published.order_by("number")
    ]


def _field_edits(line: BusinessLine, newest: int) -> list[DraftEdit]:
    records = Field.history.filter(line_id=line.pk, history_id__gt=newest).select_related("history_user")
    last: dict[int, Any] = {record.id: record for record in records.order_by("history_id")}
    seen = _states(last, newest)
    edits = []
    for pk, record in last.items():
        before = seen.get(pk)
        is_gone = record.history_type == "-"
        if before is None and is_gone:
            continue
        changed = tuple(
            name for name in SAID if before is not None and getattr(before, name) != getattr(record, name)
        )
        if before is None or is_gone or changed:
            kind = "-" if is_gone else "+" if before is None else "~"
            edits.append(
                DraftEdit(record.key, record.label, changed, kind, _who(record), record.history_date)
            )
    return edits


def _states(ids: Iterable[int], newest: int) -> dict[int, Any]:
    """The rows as they were at the history record `newest`; those that were deleted by then are left out."""
    records = Field.history.filter(id__in=list(ids), history_id__lte=newest)
    latest = records.values("id").annotate(last=Max("history_id")).values("last")
    rows = Field.history.filter(history_id__in=latest).exclude(history_type="-").order_by(F("history_id"))
    return {row.id: row for row in rows}


def _who(record: Any) -> str:
    return str(record.history_user) if record.history_user else "The system"
