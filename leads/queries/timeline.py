"""One order of all that happened to a lead, whatever table it stands in, and a cursor into it.

What happened has a position: when, of which kind, under which number. A page is merged from as many of each kind as
it has places, read in one statement, so it costs the same however long the lead's story is.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from core import locale_formats as formats
from core.errors import FieldError, ValidationFailed
from leads.models import Lead, StallStepKind
from leads.presentation import LeadReader
from leads.queries.attachments import attachment_label, attachments_of
from leads.queries.engagements import engagements_of
from leads.queries.follow_ups import follow_ups_of
from leads.queries.notes import notes_of
from leads.queries.stalling import stall_steps_of

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
CURSOR = re.compile(r"([0-9]{1,17})-([0-9])-([0-9]{1,18})")
ICONS = {
    "created": "plus", "changed": "edit", "repeated": "flag", "withdrawn": "trash", "note": "note",
    "planned": "calendar", "done": "check", "attached": "file", "removed": "trash", "engaged": "phone",
    "tagged": "tag", "untagged": "tag",
    "merged": "merge", "separated": "undo",
    "stalled": "clock",
}  # fmt: skip
# By direction and channel: what the actor did.
ENGAGED = {
    ("outgoing", "call"): gettext_lazy("called"),
    ("outgoing", "sms"): gettext_lazy("wrote an SMS"),
    ("outgoing", "whatsapp"): gettext_lazy("wrote by WhatsApp"),
    ("outgoing", "email"): gettext_lazy("wrote an e-mail"),
    ("incoming", "call"): gettext_lazy("was called"),
    ("incoming", "sms"): gettext_lazy("got an SMS"),
    ("incoming", "whatsapp"): gettext_lazy("got a WhatsApp message"),
    ("incoming", "email"): gettext_lazy("got an e-mail"),
}
ENTRY_TONES = {
    "created": "good",
    "withdrawn": "bad",
    "repeated": "warn",
    "note": "info",
    "done": "good",
    "engaged": "info",
    "merged": "info",
    "separated": "warn",
    "stalled": "warn",
}


class Kind(IntEnum):
    """The tables of a story; of two things at the same moment the higher one is told first."""

    CHANGE = 0
    NOTE = 1
    PLANNED = 2
    DONE = 3
    ATTACHED = 4
    REMOVED = 5
    ENGAGED = 6
    TAGGED = 7
    STALLED = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One value that changed; "" is nothing."""

    label: str
    old: str
    new: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened.

    `kind`: created, changed, repeated, withdrawn, restored, note, planned, done, attached, removed, engaged, tagged,
    untagged, merged, separated, stalled. `note`: what somebody wrote, what a file is called. `note_id`: of a note.
    `lacks_outcome`: nobody has told yet how a call or message went.
    """

    kind: str
    at: dt.datetime
    actor: str
    text: str
    changes: list[Change] = field(default_factory=list)
    note: str = ""
    request_id: str = ""
    job_id: int | None = None
    note_id: int | None = None
    author_id: int | None = None
    follow_up_id: int | None = None
    engagement_id: int | None = None
    lacks_outcome: bool = False
    is_corrected: bool = False

    @property
    def icon(self) -> str:
        """The sign that pages show."""
        return ICONS.get(self.kind, "history")

    @property
    def tone(self) -> str:
        """The tone that pages give the sign."""
        return ENTRY_TONES.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries, newest first; `older` is the cursor of the next ones, "" at the end."""

    entries: list[TimelineEntry]
    older: str


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the story."""

    microseconds: int
    kind: int
    number: int

    @classmethod
    def of(cls, at: dt.datetime, kind: Kind, number: int) -> "Position":
        """Return the place of something that happened."""
        return cls((at - EPOCH) // dt.timedelta(microseconds=1), kind, number)

    @classmethod
    def read(cls, cursor: str) -> "Position | None":
        """Return the place that a cursor names; None for "". Raises ValidationFailed where it names none."""
        if not cursor:
            return None
        found = CURSOR.fullmatch(cursor) if cursor.isascii() else None
        if found is None:
            message = "Start at the newest entry again: leave the cursor out."
            raise ValidationFailed(
                "invalid_cursor", message, {"cursor": [FieldError("invalid_cursor", message)]}
            )
        return cls(*map(int, found.groups()))

    @property
    def cursor(self) -> str:
        """The place as it stands in an address."""
        return f"{self.microseconds}-{self.kind}-{self.number}"

    def before(self, kind: Kind, moment: str, number: str) -> Q:
        """The condition for rows of a kind, with these columns, that stand before this place."""
        at = EPOCH + dt.timedelta(microseconds=self.microseconds)
        older = Q(**{f"{moment}__lt": at})
        if kind < self.kind:
            return older | Q(**{moment: at})
        return older | Q(**{moment: at, f"{number}__lt": self.number}) if kind == self.kind else older


@dataclass(frozen=True, slots=True)
class Told:
    """Something with its place; `tell` puts it into words, None where there is nothing that people read."""

    position: Position
    tell: Callable[[], TimelineEntry | None]


def newest_before(
    rows: QuerySet[Any], place: Position | None, kind: Kind, moment: str, number: str, most: int
) -> QuerySet[Any]:
    """The newest rows of a kind before a place, newest first."""
    if place is not None:
        rows = rows.filter(place.before(kind, moment, number))
    return rows.order_by(f"-{moment}", f"-{number}")[:most]


def merged(told: Iterable[Told], limit: int) -> Timeline:
    """Return the newest entries of all kinds; of each there must be one more than the page has places."""
    ordered = sorted(told, key=lambda each: each.position, reverse=True)
    shown = ordered[:limit]
    entries = [entry for each in shown if (entry := each.tell())]
    return Timeline(entries, shown[-1].position.cursor if len(ordered) > limit else "")


def work_before(lead_id: int, place: Position | None, most: int) -> list[QuerySet[Any]]:
    """The rows of notes, follow-ups, attachments, calls, messages and stalling before a place, as `told_work` takes
    them."""
    follow_ups = follow_ups_of(lead_id)
    # A file that was taken away has been attached all the same.
    files = attachments_of(lead_id)
    return [
        newest_before(notes_of(lead_id), place, Kind.NOTE, "created_at", "pk", most),
        newest_before(follow_ups, place, Kind.PLANNED, "created_at", "pk", most),
        newest_before(follow_ups.filter(done_at__isnull=False), place, Kind.DONE, "done_at", "pk", most),
        newest_before(files, place, Kind.ATTACHED, "created_at", "pk", most),
        newest_before(files.filter(deleted_at__isnull=False), place, Kind.REMOVED, "deleted_at", "pk", most),
        newest_before(engagements_of(lead_id), place, Kind.ENGAGED, "at", "pk", most),
        newest_before(stall_steps_of(lead_id), place, Kind.STALLED, "at", "pk", most),
    ]


def told_work(actor: Actor, lead: Lead, rows: Sequence[list[Any]]) -> list[Told]:
    """Return what the rows of `work_before` tell."""
    teller = _WorkTeller(LeadReader(actor), lead)
    notes, planned, done, attached, removed, engagements, steps = rows
    return [
        *(_told(row.created_at, Kind.NOTE, row, teller.note) for row in notes),
        *(_told(row.created_at, Kind.PLANNED, row, teller.planned) for row in planned),
        *(_told(row.done_at, Kind.DONE, row, teller.done) for row in done),
        *(_told(row.created_at, Kind.ATTACHED, row, teller.attached) for row in attached),
        *(_told(row.deleted_at, Kind.REMOVED, row, teller.removed) for row in removed),
        *(_told(row.at, Kind.ENGAGED, row, teller.engaged) for row in engagements),
        *(_told(row.at, Kind.STALLED, row, teller.stalled) for row in steps),
    ]


def _told(at: dt.datetime, kind: Kind, row: Any, tell: Callable[[Any], TimelineEntry]) -> Told:
    return Told(Position.of(at, kind, row.pk), lambda: tell(row))


class _WorkTeller:
    """Puts notes, follow-ups and attachments into words, as one actor may read them."""

    def __init__(self, reader: LeadReader, lead: Lead) -> None:
        self.reader = reader
        self.lead = lead

    def note(self, note: Any) -> TimelineEntry:
        return TimelineEntry(
            "note",
            note.created_at,
            str(note.author),
            _("wrote"),
            note=self.reader.sentence(self.lead, note.text),
            note_id=note.pk,
            author_id=note.author_id,
            is_corrected=note.corrected_at is not None,
        )

    def planned(self, follow_up: Any) -> TimelineEntry:
        due = formats.format_moment(follow_up.due_at, self.reader.locale, self.reader.zone)
        whom = follow_up.assignee
        changes = [Change(_("Due"), "", due, "due_at")]
        if whom is not None and follow_up.assignee_id != follow_up.author_id:
            changes.append(Change(_("For"), "", str(whom), "assignee"))
        return self._follow_up("planned", follow_up.created_at, follow_up.author, follow_up, changes)

    def done(self, follow_up: Any) -> TimelineEntry:
        return self._follow_up("done", follow_up.done_at, follow_up.done_by, follow_up, [])

    def attached(self, attachment: Any) -> TimelineEntry:
        text = _("attached a file: %(kind)s") % {"kind": attachment.get_kind_display()}
        who = attachment.author or _("A public form")
        return self._file("attached", attachment.created_at, who, text, attachment)

    def removed(self, attachment: Any) -> TimelineEntry:
        text = _("removed a file: %(kind)s") % {"kind": attachment.get_kind_display()}
        return self._file("removed", attachment.deleted_at, attachment.removed_by, text, attachment)

    def _file(self, kind: str, at: dt.datetime, who: Any, text: str, attachment: Any) -> TimelineEntry:
        label = attachment_label(self.reader, self.lead, attachment)
        return TimelineEntry(kind, at, str(who) if who else _("System"), text, note=label)

    def engaged(self, engagement: Any) -> TimelineEntry:
        words = ENGAGED[engagement.direction, engagement.channel]
        outcome = engagement.get_outcome_display()
        return TimelineEntry(
            "engaged",
            engagement.at,
            str(engagement.by),
            str(words),
            [Change(_("Outcome"), "", outcome, "outcome")] if outcome else [],
            self.reader.sentence(self.lead, engagement.remark),
            author_id=engagement.by_id,
            engagement_id=engagement.pk,
            lacks_outcome=not outcome,
        )

    def stalled(self, step: Any) -> TimelineEntry:
        text = _("found the lead stalled, by the rule “%(rule)s”") % {"rule": step.rule_name}
        nobody = _("Nobody: there is nobody else") if step.kind == StallStepKind.GIVEN else _("Nobody")
        label = _("Given to") if step.kind == StallStepKind.GIVEN else step.get_kind_display()
        whom = str(step.whom) if step.whom else nobody
        return TimelineEntry("stalled", step.at, _("System"), text, [Change(label, "", whom, step.kind)])

    def _follow_up(
        self, kind: str, at: dt.datetime, who: Any, follow_up: Any, changes: list[Change]
    ) -> TimelineEntry:
        return TimelineEntry(
            kind,
            at,
            str(who) if who else _("System"),
            _("planned a follow-up") if kind == "planned" else _("followed up"),
            changes,
            self.reader.sentence(self.lead, follow_up.what),
            author_id=follow_up.author_id,
            follow_up_id=follow_up.pk,
        )
