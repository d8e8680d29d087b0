"""Who reaches a row: the question of `reachable_member_ids`, asked from the row's side."""

from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.memberships import today
from accounts.roles import Area, Level, Role, granted_level
from core.models import Organization

ABOVE = """
WITH RECURSIVE above (id, depth) AS (
    SELECT %s::bigint, 0
  UNION
    SELECT line.manager_id, above.depth + 1
      FROM accounts_reportingline line JOIN above ON line.membership_id = above.id
     WHERE line.organization_id = %s AND line.valid @> %s::date AND above.depth < 64
)
SELECT DISTINCT id FROM above
"""


def ids_above(organization: Organization, member_id: int) -> RawSQL:
    """The ids of a member and of everybody to whom the member reports today, directly or not, as a sub-select for
    `__in`."""
    return RawSQL(ABOVE, (member_id, organization.pk, today(organization)))


def members_reaching(actor: Actor, owner_id: int | None, area: Area, verb: str) -> QuerySet[Membership]:
    """Return the colleagues with access now whose roles reach the rows of this owner, by name.

    Owned by nobody (None), rows are reached by those alone who reach all. Partner systems are no colleagues.
    The actor only says in which organisation, and what it has narrowed.
    """
    at = _roles_by_level(actor, area, verb)
    reaching = Q(roles__overlap=at(Level.ALL))
    if owner_id is not None:
        above = ids_above(actor.organization, owner_id)
        reaching |= Q(roles__overlap=at(Level.TEAM), pk__in=above)
        reaching |= Q(roles__overlap=at(Level.OWN), pk=owner_id)
    members = Membership.objects.filter(reaching, is_active=True).exclude(roles=[Role.PARTNER])
    return members.select_related("user").order_by("name", "pk")


def _roles_by_level(actor: Actor, area: Area, verb: str) -> Callable[[Level], list[str]]:
    levels = {role: granted_level(frozenset([role]), area, verb, actor.narrowing) for role in Role}
    return lambda wanted: [role.value for role, level in levels.items() if level is wanted]
