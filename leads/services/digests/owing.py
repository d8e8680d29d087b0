"""To whom the mail of the day is owed: one statement for an organisation, once for each person and day.

The row that says so and the message that sends it commit together. Whoever else looks at the same time waits for the
row and owes nothing more; who is killed before has owed nothing.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import GRANTS, Area
from core.models import Organization
from core.outbox import publish_many
from leads.due_times import local_moment
from leads.models import NotificationSettings
from leads.models.digest import DEFAULT_HOUR

DIGEST = "leads.digest"
# A mail comes on the day on which its hour has struck since somebody joined or chose it, to who works leads.
OWE = """
INSERT INTO leads_digest (organization_id, membership_id, day, created_at)
SELECT member.organization_id, member.id, clock.day, %(now)s
  FROM accounts_membership member
  LEFT JOIN leads_notificationsettings chosen
         ON chosen.organization_id = member.organization_id AND chosen.membership_id = member.id
  JOIN unnest(%(zones)s::text[], %(hours)s::int[], %(days)s::date[], %(struck)s::timestamptz[])
       AS clock (zone, hour, day, struck)
    ON clock.zone = COALESCE(chosen.timezone, '') AND clock.hour = COALESCE(chosen.hour, %(hour)s)
 WHERE member.organization_id = %(organization)s AND member.is_active AND member.deleted_at IS NULL
   AND (COALESCE(chosen.mailed <> '{}', false)
        OR COALESCE(chosen.morning, true) AND member.roles::text[] && %(workers)s::text[])
   AND GREATEST(member.created_at, chosen.changed_at) <= clock.struck
   AND NOT EXISTS (SELECT FROM leads_digest owed
                    WHERE owed.organization_id = member.organization_id AND owed.membership_id = member.id
                      AND owed.day = clock.day)
 ORDER BY member.id
ON CONFLICT (organization_id, membership_id, day) DO NOTHING
RETURNING id, membership_id, day
"""


@transaction.atomic
def owe_digests(organization: Organization, *, now: dt.datetime | None = None) -> int:
    """Owe the mail of the day to every person of the organisation in force whose hour has struck; return to how many.

    Any number of processes may call this at once, as often as they like.
    """
    now = now or timezone.now()
    clocks = list(_clocks(organization, now))
    values: dict[str, Any] = {
        "organization": organization.pk,
        "now": now,
        "zones": [clock[0] for clock in clocks],
        "hours": [clock[1] for clock in clocks],
        "days": [clock[2] for clock in clocks],
        "struck": [clock[3] for clock in clocks],
        "hour": DEFAULT_HOUR,
        "workers": [role.value for role in GRANTS[Area.LEADS, "write"]],
    }
    with connection.cursor() as cursor:
        cursor.execute(OWE, values)
        owed = cursor.fetchall()
    if owed:
        messages = [
            (f"membership:{member}", {"digest": number, "membership": member, "day": day})
            for number, member, day in owed
        ]
        publish_many(topic=DIGEST, messages=messages)
    return len(owed)


def _clocks(organization: Organization, now: dt.datetime) -> Iterator[tuple[str, int, dt.date, dt.datetime]]:
    """The hours that have struck today in each timezone that somebody here lives by: (name, hour, day, moment).

    The database is not asked for timezones: it may know others than we do.
    """
    chosen = NotificationSettings.objects.order_by().values_list("timezone", flat=True).distinct()
    for name in {"", *chosen}:
        zone = zone_named(name, organization)
        day = now.astimezone(zone).date()
        for hour in range(24):
            struck = local_moment(day, dt.time(hour), zone)
            if struck <= now:
                yield name, hour, day, struck


def zone_named(name: str, organization: Organization) -> ZoneInfo:
    """Return the timezone of that name; the organisation's for "" and for one that is no more."""
    if not name:
        return organization.zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return organization.zone
