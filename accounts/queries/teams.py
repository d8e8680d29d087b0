"""Leaders with everybody who reports to them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import visible_members
from accounts.queries.memberships import today
from accounts.roles import Role

# Each leader's reports of the day, theirs, and so on; the nearest way counts.
SUBTREES = """
WITH RECURSIVE below (leader, member, manager, depth) AS (
    SELECT asked, asked, NULL::bigint, 0 FROM unnest(%(leaders)s::bigint[]) AS asked
  UNION
    SELECT below.leader, line.membership_id, line.manager_id, below.depth + 1
      FROM accounts_reportingline line JOIN below ON line.manager_id = below.member
     WHERE line.organization_id = %(organization)s AND line.valid @> %(day)s::date AND below.depth < 64
)
SELECT leader, member, manager, depth FROM below WHERE depth > 0 ORDER BY leader, depth, member
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A member's place in a team: under which manager, how many steps below the leader (1 reports to them)."""

    member: Membership
    manager_id: int
    depth: int


def visible_leaders(actor: Actor) -> QuerySet[Membership]:
    """Return the team leaders whom `actor` may see, with access now."""
    return visible_members(actor).filter(is_active=True, roles__contains=[Role.TEAM_LEADER.value])


def teams_below(actor: Actor, leaders: Collection[Membership]) -> dict[int, list[Place]]:
    """Return leader id → the places in the team of today, for leaders the actor was given. Two queries."""
    teams: dict[int, list[Place]] = {leader.pk: [] for leader in leaders}
    if not teams:
        return teams
    with connection.cursor() as cursor:
        cursor.execute(
            SUBTREES,
            {
                "leaders": list(teams),
                "organization": actor.organization.pk,
                "day": today(actor.organization),
            },
        )
        rows = cursor.fetchall()
    members = Membership.objects.select_related("user").in_bulk({member for _leader, member, *_rest in rows})
    for leader, member, manager, depth in rows:
        if member in members:
            teams[leader].append(Place(members[member], manager, depth))
    return teams
