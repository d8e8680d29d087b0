"""The people an actor may see, and who leads whom on a day."""

import datetime as dt
from collections.abc import Collection

from django.db.models import F, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Absence, Membership
from accounts.queries.memberships import reachable_member_ids, today
from accounts.roles import Area, Level, Role
from core.database.prepared import prepared_cursor
from core.errors import NotVisible
from core.models import Organization

# Who works leads, and may be given some.
WORKING = [Role.ADMIN, Role.OPERATIONS, Role.TEAM_LEADER, Role.AGENT]
# The nearest at or above each member, on the day, who leads a team and has access.
TEAMS = """
WITH RECURSIVE above (id, leader, depth) AS (
    SELECT asked, asked, 0 FROM unnest(%(members)s::bigint[]) AS asked
  UNION
    SELECT above.id, line.manager_id, above.depth + 1
      FROM accounts_reportingline line JOIN above ON line.membership_id = above.leader
     WHERE line.organization_id = %(organization)s AND line.valid @> %(day)s::date AND above.depth < 64
)
SELECT DISTINCT ON (above.id) above.id, above.leader
  FROM above JOIN accounts_membership leader ON leader.id = above.leader
 WHERE leader.organization_id = %(organization)s AND leader.is_active AND leader.deleted_at IS NULL
   AND %(role)s::text = ANY (leader.roles)
 ORDER BY above.id, above.depth
"""


def visible_members(actor: Actor) -> QuerySet[Membership]:
    """Return the members whom `actor` may see: all, the actor's team, or at least the actor's own profile."""
    members = Membership.objects.select_related("user", "organization")
    if actor.level(Area.ACCESS, "read") is Level.NONE:
        return members.filter(pk=actor.membership.pk) if actor.membership else members.none()
    reachable = reachable_member_ids(actor, Area.ACCESS, "read")
    return members if reachable is None else members.filter(pk__in=reachable)


def get_member(actor: Actor, member_id: int) -> Membership:
    """Return one member whom `actor` may see; raises NotVisible for any other id."""
    member = visible_members(actor).filter(pk=member_id).first()
    if member is None:
        raise NotVisible
    return member


def assignable_members(actor: Actor) -> QuerySet[Membership]:
    """Return the active members to whom `actor` may give leads, by name, with `away_until` (`choice_label`)."""
    day = today(actor.organization)
    away = Absence.objects.filter(membership=OuterRef("pk"), first_day__lte=day, last_day__gte=day)
    members = Membership.objects.filter(is_active=True).select_related("user").order_by("name", "user__email")
    members = members.annotate(away_until=Subquery(away.values("last_day")[:1]))
    working = members.filter(roles__overlap=WORKING)
    reachable = reachable_member_ids(actor, Area.LEADS, "assign")
    return working if reachable is None else working.filter(pk__in=reachable)


def choice_label(member: Membership) -> str:
    """Return a member's name as a choice shows it; of those of `assignable_members`, until when they are away."""
    last_day: dt.date | None = getattr(member, "away_until", None)
    if last_day is None:
        return str(member)
    return _("%(who)s (away until %(day)s)") % {"who": member, "day": date_format(last_day, "j M")}


def teams_of(
    organization: Organization, member_ids: Collection[int], *, day: dt.date | None = None
) -> dict[int, int]:
    """Return member id → id of the leader in whose team the member works on `day` (today); else no entry.

    A leader's own team is the one that is led. One recursive query, however many members.
    """
    if not member_ids:
        return {}
    with prepared_cursor() as cursor:
        cursor.execute(
            TEAMS,
            {
                "members": list(member_ids),
                "organization": organization.pk,
                "day": day or today(organization),
                "role": Role.TEAM_LEADER.value,
            },
        )
        return dict(cursor.fetchall())


def team_of(member: Membership, *, day: dt.date | None = None) -> int | None:
    """Return the id of the leader in whose team `member` works on `day` (today), or None."""
    return teams_of(member.organization, [member.pk], day=day).get(member.pk)


def manager_of(member: Membership, *, day: dt.date | None = None) -> Membership | None:
    """Return whom `member` reports to on `day` (today), or None."""
    return (
        Membership.objects.filter(
            report_lines__membership=member,
            report_lines__valid__contains=day or today(member.organization),
        )
        .select_related("user")
        .first()
    )


def name_beside(**found_by: str) -> Subquery:
    """For querysets of other rows: the name of a member, `found_by` a column of theirs (`pk="owner_id"`).

    Who has left keeps the name. Of several memberships of a user the newest counts.
    """
    named = Coalesce(NullIf(F("name"), Value("")), F("user__email"), output_field=TextField())
    outer = {name: OuterRef(column) for name, column in found_by.items()}
    return Subquery(Membership.everything.filter(**outer).order_by("-pk").values(shown=named)[:1])


def names_of_users(user_ids: Collection[int | None]) -> dict[int | None, str]:
    """Return user id → the name that this organisation knows the person by; who has left keeps the name."""
    members = Membership.everything.filter(user_id__in=[pk for pk in user_ids if pk]).select_related("user")
    return {member.user_id: str(member) for member in members.order_by("pk")}
