"""Reading hand-overs: what somebody has open, who may get it, and what became of it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Absence, Membership, ReportingLine
from accounts.queries.members import assignable_members
from accounts.queries.memberships import reachable_member_ids, subtree_ids, today
from accounts.roles import Area
from core.errors import NotVisible
from core.models import Job
from leads.models import OPEN_STATUSES, AssignmentRule, FollowUp, HandOver, Lead
from leads.queries.leads import visible_leads

TAKE_BACK_WITHIN = dt.timedelta(days=7)


def reach_over_all(actor: Actor) -> bool:
    """Whether the actor gives leads to anybody."""
    return reachable_member_ids(actor, Area.LEADS, "assign") is None


def handed_members(actor: Actor) -> QuerySet[Membership]:
    """Return the people whose leads the actor may give to others, with access or without, by name."""
    members = Membership.objects.select_related("user", "organization").order_by("name", "user__email")
    reach = reachable_member_ids(actor, Area.LEADS, "assign")
    return members if reach is None else members.filter(pk__in=reach)


def get_handed_member(actor: Actor, member_id: int) -> Membership:
    """Return one of them. Raises NotVisible."""
    found = handed_members(actor).filter(pk=member_id).first()
    if found is None:
        raise NotVisible
    return found


@dataclass(frozen=True, slots=True)
class Idle:
    """Somebody who does not work now and has open leads."""

    member: Membership
    leads: int
    away_until: dt.date | None


def idle_owners(actor: Actor, *, most: int = 100) -> list[Idle]:
    """Return who has open leads and has no access any more, or is away today; the most leads first. Three queries."""
    day = today(actor.organization)
    away = Absence.objects.filter(membership=OuterRef("pk"), first_day__lte=day, last_day__gte=day)
    members = {
        each.pk: each
        for each in handed_members(actor).filter(Q(is_active=False) | Q(user__is_active=False) | Exists(away))
    }
    leads = (
        Lead.objects.filter(owner__in=members, status__in=OPEN_STATUSES).order_by().values_list("owner_id")
    )
    counts = Counter(dict(leads.annotate(Count("pk"))))
    until = Absence.objects.filter(first_day__lte=day, last_day__gte=day, membership__in=counts)
    days = dict(until.values_list("membership_id", "last_day")) if counts else {}
    return [Idle(members[pk], number, days.get(pk)) for pk, number in counts.most_common(most)]


def open_leads_of(actor: Actor, source: Membership) -> QuerySet[Lead]:
    """Return the open leads of a person that the actor may give away."""
    return visible_leads(actor, verb="assign").filter(owner=source, status__in=OPEN_STATUSES)


def follow_ups_elsewhere(actor: Actor, source: Membership) -> QuerySet[FollowUp]:
    """Return what a person has to do about leads of others: it goes to whose leads they are."""
    leads = visible_leads(actor, verb="assign").exclude(owner=source).order_by().values("pk")
    return FollowUp.objects.filter(assignee=source, done_at__isnull=True, lead__in=leads)


def direct_reports(source: Membership) -> list[Membership]:
    """Return who reports to a person today."""
    lines = ReportingLine.objects.filter(manager=source, valid__contains=today(source.organization))
    members = Membership.objects.filter(pk__in=lines.values("membership"), is_active=True)
    return list(members.select_related("user").order_by("name", "user__email"))


def team_for(actor: Actor, source: Membership, leader: Membership) -> list[Membership]:
    """Return who of a leader's team gets leads: who works leads, has access and is not away today, by number."""
    below = Membership(pk=leader.pk, organization=actor.organization)
    members = assignable_members(actor).filter(pk__in=subtree_ids(below), away_until__isnull=True)
    return list(members.exclude(pk__in=[source.pk, leader.pk]).order_by("pk"))


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What a person has open, as far as the actor may hand it over."""

    leads: int
    follow_ups: int
    follow_ups_elsewhere: int
    by_line: list[tuple[str, int]] = field(default_factory=list)
    reports: list[Membership] = field(default_factory=list)
    # The assignment rules that name the person.
    rules: list[AssignmentRule] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to hand over."""
        return not (self.leads or self.follow_ups_elsewhere or self.reports)


def open_work(actor: Actor, source: Membership) -> OpenWork:
    """Return what would be handed over. A number of queries that does not grow."""
    leads = open_leads_of(actor, source).order_by()
    by_line = list(
        leads.values_list("line__name").annotate(count=Count("pk")).order_by("-count", "line__name")
    )
    own = FollowUp.objects.filter(assignee=source, done_at__isnull=True, lead__in=leads.values("pk"))
    return OpenWork(
        leads=sum(count for _name, count in by_line),
        follow_ups=own.count(),
        follow_ups_elsewhere=follow_ups_elsewhere(actor, source).count(),
        by_line=by_line,
        reports=direct_reports(source),
        rules=rules_naming(source),
    )


def rules_naming(member: Membership) -> list[AssignmentRule]:
    """Return the rules in use that name a person, or the person's team."""
    rules = AssignmentRule.objects.filter(
        Q(people__contains=[member.pk]) | Q(team=member), is_active=True
    ).select_related("line")
    return list(rules)


def visible_hand_overs(actor: Actor) -> QuerySet[HandOver]:
    """Return the hand-overs of people whose leads the actor may give, the newest first."""
    rows = HandOver.objects.select_related("source__user", "target__user", "manager__user", "by__user")
    if not actor.may(Area.LEADS, "assign"):
        return rows.none()
    reach = reachable_member_ids(actor, Area.LEADS, "assign")
    return (rows if reach is None else rows.filter(source__in=reach)).order_by("-pk")


def get_hand_over(actor: Actor, hand_over_id: int) -> HandOver:
    """Return one of them. Raises NotVisible."""
    found = visible_hand_overs(actor).filter(pk=hand_over_id).first()
    if found is None:
        raise NotVisible
    return found


def jobs_of(rows: Iterable[HandOver]) -> dict[int, Job]:
    """Return the jobs that do hand-overs and take them back, by number. One query; old ones are not kept."""
    return Job.objects.in_bulk([number for row in rows for number in (row.job_id, row.back_job_id) if number])


def job_of(row: HandOver) -> Job | None:
    """Return the job that does it, or that takes it back."""
    return Job.objects.filter(pk=row.back_job_id or row.job_id or 0).first()


def may_be_taken_back(row: HandOver, job: Job | None) -> bool:
    """Whether it is over, not taken back, and not too long ago."""
    is_over = job is not None and job.is_finished
    return is_over and row.taken_back_at is None and row.at >= timezone.now() - TAKE_BACK_WITHIN
