"""Who reports to whom, from which day."""

import datetime as dt

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.actor import Actor
from accounts.models import Membership, ReportingLine
from accounts.queries.memberships import today
from accounts.roles import Area
from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.models import Organization
from core.scope import organization_scope

# Up from the new manager, with the days on which each step holds; a circle closes where the member is met.
CIRCLE = """
WITH RECURSIVE above (id, during) AS (
    SELECT %(manager)s::bigint, daterange(%(day)s, NULL)
  UNION
    SELECT line.manager_id, line.valid * above.during
      FROM accounts_reportingline line JOIN above ON line.membership_id = above.id
     WHERE line.organization_id = %(organization)s AND line.valid && above.during AND above.id <> %(member)s
)
SELECT min(lower(during)) FROM above WHERE id = %(member)s
"""


def set_manager(
    *,
    actor: Actor,
    membership: Membership,
    manager: Membership | None,
    from_day: dt.date | None = None,
    reason: str = "",
) -> ReportingLine | None:
    """Let a member report to `manager` from a day on (today unless said), or to nobody when it is None.

    The line in force ends on that day and what was planned for later is dropped; history keeps both. The days
    before stay as they were.

    Raises:
        NotPermitted, NotVisible: the actor may not manage people; a member is of another organisation.
        ValidationFailed: the manager has no access, or is the member.
        Conflict: on some day from then on, the manager would report to the member.
    """
    actor.require(Area.ACCESS, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "manager changed"):
        return place_under(actor.organization, membership, manager, from_day)


def place_under(
    organization: Organization,
    membership: Membership,
    manager: Membership | None,
    from_day: dt.date | None = None,
) -> ReportingLine | None:
    """Do what `set_manager` does, within the caller's transaction and permission."""
    lock_members(organization)
    member = _member(membership)
    day = from_day or today(organization)
    leader = None if manager is None else _checked_manager(member, manager)
    if leader is not None:
        _refuse_circle(organization, member, leader, day)
    _end_lines(member, day)
    if leader is None:
        return None
    line = ReportingLine(membership=member, manager=leader, valid=DateRange(day, None))
    line.save(force_insert=True)
    return line


def lock_members(organization: Organization) -> None:
    """Wait until every other change of the organisation's members has ended; held as long as the transaction.

    One lock per organisation, so that two changes cannot together leave it without an administrator, or bend
    the reporting tree into a circle.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)


def _member(membership: Membership) -> Membership:
    member = Membership.objects.filter(pk=membership.pk).select_related("user").first()
    if member is None:
        raise NotVisible
    return member


def _checked_manager(member: Membership, manager: Membership) -> Membership:
    leader = _member(manager)
    problem = ""
    if leader.pk == member.pk:
        problem = "Nobody reports to themselves. Choose another manager."
    elif not leader.is_active:
        problem = f"{leader} has no access any more. Choose another manager."
    if problem:
        raise ValidationFailed("invalid_manager", problem, {"manager": [FieldError("invalid", problem)]})
    return leader


def _refuse_circle(organization: Organization, member: Membership, leader: Membership, day: dt.date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            CIRCLE,
            {"manager": leader.pk, "member": member.pk, "organization": organization.pk, "day": day},
        )
        first = cursor.fetchone()[0]
    if first is not None:
        message = (
            f"{leader} reports to {member} on {first:%d %b %Y}, directly or through others, so the two would"
            " lead each other. Change that first, or choose another manager or day."
        )
        raise Conflict("reporting_circle", message, {"manager": [FieldError("circle", message)]})


def _end_lines(member: Membership, day: dt.date) -> None:
    for line in ReportingLine.objects.filter(
        membership=member, valid__endswith__gt=day
    ) | ReportingLine.objects.filter(membership=member, valid__upper_inf=True):
        if line.valid.lower is not None and line.valid.lower >= day:
            line.delete()
        else:
            line.valid = DateRange(line.valid.lower, day)
            line.save(update_fields=["valid"])
