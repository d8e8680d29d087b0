"""What happened to a lead, from its history rows: who, when, and what changed from what to what, in words.

Values are shown as the actor may read them; that a masked value changed is told, the value is not.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial, reduce
from operator import or_
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.masking import Sight
from accounts.queries.members import name_beside
from core import locale_formats as formats
from core.database.together import CompiledReading, read_together
from leads.fields.definition import FieldDefinition
from leads.fields.line import CORE_ATTRIBUTES, line_definition
from leads.models import Campaign, Lead, LeadTag, Source
from leads.presentation import STATUS_LABELS, LeadReader, stage_text
from leads.queries.form_links import form_named_by
from leads.queries.merges import UNDO_REASON, merged_by, merged_into
from leads.queries.timeline import (
    Change,
    Kind,
    Position,
    Timeline,
    TimelineEntry,
    Told,
    merged,
    newest_before,
    told_work,
    work_before,
)

LARGEST_PAGE = 500
# How many rows of each kind are read at least for a newest page: statements that are composed once.
SIZES = (21, 51, 201, LARGEST_PAGE + 1)
# Columns of a lead that people read, beside what fields fill: label by history column.
TOLD = {
    "status": gettext_lazy("Status"),
    "stage": gettext_lazy("Stage"),
    "owner_id": gettext_lazy("Owner"),
    "team_id": gettext_lazy("Team"),
    "source_id": gettext_lazy("Source"),
    "campaign_id": gettext_lazy("Campaign"),
    "score": gettext_lazy("Score"),
}
CORE_LABELS = {
    "name": gettext_lazy("Name"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "amount": gettext_lazy("Amount"),
    "city": gettext_lazy("City"),
    "region": gettext_lazy("Region"),
}


def _names() -> dict[str, Subquery]:
    """What to read beside a history row: the names of whom and what it refers to, of what was withdrawn too."""
    return {
        "told_user": name_beside(user_id="history_user_id"),
        "told_owner": name_beside(pk="owner_id"),
        "told_team": name_beside(pk="team_id"),
        "told_source": _origin_name(Source, "source_id"),
        "told_campaign": _origin_name(Campaign, "campaign_id"),
    }


def _origin_name(model: type[Source] | type[Campaign], column: str) -> Subquery:
    return Subquery(model.everything.filter(pk=OuterRef(column)).values("name"))


def lead_timeline(actor: Actor, lead: Lead, *, older_than: str = "", limit: int = 50) -> Timeline:
    """Return what happened to a lead that the actor may see (`get_lead`), newest first.

    Changes, tags, notes and follow-ups in one order, and what happened to leads that were merged into it. One query,
    however many entries; two or three more where leads were merged.

    Raises:
        ValidationFailed: the cursor is none.
    """
    place, most = Position.read(older_than), min(limit, LARGEST_PAGE) + 1
    lead_ids = [lead.pk, *merged_into(lead)]
    if place is None:
        size = next(size for size in SIZES if size >= most)
        changes, tags, *work = _newest(size)(lead=lead.pk, leads=lead_ids)
    else:
        changes, tags, *work = read_together(*_story(lead.pk, lead_ids, place, most))
    return merged(
        [*_told_changes(actor, lead, changes, tags, lead_ids), *told_work(actor, lead, work)], most - 1
    )


@lru_cache
def _newest(most: int) -> CompiledReading:
    return CompiledReading(partial(_story, place=None, most=most), lead=int, leads=str)


def _story(lead: int, leads: Any, place: Position | None, most: int) -> list[QuerySet[Any]]:
    """The rows of each kind before a place: history and tags of a lead and of those merged into it, its work."""
    # A tag that moves with a merge is told by the merge.
    tagging = LeadTag.history.model.objects.filter(lead_id__any=leads, history_type__in=("+", "-"))
    tags = tagging.select_related("tag").annotate(told_user=name_beside(user_id="history_user_id"))
    return [
        newest_before(_changes(id__any=leads), place, Kind.CHANGE, "history_date", "history_id", most),
        newest_before(tags, place, Kind.TAGGED, "history_date", "history_id", most),
        *work_before(lead, place, most),
    ]


def _changes(**found_by: Any) -> QuerySet[Any]:
    """History rows of leads, with the names that telling them needs."""
    return Lead.history.model.objects.filter(**found_by).defer("compare").annotate(**_names())


def _told_changes(
    actor: Actor, lead: Lead, found: Sequence[Any], tags: Sequence[Any], lead_ids: Sequence[int]
) -> list[Told]:
    """What the history rows of the lead, of those merged into it, and of their tags tell.

    Each of a lead is told by its difference from the one before; where there may be more, the last read is only
    compared with.
    """
    before = _rows_before_each(found, lead_ids) if len(lead_ids) > 1 else [*found[1:], None]
    teller = _Teller(actor, lead, found)
    changes = [
        Told(Position.of(row.history_date, Kind.CHANGE, row.history_id), partial(teller.tell, row, earlier))
        for row, earlier in zip(found, before, strict=bool(found))
    ]
    return changes + [
        Told(Position.of(row.history_date, Kind.TAGGED, row.history_id), partial(teller.tell_tag, row))
        for row in tags
    ]


def _rows_before_each(found: Sequence[Any], lead_ids: Sequence[int]) -> list[Any]:
    """For each row of several leads the one before it of the same lead: one more query for those at the end."""
    earlier: dict[int, Any] = {}
    newer: dict[int, Any] = {}
    for row in found:
        if row.id in newer:
            earlier[newer[row.id].history_id] = row
        newer[row.id] = row
    ends = [Q(id=row.id, history_id__lt=row.history_id) for row in newer.values()]
    if ends:
        rows = Lead.history.model.objects.filter(id__in=lead_ids).filter(reduce(or_, ends))
        last = rows.order_by("id").values("id").annotate(last=Max("history_id"))
        for row in _changes(id__in=lead_ids, history_id__in=last.values_list("last", flat=True)):
            earlier[newer[row.id].history_id] = row
    return [earlier.get(row.history_id) for row in found]


class _Teller:
    """Puts history rows of one lead into words."""

    def __init__(self, actor: Actor, lead: Lead, rows: Sequence[Any]) -> None:
        self.reader = LeadReader(actor)
        self.lead = lead
        for row in rows:
            self.reader.references.expect(line_definition(lead.line, row.version), row.data)

    def tell(self, row: Any, before: Any) -> TimelineEntry | None:
        """The entry for a row; None where nothing changed that people read."""
        merge = merged_by(row.history_change_reason)
        if row.id != self.lead.pk and merge is not None and merge[1] == self.lead.reference:
            # The kept lead's own row tells it.
            return None
        kind, text, changes = self._of_merge(row, before, *merge) if merge else self._happened(row, before)
        if kind == "changed" and not changes:
            return None
        if row.id != self.lead.pk:
            text = _("%(what)s: %(reference)s") % {"what": text, "reference": row.reference}
        return TimelineEntry(
            kind,
            row.history_date,
            self._who(row),
            text,
            changes,
            "",
            row.history_request_id,
            row.history_job_id,
        )

    def tell_tag(self, row: Any) -> TimelineEntry:
        """The entry for a tag that was put on or taken off."""
        is_on = row.history_type == "+"
        return TimelineEntry(
            "tagged" if is_on else "untagged",
            row.history_date,
            self._who(row),
            (_("put on the tag “%(tag)s”") if is_on else _("took off the tag “%(tag)s”")) % {"tag": row.tag},
            request_id=row.history_request_id,
            job_id=row.history_job_id,
        )

    def _of_merge(self, row: Any, before: Any, lose: str, keep: str) -> tuple[str, str, list[Change]]:
        """What a merge, or taking it back, did to a lead: to the kept one, or to the one that went or came back."""
        is_undone = row.history_change_reason.startswith(UNDO_REASON)
        names = {"lose": lose, "keep": keep}
        if row.reference == keep:
            text = (
                _("took the merge with %(lose)s back") if is_undone else _("merged %(lose)s into this lead")
            )
            return "separated" if is_undone else "merged", text % names, self._changes(row, before)
        text = _("took the merge into %(keep)s back") if is_undone else _("merged this lead into %(keep)s")
        return "separated" if is_undone else "merged", text % names, []

    def _happened(self, row: Any, before: Any) -> tuple[str, str, list[Change]]:
        if before is None:
            return "created", _("brought the lead in") if row.intake_id else _("captured the lead"), []
        if row.deleted_at and not before.deleted_at:
            return "withdrawn", _("withdrew the lead"), []
        changes = self._changes(row, before)
        if before.deleted_at and not row.deleted_at:
            return "restored", _("restored the lead"), changes
        if row.repeat_enquiries > before.repeat_enquiries and not changes:
            return "repeated", _("noted that the person enquired again"), []
        return "changed", _("changed the lead"), changes

    def _changes(self, row: Any, before: Any) -> list[Change]:
        return [*self._told(row, before), *self._fields(row, before), *self._core(row, before)]

    def _told(self, row: Any, before: Any) -> Iterable[Change]:
        for name, label in TOLD.items():
            if name == "score" and not self.reader.score_is_told(self.lead):
                continue
            old, new = getattr(before, name), getattr(row, name)
            if old != new:
                texts = (self._value(each, name) for each in (before, row))
                yield Change(str(label), *texts, name.removesuffix("_id"))

    @staticmethod
    def _value(row: Any, name: str) -> str:
        value = getattr(row, name)
        if value in (None, ""):
            return ""
        if name.endswith("_id"):
            return getattr(row, f"told_{name.removesuffix('_id')}") or ""
        match name:
            case "status":
                return str(STATUS_LABELS.get(value, value))
            case "stage":
                return stage_text(value)
        return str(value)

    def _fields(self, row: Any, before: Any) -> Iterable[Change]:
        for item in self._items(row, before):
            old, new = before.data.get(item.key), row.data.get(item.key)
            if old == new:
                continue
            sight = self.reader.sight(self.lead, item)
            if sight is not Sight.HIDDEN:
                texts = (self.reader.shown(self.lead.line, item, value, sight).text for value in (old, new))
                yield Change(item.label, *texts, f"data.{item.key}")

    def _items(self, *rows: Any) -> list[FieldDefinition]:
        """The fields of the version in force and of those under which the rows were written."""
        versions = [self.lead.line.version, *(row.version for row in rows)]
        items: dict[str, FieldDefinition] = {}
        for version in dict.fromkeys(versions):
            for item in line_definition(self.lead.line, version).fields:
                items.setdefault(item.key, item)
        return list(items.values())

    def _core(self, row: Any, before: Any) -> Iterable[Change]:
        """Attributes that changed without a field: those that fields fill are told with the field."""
        filled = {item.maps_to for item in self._items(row, before)}
        for name in CORE_ATTRIBUTES:
            old, new = getattr(before, name), getattr(row, name)
            if old == new or name in filled:
                continue
            sight = self.reader.attribute_sight(self.lead, name)
            if sight is not Sight.HIDDEN:
                yield Change(
                    str(CORE_LABELS[name]),
                    *(self._core_text(name, value, sight) for value in (old, new)),
                    name,
                )

    def _core_text(self, name: str, value: Any, sight: Sight) -> str:
        if value in (None, ""):
            return ""
        if sight is Sight.MASKED:
            return "••••"
        if name == "amount":
            return formats.format_money(value, self.lead.line.currency, self.reader.locale)
        return str(value)

    def _who(self, row: Any) -> str:
        if row.history_user_id is not None:
            return row.told_user or _("Somebody who left")
        form = form_named_by(row.history_change_reason)
        return _("Form “%(title)s”") % {"title": form} if form else _("System")
