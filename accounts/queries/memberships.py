"""Reading people: whose organisations, whose teams."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership, User
from accounts.queries.access import rules_beside_membership
from accounts.roles import Area, Level
from core.database.compiled import CompiledQuery
from core.models import Organization
from core.scope import system_scope

SUBTREE = """
WITH RECURSIVE subtree (id, depth) AS (
    SELECT %(root)s::bigint, 0
  UNION
    SELECT line.membership_id, subtree.depth + 1
      FROM accounts_reportingline line JOIN subtree ON line.manager_id = subtree.id
     WHERE line.organization_id = %(organization)s AND line.valid @> %(day)s::date AND subtree.depth < 64
)
SELECT DISTINCT id FROM subtree
"""


# (membership, day) → the ids of its subtree, while a request that changes nothing is answered.
_teams: ContextVar[dict[tuple[int, dt.date], tuple[int, ...]] | None] = ContextVar("teams", default=None)

FOUND_TOGETHER = "memberships_found_together"


def _active_memberships(user: int) -> QuerySet[Membership]:
    """The memberships with which a user may work now."""
    return (
        Membership.objects.filter(user_id=user, is_active=True, organization__is_active=True)
        .select_related("user", "organization")
        .annotate(access_rules=rules_beside_membership())
        .order_by("organization__name", "id")
    )


ACTIVE_MEMBERSHIPS = CompiledQuery(_active_memberships, user=int)


ACTIVE_USER = CompiledQuery(lambda user: User.objects.filter(pk=user, is_active=True), user=int)


def active_memberships(user: User) -> list[Membership]:
    """Return the memberships with which `user` may work now, organisations loaded, by name.

    A sign-in look-up: which organisations a user belongs to is asked before one is chosen. Where the user has just
    been looked up by `active_person`, they are here already, for once.
    """
    found: list[Membership] | None = getattr(user, FOUND_TOGETHER, None)
    if found is not None:
        delattr(user, FOUND_TOGETHER)
        return found
    with system_scope(reason="sign-in"):
        return ACTIVE_MEMBERSHIPS(user=user.pk)


def active_person(user_id: int) -> User | None:
    """Return an active user together with what `active_memberships` wants to know, in one query where there is any."""
    with system_scope(reason="sign-in"):
        memberships = ACTIVE_MEMBERSHIPS(user=user_id)
        if not memberships:
            return ACTIVE_USER.first(user=user_id)
    user = memberships[0].user
    setattr(user, FOUND_TOGETHER, memberships)
    return user if user.is_active else None


def today(organization: Organization) -> dt.date:
    """Return the day it is now in the organisation's timezone."""
    return timezone.now().astimezone(organization.zone).date()


def subtree_ids(membership: Membership, *, day: dt.date | None = None) -> list[int]:
    """Return the ids of `membership` and of everybody who reports to it, directly or not, on `day`.

    `day` is today in the organisation's timezone unless given. One recursive query, any depth.
    """
    day = day or today(membership.organization)
    remembered = _teams.get()
    if remembered is not None and (membership.pk, day) in remembered:
        return list(remembered[membership.pk, day])
    with connection.cursor() as cursor:
        cursor.execute(
            SUBTREE, {"root": membership.pk, "organization": membership.organization_id, "day": day}
        )
        found = sorted(row[0] for row in cursor.fetchall())
    if remembered is not None:
        remembered[membership.pk, day] = tuple(found)
    return found


@contextmanager
def teams_read_once() -> Iterator[None]:
    """Read each subtree once in the block. Only for what changes nothing: whoever writes sees the tree as it is."""
    token = _teams.set({})
    try:
        yield
    finally:
        _teams.reset(token)


def reachable_member_ids(actor: Actor, area: Area, verb: str) -> list[int] | None:
    """Return the memberships whose rows `actor` reaches: None means all of the organisation.

    Own rows are those of the actor's membership; a team is the actor's current subtree.
    """
    level = actor.level(area, verb)
    if level is Level.ALL:
        return None
    if level is Level.NONE or actor.membership is None:
        return []
    return subtree_ids(actor.membership) if level is Level.TEAM else [actor.membership.pk]
