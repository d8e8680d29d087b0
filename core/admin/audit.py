"""Reading history in the console: what was changed of one row, and what was changed lately of a kind of rows.

The rows are those of django-simple-history's tables, written by triggers; the organisation's wall holds here too.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.menu import GROUPS
from core.errors import NotPermitted

AREA = "audit"
PAGE = 50
# Columns that say nothing to people.
SILENT = frozenset(
    {"id", "organization", "compare", "created_at", "updated_at", "index_ready_at", "name_key"}
)
KINDS = {"+": gettext_lazy("Added"), "~": gettext_lazy("Changed"), "-": gettext_lazy("Deleted")}
TONES = {"+": "success", "~": "info", "-": "danger"}
NOTHING = "—"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A column's value before and after, as text."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of one row: who, when, why, and what it did where the row before is known."""

    record: Any
    kind: str
    tone: str
    who: str
    title: str
    link: str
    changes: Sequence[ValueChange]


def may_read_audit(request: HttpRequest) -> bool:
    """Whether the actor reads the audit trail at all; whose rows, the area of each list says."""
    actor = getattr(request, "actor", None)
    return actor is not None and actor.may(AREA, "read")


def audit_trail(request: HttpRequest, site: Any) -> HttpResponse:
    """Show the newest changes of one kind of rows."""
    kinds = _readable_kinds(request, site)
    if not kinds:
        raise NotPermitted
    label = request.GET.get("kind", "")
    chosen = kinds.get(label) or next(iter(kinds.values()))
    records, before = _page(request, chosen.model.history.model.objects.all())
    context = {
        **site.each_context(request),
        "title": _("Audit trail"),
        "kinds": [
            {"label": kind, "title": admin.model._meta.verbose_name_plural, "active": admin is chosen}
            for kind, admin in kinds.items()
        ],
        "kind": chosen.model._meta.label_lower,
        "entries": [_entry(chosen, request, record, ()) for record in records],
        "before": before,
    }
    return TemplateResponse(request, "console/audit.html", context)


def object_history(admin: Any, request: HttpRequest, row: models.Model) -> HttpResponse:
    """Show what was changed of one row, newest first, value by value."""
    records, before = _page(request, admin.model.history.model.objects.filter(id=row.pk))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("History"),
        "opts": admin.model._meta,
        "original": row,
        "back": admin.address(row),
        "entries": list(_entries_with_changes(admin, request, records, before)),
        "before": before,
    }
    return TemplateResponse(request, "console/history.html", context)


def _readable_kinds(request: HttpRequest, site: Any) -> dict[str, Any]:
    if not may_read_audit(request):
        return {}
    readable = [admin for admin in site._registry.values() if admin.menu and admin.has_history(request)]
    groups = list(GROUPS)
    readable.sort(key=lambda admin: (groups.index(admin.menu.group), admin.menu.order))
    return {admin.model._meta.label_lower: admin for admin in readable}


def _page(request: HttpRequest, records: models.QuerySet) -> tuple[list[Any], int | None]:
    """A page of records, newest first, and where the next page begins."""
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        records = records.filter(history_id__lt=int(before))
    found = list(records.select_related("history_user").order_by("-history_id")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].history_id if len(found) > PAGE else None


def _entries_with_changes(
    admin: Any, request: HttpRequest, records: Sequence[Any], before: int | None
) -> Iterator[HistoryEntry]:
    following = [*records[1:], _record_before(admin, records[-1]) if before else None] if records else []
    for record, older in zip(records, following, strict=True):
        yield _entry(admin, request, record, tuple(_changes(admin, request, older, record)))


def _record_before(admin: Any, record: Any) -> Any:
    earlier = admin.model.history.model.objects.filter(id=record.id, history_id__lt=record.history_id)
    return earlier.order_by("-history_id").first()


def _entry(admin: Any, request: HttpRequest, record: Any, changes: Sequence[ValueChange]) -> HistoryEntry:
    options = admin.model._meta
    kind = record.history_type
    if kind == "~" and getattr(record, "deleted_at", None):
        kind = "-"
    return HistoryEntry(
        record=record,
        kind=str(KINDS[kind]),
        tone=TONES[kind],
        who=str(record.history_user or _("System")),
        title=admin.history_title(request, record),
        link=reverse(f"admin:{options.app_label}_{options.model_name}_history", args=[record.id]),
        changes=changes,
    )


def _changes(admin: Any, request: HttpRequest, older: Any, newer: Any) -> Iterator[ValueChange]:
    for field in newer.tracked_fields:
        if field.name in SILENT:
            continue
        if older is not None and getattr(older, field.attname) == getattr(newer, field.attname):
            continue
        old = admin.history_value(request, older, field.name) if older is not None else None
        new = admin.history_value(request, newer, field.name)
        label = str(field.verbose_name).capitalize()
        if isinstance(old or {}, dict) and isinstance(new or {}, dict) and (old or new):
            yield from _nested_changes(label, old or {}, new or {})
        elif (older is not None or new not in (None, "", [], False)) and as_text(old) != as_text(new):
            yield ValueChange(label, as_text(old), as_text(new))


def _nested_changes(label: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[ValueChange]:
    for key in dict.fromkeys([*new, *old]):
        if old.get(key) != new.get(key):
            yield ValueChange(f"{label}: {key}", as_text(old.get(key)), as_text(new.get(key)))


def as_text(value: Any) -> str:
    """Return a stored value as people read it."""
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
