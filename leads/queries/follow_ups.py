"""Reading follow-ups: of one lead, and one's own."""

import datetime as dt

from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.queries.memberships import reachable_member_ids
from accounts.queries.reaching import members_reaching
from accounts.roles import Area
from core.database.together import read_together
from core.errors import NotVisible
from leads.due_times import COMING_DAYS, days_from
from leads.models import FollowUp, Lead

DUE = ("overdue", "today", "coming", "later")
# As many as a lead's page shows.
MOST_OPEN = 50


def lead_follow_ups(lead: Lead) -> QuerySet[FollowUp]:
    """Return the follow-ups of a lead that the actor may see (`get_lead`), with their people."""
    return follow_ups_of(lead.pk)


def follow_ups_of(lead_id: int) -> QuerySet[FollowUp]:
    """The same by the number of such a lead."""
    return FollowUp.objects.filter(lead_id=lead_id).select_related(
        "author__user", "assignee__user", "done_by__user"
    )


def open_follow_ups(lead: Lead) -> list[FollowUp]:
    """Return what is to be done about such a lead, the most urgent first."""
    return list(open_follow_ups_of(lead.pk))


def open_follow_ups_of(lead_id: int) -> QuerySet[FollowUp]:
    """The same by the number of such a lead."""
    return follow_ups_of(lead_id).filter(done_at__isnull=True).order_by("due_at", "pk")[:MOST_OPEN]


def get_follow_up(lead: Lead, follow_up_id: int) -> FollowUp:
    """Return one follow-up of such a lead. Raises NotVisible."""
    follow_up = lead_follow_ups(lead).filter(pk=follow_up_id).first()
    if follow_up is None:
        raise NotVisible("No follow-up of this lead has this number.")
    return follow_up


def own_follow_ups(actor: Actor) -> QuerySet[FollowUp]:
    """Return what is given to the actor about leads that the actor still sees."""
    if actor.membership is None:
        return FollowUp.objects.none()
    rows = FollowUp.objects.filter(assignee=actor.membership, lead__deleted_at__isnull=True)
    owners = reachable_member_ids(actor, Area.LEADS, "read")
    return rows if owners is None else rows.filter(lead__owner_id__in=owners)


def open_by_due(actor: Actor, now: dt.datetime | None = None) -> QuerySet[FollowUp]:
    """Return the actor's own open ones, each with `due`: overdue, today, coming (within seven days) or later."""
    now, zone = now or timezone.now(), actor.organization.zone
    due = Case(
        When(due_at__lt=now, then=Value("overdue")),
        When(due_at__lt=days_from(now, zone, 1), then=Value("today")),
        When(due_at__lt=days_from(now, zone, COMING_DAYS + 1), then=Value("coming")),
        default=Value("later"),
        output_field=CharField(),
    )
    return own_follow_ups(actor).filter(done_at__isnull=True).annotate(due=due)


def follow_up_assignees(actor: Actor, lead: Lead) -> QuerySet[Membership]:
    """Return to whom the actor may give a follow-up: oneself, and of those to whom one may give leads who works
    this one."""
    members = members_reaching(actor, lead.owner_id, Area.LEADS, "write")
    reach = reachable_member_ids(actor, Area.LEADS, "assign")
    if reach is None:
        return members
    own = [actor.membership.pk] if actor.membership else []
    return members.filter(Q(pk__in=reach) | Q(pk__in=own))


def people_to_give(actor: Actor, lead: Lead) -> tuple[list[Membership], list[Membership]]:
    """Return to whom the actor may give the lead (`assignable_members`), and to whom a follow-up about it
    (`follow_up_assignees`). One query."""
    owners, assignees = read_together(assignable_members(actor), follow_up_assignees(actor, lead))
    return owners, assignees
