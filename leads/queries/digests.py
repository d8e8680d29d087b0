"""What the mail of a person's day says, and whom a leader helps first."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.teams import teams_below
from accounts.roles import Area, Role
from leads.models import (
    OPEN_STATUSES,
    Digest,
    Engagement,
    FollowUp,
    Lead,
    LeadStatus,
    Note,
    Notification,
    NotificationKind,
    NotificationSettings,
    TellingBy,
)
from leads.presentation import LeadReader
from leads.queries.leads import visible_leads
from leads.queries.notifications import visible_notifications, with_what_is_told
from leads.queries.today import Part, read_today

# Of each part so many stand in the mail; the page has the others.
MOST_LINES = 8
MOST_PEOPLE = 3
# A new lead that waits for longer than a day, and one that has not moved for a week, want help.
UNTOUCHED_DAYS, STALLED_DAYS = 1, 7


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mail: what stands there, where it leads (a path), and what is said about it."""

    text: str
    path: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class DigestPart:
    """A heading with its lines; `summary` names it in the subject, `hidden` is how many lines are left out."""

    heading: str
    summary: str
    lines: list[Line]
    hidden: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class DigestContent:
    """What there is to say, nothing where `parts` is empty."""

    parts: list[DigestPart] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Helped:
    """Somebody whom a leader might help: how much waits there, and since when."""

    member: Membership
    overdue: int
    oldest: dt.datetime | None
    untouched: int
    stalled: int

    @property
    def waiting(self) -> int:
        """How much waits in all."""
        return self.overdue + self.untouched + self.stalled


def notification_settings(member: Membership) -> NotificationSettings:
    """Return what a member has chosen, or what holds for who has chosen nothing."""
    found = NotificationSettings.objects.filter(membership=member).first()
    return found or NotificationSettings(organization_id=member.organization_id, membership=member)


def telling_by(chosen: NotificationSettings, kind: str) -> TellingBy:
    """Return how a person is told of a kind of notification."""
    if kind in chosen.silent:
        return TellingBy.OFF
    return TellingBy.MAIL if kind in chosen.mailed else TellingBy.APP


def read_digest(
    actor: Actor,
    chosen: NotificationSettings,
    *,
    day: dt.date,
    zone: ZoneInfo,
    now: dt.datetime | None = None,
) -> DigestContent:
    """Return what there is to say to a person on `day`, of what they see clear; times in `zone`."""
    now = now or timezone.now()
    parts: list[DigestPart | None] = []
    if chosen.morning and actor.may(Area.LEADS, "write"):
        parts += [_people(actor, now), *_own_day(actor, zone, now)]
    if chosen.mailed:
        parts.append(_told(actor, chosen.mailed, day))
    return DigestContent([part for part in parts if part is not None])


def people_to_help(actor: Actor, *, now: dt.datetime | None = None, most: int = MOST_PEOPLE) -> list[Helped]:
    """Return the people below a leader for whom most waits: overdue, untouched, stalled. Five queries.

    Of those leads only that the leader sees; nobody below, nobody to help.
    """
    now = now or timezone.now()
    if actor.membership is None or Role.TEAM_LEADER not in actor.roles:
        return []
    places = teams_below(actor, [actor.membership])[actor.membership.pk]
    people = {place.member.pk: place.member for place in places if place.member.is_active}
    if not people:
        return []
    leads = visible_leads(actor)
    overdue = _overdue(leads, people, now)
    waiting = _waiting(leads, people, now)
    found = [
        Helped(member, *overdue.get(number, (0, None)), *waiting.get(number, (0, 0)))
        for number, member in people.items()
    ]
    found.sort(key=lambda each: (-each.waiting, -each.overdue, each.member.pk))
    return [each for each in found[:most] if each.waiting]


def _overdue(
    leads: QuerySet[Lead], people: Iterable[int], now: dt.datetime
) -> dict[int, tuple[int, dt.datetime]]:
    seen = leads.filter(pk=OuterRef("lead_id"))
    rows = FollowUp.objects.filter(
        Exists(seen), assignee_id__in=list(people), done_at__isnull=True, due_at__lt=now
    )
    counted = rows.order_by().values("assignee_id").annotate(number=Count("pk"), oldest=Min("due_at"))
    return {row["assignee_id"]: (row["number"], row["oldest"]) for row in counted}


def _waiting(leads: QuerySet[Lead], people: Iterable[int], now: dt.datetime) -> dict[int, tuple[int, int]]:
    """Owner → how many new leads nobody has begun, and how many begun ones have not moved and have nothing planned."""
    own = {"lead_id": OuterRef("pk")}
    begun = (
        Exists(Note.objects.filter(author_id=OuterRef("owner_id"), **own))
        | Exists(FollowUp.objects.filter(assignee_id=OuterRef("owner_id"), **own))
        | Exists(Engagement.objects.filter(by_id=OuterRef("owner_id"), **own))
    )
    planned = Exists(FollowUp.objects.filter(done_at__isnull=True, **own))
    untouched = Q(status=LeadStatus.NEW, created_at__lt=now - dt.timedelta(days=UNTOUCHED_DAYS)) & ~Q(begun)
    stalled = Q(status=LeadStatus.IN_PROGRESS, updated_at__lt=now - dt.timedelta(days=STALLED_DAYS)) & ~Q(
        planned
    )
    theirs = leads.filter(owner_id__in=list(people), status__in=OPEN_STATUSES)
    counted = (
        theirs.order_by()
        .values("owner_id")
        .annotate(untouched=Count("pk", filter=untouched), stalled=Count("pk", filter=stalled))
    )
    return {row["owner_id"]: (row["untouched"], row["stalled"]) for row in counted}


def _people(actor: Actor, now: dt.datetime) -> DigestPart | None:
    people = people_to_help(actor, now=now)
    if not people:
        return None
    number = len(people)
    heading = ngettext("%(n)s person to help today", "%(n)s people to help today", number) % {"n": number}
    owned = f"{reverse('leads:list')}?owner="
    lines = [Line(str(each.member), f"{owned}{each.member.pk}", _why(each, now)) for each in people]
    return DigestPart(heading, heading, lines)


def _why(each: Helped, now: dt.datetime) -> str:
    reasons = []
    if each.overdue and each.oldest is not None:
        said = {"n": each.overdue, "days": (now - each.oldest).days}
        text = ngettext("%(n)s follow-up overdue", "%(n)s follow-ups overdue", each.overdue) % said
        if said["days"]:
            late = ngettext("the oldest by %(days)s day", "the oldest by %(days)s days", said["days"])
            text = f"{text} ({late % said})"
        reasons.append(text)
    if each.untouched:
        text = ngettext(
            "%(n)s new lead that nobody has begun", "%(n)s new leads that nobody has begun", each.untouched
        )
        reasons.append(text % {"n": each.untouched})
    if each.stalled:
        text = ngettext(
            "%(n)s lead that has not moved for a week",
            "%(n)s leads that have not moved for a week",
            each.stalled,
        )
        reasons.append(text % {"n": each.stalled})
    return ", ".join(reasons)


def _own_day(actor: Actor, zone: ZoneInfo, now: dt.datetime) -> list[DigestPart | None]:
    """What is overdue, due and new of one's own, as on Today."""
    today = read_today(actor, most=MOST_LINES, now=now)
    reader = LeadReader(actor)
    path = reverse("leads:today")

    def follow_ups(part: Part, heading: str, summary: str, form: str) -> DigestPart | None:
        lines = [
            _line(reader, row.lead, row.what, date_format(row.due_at.astimezone(zone), form))
            for row in part.rows
        ]
        return DigestPart(heading, summary % {"n": part.total}, lines, part.hidden, path) if lines else None

    new = [_line(reader, lead, "", str(lead.line)) for lead in today.untouched.rows]
    summary = ngettext("%(n)s new lead", "%(n)s new leads", today.untouched.total) % {
        "n": today.untouched.total
    }
    return [
        follow_ups(today.overdue, _("Overdue"), _("%(n)s overdue"), "j M, H:i"),
        follow_ups(today.due, _("Due today"), _("%(n)s due today"), "H:i"),
        DigestPart(_("New leads"), summary, new, today.untouched.hidden, path) if new else None,
    ]


def _told(actor: Actor, kinds: list[str], day: dt.date) -> DigestPart | None:
    """What one was told since the mail before, and has not read."""
    earlier = Digest.objects.filter(membership=actor.membership, day__lt=day).order_by("-day")
    since = earlier.values_list("created_at", flat=True).first()
    rows = visible_notifications(actor).filter(kind__in=kinds, read_at__isnull=True)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    found = list(with_what_is_told(rows).order_by("-pk")[:MOST_LINES])
    if not found:
        return None
    total = rows.count()
    reader = LeadReader(actor)
    summary = ngettext("%(n)s unread", "%(n)s unread", total) % {"n": total}
    lines = [_notification(reader, row) for row in found]
    return DigestPart(_("You were told"), summary, lines, total - len(lines), reverse("leads:notifications"))


def _notification(reader: LeadReader, row: Notification) -> Line:
    written = row.note.text if row.note else row.follow_up.what if row.follow_up else ""
    who = str(row.actor) if row.actor else _("System")
    return _line(reader, row.lead, written, f"{who}: {NotificationKind(row.kind).label}")


def _line(reader: LeadReader, lead: Lead, written: str, about: str) -> Line:
    """A lead by its name where that is seen clear, by its reference elsewhere: a mail lies about for long."""
    name = reader.attribute(lead, "name")
    text = lead.reference if name.is_masked or not name.text else name.text
    said = " ".join(reader.sentence(lead, written).split())[:200]
    return Line(text, reverse("leads:detail", args=[lead.reference]), ", ".join(filter(None, [said, about])))
