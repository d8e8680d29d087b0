"""What a person has to do today: follow-ups by their day, leads that stall, untouched new leads, unread mentions.

Six queries, and one more while a colleague is away, however much there is; each part shows so many and counts all.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Case, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Absence
from accounts.queries.calendar import visible_absences
from accounts.queries.memberships import today
from accounts.roles import Area, Level
from core.database.together import read_together
from leads.due_times import COMING_DAYS, days_from, local_moment
from leads.models import (
    OPEN_STATUSES,
    Engagement,
    FollowUp,
    Lead,
    LeadStatus,
    Note,
    Notification,
    NotificationKind,
)
from leads.queries.follow_ups import own_follow_ups
from leads.queries.leads import visible_leads
from leads.queries.notifications import visible_notifications, with_what_is_told
from leads.queries.stalling import stalled_leads

# How many rows a part shows at first, and at most.
FIRST, MOST = 8, 200
OVERDUE, LATER = dt.date.min, dt.date.max


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows and how many there are; `day` is the day of follow-ups that are neither overdue nor later."""

    rows: list[Any]
    total: int
    day: dt.date | None = None

    @property
    def hidden(self) -> int:
        """How many are not among the rows."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Today:
    """The parts of the page, each in its order."""

    overdue: Part
    due: Part
    coming: list[Part]
    later: Part
    stalled: Part
    untouched: Part
    mentions: Part
    done: Part
    # What falls due for colleagues who are away: of one's team, or of whom one is the deputy.
    of_absent: Part

    @property
    def is_clear(self) -> bool:
        """Whether nothing at all is to do or to read."""
        parts = (
            self.overdue,
            self.due,
            self.later,
            self.stalled,
            self.untouched,
            self.mentions,
            self.of_absent,
            *self.coming,
        )
        return not any(part.total for part in parts)


def read_today(actor: Actor, *, most: int = FIRST, now: dt.datetime | None = None) -> Today:
    """Return the actor's own work, at most so many rows of each part."""
    now = now or timezone.now()
    follow_ups, stalled, untouched, mentions, done, away = read_together(
        _follow_ups(actor, now, most),
        _first(stalled_leads(actor), most),
        _first(untouched_leads(actor), most),
        _first(with_what_is_told(_unread_mentions(actor)).order_by("-pk"), most),
        _first(_done_today(actor, now), most),
        _absences_for(actor),
    )
    by_day = {part.day: part for part in _by_day(follow_ups)}
    this_day = now.astimezone(actor.organization.zone).date()
    return Today(
        overdue=by_day.pop(OVERDUE, NOTHING),
        due=by_day.pop(this_day, NOTHING),
        later=by_day.pop(LATER, NOTHING),
        coming=[by_day[day] for day in sorted(day for day in by_day if day is not None)],
        stalled=_part(stalled),
        untouched=_part(untouched),
        mentions=_part(mentions),
        done=_part(done),
        of_absent=_of_absent(actor, away, most),
    )


NOTHING = Part([], 0)


def _follow_ups(actor: Actor, now: dt.datetime, most: int) -> QuerySet[FollowUp]:
    """The open ones, the first so many of each day, with how many each day has."""
    zone = actor.organization.zone
    day = Case(
        When(due_at__lt=now, then=Value(OVERDUE)),
        When(due_at__gte=days_from(now, zone, COMING_DAYS + 1), then=Value(LATER)),
        default=TruncDate("due_at", tzinfo=zone),
        output_field=DateField(),
    )
    rows = own_follow_ups(actor).filter(done_at__isnull=True).annotate(day=day)
    place = Window(RowNumber(), partition_by="day", order_by=["due_at", "pk"])
    of_day = rows.annotate(place=place, total=Window(Count("pk"), partition_by="day")).filter(place__lte=most)
    return of_day.select_related("lead__line", "author__user").order_by("due_at", "pk")


def _by_day(rows: Iterable[Any]) -> Iterable[Part]:
    for day, group in groupby(rows, key=lambda row: row.day):
        found = list(group)
        yield Part(found, found[0].total, day)


def untouched_leads(actor: Actor) -> QuerySet[Lead]:
    """Return the actor's own leads, the newest first, with which nothing was done yet: new ones, and those that
    somebody gave and that were not looked at. A note or call of one's own or a follow-up for oneself is a beginning."""
    member = actor.membership
    if member is None:
        return Lead.objects.none()
    given = Notification.objects.filter(
        recipient=member, kind=NotificationKind.ASSIGNED, read_at__isnull=True, lead_id=OuterRef("pk")
    )
    is_open = Q(status__in=OPEN_STATUSES)
    noted = Note.objects.filter(lead_id=OuterRef("pk"), author=member)
    planned = FollowUp.objects.filter(lead_id=OuterRef("pk"), assignee=member)
    engaged = Engagement.objects.filter(lead_id=OuterRef("pk"), by=member)
    return (
        visible_leads(actor)
        .filter(
            Q(status=LeadStatus.NEW) | (is_open & Exists(given)),
            ~Exists(noted),
            ~Exists(planned),
            ~Exists(engaged),
            owner=member,
        )
        .select_related("line", "source", "campaign", "owner__user", "team__user")
        .order_by("-created_at", "-pk")
    )


def _unread_mentions(actor: Actor) -> QuerySet[Notification]:
    return visible_notifications(actor).filter(kind=NotificationKind.MENTION, read_at__isnull=True)


def _done_today(actor: Actor, now: dt.datetime) -> QuerySet[FollowUp]:
    since = days_from(now, actor.organization.zone, 0)
    rows = own_follow_ups(actor).filter(done_at__gte=since, done_at__lte=now)
    return rows.select_related("lead__line", "author__user").order_by("-done_at", "-pk")


def _of_absent(actor: Actor, away: Iterable[Absence], most: int) -> Part:
    """Open follow-ups of those who are away, due before they are back, about leads that the actor may work."""
    if not away:
        return NOTHING
    zone = actor.organization.zone
    due = Q()
    for absence in away:
        back = local_moment(absence.last_day + dt.timedelta(days=1), dt.time(), zone)
        due |= Q(assignee_id=absence.membership_id, due_at__lt=back)
    leads = visible_leads(actor, verb="write").order_by().values("pk")
    rows = FollowUp.objects.filter(due, done_at__isnull=True, lead__in=leads)
    rows = rows.select_related("lead__line", "author__user", "assignee__user").order_by("due_at", "pk")
    return _part(list(_first(rows, most)))


def _absences_for(actor: Actor) -> QuerySet[Absence]:
    """The absences of today in which the actor stands in: those of the actor's team, or named as the deputy."""
    member = actor.membership
    if member is None:
        return Absence.objects.none()
    day = today(actor.organization)
    rows = visible_absences(actor).filter(first_day__lte=day, last_day__gte=day).exclude(membership=member)
    # Who sees to the leads of everybody stands in for those alone who name them.
    if actor.level(Area.LEADS, "write") is Level.ALL:
        rows = rows.filter(deputy=member)
    return rows.order_by("pk")[:MOST]


def _first(rows: QuerySet[Any], most: int) -> QuerySet[Any]:
    """So many of the rows, each with how many there are."""
    return rows.annotate(total=Window(Count(F("pk"))))[:most]


def _part(found: list[Any]) -> Part:
    return Part(found, found[0].total if found else 0)
