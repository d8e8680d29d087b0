"""Reading the working calendar: hours, holidays, and who is away when."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.models import Absence, Holiday, Membership, ReportingLine, WorkingHours
from accounts.queries.memberships import reachable_member_ids, today
from accounts.roles import Area
from accounts.working_time import ALWAYS, DAY, WorkingCalendar, read_week
from core.errors import NotVisible
from core.models import Organization

# An absence that began long ago may still be one; holidays this far back matter to nobody's next hours.
HOLIDAYS_SINCE = dt.timedelta(days=40)


def visible_working_hours(actor: Actor) -> QuerySet[WorkingHours]:
    """Return the hours of the organisation and of people that the actor may read."""
    rows = WorkingHours.objects.select_related("membership__user")
    return rows if actor.may(Area.CONFIGURATION, "read") else rows.none()


def visible_holidays(actor: Actor) -> QuerySet[Holiday]:
    """Return the holidays that the actor may read."""
    return Holiday.objects.all() if actor.may(Area.CONFIGURATION, "read") else Holiday.objects.none()


def calendars_of(
    organization: Organization, member_ids: Collection[int] = (), *, since: dt.date | None = None
) -> dict[int | None, WorkingCalendar]:
    """Return the calendars of people, and under None the organisation's. Two queries, however many people.

    Holidays count from `since` on (some weeks ago). An organisation that has set no hours works at all times but on
    holidays. Absences are not in it: see `away_days`.
    """
    rows = WorkingHours.objects.filter(Q(membership__isnull=True) | Q(membership__in=list(member_ids)))
    weeks = {row.membership_id: read_week(row.week) for row in rows}
    first = since or today(organization) - HOLIDAYS_SINCE
    days_off = frozenset(Holiday.objects.filter(day__gte=first).values_list("day", flat=True))
    own = weeks.get(None, ALWAYS)
    return {
        member: WorkingCalendar(organization.zone, weeks.get(member, own), days_off)
        for member in (None, *member_ids)
    }


def calendar_of(organization: Organization, *, since: dt.date | None = None) -> WorkingCalendar:
    """Return the organisation's own calendar."""
    return calendars_of(organization, since=since)[None]


def absences_from(day: dt.date, member_ids: Collection[int]) -> list[Absence]:
    """Return absences of some people that are not over before `day`. One query, however many people."""
    if not member_ids:
        return []
    rows = Absence.objects.filter(last_day__gte=day, membership__in=list(member_ids))
    return list(rows.order_by("first_day", "pk"))


def away_days(absences: Iterable[Absence], since: dt.date) -> dict[int, set[dt.date]]:
    """Return member id → the days of absence from `since` on."""
    days: dict[int, set[dt.date]] = {}
    for absence in absences:
        first = max(absence.first_day, since)
        count = (absence.last_day - first).days + 1
        days.setdefault(absence.membership_id, set()).update(first + number * DAY for number in range(count))
    return days


def absent_until(organization: Organization, member_ids: Collection[int]) -> dict[int, dt.date]:
    """Return member id → the last day of the absence, of those who are away today. One query."""
    if not member_ids:
        return {}
    day = today(organization)
    rows = Absence.objects.filter(first_day__lte=day, last_day__gte=day, membership__in=list(member_ids))
    return dict(rows.values_list("membership_id", "last_day"))


def visible_absences(actor: Actor) -> QuerySet[Absence]:
    """Return the absences that the actor may read: one's own, those of whose leads one reads, and those in which one is
    the deputy."""
    rows = Absence.objects.select_related("membership__user", "deputy__user")
    reach = _reach(actor, "read")
    if reach is None:
        return rows
    own = _own(actor)
    return rows.filter(Q(membership__in=reach) | Q(deputy=own)) if own else rows.filter(membership__in=reach)


def changeable_absences(actor: Actor) -> QuerySet[Absence]:
    """Return the absences that the actor may change: one's own, and those of whose leads one gives."""
    reach = _reach(actor, "assign")
    return visible_absences(actor) if reach is None else visible_absences(actor).filter(membership__in=reach)


def get_absence(actor: Actor, absence_id: int) -> Absence:
    """Return one absence that the actor may read; raises NotVisible for any other id."""
    found = visible_absences(actor).filter(pk=absence_id).first()
    if found is None:
        raise NotVisible
    return found


def absentees(actor: Actor) -> QuerySet[Membership]:
    """Return the people whose absences the actor may enter, by name: oneself, one's team, or everybody."""
    members = Membership.objects.filter(is_active=True).select_related("user").order_by("name", "user__email")
    reach = _reach(actor, "assign")
    return members if reach is None else members.filter(pk__in=reach)


def deputies_of(actor: Actor, member: Membership) -> QuerySet[Membership]:
    """Return whom the actor may name as the deputy of a member, by name: whose absences the actor enters, the member's
    leader, and who reports to the same leader."""
    members = Membership.objects.filter(is_active=True).select_related("user").exclude(pk=member.pk)
    reach = _reach(actor, "assign")
    if reach is not None:
        lines = ReportingLine.objects.filter(valid__contains=today(actor.organization))
        leaders = lines.filter(membership=member).values("manager")
        beside = lines.filter(manager__in=leaders).values("membership")
        members = members.filter(Q(pk__in=reach) | Q(pk__in=leaders) | Q(pk__in=beside))
    return members.order_by("name", "user__email")


def _own(actor: Actor) -> int | None:
    """Who the actor is, unless the credential allows less than the person."""
    return actor.membership.pk if actor.membership is not None and not actor.is_restricted else None


def _reach(actor: Actor, verb: str) -> list[int] | None:
    reach = reachable_member_ids(actor, Area.LEADS, verb)
    own = _own(actor)
    return reach if reach is None else sorted({*reach, *([own] if own else [])})
